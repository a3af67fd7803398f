package intake

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/oklog/ulid/v2"

	"hotline12333/internal/wholefile"
)

const followFormat = 1

// followState is what is remembered of a followed file. Place, counts and the source's own
// state belong together: they are written at once, when Kafka has everything before them.
type followState struct {
	Format   int               `json:"format"`
	Run      string            `json:"run"`
	Source   string            `json:"source"`
	Path     string            `json:"path"`
	Way      map[string]string `json:"way"`
	Kafka    string            `json:"kafka,omitempty"` // into which it was read; see whichkafka.go
	Started  time.Time         `json:"started"`
	After    time.Time         `json:"after"` // what is older was there before, or is done
	Now      *generation       `json:"now"`   // being read; nil between two
	Done     []generation      `json:"done"`  // read to their end, the newest last
	Counts   Counts            `json:"counts"`
	Snapshot []byte            `json:"snapshot,omitempty"` // of the session
}

// clockTick is how much earlier than it was written a file may say that it was.
const clockTick = 10 * time.Millisecond

// maxDone is how many finished generations are remembered, so as not to be read again.
const maxDone = 32

// remember takes the lock of the file and reads what was written down of it.
func (t *tail) remember() error {
	dir, err := t.im.cfg.stateDir()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the directory where imports are remembered (intake.state_dir): %w", err)
	}
	key, err := json.Marshal([]any{t.job.Source, t.job.Way, t.path})
	if err != nil {
		return fmt.Errorf("naming what is remembered of %s: %w", t.name, err)
	}
	sum := sha256.Sum256(key)
	t.statePath = filepath.Join(dir, "follow-"+hex.EncodeToString(sum[:12])+".json")
	t.lock = flock.New(t.statePath[:len(t.statePath)-len(".json")]+".lock", flock.SetPermissions(0o600))
	switch locked, err := t.lock.TryLock(); {
	case err != nil:
		return fmt.Errorf("locking what is remembered of %s: %w", t.name, err)
	case !locked:
		return fmt.Errorf("%s is followed by another process already: %w", t.name, ErrBusy)
	}
	return nil
}

// resume begins where the state on the disk says, with a session in that state.
func (t *tail) resume() error {
	t.letGo()
	s, err := loadFollowState(t.statePath)
	if errors.Is(err, errDamagedState) {
		t.log.Warn("what was remembered of the file is damaged, or of another version: it is read from its start", "state", t.statePath)
	} else if err != nil {
		return err
	}
	fresh := s == nil
	if fresh {
		now := time.Now()
		after := now.Add(-clockTick) // what is set aside from now on is read
		if info, err := os.Stat(t.path); err == nil {
			after = info.ModTime()
		}
		id, err := ulid.New(ulid.Timestamp(now), rand.Reader)
		if err != nil {
			return fmt.Errorf("making a run id: %w", err)
		}
		s = &followState{
			Format: followFormat, Run: id.String(), Source: t.job.Source, Path: t.path, Way: t.job.Way, Started: now.UTC(), After: after,
			Counts: Counts{Ignored: map[string]int64{}, Rejected: map[string]int64{}},
		}
	}
	t.state = s
	if t.session, err = t.job.Session(); err != nil {
		return err
	}
	if s.Snapshot != nil {
		if err := t.session.Restore(s.Snapshot); err != nil {
			t.log.Warn("the calls that were going on are read again from the start of the file", "err", err)
			if t.session, err = t.job.Session(); err != nil {
				return err
			}
		}
	}
	t.pipe = t.im.newPipe(t.name, Place{Source: t.job.Source, Run: s.Run, Context: t.job.Context})
	t.clean, t.dirty = true, fresh
	return t.save(true)
}

// loadFollowState returns nil where there is none.
func loadFollowState(path string) (*followState, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading how far the file is: %w", err)
	}
	var s followState
	if err := json.Unmarshal(data, &s); err != nil || s.Format != followFormat || !s.Counts.Balanced() ||
		s.Counts.Ignored == nil || s.Counts.Rejected == nil {
		return nil, errDamagedState
	}
	if _, err := ulid.ParseStrict(s.Run); err != nil {
		return nil, errDamagedState
	}
	return &s, nil
}

// What writing the state may cost: a large one, of an exchange with thousands of calls, is
// written less often. What lies between is told again after a kill, and counts once.
const (
	saveShare   = 20        // the time between two is so many times what one took
	saveBytesPS = 256 << 10 // bytes a second, in the long run
)

// save writes the state, if it has changed and unless it was just written.
func (t *tail) save(now bool) error {
	began := time.Now()
	if !t.dirty || !now && began.Before(t.nextSave) {
		return nil
	}
	t.state.Snapshot = t.session.Snapshot()
	data, err := json.Marshal(t.state)
	if err == nil {
		err = wholefile.Replace(t.statePath, append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("remembering how far the file is: %w", err)
	}
	t.dirty = false
	done := time.Now()
	pause := max(saveEvery, saveShare*done.Sub(began), time.Duration(len(data))*time.Second/saveBytesPS)
	t.nextSave = done.Add(pause)
	return nil
}
