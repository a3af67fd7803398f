package audit

import (
	"bufio"
	"errors"
	"fmt"
	"os"
)

// Read hands every line to fn, the oldest first. It ends with the first line that is not
// what was written or does not follow the one before it, and says which. A log that does
// not exist has no lines.
func Read(path string, fn func(Entry) error) error {
	f, err := os.Open(path)
	if missing(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the audit log: %w", err)
	}
	defer func() { _ = f.Close() }() // only read from
	lines := bufio.NewScanner(f)
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	var last Entry
	for n := 1; lines.Scan(); n++ {
		e, err := decode(lines.Bytes())
		switch {
		case err != nil:
			return fmt.Errorf("the audit log %s: line %d was changed: %w", path, n, err)
		case e.Sequence != last.Sequence+1 || e.Previous != last.Hash:
			return fmt.Errorf("the audit log %s: line %d does not follow the one before it: lines were removed, added or moved", path, n)
		}
		if err := fn(e); err != nil {
			return err
		}
		last = e
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("the audit log %s: %w", path, err)
	}
	return nil
}

// State is what a whole log comes to.
type State struct {
	Lines int64
	Last  Entry
}

// Verify checks the whole chain. seen, when not empty, is a hash that was noted earlier:
// one that is no longer there tells of lines cut off at the end, or of a log written anew.
func Verify(path, seen string) (State, error) {
	var s State
	found := seen == ""
	err := Read(path, func(e Entry) error {
		s.Lines, s.Last = s.Lines+1, e
		found = found || e.Hash == seen
		return nil
	})
	if err == nil && !found {
		err = errors.New("the audit log has no line with the hash " + seen + ": it was cut or written anew since that was noted")
	}
	return s, err
}
