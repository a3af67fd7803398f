package keys

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"hotline12333/internal/wholefile"
)

// Settle is how long after it is made a rotated key begins to hold, unless told
// otherwise. [Keys.Follow] reads the file every FollowEvery: within Settle every process
// has the new key, so none still makes pseudonyms of the old one alone.
const (
	Settle      = 10 * time.Minute
	FollowEvery = time.Minute
)

// MinOverlap is the window in which repeat callers are looked for: a shorter overlap would
// lose some of them. DefaultOverlap leaves room for records that come late.
const (
	MinOverlap     = 48 * time.Hour
	DefaultOverlap = 7 * 24 * time.Hour
)

// Facts are what may be told of a key.
type Facts struct {
	ID           string
	Created      time.Time // UTC; zero: not known
	From         time.Time // it holds for calls that arrive from then on; zero: for all
	OverlapUntil time.Time // until then calls carry the pseudonym before as well; zero: never
	Active       bool      // it is the newest
}

// List tells the keys that are not retired, the oldest first.
func (k *Keys) List() []Facts {
	r := k.ring.Load()
	out := make([]Facts, 0, len(r.keys))
	for _, key := range r.keys {
		out = append(out, r.names[key.id])
	}
	return out
}

// Init writes a new key file; it is an error of [fs.ErrExist] when there is one.
func Init(path string, now time.Time) (*Keys, error) {
	f, err := generate(now)
	if err != nil {
		return nil, err
	}
	data, err := f.encode()
	if err != nil {
		return nil, err
	}
	if err := write(path, data, wholefile.How{New: true, ToOwner: true}); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("%s is there already; hotline keys rotate adds a new key to it: %w", path, fs.ErrExist)
		}
		return nil, fmt.Errorf("writing the keys to %s: %w: name another file in keys.file", path, err)
	}
	return Load(path)
}

// Rotation says from when a new key holds.
type Rotation struct {
	Now     time.Time
	From    time.Time     // zero: Settle from now
	Overlap time.Duration // zero: DefaultOverlap
}

// Rotate adds a new key to the file: calls that arrive from r.From on carry its pseudonym,
// and for the overlap the one of the key before as well; what is sealed from now on is
// sealed for it. One rotation at a time: the overlap of the last must be over.
func Rotate(path string, r Rotation) (Facts, error) {
	if r.From.IsZero() {
		r.From = r.Now.Add(Settle)
	}
	if r.Overlap == 0 {
		r.Overlap = DefaultOverlap
	}
	if r.Overlap < MinOverlap {
		return Facts{}, fmt.Errorf("an overlap of %s is shorter than the %s in which repeat callers are looked for", r.Overlap, MinOverlap)
	}
	if r.From.Before(r.Now) {
		return Facts{}, fmt.Errorf("a key cannot begin to hold in the past (%s): calls of that time are counted under the key before", stamp(r.From))
	}
	var made Facts
	err := change(path, func(f *file, old *ring) error {
		newest := old.keys[len(old.keys)-1]
		if newest.overlap.After(r.Now) {
			return fmt.Errorf("the overlap of the key %s runs until %s: rotate after it", newest.id, stamp(newest.overlap))
		}
		from := r.From.UTC().Truncate(time.Second)
		if err := f.add(r.Now, from, from.Add(r.Overlap)); err != nil {
			return err
		}
		made = Facts{ID: f.Active, Created: r.Now, From: from, OverlapUntil: from.Add(r.Overlap), Active: true}
		return nil
	})
	return made, err
}

// Retire removes a key for good: its pseudonyms cannot be made again, and what was sealed
// for it cannot be opened. The active key stays, and so does one that an overlap needs.
func Retire(path, id string, now time.Time) error {
	return change(path, func(f *file, old *ring) error {
		i := slices.IndexFunc(old.keys, func(k key) bool { return k.id == id })
		switch {
		case i < 0:
			return fmt.Errorf("there is no key %q; hotline keys list names them", id)
		case id == f.Active:
			return fmt.Errorf("%s is the active key: rotate first", id)
		case old.keys[i+1].overlap.After(now):
			return fmt.Errorf("the key %s is needed until %s to recognise repeat callers", id, stamp(old.keys[i+1].overlap))
		}
		at := slices.IndexFunc(f.Pseudonyms, func(p pseudonym) bool { return p.ID == id })
		seal := slices.IndexFunc(f.Seals, func(s sealKey) bool { return s.ID == id })
		if seal < 0 { // written before seals had names: they come in the order of the keys
			seal = slices.IndexFunc(f.Seals, func(s sealKey) bool { return s.ID == "" })
		}
		f.Pseudonyms = slices.Delete(f.Pseudonyms, at, at+1)
		if seal >= 0 {
			f.Seals = slices.Delete(f.Seals, seal, seal+1)
		}
		return nil
	})
}

// change rewrites the file under a lock, whole or not at all.
func change(path string, edit func(*file, *ring) error) (err error) {
	// The lock is the directory's: the file itself is replaced.
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("changing the keys: %w", err)
	}
	defer func() { err = errors.Join(err, dir.Close()) }() // frees the lock
	if err := unix.Flock(int(dir.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("locking %s: %w", dir.Name(), err)
	}
	f, err := read(path)
	if err != nil {
		return err
	}
	old, err := f.ring()
	if err != nil {
		return fmt.Errorf("the key file %s: %w: restore it from a copy", path, err)
	}
	if err := edit(f, old); err != nil {
		return err
	}
	if _, err := f.ring(); err != nil {
		return fmt.Errorf("the key file is left as it was: %w", err)
	}
	data, err := f.encode()
	if err != nil {
		return err
	}
	if err := write(path, data, wholefile.How{ToOwner: true}); err != nil {
		return fmt.Errorf("writing the keys to %s: %w", path, err)
	}
	return nil
}

func (f *file) encode() ([]byte, error) {
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing keys: %w", err)
	}
	return append(data, '\n'), nil
}

// Follow reads the key file again whenever it changes, until ctx ends: a rotation reaches
// running processes. A file that cannot be read is reported, and the keys stay as they are.
func (k *Keys) Follow(ctx context.Context, log *slog.Logger) error {
	if k.path == "" {
		return nil
	}
	tick := time.NewTicker(FollowEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		before := k.KeyID()
		if err := k.reload(); err != nil {
			log.Error("the key file cannot be read again, the keys stay as they are", "err", err)
			continue
		}
		if now := k.KeyID(); now != before {
			log.Info("keys rotated", "key", now)
		}
	}
}

func (k *Keys) reload() error {
	fresh, err := Load(k.path)
	if err != nil {
		return err
	}
	k.ring.Store(fresh.ring.Load())
	return nil
}
