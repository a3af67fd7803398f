package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline12333/internal/intake/tokens"
	"hotline12333/internal/wire"
)

// kindOf are the routes of the contract's own records.
func kindOf() map[string]tokens.Kind {
	return map[string]tokens.Kind{
		"/v1/calls": tokens.Calls, "/v1/tickets": tokens.Tickets,
		"/v1/supplements": tokens.Supplements, "/v1/agents": tokens.Agents,
	}
}

const nativeRoute = "/v1/sources/{name}"

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for route, kind := range kindOf() {
		mux.Handle(route, s.post(route, kind))
	}
	mux.Handle(nativeRoute, s.post(nativeRoute, ""))
	mux.HandleFunc("GET /v1/openapi.json", s.describe)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.refused(w, r, refuse(http.StatusNotFound, codeRoute, "there is nothing here; GET /v1/openapi.json describes what there is"), ulid.Make().String())
	})
	return mux
}

// lasting is how long an answer may take to be read by its receiver, and what is left of
// a refused body to be thrown away.
const (
	writeTimeout = 10 * time.Second
	drainTimeout = time.Second
)

// request is one request to post records.
type request struct {
	w     http.ResponseWriter
	r     *http.Request
	id    string
	route string
	kind  tokens.Kind // empty: a native format
	token *tokens.Token
	whole bool // the body was read to its end
}

func (s *Server) post(route string, kind tokens.Kind) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		s.metrics.inFlight.Inc()
		defer s.metrics.inFlight.Dec()
		req := &request{w: w, r: r, id: ulid.Make().String(), route: route, kind: kind}
		a, p := s.serve(req)
		code := 0
		if p != nil {
			code = p.Status
			if req.whole {
				s.tell(w, r, p, req.id)
			} else {
				s.refused(w, r, p, req.id)
			}
		} else {
			code = a.code()
			s.metrics.told(req.token, route, a)
			s.write(w, r, code, a)
		}
		s.metrics.answered(route, code, time.Since(began))
		name := ""
		if req.token != nil {
			name = req.token.Name
		}
		s.log.Debug("request answered", "request", req.id, "route", route, "token", name, "code", code, "took", time.Since(began))
	})
}

// serve does what a request asks. What it costs rises step by step: who may not send is
// sent away before a body is read, and what is too much before it is decoded.
func (s *Server) serve(q *request) (*answer, *problem) {
	if q.r.Method != http.MethodPost {
		p := refuse(http.StatusMethodNotAllowed, codeMethod, "records are posted")
		p.allow = http.MethodPost
		return nil, p
	}
	t, p := s.authenticate(q.r)
	if p != nil {
		return nil, p
	}
	q.token = t
	if p := s.mayPost(q); p != nil {
		return nil, p
	}
	m := mediaOf(q.r)
	if m == otherMedia && q.kind != "" || q.kind != "" && (m == formMedia || m == base64Media) {
		return nil, refuse(http.StatusUnsupportedMediaType, codeMedia,
			"Content-Type must be application/json or application/x-ndjson, or be left out (curl: -H 'Content-Type: application/json')")
	}
	if s.gate.closed() {
		return nil, errNotStored()
	}
	limit := s.limits.of(t)
	if p := s.admit(q, limit); p != nil {
		return nil, p
	}
	body, p := s.read(q.w, q.r, t.ID, int64(limit.bytes.Burst()))
	if p != nil {
		return nil, p
	}
	defer body.release()
	q.whole = true
	s.metrics.bytes.WithLabelValues(t.Name).Add(float64(len(body.bytes)))
	// What was not told beforehand is owed: the next request pays for it.
	if extra := int64(len(body.bytes)) - max(q.r.ContentLength, 1); extra > 0 {
		limit.bytes.ReserveN(time.Now(), int(extra))
	}
	return s.process(q, m, body.bytes, limit)
}

