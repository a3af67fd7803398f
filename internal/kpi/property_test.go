package kpi

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
)

func anyCall(t *rapid.T) *hotline.Call {
	c := &hotline.Call{
		ID: "x", Version: 1, Centre: "default",
		StartedAt: morning.Add(time.Duration(rapid.IntRange(0, 50*3600).Draw(t, "start")) * time.Second),
		Outcome:   rapid.SampledFrom(append(hotline.FinalOutcomes(), hotline.Open)).Draw(t, "outcome"),
		Excluded:  rapid.SampledFrom(append(hotline.Exclusions(), "", "", "", "")).Draw(t, "excluded"),
		Direction: rapid.SampledFrom([]hotline.Direction{hotline.Inbound, hotline.Inbound, hotline.Outbound, hotline.Callback}).Draw(t, "direction"),
		Queue:     rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "queue"),
		Agent:     rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "agent"),
		Topics:    rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y"}), 0, 3).Draw(t, "topics"),
	}
	if rapid.Bool().Draw(t, "queued") {
		c.QueuedAt = c.StartedAt.Add(time.Duration(rapid.IntRange(-5, 60).Draw(t, "queue wait")) * time.Second)
	}
	if rapid.Bool().Draw(t, "wait known") {
		c.Wait = hotline.Millis(rapid.Int64Range(-1000, 700_000).Draw(t, "wait"))
	}
	if c.Outcome == hotline.Answered {
		c.AnsweredAt = c.StartedAt.Add(time.Duration(rapid.IntRange(0, 900_000).Draw(t, "answer")) * time.Millisecond)
		for range rapid.IntRange(0, 3).Draw(t, "legs") {
			c.Legs = append(c.Legs, hotline.Leg{Agent: rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "leg agent")})
		}
	}
	c.EndedAt = c.StartedAt.Add(time.Duration(rapid.IntRange(0, 2_000_000).Draw(t, "end")) * time.Millisecond)
	return c
}

// The identities of the definitions hold for any calls, in and out of service hours.
func TestIdentities(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		into := make(map[Key]*Tally)
		calls := rapid.SliceOfN(rapid.Custom(anyCall), 0, 30).Draw(t, "calls")
		for _, c := range calls {
			Count(into, c)
		}
		var all, byAgent Tally
		answeredWithAgent := int64(0)
		for _, c := range calls {
			if f := c.Facts(); f.Excluded == "" && len(f.Legs) > 0 {
				answeredWithAgent++
			}
		}
		for k, tl := range into {
			switch k.Dimension {
			case ByQueue:
				if k.Bucket.Hour()%2 == 0 {
					tl.OutsideService()
				}
				all.Merge(tl)
			case ByAgent:
				byAgent.Merge(tl)
			}
		}
		if all.Calls != int64(len(calls)) {
			t.Fatalf("%d calls were counted as %d", len(calls), all.Calls)
		}
		if got := all.Offered() + all.Open + all.ExcludedTotal(); got != all.Calls {
			t.Fatalf("offered + open + excluded = %d, calls = %d", got, all.Calls)
		}
		notQueued := all.Voicemail - all.VoicemailQueued
		if got := all.Requested() + all.AfterHours + all.SelfService + all.AbandonedIVR + notQueued; got != all.Offered() {
			t.Fatalf("parts of offered = %d, offered = %d", got, all.Offered())
		}
		if all.WaitAnswered.Total() != all.Answered || all.WaitAbandoned.Total() != all.Abandoned() {
			t.Fatal("every answered and every abandoned call has one wait")
		}
		if byAgent.Answered != answeredWithAgent {
			t.Fatalf("agents' answered = %d, answered calls with an agent = %d", byAgent.Answered, answeredWithAgent)
		}
		if byAgent.Legs != all.Legs {
			t.Fatalf("agents handled %d legs, calls have %d", byAgent.Legs, all.Legs)
		}
		f := Compute(&all, nil, DefaultDefinitions())
		for _, r := range []Ratio{f.AnswerRateAgent, f.AnswerRateComposite, f.AnswerRateAgentExclShort, f.AbandonmentRate, f.ResponseTimeliness} {
			if v, ok := r.Value(); ok && (v < 0 || v > 1) {
				t.Fatalf("a rate outside 0 to 1: %+v", r)
			}
		}
	})
}

// Merging is a sum: any order and any grouping gives the same.
func TestMergeIsASum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		calls := rapid.SliceOfN(rapid.Custom(anyCall), 0, 20).Draw(t, "calls")
		one := tally(calls...)
		cut := rapid.IntRange(0, len(calls)).Draw(t, "cut")
		left, right := tally(calls[:cut]...), tally(calls[cut:]...)
		right.Merge(&left)
		if diff := cmp.Diff(one, right); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestStatementGroupsAddUp(t *testing.T) {
	zone, err := time.LoadLocation("America/St_Johns") // half an hour off, with summer time
	if err != nil {
		t.Skip("no time zone data: ", err)
	}
	rapid.Check(t, func(t *rapid.T) {
		into := make(map[Key]*Tally)
		for _, c := range rapid.SliceOfN(rapid.Custom(anyCall), 0, 30).Draw(t, "calls") {
			Count(into, c)
		}
		var byQueue []Entry
		for k, tl := range into {
			if k.Dimension == ByQueue {
				byQueue = append(byQueue, Entry{Key: k, Tally: *tl})
			}
		}
		b := Build{Zone: zone, Definitions: DefaultDefinitions(), InService: func(_ string, at time.Time) bool { return at.Hour() > 6 }}
		for _, by := range []By{Day, Hour, Queue} {
			s := b.Statement(Period{}, byQueue, by, byQueue)
			var sum Counts
			for _, g := range s.Groups {
				sum.Offered += g.Counts.Offered
				sum.Requested += g.Counts.Requested
				sum.Answered += g.Counts.Answered
				sum.WaitSecondsSum += g.Counts.WaitSecondsSum
				if g.From != nil && (by == Hour && g.To.Sub(*g.From) != time.Hour || g.From.Minute() != 0) {
					t.Fatalf("group %s runs from %s to %s", g.Key, g.From, g.To)
				}
			}
			if sum.Offered != s.Counts.Offered || sum.Requested != s.Counts.Requested ||
				sum.Answered != s.Counts.Answered || sum.WaitSecondsSum != s.Counts.WaitSecondsSum {
				t.Fatalf("groups by %s do not add up to the total", by)
			}
		}
	})
}

func TestMillisPrintAsExactSeconds(t *testing.T) {
	for ms, want := range map[Millis]string{0: "0", 16_250: "16.25", 143_000: "143", 5: "0.005", 4_790_100_000: "4790100"} {
		got, err := json.Marshal(ms)
		if err != nil || string(got) != want {
			t.Errorf("%d ms = %s, want %s", int64(ms), got, want)
		}
		var back Millis
		if err := json.Unmarshal(got, &back); err != nil || back != ms {
			t.Errorf("%s reads back as %d", got, back)
		}
	}
}
