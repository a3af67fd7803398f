package simulate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"hotline12333/internal/wholefile"
)

// Start is how a running hotline was begun. Whoever goes on with it after a restart must
// begin it the same way, or the calls between would be others under the same ids: keep it
// beside the data with [Start.Save] and read it with [LoadStart].
type Start struct {
	Model    int       `json:"model"`
	Scenario string    `json:"scenario"`
	Seed     uint64    `json:"seed"`
	From     time.Time `json:"from"`
}

// model is the version of the rules by which a hotline lives. Another version makes other
// calls of the same seed, and calls of two versions must not meet.
const model = 3

// NewStart begins a hotline for somebody who looks at it now: with the 1st of January, in
// January with the 1st of December before, so that there are days to compare today with.
func NewStart(s *Scenario, seed uint64, now time.Time) (Start, error) {
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		return Start{}, fmt.Errorf("scenario %q: zone: %w", s.Name, err)
	}
	local := now.In(zone)
	start := Start{Model: model, Scenario: s.Name, Seed: seed, From: time.Date(local.Year(), 1, 1, 0, 0, 0, 0, zone)}
	if local.Month() == time.January {
		start.From = start.From.AddDate(0, -1, 0)
	}
	return start, nil
}

// LoadStart reads what Save has written; fs.ErrNotExist when there is nothing.
func LoadStart(path string) (Start, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Start{}, fmt.Errorf("reading how the simulation was started: %w", err)
	}
	var s Start
	if err := json.Unmarshal(data, &s); err != nil {
		return Start{}, fmt.Errorf("reading how the simulation was started from %s: %w", path, err)
	}
	if s.From.IsZero() {
		return Start{}, fmt.Errorf("reading how the simulation was started from %s: no time in \"from\"", path)
	}
	if s.Model != model {
		return Start{}, fmt.Errorf("%s was begun by another version of the simulation, which made other calls: begin with an empty data directory", path)
	}
	return s, nil
}

// Save writes the file whole or not at all.
func (s Start) Save(path string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("noting how the simulation was started: %w", err)
	}
	if err := wholefile.Replace(path, append(data, '\n')); err != nil {
		return fmt.Errorf("noting how the simulation was started: %w", err)
	}
	return nil
}

// Resume reads how the simulation at path was started or, when it never was, notes that
// it is started with fresh.
func Resume(path string, fresh Start) (Start, error) {
	s, err := LoadStart(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, fresh.Save(path)
	}
	return s, err
}
