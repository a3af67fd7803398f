package httpapi_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hotline12333/internal/intake"
	"hotline12333/internal/intake/httpapi"
	"hotline12333/internal/intake/tokens"
	"hotline12333/internal/testkit"
)

// endless gives bytes as long as it is read.
type endless struct{ ctx context.Context }

func (e endless) Read(p []byte) (int, error) {
	if e.ctx.Err() != nil {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// TestAbuse sends everything one should not, all the time and all at once, while one
// sender goes on as usual: it is answered, and what is held stays bounded.
func TestAbuse(t *testing.T) {
	w := newWorld(t, options{cfg: func(c *intake.HTTP) {
		c.MaxBodyBytes, c.BufferBytes = 1<<20, 8<<20
		c.ReadTimeout = 2 * time.Second // for the usual sender too, on a machine that is busy
	}})
	mischief := w.token(tokens.Token{Name: "mischief"})
	greedy := w.token(tokens.Token{Name: "greedy", RecordsPerSecond: 1, BytesPerSecond: 4096})
	bomb := gzipped(t, strings.Repeat(" ", 64<<20))
	noise := make([]byte, 64<<10)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var all sync.WaitGroup
	var mu sync.Mutex
	codes := map[string]map[int]int{}
	abuse := func(name string, each func() (answer, error)) {
		counts := map[int]int{}
		mu.Lock()
		codes[name] = counts // those begun before are counting already
		mu.Unlock()
		for range 2 {
			all.Go(func() {
				for ctx.Err() == nil {
					a, err := each()
					if err != nil { // the connection was closed on it
						a.code = -1
					}
					mu.Lock()
					counts[a.code]++
					mu.Unlock()
					pause(ctx, 2*time.Millisecond) // they share the processor with those they attack
				}
			})
		}
	}
	send := func(p posting) func() (answer, error) {
		p.route = "/v1/calls"
		return func() (answer, error) { return w.try(ctx, p) }
	}
	abuse("unauthorised", send(posting{token: "hl_000000000000_guess", body: strings.Repeat("x", 1<<20)}))
	abuse("malformed", send(posting{token: mischief, body: string(noise)}))
	abuse("nested", send(posting{token: mischief, body: strings.Repeat("[", 500_000)}))
	abuse("bomb", send(posting{token: mischief, body: bomb, header: map[string]string{"Content-Encoding": "gzip"}}))
	abuse("oversized", send(posting{token: mischief, body: strings.Repeat("x", 2<<20)}))
	abuse("greedy", send(posting{token: greedy, body: callJSON("g")}))
	abuse("endless", func() (answer, error) {
		return w.try(ctx, posting{route: "/v1/calls", token: mischief, reader: endless{ctx}})
	})
	abuse("slow", func() (answer, error) {
		return w.try(ctx, posting{route: "/v1/calls", token: mischief, reader: io.MultiReader(strings.NewReader("["), blocked{ctx})})
	})
	abuse("slow headers", func() (answer, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", strings.TrimPrefix(w.url, "http://"))
		if err != nil {
			return answer{}, err
		}
		defer func() { _ = c.Close() }()
		_, err = io.WriteString(c, "POST /v1/calls HTTP/1.1\r\nHost: x\r\n")
		pause(ctx, 300*time.Millisecond)
		return answer{}, err
	})
	abuse("huge header", send(posting{token: strings.Repeat("x", 64<<10), body: callJSON("h")}))

	// unmet names what has not yet been answered as it should.
	unmet := func() (names []string) {
		mu.Lock()
		defer mu.Unlock()
		for name, code := range map[string]int{"unauthorised": 401, "malformed": 400, "nested": 400, "bomb": 413, "oversized": 413, "greedy": 429, "slow": 408, "huge header": 431} {
			if codes[name][code] < 2 {
				names = append(names, name)
			}
		}
		return names
	}
	var took []time.Duration
	var most float64
	var memory runtime.MemStats
	var heap uint64
	requests := 0
	for until := time.Now().Add(testkit.Patience); requests < 30 || len(unmet()) > 0 && time.Now().Before(until); requests++ {
		began := time.Now()
		a, err := w.try(ctx, posting{route: "/v1/calls", body: callJSON(fmt.Sprintf("good-%d", requests))})
		if err != nil || a.code != http.StatusAccepted {
			t.Fatalf("request %d: %d %s, %v", requests, a.code, a.body, err)
		}
		took = append(took, time.Since(began))
		most = max(most, gauge(t, w, "hotline_intake_buffered_bytes"))
		runtime.ReadMemStats(&memory)
		heap = max(heap, memory.HeapAlloc)
	}
	stop()
	all.Wait()
	slices.Sort(took)
	t.Logf("%d usual requests: median %v, longest %v; buffered at most %.0f bytes, heap at most %d MB; %v", requests, took[len(took)/2], took[len(took)-1], most, heap>>20, codes)
	testkit.Promised(t, "a usual request among all others", took[len(took)-1], 10*time.Second)
	if most > 8<<20 {
		t.Errorf("%.0f bytes were held", most)
	}
	if names := unmet(); len(names) > 0 {
		t.Errorf("%v were not answered as they should", names)
	}
	if got := stored(t, w.client, httpapi.DefaultTopics().Calls); len(got) < requests {
		t.Errorf("%d records", len(got))
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		if held := gauge(t, w, "hotline_intake_buffered_bytes"); held != 0 {
			return fmt.Errorf("%v bytes are still held", held)
		}
		return nil
	})
}

// blocked gives nothing until the end of ctx.
type blocked struct{ ctx context.Context }

func (b blocked) Read([]byte) (int, error) {
	<-b.ctx.Done()
	return 0, io.EOF
}

// TestShare lets one token hold its half and no more, and the other go on.
func TestShare(t *testing.T) {
	w := newWorld(t, options{cfg: func(c *intake.HTTP) {
		c.MaxBodyBytes, c.BufferBytes, c.ReadTimeout = 1<<20, 4<<20, 20*time.Second
	}})
	hog := w.token(tokens.Token{Name: "hog"})
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	codes := make(chan int, 16)
	for range 8 {
		all.Go(func() {
			body := io.MultiReader(strings.NewReader(strings.Repeat(" ", 600<<10)), blocked{ctx})
			a, err := w.try(ctx, posting{route: "/v1/calls", token: hog, reader: body})
			if err == nil {
				codes <- a.code
			}
		})
	}
	if code := <-codes; code != 429 { // the first to be over the half
		t.Errorf("status %d", code)
	}
	w.want(202, posting{route: "/v1/calls", body: callJSON("another")})
	stop()
	all.Wait()
}

// TestConnections opens more than may be open: they get their turn.
func TestConnections(t *testing.T) {
	w := newWorld(t, options{cfg: func(c *intake.HTTP) { c.MaxConnections = 3 }})
	w.http.Transport = &http.Transport{DisableKeepAlives: true}
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			a, err := w.try(t.Context(), posting{route: "/v1/calls", body: callJSON(fmt.Sprintf("c-%d", i))})
			if err != nil || a.code != 202 {
				t.Errorf("%d, %v", a.code, err)
			}
		})
	}
	all.Wait()
}

