package kpi

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// choices are some definitions, with three confirmations: of the composite rate from March
// on, of the agent rate again from July on, and one for next year.
func choices(t testing.TB) *Choices {
	return &Choices{
		Zone: zoneOf(t, "Asia/Shanghai"),
		Definitions: []Definition{
			{
				Name: DefAnswerRate, Provisional: []Provisional{{Version: 1}},
				Versions: []DefinitionVersion{
					{Number: 1, Form: RateAgent, Formula: "answered / requested", Text: Wording{ZH: "人工", EN: "agent"}},
					{Number: 2, Form: RateComposite},
					{Number: 3, Form: RateCompositeHours},
				},
			},
			{Name: DefAnsweredCalls, Provisional: []Provisional{{Version: 1}}, Versions: []DefinitionVersion{{Number: 1, Form: RateAgent}, {Number: 2, Form: RateComposite}}},
			{
				Name: DefResponse, Provisional: []Provisional{{Version: 1}, {Version: 2, Tickets: true}},
				Versions: []DefinitionVersion{
					{Number: 1, Form: ResponseWait, Seconds: []int{15}}, {Number: 2, Form: ResponseItems}, {Number: 3, Form: ResponseWait, Seconds: []int{20}},
				},
			},
			{
				Name: DefShortAbandon, Provisional: []Provisional{{Version: 1}, {Version: 2, From: "2027-01-01"}},
				Versions: []DefinitionVersion{{Number: 1, Seconds: []int{5}}, {Number: 2, Seconds: []int{10}}},
			},
		},
		Confirmed: []Confirmed{
			{Name: DefAnswerRate, Version: 2, From: "2026-03-01", By: "王", Document: "12号", At: morning},
			{Name: DefAnswerRate, Version: 1, From: "2026-07-01", By: "李", Document: "30号", At: morning.Add(time.Hour)},
			{Name: DefAnswerRate, Version: 9, From: "2026-08-01", By: "李"}, // of files that are here no more
		},
	}
}

func TestDefinitionsAt(t *testing.T) {
	c := choices(t)
	for at, want := range map[string]struct {
		form  string
		state DefinitionState
		short int
	}{
		"2025-12-31T23:00:00Z": {RateAgent, DefinitionState{Version: 1, Leads: RateAgent}, 5},
		"2026-02-28T15:59:59Z": {RateAgent, DefinitionState{Version: 1, Leads: RateAgent}, 5}, // the last second of February in Shanghai
		"2026-02-28T16:00:00Z": {RateComposite, DefinitionState{Version: 2, Confirmed: true, Leads: RateComposite, Since: "2026-03-01", By: "王", Document: "12号"}, 5},
		"2026-06-30T15:59:59Z": {RateComposite, DefinitionState{Version: 2, Confirmed: true, Leads: RateComposite, Since: "2026-03-01", By: "王", Document: "12号"}, 5},
		"2026-06-30T16:00:00Z": {RateAgent, DefinitionState{Version: 1, Confirmed: true, Leads: RateAgent, Since: "2026-07-01", By: "李", Document: "30号"}, 5},
		"2026-12-31T16:00:00Z": {RateAgent, DefinitionState{Version: 1, Confirmed: true, Leads: RateAgent, Since: "2026-07-01", By: "李", Document: "30号"}, 10},
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		d := c.At(when)
		s := d.State(DefAnswerRate, false)
		if s.Confirmed != (s.At != nil) {
			t.Errorf("%s: confirmed %v at %v", at, s.Confirmed, s.At)
		}
		s.At, s.Formula, s.Text = nil, "", Wording{}
		if diff := cmp.Diff(want.state, s); diff != "" || d.AnswerRate != want.form || d.ShortAbandon != want.short {
			t.Errorf("%s: %s, short below %d; %s", at, d.AnswerRate, d.ShortAbandon, diff)
		}
		if draft := d.Draft(); draft[FigureAnswerRate] == want.state.Confirmed || !draft[FigureAnsweredCalls] {
			t.Errorf("%s: drafts %v", at, draft)
		}
	}
}

