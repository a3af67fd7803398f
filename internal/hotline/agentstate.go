package hotline

import (
	"slices"
	"time"
)

// State is what an agent does.
type State string

// The states. All but SignedOut are signed in; SignedIn itself is for sources that know no
// more than that.
const (
	SignedIn  State = "signed_in"
	Free      State = "free"
	Ringing   State = "ringing"
	Talking   State = "talking"
	Wrapup    State = "wrapup"
	Paused    State = "paused"
	SignedOut State = "signed_out"
)

// States are all of them.
func States() []State {
	return []State{SignedIn, Free, Ringing, Talking, Wrapup, Paused, SignedOut}
}

// Valid says whether the state is a known one.
func (s State) Valid() bool { return slices.Contains(States(), s) }

// AgentState is what an agent does from an instant on, until their next one. Identity is
// (Centre, Agent, Since): of several for one instant the newest rank holds. So it matters
// not in which order they arrive, and a log whose times are whole seconds orders the
// states of one second by Version.
type AgentState struct {
	Agent   string
	Centre  string
	State   State
	Reason  string // of a pause; empty elsewhere
	Since   time.Time
	Version uint64 // at most MaxVersion
	Source  string
}

// Key is the agent's name across centres, and the record's Kafka key.
func (a *AgentState) Key() string { return a.Centre + "/" + a.Agent }

// Validate checks the state against the contract and sets the default it names (centre).
// The error is a [*RejectError].
func (a *AgentState) Validate() error {
	if a.Centre == "" {
		a.Centre = DefaultCentre
	}
	if err := identity("agent", a.Agent, a.Version); err != nil {
		return err
	}
	if a.State == "" {
		return Reject(Missing, "state", "one of the seven states is needed")
	}
	if !a.State.Valid() {
		return Reject(UnknownValue, "state", "%q is not a state", clip(string(a.State)))
	}
	if a.Since.IsZero() {
		return Reject(Missing, "since", "the time the state began is needed")
	}
	if err := instant("since", a.Since); err != nil {
		return err
	}
	for _, f := range []struct{ name, value string }{
		{"centre", a.Centre},
		{"reason", a.Reason},
		{"source", a.Source},
	} {
		if err := text(f.name, f.value, MaxName); err != nil {
			return err
		}
	}
	if a.Reason != "" && a.State != Paused {
		return Reject(UnknownValue, "reason", "only a pause has a reason, not the state %s", a.State)
	}
	return nil
}
