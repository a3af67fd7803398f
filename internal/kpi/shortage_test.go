package kpi

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// called makes arrivals at a pace, so many seconds apart, until a moment.
func called(from, to time.Time, every time.Duration) (list []time.Time) {
	for t := from; t.Before(to); t = t.Add(every) {
		list = append(list, t)
	}
	return list
}

func TestOverload(t *testing.T) {
	at := func(minutes int) time.Time { return nine.Add(time.Duration(minutes) * time.Minute) }
	minute := called(nine, at(120), time.Minute) // of three minutes each: three agents are needed
	rush := append(called(nine, at(60), 20*time.Second), called(at(60), at(120), time.Minute)...)
	for _, tt := range []struct {
		name     string
		arrivals []time.Time
		onDuty   []OnDuty
		handling time.Duration
		at       time.Time
		want     float64
	}{
		{"three for what needs three", minute, []OnDuty{{nine, 3}}, 3 * time.Minute, at(60), 1},
		{"two may do", minute, []OnDuty{{nine, 2}}, 3 * time.Minute, at(60), 1.5},
		{"one for what needs three", minute, []OnDuty{{nine, 1}}, 3 * time.Minute, at(60), 3},
		{"three leave", minute, []OnDuty{{nine, 4}, {at(50), 1}}, 3 * time.Minute, at(50), 3},
		{"before they do", minute, []OnDuty{{nine, 4}, {at(50), 1}}, 3 * time.Minute, at(50).Add(-time.Millisecond), 0.75},
		{"nobody has come yet", minute, []OnDuty{{at(30), 4}}, 3 * time.Minute, at(29), math.Inf(1)},
		{"nine calls tell nothing", minute, []OnDuty{{nine, 0}}, 3 * time.Minute, at(8), 0},
		{"ten do", minute, []OnDuty{{nine, 0}}, 3 * time.Minute, at(9), math.Inf(1)},
		{"handling is not known", minute, []OnDuty{{nine, 1}}, 0, at(60), 0},
		{"no source tells of agents", minute, nil, 3 * time.Minute, at(60), 0},
		{"a rush", rush, []OnDuty{{nine, 4}}, 3 * time.Minute, at(59), 2.25},
		{"a rush that is over: five have gone", rush, []OnDuty{{nine, 9}, {at(60), 3}}, 3 * time.Minute, at(72), 1},
		{"after the last call for long", minute, []OnDuty{{nine, 1}}, 3 * time.Minute, at(300), 0.158},
	} {
		s := Shortage{Opening: nine, Arrivals: tt.arrivals, OnDuty: tt.onDuty, Handling: tt.handling}
		list := []Decision{{At: tt.at, Fate: LostQueued}, {At: tt.at, Fate: AnsweredLater}}
		s.Mark(list)
		// A call more or less of a window is a tenth.
		if got := list[0].Overload; got != tt.want && !(math.Abs(got-tt.want) <= 0.11*tt.want) || list[1].Overload != 0 {
			t.Errorf("%s: %v and %v, want %v", tt.name, got, list[1].Overload, tt.want)
		}
	}
}

// What is needed is told from the opening on: a morning's calls say nothing of the
// afternoon, and fewer than twenty of it are taken over the time they took.
func TestNeedBeginsAtTheOpening(t *testing.T) {
	opening := nine.Add(5 * time.Hour)
	s := Shortage{Opening: opening, Handling: 3 * time.Minute, OnDuty: []OnDuty{{nine, 2}}}
	s.Arrivals = append(called(nine, nine.Add(3*time.Hour), 10*time.Second), called(opening, opening.Add(time.Hour), time.Minute)...)
	now := opening.Add(12 * time.Minute)
	if got := s.need(after(s.Arrivals, now), now, needOver, needCalls); got < 3 || got > 3.5 {
		t.Errorf("needs %.2f, want 13 calls in 12 minutes of three each", got)
	}
}

func TestCountOnDuty(t *testing.T) {
	change := func(centre, agent string, minute int, able bool) DutyChange {
		return DutyChange{centre, agent, nine.Add(time.Duration(minute) * time.Minute), able}
	}
	changes := []DutyChange{
		change("a", "1", 0, true), change("a", "2", 0, true), change("b", "1", 1, true),
		change("a", "1", 2, false), change("a", "3", 2, false), change("a", "1", 3, true), change("a", "1", 4, true),
	}
	for _, tt := range []struct {
		name string
		of   func(*DutyChange) bool
		want []int
	}{
		{"all", func(*DutyChange) bool { return true }, []int{2, 3, 2, 3, 3}},
		{"a centre", func(c *DutyChange) bool { return c.Centre == "b" }, []int{1}},
		{"nobody", func(*DutyChange) bool { return false }, nil},
	} {
		var got []int
		for _, d := range CountOnDuty(changes, tt.of) {
			got = append(got, d.Agents)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// Whoever comes and goes, the count is that of those whose last change let them in.
func TestCountOnDutyIsThatOfTheLastChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		changes := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) DutyChange {
			return DutyChange{
				Agent: rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "agent"),
				Since: nine.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "minute")) * time.Minute),
				Able:  rapid.Bool().Draw(t, "able"),
			}
		}), 1, 20).Draw(t, "changes")
		slices.SortStableFunc(changes, func(a, b DutyChange) int { return a.Since.Compare(b.Since) })
		s := Shortage{OnDuty: CountOnDuty(changes, func(*DutyChange) bool { return true })}
		for minute := range 10 {
			now := nine.Add(time.Duration(minute) * time.Minute)
			last := make(map[string]bool)
			for _, c := range changes {
				if !c.Since.After(now) {
					last[c.Agent] = c.Able
				}
			}
			want := 0
			for _, able := range last {
				if able {
					want++
				}
			}
			if got := s.onDuty(now); got != want {
				t.Fatalf("at %d: %d on duty, want %d", minute, got, want)
			}
		}
	})
}
