package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
	"hotline12333/internal/wire"
)

// TestApartEqualsCount is TestRecomputeEqualsCount for what one call owes to other records:
// supplements, and calls of the same caller. Few records at a time, so that a bucket is
// counted anew for no other reason than theirs.
func TestApartEqualsCount(t *testing.T) {
	s, cfg := newStore(t)
	first := time.Date(2026, 1, 30, 12, 0, 0, 0, time.UTC)
	run := 0
	rapid.Check(t, fewer(t, 5, func(r *rapid.T) {
		empty(t, cfg, "calls", "call_versions", "caller_calls", "call_supplements", "load_batches", "tallies")
		l := &loader{store: s, batch: store.Batch{Topic: fmt.Sprint("apart", run), Last: -1}, touched: map[time.Time]bool{}}
		run++
		worlds := make([]*world, 25)
		for i := range worlds {
			worlds[i] = newWorld(i, first)
		}
		for step := range uint64(10) {
			var calls []*hotline.Call
			var supplements []*hotline.Supplement
			for _, w := range worlds {
				if rapid.SampledFrom([]bool{true, false, false}).Draw(r, "supplement") {
					supplements = append(supplements, w.supplement(r))
				} else {
					calls = append(calls, w.call(r))
				}
			}
			if err := errors.Join(l.load(t.Context(), calls), l.supplement(t.Context(), supplements), l.recompute(t.Context(), step+2)); err != nil {
				r.Fatal(err)
			}
		}
		newest := map[string]*hotline.Call{}
		for _, w := range worlds {
			for id, c := range w.newest {
				newest[id] = supplied(c, w.supplements[id])
			}
		}
		compareTallies(t, r, s, first, newest)
	}))
}

// world is a few calls that have nothing to do with those of other worlds, so that many
// can be tried at the price of one.
type world struct {
	prefix      string
	base        time.Time
	newest      map[string]*hotline.Call
	supplements map[string]map[hotline.SupplementKind]*hotline.Supplement
}

func newWorld(n int, first time.Time) *world {
	return &world{
		prefix: fmt.Sprint(n, "-"), base: first.Add(time.Duration(n) * 7 * 24 * time.Hour), newest: map[string]*hotline.Call{},
		supplements: map[string]map[hotline.SupplementKind]*hotline.Supplement{},
	}
}

func (w *world) call(r *rapid.T) *hotline.Call {
	c := genRepeat(r, w.base)
	c.ID = w.prefix + c.ID
	if err := c.Validate(); err != nil {
		r.Fatal(err)
	}
	if n := w.newest[c.ID]; n == nil || wire.Rank(n).Compare(wire.Rank(c)) < 0 {
		w.newest[c.ID] = c
	}
	return c
}

func (w *world) supplement(r *rapid.T) *hotline.Supplement {
	s := genSupplement(r)
	s.CallID = w.prefix + s.CallID
	if err := s.Validate(); err != nil {
		r.Fatal(err)
	}
	newer(w.supplements, s)
	return s
}

func supplied(c *hotline.Call, newest map[hotline.SupplementKind]*hotline.Supplement) *hotline.Call {
	var with []hotline.Supplement
	for _, s := range newest {
		with = append(with, *s)
	}
	return c.With(with)
}

// genRepeat draws a version of one of few calls, of few callers, around the edges of the
// repeat window, mostly without the times that a supplement would find given.
func genRepeat(t *rapid.T, base time.Time) *hotline.Call {
	const day = 24 * time.Hour
	c := &hotline.Call{
		ID:      rapid.SampledFrom(ids[:7]).Draw(t, "id"),
		Version: rapid.Uint64Range(1, 3).Draw(t, "version"),
		Deleted: rapid.IntRange(0, 11).Draw(t, "fate") == 11,
	}
	if c.Deleted {
		return c
	}
	c.Centre = rapid.SampledFrom([]string{"default", "default", "default", "default", "default", "咸阳"}).Draw(t, "centre")
	c.CallerHash = rapid.SampledFrom([]string{"k.one", "k.one", "k.one", "k.one", "k.two", "k.two", ""}).Draw(t, "caller")
	if c.CallerHash == "k.two" && rapid.Bool().Draw(t, "overlap") {
		c.Attributes = map[string]string{hotline.CallerPrevious: "k.one"}
	}
	c.Outcome = rapid.SampledFrom([]hotline.Outcome{
		hotline.Answered, hotline.Answered, hotline.Answered, hotline.Answered, hotline.Answered, hotline.AbandonedQueue, hotline.SelfService, hotline.Open, hotline.Voicemail,
	}).Draw(t, "outcome")
	c.Direction = rapid.SampledFrom([]hotline.Direction{hotline.Inbound, hotline.Inbound, hotline.Inbound, hotline.Inbound, hotline.Inbound, hotline.Inbound, hotline.Callback, hotline.Outbound}).Draw(t, "direction")
	if rapid.IntRange(0, 9).Draw(t, "excluded") == 9 {
		c.Excluded = hotline.ExcludedTest
	}
	c.StartedAt = base.Add(rapid.SampledFrom([]time.Duration{
		0, 0, time.Millisecond, 14 * time.Minute, day, 2*day - time.Millisecond, 2 * day, 2*day + time.Millisecond, 2*day + 15*time.Minute, 3 * day,
	}).Draw(t, "arrival"))
	if rapid.Bool().Draw(t, "answered") {
		c.AnsweredAt = c.StartedAt.Add(20 * time.Second)
	}
	if rapid.Bool().Draw(t, "ended") {
		c.EndedAt = c.StartedAt.Add(2 * time.Minute)
	}
	if rapid.IntRange(0, 3).Draw(t, "queued") == 3 {
		c.QueuedAt = c.StartedAt.Add(3 * time.Second)
	}
	if rapid.IntRange(0, 3).Draw(t, "wait") == 3 {
		c.Wait = hotline.Seconds(7)
	}
	if rapid.IntRange(0, 3).Draw(t, "ivr") == 3 {
		c.IVR = hotline.Seconds(5)
	}
	if rapid.IntRange(0, 3).Draw(t, "rated") == 3 {
		c.Rating = hotline.Rating{Given: true, Value: 3, Scale: "5"}
	}
	c.Queue, c.Agent = rapid.SampledFrom(queues[:2]).Draw(t, "queue"), rapid.SampledFrom(agents[:2]).Draw(t, "agent")
	c.Topics = rapid.SliceOfN(rapid.SampledFrom(topics[:2]), 0, 2).Draw(t, "topics")
	return c
}
