package hotline

import (
	"cmp"
	"time"
)

// BucketLength is the width of a tally bucket: quarter hours of UTC instants, half-open.
const BucketLength = 15 * time.Minute

// DefaultCentre is the centre of records that name none.
const DefaultCentre = "default"

// Span is a length of time in milliseconds that a source may not know.
// The zero value is unknown, which is not the same as no time at all.
type Span struct {
	Millis int64
	Known  bool
}

// Millis makes a known span.
func Millis(ms int64) Span { return Span{Millis: ms, Known: true} }

// Seconds makes a known span of whole seconds.
func Seconds(s int64) Span { return Millis(s * 1000) }

// Call is one contact of one caller with the hotline. Identity is ID alone; a newer
// version may change everything about it, its arrival included. Instants are kept to
// the millisecond in UTC; a zero time is unknown.
type Call struct {
	ID      string
	Version uint64 // rises with every newer state; at most MaxVersion
	Centre  string

	StartedAt  time.Time // arrival
	QueuedAt   time.Time
	AnsweredAt time.Time
	EndedAt    time.Time

	Direction Direction
	Outcome   Outcome
	Excluded  Exclusion

	Queue  string // where the outcome happened: answered in, or last waited in
	Agent  string // the agent of the outcome, where Legs do not say more
	Topics []string

	Wait   Span // queue and ringing, never IVR; derived from the times when unknown
	Talk   Span
	Hold   Span
	Wrapup Span
	IVR    Span

	Legs      []Leg
	Transfers uint32

	CallerHash   string // keyed pseudonym, never a number
	CallerMasked string // 138****5678
	CallerSealed string // the number sealed with the intake's key, where call-backs are on
	Region       string

	Rating     Rating
	Source     string
	Attributes map[string]string
	Deleted    bool // needs only ID and Version
}

// Leg is one agent's part in an answered call.
type Leg struct {
	Agent      string
	Queue      string
	AnsweredAt time.Time
	EndedAt    time.Time
	Hold       Span
}

// Rating is what the caller said after the call, on the source's own scale.
type Rating struct {
	Invited bool
	Given   bool
	Value   uint8
	Scale   string
}

// Rank orders the versions of one call: the newest rank wins everywhere, so every
// replay order ends the same. Equal versions of different content are ordered by the
// content's hash.
type Rank struct {
	Version uint64
	Hash    uint64
}

// Compare is negative when r is older than s, positive when newer.
func (r Rank) Compare(s Rank) int {
	return cmp.Or(cmp.Compare(r.Version, s.Version), cmp.Compare(r.Hash, s.Hash))
}

// BucketOf returns the start of the quarter hour that holds t, in UTC.
func BucketOf(t time.Time) time.Time { return t.UTC().Truncate(BucketLength) }

// RepeatWindow is how soon after its arrival another call of the same caller makes a call
// one that did not settle the matter.
const RepeatWindow = 48 * time.Hour

// Caller names the caller within the centre, by pseudonym; empty where it is not known.
func (c *Call) Caller() string {
	if c.CallerHash == "" {
		return ""
	}
	return c.Centre + "/" + c.CallerHash
}

// CallerBefore is the name the caller had under the key before; empty outside the overlap
// after a change of keys. A call goes by both names then. So one looks for later calls of
// its caller under Caller, and for earlier ones under CallerBefore where there is one: the
// overlap is longer than RepeatWindow, and no call that near has neither name.
func (c *Call) CallerBefore() string {
	if c.CallerHash == "" || c.Attributes[CallerPrevious] == "" {
		return ""
	}
	return c.Centre + "/" + c.Attributes[CallerPrevious]
}

// Repeats says whether the call, being the caller's own and counted, is a further one for
// those before it. A call back is the centre's.
func (c *Call) Repeats() bool {
	return c.CallerHash != "" && !c.Deleted && c.Direction == Inbound && c.Excluded == NotExcluded
}

// Contact says whether the call is one that a further one can follow.
func (c *Call) Contact() bool {
	return c.CallerHash != "" && !c.Deleted && c.Direction != Outbound && c.Excluded == NotExcluded
}
