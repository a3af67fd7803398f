package alarm

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	httpconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
)

// What the shipped prometheus.yml gives the series.
const (
	job  = "hotline"
	role = "up" // everything in one program
)

// scraper reads the program's own metrics as Prometheus does, over a connection within the
// process: whoever may reach the port of the pages has no part in it.
type scraper struct {
	manager *scrape.Manager
	server  *http.Server
	inside  *within
	cfg     *config.Config
	log     *slog.Logger
	targets map[string][]*targetgroup.Group
}

type scraperDeps struct {
	log      *slog.Logger
	gatherer prometheus.Gatherer
	instance string
	store    storage.AppendableV2
	rules    *Rules
}

func newScraper(every time.Duration, deps scraperDeps) (*scraper, error) {
	cfg, err := scrapeConfig(every, deps.rules)
	if err != nil {
		return nil, err
	}
	errlog := slog.NewLogLogger(deps.log.Handler(), slog.LevelError)
	s := &scraper{
		cfg: cfg, log: deps.log,
		inside: &within{conns: make(chan net.Conn), closed: make(chan struct{})},
		server: &http.Server{
			Handler:  promhttp.HandlerFor(deps.gatherer, promhttp.HandlerOpts{ErrorLog: errlog}),
			ErrorLog: errlog, ReadHeaderTimeout: time.Minute,
		},
		targets: map[string][]*targetgroup.Group{job: {{
			Targets: []model.LabelSet{{model.AddressLabel: model.LabelValue(deps.instance)}},
			Labels:  model.LabelSet{"role": role},
		}}},
	}
	s.manager, err = scrape.NewManager(&scrape.Options{
		DiscoveryReloadOnStartup: true,
		HTTPClientOptions:        []httpconfig.HTTPClientOption{httpconfig.WithDialContextFunc(s.inside.dial)},
	}, deps.log, nil, nil, deps.store, prometheus.NewRegistry())
	return s, err
}

// scrapeConfig is what a prometheus.yml would say. Only what the rules look at is kept:
// the rest is some thousand series.
func scrapeConfig(every time.Duration, r *Rules) (*config.Config, error) {
	type m = map[string]any
	one := m{"job_name": job, "enable_compression": false, "scrape_protocols": []string{"PrometheusText0.0.4"}}
	if names, all := r.metrics(); !all {
		one["metric_relabel_configs"] = []m{{"source_labels": []string{model.MetricNameLabel}, "regex": strings.Join(names, "|"), "action": "keep"}}
	}
	text, err := yaml.Marshal(m{
		"global":         m{"scrape_interval": model.Duration(every).String(), "scrape_timeout": model.Duration(min(every, 10*time.Second)).String()},
		"scrape_configs": []m{one},
	})
	if err != nil {
		return nil, err
	}
	cfg, err := config.Load(string(text), slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, fmt.Errorf("reading the program's own metrics: %w", err)
	}
	return cfg, nil
}

// run reads until ctx ends.
func (s *scraper) run(ctx context.Context) {
	// The manager asks the network for the name of this machine, which nothing here needs:
	// where nobody answers, that takes a while.
	applied := make(chan error, 1)
	go func() { applied <- s.manager.ApplyConfig(s.cfg) }()
	select {
	case <-ctx.Done():
		return
	case err := <-applied:
		if err != nil {
			s.log.Error("the program's own metrics are not read, and alerts not evaluated", "err", err)
			return
		}
	}
	var parts sync.WaitGroup
	parts.Go(func() { _ = s.server.Serve(s.inside) }) // it ends with the listener
	targets := make(chan map[string][]*targetgroup.Group, 1)
	targets <- s.targets
	parts.Go(func() { _ = s.manager.Run(targets) }) // it has no error to give
	<-ctx.Done()
	s.manager.Stop()
	_ = s.server.Close() // its only client is gone
	parts.Wait()
}

// within is a listener that is reached only from within the process.
type within struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (w *within) Accept() (net.Conn, error) {
	select {
	case c := <-w.conns:
		return c, nil
	case <-w.closed:
		return nil, net.ErrClosed
	}
}

func (w *within) Close() error {
	w.once.Do(func() { close(w.closed) })
	return nil
}

func (w *within) Addr() net.Addr { return &net.UnixAddr{Name: job, Net: "within"} }

func (w *within) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case w.conns <- theirs:
		return ours, nil
	case <-w.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
