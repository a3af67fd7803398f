package kpi

import (
	"math"
	"testing"
	"time"

	"hotline12333/internal/hotline"
)

var morning = time.Date(2026, 3, 2, 1, 30, 0, 0, time.UTC)

func call(id string, o hotline.Outcome, wait int64) *hotline.Call {
	c := &hotline.Call{
		ID: id, Version: 1, Centre: "default", StartedAt: morning, QueuedAt: morning,
		Outcome: o, Wait: hotline.Millis(wait), Queue: "pension",
	}
	switch o {
	case hotline.SelfService, hotline.AbandonedIVR, hotline.Open:
		c.QueuedAt, c.Wait = time.Time{}, hotline.Span{}
	}
	return c
}

func tally(calls ...*hotline.Call) Tally {
	var t Tally
	for _, c := range calls {
		one := One(c)
		t.Merge(&one)
	}
	return t
}

// The golden vector of the definitions: 100 requested; 83 answered, 70 of them within
// 20 s; 17 abandoned: 5 below 5 s, 5 more within 20 s, 7 later.
func golden() Tally {
	var calls []*hotline.Call
	add := func(n int, o hotline.Outcome, wait int64) {
		for range n {
			calls = append(calls, call("x", o, wait))
		}
	}
	add(70, hotline.Answered, 20_000)
	add(13, hotline.Answered, 20_001)
	add(5, hotline.AbandonedQueue, 4_999)
	add(5, hotline.AbandonedRinging, 5_000)
	add(7, hotline.AbandonedQueue, 21_000)
	return tally(calls...)
}

func TestGoldenVector(t *testing.T) {
	g := golden()
	f := Compute(&g, nil, DefaultDefinitions())
	for _, c := range []struct {
		name     string
		r        Ratio
		num, den int64
		want     string
	}{
		{"agent", f.AnswerRateAgent, 83, 100, "83.0%"},
		{"leading", f.AnswerRate, 83, 100, "83.0%"},
		{"composite", f.AnswerRateComposite, 83, 100, "83.0%"},
		{"excluding short", f.AnswerRateAgentExclShort, 83, 95, "87.3%"}, // 87.368…, cut
		{"service level 20", f.ServiceLevel[20], 70, 100, "70.0%"},
		{"of answered 20", f.ServiceLevelOfAnswered[20], 70, 83, "84.3%"},
		{"service level 15", f.ServiceLevel[15], 0, 100, "0.0%"},
		{"abandonment", f.AbandonmentRate, 17, 100, "17.0%"},
	} {
		got, ok := CutPercent(c.r, 1)
		if c.r.Num != c.num || c.r.Den != c.den || !ok || got != c.want {
			t.Errorf("%s = %d/%d %q, want %d/%d %q", c.name, c.r.Num, c.r.Den, got, c.num, c.den, c.want)
		}
	}
	if got := g.ShortAbandoned(5); got != 5 {
		t.Errorf("short abandoned = %d, want 5", got)
	}
	if !AnswerRateTarget.MetBy(f.AnswerRateAgent) {
		t.Error("exactly 83 of 100 must meet 83%")
	}
}

func TestAfterHoursLeaveTheRatesOverRequested(t *testing.T) {
	night := tally(
		call("a", hotline.Answered, 1000), call("b", hotline.AbandonedQueue, 2000),
		call("c", hotline.Blocked, 0), call("d", hotline.AbandonedIVR, 0),
	)
	night.OutsideService()
	day := golden()
	day.Merge(&night)
	if day.AfterHours != 2 || day.Requested() != 101 || day.Offered() != 104 {
		t.Errorf("after hours %d, requested %d, offered %d", day.AfterHours, day.Requested(), day.Offered())
	}
	f := Compute(&day, nil, DefaultDefinitions())
	if f.AbandonmentRate != (Ratio{Num: 17, Den: 101}) {
		t.Errorf("abandonment = %+v: calls lost at night are not in it", f.AbandonmentRate)
	}
	if f.AnswerRateAgentExclShort.Den != 96 {
		t.Errorf("excluding short has %d below the line, want 101-5", f.AnswerRateAgentExclShort.Den)
	}
	if day.Abandoned() != 18 || day.ShortAbandoned(5) != 6 {
		t.Error("the counts keep what came at night")
	}
}

