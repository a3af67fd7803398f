package journal

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/refusal"
)

// ShiftSubject is what entries of KindShiftNote are about. Their period is the month in
// which the outgoing supervisor signed, so that hand-overs of a month follow one another
// and nobody hands over beside somebody else.
const ShiftSubject = "shift"

// Handover is a shift that one supervisor hands to another. Both sign, each with an entry of
// their own: the second one replaces the first, and holds all of it again.
type Handover struct {
	Step   HandoverStep `json:"step"`
	State  ShiftState   `json:"state"` // as the program saw it when the outgoing one signed
	Notes  string       `json:"notes,omitempty"`
	Points []OpenPoint  `json:"points,omitempty"`

	Outgoing string    `json:"outgoing"`
	HandedAt time.Time `json:"handed_at"`
	Remark   string    `json:"remark,omitempty"` // of who takes over
}

// HandoverStep is who has signed.
type HandoverStep string

// The steps.
const (
	ShiftHanded   HandoverStep = "handed"   // the outgoing supervisor has
	ShiftAccepted HandoverStep = "accepted" // both have; the incoming one is the entry's author
)

// OpenPoint is something the next shift has to know of until it is ticked off.
type OpenPoint struct {
	ID    string    `json:"id"`
	Text  string    `json:"text"`
	By    string    `json:"by"` // who noted it
	Since time.Time `json:"since"`
	Done  bool      `json:"done,omitempty"` // ticked off by the outgoing supervisor of this hand-over
}

// ShiftState is the hotline at the instant of a hand-over. What was not known is nil.
type ShiftState struct {
	At         time.Time  `json:"at"`
	Zone       string     `json:"zone"`
	DataTo     *time.Time `json:"data_to"`
	Definition string     `json:"definition"` // of the answer rate that led
	Confirmed  bool       `json:"confirmed"`

	Offered   *int64 `json:"offered"` // today, up to At
	Requested *int64 `json:"requested"`
	Answered  *int64 `json:"answered"`
	RateNum   *int64 `json:"rate_num"` // of the answer rate that led
	RateDen   *int64 `json:"rate_den"`

	Waiting     *int           `json:"waiting"`
	LongestWait int            `json:"longest_wait_seconds,omitempty"`
	Agents      map[string]int `json:"agents"` // by state

	CallbacksOwed    *int   `json:"callbacks_owed"`
	CallbacksOverdue *int   `json:"callbacks_overdue"`
	TicketsOpen      *int64 `json:"tickets_open"`
	TicketsOverdue   *int64 `json:"tickets_overdue"`

	Alarms      *[]ShiftAlarm `json:"alarms"` // in force; nil: nobody evaluates them
	Maintenance *Maintenance  `json:"maintenance,omitempty"`
	Outages     []Outage      `json:"outages,omitempty"` // of the day
}

// ShiftAlarm is an alert that was in force.
type ShiftAlarm struct {
	Name      string    `json:"name"`
	Severity  string    `json:"severity,omitempty"`
	Summary   string    `json:"summary,omitempty"`    // in Chinese
	SummaryEN string    `json:"summary_en,omitempty"` // hand-overs of earlier versions have none
	Since     time.Time `json:"since"`
}

// The longest a hand-over may be; texts count in bytes.
const (
	mostPoints = 60
	mostPoint  = 600
	mostNotes  = 12 << 10

	bytesPerHan = 3 // of a Chinese character
)

// Validate checks what people have written.
func (h *Handover) Validate() error {
	switch {
	case h.Step != ShiftHanded && h.Step != ShiftAccepted:
		return fmt.Errorf("step: %q is neither %s nor %s", h.Step, ShiftHanded, ShiftAccepted)
	case strings.TrimSpace(h.Outgoing) == "" || h.HandedAt.IsZero():
		return refusal.Errorf("没有交班人或交班时间", "outgoing: who hands over, and when, is missing")
	case len(h.Notes) > mostNotes || len(h.Remark) > mostNotes:
		return refusal.Errorf("说明或备注过长:最多约 %[2]d 字", "notes: longer than %[1]d bytes", mostNotes, mostNotes/bytesPerHan)
	case len(h.Points) > mostPoints:
		return refusal.Errorf("待办事项 %d 项,多于 %d 项:请先办结一些,或另行记录", "points: %d are more than %d: tick some off, or write them elsewhere", len(h.Points), mostPoints)
	}
	for _, p := range h.Points {
		if strings.TrimSpace(p.Text) == "" || len(p.Text) > mostPoint {
			return refusal.Errorf("待办“%.20[1]s”为空或过长:每项最多约 %[3]d 字", "points: %.40[1]q is empty, or longer than %[2]d bytes", p.Text, mostPoint, mostPoint/bytesPerHan)
		}
	}
	return nil
}

// Open are the points that the next hand-over begins with.
func (h *Handover) Open() []OpenPoint {
	return slices.DeleteFunc(slices.Clone(h.Points), func(p OpenPoint) bool { return p.Done })
}

// Shifts are the hand-overs of a centre in order of time, with where they stand.
type Shifts struct {
	List    []SignedHandover // the newest first, withdrawn ones too
	Pending *SignedHandover  // handed and not accepted; nil: none is
	Points  []OpenPoint      // still open after the newest that was not withdrawn
	newest  map[string]string
}

