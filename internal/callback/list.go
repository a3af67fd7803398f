package callback

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/journal"
)

// Facts are what a list is made of, in any order.
type Facts struct {
	Calls   []Call            // the lost ones of the days listed, and those since by which their callers were reached
	Tickets []hotline.Ticket  // voicemail and callback
	Entries []journal.History // of journal.KindLostCall
}

// Rules are what the centre has chosen.
type Rules struct {
	Short time.Duration // a lost call with a wait below it is a short abandon
	// Deadline is when the caller of a call of the source that was lost then is to be
	// called back by; zero where the calendar does not know. Nil: there is none.
	Deadline func(source string, lost time.Time) time.Time
	// InService says whether a quarter hour is within service hours; nil: always.
	InService func(source string, bucket time.Time) bool
}

// List is all items, by deadline, then the longest waiting; those without a deadline last.
// Nobody changes it once it is built.
type List struct {
	Items  []*Item
	byCall map[string]*Item
}

// Build makes the list. What it gives depends on the facts alone, not on their order.
func Build(f Facts, r Rules) (*List, error) {
	b := builder{rules: r, names: callers{of: map[string]int{}}, lost: map[int][]Call{}, ends: map[int][]ending{}, callerOf: map[string]int{}, tickets: map[string]string{}}
	b.addCalls(f.Calls)
	b.addTickets(f.Tickets)
	if err := b.addEntries(f.Entries); err != nil {
		return nil, err
	}
	for who, calls := range b.lost {
		b.itemsOf(calls, b.ends[who])
	}
	list := &List{Items: b.items, byCall: make(map[string]*Item, len(b.items))}
	slices.SortFunc(list.Items, order)
	for _, i := range list.Items {
		for j := range i.Calls {
			list.byCall[i.Calls[j].ID] = i
		}
	}
	return list, nil
}

func order(a, b *Item) int {
	if a.Deadline.IsZero() != b.Deadline.IsZero() {
		return cmp.Compare(b.Deadline.Unix(), a.Deadline.Unix()) // zero is the smallest, and goes last
	}
	return cmp.Or(a.Deadline.Compare(b.Deadline), a.First().DecidedAt.Compare(b.First().DecidedAt), cmp.Compare(a.First().ID, b.First().ID))
}

// Find is the item that a lost call is in; nil: none is.
func (l *List) Find(callID string) *Item { return l.byCall[callID] }

// ending is something that ends the calls lost before it.
type ending struct {
	at     time.Time // when it was
	before time.Time // calls lost up to then are ended by it
	way    Way
	by     string
	entry  *journal.Entry
	step   journal.CallBack
	calls  map[string]bool // which it names, whenever they were lost
}

func (e *ending) ends(c *Call) bool { return !c.DecidedAt.After(e.before) || e.calls[c.ID] }

// slot is what the journal has about calls.
type slot struct {
	newest *journal.Entry
	step   journal.CallBack
}

type builder struct {
	rules    Rules
	names    callers
	lost     map[int][]Call
	ends     map[int][]ending
	callerOf map[string]int // by lost call
	tickets  map[string]string
	slots    map[string][]*slot // open ones, by call
	unknown  int                // callers without a name, so far
	items    []*Item
}

func (b *builder) addCalls(calls []Call) {
	for i := range calls {
		if c := &calls[i]; c.known() {
			b.names.add(c.Caller, c.Before)
		}
	}
	for i := range calls {
		c := &calls[i]
		who := 0
		if c.known() {
			who = b.names.root(b.names.of[c.Caller])
		} else {
			b.unknown-- // each is a caller of its own
			who = b.unknown
		}
		switch {
		case c.Lost():
			b.lost[who] = append(b.lost[who], *c)
			b.callerOf[c.ID] = who
		case c.Reached() && c.known():
			way := ByRedial
			if c.Direction == hotline.Callback {
				way = ByCallBack
			}
			// Who called while another call of theirs still waited did not call again.
			b.ends[who] = append(b.ends[who], ending{at: c.DecidedAt, before: c.ArrivedAt, way: way, by: c.ID})
		}
	}
}

func (b *builder) addTickets(tickets []hotline.Ticket) {
	for i := range tickets {
		t := &tickets[i]
		who, ok := b.callerOf[t.CallID]
		if !ok || t.Deleted || t.Kind != hotline.TicketVoicemail && t.Kind != hotline.TicketCallback {
			continue
		}
		at := t.RespondedAt
		if at.IsZero() {
			at = t.ResolvedAt
		}
		switch {
		case t.OnTheSpot:
		case at.IsZero():
			b.tickets[t.CallID] = max(b.tickets[t.CallID], t.ID)
		default:
			b.ends[who] = append(b.ends[who], ending{at: at, before: at, way: ByTicket, by: t.ID, calls: map[string]bool{t.CallID: true}})
		}
	}
}