// Of a year that no calendar knows, figures of the requested are not there, whatever the
// rest of the period has.
func TestWithoutCalendarOfTheYear(t *testing.T) {
	b := Build{
		Zone: time.UTC, Definitions: DefaultDefinitions(),
		Covers:    func(_ string, at time.Time) bool { return at.Year() == morning.Year() },
		InService: func(string, time.Time) bool { return true },
	}
	known := Entry{Key: Key{Bucket: morning}, Tally: golden()}
	unknown := Entry{Key: Key{Bucket: morning.AddDate(1, 0, 0)}, Tally: tally(call("a", hotline.SelfService, 0))}
	vanished := Entry{Key: Key{Bucket: morning.AddDate(2, 0, 0)}}
	all, _ := b.Sum([]Entry{known, vanished})
	if !all.Placed() {
		t.Error("a group without calls needs no calendar")
	}
	for _, e := range b.Served([]Entry{known, unknown}) {
		all.Merge(&e.Tally)
	}
	f := Compute(&all, nil, b.Definitions)
	for name, r := range map[string]Ratio{
		"agent": f.AnswerRateAgent, "excluding short": f.AnswerRateAgentExclShort, "composite in service hours": f.AnswerRateCompositeHours,
		"service level": f.ServiceLevel[15], "abandonment": f.AbandonmentRate, "leading": f.AnswerRate,
	} {
		if _, ok := r.Value(); ok || r.NotConnected != ServiceHours {
			t.Errorf("%s: %+v", name, r)
		}
	}
	for name, r := range map[string]Ratio{"composite": f.AnswerRateComposite, "of answered": f.ServiceLevelOfAnswered[15], "ASA": f.ASA} {
		if _, ok := r.Value(); !ok {
			t.Errorf("%s needs no calendar: %+v", name, r)
		}
	}
}

func TestNoDataIsNeitherNoneNorAll(t *testing.T) {
	for name, tl := range map[string]Tally{
		"no calls":       {},
		"only open":      tally(call("a", hotline.Open, 0)),
		"only excluded":  tally(&hotline.Call{ID: "a", StartedAt: morning, Outcome: hotline.Answered, Excluded: hotline.ExcludedTest}),
		"only outbound":  tally(&hotline.Call{ID: "a", StartedAt: morning, Outcome: hotline.Answered, Direction: hotline.Outbound}),
		"night, no hope": func() Tally { n := tally(call("a", hotline.AbandonedQueue, 9)); n.OutsideService(); return n }(),
	} {
		r := RatesOf(&tl, nil, DefaultDefinitions())
		if r.AnswerRateAgent != nil || r.ASASeconds != nil || r.AbandonmentRate != nil || r.WaitP50Seconds != nil {
			t.Errorf("%s: an undefined rate has a value: %+v", name, r)
		}
	}
}

func TestNotConnectedIsNoFigure(t *testing.T) {
	g := golden()
	knows := KnowsOnly([]Capability{CanRequests, CanQueueWait})
	r := RatesOf(&g, knows, DefaultDefinitions())
	if r.AnswerRateComposite != nil {
		t.Error("a source without an IVR gives no composite rate")
	}
	if r.AnswerRateAgent == nil || r.ASASeconds == nil {
		t.Error("what the source knows must stay")
	}
	if why := notConnected(Compute(new(Tally), knows, DefaultDefinitions()), knows); why["answer_rate_composite"] != CanIVR {
		t.Errorf("reason = %v", why)
	}
}

func TestWaitClasses(t *testing.T) {
	for _, c := range []struct {
		millis int64
		within map[int]int64 // threshold to count
	}{
		{0, map[int]int64{0: 1, 15: 1}},
		{1, map[int]int64{0: 0, 1: 1}},
		{15_000, map[int]int64{14: 0, 15: 1}},
		{15_001, map[int]int64{15: 0, 16: 1}},
		{600_000, map[int]int64{599: 0, 600: 1}},
		{600_001, map[int]int64{600: 0, 900: 1}},
		{86_400_000, map[int]int64{7200: 0, 65535: 1}},
	} {
		tl := tally(call("a", hotline.Answered, c.millis))
		for limit, want := range c.within {
			if got := tl.WaitAnswered.AtMost(limit); got != want {
				t.Errorf("%d ms at most %d s: %d, want %d", c.millis, limit, got, want)
			}
		}
	}
}

func TestShortAbandonIsBelowTheThreshold(t *testing.T) {
	for wait, want := range map[int64]int64{0: 1, 4_999: 1, 5_000: 0, 5_001: 0} {
		tl := tally(call("a", hotline.AbandonedQueue, wait))
		if got := tl.ShortAbandoned(5); got != want {
			t.Errorf("%d ms: short = %d, want %d", wait, got, want)
		}
	}
}

func TestQuantile(t *testing.T) {
	var h Hist
	for s := int64(1); s <= 20; s++ {
		h.Add(Class(s), 1)
	}
	for q, want := range map[float64]int{0: 1, 0.5: 10, 0.9: 18, 0.95: 19, 1: 20} {
		if got, ok := h.Quantile(q); !ok || got != want {
			t.Errorf("quantile %v = %d %v, want %d", q, got, ok, want)
		}
	}
	if _, ok := (Hist{}).Quantile(0.5); ok {
		t.Error("no waits have no quantile")
	}
	if _, ok := (Hist{65535: 1}).Quantile(0.5); ok {
		t.Error("the open class has no upper edge to tell")
	}
}

