package write

import (
	"fmt"
	"io"
	"strings"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/simulate"
)

// queueLog is Asterisk's log of its queues: an event a line, in whole seconds.
func queueLog() *Format {
	return &Format{
		Name: "asterisk-queue-log", Title: "Asterisk queue_log", File: "queue_log",
		Cannot: []string{
			"Everything before the queue: the menu, self-service, voicemail, and callers who hang up there. A call arrives when it joins the queue.",
			"Callers who are turned away, unless the dialplan logs them: here it does, with FULL for a full queue and CLOSED outside service hours, and without their numbers.",
			"What a key meant by which a caller left the queue: such calls are abandoned ones, unless the source's setting exit_key_1 says callback_requested.",
			"Why a call counts nowhere: test and internal calls that reached a queue are ordinary ones.",
			"Calls that agents make: calls back and outbound ones.",
			"Hold (it is part of the talk), wrap-up, topics, regions, ratings, tickets.",
			"Parts of seconds, and clocks that are wrong: one machine has one clock.",
		},
		Can:     []kpi.Capability{kpi.CanRequests, kpi.CanQueueWait, kpi.CanRing, kpi.CanAgentState, kpi.CanCallers},
		States:  true,
		carry:   carryQueueLog,
		callers: func(e *simulate.Event) bool { return len(e.Story.Stays) > 0 },
		open:    func(w io.Writer, o Options) Writer { return newQueueLog(w) },
	}
}

func carryQueueLog(e *simulate.Event) *hotline.Call {
	c := e.Story.Plain
	out := &hotline.Call{ID: c.ID, Version: c.Version, Centre: c.Centre, Direction: hotline.Inbound, Outcome: c.Outcome}
	switch {
	case c.Outcome == hotline.Blocked && c.Excluded == hotline.NotExcluded:
		out.StartedAt, out.EndedAt, out.Queue = second(c.EndedAt), second(c.EndedAt), c.Queue
		return out
	case c.QueuedAt.IsZero():
		return nil
	}
	out.StartedAt, out.QueuedAt = second(c.QueuedAt), second(c.QueuedAt)
	out.AnsweredAt, out.EndedAt = second(c.AnsweredAt), second(c.EndedAt)
	out.Queue, out.Agent, out.Transfers = c.Queue, c.Agent, c.Transfers
	if c.Outcome == hotline.CallbackRequested {
		out.Outcome = hotline.AbandonedQueue
	}
	for _, l := range c.Legs {
		out.Legs = append(out.Legs, hotline.Leg{Agent: l.Agent, Queue: l.Queue, AnsweredAt: second(l.AnsweredAt), EndedAt: second(l.EndedAt)})
	}
	return out
}

// queueLogWriter writes a queue_log.
type queueLogWriter struct {
	timeline
	begun   bool
	ordinal int
	agents  map[string]*hotline.AgentState // the newest
}

func newQueueLog(w io.Writer) *queueLogWriter {
	return &queueLogWriter{timeline: newTimeline(w), agents: make(map[string]*hotline.AgentState)}
}

func (w *queueLogWriter) Write(e *simulate.Event) error {
	if !w.begun {
		w.begun = true
		w.line(e.At.Add(-horizon), "NONE", "NONE", "NONE", "QUEUESTART")
	}
	switch {
	case e.Call != nil && carryQueueLog(e) != nil:
		w.ordinal++
		w.call(e.Story)
	case e.Agent != nil:
		w.agent(e.Agent)
	}
	return w.reached(e.At)
}

func (w *queueLogWriter) line(at time.Time, callID, queue, member, event string, params ...any) {
	var b strings.Builder
	fmt.Fprintf(&b, "%d|%s|%s|%s|%s|", at.Unix(), callID, queue, member, event)
	for i, p := range params {
		if i > 0 {
			b.WriteByte('|')
		}
		fmt.Fprint(&b, p)
	}
	b.WriteByte('\n')
	w.add(at, b.String())
}

