package store_test

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
)

// allLooks are all that the figures look at, each once.
func allLooks() []kpi.Looks {
	d := kpi.DefaultDefinitions()
	d.ServiceLevels = []int{1, 600}
	var all []kpi.Looks
	for _, name := range kpi.ExplainedNames(d) {
		f, err := kpi.LookupExplained(name, d)
		if err != nil {
			panic(err)
		}
		if l := f.Looks(); !slices.ContainsFunc(all, func(o kpi.Looks) bool { return gocmp.Equal(o, l) }) {
			all = append(all, l)
		}
	}
	return all
}

// kindOf is what calls are grouped by.
type kindOf struct {
	Piece  int
	Source string
	Seen   kpi.Seen
}

// compareKinds holds the counts of kinds, their times and what is drawn of them, against the
// same calls told one by one.
func compareKinds(t *testing.T, r *rapid.T, s *store.Store, q store.KindQuery) {
	t.Helper()
	want, got := map[kindOf]*store.SeenKind{}, map[kindOf]*store.SeenKind{}
	within := func(c *store.SeenCall) bool {
		return slices.ContainsFunc(q.Outside[c.Source], func(o store.Stretch) bool { return !c.Bucket.Before(o.From) && c.Bucket.Before(o.To) })
	}
	kind := func(c *store.SeenCall) (kindOf, kpi.Seen) {
		c.Seen.OutsideService = within(c)
		of := q.Looks.Of(c.Seen)
		k := kindOf{Source: c.Source, Seen: q.Looks.Kind(of)}
		if q.Piece > 0 {
			k.Piece = int(c.Bucket.Sub(q.From) / q.Piece)
		}
		return k, of
	}
	var all []store.SeenPlace
	kinds := map[store.SeenPlace]kindOf{}
	err := s.SeenCalls(t.Context(), q.SeenQuery, func() {}, func(c *store.SeenCall) error {
		k, of := kind(c)
		all = append(all, c.SeenPlace)
		kinds[c.SeenPlace] = k
		w := want[k]
		if w == nil {
			w = &store.SeenKind{Piece: k.Piece, Source: k.Source, First: c.Bucket, Last: c.Bucket, Seen: k.Seen}
			want[k] = w
		}
		w.Calls++
		if q.Looks.Times {
			w.Seen.Wait, w.Seen.Talk, w.Seen.Hold, w.Seen.Wrapup = w.Seen.Wait+of.Wait, w.Seen.Talk+of.Talk, w.Seen.Hold+of.Hold, w.Seen.Wrapup+of.Wrapup
		}
		if c.Bucket.Before(w.First) {
			w.First = c.Bucket
		}
		if c.Bucket.After(w.Last) {
			w.Last = c.Bucket
		}
		if q.Draw.UpTo > 0 && kpi.Drawn(q.Draw.Seed, c.CallID) <= q.Draw.UpTo {
			w.Drawn = append(w.Drawn, c.SeenPlace)
		}
		return nil
	})
	if err != nil {
		r.Fatal(err)
	}
	for _, w := range want {
		slices.SortFunc(w.Drawn, byPlace)
	}
	list, err := s.SeenKinds(t.Context(), q)
	if err != nil {
		r.Fatal(err)
	}
	for i := range list {
		k := &list[i]
		slices.SortFunc(k.Drawn, byPlace)
		got[kindOf{k.Piece, k.Source, q.Looks.Kind(k.Seen)}] = k
	}
	if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || len(list) != len(got) {
		r.Fatalf("%+v: one by one (-) and by kind (+) differ:\n%s", q, diff)
	}
	slices.SortFunc(all, byPlace)
	comparePlaces(t, r, s, q, all, kinds)
}

// comparePlaces pages through the places of one kind, and of all, and expects each once.
func comparePlaces(t *testing.T, r *rapid.T, s *store.Store, q store.KindQuery, all []store.SeenPlace, kinds map[store.SeenPlace]kindOf) {
	t.Helper()
	for _, one := range []bool{false, true} {
		want := slices.Clone(all)
		if one && len(all) > 0 {
			k := kinds[all[len(all)/2]].Seen
			q.Kinds = []kpi.Seen{k}
			want = slices.DeleteFunc(want, func(p store.SeenPlace) bool { return kinds[p].Seen != k })
		}
		if q.Draw.UpTo > 0 {
			want = slices.DeleteFunc(want, func(p store.SeenPlace) bool { return kpi.Drawn(q.Draw.Seed, p.CallID) > q.Draw.UpTo })
		}
		var got []store.SeenPlace
		for q.After, q.Limit = (store.SeenPlace{Bucket: time.Unix(0, 0)}), 1+len(want)/2; ; q.After = got[len(got)-1] {
			page, err := s.SeenPlaces(t.Context(), q)
			if err != nil {
				r.Fatal(err)
			}
			if got = append(got, page...); len(page) < q.Limit {
				break
			}
		}
		if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			r.Fatalf("places (-want +got):\n%s", diff)
		}
	}
}

func byPlace(a, b store.SeenPlace) int {
	return cmp.Or(a.Bucket.Compare(b.Bucket), cmp.Compare(a.CallID, b.CallID))
}

// TestSeenKinds counts calls with everything in them that a figure looks at, by all that any
// figure looks at.
func TestSeenKinds(t *testing.T) {
	calls := lostAndFound()
	s := loaded(t, calls)
	from := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	night := []store.Stretch{{From: from.Add(10 * time.Hour), To: from.Add(25 * time.Hour)}}
	rapid.Check(t, func(r *rapid.T) {
		q := store.KindQuery{
			Looks: rapid.SampledFrom(allLooks()).Draw(r, "looks"), Outside: map[string][]store.Stretch{"crm's": night, "pbx": nil},
			Piece: time.Duration(rapid.IntRange(0, 200).Draw(r, "piece")) * hotline.BucketLength,
			Draw:  store.Draw{Seed: rapid.Uint64().Draw(r, "seed"), UpTo: rapid.SampledFrom([]uint64{0, 1 << 62, 1 << 63, math.MaxUint64}).Draw(r, "up to")},
		}
		q.From, q.To = from.Add(3*time.Hour), from.AddDate(0, 0, rapid.IntRange(1, 3).Draw(r, "days"))
		switch rapid.IntRange(0, 3).Draw(r, "place") {
		case 1:
			q.Agent = agents[0]
		case 2:
			q.Topic = topics[1]
		case 3:
			q.Queue, q.Centre = queues[1], centres[1]
		}
		compareKinds(t, r, s, q)
	})
}