func TestCutNeverRoundsUp(t *testing.T) {
	for _, c := range []struct {
		r    Ratio
		n    int
		want string
	}{
		{Ratio{Num: 82996, Den: 100000}, 2, "82.99%"},
		{Ratio{Num: 82999, Den: 100000}, 0, "82%"},
		{Ratio{Num: 1, Den: 3}, 1, "33.3%"},
		{Ratio{Num: 0, Den: 7}, 1, "0.0%"},
		{Ratio{Num: 7, Den: 7}, 2, "100.00%"},
		{Ratio{Num: 9, Den: 10000}, 2, "0.09%"},
	} {
		if got, _ := CutPercent(c.r, c.n); got != c.want {
			t.Errorf("%v = %s, want %s", c.r, got, c.want)
		}
	}
	if got := CutWan(99_960); got != "9.99" {
		t.Errorf("99,960 calls print %s万", got)
	}
	if got, _ := CutSeconds(Ratio{Num: 143_000, Den: 8}, 3); got != "17.875" {
		t.Errorf("asa = %s", got)
	}
	if AnswerRateTarget.MetBy(Ratio{Num: 82996, Den: 100000}) {
		t.Error("82.996% misses 83%")
	}
}

func TestMissesLeft(t *testing.T) {
	for _, c := range []struct {
		r            Ratio
		left, needed int64
	}{
		{Ratio{Num: 83, Den: 100}, 0, 0},
		{Ratio{Num: 312, Den: 358}, 17, 0}, // 312/375 = 83.2%, 312/376 = 82.98%
		{Ratio{Num: 82, Den: 100}, -2, 6},  // 88/106 = 83.02%, 87/105 = 82.86%
		{Ratio{}, 0, 0},
	} {
		if got := AnswerRateTarget.MissesLeft(c.r); got != c.left {
			t.Errorf("%v: %d misses left, want %d", c.r, got, c.left)
		}
		if got := AnswerRateTarget.AnswersNeeded(c.r); got != c.needed {
			t.Errorf("%v: %d answers needed, want %d", c.r, got, c.needed)
		}
		if c.left >= 0 && c.r.Den > 0 {
			if !AnswerRateTarget.MetBy(Ratio{c.r.Num, c.r.Den + c.left, ""}) ||
				AnswerRateTarget.MetBy(Ratio{c.r.Num, c.r.Den + c.left + 1, ""}) {
				t.Errorf("%v: %d is not the edge", c.r, c.left)
			}
		}
	}
	if got := TimelinessTarget.AnswersNeeded(Ratio{Num: 9, Den: 10}); got != -1 {
		t.Errorf("no number of answers repairs a loss against 100%%, got %d", got)
	}
}

func TestWilson(t *testing.T) {
	// 12 of 14 at 95%: 0.6006 to 0.9599 (Wilson 1927; the same as R's prop.test without correction).
	low, high, ok := Wilson(Ratio{Num: 12, Den: 14}, 1.959964)
	if !ok || math.Abs(low-0.6006) > 5e-4 || math.Abs(high-0.9599) > 5e-4 {
		t.Errorf("interval = %.4f to %.4f", low, high)
	}
	if _, _, ok := Wilson(Ratio{}, 1.96); ok {
		t.Error("no calls have no interval")
	}
}

func TestSatisfactionKnowsItsScales(t *testing.T) {
	tl := Tally{Rated: 6, Invited: 10, Ratings: map[string]int64{"5:5": 2, "5:3": 1, "3:2": 1, "nps:9": 2}}
	f := Compute(&tl, nil, DefaultDefinitions())
	if f.Satisfaction != (Ratio{Num: 3, Den: 4}) || f.Participation != (Ratio{Num: 6, Den: 10}) {
		t.Errorf("satisfaction %+v, participation %+v", f.Satisfaction, f.Participation)
	}
}

// Calls that are all still open, or excluded, say nothing yet: not even that none was answered.
func TestNoCallDecidedIsNoCount(t *testing.T) {
	d := DefaultDefinitions()
	for _, tally := range []Tally{{}, {Calls: 2, Open: 2}, {Calls: 1, Excluded: map[string]int64{"test": 1}}} {
		f := Compute(&tally, nil, d)
		if r := f.Reported()[FigureAnsweredCalls]; r.Den != 0 || RatesOf(&tally, nil, d).AnsweredCalls != nil {
			t.Errorf("%+v: answered calls %+v", tally, r)
		}
	}
	lost := Tally{Calls: 1, AbandonedQueue: 1}
	if n := RatesOf(&lost, nil, d).AnsweredCalls; n == nil || *n != 0 {
		t.Errorf("one lost call: answered %v", n)
	}
}
