package hotline

import "slices"

// Outcome is what became of a call. A call is decided when an agent speaks to the
// caller or when it is lost; until then it is Open.
type Outcome string

// The outcomes; all but Open are final.
const (
	Open              Outcome = "open"               // in the IVR, queued or ringing
	Answered          Outcome = "answered"           // holds from the moment of answer, talk time comes later
	SelfService       Outcome = "self_service"       // served by the IVR, no agent asked for
	AbandonedIVR      Outcome = "abandoned_ivr"      // hung up before asking for an agent
	AbandonedQueue    Outcome = "abandoned_queue"    // hung up while queued
	AbandonedRinging  Outcome = "abandoned_ringing"  // hung up while an agent's phone rang
	TimedOut          Outcome = "timed_out"          // the system gave up
	Blocked           Outcome = "blocked"            // queue full, line busy, closed
	Voicemail         Outcome = "voicemail"          // left a message
	CallbackRequested Outcome = "callback_requested" // asked to be called back
)

// FinalOutcomes are the nine outcomes whose sum is "offered".
func FinalOutcomes() []Outcome {
	return []Outcome{
		Answered, SelfService, AbandonedIVR, AbandonedQueue, AbandonedRinging,
		TimedOut, Blocked, Voicemail, CallbackRequested,
	}
}

// Valid says whether the outcome is one of the ten known ones.
func (o Outcome) Valid() bool { return o == Open || slices.Contains(FinalOutcomes(), o) }

// Exclusion is why a call is left out of every population; excluded calls are
// counted apart by reason, never dropped.
type Exclusion string

// The reasons for exclusion.
const (
	NotExcluded       Exclusion = ""
	ExcludedBlacklist Exclusion = "blacklist"
	ExcludedTest      Exclusion = "test"
	ExcludedInternal  Exclusion = "internal"
	ExcludedPhantom   Exclusion = "phantom"  // a record without a caller behind it
	ExcludedOutbound  Exclusion = "outbound" // follows from the direction
)

// Exclusions are the five reasons.
func Exclusions() []Exclusion {
	return []Exclusion{ExcludedBlacklist, ExcludedTest, ExcludedInternal, ExcludedPhantom, ExcludedOutbound}
}

// Valid says whether the exclusion is a known reason, or none.
func (e Exclusion) Valid() bool { return e == NotExcluded || slices.Contains(Exclusions(), e) }

// Direction is who called whom.
type Direction string

// The directions. Outbound calls are excluded from every population; a callback the
// caller asked for is not.
const (
	Inbound  Direction = "inbound"
	Outbound Direction = "outbound"
	Callback Direction = "callback"
)

// Valid says whether the direction is a known one.
func (d Direction) Valid() bool { return d == Inbound || d == Outbound || d == Callback }
