package web

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"hotline12333/internal/kpi"
)

//go:embed page
var page embed.FS

// Snapshots is where the figures come from.
type Snapshots interface {
	// Snapshot describes the instant; ok is false until there is anything to show.
	Snapshot(now time.Time) (s *kpi.Snapshot, ok bool)
	// Subscribe gives a channel that receives when something changed, and the end of it.
	Subscribe() (<-chan struct{}, func())
}

// Deps is what the server needs.
type Deps struct {
	Log       *slog.Logger
	Snapshots Snapshots // nil: no board, only metrics and checks
	Registry  *prometheus.Registry
	Now       func() time.Time
	// Ready says what keeps the program from being ready; nil when nothing does.
	Ready func(context.Context) error
}

// Server serves the pages. New is inert.
type Server struct {
	cfg      Config
	deps     Deps
	hub      *hub
	listener net.Listener
	http     *http.Server
}

// New makes a server.
func New(cfg Config, deps Deps) *Server {
	s := &Server{cfg: cfg, deps: deps}
	if deps.Snapshots != nil {
		s.hub = newHub(cfg, deps)
	}
	s.http = &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(deps.Log.Handler(), slog.LevelDebug),
	}
	return s
}

// Listen takes the port, so that a port in use is told before anything else starts.
func (s *Server) Listen() error {
	l, err := net.Listen("tcp", s.cfg.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("web.listen: %s is in use by another program: stop it or choose another port (--set web.listen=127.0.0.1:PORT)", s.cfg.Listen)
	}
	if err != nil {
		return fmt.Errorf("web.listen: %w", err)
	}
	s.listener = l
	return nil
}

// Addr is the address served, after Listen.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Run serves until ctx ends, then ends event streams and answers what is under way.
func (s *Server) Run(ctx context.Context) error {
	streams, endStreams := context.WithCancel(ctx)
	defer endStreams()
	s.http.BaseContext = func(net.Listener) context.Context { return streams }
	done := make(chan struct{})
	go func() {
		defer close(done)
		if s.hub != nil {
			s.hub.run(streams)
		}
	}()
	failed := make(chan error, 1)
	go func() { failed <- s.http.Serve(s.listener) }()
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if err = s.http.Shutdown(bound); err != nil {
			err = errors.Join(err, s.http.Close())
		}
		if e := <-failed; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
	}
	endStreams()
	<-done
	return err
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	if s.hub != nil {
		mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, page, "page/index.html") })
		mux.Handle("GET /page/", http.FileServerFS(page))
		mux.HandleFunc("GET /api/board", s.board)
		mux.HandleFunc("GET /api/events", s.hub.serve)
	}
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.deps.Registry, promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(s.deps.Log.Handler(), slog.LevelError), EnableOpenMetrics: true}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	return secure(mux)
}

// secure sets what a page of a closed network needs: nothing from elsewhere, no framing.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}

func (s *Server) board(w http.ResponseWriter, _ *http.Request) {
	snapshot, ok := s.deps.Snapshots.Snapshot(s.deps.Now())
	if !ok {
		answer(w, http.StatusServiceUnavailable, "the figures have not been read yet: try again")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(newView(snapshot, s.cfg)); err != nil {
		s.deps.Log.Debug("answering the board", "err", err)
	}
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	if err := s.deps.Ready(ctx); err != nil {
		answer(w, http.StatusServiceUnavailable, "not ready: "+err.Error())
		return
	}
	answer(w, http.StatusOK, "ready")
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	// The client may be gone; there is nobody else to tell.
	_, _ = fmt.Fprintln(w, text)
}
