package app

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/cenkalti/backoff/v5"

	"hotline12333/internal/broker"
	"hotline12333/internal/hotline"
	"hotline12333/internal/keys"
	"hotline12333/internal/simulate"
	"hotline12333/internal/wire"
)

// produceRows is how many simulated calls travel together.
const produceRows = 5000

// simulate fills the time from the simulation's beginning to now and goes on live. After a
// restart the same calls come again under the same ids and versions, and count once.
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
		Scenario: scenario, Seed: start.Seed, From: start.From, AlwaysOpenFrom: start.AlwaysOpenFrom,
		Pseudonym: func(number string) (string, string) { return kit.Pseudonym(number), kit.Mask(number) },
	})
	if err != nil {
		return err
	}
	n, err := s.sendAll(ctx, sim.Backfill(now))
	if err != nil {
		return stopped(ctx, err)
	}
	s.log.Info("simulated year sent", "calls", n, "from", start.From.Format(time.DateOnly), "took", time.Since(now).Round(time.Millisecond))
	return stopped(ctx, sim.Live(ctx, simulate.Wall(), s.send))
}

// stopped forgets an error that only says that the program is ending.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (s *system) sendAll(ctx context.Context, events iter.Seq2[simulate.Event, error]) (int, error) {
	n, batch := 0, make([]*hotline.Call, 0, produceRows)
	flush := func() error {
		err := s.send(ctx, batch)
		n, batch = n+len(batch), batch[:0]
		return err
	}
	for e, err := range events {
		if err != nil {
			return n, err
		}
		if batch = append(batch, e.Call); len(batch) == produceRows {
			if err := flush(); err != nil {
				return n, err
			}
		}
	}
	return n, flush()
}

// send gives calls to the broker and returns when it has them.
func (s *system) send(ctx context.Context, calls []*hotline.Call) error {
	if len(calls) == 0 {
		return nil
	}
	records := make([]broker.Record, len(calls))
	for i, c := range calls {
		records[i] = broker.Record{
			Key: []byte(c.ID), Value: wire.AppendCall(nil, c),
			Headers: []broker.Header{{Key: "origin", Value: []byte(c.Source)}},
		}
	}
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		return struct{}{}, s.broker.Produce(ctx, s.cfg.Topics.Calls, records)
	}, backoff.WithMaxElapsedTime(0))
	if err != nil {
		return fmt.Errorf("sending %d calls: %w", len(calls), err)
	}
	return nil
}

// SimulateOptions say which calls to write.
type SimulateOptions struct {
	Scenario string // a name, or a file
	Seed     uint64
	From, To time.Time
	Life     bool // every version of every call, instead of the final ones
}

// Simulate writes the calls of a hotline that does not exist as lines of JSON. They carry
// no callers: those would need the keys.
func Simulate(out io.Writer, opts SimulateOptions) error {
	scenario, err := openScenario(opts.Scenario)
	if err != nil {
		return err
	}
	sim, err := simulate.New(simulate.Options{Scenario: scenario, Seed: opts.Seed, From: opts.From, To: opts.To})
	if err != nil {
		return err
	}
	events := sim.Backfill(opts.To)
	if opts.Life {
		events = sim.Events(opts.To)
	}
	_, err = simulate.WriteNDJSON(out, events)
	return err
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
