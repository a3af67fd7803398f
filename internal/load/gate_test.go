package load

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
)

// gate passes connections on to an address until it is shut, when it cuts all of them.
type gate struct {
	t      testing.TB
	ln     net.Listener
	target string
	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]bool
	done   sync.WaitGroup
}

func newGate(t testing.TB, target string) *gate {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{t: t, ln: ln, target: target, conns: map[net.Conn]bool{}}
	g.done.Go(g.accept)
	t.Cleanup(func() {
		if err := ln.Close(); err != nil {
			t.Error(err)
		}
		g.shut()
		g.done.Wait()
	})
	return g
}

func (g *gate) addr() string { return g.ln.Addr().String() }

func (g *gate) accept() {
	for {
		conn, err := g.ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			g.t.Error(err)
			return
		}
		to, err := net.Dial("tcp", g.target)
		if err != nil || !g.add(conn, to) {
			_ = conn.Close()
			continue
		}
		g.done.Go(func() { g.pipe(conn, to) })
		g.done.Go(func() { g.pipe(to, conn) })
	}
}

func (g *gate) add(conns ...net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range conns {
		if g.closed {
			_ = c.Close()
			continue
		}
		g.conns[c] = true
	}
	return !g.closed
}

func (g *gate) pipe(from, to net.Conn) {
	_, _ = io.Copy(to, from) // either end may be cut
	_ = from.Close()
	_ = to.Close()
	g.mu.Lock()
	delete(g.conns, from)
	delete(g.conns, to)
	g.mu.Unlock()
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for c := range g.conns {
		_ = c.Close()
	}
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = false
}
