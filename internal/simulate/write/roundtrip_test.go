package write_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/hotline"
	"hotline12333/internal/keys"
	"hotline12333/internal/kpi"
	"hotline12333/internal/simulate"
	"hotline12333/internal/simulate/write"
	"hotline12333/internal/source"
	"hotline12333/internal/source/asterisk"
	amazon "hotline12333/internal/source/connect"
	"hotline12333/internal/source/freeswitch"
	"hotline12333/internal/wire"
	"hotline12333/pipelines"
)

// natives are those of the program.
func natives() source.Natives {
	all := source.Natives{"hotline-record": source.Records{}}
	for _, some := range []source.Natives{asterisk.Natives(), freeswitch.Natives(), amazon.Natives()} {
		maps.Copy(all, some)
	}
	return all
}

// situations are stretches of time in which much happens that is hard to tell.
func situations() []situation {
	return []situation{
		{scenario: "normal-year", from: "2026-03-06", days: 4},
		{scenario: "benefit-surge", from: "2026-03-16", days: 2},
		{scenario: "five-leave", from: "2026-05-06", days: 1},
		{scenario: "pbx-outage", from: "2026-03-18", days: 2},
		{scenario: "clock-skew", from: "2026-03-09", days: 1},
		{scenario: "duplicate-storm", from: "2026-03-02", days: 1},
		{scenario: "late-delivery", from: "2026-03-02", days: 1},
	}
}

type situation struct {
	scenario, from string
	days           int
}

// written is a file of a situation with its truth.
type written struct {
	file []byte
	told []*hotline.Call // as a reader of the file knows them
}

func (s situation) write(t *testing.T, f *write.Format, seed uint64) written {
	t.Helper()
	scenario, err := simulate.Named(s.scenario)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation(scenario.Zone)
	if err != nil {
		t.Fatal(err)
	}
	from, err := time.ParseInLocation(time.DateOnly, s.from, zone)
	if err != nil {
		t.Fatal(err)
	}
	to := from.AddDate(0, 0, s.days).Add(-8 * time.Hour) // in the middle of the afternoon: calls are in progress
	sim, err := simulate.New(simulate.Options{Scenario: scenario, Seed: seed, From: from, To: to, Stories: true, States: f.States})
	if err != nil {
		t.Fatal(err)
	}
	var told []*hotline.Call
	truth := f.Count(zone)
	truth.Each = func(c *hotline.Call) { told = append(told, c) }
	events := sim.Backfill(to)
	if f.Versions && scenario.Delivery.Versions {
		events = sim.Events(to)
	}
	delivered := truth.Watch(events)
	if f.Versions {
		delivered = scenario.Delivery.Deliver(delivered, seed)
	}
	var out bytes.Buffer
	if _, err := f.Copy(write.Outputs{Calls: &out}, write.Options{Zone: zone}, delivered); err != nil {
		t.Fatal(err)
	}
	truth.Truth()
	return written{out.Bytes(), told}
}

// read takes a file through its source and gives the newest state of every call.
func read(t *testing.T, src *source.Source, file []byte, zone *time.Location) []*hotline.Call {
	t.Helper()
	kit, err := keys.Ephemeral()
	if err != nil {
		t.Fatal(err)
	}
	newest := make(map[string]*hotline.Call)
	err = src.Read(t.Context(), bytes.NewReader(file), source.Options{Zone: zone, Keys: kit, Name: "simulated"}, func(it *wire.Item) error {
		if it.Rejected != nil {
			t.Errorf("line %d is rejected: %v: %s", it.Line, it.Rejected, it.Raw)
		}
		if it.Call != nil {
			c := *it.Call
			if known := newest[c.ID]; known == nil || wire.Rank(known).Compare(wire.Rank(&c)) < 0 {
				newest[c.ID] = &c
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(maps.Values(newest))
}

// count makes tallies that two tellers of the same calls must agree about.
func count(calls []*hotline.Call) map[kpi.Key]*kpi.Tally {
	into := make(map[kpi.Key]*kpi.Tally)
	for _, c := range calls {
		c.Source = ""
		if c.Direction == hotline.Outbound {
			// It counts nowhere: that it is one is all that is held against the truth. What
			// logs call the agent of such a call, or its queue, is the number that was dialled.
			c.Queue, c.Agent, c.Legs = "", "", nil
		}
		kpi.Count(into, c)
	}
	kpi.CountRepeats(into, calls)
	return into
}

// unread are the formats that are written and that no source reads yet. One that a source
// reads must not stand here: then its figures are held against the truth.
func unread() []string { return nil }

func TestWhatIsWrittenIsRead(t *testing.T) {
	sources, err := source.Load(pipelines.Sources, source.Config{Dir: []string{"testdata/sources"}}, natives(), nil)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range write.Formats() {
		t.Run(f.Name, func(t *testing.T) {
			known := slices.Contains(sources.Names(), f.Name)
			if waits := slices.Contains(unread(), f.Name); waits == known {
				t.Fatalf("read by a source: %v, listed as unread: %v", known, waits)
			}
			if !known {
				return
			}
			src, err := sources.Lookup(f.Name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(kpi.KnowsOnly(f.Can), src.Knows()); diff != "" {
				t.Errorf("what the format can tell (-written +read):\n%s", diff)
			}
			for _, s := range situations() {
				t.Run(s.scenario, func(t *testing.T) {
					w := s.write(t, f, 12333)
					want, got := count(w.told), count(read(t, src, w.file, zone))
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("figures (-truth +read):\n%.4000s", diff)
					}
				})
			}
		})
	}
}
