package app

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"hotline12333/internal/config"
	"hotline12333/internal/kpi"
	"hotline12333/internal/source"
)

// ListSources prints what can be read, one source a line.
// Faulty ones of the centre's are an error, told after the others.
func ListSources(cfg config.Root, out io.Writer) error {
	sources, err := openSources(cfg)
	if err != nil {
		return err
	}
	w := &printer{out: out}
	for _, name := range sources.Names() {
		s, err := sources.Lookup(name)
		if err != nil { // a built-in one that a faulty one was to replace
			continue
		}
		w.line("%-22s %s%s", name, s.Title(), own(s))
	}
	return errJoin(w.err, sources.Err())
}

// own says where a description of the centre's stands.
func own(s *source.Source) string {
	if s.Builtin() {
		return ""
	}
	return " (" + s.Path() + ")"
}

// DescribeSource prints what a description says, and what figures it cannot give.
func DescribeSource(cfg config.Root, out io.Writer, name string) error {
	s, err := sourceOf(cfg, name)
	if err != nil {
		return err
	}
	w := &printer{out: out}
	w.line("%s: %s%s", s.Name(), s.Title(), own(s))
	w.line("")
	zone := "none: times carry their offset, or --zone gives it"
	if z := s.Zone(); z != nil {
		zone = z.String() + ", where a time has no offset; --zone overrides it"
	}
	w.line("%-10s %s", "format", s.Format())
	w.line("%-10s %s", "zone", zone)
	w.line("%-10s %s", "calendar", s.Calendar().Name())
	if k := s.Kind(); k != "" {
		w.line("%-10s %s", "rows are", map[string]string{
			"call": "calls", "supplement": "facts about calls told elsewhere", "agent_state": "states of agents",
		}[k])
	}
	describeMapping(w, s)
	w.line("")
	w.line("What it cannot know, and the figures that are therefore \"not connected\":")
	missing := false
	for _, c := range kpi.Capabilities() {
		if !slices.Contains(s.Capabilities(), c) {
			missing = true
			w.line("  %-12s %s", c, withoutCapability(c))
		}
	}
	if !missing {
		w.line("  nothing")
	}
	return w.err
}

func describeMapping(w *printer, s *source.Source) {
	if cols := s.Columns(); len(cols) > 0 {
		w.line("")
		w.line("Columns:")
		for _, c := range cols {
			place := strings.Join(c.Labels, " or ")
			if c.Number > 0 {
				place = fmt.Sprintf("number %d", c.Number)
			}
			if place == "" {
				place = c.Name
			}
			w.line("  %s %s %-9s %s", pad(c.Name, 16), pad(place, 24), c.Type, c.Detail)
		}
	}
	if said := s.Mapping(); len(said) > 0 {
		w.line("")
		w.line("Fields of the record:")
		for _, m := range said {
			w.line("  %s %s", pad(m.Field, 24), m.Text)
		}
		return
	}
	w.line("")
	w.line("The format maps itself to the fields of a call: docs/sources.md says how.")
}

// withoutCapability names the figures that need a capability.
func withoutCapability(c kpi.Capability) string {
	switch c {
	case kpi.CanRequests:
		return "who asked for an agent: the agent answer rate, requests, losses, service levels, call-backs, seats needed"
	case kpi.CanIVR:
		return "calls served or lost in the announcements: the composite answer rate, self-service"
	case kpi.CanQueueWait:
		return "time in the queue: service levels, response timeliness by wait, ASA, longest wait"
	case kpi.CanRing:
		return "time an agent's telephone rang: calls lost while ringing"
	case kpi.CanRatings:
		return "ratings after the call: satisfaction, participation"
	case kpi.CanAgentState:
		return "what agents do: signed in, free, paused"
	case kpi.CanTickets:
		return "tickets: consultation timeliness, response timeliness by items"
	case kpi.CanCallers:
		return "who called: first contact resolution, repeat callers"
	}
	return ""
}
