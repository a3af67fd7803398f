package seal

import "fmt"

// Line is what an audit log says of a closed report.
type Line struct {
	At     uint64 // its number in the log
	Number uint64 // the entry's number in the chain
	Hash   string // and its hash
}

// Compared is a chain held against an audit log.
type Compared struct {
	Faults []Fault

	// Missing are entries without a line that the log should have, because it was its actor
	// who closed them. Of them only the last can be what a crash left behind: the next
	// closing adds its line before it adds an entry.
	Missing []*Entry
	Others  []*Entry // closed by others, whose logs lie elsewhere; and before entries had an actor
}

// Compare holds a chain against the lines of an audit log, both ways. A line is written
// after its entry, so one without an entry is never left by a crash: the entry was cut off,
// or the store is that of an earlier day. actor is whose log it is.
func Compare(entries []*Entry, lines []Line, actor string) Compared {
	var c Compared
	told := make(map[string]bool, len(lines))
	byNumber := make(map[uint64]*Entry, len(entries))
	for _, e := range entries {
		byNumber[e.Sequence] = e
	}
	for _, l := range lines {
		switch e := byNumber[l.Number]; {
		case e == nil:
			c.Faults = append(c.Faults, Fault{l.Number, fmt.Sprintf("line %d of the audit log tells of it (%.12s) and the chain has no such entry: it was cut off, or the store was restored from before", l.At, l.Hash)})
		case e.Hash != l.Hash:
			c.Faults = append(c.Faults, Fault{l.Number, fmt.Sprintf("line %d of the audit log tells of %.12s, the entry is %.12s: the chain was written anew", l.At, l.Hash, e.Hash)})
		}
		told[l.Hash] = true
	}
	for _, e := range entries {
		switch {
		case told[e.Hash]:
		case e.Actor == actor:
			c.Missing = append(c.Missing, e)
		default:
			c.Others = append(c.Others, e)
		}
	}
	return c
}

// Unexplained are the missing lines that no crash explains: all but that of the last entry
// the actor has closed.
func (c *Compared) Unexplained(entries []*Entry, actor string) []Fault {
	var last *Entry
	for _, e := range entries {
		if e.Actor == actor {
			last = e
		}
	}
	var faults []Fault
	for _, e := range c.Missing {
		if e != last {
			faults = append(faults, Fault{e.Sequence, "the audit log has no line of it and has one of a later entry: the line was removed"})
		}
	}
	return faults
}
