package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"hotline12333/internal/broker"
	"hotline12333/internal/broker/embedded"
	"hotline12333/internal/intake"
	"hotline12333/internal/intake/httpapi"
	"hotline12333/internal/testkit"
)

// silent is a Kafka that never answers.
type silent struct{}

func (silent) Produce(ctx context.Context, _ string, _ []broker.Record) error {
	<-ctx.Done()
	return ctx.Err()
}

func (silent) Ping(context.Context) error { return errors.New("nobody there") }

// TestKafkaAway stops the broker under load: nothing is acknowledged that is not stored,
// nobody waits for long, and everything goes on when it is back.
func TestKafkaAway(t *testing.T) {
	dir := t.TempDir()
	b := testkit.EmbeddedBroker(t, embedded.Config{Dir: dir})
	w := newWorld(t, options{addr: b.Addr(), cfg: func(c *intake.HTTP) { c.AckTimeout = 500 * time.Millisecond }})
	w.want(202, posting{route: "/v1/calls", body: callJSON("before")})
	if err := b.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	a := w.want(503, posting{route: "/v1/calls", body: callJSON("lost-0")})
	if a.header.Get("Retry-After") == "" || a.Code != "unavailable" {
		t.Errorf("%v %s", a.header, a.body)
	}
	// Many at once: one of them tries at a time, the others are sent away.
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			a, err := w.try(t.Context(), posting{route: "/v1/calls", body: callJSON(fmt.Sprintf("lost-%d", i+1))})
			if err != nil || a.code != 503 {
				t.Errorf("%d, %v", a.code, err)
			}
		})
	}
	all.Wait()
	testkit.Promised(t, "41 refusals", time.Since(began), 5*time.Second)
	testkit.EmbeddedBroker(t, embedded.Config{Dir: dir, Listen: b.Addr()})
	testkit.Eventually(t, testkit.Patience, func() error {
		a, err := w.try(t.Context(), posting{route: "/v1/calls", body: callJSON("after")})
		if err != nil || a.code != 202 {
			return fmt.Errorf("%d %s, %v", a.code, a.body, err)
		}
		return nil
	})
	for i := range 20 { // and all, not one at a time
		w.want(202, posting{route: "/v1/calls", body: callJSON(fmt.Sprintf("after-%d", i))})
	}
	ids := map[string]bool{}
	for _, r := range stored(t, w.client, httpapi.DefaultTopics().Calls) {
		ids[string(r.Key)] = true
	}
	if !ids["before"] || !ids["after"] || !ids["after-19"] {
		t.Errorf("%v", ids)
	}
}

// held lets produces through when it is told to.
type held struct {
	intake.Broker
	entered chan struct{}
	leave   chan struct{}
}

func (h held) Produce(ctx context.Context, topic string, recs []broker.Record) error {
	h.entered <- struct{}{}
	<-h.leave
	return h.Broker.Produce(ctx, topic, recs)
}

// TestStop ends the server while requests are under way: they are answered.
func TestStop(t *testing.T) {
	client := newClient(t, testkit.Broker(t))
	h := held{client, make(chan struct{}, 10), make(chan struct{})}
	w := newWorld(t, options{broker: h})
	answers := make(chan int, 3)
	for i := range 3 {
		go func() {
			a, err := w.try(context.Background(), posting{route: "/v1/calls", body: callJSON(fmt.Sprintf("s-%d", i))})
			if err != nil {
				t.Error(err)
			}
			answers <- a.code
		}()
	}
	for range 3 {
		<-h.entered
	}
	stopped := make(chan error, 1)
	go func() { stopped <- w.stop() }()
	testkit.Eventually(t, testkit.Patience, func() error {
		res, err := http.Get(w.url + "/healthz") // on a connection of its own
		if err == nil {
			_ = res.Body.Close()
			return errors.New("it still takes connections")
		}
		return nil
	})
	close(h.leave)
	for range 3 {
		if code := <-answers; code != 202 {
			t.Errorf("status %d", code)
		}
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if got := stored(t, client, httpapi.DefaultTopics().Calls); len(got) != 3 {
		t.Errorf("%d records", len(got))
	}
}

// TestStopInTime does not wait for ever for a request that does not end.
func TestStopInTime(t *testing.T) {
	w := newWorld(t, options{broker: silent{}, cfg: func(c *intake.HTTP) { c.ShutdownGrace, c.AckTimeout = 200*time.Millisecond, 10*time.Minute }})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = w.try(context.Background(), posting{route: "/v1/calls", body: callJSON("s")})
	}()
	testkit.Eventually(t, testkit.Patience, func() error {
		if v := gauge(t, w, "hotline_intake_requests_in_flight"); v != 1 {
			return fmt.Errorf("%v in flight", v)
		}
		return nil
	})
	began := time.Now()
	if err := w.stop(); err != nil {
		t.Error(err)
	}
	testkit.Promised(t, "the end with a request that does not end", time.Since(began), 1500*time.Millisecond)
	<-done // it was cut off
	if v := gauge(t, w, "hotline_intake_requests_in_flight"); v != 1 {
		t.Errorf("%v in flight: it was waited for", v)
	}
}

// TestTopicRefuses posts what the contract allows and the topic does not.
func TestTopicRefuses(t *testing.T) {
	client := newClient(t, testkit.Broker(t))
	w := newWorld(t, options{broker: smallTopic{client}})
	big := strings.Replace(callJSON("big"), `"queue"`, `"attributes":{"a":"`+strings.Repeat("x", 1000)+`"},"queue"`, 1)
	a := w.want(202, posting{route: "/v1/calls", body: "[" + callJSON("a") + "," + big + "]"})
	if a.Accepted != 1 || a.Results[1].Reason != "too_large" || a.Results[1].Status != "rejected" {
		t.Error(a.body)
	}
}

type smallTopic struct{ *broker.Client }

func (s smallTopic) Produce(ctx context.Context, topic string, recs []broker.Record) error {
	failed := &broker.PartialError{Topic: topic, Total: len(recs)}
	for i := range recs {
		if len(recs[i].Value) > 1000 {
			failed.Failed = append(failed.Failed, broker.RecordError{Index: i, Err: broker.ErrTooLarge})
		}
	}
	return failed
}

// gauge reads a metric without labels.
func gauge(t testing.TB, w *world, name string) float64 {
	t.Helper()
	families, err := w.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}
