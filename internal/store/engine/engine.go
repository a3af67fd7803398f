package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/prometheus/client_golang/prometheus"
)

// Deps are what Engine works with; a nil Log is silent, a nil Registerer
// exports nothing.
type Deps struct {
	Log        *slog.Logger
	Registerer prometheus.Registerer
}

// Engine supervises the child process that is the ClickHouse engine.
type Engine struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics

	startOnce, stopOnce, killOnce sync.Once

	stopping chan struct{} // closed by Stop
	killing  chan struct{} // closed when patience is over
	stopped  chan struct{} // closed when the supervisor has ended

	address atomic.Pointer[string]
	pid     atomic.Int64
	up      atomic.Bool

	probeEvery, probePatience time.Duration
}

// New makes an engine; nothing happens before Start.
func New(cfg Config, deps Deps) *Engine {
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Registerer == nil {
		deps.Registerer = prometheus.NewRegistry()
	}
	e := &Engine{
		cfg: cfg, log: deps.Log,
		stopping: make(chan struct{}),
		killing:  make(chan struct{}),
		stopped:  make(chan struct{}),

		probeEvery: probeEvery, probePatience: probePatience,
	}
	e.metrics = newMetrics(deps.Registerer, func() float64 {
		if pid := e.PID(); pid != 0 {
			return residentBytes(pid)
		}
		return 0
	})
	return e
}

// Addr returns the address of the ClickHouse HTTP interface, empty before the
// first start has succeeded. It stays the same when the engine is restarted.
func (e *Engine) Addr() string {
	if address := e.address.Load(); address != nil {
		return *address
	}
	return ""
}

// PID returns the child's process id, 0 while there is none.
func (e *Engine) PID() int { return int(e.pid.Load()) }

// Up reports whether the engine answers statements.
func (e *Engine) Up() bool { return e.up.Load() }

// errStarted says that Start was called twice.
var errStarted = errors.New("the engine has been started before")

// Start starts the engine and returns when it answers statements, or with the
// error that prevents it. ctx bounds only the start; Stop ends the engine.
func (e *Engine) Start(ctx context.Context) error {
	serve, err := e.serveConfig()
	if err != nil {
		return err
	}
	result := make(chan error, 1)
	err = errStarted
	e.startOnce.Do(func() {
		err = nil
		go e.supervise(serve, result)
	})
	if err != nil {
		return err
	}
	select {
	case err = <-result:
	case <-ctx.Done():
		err = fmt.Errorf("starting the engine: %w", context.Cause(ctx))
		e.kill()
	}
	if err != nil {
		e.stop()
		<-e.stopped
	}
	return err
}

func (e *Engine) stop() { e.stopOnce.Do(func() { close(e.stopping) }) }
func (e *Engine) kill() { e.killOnce.Do(func() { close(e.killing) }) }

func (e *Engine) serveConfig() (ServeConfig, error) {
	if err := e.cfg.Validate(); err != nil {
		return ServeConfig{}, fmt.Errorf("the engine's configuration: %w", err)
	}
	dir, err := filepath.Abs(e.cfg.Dir)
	if err != nil {
		return ServeConfig{}, fmt.Errorf("the engine's data directory: %w", err)
	}
	return ServeConfig{
		Dir: dir, BackupDir: filepath.Join(dir, "backups"),
		Listen: e.cfg.Listen, Library: e.cfg.Library,
		MemoryLimitBytes: e.cfg.MemoryLimitBytes, Threads: e.cfg.Threads,
		MaxQueries: e.cfg.MaxQueries, MaxQueued: e.cfg.MaxQueued,
		StopTimeout: e.cfg.StopTimeout,
	}, nil
}

// killAfter is what the child gets beyond StopTimeout before it is killed.
const killAfter = 2 * time.Second

// Stop ends the engine: running statements may finish within StopTimeout, then
// they are cancelled; a child that does not end is killed, at once when ctx
// ends. Stop returns when the child is gone. It may be called more than once,
// and without Start.
func (e *Engine) Stop(ctx context.Context) error {
	e.startOnce.Do(func() { close(e.stopped) }) // never started, never will be
	e.stop()
	release := context.AfterFunc(ctx, e.kill)
	defer release()
	<-e.stopped
	return nil
}

// supervise runs the child until Stop. It reports the outcome of the first
// start, whose failure ends it.
func (e *Engine) supervise(cfg ServeConfig, result chan<- error) {
	// The kernel kills the child when the thread that started it ends, so
	// this goroutine keeps its thread to itself.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(e.stopped)

	retry := backoff.NewExponentialBackOff()
	retry.InitialInterval = 100 * time.Millisecond
	retry.MaxInterval = 10 * time.Second
	for first := true; ; first = false {
		started := time.Now()
		ready := func(s status) {
			cfg.Listen = s.Address
			e.log.Info("engine ready", "address", s.Address, "version", s.Version, "pid", e.PID(), "took", time.Since(started).Round(time.Millisecond))
			if first {
				result <- nil
			}
		}
		wasReady, err := e.run(cfg, ready)
		select {
		case <-e.stopping:
			return
		default:
		}
		if first && !wasReady {
			result <- err
			return
		}
		e.metrics.restarts.Inc()
		if wasReady && time.Since(started) > time.Minute {
			retry.Reset()
		}
		wait := retry.NextBackOff()
		e.log.Error("engine ended, restarting", "error", err, "wait", wait.Round(time.Millisecond))
		if !e.sleep(wait) {
			return
		}
	}
}

func (e *Engine) sleep(wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-e.stopping:
		return false
	}
}

// run starts the child once and returns when it has ended, with the reason.
func (e *Engine) run(cfg ServeConfig, ready func(status)) (wasReady bool, err error) {
	p, err := startProcess(cfg, e.log)
	if err != nil {
		return false, err
	}
	e.pid.Store(int64(p.cmd.Process.Pid))
	ended := make(chan struct{})
	var helpers sync.WaitGroup
	defer helpers.Wait()
	probing, endProbe := context.WithCancel(context.Background())
	defer endProbe()
	helpers.Go(func() {
		select {
		case <-ended:
		case <-e.stopping:
			endProbe()
			p.stop(ended, e.killing, cfg.StopTimeout+killAfter)
		}
	})
	var failure error
	reported := make(chan struct{})
	helpers.Go(func() {
		defer close(reported)
		var probes sync.WaitGroup
		defer probes.Wait()
		for s := range p.status {
			if s.Kind != kindReady {
				failure = s.error()
				continue
			}
			wasReady = true
			e.address.Store(&s.Address)
			e.answers(true)
			probes.Go(func() { e.probe(probing, s.Address) })
			ready(s)
		}
	})
	waitErr := p.wait()
	close(ended)
	endProbe()
	<-reported
	e.answers(false)
	e.pid.Store(0)
	switch last := p.tail.last(); {
	case failure != nil:
		return wasReady, failure
	case last != "":
		return wasReady, fmt.Errorf("the engine's process ended (%w); its last words: %s", orExited(waitErr), last)
	default:
		return wasReady, fmt.Errorf("the engine's process ended: %w", orExited(waitErr))
	}
}

var errExited = errors.New("exit without an error")

func orExited(err error) error {
	if err == nil {
		return errExited
	}
	return err
}
