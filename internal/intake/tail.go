package intake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/gofrs/flock"

	"hotline12333/internal/wire"
)

// tail follows one path. One goroutine uses it.
type tail struct {
	im      *Importer // that waits for Kafka
	job     *FollowJob
	name    string // as it was given
	path    string // absolute
	log     *slog.Logger
	metrics *followMetrics

	lock      *flock.Flock
	statePath string
	state     *followState
	session   Session
	pipe      *pipe
	known     bool      // it is the Kafka that the state is of
	nextAsk   time.Time // which one it is: not before
	dirty     bool      // the state is not what lies on the disk
	clean     bool      // the session is where the state is: no reading was broken off
	nextSave  time.Time // not before
	worked    bool      // something was read: a fault is none of the command line
	advanced  bool      // the same, since the last fault

	file     *source     // being read; nil between two
	seen     fs.FileInfo // when it was read last; nil: not yet
	chunk    int64       // bytes to read at once
	left     bool        // whole lines are left, for what may belong to them
	grown    time.Time   // when it grew last
	follower time.Time   // since when another file with content stands at the path
	late     *source     // the one before, should somebody still write to it
	lateSize int64
	lateTill time.Time
	absent   bool // nothing stands at the path, and it was said
}

// close lets go of everything.
func (t *tail) close() {
	t.letGo()
	if err := t.lock.Close(); err != nil {
		t.log.Warn("the lock of the file is not released", "err", err)
	}
	t.metrics.forget(t.label())
}

// letGo closes the files.
func (t *tail) letGo() {
	for _, s := range []*source{t.file, t.late} {
		if s != nil {
			_ = s.Close() // it was only read
		}
	}
	t.file, t.late, t.seen, t.left, t.follower = nil, nil, nil, false, time.Time{}
}

// step looks at the file once; more says that there is something to do at once.
func (t *tail) step(ctx context.Context) (more bool, err error) {
	now := time.Now()
	t.lookLate(now)
	if t.file == nil {
		if err := t.choose(ctx); errors.Is(err, errMoving) {
			return false, nil // until the next look
		} else if err != nil || t.file == nil {
			return false, err
		}
	}
	if t.file.gzip {
		return true, t.unpack(ctx)
	}
	info, err := t.file.Stat()
	if err != nil {
		return false, fmt.Errorf("looking at %s: %w", t.name, err)
	}
	changed := t.seen == nil || info.Size() != t.seen.Size() || !info.ModTime().Equal(t.seen.ModTime())
	switch {
	case changed:
		t.grown = now
		more, err = t.pass(ctx, info, growing)
	case t.left && now.Sub(t.grown) >= t.job.Patience:
		t.left = false
		more, err = t.pass(ctx, info, still)
	}
	if errors.Is(err, errReplaced) {
		return true, t.replaced(ctx)
	}
	if err != nil || more {
		return more, err
	}
	t.note(info)
	if t.succeeded(now) && now.Sub(t.grown) >= settleFor && now.Sub(t.follower) >= settleFor {
		return true, t.finish(ctx)
	}
	return false, nil
}

// note keeps what the file looks like, to know it again, and tells how it stands.
func (t *tail) note(info fs.FileInfo) {
	g := t.state.Now
	if g.Size != info.Size() || !g.ModTime.Equal(info.ModTime()) {
		g.Size, g.ModTime = info.Size(), info.ModTime()
		t.dirty = true
	}
	t.seen = info
	t.tell(info.Size()-g.At.Offset, "")
}

// finish reads the rest of a file that has a successor, a last line without its end too:
// nobody will write the rest of it.
func (t *tail) finish(ctx context.Context) error {
	for more := true; more; {
		info, err := t.file.Stat()
		if err != nil {
			return fmt.Errorf("looking at %s: %w", t.name, err)
		}
		if more, err = t.pass(ctx, info, final); errors.Is(err, errReplaced) {
			return t.replaced(ctx)
		} else if err != nil {
			return err
		}
		t.note(info)
	}
	t.log.Info("file read to its end, its successor has begun", "rows", t.state.Counts.Read, "bytes", t.state.Now.Size)
	t.metrics.rotations.WithLabelValues(t.label()).Inc()
	return t.done()
}

// done leaves the file that is being read.
func (t *tail) done() error {
	g := t.state.Now
	if t.late != nil {
		_ = t.late.Close() // it was only read
	}
	t.late, t.lateSize, t.lateTill = t.file, g.Size, time.Now().Add(lateFor)
	t.file, t.seen, t.left, t.follower, t.chunk = nil, nil, false, time.Time{}, chunkBytes
	t.state.Now = nil
	if g.ModTime.After(t.state.After) {
		t.state.After = g.ModTime
	}
	if t.state.Done = append(t.state.Done, *g); len(t.state.Done) > maxDone {
		t.state.Done = t.state.Done[1:]
	}
	t.dirty = true
	return t.save(true)
}

// lookLate watches the finished file for a while.
func (t *tail) lookLate(now time.Time) {
	if t.late == nil || now.Before(t.lateTill) {
		return
	}
	if info, err := t.late.Stat(); err == nil && !t.late.gzip && info.Size() > t.lateSize {
		t.missed(info.Size()-t.lateSize, "lines came to a file after its successor had begun: import that file once more")
	}
	_ = t.late.Close() // it was only read
	t.late = nil
}

// missed tells of bytes that nobody will read.
func (t *tail) missed(n int64, why string) {
	t.metrics.missed.WithLabelValues(t.label()).Add(float64(n))
	t.log.Error(why, "bytes", n)
}

// unpack reads the rest of a file that was compressed before it was read to its end.
func (t *tail) unpack(ctx context.Context) error {
	g := t.state.Now
	z, err := t.file.unpacked()
	if err != nil {
		return fmt.Errorf("decompressing %s: %w", t.file.Name(), err)
	}
	was := g.At
	if _, err := t.flow(ctx, Input{Reader: z, Name: t.name, From: was}); err != nil {
		return err
	}
	g.At = was // what was read plainly tells it from others
	t.log.Info("rest of a compressed file read", "compressed", t.file.Name())
	t.metrics.rotations.WithLabelValues(t.label()).Inc()
	return t.done()
}

// flow takes one reading to Kafka. Afterwards place, counts and session are those of its
// last item; when it fails they are not, and the state on the disk holds.
func (t *tail) flow(ctx context.Context, in Input) (rows int64, err error) {
	t.clean = false
	before, g := t.state.Counts, t.state.Now
	counts, at := before.clone(), g.At
	t.pipe.acked = func(b *batch) error {
		counts, at = b.counts, *b.end
		return nil
	}
	err = t.pipe.flow(ctx, before.clone(), func(ctx context.Context, each func(*wire.Item) error) error {
		if err := t.session.Read(ctx, in, each); err != nil {
			return inputError{err}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	t.clean, t.worked, t.advanced = true, true, true
	if rows = counts.Read - before.Read; rows > 0 {
		t.im.metrics.add(t.job.Source, &before, &counts)
		t.metrics.last.WithLabelValues(t.label()).SetToCurrentTime()
		t.state.Counts, g.At, t.dirty = counts, at, true
	}
	return rows, nil
}
