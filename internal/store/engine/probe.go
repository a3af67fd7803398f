package engine

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

const (
	probeEvery = 5 * time.Second
	// probePatience is more than a statement waits for its place on a busy machine, and a
	// small part of the minute after which the alert about an engine that is down is sent.
	probePatience = 10 * time.Second
)

// answers notes whether the engine answers statements.
func (e *Engine) answers(up bool) {
	e.up.Store(up)
	value := 0.0
	if up {
		value = 1
	}
	e.metrics.up.Set(value)
}

// probe has the engine answer a statement now and then until ctx ends: a process that is
// there may still hang, and whoever reads or writes with it.
func (e *Engine) probe(ctx context.Context, address string) {
	client := &http.Client{Transport: new(http.Transport)} // of its own: no proxy lies between
	defer client.CloseIdleConnections()
	tick := time.NewTicker(e.probeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := ask(ctx, client, probeURL(address), e.probePatience)
		if ctx.Err() != nil {
			return
		}
		switch up := e.Up(); {
		case up && err != nil:
			e.log.Error("the engine does not answer", "error", err, "pid", e.PID())
		case !up && err == nil:
			e.log.Info("the engine answers again")
		}
		e.answers(err == nil)
	}
}

func probeURL(address string) string { return "http://" + address + "/?query=SELECT+1" }

func ask(ctx context.Context, client *http.Client, url string, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("it answers a trivial statement with %s", resp.Status)
	}
	_ = resp.Body.Close() // what it holds is known
	return err
}