// SignedHandover is a hand-over with the entries that sign it.
type SignedHandover struct {
	Handover
	ID       string // of the first entry
	Entry    string // of the newest, to be replaced by the next
	Slot     Slot
	Incoming string // empty: not accepted
	Accepted time.Time
	// Withdrawn says that the outgoing supervisor took it back, and why.
	Withdrawn   bool
	WithdrawnBy string
	Reason      string
}

// ReadShifts sorts the entries of one centre's hand-overs.
func ReadShifts(entries []Entry) (*Shifts, error) {
	s := &Shifts{newest: map[string]string{}}
	histories := Histories(entries) // by month
	for i := range histories {
		h := &histories[i]
		s.newest[h.Slot.Period] = h.Newest().ID
		for j := range h.Entries {
			if err := s.add(&h.Entries[j]); err != nil {
				return nil, err
			}
		}
	}
	slices.SortStableFunc(s.List, func(a, b SignedHandover) int { return b.HandedAt.Compare(a.HandedAt) })
	for i := range s.List {
		if h := &s.List[i]; !h.Withdrawn {
			s.Points = h.Open()
			if h.Incoming == "" {
				s.Pending = h
			}
			break
		}
	}
	return s, nil
}

func (s *Shifts) add(e *Entry) error {
	h, err := Decode[Handover](e)
	if err != nil {
		return err
	}
	last := len(s.List) - 1
	switch {
	case !e.Withdrawn && h.Step == ShiftHanded:
		s.List = append(s.List, SignedHandover{Handover: h, ID: e.ID, Entry: e.ID, Slot: e.Slot})
	case last < 0 || s.List[last].Entry != e.Replaces: // the store does not let that happen
		return fmt.Errorf("entry %s: it signs no hand-over", e.ID)
	case e.Withdrawn:
		s.List[last].Withdrawn, s.List[last].WithdrawnBy, s.List[last].Reason, s.List[last].Entry = true, e.By, e.Reason, e.ID
	default:
		s.List[last].Handover, s.List[last].Incoming, s.List[last].Accepted, s.List[last].Entry = h, e.By, e.At, e.ID
	}
	return nil
}

// Find is the hand-over that an entry signs.
func (s *Shifts) Find(id string) *SignedHandover {
	for i := range s.List {
		if s.List[i].ID == id || s.List[i].Entry == id {
			return &s.List[i]
		}
	}
	return nil
}

// ShiftRefusal is why somebody cannot sign now.
type ShiftRefusal string

// The refusals.
const (
	ShiftPending    ShiftRefusal = "pending"     // one is waiting to be accepted
	ShiftNotPending ShiftRefusal = "not_pending" // none is
	ShiftSamePerson ShiftRefusal = "same_person" // who hands over does not take over
	ShiftNotYours   ShiftRefusal = "not_yours"   // only who has handed over takes it back
)

func (r ShiftRefusal) Error() string {
	switch r {
	case ShiftPending:
		return "a shift has been handed over and nobody has taken it yet: it must be taken over, or withdrawn, first"
	case ShiftNotPending:
		return "no shift waits to be taken over: it was taken over, or withdrawn"
	case ShiftSamePerson:
		return "who hands a shift over does not take it over: somebody else signs, signed in as themselves"
	}
	return "only who has handed the shift over can withdraw that"
}

// Hand makes the entry with which somebody hands over. given are the points that are ticked
// off, by id, and new ones.
func (s *Shifts) Hand(slot Slot, h Handover) (Entry, error) {
	if s.Pending != nil {
		return Entry{}, ShiftPending
	}
	h.Step = ShiftHanded
	return Entry{Slot: slot, Replaces: s.newest[slot.Period], By: h.Outgoing, Body: Encode(h)}, h.Validate()
}

// Accept makes the entry with which somebody takes over the shift that was handed over with
// the entry id.
func (s *Shifts) Accept(id, by, remark string) (Entry, error) {
	p := s.Pending
	switch {
	case p == nil || p.ID != id:
		return Entry{}, ShiftNotPending
	case by == p.Outgoing:
		return Entry{}, ShiftSamePerson
	}
	h := p.Handover
	h.Step, h.Remark = ShiftAccepted, remark
	return Entry{Slot: p.Slot, Replaces: p.Entry, By: by, Body: Encode(h)}, h.Validate()
}

// Withdraw makes the entry with which somebody takes back what they have handed over.
func (s *Shifts) Withdraw(id, by, reason string) (Entry, error) {
	p := s.Pending
	switch {
	case p == nil || p.ID != id:
		return Entry{}, ShiftNotPending
	case by != p.Outgoing:
		return Entry{}, ShiftNotYours
	case strings.TrimSpace(reason) == "":
		return Entry{}, refusal.Errorf("请填写撤回的原因", "a reason is needed: why it is withdrawn")
	}
	return Entry{Slot: p.Slot, Replaces: p.Entry, By: by, Reason: reason, Withdrawn: true, Body: Encode(p.Handover)}, nil
}