// Of a period that straddles a change the definition at its end holds, and says so.
func TestDefinitionsForAPeriod(t *testing.T) {
	c := choices(t)
	day := func(s string) time.Time {
		if s == "" {
			return time.Time{}
		}
		d, err := time.ParseInLocation(time.DateOnly, s, c.Zone)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, test := range []struct {
		from, to, now string
		version       int
		changed       bool
	}{
		{"2026-01-01", "2026-03-01", "2027-05-01", 1, false}, // ends before the change
		{"2026-01-01", "2026-03-02", "2027-05-01", 2, true},
		{"2026-03-01", "2026-07-01", "2027-05-01", 2, false},
		{"2026-01-01", "2027-01-01", "2027-05-01", 1, true}, // 1, 2 and 1 again
		{"2026-01-01", "2027-01-01", "2026-04-01", 2, true}, // not over: what is in force now
		{"2026-01-01", "2027-01-01", "2026-02-01", 1, false},
		{"2026-07-01", "", "2026-09-01", 1, false},
		{"", "", "2026-09-01", 1, true},
		{"", "2026-02-01", "2026-09-01", 1, false},
	} {
		d := c.For(day(test.from), day(test.to), day(test.now))
		if s := d.InForce[DefAnswerRate]; s.Version != test.version || s.Changed != test.changed {
			t.Errorf("%s to %s, at %s: version %d, changed %v", test.from, test.to, test.now, s.Version, s.Changed)
		}
	}
	if d := c.For(day("2026-12-01"), day("2027-02-01"), day("2027-05-01")); !d.InForce[DefShortAbandon].Changed || d.ShortAbandon != 10 {
		t.Errorf("another provisional version: %+v", d.InForce[DefShortAbandon])
	}
	asked, err := c.Ask(map[string]int{DefAnswerRate: 3, DefResponse: 3})
	if err != nil {
		t.Fatal(err)
	}
	d := asked.For(day("2026-01-01"), day("2027-01-01"), day("2027-05-01"))
	if s := d.InForce[DefAnswerRate]; d.AnswerRate != RateCompositeHours || !s.Asked || s.Confirmed || s.Changed {
		t.Errorf("asked for: %+v", s)
	}
	if d.Timeliness != 20 || d.Leads(true) != ResponseWait {
		t.Errorf("asked for: within %d s, %s", d.Timeliness, d.Leads(true))
	}
	asked, err = c.Ask(map[string]int{DefAnswerRate: 2})
	if err != nil {
		t.Fatal(err)
	}
	if s := asked.At(day("2026-04-01")).InForce[DefAnswerRate]; !s.Asked || !s.Confirmed {
		t.Errorf("asked for what is in force: %+v", s)
	}
	for want, versions := range map[string]map[string]int{
		`there is no definition "answer"`:  {"answer": 1},
		"has no version 7: it has 1, 2, 3": {DefAnswerRate: 7},
	} {
		if _, err := c.Ask(versions); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", versions, err)
		}
	}
}

// Until the centre has chosen, the wait leads where no tickets are connected, else the items.
func TestResponseTimelinessLeads(t *testing.T) {
	c := choices(t)
	d := c.At(morning)
	if w, i := d.State(DefResponse, false), d.State(DefResponse, true); w.Version != 1 || w.Leads != ResponseWait || i.Version != 2 || i.Leads != ResponseItems {
		t.Errorf("without tickets %+v, with %+v", w, i)
	}
	if d.Leads(false) != ResponseWait || d.Leads(true) != ResponseItems || d.Timeliness != 15 {
		t.Errorf("leads %s, %s", d.Leads(false), d.Leads(true))
	}
	for version, want := range map[int]string{1: ResponseWait, 2: ResponseItems, 3: ResponseWait} {
		c.Confirmed = append(c.Confirmed, Confirmed{Name: DefResponse, Version: version, From: "2020-01-01", At: morning})
		d := c.At(morning)
		for _, tickets := range []bool{false, true} {
			if s := d.State(DefResponse, tickets); d.Leads(tickets) != want || s.Version != version || !s.Confirmed {
				t.Errorf("version %d, tickets %v: %s, %+v", version, tickets, d.Leads(tickets), s)
			}
		}
		if d.Timeliness != map[int]int{1: 15, 2: 15, 3: 20}[version] {
			t.Errorf("version %d: within %d s", version, d.Timeliness)
		}
	}
}

func TestDefinitionHistory(t *testing.T) {
	c := choices(t)
	var got []string
	for _, s := range c.History(DefAnswerRate) {
		got = append(got, strings.Join([]string{s.Since, s.Leads, s.By}, " "))
	}
	if diff := cmp.Diff([]string{" agent ", "2026-03-01 composite 王", "2026-07-01 agent 李"}, got); diff != "" {
		t.Error(diff)
	}
	if h := c.History(DefShortAbandon); len(h) != 2 || h[1].Since != "2027-01-01" || h[1].Confirmed {
		t.Errorf("%+v", h)
	}
	if h := c.History("none"); h != nil {
		t.Errorf("%+v", h)
	}
}