// mayPost holds the route against the token's scope.
func (s *Server) mayPost(q *request) *problem {
	if q.kind != "" {
		if !q.token.May(q.kind) {
			return refuse(http.StatusForbidden, codeScope, fmt.Sprintf("the token %s may not send %s", q.token.Name, q.kind))
		}
		return nil
	}
	name := q.r.PathValue("name")
	switch {
	case !q.token.MayBe(name):
		return refuse(http.StatusForbidden, codeScope, fmt.Sprintf("the token %s may send for %s only", q.token.Name, strings.Join(q.token.Sources, ", ")))
	case s.deps.Sources == nil || !s.deps.Sources.Known(name):
		return refuse(http.StatusNotFound, codeRoute, "there is no source of that name (hotline source list)")
	}
	return nil
}

// admit takes the body's bytes from the token's rate.
func (s *Server) admit(q *request, l *limit) *problem {
	wait, err := spend(l.bytes, time.Now(), int(min(max(q.r.ContentLength, 1), s.cfg.MaxBodyBytes+1)))
	switch {
	case err != nil:
		return refuse(http.StatusRequestEntityTooLarge, codeLarge, "more bytes than this token may send at once: send fewer records in one request, or raise its limit")
	case wait > 0:
		return tooMany(wait, "this token's limit of bytes a second is reached")
	}
	return nil
}

// process turns the body into records and delivers them.
func (s *Server) process(q *request, m media, body []byte, l *limit) (*answer, *problem) {
	b := newBatch(q.token, q.id, len(body))
	if q.kind == "" {
		if p := s.native(q.r, b, m, body); p != nil {
			return nil, p
		}
		if p := s.spend(l, len(b.answer.results)); p != nil {
			return nil, p
		}
	} else {
		pieces, p := split(body, m, s.cfg.MaxRecords)
		if p != nil {
			return nil, p
		}
		if p := s.spend(l, len(pieces)); p != nil {
			return nil, p
		}
		b.answer.results = make([]result, 0, len(pieces))
		dec, _ := s.decoders.Get().(*wire.Decoder)
		for i := range pieces {
			s.take(b, dec, q.kind, pieces[i])
		}
		s.decoders.Put(dec)
	}
	if p := s.deliver(q.r.Context(), b); p != nil {
		return nil, p
	}
	return &b.answer, nil
}

// refused answers a request whose body was not read: the connection ends with it, for
// reading on would cost whatever its sender likes.
func (s *Server) refused(w http.ResponseWriter, r *http.Request, p *problem, id string) {
	if r.ContentLength != 0 {
		w.Header().Set("Connection", "close")
		// An error means that the connection is gone.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(drainTimeout))
	}
	s.tell(w, r, p, id)
}

func (s *Server) tell(w http.ResponseWriter, r *http.Request, p *problem, id string) {
	p.Request = id
	w.Header().Set("X-Request-Id", id)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout)) // as above
	if _, err := p.write(w); err != nil {
		s.log.Debug("the answer was not taken", "request", id, "path", r.URL.Path, "err", err)
	}
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, code int, a *answer) {
	w.Header().Set("X-Request-Id", a.request)
	w.Header().Set("Content-Type", "application/json")
	body := a.appendJSON(make([]byte, 0, 128+96*len(a.results)))
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout)) // as above
	w.WriteHeader(code)
	if _, err := w.Write(body); err != nil {
		s.log.Debug("the answer was not taken", "request", a.request, "path", r.URL.Path, "err", err)
	}
}

func (s *Server) describe(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if _, err := w.Write(s.openapi); err != nil {
		s.log.Debug("the answer was not taken", "path", r.URL.Path, "err", err)
	}
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if err := s.Ready(r.Context()); err != nil {
		s.log.Debug("not ready", "err", err)
		say(w, http.StatusServiceUnavailable, "not ready: Kafka does not answer")
		return
	}
	say(w, http.StatusOK, "ready")
}

func say(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	// The client may be gone; there is nobody else to tell.
	_, _ = fmt.Fprintln(w, text)
}

// Routes are what is served, for the description's test.
func Routes() []string {
	routes := []string{nativeRoute, "/v1/openapi.json", "/healthz", "/readyz"}
	for r := range kindOf() {
		routes = append(routes, r)
	}
	slices.Sort(routes)
	return routes
}
