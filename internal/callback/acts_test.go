package callback

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/journal"
)

func TestOrderAndPages(t *testing.T) {
	var f Facts
	for i := range 250 {
		f.Calls = append(f.Calls, lost(fmt.Sprintf("c%03d", i), fmt.Sprint("p", i), (i*37)%250))
	}
	l := build(t, f)
	now := minute(4*60 + 100)
	seen := 0
	var last time.Time
	for skip := 0; ; skip += 50 {
		page, total := l.Select(Filter{}, now, skip, 50)
		if total != 250 {
			t.Fatalf("%d items", total)
		}
		for i := range page {
			if page[i].Deadline.Before(last) {
				t.Fatal("not by deadline")
			}
			last = page[i].Deadline
			seen++
		}
		if len(page) == 0 {
			break
		}
	}
	_, late := l.Select(Filter{View: Late}, now, 0, 1)
	if f := l.Figures("", now, time.Time{}); seen != 250 || f.Owed != 250 || f.Overdue != late || late != 100 || f.Next == nil || !f.Next.Equal(minute(100).Add(4*time.Hour+30*time.Second)) {
		t.Errorf("seen %d, late %d, %+v", seen, late, f)
	}
	if _, n := l.Select(Filter{From: minute(0), To: minute(10)}, now, 0, 1); n != 10 {
		t.Errorf("%d arrived in ten minutes", n)
	}
	if _, n := l.Select(Filter{Queue: "other"}, now, 0, 1); n != 0 {
		t.Errorf("%d of another queue", n)
	}
}

func TestActs(t *testing.T) {
	f := Facts{
		Calls: []Call{
			lost("a", "x", 0), lost("a2", "x", 1), lost("b", "y", 0), answered("b2", "y", 5), lost("c", "z", 0), lost("w", "", 0),
			func() Call { c := lost("s", "s", 0); c.Wait = 0; return c }(),
		},
		Entries: []journal.History{history("c", done(9, "王芳", "c"))},
	}
	l := build(t, f)
	take := Act{By: "李强", Step: journal.CallBackTaken}
	for id, why := range map[string]Why{"b": IsRedialled, "c": IsDone, "w": IsWithheld, "s": IsShort} {
		_, err := l.Find(id).Next(take, 3)
		if r := (*Refused)(nil); !asRefused(err, &r) || r.Why != why || r.Error() == "" {
			t.Errorf("taking %s: %v, want %s", id, err, why)
		}
	}
	body, err := l.Find("a2").Next(take, 3)
	if err != nil || body.Step != journal.CallBackTaken || !slices.Equal(body.Calls, []string{"a", "a2"}) {
		t.Errorf("%+v %v", body, err)
	}
	steps := []journal.Entry{taken(10, "李强", "a", "a2")}
	for n := 1; n <= 3; n++ {
		f.Entries = []journal.History{history("a", steps...)}
		body, err := build(t, f).Find("a").Next(Act{By: "李强", Step: journal.CallBackTried}, 3)
		if err != nil || body.Attempts != n || (body.Step == journal.CallBackDone) != (n == 3) || (body.Result == journal.CallBackNotReached) != (n == 3) {
			t.Fatalf("attempt %d: %+v %v", n, body, err)
		}
		steps = append(steps, step(10+n, "李强", body))
	}
	f.Entries = []journal.History{history("a", steps...)}
	ended := build(t, f).Find("a")
	if ended.State != Done || ended.Attempts != 3 || ended.Step.Result != journal.CallBackNotReached || ended.EndedBy != "李强" {
		t.Errorf("after three attempts: %+v", ended)
	}
	if _, err := ended.Next(Act{By: "李强", Step: journal.CallBackReopened}, 3); err == nil {
		t.Error("opened again without a reason")
	}
	if body, err := ended.Next(Act{By: "李强", Step: journal.CallBackReopened, Reason: "打错了"}, 3); err != nil || body.Attempts != 0 {
		t.Errorf("opened again: %+v %v", body, err)
	}
	for name, a := range map[string]Act{
		"not reached without an attempt": {Step: journal.CallBackDone, Result: journal.CallBackNotReached},
		"withdrawn without a reason":     {Step: journal.CallBackDone, Result: journal.CallBackWithdrawn},
		"done without a result":          {Step: journal.CallBackDone},
		"an unknown step":                {Step: "forgotten"},
		"an unknown result":              {Step: journal.CallBackDone, Result: "happy"},
		"given back by nobody":           {Step: journal.CallBackGivenBack},
	} {
		f.Entries = nil
		if _, err := build(t, f).Find("a").Next(a, 3); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestConfig(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Config){
		"within": func(c *Config) { c.Within = 20 * time.Minute }, "days": func(c *Config) { c.Days = 0 }, "attempts": func(c *Config) { c.Attempts = 21 },
	} {
		c := DefaultConfig()
		change(&c)
		if c.Validate() == nil {
			t.Errorf("%s is not checked", name)
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	var f Facts
	for i := range 150_000 {
		c := lost(fmt.Sprintf("call-%06d", i), fmt.Sprintf("%064x", i%120_000), i%20_000)
		if i%10 == 0 {
			c.Outcome = hotline.Answered
		}
		f.Calls = append(f.Calls, c)
	}
	for b.Loop() {
		if _, err := Build(f, rules()); err != nil {
			b.Fatal(err)
		}
	}
}

func asRefused(err error, to **Refused) bool { return errors.As(err, to) }