// Every form of every choice: the golden vector by day, the same calls by night.
func TestFormsOfTheRates(t *testing.T) {
	total := golden()
	total.SelfService = 40
	total.Calls += 40
	night := golden()
	night.SelfService, night.Calls = 10, night.Calls+10
	night.OutsideService()
	total.Merge(&night)
	d := DefaultDefinitions()
	for form, want := range map[string]Ratio{
		RateAgent:          {Num: 166, Den: 183},
		RateComposite:      {Num: 216, Den: 250},
		RateCompositeHours: {Num: 123, Den: 140},
		RateAgentExclShort: {Num: 166, Den: 178},
	} {
		d.AnswerRate = form
		if got := Compute(&total, nil, d).AnswerRate; got != want {
			t.Errorf("%s: %+v, want %+v", form, got, want)
		}
	}
	noIVR := KnowsOnly([]Capability{CanRequests, CanQueueWait})
	for form, want := range map[string]Ratio{
		RateAgent: {Num: 166, Den: 1}, "": {Num: 166, Den: 1}, RateComposite: {Num: 216, Den: 1},
	} {
		d.AnsweredCalls = form
		if got := Compute(&total, nil, d).AnsweredCalls; got != want {
			t.Errorf("answered calls %s: %+v, want %+v", form, got, want)
		}
		if got := Compute(&total, noIVR, d).AnsweredCalls; (got.NotConnected != "") != (form == RateComposite) {
			t.Errorf("answered calls %s without an IVR: %+v", form, got)
		}
		if _, ok := Compute(new(Tally), nil, d).AnsweredCalls.Value(); ok {
			t.Errorf("answered calls %s: no call is no data, not 0", form)
		}
	}
	d.AnsweredCalls, d.AnswerRate = RateAgent, RateCompositeHours
	want := &Reconciliation{AnsweredCalls: 166, Numerator: 123, Steps: []ReconciliationBy{
		{"answered_after_hours", -83}, {"self_service_in_hours", 40},
	}}
	if diff := cmp.Diff(want, d.Reconcile(&total, nil)); diff != "" {
		t.Error(diff)
	}
	d.AnswerRate = RateComposite
	want = &Reconciliation{AnsweredCalls: 166, Numerator: 216, Steps: []ReconciliationBy{{"self_service", 50}}}
	if diff := cmp.Diff(want, d.Reconcile(&total, nil)); diff != "" {
		t.Error(diff)
	}
	if d.Reconcile(&total, noIVR) != nil {
		t.Error("reconciled with what no source knows")
	}
}

// Whatever is chosen, answered calls and the steps come to the numerator of the rate, and
// steps are shown exactly where the definitions count other calls.
func TestReconciliationAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sum Tally
		for range rapid.IntRange(1, 8).Draw(t, "calls") {
			one := One(anyCall(t))
			if rapid.Bool().Draw(t, "night") {
				one.OutsideService()
			}
			sum.Merge(&one)
		}
		d := DefaultDefinitions()
		d.AnswerRate = rapid.SampledFrom(AnswerRates()).Draw(t, "rate")
		d.AnsweredCalls = rapid.SampledFrom([]string{RateAgent, RateComposite}).Draw(t, "calls by")
		f := Compute(&sum, nil, d)
		r := d.Reconcile(&sum, nil)
		if (r != nil) != d.NumeratorsDiffer() {
			t.Fatalf("%+v", r)
		}
		if r == nil {
			if f.AnsweredCalls.Num != f.AnswerRate.Num {
				t.Fatalf("%d calls, numerator %d, not reconciled", f.AnsweredCalls.Num, f.AnswerRate.Num)
			}
			return
		}
		total := r.AnsweredCalls
		for _, s := range r.Steps {
			total += s.Calls
		}
		if r.AnsweredCalls != f.AnsweredCalls.Num || r.Numerator != f.AnswerRate.Num || total != r.Numerator || len(r.Steps) == 0 {
			t.Fatalf("%+v, of %d calls and a numerator of %d", r, f.AnsweredCalls.Num, f.AnswerRate.Num)
		}
	})
}

func zoneOf(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}
