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
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/semaphore"

	"hotline12333/internal/kpi"
	"hotline12333/internal/refusal"
	"hotline12333/internal/web/people"
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
	Desk      Desk      // nil: no pages beside the board
	Alarms    Alarms    // nil: the board does not speak of alerts
	People    string    // file of those who may use the pages; empty: there are none
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
	gate     *gate
	words    words
	pages    pages
	heavy    *semaphore.Weighted // of pages that take long
	arrival  time.Duration       // how long a form may take to arrive
	listener net.Listener
	http     *http.Server
}

// New makes a server.
func New(cfg Config, deps Deps) *Server {
	s := &Server{cfg: cfg, deps: deps, gate: newGate(cfg, deps.People, deps.Now), heavy: semaphore.NewWeighted(atOnce), arrival: arrival}
	if deps.Snapshots != nil {
		s.hub = newHub(cfg, deps)
		s.words, s.pages = built(deps)
	}
	s.http = &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      sending, // event streams set their own, with each event
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(deps.Log.Handler(), slog.LevelDebug),
	}
	return s
}

// built reads what is compiled into the program, which a test does as well: a fault in it
// is one of the program.
func built(deps Deps) (words, pages) {
	zone := time.UTC
	if deps.Desk != nil {
		zone = deps.Desk.Zone()
	}
	w, err := readWords()
	if err == nil {
		var p pages
		if p, err = readPages(w, zone); err == nil {
			return w, p
		}
	}
	panic("web: " + err.Error())
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
		if s.hub == nil {
			return
		}
		var kept sync.WaitGroup
		if s.hub.errands != nil {
			kept.Go(func() { s.hub.errands.run(streams) })
		}
		s.hub.run(streams)
		kept.Wait()
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
			// Who is served too long is cut off, as is the line a browser keeps in reserve.
			err = s.http.Close()
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
		s.boardRoutes(mux)
	}
	if s.deps.Desk != nil {
		s.deskRoutes(mux)
	}
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.deps.Registry, promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(s.deps.Log.Handler(), slog.LevelError), EnableOpenMetrics: true}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	protection := http.NewCrossOriginProtection()
	if s.hub != nil { // there are pages
		protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			l, _ := s.tastes(w, r)
			s.show(w, r, http.StatusForbidden, shown{page: "problem", title: "bad_request", body: problemPage{Detail: s.words.in(l, "foreign_form")}})
		}))
	}
	return secure(s.arriving(protection.Handler(mux)))
}

// boardRoutes are the board and what every page needs. The page's own files tell nothing
// and are there before anybody has signed in.
func (s *Server) boardRoutes(mux *http.ServeMux) {
	mux.Handle("GET /page/", http.FileServerFS(page))
	mux.HandleFunc("GET /login", s.showLogin)
	mux.HandleFunc("POST /login", s.signIn)
	mux.HandleFunc("POST /kept", s.showKept)
	mux.HandleFunc("POST /logout", s.signOut)
	mux.HandleFunc("GET /{$}", s.guard(people.See, s.boardPage))
	mux.HandleFunc("GET /runbooks", s.guard(people.See, s.listRunbooks))
	mux.HandleFunc("GET /runbooks/{name}", s.guard(people.See, s.showRunbook))
	mux.HandleFunc("GET /api/board", s.guard(people.See, s.board))
	mux.HandleFunc("GET /api/menu", s.showMenu)
	mux.HandleFunc("GET /api/events", s.guard(people.See, func(w http.ResponseWriter, r *http.Request, _ *visitor) error {
		s.hub.serve(w, r, func() bool { return s.gate.still(r) })
		return nil
	}))
	mux.HandleFunc("/", s.guard(people.See, func(_ http.ResponseWriter, r *http.Request, _ *visitor) error {
		return refusal.Errorf("地址:%s", "address: %s", r.URL.Path).Because(ErrNotFound)
	}))
}

func (s *Server) deskRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /page/report.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(s.deps.Desk.Style()) // the client may be gone
	})
	for _, route := range []struct {
		at  string
		act people.Act
		do  handler
	}{
		{"GET /history", people.See, s.history},
		{"GET /report", people.See, s.report},
		{"GET /report/download", people.See, s.download},
		{"GET /entries", people.See, s.entries},
		{"GET /entries/value", people.See, s.value},
		{"POST /entries/value", people.Enter, s.enterValue},
		{"GET /entries/totals", people.See, s.totals},
		{"POST /entries/totals", people.Enter, s.enterTotals},
		{"GET /entries/outages", people.See, s.outages},
		{"POST /entries/outages", people.Register, s.enterOutage},
		{"GET /closing", people.See, s.closing},
		{"POST /closing/prepare", people.Enter, s.prepare},
		{"POST /closing/review", people.Review, s.review},
		{"GET /sealed", people.See, s.sealed},
		{"GET /sealed/part", people.See, s.part},
		{"GET /sealed/difference", people.See, s.difference},
		{"GET /lostcalls", people.See, s.lostCalls},
		{"GET /lostcalls/item", people.Trace, s.lostCall},
		{"POST /lostcalls/act", people.Lead, s.callBack},
		{"POST /lostcalls/reveal", people.Lead, s.reveal},
		{"GET /morning", people.See, s.morning},
		{"GET /shift", people.Trace, s.shift},
		{"GET /shift/one", people.Trace, s.pastShift},
		{"POST /shift/hand", people.Lead, s.handOver},
		{"POST /shift/take", people.Lead, s.takeOver},
		{"GET /calls", people.Trace, s.calls},
		{"GET /calls/list", people.Trace, s.callList},
	} {
		mux.HandleFunc(route.at, s.guard(route.act, route.do))
	}
}

// policy lets a page load nothing but the program's own files, send forms nowhere else and
// stand in no other page.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secure sets what a page of a closed network needs: nothing from elsewhere, no framing.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-cache, private")
		next.ServeHTTP(w, r)
	})
}

// boardPage is what the page of the board has of its own.
type boardPage struct {
	// Lost callers are shown to whoever sees all of them: the board is of the whole system,
	// and the list it leads to would be another one.
	Lost bool
}

// boardPage is the live board; what it shows comes as events.
func (s *Server) boardPage(w http.ResponseWriter, r *http.Request, v *visitor) error {
	s.show(w, r, http.StatusOK, shown{page: "board", title: "board", visitor: v, body: boardPage{Lost: s.deps.Desk != nil && v.Centre == ""}})
	return nil
}

func (s *Server) board(w http.ResponseWriter, _ *http.Request, _ *visitor) error {
	snapshot, ok := s.deps.Snapshots.Snapshot(s.deps.Now())
	if !ok {
		answer(w, http.StatusServiceUnavailable, "the figures have not been read yet: try again")
		return nil
	}
	w.Header().Set("Content-Type", "application/json")
	v := newView(snapshot, s.cfg)
	v.Alarms, v.Callbacks = newAlarms(s.deps.Alarms, s.deps.Now()), s.hub.errands.callbacks(snapshot)
	if err := json.NewEncoder(w).Encode(struct {
		*view
		Day *backdrop `json:"day"`
	}{v, newBackdrop(snapshot)}); err != nil {
		s.deps.Log.Debug("answering the board", "err", err)
	}
	return nil
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
