package seal

import (
	"fmt"
	"slices"
)

// Row is a link of the chain as it is kept: what is written beside the manifest is there
// to be searched by, and must say the same.
type Row struct {
	Sequence       uint64
	ID             string
	Centre, Period string
	Revision       uint32
	Hash           string
	Text           []byte
}

// Row is how the entry is kept.
func (e *Entry) Row() Row {
	return Row{Sequence: e.Sequence, ID: e.ID, Centre: e.Centre, Period: e.Period, Revision: uint32(e.Revision), Hash: e.Hash, Text: e.Text}
}

// Fault is something that is not as it was written.
type Fault struct {
	Sequence uint64
	What     string
}

func (f Fault) String() string { return fmt.Sprintf("entry %d: %s", f.Sequence, f.What) }

// Chain reads the rows in order and tells what is wrong with them. Entries that can be
// read are returned whatever is wrong.
func Chain(rows []Row) (entries []*Entry, faults []Fault) {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b Row) int {
		switch {
		case a.Sequence < b.Sequence:
			return -1
		case a.Sequence > b.Sequence:
			return 1
		}
		return 0
	})
	next, previous := uint64(1), ""
	for i := range rows {
		r := &rows[i]
		fault := func(format string, args ...any) {
			faults = append(faults, Fault{Sequence: r.Sequence, What: fmt.Sprintf(format, args...)})
		}
		e, err := Read(r.Text)
		if err != nil {
			fault("%v", err)
			next, previous = r.Sequence+1, r.Hash
			continue
		}
		switch {
		case r.Sequence > next:
			fault("%d entries before it are missing", r.Sequence-next)
		case r.Sequence < next:
			fault("the number is there twice")
		}
		if e.Hash != r.Hash {
			fault("its hash is %.12s, its manifest gives %.12s: one of them was changed", r.Hash, e.Hash)
		}
		if e.Previous != previous {
			fault("it follows %.12s, the entry before is %.12s: one was changed, taken out or put in", orNone(e.Previous), orNone(previous))
		}
		if w := e.Row(); w.Sequence != r.Sequence || w.ID != r.ID || w.Centre != r.Centre || w.Period != r.Period || w.Revision != r.Revision {
			fault("what stands beside the manifest says something else")
		}
		next, previous = r.Sequence+1, r.Hash
		entries = append(entries, e)
	}
	return entries, faults
}

func orNone(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// Of is the newest entry of a period, which holds, with those it has replaced; empty where
// it was never closed.
func Of(entries []*Entry, centre, period string) []*Entry {
	var list []*Entry
	for _, e := range entries {
		if e.Centre == centre && e.Period == period {
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b *Entry) int { return b.Revision - a.Revision })
	return list
}
