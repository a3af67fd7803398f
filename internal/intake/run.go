package intake

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/gofrs/flock"

	"hotline12333/internal/wholefile"
	"hotline12333/internal/wire"
)

// saveEvery bounds how much is read again after an interruption, and how often the disk
// is made to write.
const saveEvery = 200 * time.Millisecond

// Run is one import, from its first row until it is finished, across interruptions.
type Run struct {
	im      *Importer
	job     Job
	path    string // of the state
	lock    *flock.Flock
	state   *state
	saved   time.Time
	total   int64 // bytes of all files
	done    int64 // bytes of the files before the current one
	resumed bool
	asked   bool // which Kafka it is
	notice  string
	once    bool // standard input is among the files: nothing can be read on
}

// Open finds the interrupted import of the same files, source and context, or begins a
// new one. It holds a lock until Close; ErrBusy when another process has it. Files that
// are missing, or are no files, are errors before anything is written.
func (im *Importer) Open(ctx context.Context, job Job) (*Run, error) {
	if len(job.Files) == 0 {
		return nil, errors.New("no file is given to import")
	}
	r := &Run{im: im, job: job}
	paths := make([]string, len(job.Files))
	for i, name := range job.Files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f, err := openInput(&job, name)
		if err != nil {
			return nil, err
		}
		r.total += f.id.Size
		if err := f.Close(); err != nil {
			return nil, fmt.Errorf("closing %s: %w", name, err)
		}
		if name == stdin {
			r.once = true
			paths[i] = stdin
		} else if paths[i], err = filepath.Abs(name); err != nil {
			return nil, fmt.Errorf("opening %s: %w", name, err)
		}
		if slices.Contains(paths[:i], paths[i]) {
			return nil, fmt.Errorf("the file %s is named twice", name)
		}
	}
	if err := r.acquire(paths); err != nil {
		return nil, err
	}
	if err := r.begin(paths); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// acquire takes the lock of this import.
func (r *Run) acquire(paths []string) error {
	dir, err := r.im.cfg.stateDir()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the directory where imports are remembered (intake.state_dir): %w", err)
	}
	name, err := stateName(r.job, paths)
	if r.once { // no import goes on with this one, and none is in its way
		name = "stdin-" + strconv.Itoa(os.Getpid()) + "-" + rand.Text()[:8]
	}
	if err != nil {
		return fmt.Errorf("naming the import: %w", err)
	}
	r.path = filepath.Join(dir, name+".json")
	r.lock = flock.New(filepath.Join(dir, name+".lock"), flock.SetPermissions(0o600))
	switch locked, err := r.lock.TryLock(); {
	case err != nil:
		return fmt.Errorf("locking the import: %w", err)
	case !locked:
		return ErrBusy
	}
	return nil
}

// begin reads the state and decides whether it still fits the files.
func (r *Run) begin(paths []string) (err error) {
	if r.once {
		r.notice = "standard input is read once: if this import is interrupted it begins anew, and calls that arrived already count once"
		if r.state, err = newState(r.job, paths, time.Now()); err != nil {
			return err
		}
		return r.save()
	}
	old, err := loadState(r.path, paths)
	if errors.Is(err, errDamagedState) {
		r.notice = fmt.Sprintf("what was remembered of the interrupted import (%s) is %v: the files are read from the start", r.path, err)
	} else if err != nil {
		return err
	}
	if old != nil {
		why, err := r.stale(old)
		if err != nil {
			return err
		}
		if why == "" {
			r.state, r.resumed = old, true
			return nil
		}
		r.notice = fmt.Sprintf("%s since the import was interrupted: the files are read from the start, as a new run", why)
	}
	if r.state, err = newState(r.job, paths, time.Now()); err != nil {
		return err
	}
	return r.save()
}

// stale names the first file that changed, empty when all can be read on.
func (r *Run) stale(old *state) (string, error) {
	for i := range old.Files {
		if old.Files[i].ID == nil {
			continue
		}
		f, err := openInput(&r.job, r.job.Files[i])
		if err != nil {
			return "", err
		}
		why, err := f.changed(&old.Files[i])
		if err := errors.Join(err, f.Close()); err != nil {
			return "", fmt.Errorf("reading %s: %w", r.job.Files[i], err)
		}
		if why != "" {
			return fmt.Sprintf("%s has changed (%s)", r.job.Files[i], why), nil
		}
	}
	return "", nil
}

// ID of the run; the records carry it.
func (r *Run) ID() string { return r.state.Run }

// Resumed says that the run goes on after an interruption.
func (r *Run) Resumed() bool { return r.resumed }

// Notice is a sentence for people where an interrupted import could not be resumed.
func (r *Run) Notice() string { return r.notice }

