package kpi

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sampled(seed uint64, size int, ids []string) []string {
	whole, part := NewSampler(Sample{size, seed}), NewSampler(Sample{size, seed})
	for i, id := range ids {
		to := whole
		if i%3 == 0 {
			to = part // in pieces, as it is read
		}
		to.Offer(Numerator, id, func() ExplainedCall { return ExplainedCall{CallID: id} })
	}
	whole.Merge(part)
	var kept []string
	for _, c := range whole.Calls() {
		kept = append(kept, c.CallID)
	}
	return kept
}

// The same seed draws the same calls in whatever order they come; each as often as any.
func TestSampler(t *testing.T) {
	var ids []string
	for i := range 40 {
		ids = append(ids, fmt.Sprint("call-", i))
	}
	first := sampled(7, 10, ids)
	if len(first) != 10 || len(slices.Compact(slices.Clone(first))) != 10 {
		t.Fatalf("drawn are %v", first)
	}
	mixed := slices.Clone(ids)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	if diff := cmp.Diff(first, sampled(7, 10, mixed)); diff != "" {
		t.Errorf("another order draws others: %s", diff)
	}
	if slices.Equal(first, sampled(8, 10, ids)) {
		t.Error("another seed draws the same")
	}
	if got := sampled(7, 100, ids); len(got) != len(ids) {
		t.Errorf("%d of %d calls fit", len(got), len(ids))
	}
	if got := sampled(7, 0, ids); len(got) != 0 {
		t.Errorf("none were asked for: %v", got)
	}
	const seeds = 4000
	hits := map[string]float64{}
	for seed := range uint64(seeds) {
		for _, id := range sampled(seed, 10, ids) {
			hits[id]++
		}
	}
	// Binomial with p = 1/4: six standard deviations hold every one of the forty.
	sd := math.Sqrt(seeds * 0.25 * 0.75)
	for _, id := range ids {
		if math.Abs(hits[id]-seeds*0.25) > 6*sd {
			t.Errorf("%s was drawn %.0f times of %d", id, hits[id], seeds)
		}
	}
}
