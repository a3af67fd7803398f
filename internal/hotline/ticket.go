package hotline

import (
	"slices"
	"time"
)

// TicketKind is what is owed to the caller.
type TicketKind string

// The kinds.
const (
	TicketVoicemail    TicketKind = "voicemail"
	TicketCallback     TicketKind = "callback"
	TicketConsultation TicketKind = "consultation"
	TicketComplaint    TicketKind = "complaint"
)

// TicketKinds are all of them.
func TicketKinds() []TicketKind {
	return []TicketKind{TicketVoicemail, TicketCallback, TicketConsultation, TicketComplaint}
}

// Valid says whether the kind is a known one.
func (k TicketKind) Valid() bool { return slices.Contains(TicketKinds(), k) }

// Ticket is work that outlives a call: a message to answer, a question to look into. Identity
// is ID alone; a newer version may change everything about it. A zero time is unknown or
// not yet.
type Ticket struct {
	ID      string
	Version uint64 // rises with every newer state; at most MaxVersion
	Centre  string
	CallID  string // the call it came of; empty when it came of none
	Kind    TicketKind

	OpenedAt    time.Time
	RespondBy   time.Time // where the source sets a deadline itself
	RespondedAt time.Time
	ResolveBy   time.Time
	ResolvedAt  time.Time
	OnTheSpot   bool // settled in the call itself

	Topics  []string
	Agent   string
	Source  string
	Deleted bool // needs only ID and Version
}

// Validate checks the ticket against the contract and sets the default it names (centre).
// The error is a [*RejectError].
func (t *Ticket) Validate() error {
	if t.Centre == "" {
		t.Centre = DefaultCentre
	}
	if err := identity("ticket_id", t.ID, t.Version); err != nil {
		return err
	}
	if t.Deleted {
		return nil
	}
	if t.Kind == "" {
		return Reject(Missing, "kind", "voicemail, callback, consultation or complaint is needed")
	}
	if !t.Kind.Valid() {
		return Reject(UnknownValue, "kind", "%q is not voicemail, callback, consultation or complaint", clip(string(t.Kind)))
	}
	if t.OpenedAt.IsZero() {
		return Reject(Missing, "opened_at", "the time it was opened is needed")
	}
	for _, f := range []struct {
		name string
		t    time.Time
	}{
		{"opened_at", t.OpenedAt},
		{"respond_by", t.RespondBy},
		{"responded_at", t.RespondedAt},
		{"resolve_by", t.ResolveBy},
		{"resolved_at", t.ResolvedAt},
	} {
		if err := instant(f.name, f.t); err != nil {
			return err
		}
	}
	if err := text("call_id", t.CallID, MaxID); err != nil {
		return err
	}
	for _, f := range []struct{ name, value string }{
		{"centre", t.Centre},
		{"agent", t.Agent},
		{"source", t.Source},
	} {
		if err := text(f.name, f.value, MaxName); err != nil {
			return err
		}
	}
	return names("topics", t.Topics, MaxTopics)
}
