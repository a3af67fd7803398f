package callback

import (
	"time"

	"hotline12333/internal/journal"
)

// State is how an item stands.
type State string

// The states. Only the first two are owed; the last two are nobody's work.
const (
	Owed      State = "owed"      // 待回拨
	Taken     State = "taken"     // 已领取: somebody calls back, it is still owed
	Done      State = "done"      // 已回拨: reached, given up or withdrawn
	Redialled State = "redialled" // 已再次接通: the caller called again and was answered
	Short     State = "short"     // 速挂: hung up at once
	Withheld  State = "withheld"  // no pseudonym: the number was withheld, not told, or erased
)

// Way is what ended an item.
type Way string

// The ways.
const (
	ByPerson   Way = "person"   // an entry of the journal
	ByRedial   Way = "redial"   // an answered call of the caller
	ByCallBack Way = "callback" // a call back that the telephone system recorded
	ByTicket   Way = "ticket"   // the response to the call's ticket
)

// Item is the lost calls of one caller since anybody last spoke to them, or gave them up.
type Item struct {
	// ID is the call under which the journal keeps what is done: one of the calls, or one
	// that was among them when somebody first acted.
	ID, Centre string
	State      State
	Calls      []Call // the lost ones, the oldest first; short ones only where all are
	ShortCalls int    // short ones beside them
	AfterHours int    // of Calls, those that arrived outside service hours

	Deadline time.Time // of the first; zero: the calendar does not know the year

	Owner    string         // of Taken
	Attempts int            // without an answer
	Entry    *journal.Entry // the newest about it; nil: nobody has acted
	Step     journal.CallBack

	Way     Way // of Done and Redialled
	EndedAt time.Time
	EndedBy string // the person, the call, or the ticket
	Ticket  string // an open ticket of one of the calls, in its own system
}

// First and Last are the first and the last of the lost calls.
func (i *Item) First() *Call { return &i.Calls[0] }

// Last is the newest call.
func (i *Item) Last() *Call { return &i.Calls[len(i.Calls)-1] }

// Open says whether somebody is still to be called back.
func (i *Item) Open() bool { return i.State == Owed || i.State == Taken }

// Overdue says whether the deadline of an open item has passed.
func (i *Item) Overdue(now time.Time) bool {
	return i.Open() && !i.Deadline.IsZero() && now.After(i.Deadline)
}

// Revealable is the newest call that carries the number; nil: none does.
func (i *Item) Revealable() *Call {
	for j := len(i.Calls) - 1; j >= 0; j-- {
		if i.Calls[j].Number {
			return &i.Calls[j]
		}
	}
	return nil
}
