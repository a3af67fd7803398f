package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
)

// TestSignedIn draws what agents do on three days, tells some of it twice and corrects some,
// and counts in Go who can take calls in the middle of each quarter hour.
func TestSignedIn(t *testing.T) {
	s, _ := newStore(t)
	r := rand.New(rand.NewPCG(5, 6))
	day := time.Date(2026, 3, 1, 16, 0, 0, 0, time.UTC) // midnight in Shanghai
	type agent struct{ centre, name string }
	told := map[agent]map[time.Time]hotline.AgentState{}
	var rows []store.AgentRow
	for i := range 12 {
		a := agent{[]string{"东", "西"}[i%2], fmt.Sprint("a'", i)}
		told[a] = map[time.Time]hotline.AgentState{}
		for range 60 {
			// Up to two days before the first day, so that some states are too old.
			at := day.Add(time.Duration(r.Int64N(int64(5*24*time.Hour))) - 48*time.Hour).Truncate(time.Millisecond)
			if r.IntN(4) == 0 {
				at = at.Truncate(hotline.BucketLength).Add(hotline.BucketLength / 2) // just in the middle
			}
			for version := range 1 + r.Uint64N(2) {
				state := hotline.AgentState{Centre: a.centre, Agent: a.name, State: hotline.States()[r.IntN(len(hotline.States()))], Since: at, Version: version + 1}
				rows = append(rows, store.AgentRow{State: &state, Rank: hotline.Rank{Version: version + 1}})
				if have, ok := told[a][at]; !ok || have.Version < version+1 {
					told[a][at] = state
				}
			}
		}
	}
	rows = append(rows, rows[:50]...)
	if err := s.InsertAgentStates(t.Context(), store.Batch{Topic: "a"}, rows); err != nil {
		t.Fatal(err)
	}
	days := [][2]time.Time{{day, day.Add(24 * time.Hour)}, {day.Add(48 * time.Hour), day.Add(71 * time.Hour)}, {day.AddDate(1, 0, 0), day.AddDate(1, 0, 1)}}
	for _, centre := range []string{"", "西", "南"} {
		for i, d := range days {
			got, err := s.SignedIn(t.Context(), d[0], d[1], centre)
			if err != nil {
				t.Fatal(err)
			}
			want := map[time.Time]int64{}
			for b := d[0]; b.Before(d[1]); b = b.Add(hotline.BucketLength) {
				middle := b.Add(hotline.BucketLength / 2)
				for a, states := range told {
					var last hotline.AgentState
					for at, state := range states {
						if at.After(d[0].Add(-24*time.Hour)) && !at.After(middle) && at.After(last.Since) {
							last = state
						}
					}
					can := last.State != "" && last.State != hotline.SignedOut && last.State != hotline.Paused && middle.Sub(last.Since) < 24*time.Hour
					if can && (centre == "" || centre == a.centre) {
						want[b]++
					}
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("centre %q, day %d: %s", centre, i, diff)
			}
		}
	}
}
