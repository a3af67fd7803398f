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

// cel is Asterisk's channel events as cel-custom writes them, with times in seconds since
// 1970 and their fractions.
func cel() *Format {
	return &Format{
		Name: "asterisk-cel", Title: "Asterisk channel events (cel-custom)", File: "cel.csv",
		Cannot: []string{
			"What became of a caller in the menu: self-service, and being turned away outside service hours, look like hanging up there.",
			"Why a caller left the queue: a full queue and a key that asks for a call back look like a system that gives up.",
			"Why a call counts nowhere; calls back are outbound calls.",
			"Hold (it is part of the talk), wrap-up, topics, ratings, tickets, agent states; in which queue a colleague took over.",
			"Clocks that are wrong: one machine has one clock.",
		},
		Can:   []kpi.Capability{kpi.CanRequests, kpi.CanQueueWait, kpi.CanRing, kpi.CanCallers},
		carry: carryCEL,
		open:  func(w io.Writer, _ Options) Writer { return &celWriter{timeline: newTimeline(w)} },
	}
}

func carryCEL(e *simulate.Event) *hotline.Call {
	c := e.Story.Plain
	out := &hotline.Call{
		ID: c.ID, Version: c.Version, Centre: c.Centre, Direction: hotline.Inbound, Outcome: c.Outcome,
		StartedAt: c.StartedAt, QueuedAt: c.QueuedAt, AnsweredAt: c.AnsweredAt, EndedAt: c.EndedAt, Queue: hotlineNumber, Transfers: c.Transfers,
	}
	if c.Direction != hotline.Inbound {
		out.Direction, out.Queue = hotline.Outbound, ""
	}
	if len(e.Story.Stays) > 0 {
		out.Queue = c.Queue
	}
	switch c.Outcome {
	case hotline.SelfService:
		out.Outcome = hotline.AbandonedIVR
	case hotline.CallbackRequested:
		out.Outcome = hotline.TimedOut
	case hotline.Blocked:
		if out.Outcome = hotline.AbandonedIVR; fullQueue(e) {
			out.Outcome, out.QueuedAt, out.Queue = hotline.TimedOut, c.EndedAt, c.Queue
		}
	case hotline.Answered:
		out.Agent = channelTech + c.Agent
		for _, l := range legsOf(c) {
			l.Agent, l.Queue, l.Hold = channelTech+l.Agent, out.Queue, hotline.Span{}
			out.Legs = append(out.Legs, l)
		}
	}
	return out
}

// fullQueue says whether a caller was turned away by one.
func fullQueue(e *simulate.Event) bool {
	c := e.Story.Plain
	return c.Outcome == hotline.Blocked && !e.Story.TurnedAway && c.Excluded == hotline.NotExcluded
}

type celWriter struct{ timeline }

// celChannel is a channel of a call.
type celChannel struct {
	name, id, linked, number, exten, context string
}

func (w *celWriter) Write(e *simulate.Event) error {
	if e.Call == nil {
		return nil
	}
	c, story := e.Story.Plain, e.Story
	caller := celChannel{name: channel("trunk", c, 0), id: uniqueID(c, 0), number: story.Number, exten: hotlineNumber, context: fromTrunk}
	caller.linked = caller.id
	if c.Direction != hotline.Inbound {
		w.dialled(e)
		return w.reached(e.At)
	}
	w.event(c.StartedAt, "CHAN_START", caller, "", "")
	w.event(c.StartedAt, "ANSWER", caller, "Answer", "")
	switch {
	case c.Outcome == hotline.Voicemail:
		w.event(c.StartedAt.Add(time.Duration(c.IVR.Millis)*time.Millisecond), "APP_START", caller, "VoiceMail", hotlineNumber+",u")
	case fullQueue(e):
		w.event(c.EndedAt, "APP_START", caller, "Queue", c.Queue+",t")
		w.event(c.EndedAt, "APP_END", caller, "Queue", c.Queue+",t")
	}
	pending := w.stays(e, caller)
	if c.Outcome == hotline.Answered {
		w.talk(e, caller)
	}
	if !c.EndedAt.IsZero() {
		w.event(c.EndedAt, "HANGUP", caller, "", "")
		w.event(c.EndedAt, "CHAN_END", caller, "", "")
		for _, ch := range pending { // phones that rang when the caller hung up
			w.event(c.EndedAt, "HANGUP", ch, "AppQueue", "(Outgoing Line)")
			w.event(c.EndedAt, "CHAN_END", ch, "AppQueue", "(Outgoing Line)")
		}
		w.event(c.EndedAt, "LINKEDID_END", caller, "", "")
	}
	return w.reached(e.At)
}

