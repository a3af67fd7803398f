package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	// Path is where Alertmanager posts.
	Path = "/alertmanager"

	maxBody = 4 << 20
	// rememberFor is how long a message that went through is not sent again, unless it is
	// repeated oftener on purpose: longer than Alertmanager repeats a webhook that failed,
	// shorter than it repeats an alert.
	rememberFor = 30 * time.Minute
)

// Deps is what a Server needs.
type Deps struct {
	Log        *slog.Logger
	Registerer prometheus.Registerer // nil: not exported
	Zone       *time.Location        // of the times in messages
	Now        func() time.Time      // time.Now when nil
}

// Server takes the webhook and tells the channels.
type Server struct {
	cfg      Config
	log      *slog.Logger
	now      func() time.Time
	client   *http.Client
	channels []channel
	pause    time.Duration // before the second attempt
	listener net.Listener

	messages *prometheus.CounterVec
	last     *prometheus.GaugeVec

	mu   sync.Mutex
	sent map[string]time.Time // what went through, by channel, person and message
}

// New makes a server; nothing is opened.
func New(cfg Config, deps Deps) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Zone == nil {
		deps.Zone = time.UTC
	}
	s := &Server{
		cfg: cfg, log: deps.Log, now: deps.Now, channels: channels(cfg, deps.Zone), sent: make(map[string]time.Time),
		pause:  500 * time.Millisecond,
		client: &http.Client{Timeout: cfg.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hotline_notify_messages_total",
			Help: "Messages to people by channel (dingtalk, feishu, wecom, sms, webhook) and result: sent or failed, after all attempts.",
		}, []string{"channel", "result"}),
		last: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "hotline_notify_last_sent_timestamp_seconds",
			Help: "When a channel last took a message, in unix seconds.",
		}, []string{"channel"}),
	}
	for i := range s.channels {
		for _, result := range []string{"sent", "failed"} {
			s.messages.WithLabelValues(s.channels[i].name, result)
		}
	}
	if deps.Registerer != nil {
		if err := errors.Join(deps.Registerer.Register(s.messages), deps.Registerer.Register(s.last)); err != nil {
			return nil, fmt.Errorf("notify: %w", err)
		}
	}
	return s, nil
}

// Channels names those that are configured.
func (s *Server) Channels() []string {
	var names []string
	for i := range s.channels {
		names = append(names, s.channels[i].name)
	}
	return names
}

// Listen takes the port.
func (s *Server) Listen() error {
	l, err := net.Listen("tcp", s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("notify.listen: %w", err)
	}
	s.listener = l
	return nil
}

// Addr is the address served, after Listen.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Run serves until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	server := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(s.listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("notify: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	return server.Shutdown(grace)
}

// Handler takes the webhook at Path.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+Path, func(w http.ResponseWriter, r *http.Request) {
		var g Webhook
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&g); err != nil || len(g.Alerts) == 0 {
			http.Error(w, "this is no webhook of Alertmanager with alerts", http.StatusBadRequest)
			return
		}
		failed, passing := s.Tell(r.Context(), &g)
		if len(failed) == 0 {
			return
		}
		// Alertmanager repeats what was answered with a status of 500 and more.
		status := http.StatusBadRequest
		if passing {
			status = http.StatusBadGateway
		}
		var lines []string
		for name, err := range failed {
			lines = append(lines, name+": "+err.Error())
		}
		http.Error(w, strings.Join(lines, "\n"), status)
	})
	return mux
}

// Tell sends a group to every channel and says which failed; passing says that repeating it
// may help.
func (s *Server) Tell(ctx context.Context, g *Webhook) (failed map[string]error, passing bool) {
	failed = make(map[string]error)
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range s.channels {
		ch := &s.channels[i]
		all.Go(func() {
			again, err := s.tell(ctx, ch, g)
			if err == nil {
				return
			}
			s.log.Error("an alert could not be told", "channel", ch.name, "error", err)
			mu.Lock()
			defer mu.Unlock()
			failed[ch.name], passing = err, passing || again
		})
	}
	all.Wait()
	return failed, passing
}

// TellOne sends a group to one channel; passing says that repeating it may help. Who calls
// it repeats it, and logs.
func (s *Server) TellOne(ctx context.Context, name string, g *Webhook) (passing bool, err error) {
	for i := range s.channels {
		if ch := &s.channels[i]; ch.name == name {
			return s.tell(ctx, ch, g)
		}
	}
	return false, fmt.Errorf("channel %s is not configured", name)
}

// tell reaches everybody of a channel, trying again what may pass.
func (s *Server) tell(ctx context.Context, ch *channel, g *Webhook) (passing bool, err error) {
	requests, err := ch.requests(g, s.now())
	if err != nil {
		return false, err
	}
	for i := range requests {
		key := ch.name + "\x00" + requests[i].key + "\x00" + identity(g)
		if s.remembered(key, g.Repeat) {
			continue
		}
		again, one := s.try(ctx, ch, g, i)
		if one != nil {
			s.messages.WithLabelValues(ch.name, "failed").Inc()
			err, passing = errors.Join(err, one), passing || again
			continue
		}
		s.messages.WithLabelValues(ch.name, "sent").Inc()
		s.last.WithLabelValues(ch.name).Set(float64(s.now().UnixMilli()) / 1000)
		s.remember(key)
	}
	return passing, err
}

// try sends the i-th request of a group, signed anew each time.
func (s *Server) try(ctx context.Context, ch *channel, g *Webhook, i int) (passing bool, err error) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval = s.pause
	_, err = backoff.Retry(ctx, func() (struct{}, error) {
		requests, err := ch.requests(g, s.now())
		if err != nil {
			passing = false
			return struct{}{}, backoff.Permanent(err)
		}
		if passing, err = post(ctx, s.client, ch, &requests[i]); err != nil && !passing {
			return struct{}{}, backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pause), backoff.WithMaxTries(uint(s.cfg.Attempts)))
	return passing, err
}

// identity is a group at one moment: the same when Alertmanager repeats a webhook at once,
// another when an alert has begun or ended.
func identity(g *Webhook) string {
	var b strings.Builder
	b.WriteString(g.GroupKey)
	for i := range g.Alerts {
		a := &g.Alerts[i]
		fmt.Fprintf(&b, "\x00%s %s %d", a.Fingerprint, a.Status, a.StartsAt.UnixMilli())
	}
	return b.String()
}

func (s *Server) remembered(key string, repeat time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.sent[key]
	if repeat == 0 {
		repeat = rememberFor
	}
	return ok && s.now().Sub(at) < min(repeat, rememberFor)
}

func (s *Server) remember(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for k, at := range s.sent {
		if now.Sub(at) >= rememberFor {
			delete(s.sent, k)
		}
	}
	s.sent[key] = now
}
