package simulate

import (
	"bytes"
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/wire"
)

// unread skips a test under -short, which is how the race detector runs them: nobody reads
// its simulation while that goes on, as those of live_test.go are read.
func unread(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("simulates in one goroutine")
	}
}

func shanghai(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func named(t *testing.T, name string) *Scenario {
	t.Helper()
	s, err := Named(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func begin(t *testing.T, o Options) *Simulation {
	t.Helper()
	if o.Scenario == nil {
		o.Scenario = named(t, NormalYear)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// week is from Monday the 2nd of March 2026 for so many days.
func week(t *testing.T, seed uint64, days int) Options {
	from := time.Date(2026, 3, 2, 0, 0, 0, 0, shanghai(t))
	return Options{Seed: seed, From: from, To: from.AddDate(0, 0, days), Truth: true}
}

func collect(t *testing.T, events iter.Seq2[Event, error]) []Event {
	t.Helper()
	var list []Event
	for e, err := range events {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

func ndjson(t *testing.T, events iter.Seq2[Event, error]) string {
	t.Helper()
	var out bytes.Buffer
	if _, err := WriteNDJSON(&out, events); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func mask(number string) (hash, masked string) {
	return "h" + number[3:], number[:3] + "****" + number[len(number)-4:]
}

func TestSameSeedSameCalls(t *testing.T) {
	unread(t)
	o := week(t, 7, 3)
	o.Pseudonym = mask
	first, second := ndjson(t, begin(t, o).Events(time.Time{})), ndjson(t, begin(t, o).Events(time.Time{}))
	if first != second {
		t.Error("two runs of one seed differ")
	}
	o.Seed++
	if first == ndjson(t, begin(t, o).Events(time.Time{})) {
		t.Error("another seed gives the same calls")
	}
}

func TestDaysDependOnTheDateAlone(t *testing.T) {
	unread(t)
	o := week(t, 7, 4)
	o.Scenario = named(t, NormalYear)
	o.Scenario.Callers.Repeat.Share = 0 // who calls again depends on who called before
	whole := collect(t, begin(t, o).Backfill(time.Time{}))
	o.From = o.From.AddDate(0, 0, 2).Add(10 * time.Hour) // in the middle of the third day
	part := collect(t, begin(t, o).Backfill(time.Time{}))
	whole = slices.DeleteFunc(whole, func(e Event) bool { return e.Call.StartedAt.Before(o.From) })
	if diff := cmp.Diff(whole, part); diff != "" {
		t.Errorf("the period asked for changed the calls (-whole +part):\n%s", diff)
	}
	if len(part) < 500 {
		t.Errorf("only %d calls in two days", len(part))
	}
}

func TestEveryArrivalIsDecidedOnce(t *testing.T) {
	unread(t)
	o := week(t, 3, 7)
	s := begin(t, o)
	newest := map[string]*hotline.Call{}
	before := time.Time{}
	format := regexp.MustCompile(`^sim-3-2026030[2-8]-\d{6}$`)
	for _, e := range collect(t, s.Events(time.Time{})) {
		c := e.Call
		if err := c.Validate(); err != nil {
			t.Fatalf("%s: %v", c.ID, err)
		}
		if e.At.Before(before) {
			t.Fatalf("%s v%d comes out of order", c.ID, c.Version)
		}
		before = e.At
		if last := c.Facts().LastEvent; last.After(e.At) {
			t.Fatalf("%s v%d of %s tells of %s", c.ID, c.Version, e.At, last)
		}
		old := newest[c.ID]
		switch {
		case !format.MatchString(c.ID):
			t.Fatalf("call_id %q", c.ID)
		case old == nil && c.Version != 1, old != nil && c.Version != old.Version+1:
			t.Fatalf("%s: version %d follows %v", c.ID, c.Version, old)
		case old != nil && old.Outcome != hotline.Open && (old.Outcome != hotline.Answered || c.Outcome != hotline.Answered || !old.EndedAt.IsZero()):
			t.Fatalf("%s was decided as %s and becomes %s", c.ID, old.Outcome, c.Outcome)
		}
		newest[c.ID] = c
	}
	tallies := map[kpi.Key]*kpi.Tally{}
	for _, c := range newest {
		if c.Outcome == hotline.Open || c.EndedAt.IsZero() {
			t.Errorf("%s was left %s", c.ID, c.Outcome)
		}
		if c.Facts().Skewed {
			t.Errorf("%s has times that run backwards", c.ID)
		}
		kpi.Count(tallies, c)
	}
	if diff := cmp.Diff(tallies, s.Truth()); diff != "" {
		t.Errorf("the truth is not the count of the final states:\n%s", diff)
	}
	sum := sumByQueue(tallies)
	if got := sum.Offered() + sum.Open + sum.ExcludedTotal(); got != sum.Calls || sum.Calls != int64(len(newest)) {
		t.Errorf("%d calls, offered + open + excluded = %d, %d ids", sum.Calls, got, len(newest))
	}
	if got := sum.Requested() + sum.AfterHours + sum.SelfService + sum.AbandonedIVR + sum.Voicemail - sum.VoicemailQueued; got != sum.Offered() {
		t.Errorf("offered %d, its parts %d", sum.Offered(), got)
	}
	for name, n := range map[string]int64{
		"answered": sum.Answered, "self_service": sum.SelfService, "abandoned_ivr": sum.AbandonedIVR,
		"abandoned_queue": sum.AbandonedQueue, "abandoned_ringing": sum.AbandonedRinging, "blocked": sum.Blocked,
		"voicemail": sum.Voicemail, "excluded": sum.ExcludedTotal(), "transfers": sum.Transfers, "rated": sum.Rated,
	} {
		if n == 0 {
			t.Errorf("a week without %s", name)
		}
	}
}

func sumByQueue(tallies map[kpi.Key]*kpi.Tally) kpi.Tally {
	var sum kpi.Tally
	for k, one := range tallies {
		if k.Dimension == kpi.ByQueue {
			sum.Merge(one)
		}
	}
	return sum
}

func TestRecordsCarryNoNumber(t *testing.T) {
	unread(t)
	o := week(t, 1, 2)
	numbers := map[string]bool{}
	o.Pseudonym = func(number string) (string, string) {
		numbers[number] = true
		return "hash", "masked"
	}
	var lines bytes.Buffer
	n, err := WriteNDJSON(&lines, begin(t, o).Events(time.Time{}))
	if err != nil {
		t.Fatal(err)
	}
	if got := bytes.Count(lines.Bytes(), []byte("\n")); got != n {
		t.Errorf("%d lines of %d calls", got, n)
	}
	format := regexp.MustCompile(`^(1[3-9]\d{9}|029\d{8})$`)
	for number := range numbers {
		if !format.MatchString(number) {
			t.Fatalf("%q is no telephone number", number)
		}
	}
	for _, digits := range regexp.MustCompile(`\d{11}`).FindAll(lines.Bytes(), -1) {
		if numbers[string(digits)] {
			t.Fatalf("a record carries %s", digits)
		}
	}
	decoder := wire.NewDecoder()
	for line := range bytes.Lines(lines.Bytes()) {
		c, err := decoder.Call(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			t.Fatal(err)
		}
		if c.CallerHash != "hash" || c.Source != Source || c.Region == "" {
			t.Fatalf("%s: caller %q, source %q, region %q", c.ID, c.CallerHash, c.Source, c.Region)
		}
	}
}

func TestYearsWithoutHolidays(t *testing.T) {
	unread(t)
	zone := shanghai(t)
	o := Options{Scenario: named(t, NormalYear), From: time.Date(2027, 3, 1, 0, 0, 0, 0, zone), To: time.Date(2027, 3, 2, 0, 0, 0, 0, zone)}
	if _, err := New(o); err == nil || !regexp.MustCompile("no days of 2027.*calendar/cn-2027.yaml").MatchString(err.Error()) {
		t.Errorf("a year without holidays: %v", err)
	}
	o.From, o.To = time.Date(2026, 12, 31, 0, 0, 0, 0, zone), time.Time{}
	var last error
	for _, err := range begin(t, o).Events(time.Time{}) {
		last = err
	}
	if last == nil {
		t.Error("an endless simulation goes on into a year without holidays")
	}
	o.To = time.Date(2027, 1, 1, 0, 0, 0, 0, zone) // calls may end after it
	collect(t, begin(t, o).Events(time.Time{}))
}

func TestNewRefuses(t *testing.T) {
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for name, o := range map[string]Options{
		"no scenario":  {From: day},
		"no from":      {Scenario: named(t, NormalYear)},
		"empty period": {Scenario: named(t, NormalYear), From: day, To: day},
		"bad scenario": {Scenario: &Scenario{Name: "x"}, From: day},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestNobodyWorksWhoIsNotThere(t *testing.T) {
	unread(t)
	o := week(t, 21, 5)
	s := begin(t, o)
	type work struct{ from, to time.Time }
	busy := map[string][]work{}
	for _, e := range collect(t, s.Backfill(time.Time{})) {
		c := e.Call
		if c.Outcome != hotline.Answered {
			continue
		}
		legs := c.Legs
		if len(legs) == 0 {
			legs = []hotline.Leg{{Agent: c.Agent, AnsweredAt: c.AnsweredAt, EndedAt: c.EndedAt}}
		}
		for _, l := range legs {
			busy[l.Agent] = append(busy[l.Agent], work{l.AnsweredAt, l.EndedAt})
		}
	}
	if len(busy) != 7 {
		t.Errorf("agents %v", slices.Sorted(maps.Keys(busy)))
	}
	for agent, list := range busy {
		slices.SortFunc(list, func(a, b work) int { return a.from.Compare(b.from) })
		for i := 1; i < len(list); i++ {
			if list[i].from.Before(list[i-1].to) {
				t.Fatalf("%s talks to two callers at %s", agent, list[i].from)
			}
		}
	}
}

func ExampleWriteNDJSON() {
	scenario, err := Named(NormalYear)
	if err != nil {
		fmt.Println(err)
		return
	}
	from := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	s, err := New(Options{Scenario: scenario, Seed: 1, From: from, To: from.AddDate(0, 0, 1)})
	if err != nil {
		fmt.Println(err)
		return
	}
	var out bytes.Buffer
	n, err := WriteNDJSON(&out, s.Backfill(time.Time{}))
	fmt.Println(n > 500, err)
	// Output: true <nil>
}
