package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hotline12333/internal/store/engine/chdb"
)

// displayName is the server's name towards clients.
const displayName = "hotline"

// server answers ClickHouse's HTTP protocol from the engine in this process.
//
// Every statement gets a connection of its own, which costs 0.2 ms: its
// settings, current database and temporary tables end with it, so nothing can
// leak from one client to the next, as with a server without sessions.
type server struct {
	lib  *chdb.Library
	args []string // of every connection
	log  *slog.Logger
	dir  string
	// version is what the engine says of itself, 26.7.2.1 for libchdb 26.7.3.
	version string

	slots   chan struct{}
	waiting atomic.Int64
	maxWait int64

	serial  atomic.Uint64
	mu      sync.Mutex
	running map[string]context.CancelFunc // by query id

	admin   sync.Mutex
	adminDB *chdb.Conn // guarded by admin; keeps the engine alive; nil at the end
}

// newServer boots the engine.
func newServer(lib *chdb.Library, cfg ServeConfig, args []string) (*server, error) {
	s := &server{
		lib: lib, args: args, log: cfg.Log, dir: cfg.Dir,
		slots:   make(chan struct{}, cfg.MaxQueries),
		maxWait: int64(cfg.MaxQueued),
		running: map[string]context.CancelFunc{},
	}
	conn, err := lib.Connect(args...)
	if err != nil {
		return nil, fmt.Errorf("starting the engine in %s: %w", cfg.Dir, err)
	}
	s.adminDB = conn
	_, err = conn.Query("SELECT version()", "TSVRaw", nil, func(data []byte) error {
		s.version = strings.TrimSpace(string(data))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("asking the engine for its version: %w", err)
	}
	return s, nil
}

// close ends the engine; no request may run any more.
func (s *server) close() {
	s.admin.Lock()
	defer s.admin.Unlock()
	s.adminDB.Close()
	s.adminDB = nil
	if err := s.lib.Shutdown(); err != nil {
		// Some threads of the library never stop; the process ends next.
		s.log.Debug("the engine did not stop all its threads", "error", err)
	}
}

// ServeHTTP implements http.Handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if foreignOrigin(r) {
		http.Error(w, "requests from web pages are refused", http.StatusForbidden)
		return
	}
	switch {
	case r.URL.Path == "/ping", r.URL.Path == "/replicas_status":
		writeOK(w)
	case r.URL.Path != "/":
		http.Error(w, fmt.Sprintf("There is no handle %s", r.URL.Path), http.StatusNotFound)
	case r.Method == http.MethodGet && r.URL.RawQuery == "", r.Method == http.MethodHead && r.URL.RawQuery == "":
		writeOK(w)
	case r.Method == http.MethodGet, r.Method == http.MethodHead, r.Method == http.MethodPost:
		s.serveStatement(w, r)
	default:
		http.Error(w, "use GET for reading and POST for everything", http.StatusMethodNotAllowed)
	}
}

func writeOK(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	_, _ = io.WriteString(w, "Ok.\n") // the client may be gone
}

// foreignOrigin tells requests that a web page of another site made a browser
// send: there is no password that would stop them.
func foreignOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return r.Header.Get("Sec-Fetch-Site") == "cross-site"
	}
	u, err := url.Parse(origin)
	return err != nil || !strings.EqualFold(u.Host, r.Host)
}

func (s *server) serveStatement(w http.ResponseWriter, r *http.Request) {
	body := &patientBody{ReadCloser: r.Body, control: http.NewResponseController(w)}
	r.Body = body
	q, err := readRequest(r)
	if err != nil {
		q = &request{queryID: r.URL.Query().Get("query_id")}
	}
	resp := newResponse(w, q, s.dir)
	defer resp.close()
	if err == nil {
		err = s.execute(r.Context(), q, resp)
	}
	if err != nil {
		body.drain()
		e := s.withVersion(asException(err))
		if cut := resp.fail(e); cut {
			// The way net/http offers to end a response visibly unfinished.
			panic(http.ErrAbortHandler)
		}
		return
	}
	body.done()
}

// withVersion adds the version to an exception's text, as servers do.
func (s *server) withVersion(e *chdb.Error) *chdb.Error {
	text := strings.TrimRight(e.Message, "\n")
	if !strings.HasSuffix(text, "(version "+s.version+")") {
		text += " (version " + s.version + ")"
	}
	return &chdb.Error{Code: e.Code, Message: text}
}

