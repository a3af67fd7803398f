package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/hotline"
	"hotline12333/internal/testkit"
	"hotline12333/internal/wire"
)

// postLines posts records as lines and gives the status; 0 when there was no answer.
func (w *world) postLines(client *http.Client, secret, route string, lines []byte) int {
	req, err := http.NewRequest(http.MethodPost, "http://"+w.settings["intake.http.listen"]+route, bytes.NewReader(lines))
	if err != nil {
		w.t.Error(err)
		return 0
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	req.Header.Set("Content-Type", "application/x-ndjson")
	res, err := client.Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return 0
	}
	return res.StatusCode
}

// TestPosted posts the lives of calls while everything is killed at random moments. Who
// sends keeps what is not answered and sends it again: in the end every call is counted
// once, as its newest version says. HOTLINE_SOAK=1 kills 20 times.
func TestPosted(t *testing.T) {
	if testing.Short() {
		t.Skip("kills and restarts everything many times")
	}
	t.Parallel()
	needEngine(t)
	kills := 3
	if os.Getenv("HOTLINE_SOAK") == "1" {
		kills = 20
	}
	w, r := newWorld(t), seeded(t)
	up := w.up()
	secret := strings.TrimSpace(w.must("tokens", "add", "pbx", "--pseudonyms", "--source", "centre-pbx"))
	truth, zone := truth{}, shanghai(t)
	ctx, enough := context.WithCancel(t.Context())
	defer enough()
	bodies := lives(ctx, rand.New(rand.NewPCG(r.Uint64(), 0)), zone, truth)

	client := &http.Client{Timeout: 15 * time.Second}
	var answered atomic.Int64
	var senders sync.WaitGroup
	for range 3 {
		senders.Go(func() {
			for body := range bodies {
				for {
					code := w.postLines(client, secret, "/v1/calls", body)
					if code == http.StatusAccepted || t.Context().Err() != nil {
						break
					}
					if code != 0 && code != http.StatusServiceUnavailable {
						t.Errorf("status %d", code)
						break
					}
					pause(t, 30*time.Millisecond)
				}
				answered.Add(1)
				pause(t, 20*time.Millisecond)
			}
		})
	}
	for range kills {
		was := answered.Load()
		testkit.Eventually(t, steps, func() error {
			if answered.Load() < was+5 {
				return errors.New("nothing is acknowledged")
			}
			return nil
		})
		pause(t, time.Duration(r.IntN(300))*time.Millisecond)
		engine := up.enginePID()
		up.kill()
		gone(t, engine)
		t.Logf("killed after %d requests", answered.Load())
		up = w.start("up") // not waited for: it is ready once it has caught up
	}
	enough()
	senders.Wait()
	up.ready()
	newFeed(t, w).settle()
	truth.exact(t, w)
	up.stops(t)
}

// lives draws calls that are posted as they come about, open, then decided, then corrected,
// until ctx ends. What is drawn must be sent: the truth knows it.
func lives(ctx context.Context, r *rand.Rand, zone *time.Location, m truth) <-chan []byte {
	out := make(chan []byte)
	go func() {
		defer close(out)
		for i := 0; ctx.Err() == nil; i++ {
			var body []byte
			for j := range 10 {
				for version := range uint64(3) {
					c := drawCall(r, fmt.Sprintf("posted-%d-%d", i, j), version+1, zone)
					c.Source = "centre-pbx"
					if version == 0 {
						c.Outcome, c.AnsweredAt, c.EndedAt = hotline.Open, time.Time{}, time.Time{}
					}
					body = append(wire.AppendCall(body, c), '\n')
					m.learn(c)
				}
			}
			out <- body
		}
	}()
	return out
}

