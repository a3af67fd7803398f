package publish

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/journal"
)

func TestMaintenanceIsTold(t *testing.T) {
	begin := at(t, "2026-03-02T10:00:00Z")
	c, asked := &clock{}, 0
	var broken error
	m := NewMaintenance(func(context.Context) ([]Planned, error) {
		asked++
		return []Planned{
			{journal.Maintenance{From: begin.Add(30 * time.Minute), To: begin.Add(2 * time.Hour)}, "王芳"},
			{journal.Maintenance{From: begin, To: begin.Add(time.Hour)}, "李强"},
		}, broken
	}, c.now, nil)
	for _, tt := range []struct {
		after time.Duration
		want  []string
	}{
		{-time.Second, []string{"hotline_maintenance 0"}},
		{0, []string{"hotline_maintenance 1", "hotline_maintenance_until_timestamp_seconds 1.7724492e+09"}},
		{45 * time.Minute, []string{"hotline_maintenance 1", "hotline_maintenance_until_timestamp_seconds 1.7724528e+09"}},
		{2 * time.Hour, []string{"hotline_maintenance 0"}},
	} {
		c.set(begin.Add(tt.after))
		var got []string
		for _, l := range lines(exposition(t, m), "hotline_") {
			if l[0] != '#' {
				got = append(got, l)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("after %v: %s", tt.after, diff)
		}
	}
	c.set(begin.Add(45 * time.Minute))
	if p, on := m.Holding(c.now()); !on || p.By != "王芳" {
		t.Errorf("of two the one that ends last holds, not %+v", p)
	}
	// The database is down for maintenance, and nobody is woken.
	broken = errAway
	c.set(begin.Add(20 * time.Minute))
	if got := exposition(t, m); !strings.Contains(got, "\nhotline_maintenance 1\n") {
		t.Error("forgotten")
	}
	before := asked
	c.set(begin.Add(20*time.Minute + time.Second))
	exposition(t, m)
	if asked != before {
		t.Error("asked at every scrape")
	}
}

// A database that hangs holds up no scrape, and what it said last holds; it is not asked
// again before it has answered.
func TestMaintenanceDoesNotWaitForAHangingJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs, asked := make(chan struct{}), new(atomic.Int32)
		planned := Planned{journal.Maintenance{From: time.Now(), To: time.Now().Add(time.Hour)}, "王芳"}
		m := NewMaintenance(func(ctx context.Context) ([]Planned, error) {
			if asked.Add(1) > 1 {
				select {
				case <-hangs:
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}
			return []Planned{planned}, nil
		}, time.Now, nil)
		if _, on := m.Holding(time.Now()); !on {
			t.Error("not read at first")
		}
		time.Sleep(maintenanceEvery)
		began := time.Now()
		for range 3 {
			if _, on := m.Holding(time.Now()); !on {
				t.Error("forgotten")
			}
		}
		if took := time.Since(began); took > 3*asidePatience || asked.Load() != 2 {
			t.Errorf("three scrapes took %v and asked %d times", took, asked.Load()-1)
		}
		time.Sleep(evaluationTimeout)
		close(hangs)
		if _, on := m.Holding(time.Now()); !on || asked.Load() != 3 {
			t.Errorf("asked %d times, holds %v", asked.Load(), on)
		}
	})
}
