package kpi

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
)

// caller is a call of a caller some time after the morning.
func caller(hash string, after time.Duration, outcome hotline.Outcome) *hotline.Call {
	at := morning.Add(after)
	c := &hotline.Call{
		ID: hash + after.String() + string(outcome), Version: 1, Centre: "default", Direction: hotline.Inbound,
		Outcome: outcome, StartedAt: at, EndedAt: at.Add(time.Minute), CallerHash: hash, Queue: "q", Agent: "1", Topics: []string{"t"},
	}
	if outcome == hotline.Answered {
		c.AnsweredAt = at.Add(5 * time.Second)
	}
	return c
}

func counted(calls ...*hotline.Call) map[Key]*Tally {
	into := make(map[Key]*Tally)
	for _, c := range calls {
		Count(into, c)
	}
	CountRepeats(into, calls)
	return into
}

func totals(into map[Key]*Tally, d Dimension) (sum Tally) {
	for k, t := range into {
		if k.Dimension == d {
			sum.Merge(t)
		}
	}
	return sum
}

func TestCountRepeats(t *testing.T) {
	const ms, day = time.Millisecond, 24 * time.Hour
	outbound := caller("a", time.Hour, hotline.Answered)
	outbound.Direction = hotline.Outbound
	back := caller("a", time.Hour, hotline.Answered)
	back.Direction = hotline.Callback
	test := caller("a", time.Hour, hotline.Answered)
	test.Excluded = hotline.ExcludedTest
	elsewhere := caller("a", time.Hour, hotline.Answered)
	elsewhere.Centre = "other"
	first := caller("a", 0, hotline.Answered)
	renamed := func(after time.Duration) *hotline.Call { // in the overlap after a change of keys
		c := caller("b", after, hotline.Answered)
		c.Attributes = map[string]string{hotline.CallerPrevious: "a"}
		return c
	}
	for _, tt := range []struct {
		name                                 string
		calls                                []*hotline.Call
		offered, repeats, answered, followed int64
	}{
		{"one", []*hotline.Call{first}, 1, 0, 1, 0},
		{"nobody knows who", []*hotline.Call{caller("", 0, hotline.Answered), caller("", time.Hour, hotline.Answered)}, 0, 0, 0, 0},
		{"two callers", []*hotline.Call{first, caller("b", time.Hour, hotline.Answered)}, 2, 0, 2, 0},
		{"again", []*hotline.Call{first, caller("a", time.Hour, hotline.Answered)}, 2, 1, 2, 1},
		{"again, told first", []*hotline.Call{caller("a", time.Hour, hotline.Answered), first}, 2, 1, 2, 1},
		{"at the edge", []*hotline.Call{first, caller("a", 2*day, hotline.Answered)}, 2, 1, 2, 1},
		{"past the edge", []*hotline.Call{first, caller("a", 2*day+ms, hotline.Answered)}, 2, 0, 2, 0},
		{"at the same moment", []*hotline.Call{first, caller("a", 0, hotline.AbandonedQueue)}, 2, 0, 1, 0},
		{"a chain", []*hotline.Call{first, caller("a", day, hotline.Answered), caller("a", 2*day+ms, hotline.Answered)}, 3, 2, 3, 2},
		{"a lost call, then an answer", []*hotline.Call{caller("a", 0, hotline.AbandonedQueue), caller("a", time.Minute, hotline.Answered)}, 2, 1, 1, 0},
		{"an answer, then the menu", []*hotline.Call{first, caller("a", time.Hour, hotline.SelfService)}, 2, 1, 1, 1},
		{"on the line again right now", []*hotline.Call{first, caller("a", time.Hour, hotline.Open)}, 1, 0, 1, 1},
		{"called back by the centre", []*hotline.Call{first, back}, 1, 0, 2, 0},
		{"and again after it", []*hotline.Call{back, caller("a", 2*time.Hour, hotline.Answered)}, 1, 1, 2, 1},
		{"outbound is nobody's call", []*hotline.Call{first, outbound}, 1, 0, 1, 0},
		{"a test is none", []*hotline.Call{first, test, caller("a", 3*day, hotline.Answered)}, 2, 0, 2, 0},
		{"under another key", []*hotline.Call{first, renamed(time.Hour)}, 2, 1, 2, 1},
		{"and twice", []*hotline.Call{first, renamed(time.Hour), renamed(2 * time.Hour)}, 3, 2, 3, 2},
		{"until there is only that key", []*hotline.Call{first, renamed(day), caller("b", 2*day+ms, hotline.Answered)}, 3, 2, 3, 2},
		{"in another centre", []*hotline.Call{first, elsewhere}, 2, 0, 2, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			into := counted(tt.calls...)
			got := totals(into, ByQueue)
			if got.OfferedWithCaller != tt.offered || got.RepeatCallers != tt.repeats || got.AnsweredWithCaller != tt.answered || got.RepeatedWithin != tt.followed {
				t.Errorf("offered %d, repeats %d, answered %d, followed %d", got.OfferedWithCaller, got.RepeatCallers, got.AnsweredWithCaller, got.RepeatedWithin)
			}
			topics, agents := totals(into, ByTopic), totals(into, ByAgent)
			if topics.RepeatCallers != tt.repeats || topics.RepeatedWithin != tt.followed || agents.RepeatedWithin != tt.followed {
				t.Errorf("by topic %d and %d, by agent %d", topics.RepeatCallers, topics.RepeatedWithin, agents.RepeatedWithin)
			}
		})
	}
}

