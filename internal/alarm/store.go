package alarm

import (
	"context"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// store is the small database that rules are run over. It notes when something was last
// written to it.
type store struct {
	*tsdb.DB
	written atomic.Int64 // unix milliseconds
}

// Bounds of the database. A hotline has some hundred series that rules look at.
const (
	mostStored   = 512 << 20
	walSegment   = 4 << 20
	seriesStripe = 1 << 9
)

// openStore opens the database in dir. What was half-written at a power loss is repaired
// by the database itself; one that cannot be is set aside, and begun anew: rules then lack
// the past, which most look at for minutes only.
func openStore(dir string, retention time.Duration, log *slog.Logger) (*store, error) {
	options := tsdb.DefaultOptions()
	options.RetentionDuration = retention.Milliseconds()
	// Blocks are at most a tenth of what is kept, as Prometheus has it, and at least two hours.
	options.MaxBlockDuration = max(options.MinBlockDuration, options.RetentionDuration/10)
	options.MaxBytes, options.WALSegmentSize, options.StripeSize = mostStored, walSegment, seriesStripe
	options.NoLockfile = true // the data directory is locked
	db, err := tsdb.Open(dir, log, nil, options, nil)
	if err == nil {
		return &store{DB: db}, nil
	}
	log.Error("what alerts were evaluated over is damaged and set aside; rules begin without the past", "dir", dir, "err", err)
	if err := setAside(dir); err != nil {
		return nil, err
	}
	if db, err = tsdb.Open(dir, log, nil, options, nil); err != nil {
		return nil, err
	}
	return &store{DB: db}, nil
}

// setAside makes room for a new file or directory; of several that were damaged the last
// one is kept.
func setAside(path string) error {
	damaged := path + ".damaged"
	if err := os.RemoveAll(damaged); err != nil {
		return err
	}
	return os.Rename(path, damaged)
}

// scraped is the store for what is scraped: what is committed there is noted.
type scraped struct{ *store }

func (s scraped) AppenderV2(ctx context.Context) storage.AppenderV2 {
	return &noting{s.DB.AppenderV2(ctx), s.store}
}

type noting struct {
	storage.AppenderV2
	store *store
}

func (n *noting) Commit() error {
	err := n.AppenderV2.Commit()
	if err == nil {
		n.store.written.Store(time.Now().UnixMilli())
	}
	return err
}
