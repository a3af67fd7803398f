package simulate

import "hotline12333/internal/hotline"

// The reasons of pauses.
const (
	reasonBreak    = "break"
	reasonNoAnswer = "no_answer" // the phone rang and was not taken
)

// state tells what an agent does from now on.
func (s *Simulation) state(a *agent, what hotline.State, reason string) {
	if !s.states || a.state == what && a.reason == reason {
		return
	}
	if a.stateSince == s.now {
		a.stateVersion++ // the later one of one instant holds
	} else {
		a.stateSince, a.stateVersion = s.now, 1
	}
	a.state, a.reason = what, reason
	if s.now < s.from {
		return
	}
	s.out = append(s.out, Event{At: instant(s.now), Agent: &hotline.AgentState{
		Agent: a.id, Centre: s.centre, Source: Source, State: what, Reason: reason,
		Since: instant(s.now), Version: a.stateVersion,
	}})
}
