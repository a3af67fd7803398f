package hotline

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestBucketOf(t *testing.T) {
	for _, tt := range []struct{ name, at, want string }{
		{"on the edge", "2026-03-02T09:15:00Z", "2026-03-02T09:15:00Z"},
		{"just before it", "2026-03-02T09:14:59.999Z", "2026-03-02T09:00:00Z"},
		{"just after it", "2026-03-02T09:15:00.001Z", "2026-03-02T09:15:00Z"},
		{"last instant of a year", "2025-12-31T23:59:59.999Z", "2025-12-31T23:45:00Z"},
		{"first instant of a year", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"},
		{"midnight of another zone", "2026-01-01T00:00:00+08:00", "2025-12-31T16:00:00Z"},
		{"a zone between quarter hours is floored in UTC", "2026-03-02T09:07:00+05:07", "2026-03-02T04:00:00Z"},
		{"before 1970", "1969-12-31T23:59:59Z", "1969-12-31T23:45:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := BucketOf(at(t, tt.at))
			if !got.Equal(at(t, tt.want)) || got.Location() != time.UTC {
				t.Errorf("%s is in %s, want %s", tt.at, got, tt.want)
			}
		})
	}
}

// The hour that a change of clocks repeats has eight quarter hours of instants, the one
// it skips has none; both are four and none in no other way.
func TestBucketOfClockChanges(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zones on this machine")
	}
	buckets := func(from, to time.Time) map[time.Time]bool {
		seen := map[time.Time]bool{}
		for t := from; t.Before(to); t = t.Add(5 * time.Minute) {
			seen[BucketOf(t)] = true
		}
		return seen
	}
	for date, want := range map[time.Time]int{
		time.Date(2026, 3, 29, 0, 0, 0, 0, berlin):  92,
		time.Date(2026, 10, 25, 0, 0, 0, 0, berlin): 100,
		time.Date(2026, 6, 1, 0, 0, 0, 0, berlin):   96,
	} {
		if got := len(buckets(date, date.AddDate(0, 0, 1))); got != want {
			t.Errorf("%s has %d buckets, want %d", date.Format(time.DateOnly), got, want)
		}
	}
}

