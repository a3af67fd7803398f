package journal

import (
	"cmp"
	"slices"
)

// History is the entries of one slot, each replacing the one before it.
type History struct {
	Slot    Slot
	Entries []Entry // the oldest first; never empty

	// Aside are entries that replaced something that another one had replaced. The store
	// does not let that happen; should it, the smaller ID counts, for every reader.
	Aside []Entry
}

// Newest is the last entry, which may be a withdrawal.
func (h *History) Newest() *Entry { return &h.Entries[len(h.Entries)-1] }

// Holds is the entry that holds; nil when the last one withdraws.
func (h *History) Holds() *Entry {
	if e := h.Newest(); !e.Withdrawn {
		return e
	}
	return nil
}

// Histories sorts entries by slot, in the order of kind, centre, subject and period. The
// order of the entries does not matter.
func Histories(entries []Entry) []History {
	bySlot := make(map[Slot][]Entry)
	for i := range entries {
		e := &entries[i]
		bySlot[e.Slot] = append(bySlot[e.Slot], *e)
	}
	out := make([]History, 0, len(bySlot))
	for slot, list := range bySlot {
		if h := chain(slot, list); len(h.Entries) > 0 {
			out = append(out, h)
		}
	}
	slices.SortFunc(out, func(a, b History) int { return compareSlots(a.Slot, b.Slot) })
	return out
}

func compareSlots(a, b Slot) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Centre, b.Centre),
		cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Period, b.Period))
}

// chain follows who replaced whom from the first entry on.
func chain(slot Slot, list []Entry) History {
	after := make(map[string]*Entry, len(list)) // by what is replaced
	for i := range list {
		e := &list[i]
		if other := after[e.Replaces]; other == nil || e.ID < other.ID {
			after[e.Replaces] = e
		}
	}
	h := History{Slot: slot}
	in := make(map[string]bool, len(list))
	for e := after[""]; e != nil && !in[e.ID]; e = after[e.ID] {
		in[e.ID] = true
		h.Entries = append(h.Entries, *e)
	}
	for i := range list {
		if !in[list[i].ID] {
			h.Aside = append(h.Aside, list[i])
		}
	}
	slices.SortFunc(h.Aside, func(a, b Entry) int { return cmp.Compare(a.ID, b.ID) })
	return h
}
