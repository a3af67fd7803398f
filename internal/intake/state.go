package intake

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline12333/internal/wholefile"
	"hotline12333/internal/wire"
)

const stateFormat = 1

// state is what an import remembers. Offsets and counts belong together: they are
// written at once, after the broker has acknowledged everything before them.
type state struct {
	Format  int               `json:"format"`
	Run     string            `json:"run"`
	Source  string            `json:"source"`
	Context map[string]string `json:"context"`
	Kafka   string            `json:"kafka,omitempty"` // into which it is read; see whichkafka.go
	Started time.Time         `json:"started"`
	Files   []fileState       `json:"files"`
	Counts  Counts            `json:"counts"`
}

// fileState is one file with the place up to which it is acknowledged.
type fileState struct {
	Path string         `json:"path"` // absolute
	ID   *fileID        `json:"id"`   // nil before it was opened
	At   *wire.Position `json:"at"`   // nil before the first acknowledgement
	Tail string         `json:"tail"` // hash of the bytes before At, of files that are not compressed
}

func newState(job Job, paths []string, now time.Time) (*state, error) {
	id, err := ulid.New(ulid.Timestamp(now), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a run id: %w", err)
	}
	s := &state{
		Format: stateFormat, Run: id.String(), Source: job.Source, Context: job.Context, Started: now.UTC(),
		Files:  make([]fileState, len(paths)),
		Counts: Counts{Ignored: map[string]int64{}, Rejected: map[string]int64{}},
	}
	for i, p := range paths {
		s.Files[i].Path = p
	}
	return s, nil
}

// stateName is the same for the same import.
func stateName(job Job, paths []string) (string, error) {
	key, err := json.Marshal(struct { // maps are written in the order of their keys
		Source  string
		Context map[string]string
		Paths   []string
	}{job.Source, job.Context, paths})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:12]), nil
}

// loadState returns nil when there is no state, or none this version can go on with.
func loadState(path string, paths []string) (*state, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading how far the import is: %w", err)
	}
	var s state
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&s); err != nil || s.Format != stateFormat || len(s.Files) != len(paths) || !s.Counts.Balanced() {
		return nil, errDamagedState
	}
	if _, err := ulid.ParseStrict(s.Run); err != nil || s.Counts.Ignored == nil || s.Counts.Rejected == nil {
		return nil, errDamagedState
	}
	for i, p := range paths {
		if s.Files[i].Path != p {
			return nil, errDamagedState
		}
	}
	return &s, nil
}

var errDamagedState = errors.New("damaged, or of another version")

// save replaces the state on the disk, whole or not at all.
func (s *state) save(path string) error {
	data, err := json.Marshal(s)
	if err == nil {
		err = wholefile.Replace(path, append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("remembering how far the import is: %w", err)
	}
	return nil
}
