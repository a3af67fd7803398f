package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
)

// lostAndFound are calls of two sources over three days, some of them lost, some in the
// night, with everything in their names that a statement could stumble over.
func lostAndFound() []*hotline.Call {
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	outcomes := append(hotline.FinalOutcomes(), hotline.Answered, hotline.Answered, hotline.Open)
	var list []*hotline.Call
	for i := range 120 {
		at := day.Add(time.Duration(i) * 37 * time.Minute)
		c := &hotline.Call{
			ID: fmt.Sprint("c", i), Version: 1, Centre: centres[i%2], Source: []string{"pbx", "crm's"}[i/3%2], StartedAt: at,
			Direction: hotline.Inbound, Outcome: outcomes[i%len(outcomes)], Queue: queues[i%len(queues)],
			Topics: []string{topics[i%len(topics)]}, CallerMasked: "138****5678", Wait: hotline.Seconds(int64(i)),
			Rating: hotline.Rating{Given: i%4 == 0, Value: uint8(i%5) + 1, Scale: "5"},
		}
		if i%3 == 0 {
			c.QueuedAt = at.Add(time.Second)
		}
		if c.Outcome == hotline.Answered {
			c.AnsweredAt, c.EndedAt = at.Add(time.Duration(i)*time.Second), at.Add(5*time.Minute)
			c.Legs = []hotline.Leg{{Agent: agents[i%len(agents)], AnsweredAt: c.AnsweredAt, EndedAt: c.EndedAt}}
		}
		if i%17 == 0 {
			c.Excluded = hotline.ExcludedTest
		}
		list = append(list, c)
	}
	return list
}

// loaded puts the calls into a store and tallies them.
func loaded(t *testing.T, calls []*hotline.Call) *store.Store {
	t.Helper()
	s := testkit.Store(t)
	l := &loader{store: s, batch: store.Batch{Topic: "calls", Last: -1}, touched: map[time.Time]bool{}}
	for _, c := range calls {
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.load(t.Context(), calls); err != nil {
		t.Fatal(err)
	}
	if err := l.recompute(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestTallySumsAreTheSumOfTallies adds the lines of every quarter hour up, in service hours
// and outside of them, and expects the same of the statement that does so by itself.
func TestTallySumsAreTheSumOfTallies(t *testing.T) {
	s := loaded(t, lostAndFound())
	from := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	q := store.TallyQuery{From: from, To: from.AddDate(0, 0, 2)}
	var nights []store.Stretch
	for d := range 3 {
		nights = append(nights, store.Stretch{From: from.AddDate(0, 0, d).Add(10 * time.Hour), To: from.AddDate(0, 0, d).Add(26 * time.Hour)})
	}
	for _, outside := range []map[string][]store.Stretch{nil, {"crm's": nights, "pbx": nil}} {
		sumsAreSums(t, s, q, outside)
	}
}

func sumsAreSums(t *testing.T, s *store.Store, q store.TallyQuery, outside map[string][]store.Stretch) {
	t.Helper()
	within := func(k kpi.Key) bool {
		for _, n := range outside[k.Source] {
			if !k.Bucket.Before(n.From) && k.Bucket.Before(n.To) {
				return true
			}
		}
		return false
	}
	type group struct {
		kpi.Key
		night bool
	}
	add := func(into map[group]*kpi.Tally, l store.Tally) {
		g := group{l.Key, within(l.Key)}
		g.Bucket = time.Time{}
		if into[g] == nil {
			into[g] = new(kpi.Tally)
		}
		into[g].Merge(&l.Tally)
	}
	for _, q.Dimension = range []kpi.Dimension{kpi.ByQueue, kpi.ByAgent, kpi.ByTopic} {
		for _, q.Names = range []bool{false, true} {
			for _, q.Centre = range []string{"", "咸阳"} {
				want, got := map[group]*kpi.Tally{}, map[group]*kpi.Tally{}
				list, err := s.Tallies(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range list {
					add(want, l)
				}
				if list, err = s.TallySums(t.Context(), store.SumQuery{TallyQuery: q, Outside: outside}); err != nil {
					t.Fatal(err)
				}
				for _, l := range list {
					if l.Key.Bucket.Before(q.From) || !l.Key.Bucket.Before(q.To) {
						t.Errorf("%+v lies outside of the time", l.Key)
					}
					add(got, l)
				}
				if len(list) != len(want) || len(want) == 0 {
					t.Errorf("%s: %d lines for %d groups", q.Dimension, len(list), len(want))
				}
				if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%+v (-merged +summed):\n%s", q, diff)
				}
			}
		}
	}
}

// TestLostCalls expects the calls that counting says were asked for and not answered, the
// newest first and no more than wanted.
func TestLostCalls(t *testing.T) {
	calls := lostAndFound()
	s := loaded(t, calls)
	from := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	q := store.TallyQuery{From: from, To: from.AddDate(0, 0, 2)}
	var want []string
	for i := len(calls) - 1; i >= 0; i-- {
		one := kpi.One(calls[i])
		if at := calls[i].StartedAt; !at.Before(q.From) && at.Before(q.To) && one.Asked() > one.Answered {
			want = append(want, calls[i].ID)
		}
	}
	for _, limit := range []int{1, 7, 1000} {
		list, err := s.LostCalls(t.Context(), q, limit)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range list {
			got = append(got, l.CallID)
			if l.CallerMasked != "138****5678" || l.StartedAt.IsZero() {
				t.Errorf("%+v", l)
			}
		}
		if diff := cmp.Diff(want[:min(limit, len(want))], got); diff != "" {
			t.Errorf("limit %d:\n%s", limit, diff)
		}
	}
}
