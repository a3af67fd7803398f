package intake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"hotline12333/internal/wire"
)

// Session is a source on its way through one file and its successors.
type Session interface {
	// Read tells what comes after in.From, which is the zero value for a new file, the place
	// of the item told last, or that of a restored state.
	Read(ctx context.Context, in Input, each func(*wire.Item) error) error
	// Snapshot is what Restore needs to go on after the item told last; nil: nothing.
	Snapshot() []byte
	Restore([]byte) error
}

// FollowJob is what is followed.
type FollowJob struct {
	Files   []string
	Source  string                  // its name
	Session func() (Session, error) // the source with its options, for one file
	Context map[string]string       // kept with rejected rows, as in [Job]

	// Way is what of Context decides how a row is read: a file followed another way than
	// before is read from its start.
	Way map[string]string

	// Patience is how long what is not complete is left at the end of a file: see
	// [Input].Growing.
	Patience time.Duration

	Tell func(Followed) // may be nil; called from several goroutines
}

// Followed is how one followed file stands.
type Followed struct {
	File    string
	Rows    int64  // read since it is followed
	Behind  int64  // bytes that are written and not yet with Kafka
	Waiting string // for what, in words; empty where the file is read
}

// Follow reads files as they grow, each from where it was left the last time, until ctx
// ends; then it returns nil. A line is read when its end is there. A file that was renamed
// or copied away is read to its end before its successor.
//
// While Kafka takes nothing Follow waits. It returns an error where a file cannot be
// followed at all, or cannot be read when it is met first; later faults are logged and
// tried again.
func (im *Importer) Follow(ctx context.Context, job FollowJob) error {
	if len(job.Files) == 0 {
		return errors.New("no file is given to follow")
	}
	if job.Tell == nil {
		job.Tell = func(Followed) {}
	}
	var tails []*tail
	defer func() {
		for _, t := range tails {
			t.close()
		}
	}()
	for _, name := range job.Files {
		path, err := filepath.Abs(name)
		if err != nil {
			return fmt.Errorf("following %s: %w", name, err)
		}
		if slices.ContainsFunc(tails, func(o *tail) bool { return o.path == path }) {
			return fmt.Errorf("the file %s is named twice", name)
		}
		t := &tail{job: &job, name: name, path: path, chunk: chunkBytes, log: im.log.With("file", name), metrics: im.metrics.follows}
		t.im = im.patient(t)
		if err := followable(name); err != nil {
			return err
		}
		if err := t.remember(); err != nil {
			return err
		}
		tails = append(tails, t)
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, t := range tails {
		g.Go(func() error { return t.run(ctx) })
	}
	return g.Wait()
}

// followable refuses what never grows by lines.
func followable(name string) error {
	if name == stdin {
		return errors.New("standard input cannot be followed: name the file, or import - without --follow")
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // it may come
	case err != nil:
		return fmt.Errorf("following %s: %w", name, err)
	case info.IsDir():
		return fmt.Errorf("%s is a directory: name the files in it", name)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no regular file", name)
	}
	f, err := openFile(name)
	if err != nil {
		return err
	}
	if f.id.packed() {
		err = fmt.Errorf("%s is compressed, or a workbook, and cannot be followed: import it when it is complete", name)
	}
	return errors.Join(err, f.Close())
}

// The pace of following.
const (
	// pollEvery is how often files are looked at. Notifications would come a little sooner,
	// but not from every file system, so that one would have to look all the same.
	pollEvery = 200 * time.Millisecond

	// settleFor is how long a file must be still, after its successor has begun, to be taken
	// for finished: a writer may have it open a moment longer.
	settleFor = 500 * time.Millisecond

	// lateFor is how long a finished file is watched for lines that come all the same.
	lateFor = time.Minute

	// leaveWithin is how long a reading that is under way may take when following ends.
	leaveWithin = 2 * time.Second

	retryFirst = time.Second // after a fault
	retryMost  = 30 * time.Second
)

// inputError is a fault of the content: the wrong source, or another header.
type inputError struct{ error }

func (e inputError) Unwrap() error { return e.error }

// run follows the file until ctx ends.
func (t *tail) run(ctx context.Context) error {
	wait := retryFirst
	for {
		t.advanced = false
		err := t.follow(ctx)
		if ctx.Err() != nil {
			return t.leave()
		}
		var input inputError
		if errors.As(err, &input) && !t.worked {
			return err
		}
		if t.advanced {
			wait = retryFirst
		}
		t.log.Error("following is interrupted", "err", err, "again_in", wait)
		t.metrics.blocked.WithLabelValues(t.label(), blockedInput).Set(1)
		t.tell(t.behind(), "the file can be read: "+err.Error())
		select {
		case <-ctx.Done():
			return t.leave()
		case <-time.After(wait):
		}
		wait = min(2*wait, retryMost)
	}
}

// follow goes on from what was remembered, until something fails or ctx ends.
func (t *tail) follow(ctx context.Context) error {
	if err := t.resume(); err != nil {
		return err
	}
	// What is on its way to Kafka when ctx ends is waited for, so that it need not be read again.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(leaveWithin, stop) })()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if err := t.know(work); err != nil {
			return err
		}
		more, err := t.step(work)
		if err == nil {
			err = t.save(false)
		}
		if err != nil {
			return err
		}
		if more && ctx.Err() == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// leave writes down where the file is left, unless a reading was broken off: then what was
// written before holds, and what came after it is read again.
func (t *tail) leave() error {
	if !t.clean {
		return nil
	}
	return t.save(true)
}