func TestFacts(t *testing.T) {
	sec := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }
	for _, tt := range []struct {
		name string
		call Call
		want Facts // Bucket and LastEvent are filled in where they are as expected
	}{
		{
			name: "answered, everything from the times",
			call: Call{Outcome: Answered, QueuedAt: sec(20), AnsweredAt: sec(32), EndedAt: sec(240), IVR: Seconds(20), Hold: Seconds(8), Wrapup: Seconds(30), Agent: "a", Queue: "q"},
			want: Facts{
				DecidedAt: sec(32), LastEvent: sec(240), Queued: true, Wait: 12_000, Talk: 200_000, Hold: 8_000, Wrapup: 30_000, IVR: 20_000,
				Legs: []LegFacts{{Agent: "a", Queue: "q", Talk: 200_000, Hold: 8_000}},
			},
		},
		{
			name: "given figures win over times",
			call: Call{Outcome: Answered, QueuedAt: sec(20), AnsweredAt: sec(32), EndedAt: sec(240), Wait: Millis(1500), Talk: Seconds(100)},
			want: Facts{DecidedAt: sec(32), LastEvent: sec(240), Queued: true, Wait: 1_500, Talk: 100_000},
		},
		{
			name: "answered without a queue: the wait begins after the IVR",
			call: Call{Outcome: Answered, AnsweredAt: sec(30), IVR: Seconds(25)},
			want: Facts{DecidedAt: sec(30), LastEvent: sec(30), Queued: true, Wait: 5_000, IVR: 25_000},
		},
		{
			name: "answered at once: no wait",
			call: Call{Outcome: Answered, QueuedAt: sec(5), AnsweredAt: sec(5), EndedAt: sec(5)},
			want: Facts{DecidedAt: sec(5), LastEvent: sec(5), Queued: true},
		},
		{
			name: "answered and still talking",
			call: Call{Outcome: Answered, QueuedAt: sec(5), AnsweredAt: sec(6), Agent: "a"},
			want: Facts{DecidedAt: sec(6), LastEvent: sec(6), Queued: true, Wait: 1_000, Legs: []LegFacts{{Agent: "a"}}},
		},
		{
			name: "answered, only durations known",
			call: Call{Outcome: Answered, IVR: Seconds(10), Wait: Seconds(7), Talk: Seconds(60)},
			want: Facts{DecidedAt: sec(17), LastEvent: noon, Queued: true, Wait: 7_000, Talk: 60_000, IVR: 10_000},
		},
		{
			name: "ended before answered: clamped and flagged",
			call: Call{Outcome: Answered, QueuedAt: sec(5), AnsweredAt: sec(30), EndedAt: sec(29)},
			want: Facts{DecidedAt: sec(30), LastEvent: sec(30), Queued: true, Wait: 25_000, Skewed: true},
		},
		{
			name: "answered before queued",
			call: Call{Outcome: Answered, QueuedAt: sec(30), AnsweredAt: sec(29), EndedAt: sec(60)},
			want: Facts{DecidedAt: sec(29), LastEvent: sec(60), Queued: true, Talk: 31_000, Skewed: true},
		},
		{
			name: "ended before it began",
			call: Call{Outcome: AbandonedIVR, EndedAt: sec(-1)},
			want: Facts{DecidedAt: sec(-1), LastEvent: noon, Skewed: true},
		},
		{
			name: "negative figures: clamped and flagged",
			call: Call{Outcome: Answered, QueuedAt: sec(0), AnsweredAt: sec(5), EndedAt: sec(10), Wait: Seconds(-3), Wrapup: Seconds(-1)},
			want: Facts{DecidedAt: sec(5), LastEvent: sec(10), Queued: true, Talk: 5_000, Skewed: true},
		},
		{
			name: "a negative IVR does not lengthen the wait",
			call: Call{Outcome: Answered, AnsweredAt: sec(5), IVR: Seconds(-100)},
			want: Facts{DecidedAt: sec(5), LastEvent: sec(5), Queued: true, Wait: 5_000, Skewed: true},
		},
		{
			name: "more hold than talk",
			call: Call{Outcome: Answered, AnsweredAt: sec(0), EndedAt: sec(10), Hold: Seconds(12)},
			want: Facts{DecidedAt: noon, LastEvent: sec(10), Hold: 12_000, Skewed: true},
		},
		{
			name: "abandoned in the queue",
			call: Call{Outcome: AbandonedQueue, QueuedAt: sec(20), EndedAt: sec(24), IVR: Seconds(20)},
			want: Facts{DecidedAt: sec(24), LastEvent: sec(24), Queued: true, Wait: 4_000, IVR: 20_000},
		},
		{
			name: "abandoned while ringing, no queue known",
			call: Call{Outcome: AbandonedRinging, EndedAt: sec(9)},
			want: Facts{DecidedAt: sec(9), LastEvent: sec(9), Queued: true, Wait: 9_000},
		},
		{
			name: "lost with a wait and no end",
			call: Call{Outcome: TimedOut, QueuedAt: sec(10), Wait: Seconds(600)},
			want: Facts{DecidedAt: sec(610), LastEvent: sec(10), Queued: true, Wait: 600_000},
		},
		{
			name: "in the IVR nobody waits",
			call: Call{Outcome: SelfService, EndedAt: sec(90), IVR: Seconds(90)},
			want: Facts{DecidedAt: sec(90), LastEvent: sec(90), IVR: 90_000},
		},
		{
			name: "blocked: the time passed was not waiting",
			call: Call{Outcome: Blocked, EndedAt: sec(20)},
			want: Facts{DecidedAt: sec(20), LastEvent: sec(20)},
		},
		{
			name: "voicemail without queueing",
			call: Call{Outcome: Voicemail, EndedAt: sec(40), IVR: Seconds(5)},
			want: Facts{DecidedAt: sec(40), LastEvent: sec(40), IVR: 5_000},
		},
		{
			name: "voicemail after queueing",
			call: Call{Outcome: Voicemail, QueuedAt: sec(5), EndedAt: sec(40), Wait: Seconds(20)},
			want: Facts{DecidedAt: sec(40), LastEvent: sec(40), Queued: true, Wait: 20_000},
		},
		{
			name: "callback asked for in the queue",
			call: Call{Outcome: CallbackRequested, QueuedAt: sec(5), EndedAt: sec(40)},
			want: Facts{DecidedAt: sec(40), LastEvent: sec(40), Queued: true, Wait: 35_000},
		},
		{
			name: "open and queued: not decided, no wait invented",
			call: Call{Outcome: Open, QueuedAt: sec(5)},
			want: Facts{LastEvent: sec(5), Queued: true},
		},
		{
			name: "open in the IVR",
			call: Call{Outcome: Open},
			want: Facts{LastEvent: noon},
		},
		{
			name: "outbound is excluded whatever the source says",
			call: Call{Outcome: Answered, Direction: Outbound, Excluded: ExcludedTest, AnsweredAt: sec(1)},
			want: Facts{DecidedAt: sec(1), LastEvent: sec(1), Queued: true, Wait: 1_000, Excluded: ExcludedOutbound},
		},
		{
			name: "a callback is not",
			call: Call{Outcome: Answered, Direction: Callback, AnsweredAt: sec(1)},
			want: Facts{DecidedAt: sec(1), LastEvent: sec(1), Queued: true, Wait: 1_000},
		},
		{
			name: "excluded by the source",
			call: Call{Outcome: AbandonedIVR, Excluded: ExcludedPhantom, EndedAt: sec(1)},
			want: Facts{DecidedAt: sec(1), LastEvent: sec(1), Excluded: ExcludedPhantom},
		},
		{
			name: "agent to agent, each with their part",
			call: Call{
				Outcome: Answered, Agent: "a", Queue: "q", QueuedAt: sec(0), AnsweredAt: sec(10), EndedAt: sec(100), Hold: Seconds(5), Transfers: 1,
				Legs: []Leg{{Agent: "a", Queue: "q", AnsweredAt: sec(10), EndedAt: sec(40), Hold: Seconds(5)}, {Agent: "b", Queue: "r", AnsweredAt: sec(42), EndedAt: sec(100)}},
			},
			want: Facts{
				DecidedAt: sec(10), LastEvent: sec(100), Queued: true, Wait: 10_000, Talk: 85_000, Hold: 5_000,
				Legs: []LegFacts{{Agent: "a", Queue: "q", Talk: 25_000, Hold: 5_000}, {Agent: "b", Queue: "r", Talk: 58_000}},
			},
		},
		{
			name: "the only leg has no times of its own: it had all",
			call: Call{Outcome: Answered, AnsweredAt: sec(0), EndedAt: sec(60), Hold: Seconds(10), Legs: []Leg{{Agent: "a"}}},
			want: Facts{DecidedAt: noon, LastEvent: sec(60), Talk: 50_000, Hold: 10_000, Legs: []LegFacts{{Agent: "a", Talk: 50_000, Hold: 10_000}}},
		},
		{
			name: "of several legs without times none is known",
			call: Call{Outcome: Answered, AnsweredAt: sec(0), EndedAt: sec(60), Legs: []Leg{{Agent: "a"}, {Agent: "b"}}},
			want: Facts{DecidedAt: noon, LastEvent: sec(60), Talk: 60_000, Legs: []LegFacts{{Agent: "a"}, {Agent: "b"}}},
		},
		{
			name: "a leg that ends before it begins",
			call: Call{Outcome: Answered, AnsweredAt: sec(0), EndedAt: sec(60), Legs: []Leg{{Agent: "a", AnsweredAt: sec(30), EndedAt: sec(20)}}},
			want: Facts{DecidedAt: noon, LastEvent: sec(60), Talk: 60_000, Skewed: true, Legs: []LegFacts{{Agent: "a"}}},
		},
		{
			name: "legs of a call nobody answered are no work",
			call: Call{Outcome: AbandonedQueue, QueuedAt: sec(0), EndedAt: sec(4), Legs: []Leg{{Agent: "a"}}},
			want: Facts{DecidedAt: sec(4), LastEvent: sec(4), Queued: true, Wait: 4_000},
		},
		{
			name: "across New Year the arrival counts",
			call: Call{Outcome: Answered, StartedAt: at(t, "2025-12-31T23:59:59.999Z"), QueuedAt: at(t, "2026-01-01T00:00:00Z"), AnsweredAt: at(t, "2026-01-01T00:00:00.001Z"), EndedAt: at(t, "2026-01-01T00:01:00Z")},
			want: Facts{Bucket: at(t, "2025-12-31T23:45:00Z"), DecidedAt: at(t, "2026-01-01T00:00:00.001Z"), LastEvent: at(t, "2026-01-01T00:01:00Z"), Queued: true, Wait: 1, Talk: 59_999},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.call.StartedAt.IsZero() {
				tt.call.StartedAt = noon
			}
			if tt.want.Bucket.IsZero() {
				tt.want.Bucket = noon
			}
			if diff := cmp.Diff(tt.want, tt.call.Facts()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever a source tells, durations are never negative, and every final call is decided.
func TestFactsAreNeverNegative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		instants := rapid.Custom(func(t *rapid.T) time.Time {
			if rapid.Bool().Draw(t, "unknown") {
				return time.Time{}
			}
			return noon.Add(time.Duration(rapid.Int64Range(-MaxSpan, MaxSpan).Draw(t, "ms")) * time.Millisecond)
		})
		spans := rapid.Custom(func(t *rapid.T) Span {
			return Span{Known: rapid.Bool().Draw(t, "known"), Millis: rapid.Int64Range(-MaxSpan, MaxSpan).Draw(t, "span")}
		})
		c := Call{
			ID: "c", Version: 1, StartedAt: noon, Outcome: rapid.SampledFrom(append(FinalOutcomes(), Open)).Draw(t, "outcome"),
			QueuedAt: instants.Draw(t, "queued"), AnsweredAt: instants.Draw(t, "answered"), EndedAt: instants.Draw(t, "ended"),
			Wait: spans.Draw(t, "wait"), Talk: spans.Draw(t, "talk"), Hold: spans.Draw(t, "hold"), Wrapup: spans.Draw(t, "wrapup"), IVR: spans.Draw(t, "ivr"),
			Agent: rapid.SampledFrom([]string{"", "a"}).Draw(t, "agent"),
		}
		for range rapid.IntRange(0, 3).Draw(t, "legs") {
			c.Legs = append(c.Legs, Leg{Agent: "a", AnsweredAt: instants.Draw(t, "from"), EndedAt: instants.Draw(t, "to"), Hold: spans.Draw(t, "hold")})
		}
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		f := c.Facts()
		for _, ms := range []int64{f.Wait, f.Talk, f.Hold, f.Wrapup, f.IVR} {
			if ms < 0 {
				t.Fatalf("%+v", f)
			}
		}
		for _, l := range f.Legs {
			if l.Talk < 0 || l.Hold < 0 {
				t.Fatalf("%+v", l)
			}
		}
		if f.DecidedAt.IsZero() != (c.Outcome == Open) {
			t.Fatalf("%s is decided at %s", c.Outcome, f.DecidedAt)
		}
		if len(f.Legs) > 0 && c.Outcome != Answered {
			t.Fatalf("%s has legs", c.Outcome)
		}
		if diff := cmp.Diff(f, c.Facts()); diff != "" {
			t.Fatal(diff)
		}
	})
}