// execute runs a statement when there is a place for it. An error came before
// or in the middle of the answer; response knows.
func (s *server) execute(ctx context.Context, q *request, resp *response) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := s.register(q.queryID, cancel); err != nil {
		return err
	}
	defer s.unregister(q.queryID)
	if err := s.acquire(ctx); err != nil {
		return err
	}
	defer func() { <-s.slots }()

	marker := fmt.Sprintf("hotline/%d/", s.serial.Add(1))
	conn, err := s.lib.Connect(append([]string{"--log_comment=" + marker + queryIDMark + q.queryID}, s.args...)...)
	if err != nil {
		return fmt.Errorf("opening a connection: %w", err)
	}
	defer conn.Close()
	defer s.watch(ctx, marker)()

	if q.database != "" {
		if err := conn.Exec("USE " + quoteIdentifier(q.database)); err != nil {
			return err
		}
	}
	if set := q.setStatement(marker); set != "" {
		if err := conn.Exec(set); err != nil {
			return err
		}
	}
	switch {
	case q.rows != nil:
		err = s.insert(ctx, conn, q, resp)
	case isHello(q):
		err = s.hello(q, resp)
	default:
		err = s.query(ctx, conn, q, resp)
	}
	if err != nil && ctx.Err() != nil {
		return exception(codeQueryCancelled, "Query was cancelled")
	}
	return err
}

func (s *server) register(id string, cancel context.CancelFunc) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.running[id]; taken {
		return exception(codeQueryIDRunning, "Query with id = %s is already running", id)
	}
	s.running[id] = cancel
	return nil
}

func (s *server) unregister(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, id)
}

// acquire waits for one of the places.
func (s *server) acquire(ctx context.Context) error {
	select {
	case s.slots <- struct{}{}:
		return nil
	default:
	}
	if s.waiting.Add(1) > s.maxWait {
		s.waiting.Add(-1)
		return exception(codeTooManyQueries, "Too many simultaneous queries. Maximum: %d running and %d waiting", cap(s.slots), s.maxWait)
	}
	defer s.waiting.Add(-1)
	select {
	case s.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return exception(codeQueryCancelled, "Query was cancelled while it waited for a place")
	}
}

// killEvery is the time between attempts to cancel a statement, which may not
// have reached the engine's list of processes at the first.
const killEvery = 50 * time.Millisecond

// watch cancels the connection's statement in the engine when ctx ends. The
// function it returns ends the watch and waits for it.
func (s *server) watch(ctx context.Context, marker string) func() {
	done, finished := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		select {
		case <-done:
			return
		case <-ctx.Done():
		}
		tick := time.NewTicker(killEvery)
		defer tick.Stop()
		for {
			s.kill(marker)
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	}()
	return func() {
		close(done)
		<-finished
	}
}

func (s *server) kill(marker string) {
	s.admin.Lock()
	defer s.admin.Unlock()
	if s.adminDB == nil {
		return // the engine is down, and with it the statement
	}
	err := s.adminDB.Exec("KILL QUERY WHERE startsWith(Settings['log_comment'], " + quoteString(marker) + ") ASYNC")
	if err != nil {
		s.log.Warn("cancelling a statement failed", "error", err)
	}
}

// patientBody gives a client that sends nothing for clientPatience up.
type patientBody struct {
	io.ReadCloser
	control *http.ResponseController
	ended   bool
}

func (b *patientBody) Read(p []byte) (int, error) {
	if err := b.control.SetReadDeadline(time.Now().Add(clientPatience)); err != nil {
		return 0, fmt.Errorf("setting a deadline: %w", err)
	}
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.ended = true
		if errors.Is(err, io.EOF) {
			b.done()
		}
	}
	return n, err
}

// done takes the deadline away, which would otherwise end the connection.
func (b *patientBody) done() { _ = b.control.SetReadDeadline(time.Time{}) }

const (
	drainBytes = 64 << 20
	drainTime  = 5 * time.Second
)

// drain reads what the client still sends, so that it gets to read the answer
// instead of seeing its connection break.
func (b *patientBody) drain() {
	defer b.done()
	if b.ended {
		return
	}
	if err := b.control.SetReadDeadline(time.Now().Add(drainTime)); err != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, b.ReadCloser, drainBytes) // whatever comes
}
