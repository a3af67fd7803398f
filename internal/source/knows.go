package source

import (
	"slices"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/strictyaml"
)

// declared are the capabilities a description lists. Who asked for an agent is not among
// them: whatever has a queue tells that, so a description says where it is not so.
func declared() []kpi.Capability {
	return slices.DeleteFunc(kpi.Capabilities(), func(c kpi.Capability) bool { return c == kpi.CanRequests })
}

func capabilities(n strictyaml.Node, of []kpi.Capability) []kpi.Capability {
	known := make([]string, 0, len(of))
	for _, c := range of {
		known = append(known, string(c))
	}
	var out []kpi.Capability
	for _, it := range n.Items() {
		out = append(out, kpi.Capability(it.Choice(known...)))
	}
	return out
}

// blindNative is a Native that cannot know who asked for an agent under some settings.
type blindNative interface {
	TellsRequests(settings map[string]string) bool
}

// Capabilities are the things the source can know.
func (s *Source) Capabilities() []kpi.Capability {
	can := slices.Clone(s.can)
	if s.tellsRequests() {
		can = append(can, kpi.CanRequests)
	}
	return can
}

// Knows are the things the source can know.
func (s *Source) Knows() kpi.Knows { return kpi.KnowsOnly(s.Capabilities()) }

// tellsRequests says whether the callers who asked for an agent in vain can be told: a
// source of the answered calls alone, or one that takes everybody lost for lost in the
// announcement, would have an answer rate of 100%.
func (s *Source) tellsRequests() bool {
	if slices.Contains(s.cannot, kpi.CanRequests) {
		return false
	}
	if blind, ok := s.native.(blindNative); ok {
		return blind.TellsRequests(s.settings)
	}
	return s.kind != kindCall || len(s.mapping.rules) == 0 || slices.ContainsFunc(s.mapping.rules, rule.tellsLost)
}

// tellsLost says whether a caller lost after asking for an agent may come of the rule.
func (r rule) tellsLost() bool {
	if r.from != nil {
		return true // whatever stands in the column
	}
	switch r.outcome {
	case hotline.AbandonedQueue, hotline.AbandonedRinging, hotline.TimedOut, hotline.Blocked, hotline.CallbackRequested, hotline.Voicemail:
		return r.excluded == ""
	}
	return false
}