// stays writes the time in queues and the phones that rang in vain; those that still rang
// when the caller hung up are returned.
func (w *celWriter) stays(e *simulate.Event, caller celChannel) (pending []celChannel) {
	c, story := e.Story.Plain, e.Story
	rings := story.Rings
	for i, stay := range story.Stays {
		w.event(stay.From, "APP_START", caller, "Queue", stay.Queue+",t")
		last := i == len(story.Stays)-1
		for len(rings) > 0 && !rings[0].Answered && (last || !rings[0].From.After(stay.To)) {
			r := rings[0]
			rings = rings[1:]
			ch := w.agent(e, r.Agent, len(rings)+40)
			w.event(r.From, "CHAN_START", ch, "AppQueue", "(Outgoing Line)")
			gone := c.Outcome != hotline.Answered && len(rings) == 0 && !r.To.Before(c.EndedAt)
			switch {
			case r.To.IsZero():
			case gone:
				pending = append(pending, ch)
			default:
				w.event(r.To, "HANGUP", ch, "AppQueue", "(Outgoing Line)")
				w.event(r.To, "CHAN_END", ch, "AppQueue", "(Outgoing Line)")
			}
		}
		system := last && (c.Outcome == hotline.TimedOut || c.Outcome == hotline.CallbackRequested)
		if !last || system {
			w.event(stay.To, "APP_END", caller, "Queue", stay.Queue+",t")
		}
	}
	return pending
}

// talk writes the agents' parts.
func (w *celWriter) talk(e *simulate.Event, caller celChannel) {
	c, story := e.Story.Plain, e.Story
	legs := legsOf(c)
	for i, l := range legs {
		ch := w.agent(e, l.Agent, 20+i)
		from := l.AnsweredAt
		if i == 0 && len(story.Rings) > 0 {
			from = story.Rings[len(story.Rings)-1].From
		}
		if i > 0 {
			w.event(l.AnsweredAt, "APP_START", caller, "Queue", l.Queue+",t")
		}
		w.event(from, "CHAN_START", ch, "AppQueue", "(Outgoing Line)")
		w.event(l.AnsweredAt, "ANSWER", ch, "AppQueue", "(Outgoing Line)")
		w.event(l.AnsweredAt, "BRIDGE_ENTER", caller, "Queue", l.Queue+",t")
		w.event(l.AnsweredAt, "BRIDGE_ENTER", ch, "AppQueue", "(Outgoing Line)")
		if l.EndedAt.IsZero() {
			return
		}
		if i < len(legs)-1 {
			w.event(l.EndedAt, "BLINDTRANSFER", ch, "AppQueue", "(Outgoing Line)")
		}
		w.event(l.EndedAt, "BRIDGE_EXIT", ch, "AppQueue", "(Outgoing Line)")
		w.event(l.EndedAt, "BRIDGE_EXIT", caller, "Queue", l.Queue+",t")
		w.event(l.EndedAt, "HANGUP", ch, "AppQueue", "(Outgoing Line)")
		w.event(l.EndedAt, "CHAN_END", ch, "AppQueue", "(Outgoing Line)")
	}
}

// dialled writes a call that an agent made.
func (w *celWriter) dialled(e *simulate.Event) {
	c, story := e.Story.Plain, e.Story
	agent := phoneOf(c)
	own := celChannel{name: channel(agent, c, 0), id: uniqueID(c, 0), linked: uniqueID(c, 0), number: agent, exten: story.Number, context: fromPhones}
	far := celChannel{name: channel("trunk", c, 1), id: uniqueID(c, 1), linked: own.id, number: story.Number, context: fromTrunk}
	dial := "SIP/trunk/" + story.Number + ",60"
	w.event(c.StartedAt, "CHAN_START", own, "", "")
	w.event(c.StartedAt, "APP_START", own, "Dial", dial)
	w.event(c.StartedAt, "CHAN_START", far, "AppDial", "(Outgoing Line)")
	if !c.AnsweredAt.IsZero() {
		w.event(c.AnsweredAt, "ANSWER", far, "AppDial", "(Outgoing Line)")
		w.event(c.AnsweredAt, "ANSWER", own, "Dial", dial)
		w.event(c.AnsweredAt, "BRIDGE_ENTER", own, "Dial", dial)
		w.event(c.AnsweredAt, "BRIDGE_ENTER", far, "AppDial", "(Outgoing Line)")
	}
	if c.EndedAt.IsZero() {
		return
	}
	if !c.AnsweredAt.IsZero() {
		w.event(c.EndedAt, "BRIDGE_EXIT", far, "AppDial", "(Outgoing Line)")
		w.event(c.EndedAt, "BRIDGE_EXIT", own, "Dial", dial)
	}
	for _, ch := range []celChannel{far, own} {
		w.event(c.EndedAt, "HANGUP", ch, "", "")
		w.event(c.EndedAt, "CHAN_END", ch, "", "")
	}
	w.event(c.EndedAt, "LINKEDID_END", own, "", "")
}

func (w *celWriter) agent(e *simulate.Event, agent string, k int) celChannel {
	c := e.Story.Plain
	return celChannel{name: channel(agent, c, k), id: uniqueID(c, k), linked: uniqueID(c, 0), number: agent, context: fromPhones}
}

func (w *celWriter) event(at time.Time, kind string, ch celChannel, app, data string) {
	fields := []string{
		kind, fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000), "", ch.number, ch.number, "", "", ch.exten, ch.context, ch.name,
		app, data, "3", "", ch.id, ch.linked, "", "", "", "",
	}
	for i, f := range fields {
		fields[i] = quoted(f)
	}
	w.add(at, strings.Join(fields, ",")+"\n")
}
