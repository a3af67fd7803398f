package asterisk

import (
	"slices"
	"strings"

	"hotline12333/internal/hotline"
)

// agent is what is known of one member of the queues.
type agent struct {
	Name    string
	In      bool
	Queues  []string          // a member of, as far as the log told
	Paused  map[string]string // queue → reason
	All     bool              // paused everywhere
	Reason  string            // of that
	Call    string            // the one they talk to
	State   hotline.State     // told last
	Because string            // the reason told with it
	Since   int64
	Version uint64 // orders the states of one moment
}

func (q *queueLog) agent(name string) *agent {
	a := q.agents.get(name)
	if a == nil {
		a = &agent{Name: name}
		q.index(a)
	}
	q.agents.put(name, alive, a)
	return a
}

func (q *queueLog) index(a *agent) {
	if ext := extension(a.Name); ext != "" {
		q.byExt[ext] = a.Name
	}
}

// agentEvent takes a line about an agent.
func (q *queueLog) agentEvent(e *event, out *outbox) {
	if e.member == "" {
		out.reject(hotline.Reject(hotline.Missing, "agent", "%s without a member", e.kind))
		return
	}
	a := q.agent(e.member)
	reason := clip(conceal(q.keys, strings.TrimSpace(e.param(0))))
	switch e.kind {
	case "ADDMEMBER":
		a.In = true
		a.join(e.queue)
		if reason == "PAUSED" {
			a.pause(e.queue, "")
		}
	case "REMOVEMEMBER":
		a.Queues = slices.DeleteFunc(a.Queues, func(s string) bool { return s == e.queue })
		delete(a.Paused, e.queue)
		if len(a.Queues) == 0 {
			a.leave()
		}
	case "AGENTLOGIN", "AGENTCALLBACKLOGIN":
		a.In = true
	case "AGENTLOGOFF", "AGENTCALLBACKLOGOFF":
		a.leave()
	case "PAUSE":
		a.In = true
		a.pause(e.queue, reason)
	case "PAUSEALL":
		a.In, a.All, a.Reason = true, true, reason
	case "UNPAUSE":
		a.In, a.All = true, false
		delete(a.Paused, e.queue)
	case "UNPAUSEALL":
		a.In, a.All = true, false
		clear(a.Paused)
	}
	if !q.tellAgent(a, e.at, out) {
		out.ignore(ignoredAgent)
	}
}

func (a *agent) join(queue string) {
	if !slices.Contains(a.Queues, queue) && len(a.Queues) < maxQueues {
		a.Queues = append(a.Queues, queue)
	}
}

func (a *agent) pause(queue, reason string) {
	if a.Paused == nil {
		a.Paused = make(map[string]string)
	}
	if len(a.Paused) < maxQueues {
		a.Paused[queue] = reason
	}
}

func (a *agent) leave() {
	a.In, a.All, a.Queues, a.Call = false, false, nil, ""
	clear(a.Paused)
}

// busy and free follow the calls an agent answers.
func (q *queueLog) busy(name, call string, at int64, out *outbox) {
	if name == "" {
		return
	}
	a := q.agent(name)
	a.In, a.Call = true, call
	q.tellAgent(a, at, out)
}

func (q *queueLog) free(name, call string, at int64, out *outbox) {
	a := q.agents.get(name)
	if a == nil || a.Call != call {
		return
	}
	a.Call = ""
	q.agents.put(name, alive, a)
	q.tellAgent(a, at, out)
}

// state is what the agent does. One who is paused in some of their queues still takes
// calls of the others.
func (a *agent) state() (s hotline.State, reason string) {
	switch {
	case !a.In:
		return hotline.SignedOut, ""
	case a.Call != "":
		return hotline.Talking, ""
	case a.All:
		return hotline.Paused, a.Reason
	case len(a.Paused) == 0:
		return hotline.Free, ""
	}
	for _, queue := range a.Queues {
		if _, ok := a.Paused[queue]; !ok {
			return hotline.Free, ""
		}
	}
	reasons := make([]string, 0, len(a.Paused))
	for _, r := range a.Paused {
		reasons = append(reasons, r)
	}
	return hotline.Paused, slices.Max(reasons) // of several the same one every time
}

// tellAgent tells the agent's state where it is another than before.
func (q *queueLog) tellAgent(a *agent, at int64, out *outbox) bool {
	state, reason := a.state()
	if state == a.State && reason == a.Because {
		return false
	}
	a.Version++
	if at != a.Since {
		a.Version = 1
	}
	a.State, a.Because, a.Since = state, reason, at
	out.agent(&hotline.AgentState{Agent: a.Name, State: state, Reason: reason, Since: instant(at), Version: q.base + a.Version})
	return true
}
