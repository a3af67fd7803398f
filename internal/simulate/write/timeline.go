package write

import (
	"bufio"
	"io"
	"slices"
	"time"
)

// held is a line that may not be written yet: what happened before it may still come.
type held struct {
	at   time.Time
	text string
}

// horizon is longer than any call: what is older than the end of a call by it will get no
// line before it.
const horizon = 24 * time.Hour

// timeline writes lines in the order of their times, those of one time in the order they
// came. Calls come in the order of their ends, so their lines are held back for a day.
type timeline struct {
	out     *bufio.Writer
	lines   []held
	flushed time.Time
}

func newTimeline(w io.Writer) timeline { return timeline{out: bufio.NewWriterSize(w, 1<<16)} }

func (t *timeline) add(at time.Time, text string) { t.lines = append(t.lines, held{at, text}) }

// reached says that a call ended, or something happened, at a time.
func (t *timeline) reached(at time.Time) error {
	if at.Sub(t.flushed) < time.Hour {
		return nil
	}
	t.flushed = at
	return t.flush(at.Add(-horizon))
}

// flush writes what happened before a time; the zero time is for everything.
func (t *timeline) flush(before time.Time) error {
	slices.SortStableFunc(t.lines, func(a, b held) int { return a.at.Compare(b.at) })
	n := len(t.lines)
	if !before.IsZero() {
		n, _ = slices.BinarySearchFunc(t.lines, before, func(l held, at time.Time) int { return l.at.Compare(at) })
	}
	for _, l := range t.lines[:n] {
		if _, err := t.out.WriteString(l.text); err != nil {
			return err
		}
	}
	t.lines = slices.Delete(t.lines, 0, n)
	return nil
}

// Close writes what is held back.
func (t *timeline) Close() error {
	if err := t.flush(time.Time{}); err != nil {
		return err
	}
	return t.out.Flush()
}
