package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
)

// compareSeen holds the calls, as they are told one by one, against the tallies: at every
// queue, and at an agent and a topic.
func compareSeen(t *testing.T, r *rapid.T, s *store.Store, base time.Time, want map[kpi.Key]*kpi.Tally) {
	period := store.SeenQuery{From: base.Add(-24 * time.Hour), To: base.Add(400 * 24 * time.Hour)}
	got := map[kpi.Key]*kpi.Tally{}
	read := func(d kpi.Dimension, name string, q store.SeenQuery) {
		err := s.SeenCalls(t.Context(), q, func() {}, func(c *store.SeenCall) error {
			k := kpi.Key{Dimension: d, Bucket: c.Bucket, Centre: c.Centre, Source: c.Source, Name: name}
			if d == kpi.ByQueue {
				k.Name = c.Queue
			}
			if got[k] == nil {
				got[k] = new(kpi.Tally)
			}
			one := c.Seen.Tally()
			got[k].Merge(&one)
			return nil
		})
		if err != nil {
			r.Fatal(err)
		}
	}
	read(kpi.ByQueue, "", period)
	// Of agents and topics one each, drawn: every name is a query of its own.
	names := map[kpi.Dimension][]string{}
	for k := range want {
		if k.Dimension != kpi.ByQueue && !slices.Contains(names[k.Dimension], k.Name) {
			names[k.Dimension] = append(names[k.Dimension], k.Name)
		}
	}
	drawn := map[kpi.Dimension]string{}
	for d, list := range names {
		slices.Sort(list)
		drawn[d] = list[len(got)%len(list)]
		q := period
		if d == kpi.ByAgent {
			q.Agent = drawn[d]
		} else {
			q.Topic = drawn[d]
		}
		read(d, drawn[d], q)
		looks := []kpi.Looks{{Waits: []int{15}, Rating: true, Caller: true, Skew: true, Legs: true, Transfers: true}, {Times: true}}
		compareKinds(t, r, s, store.KindQuery{SeenQuery: q, Looks: looks[len(got)%2], Draw: store.Draw{Seed: 7, UpTo: 1 << 63}})
	}
	told := map[kpi.Key]*kpi.Tally{}
	for k, tally := range want {
		if k.Dimension == kpi.ByQueue || k.Name == drawn[k.Dimension] {
			told[k] = tally
		}
	}
	// Nothing is counted of how far the data reach.
	if diff := cmp.Diff(told, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(kpi.Tally{}, "DataTo")); diff != "" {
		r.Fatalf("the tallies (-) and the calls (+) differ:\n%s", diff)
	}
}

func TestSeenCalls(t *testing.T) {
	s, _ := newStore(t)
	var rows []store.Row
	for i := range 7 {
		rows = append(rows, row(t, &hotline.Call{
			ID: fmt.Sprint("call-", i), Version: 3, StartedAt: noon.Add(time.Duration(i*5) * time.Minute), Outcome: hotline.Answered,
			Queue: []string{"社保", "养老"}[i%2], Agent: "1001", CallerHash: "k.x", CallerMasked: "138****5678", Source: "pbx", Wait: hotline.Seconds(int64(i)),
		}))
	}
	rows = append(rows, tombstone("call-6", hotline.Rank{Version: 9}, hotline.BucketOf(noon.Add(30*time.Minute))))
	insertCalls(t, s, 1, rows...)
	page := func(q store.SeenQuery) (list []store.SeenCall) {
		t.Helper()
		q.From, q.To = noon, noon.Add(time.Hour)
		err := s.SeenCalls(t.Context(), q, func() { list = nil }, func(c *store.SeenCall) error {
			list = append(list, *c)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	ids := func(list []store.SeenCall) string {
		var all []string
		for _, c := range list {
			all = append(all, strings.TrimPrefix(c.CallID, "call-"))
		}
		return strings.Join(all, "")
	}
	first := page(store.SeenQuery{Limit: 4})
	if ids(first) != "0123" {
		t.Fatalf("the first page is %s", ids(first))
	}
	if rest := page(store.SeenQuery{Limit: 4, After: first[3].SeenPlace}); ids(rest) != "45" {
		t.Errorf("the second page is %s", ids(rest))
	}
	c := first[1]
	if c.Rank.Version != 3 || c.CallerMasked != "138****5678" || c.Origin == "" || c.Queue != "养老" || c.Agent != "1001" || c.Source != "pbx" ||
		!c.StartedAt.Equal(noon.Add(5*time.Minute)) || !c.Bucket.Equal(noon) || c.Seen.Wait != 1000 || !c.Seen.KnownCaller {
		t.Errorf("told is %+v", c)
	}
	for _, tt := range []struct {
		name string
		q    store.SeenQuery
		want string
	}{
		{"queue", store.SeenQuery{Queue: "养老"}, "135"},
		{"queue, paged", store.SeenQuery{Queue: "养老", Limit: 1, After: c.SeenPlace}, "3"},
		{"agent", store.SeenQuery{Agent: "1001"}, "012345"},
		{"nobody", store.SeenQuery{Agent: "1002"}, ""},
		{"source", store.SeenQuery{Source: "pbx"}, "012345"},
		{"another source", store.SeenQuery{Source: "it's"}, ""},
		{"another centre", store.SeenQuery{Centre: "咸阳"}, ""},
		{"topic", store.SeenQuery{Topic: "挂失"}, ""},
	} {
		list := page(tt.q)
		slices.SortFunc(list, func(a, b store.SeenCall) int { return strings.Compare(a.CallID, b.CallID) })
		if ids(list) != tt.want {
			t.Errorf("by %s: %q, want %q", tt.name, ids(list), tt.want)
		}
	}
	stop := fmt.Errorf("enough")
	if err := s.SeenCalls(t.Context(), store.SeenQuery{From: noon, To: noon.Add(time.Hour)}, func() {}, func(*store.SeenCall) error { return stop }); err == nil || !strings.Contains(err.Error(), "enough") {
		t.Errorf("a caller that has enough gets %v", err)
	}
}
