package pipeline_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
)

// Random calls with duplicates, corrections, moves to other buckets, months, queues and
// centres, deletions, equal versions of different content, in any order, over several
// rounds with restarts between them: what comes out of the database is what counting the
// newest versions in Go gives, after every round.
func TestPipelineCountsWhatGoCounts(t *testing.T) {
	s := newStack(t)
	s.start()
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++ // ids and centres of its own, in the database of all runs
		w := world{run: run, centres: []string{fmt.Sprintf("run %d a", run), fmt.Sprintf("run %d b", run)}}
		h := make(history)
		var sent []hotline.Call
		for range rapid.IntRange(1, 3).Draw(rt, "rounds") {
			var calls []hotline.Call
			for range rapid.IntRange(1, 25).Draw(rt, "records") {
				if len(sent) > 0 && rapid.IntRange(0, 4).Draw(rt, "again") == 0 {
					calls = append(calls, rapid.SampledFrom(sent).Draw(rt, "duplicate"))
					continue
				}
				c := w.call(rt)
				// The rank is that of the record with its defaults, as every reader has it.
				if err := c.Validate(); err != nil {
					rt.Fatal(err)
				}
				calls = append(calls, c)
			}
			if rapid.Bool().Draw(rt, "twice") {
				calls = append(calls, calls...)
			}
			calls = rapid.Permutation(calls).Draw(rt, "order")
			sent = append(sent, calls...)
			h.add(calls)
			if rapid.IntRange(0, 7).Draw(rt, "restart") == 0 {
				s.stop()
				s.start()
			}
			if err := s.send(calls); err != nil {
				rt.Fatal(err)
			}
			if err := s.check(h, w.centres); err != nil {
				rt.Fatalf("after %d records of %d calls %v: %v", len(sent), len(h), sorted(h), err)
			}
		}
	})
}

// world draws calls of one run.
type world struct {
	run     int
	centres []string
}

// call draws a version of one of a few calls, so that most meet versions of themselves.
func (w world) call(rt *rapid.T) hotline.Call {
	c := hotline.Call{
		ID:      fmt.Sprintf("run-%d-电话-%d", w.run, rapid.IntRange(0, 7).Draw(rt, "id")),
		Version: rapid.Uint64Range(1, 4).Draw(rt, "version"),
	}
	if rapid.IntRange(0, 9).Draw(rt, "fate") == 0 {
		c.Deleted = true
		return c
	}
	c.Centre = rapid.SampledFrom(w.centres).Draw(rt, "centre")
	c.Source = rapid.SampledFrom([]string{"", "pbx", "crm's"}).Draw(rt, "source")
	c.Queue = rapid.SampledFrom([]string{"", "社保", "cards"}).Draw(rt, "queue")
	c.Agent = rapid.SampledFrom([]string{"", "1001", "坐席"}).Draw(rt, "agent")
	c.Topics = rapid.SliceOfN(rapid.SampledFrom([]string{"pension", "card", "失业"}), 0, 3).Draw(rt, "topics")
	c.Outcome = rapid.SampledFrom(append(hotline.FinalOutcomes(), hotline.Open, hotline.Answered, hotline.Answered)).Draw(rt, "outcome")
	c.Direction = rapid.SampledFrom([]hotline.Direction{hotline.Inbound, hotline.Inbound, hotline.Callback, hotline.Outbound}).Draw(rt, "direction")
	if rapid.IntRange(0, 5).Draw(rt, "excluded") == 0 {
		c.Excluded = rapid.SampledFrom(hotline.Exclusions()).Draw(rt, "reason")
	}
	// Around bucket edges, in several months, at New Year and eleven months apart.
	day := rapid.SampledFrom([]time.Time{
		time.Date(2026, 3, 31, 15, 45, 0, 0, time.UTC), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2025, 12, 31, 23, 45, 0, 0, time.UTC), time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC),
	}).Draw(rt, "day")
	c.StartedAt = day.Add(time.Duration(rapid.SampledFrom([]int64{-1, 0, 1, 899_999, 900_000}).Draw(rt, "arrival")) * time.Millisecond)
	c.QueuedAt, c.AnsweredAt, c.EndedAt = instant(rt, "queued", c.StartedAt), instant(rt, "answered", c.StartedAt), instant(rt, "ended", c.StartedAt)
	c.Wait, c.Talk, c.Hold = length(rt, "wait"), length(rt, "talk"), length(rt, "hold")
	c.Wrapup, c.IVR = length(rt, "wrapup"), length(rt, "ivr")
	for range rapid.SampledFrom([]int{0, 0, 0, 1, 2, 3}).Draw(rt, "legs") {
		c.Legs = append(c.Legs, hotline.Leg{
			Agent: rapid.SampledFrom([]string{"1001", "1002", "坐席"}).Draw(rt, "leg agent"), Queue: c.Queue,
			AnsweredAt: instant(rt, "leg answered", c.StartedAt), EndedAt: instant(rt, "leg ended", c.StartedAt),
			Hold: length(rt, "leg hold"),
		})
	}
	c.Transfers = rapid.Uint32Range(0, 3).Draw(rt, "transfers")
	if rapid.Bool().Draw(rt, "rated") {
		c.Rating = hotline.Rating{
			Invited: rapid.Bool().Draw(rt, "invited"), Given: rapid.Bool().Draw(rt, "given"),
			Value: rapid.Uint8Range(1, 5).Draw(rt, "rating"), Scale: rapid.SampledFrom([]string{"5", "满意'度"}).Draw(rt, "scale"),
		}
	}
	return c
}

func instant(rt *rapid.T, name string, start time.Time) time.Time {
	ms := rapid.SampledFrom([]int64{0, -5_000, 1, 1_000, 14_999, 15_001, 600_001, 3_600_000}).Draw(rt, name)
	if ms == 0 {
		return time.Time{}
	}
	return start.Add(time.Duration(ms) * time.Millisecond)
}

func length(rt *rapid.T, name string) hotline.Span {
	ms := rapid.SampledFrom([]int64{-2, -1, 0, 1, 999, 1_000, 4_999, 5_000, 600_001, 7_200_001}).Draw(rt, name)
	if ms == -2 {
		return hotline.Span{}
	}
	return hotline.Millis(ms)
}
