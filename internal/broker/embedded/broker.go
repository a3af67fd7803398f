package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Deps is what a Broker needs from its surroundings.
type Deps struct {
	Log        *slog.Logger
	Registerer prometheus.Registerer // nil: the metrics are kept but not exported
}

// Broker is one embedded broker. New opens nothing; Start and Stop are called
// once each, in this order.
type Broker struct {
	cfg     Config
	log     *slog.Logger
	reg     prometheus.Registerer
	metrics *metrics

	mu      sync.Mutex
	addr    string
	cluster *kfake.Cluster
	lock    *dirLock
	stop    context.CancelFunc
	tasks   sync.WaitGroup
}

// New checks the configuration.
func New(cfg Config, deps Deps) (*Broker, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("embedded broker: %w", err)
	}
	if cfg.Dir == "" {
		return nil, errors.New("embedded broker: dir: no data directory is configured")
	}
	log := deps.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	b := &Broker{cfg: cfg, log: log, reg: deps.Registerer}
	b.metrics = newMetrics(b)
	return b, nil
}

// Start takes the directory and the port, loads what is stored, and returns
// when clients can connect. Its errors are one sentence that says what to do.
// ctx bounds the wait for a predecessor only; loading is not interrupted.
func (b *Broker) Start(ctx context.Context) (err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cluster != nil {
		return errors.New("embedded broker: it is started already")
	}
	started := time.Now()
	if err := os.MkdirAll(b.cfg.Dir, 0o750); err != nil {
		return fmt.Errorf("embedded broker: creating its data directory: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, b.cfg.StartWait)
	defer cancel()
	lock, err := lockDir(ctx, b.cfg.Dir)
	if err != nil {
		return fmt.Errorf("embedded broker: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, lock.release())
		}
	}()
	if err := checkLayout(b.cfg.Dir); err != nil {
		return fmt.Errorf("embedded broker: %w", err)
	}
	ln, err := listen(ctx, b.cfg.Listen, b.log)
	if err != nil {
		return fmt.Errorf("embedded broker: %w", err)
	}
	cluster, err := b.open(ln)
	if err != nil {
		return errors.Join(fmt.Errorf("embedded broker: loading %s: %w", b.cfg.Dir, err), ignoreClosed(ln.Close()))
	}
	if err := b.metrics.register(b.reg); err != nil {
		cluster.Close()
		return err
	}
	debug.FreeOSMemory() // loading takes far more than running
	taskCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	b.cluster, b.lock, b.stop, b.addr = cluster, lock, stop, ln.Addr().String()
	b.guardSpace()
	b.guardRequests()
	b.tasks.Go(func() { b.keepRetention(taskCtx) })
	b.log.Info("embedded broker started", "address", b.addr, "dir", b.cfg.Dir, "took", time.Since(started).Round(time.Millisecond))
	return nil
}

func (b *Broker) open(ln net.Listener) (*kfake.Cluster, error) {
	if err := healGroupsLog(filepath.Join(b.dataDir(), "groups.log"), b.log); err != nil {
		return nil, err
	}
	if err := snapshotPartitions(b.dataDir(), time.Now(), b.log); err != nil {
		return nil, err
	}
	// Members that were connected at the last stop would be waited for until
	// their session times out; without this file they just join again.
	if err := os.Remove(filepath.Join(b.dataDir(), "session_state.json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	opts := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.ClusterID("hotline"),
		kfake.DataDir(b.dataDir()),
		kfake.DefaultNumPartitions(1),
		kfake.ListenFn(func(string, string) (net.Listener, error) { return ln, nil }),
		kfake.WithLogger(kfakeLog{log: b.log, warnings: b.metrics.warnings}),
		kfake.BrokerConfigs(map[string]string{
			"log.segment.bytes": strconv.FormatInt(b.cfg.SegmentBytes, 10),
			// kfake's own retention may delete a partition's last batch, and
			// with it, after a restart, the knowledge of its next offset.
			"log.cleaner.backoff.ms": neverMillis,
			// A machine that was off for a week must not read all again.
			"offset.retention.ms": neverMillis,
		}),
	}
	if b.cfg.SyncWrites {
		opts = append(opts, kfake.SyncWrites())
	}
	return kfake.NewCluster(opts...)
}

// guardRequests refuses what this broker would answer and then not keep.
func (b *Broker) guardRequests() {
	b.cluster.Fault(
		// Emptied, a partition would begin again at offset 0 after a restart.
		kfake.Fault{Keys: []kmsg.Key{kmsg.DeleteRecords}, Err: kerr.PolicyViolation, Count: -1, When: b.empties},
		kfake.Fault{
			Keys:     []kmsg.Key{kmsg.InitProducerID},
			TopLevel: true,
			Err:      kerr.PolicyViolation,
			Count:    -1,
			When: func(req kmsg.Request) bool {
				init, ok := req.(*kmsg.InitProducerIDRequest)
				return ok && init.TransactionalID != nil
			},
		},
	)
}

// neverMillis is a hundred years, which as nanoseconds still fits 64 bits.
const neverMillis = "3153600000000"

func (b *Broker) dataDir() string { return filepath.Join(b.cfg.Dir, "data") }

// Addr is the address clients connect to; empty before Start.
func (b *Broker) Addr() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.addr
}

// Stop closes the connections, writes what makes the next start fast, and
// releases the directory. When ctx ends first it says so and leaves the lock to
// the end of the process: nothing acknowledged is lost either way.
func (b *Broker) Stop(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cluster == nil {
		return nil
	}
	b.stop()
	b.tasks.Wait()
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.cluster.Close()
	}()
	select {
	case <-done:
	case <-ctx.Done():
		return fmt.Errorf("embedded broker: closing took too long: %w", context.Cause(ctx))
	}
	b.metrics.unregister(b.reg)
	b.cluster = nil
	return b.lock.release()
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