// Counts are what has become of the rows, as far as Kafka has acknowledged it. Not while
// Import runs.
func (r *Run) Counts() Counts { return r.state.Counts.clone() }

// Import reads what is left of the files. When it returns nil, Kafka has acknowledged
// every accepted call and every dead letter. After an error, ErrNoBroker or the end of
// ctx, the same import can be opened again and goes on. progress may be nil; it is
// called after each acknowledged batch, from one goroutine.
func (r *Run) Import(ctx context.Context, progress func(Progress)) error {
	if progress == nil {
		progress = func(Progress) {}
	}
	r.done = 0
	if r.resumed {
		if err := r.know(ctx); err != nil {
			return err
		}
	}
	for i := range r.job.Files {
		size, err := r.file(ctx, i, progress)
		if err != nil {
			return err
		}
		r.done += size
	}
	if !r.state.Counts.Balanced() {
		return fmt.Errorf("importing: the counts do not add up: %+v", r.state.Counts)
	}
	r.im.log.Info("import read", "run", r.state.Run, "source", r.job.Source,
		"read", r.state.Counts.Read, "accepted", r.state.Counts.Accepted)
	return nil
}

// file reads one file to its end.
func (r *Run) file(ctx context.Context, i int, progress func(Progress)) (size int64, err error) {
	f, err := openInput(&r.job, r.job.Files[i])
	if err != nil {
		return 0, err
	}
	defer func() {
		if cerr := f.Close(); cerr != nil && err == nil {
			err = fmt.Errorf("closing %s: %w", f.name, cerr)
		}
	}()
	st := &r.state.Files[i]
	if st.ID != nil {
		why, err := f.changed(st)
		if err != nil {
			return 0, fmt.Errorf("reading %s: %w", f.name, err)
		}
		if why != "" {
			return 0, fmt.Errorf("%s has changed (%s) while it was imported: import it again", f.name, why)
		}
	}
	p := r.im.newPipe(f.name, Place{Source: r.job.Source, Run: r.state.Run, Context: r.job.Context})
	p.onDisk = f.consumed
	p.acked = func(b *batch) error {
		if r.state.Kafka == "" && !r.asked {
			r.asked = true                                  // one that does not say is not asked at each batch
			r.state.Kafka, _ = r.im.which(ctx, whichWithin) // empty where it does not
		}
		return r.acked(f, st, b, progress)
	}
	input := Input{Name: f.name}
	if st.At != nil {
		input.From = *st.At
	}
	err = p.flow(ctx, r.Counts(), func(ctx context.Context, each func(*wire.Item) error) (err error) {
		if input.Reader, err = f.reader(ctx); err != nil {
			return err
		}
		return r.job.Read(ctx, input, each)
	})
	if err != nil {
		if st.At == nil {
			return 0, err
		}
		return 0, errors.Join(err, r.checkpoint(f, st)) // what was acknowledged need not be read again
	}
	st.ID = &f.id
	return f.id.Size, r.checkpoint(f, st)
}

// acked notes what Kafka has.
func (r *Run) acked(f *inFile, st *fileState, b *batch, progress func(Progress)) error {
	r.im.metrics.add(r.job.Source, &r.state.Counts, &b.counts)
	end, id := *b.end, f.id
	r.state.Counts, st.At, st.ID = b.counts, &end, &id
	if time.Since(r.saved) >= saveEvery {
		if err := r.checkpoint(f, st); err != nil {
			return err
		}
	}
	progress(Progress{File: f.name, Bytes: r.done + b.bytes, Total: r.total, Rows: b.counts.Read})
	return nil
}

// checkpoint writes the state with what proves that the file is still the same.
func (r *Run) checkpoint(f *inFile, st *fileState) error {
	if st.At != nil {
		tail, err := f.tail(*st.At)
		if err != nil {
			return fmt.Errorf("reading %s: %w", f.name, err)
		}
		st.Tail = tail
	}
	return r.save()
}

func (r *Run) save() error {
	if err := r.state.save(r.path); err != nil {
		return err
	}
	r.saved = time.Now()
	return nil
}

// Finish forgets the import: the same files imported again are a new run. Before it, a
// run that was read to its end is found again by Open, and Import has nothing to do.
func (r *Run) Finish() error {
	err := os.Remove(r.path)
	if err == nil {
		err = wholefile.SyncDir(filepath.Dir(r.path))
	}
	if err != nil {
		return fmt.Errorf("finishing the import: %w", err)
	}
	return nil
}

// Close lets go of the lock.
func (r *Run) Close() error {
	err := r.lock.Close()
	if !r.once {
		return err
	}
	for _, name := range []string{r.path, r.lock.Path()} {
		if rerr := os.Remove(name); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
			err = errors.Join(err, fmt.Errorf("forgetting the import: %w", rerr))
		}
	}
	return err
}
