package source

import (
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/personal"
	"hotline12333/internal/wire"
)

// Keep says what a record may carry of its caller.
type Keep struct {
	Hash   bool // a pseudonym
	Mask   bool // 138****5678
	Region bool // where the number is from
	Seal   bool // the number itself, sealed, where call-backs are on
}

// KeepAll is for sources that leave the choice to the configuration.
func KeepAll() Keep { return Keep{Hash: true, Mask: true, Region: true, Seal: true} }

// datedPseudonyms are keys that are rotated: the call's own time decides which one holds.
type datedPseudonyms interface {
	Pseudonyms(number string, at time.Time) (current, previous string)
	PseudonymsOfID(id string, at time.Time) (current, previous string)
}

// sealer seals a number for call-backs; empty where they are off.
type sealer interface {
	SealNumber(callID, number string, at time.Time) string
}

// SetCaller puts what may be kept of a caller's number into the call, whose id and arrival
// are set already. A region that the source tells itself stays.
func SetCaller(keys Pseudonyms, c *hotline.Call, number string, keep Keep) {
	if keep.Hash {
		SetPseudonym(keys, c, number, false)
	}
	if keep.Mask {
		c.CallerMasked = keys.Mask(number)
	}
	if keep.Region && c.Region == "" {
		c.Region = personal.Region(number)
	}
	if s, ok := keys.(sealer); ok && keep.Seal {
		c.CallerSealed = s.SealNumber(c.ID, number, c.StartedAt)
	}
}

// SetPseudonym makes the pseudonym of a number, or of an id that is no number, as it is at
// the time of the call's arrival.
func SetPseudonym(keys Pseudonyms, c *hotline.Call, of string, isID bool) {
	dated, ok := keys.(datedPseudonyms)
	var previous string
	switch {
	case ok && isID:
		c.CallerHash, previous = dated.PseudonymsOfID(of, c.StartedAt)
	case ok:
		c.CallerHash, previous = dated.Pseudonyms(of, c.StartedAt)
	case isID:
		c.CallerHash = keys.PseudonymOfID(of)
	default:
		c.CallerHash = keys.Pseudonym(of)
	}
	if previous == "" {
		return
	}
	if c.Attributes == nil {
		c.Attributes = make(map[string]string, 1)
	}
	if len(c.Attributes) < hotline.MaxAttributes {
		c.Attributes[hotline.CallerPrevious] = previous
	}
}

// scrubItem masks the numbers in every text that people or telephone systems fill in, and
// in what is said of a rejected row. Identities are what records are joined by, and stay;
// attributes that a description calls verbatim are left alone.
func scrubItem(it *wire.Item, verbatim func(attribute string) bool) {
	if c := it.Call; c != nil {
		if !personal.Keyed(c.CallerHash) && personal.Holds(c.CallerHash) { // a record that was made elsewhere
			it.Call, it.Rejected = nil, hotline.Reject(hotline.UnknownValue, "caller_hash", "a number in clear: it must be a keyed hash, or left out")
			return
		}
		scrubTexts(&c.Source, &c.Queue, &c.Agent, &c.Centre, &c.Region, &c.CallerMasked, &c.Rating.Scale)
		scrubList(c.Topics)
		for i := range c.Legs {
			scrubTexts(&c.Legs[i].Agent, &c.Legs[i].Queue)
		}
		for name, v := range c.Attributes {
			if name != hotline.CallerPrevious && !verbatim(name) && personal.Holds(v) {
				c.Attributes[name] = personal.Scrub(v)
			}
		}
	}
	if s := it.Supplement; s != nil {
		scrubTexts(&s.Source, &s.Centre, &s.Rating.Scale)
		scrubList(s.Topics)
		scrubList(s.IVRPath)
	}
	if a := it.AgentState; a != nil {
		scrubTexts(&a.Source, &a.Centre, &a.Agent, &a.Reason)
	}
	if t := it.Ticket; t != nil {
		scrubTexts(&t.Source, &t.Centre, &t.Agent)
		scrubList(t.Topics)
	}
	if it.Rejected != nil {
		if d := personal.Scrub(it.Rejected.Detail); d != it.Rejected.Detail {
			clean := *it.Rejected
			clean.Detail = d
			it.Rejected = &clean
		}
	}
}

func scrubTexts(texts ...*string) {
	for _, t := range texts {
		*t = personal.Scrub(*t)
	}
}

func scrubList(list []string) {
	for i := range list {
		list[i] = personal.Scrub(list[i])
	}
}

// verbatim says whether the description wants an attribute as it is.
func (s *Source) verbatim(attribute string) bool {
	for i := range s.mapping.attributes {
		if a := &s.mapping.attributes[i]; a.name == attribute {
			return a.verbatim
		}
	}
	return false
}