func (b *builder) addEntries(entries []journal.History) error {
	b.slots = map[string][]*slot{}
	for i := range entries {
		e := entries[i].Newest()
		step, err := journal.Decode[journal.CallBack](e)
		if err != nil {
			return fmt.Errorf("reading what was done about lost calls: %w", err)
		}
		calls := append([]string{e.Subject}, step.Calls...)
		if step.Step != journal.CallBackDone {
			s := &slot{e, step}
			for _, id := range slices.Compact(slices.Sorted(slices.Values(calls))) {
				b.slots[id] = append(b.slots[id], s)
			}
			continue
		}
		done := ending{at: e.At, before: e.At, way: ByPerson, by: e.By, entry: e, step: step, calls: make(map[string]bool, len(calls))}
		whose := map[int]bool{}
		for _, id := range calls {
			done.calls[id] = true
			if who, ok := b.callerOf[id]; ok {
				whose[who] = true
			}
		}
		for who := range whose {
			b.ends[who] = append(b.ends[who], done)
		}
	}
	return nil
}

// entryID tells apart what one person has entered at one moment.
func (e *ending) entryID() string {
	if e.entry == nil {
		return ""
	}
	return e.entry.ID
}

// itemsOf makes the items of one caller: what one and the same ending ends is one, and what
// none ends is one. The earliest ending of a call counts.
func (b *builder) itemsOf(calls []Call, ends []ending) {
	slices.SortFunc(calls, func(x, y Call) int { return cmp.Or(x.DecidedAt.Compare(y.DecidedAt), cmp.Compare(x.ID, y.ID)) })
	slices.SortFunc(ends, func(x, y ending) int {
		return cmp.Or(x.at.Compare(y.at), cmp.Compare(x.way, y.way), cmp.Compare(x.by, y.by), cmp.Compare(x.entryID(), y.entryID()))
	})
	parts := make([][]Call, len(ends)+1)
	for _, c := range calls {
		at := slices.IndexFunc(ends, func(e ending) bool { return e.ends(&c) })
		if at < 0 {
			at = len(ends)
		}
		parts[at] = append(parts[at], c)
	}
	for i, part := range parts {
		if len(part) == 0 {
			continue
		}
		var end *ending
		if i < len(ends) {
			end = &ends[i]
		}
		b.items = append(b.items, b.item(part, end))
	}
}

func (b *builder) item(calls []Call, end *ending) *Item {
	isShort := func(c Call) bool { return c.short(b.rules.Short) }
	whole := calls
	if slices.ContainsFunc(calls, isShort) {
		whole = slices.DeleteFunc(slices.Clone(calls), isShort)
	}
	i := &Item{Calls: whole, ShortCalls: len(calls) - len(whole), State: Owed}
	if len(whole) == 0 {
		i.Calls, i.ShortCalls, i.State = calls, 0, Short
	}
	first := i.First()
	i.ID, i.Centre = first.ID, first.Centre
	for j := range i.Calls {
		c := &i.Calls[j]
		if b.rules.InService != nil && !b.rules.InService(c.Source, hotline.BucketOf(c.ArrivedAt)) {
			i.AfterHours++
		}
		i.Ticket = max(i.Ticket, b.tickets[c.ID])
	}
	if b.rules.Deadline != nil {
		i.Deadline = b.rules.Deadline(first.Source, first.DecidedAt)
	}
	if i.State == Short {
		return i
	}
	b.entered(i, calls)
	switch {
	case end != nil && end.way == ByRedial:
		i.State = Redialled
	case end != nil:
		i.State = Done
	case !first.known():
		i.State = Withheld
	case i.Entry != nil && i.Step.Held():
		i.State, i.Owner = Taken, i.Entry.By
	}
	if end != nil {
		i.Way, i.EndedAt, i.EndedBy = end.way, end.at, end.by
		if end.entry != nil {
			i.Entry, i.Step, i.ID, i.Attempts = end.entry, end.step, end.entry.Subject, end.step.Attempts
		}
	}
	return i
}

// entered finds the newest of what people have begun about the calls.
func (b *builder) entered(i *Item, calls []Call) {
	for j := range calls {
		for _, s := range b.slots[calls[j].ID] {
			if i.Entry == nil || s.newest.ID > i.Entry.ID {
				i.Entry, i.Step, i.ID, i.Attempts = s.newest, s.step, s.newest.Subject, s.step.Attempts
			}
		}
	}
}
