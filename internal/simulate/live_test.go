package simulate

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLiveTellsEachVersionInItsMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		zone := shanghai(t)
		bubble := time.Now()
		o := Options{Scenario: named(t, Demo), Seed: 4, From: bubble.AddDate(0, 0, -1)}
		o.Truth = true
		s := begin(t, o)
		collect(t, s.Backfill(bubble))
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Hour)
		defer cancel()
		var got []Event
		err := s.Live(ctx, Wall(), func(_ context.Context, events []Event) error {
			for _, e := range events {
				got = append(got, Event{At: time.Now().UTC(), Call: e.Call})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		again := begin(t, o)
		collect(t, again.Backfill(bubble))
		want := collect(t, again.Events(bubble.Add(6*time.Hour)))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("live and simulated events differ:\n%s", diff)
		}
		if len(got) < 200 {
			t.Errorf("%d events in six hours of %s", len(got), bubble.In(zone))
		}
	})
}

func TestLiveKeepsWhatWasNotEmitted(t *testing.T) {
	o := week(t, 9, 1)
	o.To = o.From.Add(10 * time.Hour)
	want := collect(t, begin(t, o).Events(time.Time{}))
	s := begin(t, o)
	var got []Event
	calls := 0
	emit := func(_ context.Context, batch []Event) error {
		if calls++; calls%2 == 0 {
			return errors.New("the broker is away")
		}
		got = append(got, batch...)
		return nil
	}
	late := Faster(o.To.AddDate(0, 0, 1), 1) // all of it is due at once
	failed := 0
	for {
		err := s.Live(t.Context(), late, emit)
		if err == nil {
			break
		}
		if failed++; !strings.Contains(err.Error(), "the broker is away") || failed > 100 {
			t.Fatal(err)
		}
	}
	if failed == 0 || len(got) != len(want) {
		t.Fatalf("%d failures, %d versions emitted of %d", failed, len(got), len(want))
	}
	for i, e := range want {
		if diff := cmp.Diff(e, got[i]); diff != "" {
			t.Fatalf("version %d:\n%s", i, diff)
		}
	}
}

func TestLiveEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := begin(t, Options{Scenario: named(t, NormalYear), From: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- s.Live(ctx, Wall(), func(context.Context, []Event) error { return nil })
		}()
		synctest.Wait()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestFasterClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
		c := Faster(from, 60)
		before := time.Now()
		c.Wait(t.Context(), from.Add(time.Hour))
		if took := time.Since(before); took != time.Minute {
			t.Errorf("an hour took %s at 60 times the speed", took)
		}
		if now := c.Now(); !now.Equal(from.Add(time.Hour)) {
			t.Errorf("and then it is %s", now)
		}
		c.Wait(t.Context(), from) // long past
		if took := time.Since(before); took != time.Minute {
			t.Errorf("waiting for the past took %s", took-time.Minute)
		}
	})
}

func TestStart(t *testing.T) {
	zone := shanghai(t)
	demo := named(t, Demo)
	for _, tt := range []struct{ now, from string }{
		{"2026-11-23T17:30:00Z", "2026-01-01"},
		{"2025-12-31T16:10:00Z", "2025-12-01"}, // January in Shanghai
		{"2026-01-31T23:59:00+08:00", "2025-12-01"},
		{"2026-02-01T00:00:00+08:00", "2026-01-01"},
	} {
		now, err := time.Parse(time.RFC3339, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewStart(demo, 5, now)
		if err != nil {
			t.Fatal(err)
		}
		if s.From.In(zone).Format(time.DateTime) != tt.from+" 00:00:00" {
			t.Errorf("now %s: from %s", tt.now, s.From)
		}
	}
	path := filepath.Join(t.TempDir(), "simulation.json")
	first, err := NewStart(demo, 5, time.Date(2026, 5, 5, 0, 0, 0, 0, zone))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is read
		got, err := Resume(path, first)
		if err != nil {
			t.Fatal(err)
		}
		if !got.From.Equal(first.From) || got.Seed != 5 || got.Scenario != Demo {
			t.Errorf("resumed %+v of %+v", got, first)
		}
		first.Seed = 5
	}
	first.Model--
	other := filepath.Join(t.TempDir(), "simulation.json")
	if err := first.Save(other); err != nil {
		t.Fatal(err)
	}
	if _, err := Resume(other, first); err == nil || !strings.Contains(err.Error(), "empty data directory") {
		t.Errorf("a hotline of other rules is gone on with: %v", err)
	}
	if _, err := Resume(filepath.Join(path, "x"), first); err == nil {
		t.Error("a path that cannot be read is no error")
	}
}
