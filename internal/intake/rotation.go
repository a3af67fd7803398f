package intake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// succeeded says whether another file with content stands at the path. One that begins
// with what was read, as a copy that is brought anew each time, is no other: it is read on.
func (t *tail) succeeded(now time.Time) bool {
	info, err := os.Stat(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		t.gone()
	}
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		t.follower = time.Time{}
		return false
	}
	t.there()
	if os.SameFile(info, t.seen) {
		t.follower = time.Time{}
		return false
	}
	if t.follower.IsZero() {
		if s, _, err := openSource(t.path); err == nil {
			if same, err := s.holds(t.state.Now); same && err == nil && !s.gzip {
				_ = t.file.Close() // it was only read
				t.file, t.seen = s, nil
				t.identify(info)
				return false
			}
			_ = s.Close() // it was only read
		}
		t.follower = now
	}
	return true
}

func (t *tail) identify(info fs.FileInfo) {
	t.state.Now.Dev, t.state.Now.Ino = inode(info)
	t.dirty = true
}

// gone and there say once that nothing stands at the path, and that something does again.
func (t *tail) gone() {
	t.metrics.present.WithLabelValues(t.label()).Set(0)
	if !t.absent {
		t.absent = true
		t.log.Warn("the file does not exist, or not any more: waiting for it")
	}
	if t.file == nil {
		t.tell(0, "the file exists")
	}
}

func (t *tail) there() {
	t.metrics.present.WithLabelValues(t.label()).Set(1)
	if t.absent {
		t.absent = false
		t.log.Info("the file is there")
	}
}

// replaced goes on after the content of the file has changed under its name: what was
// copied away before (copytruncate) is read to its end first.
func (t *tail) replaced(ctx context.Context) error {
	old := t.state.Now
	_ = t.file.Close() // it was only read
	t.file, t.seen, t.left, t.follower = nil, nil, false, time.Time{}
	s, info, err := t.find(ctx, old)
	if errors.Is(err, errMoving) {
		return nil // choose looks again
	}
	if err != nil {
		return err
	}
	if s != nil {
		t.log.Info("the file was truncated or replaced: its copy is read to its end", "copy", s.Name())
		t.file = s
		t.identify(info)
		return nil
	}
	t.log.Info("the file was truncated or replaced: it is read from its start", "rows", t.state.Counts.Read)
	return t.lost()
}

// lost gives up what was left of a generation that is nowhere any more.
func (t *tail) lost() error {
	g := t.state.Now
	if left := g.Size - g.At.Offset; left > 0 {
		t.missed(left, "the end of a file had not been read when it vanished")
	}
	t.metrics.rotations.WithLabelValues(t.label()).Inc()
	return t.done()
}

// choose opens what is to be read next: what was being read, wherever it is now; else the
// oldest file that was set aside since; else the one at the path.
func (t *tail) choose(ctx context.Context) error {
	at, err := os.Stat(t.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking at %s: %w", t.name, err)
	}
	if g := t.state.Now; g != nil && g.At.Offset == 0 {
		t.state.Now = nil // nothing was read of it: it is next again, whatever it is called now
	} else if g != nil {
		s, info, err := t.find(ctx, g)
		if err != nil {
			return err
		}
		if s != nil {
			t.file = s
			t.identify(info)
			return nil
		}
		if at == nil { // what is not mounted, say, may come back
			t.gone()
			return nil
		}
		t.log.Warn("the file that was being read is nowhere any more", "read", g.At.Offset)
		return t.lost()
	}
	s, info, err := t.next(ctx)
	if err != nil {
		return err
	}
	if s == nil {
		t.gone()
		return nil
	}
	t.there()
	t.begin(s, info)
	return t.save(true)
}

// begin reads a file: from its start, or where it was left.
func (t *tail) begin(s *source, info fs.FileInfo) {
	g := generation{ModTime: info.ModTime(), Size: info.Size()}
	for i, d := range slices.Backward(t.state.Done) { // it was finished and is back
		if same, err := s.holds(&d); same && err == nil {
			g = d
			t.state.Done = slices.Delete(t.state.Done, i, i+1)
			break
		}
	}
	t.state.Now, t.file = &g, s
	t.identify(info)
	t.log.Info("reading", "path", s.Name(), "from", g.At.Offset)
}

// rotated knows the names of files that were set aside: queue_log.1, queue_log-20260302,
// calls-20260302.csv, each compressed or not.
func rotated(base string) *regexp.Regexp {
	ext := filepath.Ext(base)
	stem := regexp.QuoteMeta(strings.TrimSuffix(base, ext))
	mark := `[._-][0-9][0-9T._-]*`
	return regexp.MustCompile(`^(` + regexp.QuoteMeta(base) + mark + `|` + stem + mark + regexp.QuoteMeta(ext) + `)(\.gz)?$`)
}

