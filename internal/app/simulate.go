package app

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/cenkalti/backoff/v5"

	"hotline12333/internal/broker"
	"hotline12333/internal/keys"
	"hotline12333/internal/simulate"
	"hotline12333/internal/simulate/write"
	"hotline12333/internal/wire"
)

const (
	// produceRows is how many simulated records travel together.
	produceRows = 5000
	// statesReach is how far back the states of agents are told: nothing asks for older ones,
	// and they would be more than all the rest.
	statesReach = 48 * time.Hour
)

// simulate fills the time from the simulation's beginning to now and goes on live: calls,
// tickets, ratings that come after their calls, what agents do. After a restart the same
// records come again under the same ids and versions, and count once.
func (s *system) simulate(ctx context.Context, opts UpOptions, kit *keys.Keys) error {
	scenario, err := simulate.Named(simulate.Demo)
	if err != nil {
		return err
	}
	now := time.Now()
	fresh, err := simulate.NewStart(scenario, opts.Seed, now)
	if err != nil {
		return err
	}
	start, err := simulate.Resume(filepath.Join(s.cfg.Data.Dir, "simulation.json"), fresh)
	if err != nil {
		return err
	}
	sim, err := simulate.New(simulate.Options{
		Scenario: scenario, Seed: start.Seed, From: start.From,
		Pseudonym: func(number string) (string, string) { return kit.Pseudonym(number), kit.Mask(number) },
		Tickets:   true, States: true, RatingsApart: true,
	})
	if err != nil {
		return err
	}
	n, err := s.sendAll(ctx, recent(sim.Backfill(now), now.Add(-statesReach)))
	if err != nil {
		return stopped(ctx, err)
	}
	s.log.Info("simulated year sent", "records", n, "from", start.From.Format(time.DateOnly), "took", time.Since(now).Round(time.Millisecond))
	return stopped(ctx, sim.Live(ctx, simulate.Wall(), s.send))
}