func (w *queueLogWriter) call(story *simulate.Story) {
	c := story.Plain
	id := uniqueID(c, 0)
	if len(story.Stays) == 0 {
		event := "FULL"
		if story.TurnedAway {
			event = "CLOSED"
		}
		w.line(c.EndedAt, id, c.Queue, "NONE", event)
		return
	}
	rings := story.Rings
	for i, stay := range story.Stays {
		w.line(stay.From, id, stay.Queue, "NONE", "ENTERQUEUE", "", story.Number, stay.Position)
		last := i == len(story.Stays)-1
		for len(rings) > 0 && !rings[0].Answered && !rings[0].To.IsZero() && (last || !rings[0].From.After(stay.To)) {
			r := rings[0]
			event := "RINGNOANSWER"
			if len(rings) == 1 && c.Outcome != hotline.Answered && !r.To.Before(c.EndedAt) {
				event = "RINGCANCELED"
			}
			w.line(r.To, id, stay.Queue, r.Agent, event, r.To.Sub(r.From).Milliseconds())
			rings = rings[1:]
		}
		if !last {
			w.line(stay.To, id, stay.Queue, "NONE", "EXITWITHTIMEOUT", 1, stay.Position, whole(stay.From, stay.To))
		}
	}
	stay := story.Stays[len(story.Stays)-1]
	lost := func(event string, first ...any) {
		w.line(c.EndedAt, id, stay.Queue, "NONE", event, append(first, 1, stay.Position, whole(stay.From, c.EndedAt))...)
	}
	switch {
	case c.Outcome == hotline.Answered:
		w.talk(id, story, stay, rings)
	case c.Outcome == hotline.AbandonedQueue || c.Outcome == hotline.AbandonedRinging:
		lost("ABANDON")
	case c.Outcome == hotline.TimedOut && story.Emptied:
		lost("EXITEMPTY")
	case c.Outcome == hotline.TimedOut:
		lost("EXITWITHTIMEOUT")
	case c.Outcome == hotline.CallbackRequested:
		lost("EXITWITHKEY", 1)
	}
}

// talk writes the agents' parts. A colleague who takes over is reached through their
// queue, as a transfer to a queue's extension does.
func (w *queueLogWriter) talk(id string, story *simulate.Story, stay simulate.Stay, rings []simulate.Ring) {
	c := story.Plain
	rang := int64(0)
	if len(rings) > 0 {
		rang = whole(rings[0].From, rings[0].To)
	}
	w.line(c.AnsweredAt, id, stay.Queue, c.Agent, "CONNECT", whole(stay.From, c.AnsweredAt), uniqueID(c, 1), rang)
	if c.EndedAt.IsZero() {
		return
	}
	legs := c.Legs
	if len(legs) == 0 {
		legs = []hotline.Leg{{Agent: c.Agent, Queue: stay.Queue, AnsweredAt: c.AnsweredAt, EndedAt: c.EndedAt}}
	}
	hold, position := whole(stay.From, c.AnsweredAt), stay.Position
	for i, l := range legs {
		talked := whole(l.AnsweredAt, l.EndedAt)
		if i == len(legs)-1 {
			event := "COMPLETECALLER"
			if w.ordinal%5 == 0 {
				event = "COMPLETEAGENT"
			}
			w.line(l.EndedAt, id, l.Queue, l.Agent, event, hold, talked, position)
			return
		}
		next := legs[i+1]
		w.line(l.EndedAt, id, l.Queue, l.Agent, "BLINDTRANSFER", next.Queue, "queues", hold, talked, position)
		w.line(next.AnsweredAt, id, next.Queue, "NONE", "ENTERQUEUE", "", story.Number, 1)
		w.line(next.AnsweredAt, id, next.Queue, next.Agent, "CONNECT", 0, uniqueID(c, i+2), 0)
		hold, position = 0, 1
	}
}

func (w *queueLogWriter) agent(a *hotline.AgentState) {
	before, known := w.agents[a.Agent]
	w.agents[a.Agent] = a
	if a.State != hotline.SignedOut && (!known || before.State == hotline.SignedOut) {
		w.line(a.Since, "NONE", "NONE", a.Agent, "AGENTLOGIN", "SIP/"+a.Agent)
	}
	if known && before.State == hotline.Paused {
		w.line(a.Since, "NONE", "NONE", a.Agent, "UNPAUSEALL")
	}
	switch {
	case a.State == hotline.Paused:
		w.line(a.Since, "NONE", "NONE", a.Agent, "PAUSEALL", a.Reason)
	case a.State == hotline.SignedOut && known:
		w.line(a.Since, "NONE", "NONE", a.Agent, "AGENTLOGOFF", "SIP/"+a.Agent, whole(before.Since, a.Since))
	}
}
