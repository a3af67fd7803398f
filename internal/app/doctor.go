package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"hotline12333/internal/aggregate"
	"hotline12333/internal/config"
	"hotline12333/internal/store/engine/chdb"
)

// errUnwell ends doctor with an exit code, after everything has been told.
var errUnwell = errors.New("something needs attention, see above")

// finding is what one look gave.
type finding struct {
	what string
	err  error // nil: well
	say  string
	note bool // worth knowing, no fault
}

// Doctor looks at what the program needs and changes nothing.
func Doctor(ctx context.Context, cfg config.Root, log *slog.Logger, out io.Writer) (err error) {
	unwell := false
	tell := func(f finding) {
		state := "ok  "
		switch {
		case f.err != nil && f.note:
			state = "note"
			f.say = f.err.Error()
		case f.err != nil:
			state, unwell = "BAD ", true
			f.say = f.err.Error()
		}
		if err == nil {
			_, err = fmt.Fprintf(out, "%s  %-16s %s\n", state, f.what, f.say)
		}
	}
	tell(lookLibrary(cfg))
	tell(lookData(cfg))
	tell(lookKeys(cfg))
	tell(lookRetention(cfg))
	tell(lookTokens(cfg))
	tell(lookPeople(cfg))
	tell(lookSources(cfg))
	tell(lookAlarmFiles(cfg))
	for _, f := range lookCalendars(cfg, time.Now()) {
		tell(f)
	}
	sys, openErr := connect(ctx, cfg, log, newRegistry())
	if openErr != nil {
		tell(finding{what: "connections", err: openErr})
		return errUnwell
	}
	defer func() { err = errJoin(err, sys.close()) }()
	look := func(at func(context.Context) finding) error {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		f := at(attempt)
		tell(f)
		return f.err
	}
	if look(sys.lookBroker) == nil { // else these would only wait for it
		_, _ = look(sys.lookTopics), look(sys.lookLag)
	}
	_ = look(sys.lookStore)
	if look(sys.lookPages) == nil {
		_ = look(sys.lookAlarms)
	}
	if unwell && err == nil {
		return errUnwell
	}
	return err
}

func lookLibrary(cfg config.Root) finding {
	path, err := chdb.Find(cfg.Engine.Library)
	// The distributed form needs no engine of its own.
	return finding{what: "engine library", err: err, say: path, note: true}
}

func lookData(cfg config.Root) finding {
	f := finding{what: "data directory", say: cfg.Data.Dir}
	_, err := os.Stat(filepath.Join(cfg.Data.Dir, "LAYOUT"))
	if errors.Is(err, fs.ErrNotExist) {
		f.say += ": not there yet, hotline up makes it"
		return f
	}
	if err == nil {
		err = claimDir(cfg.Data.Dir)
	}
	if err != nil {
		f.err = err
		return f
	}
	var s unix.Statfs_t
	if err := unix.Statfs(cfg.Data.Dir, &s); err != nil {
		f.err = err
		return f
	}
	free := s.Bavail * uint64(s.Bsize)
	f.say = fmt.Sprintf("%s, %.1f GiB free", cfg.Data.Dir, float64(free)/(1<<30))
	if free < 1<<30 {
		f.err = fmt.Errorf("%s: less than 1 GiB free: make room, or no record can be taken", f.say)
	}
	return f
}

func lookKeys(cfg config.Root) finding {
	path, err := cfg.Keys.Path()
	if err != nil {
		return finding{what: "keys", err: err}
	}
	_, err = openKeys(cfg, false)
	if errors.Is(err, fs.ErrNotExist) {
		return finding{what: "keys", say: path + ": not there yet, the first start makes it"}
	}
	return finding{what: "keys", say: path, err: err}
}

// lookRetention tells what is kept for longer than was probably meant.
func lookRetention(cfg config.Root) finding {
	f := finding{what: "retention", say: "calls are kept for ever (retention.calls)", note: true}
	if cfg.Retention.Calls > 0 {
		f.say = fmt.Sprintf("calls are kept for %d days, hotline retention show tells the rest", cfg.Retention.Calls/(24*time.Hour))
	}
	if gap := cfg.Retention.Gap(); gap != "" {
		f.err = errors.New(gap)
	}
	return f
}

func lookSources(cfg config.Root) finding {
	sources, err := openSources(cfg)
	if err == nil {
		err = sources.Err()
	}
	if err != nil {
		return finding{what: "sources", err: err}
	}
	return finding{what: "sources", say: fmt.Sprintf("%d described", len(sources.Names()))}
}

func (s *system) lookBroker(ctx context.Context) finding {
	f := finding{what: "broker", say: strings.Join(s.cfg.Broker.Addresses, ", ")}
	f.err = s.brokerAnswers(ctx)
	return f
}

func (s *system) lookTopics(ctx context.Context) finding {
	f := finding{what: "topics"}
	for _, spec := range topicSpecs(s.cfg.Topics) {
		extents, err := s.broker.Offsets(ctx, spec.Name)
		if err != nil {
			f.err = fmt.Errorf("%s: %w (hotline migrate creates the topics)", spec.Name, err)
			return f
		}
		var n int64
		for _, e := range extents {
			n += e.Next - e.First
		}
		f.say += fmt.Sprintf("%s %d  ", spec.Name, n)
	}
	return f
}

func (s *system) lookStore(ctx context.Context) finding {
	f := finding{what: "store"}
	if f.err = s.storeAnswers(ctx); f.err != nil {
		return f
	}
	have, want, err := s.store.SchemaVersion(ctx)
	switch {
	case err != nil:
		f.err = err
	case have < want:
		f.err = fmt.Errorf("tables are at version %d, this program needs %d: hotline migrate", have, want)
	default:
		f.say = fmt.Sprintf("%s, tables at version %d", s.cfg.Store.Address, have)
	}
	return f
}

func (s *system) lookLag(ctx context.Context) finding {
	f := finding{what: "lag"}
	records, err := aggregate.Pending(ctx, s.broker, s.cfg.Load.Group, s.cfg.Topics.Calls)
	if err != nil {
		f.err = err
		return f
	}
	marks, err := aggregate.Pending(ctx, s.broker, s.cfg.Aggregate.Group, s.cfg.Topics.Touched)
	if err != nil {
		f.err = err
		return f
	}
	f.say = fmt.Sprintf("%d records to load, %d marks to recompute", records, marks)
	return f
}

func (s *system) lookPages(ctx context.Context) finding {
	f := finding{what: "pages", say: "http://" + s.cfg.Web.Listen}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.cfg.Web.Listen+"/healthz", nil)
	if err != nil {
		f.err = err
		return f
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		f.err = fmt.Errorf("http://%s does not answer (is hotline up or hotline web running?): %w", s.cfg.Web.Listen, err)
		return f
	}
	if err := answer.Body.Close(); err != nil {
		f.err = err
	}
	return f
}
