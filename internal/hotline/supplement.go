package hotline

import (
	"fmt"
	"slices"
)

// SupplementKind is which facts of a call a supplement tells.
type SupplementKind string

// The kinds.
const (
	SupplementRating SupplementKind = "rating" // what the caller said after the call
	SupplementIVR    SupplementKind = "ivr"    // the time in the IVR, and the way through it
	SupplementTopics SupplementKind = "topics" // what the call was about
)

// SupplementKinds are all of them.
func SupplementKinds() []SupplementKind {
	return []SupplementKind{SupplementRating, SupplementIVR, SupplementTopics}
}

// Valid says whether the kind is a known one.
func (k SupplementKind) Valid() bool { return slices.Contains(SupplementKinds(), k) }

// MaxPath is the most steps a way through an IVR may have.
const MaxPath = 64

// Supplement is facts about a call that arrive apart from it, before it or after it.
// Identity is (CallID, Kind): of the supplements of one kind of a call the newest rank
// holds, and it joins the call by [Call.With], never replacing what the call itself says.
type Supplement struct {
	CallID  string
	Version uint64 // rises with every newer state of this call's facts of this kind; at most MaxVersion
	Kind    SupplementKind
	Centre  string
	Source  string

	// Of these, what belongs to Kind and nothing else.
	Rating  Rating
	IVR     Span
	IVRPath []string // the choices in the IVR's menus, in their order; kept, not counted
	Topics  []string

	Deleted bool // the facts never were; needs only CallID, Kind and Version
}

// Validate checks the supplement against the contract and sets the default it names
// (centre). The error is a [*RejectError].
func (s *Supplement) Validate() error {
	if s.Centre == "" {
		s.Centre = DefaultCentre
	}
	if err := identity("call_id", s.CallID, s.Version); err != nil {
		return err
	}
	if s.Kind == "" {
		return Reject(Missing, "kind", "rating, ivr or topics is needed")
	}
	if !s.Kind.Valid() {
		return Reject(UnknownValue, "kind", "%q is not rating, ivr or topics", clip(string(s.Kind)))
	}
	if s.Deleted {
		return nil
	}
	for _, f := range []struct{ name, value string }{{"centre", s.Centre}, {"source", s.Source}} {
		if err := text(f.name, f.value, MaxName); err != nil {
			return err
		}
	}
	return s.validatePayload()
}

// validatePayload lets a supplement carry nothing beside its kind: it would be lost
// unseen, or be counted under a kind that does not replace it.
func (s *Supplement) validatePayload() error {
	for _, f := range []struct {
		name  string
		kind  SupplementKind
		given bool
		need  bool
	}{
		{"rating", SupplementRating, s.Rating != (Rating{}), true},
		{"ivr_seconds", SupplementIVR, s.IVR.Known, true},
		{"ivr_path", SupplementIVR, len(s.IVRPath) > 0, false},
		{"topics", SupplementTopics, len(s.Topics) > 0, true},
	} {
		switch {
		case f.given && s.Kind != f.kind:
			return Reject(UnknownValue, f.name, "a supplement of kind %s has none: send it as one of kind %s", s.Kind, f.kind)
		case f.need && !f.given && s.Kind == f.kind:
			return Reject(Missing, f.name, "a supplement of kind %s needs it", s.Kind)
		}
	}
	if err := text("rating.scale", s.Rating.Scale, MaxName); err != nil {
		return err
	}
	if s.Rating.Given && s.Rating.Scale == "" {
		return Reject(Missing, "rating.scale", "a rating needs the scale it was given on")
	}
	if err := span("ivr_seconds", s.IVR); err != nil {
		return err
	}
	if err := names("ivr_path", s.IVRPath, MaxPath); err != nil {
		return err
	}
	return names("topics", s.Topics, MaxTopics)
}

// identity checks what every record has.
func identity(field, id string, version uint64) error {
	if id == "" {
		return Reject(Missing, field, "every record needs an id")
	}
	if err := text(field, id, MaxID); err != nil {
		return err
	}
	if version < 1 || version > MaxVersion {
		return Reject(OutOfRange, "version", "%d is not between 1 and 2^53-1", version)
	}
	return nil
}

func names(field string, list []string, most int) error {
	if len(list) > most {
		return Reject(TooLong, field, "%d of them, at most %d", len(list), most)
	}
	for i, s := range list {
		if err := text(fmt.Sprintf("%s[%d]", field, i), s, MaxName); err != nil {
			return err
		}
	}
	return nil
}

// With is the call with what its supplements tell beside it: of each kind the newest that
// is not deleted. What the call itself says stands: a rating it gives is not replaced, nor
// a time in the IVR; topics join its own. The call is not changed.
func (c *Call) With(newest []Supplement) *Call {
	out := *c
	for i := range newest {
		s := &newest[i]
		if s.Deleted {
			continue
		}
		switch s.Kind {
		case SupplementRating:
			out.Rating.Invited = out.Rating.Invited || s.Rating.Invited
			if !out.Rating.Given && s.Rating.Given {
				out.Rating.Given, out.Rating.Value, out.Rating.Scale = true, s.Rating.Value, s.Rating.Scale
			}
		case SupplementIVR:
			if !out.IVR.Known {
				out.IVR = s.IVR
			}
		case SupplementTopics:
			out.Topics = slices.Clip(out.Topics)
			for _, t := range s.Topics {
				if !slices.Contains(out.Topics, t) {
					out.Topics = append(out.Topics, t)
				}
			}
		}
	}
	return &out
}