// recent leaves out what agents did before an instant.
func recent(events iter.Seq2[simulate.Event, error], from time.Time) iter.Seq2[simulate.Event, error] {
	return func(yield func(simulate.Event, error) bool) {
		for e, err := range events {
			if err == nil && e.Agent != nil && e.At.Before(from) {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// stopped forgets an error that only says that the program is ending.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (s *system) sendAll(ctx context.Context, events iter.Seq2[simulate.Event, error]) (int, error) {
	n, batch := 0, make([]simulate.Event, 0, produceRows)
	flush := func() error {
		err := s.send(ctx, batch)
		n, batch = n+len(batch), batch[:0]
		return err
	}
	for e, err := range events {
		if err != nil {
			return n, err
		}
		if batch = append(batch, e); len(batch) == produceRows {
			if err := flush(); err != nil {
				return n, err
			}
		}
	}
	return n, flush()
}

// send gives records to the broker and returns when it has them.
func (s *system) send(ctx context.Context, events []simulate.Event) error {
	topics := s.cfg.Topics
	records := make(map[string][]broker.Record)
	for i := range events {
		topic, key, value := "", "", []byte(nil)
		switch e := &events[i]; {
		case e.Call != nil:
			topic, key, value = topics.Calls, e.Call.ID, wire.AppendCall(nil, e.Call)
		case e.Ticket != nil:
			topic, key, value = topics.Tickets, e.Ticket.ID, wire.AppendTicket(nil, e.Ticket)
		case e.Agent != nil:
			topic, key, value = topics.Agents, e.Agent.Key(), wire.AppendAgentState(nil, e.Agent)
		case e.Rating != nil:
			topic, key, value = topics.Supplements, e.Rating.CallID, wire.AppendSupplement(nil, e.Rating)
		}
		records[topic] = append(records[topic], broker.Record{
			Key: []byte(key), Value: value, Headers: []broker.Header{{Key: "origin", Value: []byte(simulate.Source)}},
		})
	}
	for _, topic := range []string{topics.Calls, topics.Tickets, topics.Agents, topics.Supplements} {
		if len(records[topic]) == 0 {
			continue
		}
		_, err := backoff.Retry(ctx, func() (struct{}, error) {
			return struct{}{}, s.broker.Produce(ctx, topic, records[topic])
		}, backoff.WithMaxElapsedTime(0))
		if err != nil {
			return fmt.Errorf("sending %d records to %s: %w", len(records[topic]), topic, err)
		}
	}
	return nil
}

// SimulateOptions say which calls to write, and how.
type SimulateOptions struct {
	Scenario string // a name, or a file
	Seed     uint64
	From, To time.Time
	Life     bool // every version of every call, instead of the final ones

	Format       string // see write.Formats; empty: the call record
	Out          string // a directory; "-" or empty: standard output, and no truth
	Tickets      bool   // and the files of what is told beside the calls
	Agents       bool
	RatingsApart bool
}

// Simulate writes the calls of a hotline that does not exist in the format of a telephone
// system, and into a directory also what is true of them.
func Simulate(stdout io.Writer, opts SimulateOptions) error {
	scenario, err := openScenario(opts.Scenario)
	if err != nil {
		return err
	}
	format, err := write.Named(cmp.Or(opts.Format, write.Record))
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(scenario.Zone)
	if err != nil {
		return fmt.Errorf("scenario %q: zone: %w", scenario.Name, err)
	}
	life := opts.Life || scenario.Delivery.Versions
	if !format.Versions {
		if opts.Life {
			return fmt.Errorf("a file in the format %s has each call once: --life does not go with it", format.Name)
		}
		life = false
	}
	sim, err := simulate.New(simulate.Options{
		Scenario: scenario, Seed: opts.Seed, From: opts.From, To: opts.To,
		Stories: true, States: opts.Agents || format.States, Tickets: opts.Tickets, RatingsApart: opts.RatingsApart,
	})
	if err != nil {
		return err
	}
	events := sim.Backfill(opts.To)
	if life {
		events = sim.Events(opts.To)
	}
	deliver := func(events iter.Seq2[simulate.Event, error]) iter.Seq2[simulate.Event, error] {
		if !format.Versions {
			return events // a log is written where things happen
		}
		return scenario.Delivery.Deliver(events, opts.Seed)
	}
	how := write.Options{Zone: zone}
	if opts.Out == "" || opts.Out == "-" {
		_, err := format.Copy(write.Outputs{Calls: stdout}, how, deliver(events))
		return err
	}
	counting := format.Count(zone)
	err = writeFiles(opts, format, func(out write.Outputs) error {
		_, err := format.Copy(out, how, deliver(counting.Watch(events)))
		return err
	})
	if err != nil {
		return err
	}
	truth := counting.Truth()
	truth.Scenario, truth.Seed, truth.From, truth.To = scenario.Name, opts.Seed, opts.From, opts.To
	data, err := json.MarshalIndent(truth, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the truth: %w", err)
	}
	return os.WriteFile(filepath.Join(opts.Out, write.TruthFile), append(data, '\n'), 0o644)
}

// writeFiles opens the files of a simulation for a function, and closes them.
func writeFiles(opts SimulateOptions, format *write.Format, fill func(write.Outputs) error) (err error) {
	if err := os.MkdirAll(opts.Out, 0o755); err != nil {
		return fmt.Errorf("making the directory: %w", err)
	}
	var out write.Outputs
	for _, f := range []struct {
		into *io.Writer
		name string
		want bool
	}{
		{&out.Calls, format.File, true},
		{&out.Tickets, write.TicketsFile, opts.Tickets},
		{&out.Agents, write.AgentsFile, opts.Agents},
		{&out.Supplements, write.SupplementsFile, opts.RatingsApart},
	} {
		if !f.want {
			continue
		}
		file, openErr := os.Create(filepath.Join(opts.Out, f.name))
		if openErr != nil {
			return errJoin(err, fmt.Errorf("writing the calls: %w", openErr))
		}
		defer func() { err = errJoin(err, file.Close()) }()
		*f.into = file
	}
	return fill(out)
}

// openScenario takes the name of a built-in scenario, or a file that ends in .yaml.
func openScenario(name string) (*simulate.Scenario, error) {
	if filepath.Ext(name) != ".yaml" {
		return simulate.Named(name)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading the scenario: %w", err)
	}
	return simulate.Parse(name, data)
}
