package write

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/simulate"
	"hotline12333/internal/wire"
)

// lived are the events of a scenario's days.
func lived(t *testing.T, scenario, from string, days int, life bool) (iter.Seq2[simulate.Event, error], *time.Location) {
	t.Helper()
	s, err := simulate.Named(scenario)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		t.Fatal(err)
	}
	begin, err := time.ParseInLocation(time.DateOnly, from, zone)
	if err != nil {
		t.Fatal(err)
	}
	to := begin.AddDate(0, 0, days).Add(-9 * time.Hour) // calls are in progress
	sim, err := simulate.New(simulate.Options{
		Scenario: s, Seed: 12333, From: begin, To: to, Stories: true, States: true, Tickets: true, RatingsApart: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if life {
		return sim.Events(to), zone
	}
	return sim.Backfill(to), zone
}

// everything holds all events to the end and counts them then: no call is let go too early,
// or twice.
type everything struct {
	all, told map[string]*hotline.Call
	tickets   map[string]*hotline.Ticket
	states    map[hotline.State]int
}

func (k *everything) add(f *Format, e *simulate.Event) {
	switch {
	case e.Call != nil:
		c := *e.Call
		c.CallerHash = e.Story.Number
		if known := k.all[c.ID]; known != nil && wire.Rank(known).Compare(wire.Rank(&c)) > 0 {
			return
		}
		k.all[c.ID] = &c
		delete(k.told, c.ID)
		if told := f.Carry(e); told != nil {
			if f.callers == nil || f.callers(e) {
				told.CallerHash = e.Story.Number
			}
			k.told[c.ID] = told
		}
	case e.Rating != nil:
		for _, m := range []map[string]*hotline.Call{k.all, k.told} {
			if c := m[e.Rating.CallID]; c != nil {
				c.Rating = e.Rating.Rating
			}
		}
	case e.Ticket != nil:
		k.tickets[e.Ticket.ID] = e.Ticket
	case e.Agent != nil:
		k.states[e.Agent.State]++
	}
}

func (k *everything) truth(f *Format, zone *time.Location) *Truth {
	if f.settle != nil {
		f.settle(k.told)
	}
	tallied := func(calls map[string]*hotline.Call) (list []kpi.Entry) {
		into := make(map[kpi.Key]*kpi.Tally)
		for _, c := range calls {
			kpi.Count(into, c)
		}
		kpi.CountRepeats(into, slices.Collect(maps.Values(calls)))
		for key, t := range into {
			list = append(list, kpi.Entry{Key: key, Tally: *t})
		}
		return list
	}
	t := &Truth{Format: f.Name, File: f.File, Cannot: f.Cannot, Groups: map[kpi.By][]kpi.Group{}, States: k.states, Tickets: map[string]TicketCounts{}}
	t.Hotline = newStatements(tallied(k.all), zone, nil).by(kpi.Undivided)
	told := newStatements(tallied(k.told), zone, f.capabilities())
	t.Told = told.by(kpi.Undivided)
	for _, by := range []kpi.By{kpi.Day, kpi.Queue, kpi.Agent, kpi.Topic} {
		t.Groups[by] = told.by(by).Groups
	}
	var last time.Time
	for _, x := range k.tickets {
		last = slices.MaxFunc([]time.Time{last, x.OpenedAt, x.RespondedAt, x.ResolvedAt}, time.Time.Compare)
	}
	for _, x := range k.tickets {
		n := t.Tickets[string(x.Kind)]
		n.add(x, zone, last)
		t.Tickets[string(x.Kind)] = n
	}
	return t
}

func TestTruthCountedAsItGoes(t *testing.T) {
	for _, c := range []struct {
		scenario, from string
		days           int
		life           bool
	}{
		{"normal-year", "2026-03-02", 24, false},
		{"normal-year", "2026-03-02", 12, true},
		{"normal-year", "2026-01-28", 25, false}, // the last days are those of the Spring Festival
		{"pbx-outage", "2026-03-10", 16, false},
		{"clock-skew", "2026-03-02", 14, true},
	} {
		for _, name := range []string{"generic-csv", "amazon-connect", "asterisk-queue-log", "freeswitch-cdr-csv"} {
			f, err := Named(name)
			if err != nil {
				t.Fatal(err)
			}
			if c.life && !f.Versions {
				continue
			}
			t.Run(fmt.Sprint(c.scenario, " ", c.from, " ", name), func(t *testing.T) {
				whole := &everything{map[string]*hotline.Call{}, map[string]*hotline.Call{}, map[string]*hotline.Ticket{}, map[hotline.State]int{}}
				events, zone := lived(t, c.scenario, c.from, c.days, c.life)
				k := f.Count(zone)
				for e, err := range k.Watch(events) {
					if err != nil {
						t.Fatal(err)
					}
					whole.add(f, &e)
				}
				if len(k.hotline.held) == len(whole.all) {
					t.Error("nothing was let go")
				}
				want, err := json.MarshalIndent(whole.truth(f, zone), "", " ")
				if err != nil {
					t.Fatal(err)
				}
				got, err := json.MarshalIndent(k.Truth(), "", " ")
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), string(got)); diff != "" {
					t.Errorf("held to the end, and counted as it goes:\n%.3000s", diff)
				}
			})
		}
	}
}

// What is held is that of some days, however many there are.
func TestTruthHoldsSomeDays(t *testing.T) {
	held := func(weeks int) (most, calls int) {
		f, err := Named("generic-csv")
		if err != nil {
			t.Fatal(err)
		}
		events, zone := lived(t, "normal-year", "2026-03-02", 7*weeks, false)
		k := f.Count(zone)
		for e, err := range k.Watch(events) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Call != nil {
				calls++
			}
			most = max(most, len(k.hotline.held)+len(k.told.held)+len(k.tickets.held))
		}
		return most, calls
	}
	short, few := held(3)
	long, many := held(9)
	t.Logf("of %d calls %d are held, of %d %d", few, short, many, long)
	if many < 5*few/2 || float64(long) > 1.2*float64(short) {
		t.Errorf("what is held grows with the days: %d of %d calls, %d of %d", short, few, long, many)
	}
}

// A call that is told of after days cannot be counted any more; that is said, and not
// passed over.
func TestTruthOfAnEndlessCall(t *testing.T) {
	f, err := Named(Record)
	if err != nil {
		t.Fatal(err)
	}
	k, begin := f.Count(time.UTC), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	event := func(id string, arrived, at time.Time) *simulate.Event {
		c := &hotline.Call{ID: id, Version: 1, Centre: "default", Direction: hotline.Inbound, Outcome: hotline.AbandonedQueue, StartedAt: arrived, EndedAt: at}
		return &simulate.Event{At: at, Call: c, Story: &simulate.Story{Plain: c}}
	}
	for _, e := range []*simulate.Event{event("a", begin, begin.Add(time.Minute)), event("b", begin.AddDate(0, 0, 9), begin.AddDate(0, 0, 9))} {
		if err := k.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.Add(event("c", begin, begin.AddDate(0, 0, 9))); err == nil {
		t.Error("a call that lasted nine days is counted")
	}
}
