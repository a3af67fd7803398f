package kpi

import (
	"encoding/json"
	"slices"
	"testing"

	"hotline12333/internal/hotline"
)

// TestWithoutRequests: where nobody tells who asked for an agent in vain, the answered alone
// would be 100% of the requested. Nothing that needs the requested is a figure then, and what
// does not need them stays.
func TestWithoutRequests(t *testing.T) {
	g := tally(call("a", hotline.Answered, 1000), call("b", hotline.Answered, 1000), call("c", hotline.AbandonedIVR, 0))
	d := DefaultDefinitions()
	knows := KnowsOnly(Capabilities()).With(CanRequests, false)
	f := Compute(&g, knows, d)
	for name, r := range map[string]Ratio{
		"answer rate": f.AnswerRate, "agent": f.AnswerRateAgent, "excluding short": f.AnswerRateAgentExclShort,
		"abandonment": f.AbandonmentRate, "service level": f.ServiceLevel[20],
	} {
		if _, ok := r.Value(); ok || r.NotConnected != CanRequests {
			t.Errorf("%s is %+v", name, r)
		}
	}
	for name, r := range map[string]Ratio{
		"composite": f.AnswerRateComposite, "within hours": f.AnswerRateCompositeHours, "answered calls": f.AnsweredCalls,
		"of answered": f.ServiceLevelOfAnswered[20], "timeliness": f.ResponseTimelinessWait, "ASA": f.ASA, "AHT": f.AHT,
	} {
		if r.NotConnected != "" {
			t.Errorf("%s needs no requests and misses %s", name, r.NotConnected)
		}
	}
	build := Build{Definitions: d, Zone: shanghai, Knows: func(string) Knows { return knows }}
	s := build.Statement(Period{}, []Entry{{Tally: g}}, Undivided, nil)
	for _, name := range []string{"answer_rate", "answer_rate_agent", "answer_rate_agent_excluding_short", "abandonment_rate", "service_level"} {
		if s.NotComputed[name] != CanRequests {
			t.Errorf("the statement does not say why there is no %s: %v", name, s.NotComputed)
		}
	}
	if v := Judge(s.Exact.AnswerRate, AnswerRateTarget); v.State != Unconnected || v.MissesLeft != nil {
		t.Errorf("judged as %+v", v)
	}
}

// TestUnknownCountsAreNull: programs that read the JSON cannot take the answered for the
// requested.
func TestUnknownCountsAreNull(t *testing.T) {
	g := tally(call("a", hotline.Answered, 1000), call("c", hotline.AbandonedIVR, 0))
	read := func(c Counts) (m map[string]any) {
		t.Helper()
		data, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
		var back Counts
		if err := json.Unmarshal(data, &back); err != nil || back.Answered != c.Answered || back.NotConnected["requested"] != c.NotConnected["requested"] {
			t.Fatalf("read again: %+v, %v", back, err)
		}
		return m
	}
	whole := read(CountsOf(&g, nil, DefaultDefinitions()))
	if whole["requested"] != 1.0 || whole["not_connected"] != nil {
		t.Errorf("what is known: %v", whole)
	}
	part := read(CountsOf(&g, KnowsOnly(nil), DefaultDefinitions()))
	for name, want := range map[string]any{
		"requested": nil, "asked": nil, "after_hours": nil, "requested_abandoned": nil, "requested_short_abandoned": nil, "short_abandoned": nil,
		"self_service": nil, "abandoned_ivr": 1.0, "answered": 1.0, "offered": 2.0, "abandoned_queue": 0.0,
	} {
		if got, there := part[name]; got != want || !there {
			t.Errorf("%s is %v (%v), want %v", name, got, there, want)
		}
	}
	if len(part) != len(whole)+1 {
		t.Errorf("%d fields, with everything known %d", len(part), len(whole))
	}
	// Every count that may be unknown is a field that can be null, and the other way round.
	for name := range (&Counts{}).needing() {
		if _, ok := needed[name]; !ok {
			t.Errorf("%s is null without a reason", name)
		}
	}
}

// TestMissingFor: a source that is not told of knows everything.
func TestMissingFor(t *testing.T) {
	none := KnowsOnly(nil)
	for _, c := range []struct {
		knows Knows
		count string
		n     int64
		want  Capability
	}{
		{nil, "requested", 5, ""},
		{none, "requested", 5, CanRequests}, // the answered alone
		{none, "requested", 0, CanRequests},
		{none, "self_service", 0, CanIVR},
		{none, "self_service", 5, ""}, // they were told of
		{none, "waiting", 0, CanQueueWait},
		{none, "waiting", 1, ""},
		{none, "answered", 0, ""},
		{KnowsOnly([]Capability{CanRequests}), "requested", 0, ""},
		{KnowsOnly([]Capability{CanRequests}).And(none), "requested", 9, CanRequests}, // of two sources one does not tell
	} {
		if got := c.knows.MissingFor(c.count, c.n); got != c.want {
			t.Errorf("%d %s of %v: %q, want %q", c.n, c.count, c.knows, got, c.want)
		}
	}
}

// TestCountsExplainedAreKnown: a count is led back to its calls only where it is one.
func TestCountsExplainedAreKnown(t *testing.T) {
	d := DefaultDefinitions()
	for _, name := range ExplainedNames(d) {
		f, err := LookupExplained(name, d)
		if err != nil {
			t.Fatal(err)
		}
		missing, value := f.Value(Ratio{Num: 5, Den: 5}, KnowsOnly(Capabilities()).With(CanRequests, false))
		needs := slices.Contains([]string{
			"answer_rate", "answer_rate_agent", "answer_rate_agent_excluding_short", "abandonment_rate", "asked", "requested", "after_hours",
			"short_abandoned", "requested_abandoned", "requested_short_abandoned", "service_level_15", "service_level_20", "service_level_30", "service_level_60",
		}, name)
		if needs != (missing == CanRequests) || needs == (value != nil) {
			t.Errorf("%s misses %q and is %v", name, missing, value)
		}
	}
}
