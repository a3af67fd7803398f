package hotline

import (
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of a call record. They bound what one record can cost, not what a call may be.
const (
	MaxVersion    = 1<<53 - 1 // the largest integer every JSON implementation carries exactly
	MaxID         = 128       // bytes
	MaxName       = 128       // bytes: queue, agent, topic, source, region, centre
	MaxTopics     = 16
	MaxLegs       = 64
	MaxTransfers  = 1000
	MaxAttributes = 32
	MaxAttribute  = 1024             // bytes of one attribute's value
	MaxSpan       = 7 * 86400 * 1000 // milliseconds: no part of a call lasts longer than a week
)

// Earliest and Latest bound every instant: outside of them a time is a fault of the
// source, and would open a partition of its own.
var (
	Earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	Latest   = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Reason is why a record is rejected: a bounded set, fit to be a label.
type Reason string

// The reasons.
const (
	NotJSON      Reason = "not_json"
	WrongType    Reason = "wrong_type"
	Missing      Reason = "missing_field"
	UnknownValue Reason = "unknown_value"
	OutOfRange   Reason = "out_of_range"
	TooLong      Reason = "too_long"
	TooLarge     Reason = "too_large"
	InvalidUTF8  Reason = "invalid_utf8"
	DuplicateKey Reason = "duplicate_key"
	KeyMismatch  Reason = "key_mismatch" // the Kafka key is not the call_id
	BadRow       Reason = "bad_row"      // a row of a file that has not the declared shape
	Refused      Reason = "refused"      // the store will not take the row

	// SealedPeriod is a record that would change a quarter hour whose calls have reached
	// their retention: what was counted there stays.
	SealedPeriod Reason = "sealed_period"
)

// Reasons are all of them, for metrics that start at zero.
func Reasons() []Reason {
	return []Reason{
		NotJSON, WrongType, Missing, UnknownValue, OutOfRange, TooLong,
		TooLarge, InvalidUTF8, DuplicateKey, KeyMismatch, BadRow, Refused, SealedPeriod,
	}
}

// RejectError says why a record cannot be counted and which field is at fault.
type RejectError struct {
	Reason Reason
	Field  string // as in the contract, for example "legs[2].answered_at"; may be empty
	Detail string // what was found and what would be right; never holds the value of a personal field
}

func (e *RejectError) Error() string {
	switch {
	case e.Field == "":
		return fmt.Sprintf("%s: %s", e.Reason, e.Detail)
	default:
		return fmt.Sprintf("%s: %s: %s", e.Field, e.Reason, e.Detail)
	}
}

// Reject makes a RejectError.
func Reject(reason Reason, field, format string, args ...any) *RejectError {
	return &RejectError{Reason: reason, Field: field, Detail: fmt.Sprintf(format, args...)}
}

// Validate checks the call against the contract and sets the defaults it names
// (centre, direction). The error is a [*RejectError].
func (c *Call) Validate() error {
	if c.Centre == "" {
		c.Centre = DefaultCentre
	}
	if c.Direction == "" {
		c.Direction = Inbound
	}
	if c.ID == "" {
		return Reject(Missing, "call_id", "every call needs an id")
	}
	if err := text("call_id", c.ID, MaxID); err != nil {
		return err
	}
	if c.Version < 1 || c.Version > MaxVersion {
		return Reject(OutOfRange, "version", "%d is not between 1 and 2^53-1", c.Version)
	}
	if c.Deleted {
		return nil
	}
	if err := c.validateTimes(); err != nil {
		return err
	}
	if c.Outcome == "" {
		return Reject(Missing, "outcome", "one of the ten outcomes is needed")
	}
	if !c.Outcome.Valid() {
		return Reject(UnknownValue, "outcome", "%q is not an outcome", clip(string(c.Outcome)))
	}
	if !c.Excluded.Valid() {
		return Reject(UnknownValue, "excluded", "%q is not a reason for exclusion", clip(string(c.Excluded)))
	}
	if !c.Direction.Valid() {
		return Reject(UnknownValue, "direction", "%q is not inbound, outbound or callback", clip(string(c.Direction)))
	}
	return c.validateRest()
}

func (c *Call) validateTimes() error {
	if c.StartedAt.IsZero() {
		return Reject(Missing, "started_at", "the arrival time is needed")
	}
	for _, f := range []struct {
		name string
		t    time.Time
	}{
		{"started_at", c.StartedAt},
		{"queued_at", c.QueuedAt},
		{"answered_at", c.AnsweredAt},
		{"ended_at", c.EndedAt},
	} {
		if err := instant(f.name, f.t); err != nil {
			return err
		}
	}
	for _, f := range []struct {
		name string
		s    Span
	}{
		{"wait_seconds", c.Wait},
		{"talk_seconds", c.Talk},
		{"hold_seconds", c.Hold},
		{"wrapup_seconds", c.Wrapup},
		{"ivr_seconds", c.IVR},
	} {
		if err := span(f.name, f.s); err != nil {
			return err
		}
	}
	return nil
}

func (c *Call) validateRest() error {
	for _, f := range []struct{ name, value string }{
		{"centre", c.Centre},
		{"queue", c.Queue},
		{"agent", c.Agent},
		{"source", c.Source},
		{"region", c.Region},
		{"caller_hash", c.CallerHash},
		{"caller_masked", c.CallerMasked},
		{"rating.scale", c.Rating.Scale},
	} {
		if err := text(f.name, f.value, MaxName); err != nil {
			return err
		}
	}
	if err := text("caller_sealed", c.CallerSealed, MaxAttribute); err != nil {
		return err
	}
	if len(c.Topics) > MaxTopics {
		return Reject(TooLong, "topics", "%d topics, at most %d", len(c.Topics), MaxTopics)
	}
	for i, t := range c.Topics {
		if err := text(fmt.Sprintf("topics[%d]", i), t, MaxName); err != nil {
			return err
		}
	}
	if c.Transfers > MaxTransfers {
		return Reject(OutOfRange, "transfers", "%d, at most %d", c.Transfers, MaxTransfers)
	}
	if c.Rating.Given && c.Rating.Scale == "" {
		return Reject(Missing, "rating.scale", "a rating needs the scale it was given on")
	}
	if err := c.validateLegs(); err != nil {
		return err
	}
	if len(c.Attributes) > MaxAttributes {
		return Reject(TooLong, "attributes", "%d attributes, at most %d", len(c.Attributes), MaxAttributes)
	}
	for _, k := range slices.Sorted(maps.Keys(c.Attributes)) { // sorted: the same record, the same reason
		if err := text("attributes", k, MaxName); err != nil {
			return err
		}
		if err := text("attributes."+k, c.Attributes[k], MaxAttribute); err != nil {
			return err
		}
	}
	return nil
}

func (c *Call) validateLegs() error {
	if len(c.Legs) > MaxLegs {
		return Reject(TooLong, "legs", "%d legs, at most %d", len(c.Legs), MaxLegs)
	}
	for i, l := range c.Legs {
		at := fmt.Sprintf("legs[%d].", i)
		if err := text(at+"agent", l.Agent, MaxName); err != nil {
			return err
		}
		if err := text(at+"queue", l.Queue, MaxName); err != nil {
			return err
		}
		if err := instant(at+"answered_at", l.AnsweredAt); err != nil {
			return err
		}
		if err := instant(at+"ended_at", l.EndedAt); err != nil {
			return err
		}
		if err := span(at+"hold_seconds", l.Hold); err != nil {
			return err
		}
	}
	return nil
}

func instant(field string, t time.Time) error {
	if !t.IsZero() && (t.Before(Earliest) || !t.Before(Latest)) {
		return Reject(OutOfRange, field, "year %d is outside 1990 to 2099", t.Year())
	}
	return nil
}

// span allows negative values: clocks do run backwards. They are clamped and counted.
func span(field string, s Span) error {
	if s.Millis > MaxSpan || s.Millis < -MaxSpan {
		return Reject(OutOfRange, field, "%d s is longer than a week", s.Millis/1000)
	}
	return nil
}

func text(field, s string, most int) error {
	if len(s) > most {
		return Reject(TooLong, field, "%d bytes, at most %d", len(s), most)
	}
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return Reject(InvalidUTF8, field, "byte %d is not UTF-8", i)
			}
		}
		if unicode.IsControl(r) {
			return Reject(OutOfRange, field, "control character at byte %d", i)
		}
	}
	return nil
}

func clip(s string) string {
	if len(s) > 32 {
		return s[:32] + "…"
	}
	return s
}