// Every pair of calls is looked at here, which takes long and cannot be mistaken.
func TestCountRepeatsAgainstAllPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		calls := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) *hotline.Call {
			c := anyCall(t)
			c.ID = rapid.StringMatching("[a-z]{8}").Draw(t, "id")
			c.CallerHash = rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "caller")
			return c
		}), 0, 25).Draw(t, "calls")
		var want Tally
		for _, a := range calls {
			if a.CallerHash == "" || a.Facts().Excluded != "" {
				continue
			}
			followed, repeats := false, false
			for _, b := range calls {
				if b.CallerHash != a.CallerHash || b.Facts().Excluded != "" {
					continue
				}
				later := b.StartedAt.Sub(a.StartedAt)
				followed = followed || later > 0 && later <= 48*time.Hour && b.Direction == hotline.Inbound
				repeats = repeats || later < 0 && later >= -48*time.Hour && a.Direction == hotline.Inbound
			}
			if followed && a.Outcome == hotline.Answered {
				want.RepeatedWithin++
			}
			if repeats && a.Outcome != hotline.Open {
				want.RepeatCallers++
			}
		}
		got := totals(counted(calls...), ByQueue)
		if got.RepeatedWithin != want.RepeatedWithin || got.RepeatCallers != want.RepeatCallers {
			t.Fatalf("followed %d, want %d; repeats %d, want %d", got.RepeatedWithin, want.RepeatedWithin, got.RepeatCallers, want.RepeatCallers)
		}
		if got.RepeatedWithin > got.AnsweredWithCaller || got.RepeatCallers > got.OfferedWithCaller || got.AnsweredWithCaller > got.Answered {
			t.Fatalf("more than there are: %+v", got)
		}
	})
}

func TestFirstContactFigures(t *testing.T) {
	calls := []*hotline.Call{
		caller("a", 0, hotline.Answered), caller("a", time.Hour, hotline.Answered), caller("b", 0, hotline.Answered), caller("c", 0, hotline.AbandonedQueue),
	}
	var entries []Entry
	for k, t := range counted(calls...) {
		if k.Dimension == ByQueue {
			entries = append(entries, Entry{Key: k, Tally: *t})
		}
	}
	build := Build{Zone: time.UTC, Definitions: DefaultDefinitions()}
	s := build.Statement(Period{}, entries, Undivided, nil)
	if r := s.Rates; r.FirstContactResolution == nil || *r.FirstContactResolution != 2.0/3 || r.RepeatCallers == nil || *r.RepeatCallers != 0.25 {
		t.Errorf("first contact %v, repeat callers %v", r.FirstContactResolution, r.RepeatCallers)
	}
	closes := hotline.BucketOf(morning.Add(time.Hour)).Add(hotline.BucketLength + 48*time.Hour)
	if until := s.Provisional["first_contact_resolution"]; !until.Equal(closes) {
		t.Errorf("provisional until %v, want %v", until, closes)
	}
	for _, tt := range []struct {
		dataTo time.Time
		open   bool
	}{{closes.Add(-1), true}, {closes, false}} {
		build.DataTo = tt.dataTo
		if s := build.Statement(Period{}, entries, Undivided, nil); (len(s.Provisional) > 0) != tt.open {
			t.Errorf("data to %v: provisional until %v", tt.dataTo, s.Provisional)
		}
	}
	build.Knows = func(string) Knows { return KnowsOnly([]Capability{CanRequests, CanQueueWait}) }
	s = build.Statement(Period{}, entries, Undivided, nil)
	if s.Rates.FirstContactResolution != nil || s.Rates.RepeatCallers != nil || s.NotComputed["first_contact_resolution"] != CanCallers || s.NotComputed["repeat_callers"] != CanCallers {
		t.Errorf("where callers are not known: %v, %v", s.Rates.FirstContactResolution, s.NotComputed)
	}
}