// TestRate spends a token's rate: what is over it is told when to come again.
func TestRate(t *testing.T) {
	w := newWorld(t, options{})
	few := w.token(tokens.Token{Name: "few", RecordsPerSecond: 2})
	list := func(n int) string { return "[" + strings.TrimSuffix(strings.Repeat(callJSON("r")+",", n), ",") + "]" }
	began := time.Now()
	w.want(202, posting{route: "/v1/calls", token: few, body: list(20)}) // ten seconds' worth at once
	a := w.want(429, posting{route: "/v1/calls", token: few, body: list(20)})
	after, err := strconv.Atoi(a.header.Get("Retry-After"))
	if left := 10*time.Second - time.Since(began); err != nil || after > 10 || time.Duration(after)*time.Second < left {
		t.Errorf("Retry-After: %s for 20 records at 2 a second, %v left", a.header.Get("Retry-After"), left)
	}
	never := list(21)
	w.want(413, posting{route: "/v1/calls", token: few, body: never})
	thin := w.token(tokens.Token{Name: "thin", BytesPerSecond: 1024})
	w.want(413, posting{route: "/v1/calls", token: thin, body: strings.Repeat(" ", 11<<10) + callJSON("t")})
	w.want(202, posting{route: "/v1/calls", token: thin, body: strings.Repeat(" ", 9<<10) + callJSON("t")})
	w.want(429, posting{route: "/v1/calls", token: thin, body: strings.Repeat(" ", 9<<10) + callJSON("t")})
	w.want(202, posting{route: "/v1/calls", body: callJSON("t")}) // another token has its own
}

// TestCompressedCounts takes what a compressed body becomes from the rate.
func TestCompressedCounts(t *testing.T) {
	w := newWorld(t, options{})
	thin := w.token(tokens.Token{Name: "thin", BytesPerSecond: 2048})
	body := gzipped(t, strings.Repeat(" ", 18<<10)+callJSON("t"))
	w.want(202, posting{route: "/v1/calls", token: thin, body: body})
	w.want(429, posting{route: "/v1/calls", token: thin, body: strings.Repeat(" ", 18<<10) + callJSON("t")})
}