// sibling is a file in the directory of the followed one.
type sibling struct {
	path string
	info fs.FileInfo
}

// errMoving says that files are being renamed at this moment.
var errMoving = errors.New("the files are being rotated")

// siblings are the regular files beside the path that match, the oldest first. A directory
// that changes while it is listed may hide one of them, so it is listed until it is still.
func (t *tail) siblings(match func(name string) bool) ([]sibling, error) {
	last, err := t.list(match)
	for range 5 {
		if err != nil && !errors.Is(err, errMoving) {
			return nil, err
		}
		next, nextErr := t.list(match)
		if err == nil && nextErr == nil && slices.EqualFunc(last, next, func(a, b sibling) bool {
			return a.path == b.path && os.SameFile(a.info, b.info)
		}) {
			slices.SortStableFunc(next, func(a, b sibling) int { return a.info.ModTime().Compare(b.info.ModTime()) })
			return next, nil
		}
		last, err = next, nextErr
	}
	return nil, errMoving
}

func (t *tail) list(match func(name string) bool) ([]sibling, error) {
	dir := filepath.Dir(t.path)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for %s: %w", t.name, err)
	}
	var out []sibling
	for _, e := range entries {
		if e.Name() == filepath.Base(t.path) || !match(e.Name()) {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		if errors.Is(err, fs.ErrNotExist) && e.Type()&fs.ModeSymlink == 0 {
			return nil, errMoving
		}
		if err == nil && info.Mode().IsRegular() {
			out = append(out, sibling{filepath.Join(dir, e.Name()), info})
		}
	}
	return out, nil
}

// open opens a listed file; what has taken its name meanwhile is another one.
func (s sibling) open() (*source, fs.FileInfo, error) {
	in, info, err := openSource(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, errMoving
	case err != nil:
		return nil, nil, err
	case !os.SameFile(info, s.info):
		return nil, nil, errors.Join(errMoving, in.Close())
	}
	return in, info, nil
}

// find opens the file that holds what was read of a generation: at the path, or renamed, or
// copied, or compressed. It is nil where there is none.
func (t *tail) find(ctx context.Context, g *generation) (*source, fs.FileInfo, error) {
	stem := strings.TrimSuffix(filepath.Base(t.path), filepath.Ext(t.path))
	around, err := t.siblings(func(name string) bool { return strings.Contains(name, stem) })
	if err != nil {
		return nil, nil, err
	}
	slices.Reverse(around)
	if info, err := os.Stat(t.path); err == nil && info.Mode().IsRegular() {
		around = slices.Insert(around, 0, sibling{t.path, info})
	}
	for _, packed := range []bool{false, true} {
		for _, o := range around {
			if err := ctx.Err(); err != nil {
				return nil, nil, err
			}
			s, info, err := o.open()
			if errors.Is(err, errMoving) {
				return nil, nil, err
			}
			if err != nil {
				continue // it is not for us to read
			}
			if s.gzip == packed {
				if same, err := s.holds(g); same && err == nil {
					return s, info, nil
				}
			}
			_ = s.Close() // it was only read
		}
	}
	return nil, nil, nil
}

// next opens what comes after the generations that are done; nil where there is nothing.
func (t *tail) next(ctx context.Context) (*source, fs.FileInfo, error) {
	around, err := t.siblings(rotated(filepath.Base(t.path)).MatchString)
	if err != nil {
		return nil, nil, err
	}
	for _, o := range around {
		plain := strings.TrimSuffix(o.path, ".gz")
		if o.info.ModTime().Before(t.state.After) ||
			plain != o.path && slices.ContainsFunc(around, func(p sibling) bool { return p.path == plain }) {
			continue // old, or being compressed
		}
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		s, info, err := o.open()
		if errors.Is(err, errMoving) {
			return nil, nil, err
		}
		if err != nil {
			t.log.Error("a file that was set aside cannot be read", "path", o.path, "err", err)
			continue
		}
		if !t.finished(s, info) {
			return s, info, nil
		}
		_ = s.Close() // it was only read
	}
	s, info, err := openSource(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("opening %s: %w", t.name, err)
	}
	return s, info, nil
}

// finished says whether a file was read to its end before.
func (t *tail) finished(s *source, info fs.FileInfo) bool {
	for i := range t.state.Done {
		g := &t.state.Done[i]
		if same, err := s.holds(g); err == nil && (same || g.same(info)) {
			return true
		}
	}
	return false
}