// TestIntakeRole runs the role by itself: without a ClickHouse, and without a Kafka at first.
func TestIntakeRole(t *testing.T) {
	t.Parallel()
	nowhere := testkit.FreeAddress(t)
	w := newWorld(t).with("store.address="+nowhere, "broker.addresses="+nowhere)
	w.must("keys", "init")
	p := w.role("intake")
	secret := strings.TrimSpace(w.must("tokens", "add", "pbx"))
	client := &http.Client{Timeout: 30 * time.Second}
	call := []byte(`{"call_id":"r-1","version":1,"started_at":"2026-03-02T09:30:00+08:00","outcome":"open"}`)
	if code := w.postLines(client, "hl_000000000000_x", "/v1/calls", call); code != http.StatusUnauthorized {
		t.Errorf("status %d for a token that is not known", code)
	}
	if code := w.postLines(client, secret, "/v1/calls", call); code != http.StatusServiceUnavailable {
		t.Errorf("status %d without a Kafka", code)
	}
	p.kill()
	w = w.with("broker.addresses=" + testkit.Broker(t))
	p = w.role("intake")
	testkit.Eventually(t, steps, func() error {
		if code := w.postLines(client, secret, "/v1/calls", call); code != http.StatusAccepted {
			return fmt.Errorf("status %d", code)
		}
		return nil
	})
	w.must("tokens", "revoke", "pbx")
	if code := w.postLines(client, secret, "/v1/calls", call); code != http.StatusUnauthorized {
		t.Errorf("status %d for a token that is revoked", code)
	}
	f := newFeed(t, w)
	extents, err := f.client.Offsets(t.Context(), "hotline.calls")
	if err != nil || len(extents) != 1 || extents[0].Next != 1 {
		t.Errorf("%+v, %v", extents, err)
	}
	p.signal(syscall.SIGTERM)
	if code := p.wait(steps); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestPostedGuide does what docs/intake-http.md says, block by block, and compares the
// answers with those it shows.
func TestPostedGuide(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	for _, tool := range []string{"bash", "curl", "gzip"} {
		if _, err := exec.LookPath(tool); err != nil {
			testkit.Missing(t, tool, "install it (Debian: apt-get install "+tool+")")
		}
	}
	w := newWorld(t)
	up := w.up()
	w.hotlineCommand()
	text, err := os.ReadFile("../../docs/intake-http.md")
	if err != nil {
		t.Fatal(err)
	}
	guide := strings.ReplaceAll(string(text), "127.0.0.1:8334", w.settings["intake.http.listen"])
	blocks := fenced(guide)
	ran, last := 0, ""
	for _, b := range blocks {
		switch b.language {
		case "sh":
			cmd := exec.CommandContext(bounded(t), "bash", "-euo", "pipefail", "-c", b.text)
			cmd.Dir = w.dir
			cmd.Env = append(os.Environ(), "PATH="+w.path("bin")+":"+os.Getenv("PATH"))
			var errs bytes.Buffer
			cmd.Stderr = &errs
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s\n%s\n%s", err, b.text, out, errs.String())
			}
			if strings.Contains(string(out), "13800138000") {
				t.Errorf("the answer tells the number: %s", out)
			}
			ran, last = ran+1, string(out)
		case "json":
			if diff := cmp.Diff(withoutRequest(t, b.text), withoutRequest(t, last)); diff != "" {
				t.Errorf("the guide and the program differ (-guide +program):\n%s", diff)
			}
		}
	}
	if ran < 7 {
		t.Errorf("%d blocks", ran)
	}
	f := newFeed(t, w)
	f.settle()
	if got := f.count("hotline.supplements", "hotline.tickets", "hotline.agents"); got != 5 {
		t.Errorf("%d records beside the calls", got)
	}
	up.stops(t)
}

func (f *feed) count(topics ...string) (n int64) {
	f.t.Helper()
	for _, topic := range topics {
		extents, err := f.client.Offsets(bounded(f.t), topic)
		if err != nil {
			f.t.Fatal(err)
		}
		for _, e := range extents {
			n += e.Next - e.First
		}
	}
	return n
}

// hotlineCommand puts the program into the world's bin, with the world's settings.
func (w *world) hotlineCommand() {
	w.t.Helper()
	self, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	var script strings.Builder
	script.WriteString("#!/bin/sh\n")
	for name, value := range w.env {
		fmt.Fprintf(&script, "export %s='%s'\n", name, value)
	}
	fmt.Fprintf(&script, "exec '%s'", self)
	for key, value := range w.settings {
		fmt.Fprintf(&script, " --set '%s=%s'", key, value)
	}
	script.WriteString(" \"$@\"\n")
	path := w.path("bin", "hotline")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(script.String()), 0o755); err != nil {
		w.t.Fatal(err)
	}
}

type block struct{ language, text string }

// fenced finds the blocks of code of a page.
func fenced(page string) []block {
	var out []block
	for i, part := range strings.Split("\n"+page, "\n```") {
		if i%2 == 1 {
			language, text, _ := strings.Cut(part, "\n")
			out = append(out, block{language, text})
		}
	}
	return out
}

func withoutRequest(t *testing.T, text string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	delete(m, "request")
	return m
}
