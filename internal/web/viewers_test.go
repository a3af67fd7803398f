package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
)

// counting is a board that counts how often it is asked for its figures.
type counting struct {
	board
	asked atomic.Int64
}

func (c *counting) Snapshot(now time.Time) (*kpi.Snapshot, bool) {
	c.asked.Add(1)
	return c.board.Snapshot(now)
}

// stream opens a viewer's stream without a client that would cost more than the server.
func stream(t testing.TB, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err == nil {
		_, err = fmt.Fprintf(conn, "GET /api/events HTTP/1.1\r\nHost: %s\r\n\r\n", addr)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// waits reads a stream until it has shown a text.
func waits(conn io.Reader, text string) error {
	var seen []byte
	piece := make([]byte, 16<<10)
	for {
		n, err := conn.Read(piece)
		if seen = append(seen, piece[:n]...); bytes.Contains(seen, []byte(text)) {
			return nil
		}
		if err != nil {
			return err
		}
		seen = seen[max(0, len(seen)-len(text)):]
	}
}

// The figures are read and rendered once per change, for however many viewers.
func TestRenderedOnceForAll(t *testing.T) {
	b := &counting{board: board{changed: make(chan struct{}, 1)}}
	s := start(t, Deps{Snapshots: b})
	b.set(snapshot(83, 17))
	conns := make([]net.Conn, testkit.Sample(200, 20))
	for i := range conns {
		conns[i] = stream(t, s.Addr())
	}
	const changes = 5
	for n := range int64(changes) {
		b.set(snapshot(1000+n, 17))
		for _, conn := range conns {
			if err := waits(conn, fmt.Sprintf(`"num":%d,"den":%d`, 1000+n, 1017+n)); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Once at the start, for each change, and now and then because windows slide.
	if asked := b.asked.Load(); asked < changes || asked > 3*changes {
		t.Errorf("the figures were read %d times for %d changes and %d viewers", asked, changes, len(conns))
	}
}

// BenchmarkViewers is what a change of the board costs the server and the system below it,
// viewers on the same machine included.
func BenchmarkViewers(b *testing.B) {
	for _, viewers := range []int{1, 50, 200} {
		b.Run(fmt.Sprint(viewers), func(b *testing.B) {
			source := &board{changed: make(chan struct{}, 1), snapshot: pastDays(83, 17)}
			h := newHub(DefaultConfig(), Deps{Snapshots: source, Now: time.Now})
			s := &Server{hub: h}
			h.render()
			addr, stop := serveHub(b, s)
			defer stop()
			var readers sync.WaitGroup
			shown := make(chan struct{}, viewers)
			for range viewers {
				conn := stream(b, addr)
				if err := waits(conn, `"alarms":`); err != nil {
					b.Fatal(err)
				}
				readers.Go(func() {
					for waits(conn, `"alarms":`) == nil {
						shown <- struct{}{}
					}
				})
			}
			before := cpu(b)
			b.ResetTimer()
			for range b.N {
				h.render()
				for range viewers {
					<-shown
				}
			}
			b.StopTimer()
			b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "cpu-µs/change")
		})
	}
}

// serveHub serves the streams of a hub alone.
func serveHub(b *testing.B, s *Server) (addr string, stop func()) {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	server := &http.Server{BaseContext: func(net.Listener) context.Context { return ctx }, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.hub.serve(w, r, func() bool { return true })
	})}
	go func() { _ = server.Serve(l) }() // until it is closed
	return l.Addr().String(), func() {
		cancel()
		_ = server.Close() // and all streams with it
	}
}

func cpu(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
