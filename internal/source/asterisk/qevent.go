package asterisk

import (
	"strings"

	"hotline12333/internal/hotline"
)

// callEvent takes a line about a call.
func (q *queueLog) callEvent(e *event, out *outbox) {
	if e.call == "" {
		out.reject(hotline.Reject(hotline.Missing, "call_id", "%s without a call", e.kind))
		return
	}
	t, err := q.times(e)
	if err != nil {
		out.reject(err)
		return
	}
	c := q.calls.get(e.call)
	switch {
	case c == nil || c.Into == "":
	case c.Guessed: // wrongly: it goes on by itself
		c.Into, c.Guessed = "", false
	default: // it has become part of another
		c.Last++
		q.keep(c)
		if into := q.calls.get(c.Into); into != nil {
			c = into
		}
	}
	if c == nil {
		if c = q.begin(e, t); c == nil {
			out.ignore(ignoredRing)
			return
		}
	}
	c.Last++
	told := q.apply(c, e, t, out)
	q.keep(c)
	if told == "" {
		// The call's own record goes before those it brought along.
		rest := len(out.items)
		out.call(q.record(c), 0)
		if rest > 0 {
			last := out.items[len(out.items)-1]
			copy(out.items[1:], out.items[:rest])
			out.items[0] = last
		}
		return
	}
	if len(out.items) == 0 {
		out.ignore(told)
	}
}

func (q *queueLog) keep(c *qcall) { q.calls.put(c.ID, c.class(), c) }

// told are the lengths of time a line tells.
type told struct {
	wait, talk, ring hotline.Span
}

// times reads them. Older versions of Asterisk tell fewer parameters.
func (q *queueLog) times(e *event) (t told, err *hotline.RejectError) {
	switch e.kind {
	case "CONNECT":
		t.wait, err = e.span(0, 1000, "holdtime")
	case "ABANDON", "EXITEMPTY", "EXITWITHTIMEOUT", "WITHDRAW":
		if len(e.params) >= 3 {
			t.wait, err = e.span(2, 1000, "waittime")
		}
	case "EXITWITHKEY":
		if len(e.params) >= 4 {
			t.wait, err = e.span(3, 1000, "waittime")
		}
	case "COMPLETECALLER", "COMPLETEAGENT":
		if t.wait, err = e.span(0, 1000, "holdtime"); err == nil {
			t.talk, err = e.span(1, 1000, "calltime")
		}
	case "TRANSFER", "BLINDTRANSFER":
		if len(e.params) >= 4 {
			if t.wait, err = e.span(2, 1000, "holdtime"); err == nil {
				t.talk, err = e.span(3, 1000, "calltime")
			}
		}
	case "ATTENDEDTRANSFER": // one or two names of what it was transferred to come first
		if len(e.params) >= 5 {
			if t.wait, err = e.span(-3, 1000, "holdtime"); err == nil {
				t.talk, err = e.span(-2, 1000, "calltime")
			}
		}
	case "RINGNOANSWER", "RINGCANCELED":
		t.ring, err = e.span(0, 1, "ringtime")
	}
	return t, err
}

// begin makes a call of the first line seen of it: nil where that is not worth one.
func (q *queueLog) begin(e *event, t told) *qcall {
	c := &qcall{ID: e.call, Line: e.line, Outcome: hotline.Open, Started: e.at}
	switch e.kind {
	case "DID", "ENTERQUEUE", "JOINEMPTY", "FULL", "CLOSED":
		return c
	case "RINGNOANSWER", "RINGCANCELED", "AGENTDUMP":
		return nil // it is told when more is known
	case "CONNECT", "ABANDON", "EXITEMPTY", "EXITWITHTIMEOUT", "WITHDRAW", "EXITWITHKEY", "SYSCOMPAT":
		c.Started -= max(t.wait.Millis, 0)
	default:
		c.Started -= max(t.wait.Millis, 0) + max(t.talk.Millis, 0)
	}
	// Its beginning lies in another file.
	c.Last = headless(e.at)
	c.Queued, c.Queue = c.Started, e.queue
	c.Waiting, c.In, c.Entered = t.wait.Known, e.queue, c.Started
	return c
}

// apply changes the call; it returns why there is nothing to tell, empty when there is.
func (q *queueLog) apply(c *qcall, e *event, t told, out *outbox) string {
	switch e.kind {
	case "DID":
		c.DID = conceal(q.keys, strings.TrimSpace(e.param(0)))
	case "ENTERQUEUE":
		q.enter(c, e)
	case "JOINEMPTY", "FULL", "CLOSED":
		c.leave(e.at, hotline.Span{})
		c.lose(e, hotline.Blocked)
	case "RINGNOANSWER", "RINGCANCELED", "AGENTDUMP":
		return q.rang(c, e, t)
	case "CONNECT":
		return q.connect(c, e, t, out)
	case "COMPLETECALLER", "COMPLETEAGENT", "TRANSFER", "BLINDTRANSFER", "ATTENDEDTRANSFER":
		return q.complete(c, e, t, out)
	default:
		if c.Ended != 0 && !c.Waiting {
			return ignoredSame
		}
		c.leave(e.at, t.wait)
		c.lose(e, q.lost(c, e))
	}
	return ""
}

// lost is the outcome of a call that left a queue without an agent.
func (q *queueLog) lost(c *qcall, e *event) hotline.Outcome {
	switch e.kind {
	case "EXITWITHKEY":
		c.Key = clip(conceal(q.keys, strings.TrimSpace(e.param(0))))
		if o, ok := q.set.exit[c.Key]; ok {
			return o
		}
		return q.set.exit[""]
	case "ABANDON":
		// A member is named where the caller went during the announcement to the agent.
		if e.member != "" || c.Canceled != 0 && e.at-c.Canceled <= ringWithin && e.at >= c.Canceled {
			return hotline.AbandonedRinging
		}
		return hotline.AbandonedQueue
	}
	return hotline.TimedOut // EXITWITHTIMEOUT, EXITEMPTY, WITHDRAW, SYSCOMPAT: the system gave up
}

func (q *queueLog) enter(c *qcall, e *event) {
	if c.Waiting && c.In == e.queue && c.Entered == e.at {
		return
	}
	if c.Waiting {
		c.leave(e.at, hotline.Span{}) // its leaving was not told
	}
	c.Waiting, c.In, c.Entered, c.Ended = true, e.queue, e.at, 0
	if c.Queued == 0 {
		c.Queued = e.at
	}
	if c.Outcome != hotline.Answered {
		c.Outcome, c.Queue = hotline.Open, e.queue
	}
	number := strings.TrimSpace(e.param(1))
	if c.Caller == (caller{}) {
		c.Caller = callerOf(q.keys, c.ID, c.Started, number)
	}
	q.consultation(c, number)
}

// consultation knows the call by which an agent, with a caller on the line, asks in
// another queue: it comes from the extension of an agent who is talking.
func (q *queueLog) consultation(c *qcall, number string) {
	a := q.agents.get(q.byExt[number])
	if a == nil || a.Call == "" || a.Call == c.ID || c.Of != "" || len(c.Legs) > 0 {
		return
	}
	if of := q.calls.get(a.Call); of != nil && of.Of == "" {
		c.Of, of.Consults = of.ID, c.ID
		c.Caller = caller{} // an extension is none
	}
}

func (q *queueLog) rang(c *qcall, e *event, t told) string {
	c.Rings = min(c.Rings+1, 1_000_000)
	c.RingMillis = min(c.RingMillis+max(t.ring.Millis, 0), hotline.MaxSpan)
	if e.kind == "RINGCANCELED" {
		c.Canceled = e.at
	}
	return ignoredRing
}

func (q *queueLog) connect(c *qcall, e *event, t told, out *outbox) string {
	if l := c.open(e.member); l != nil && l.Agent == e.member && l.Queue == e.queue && l.Answered == e.at {
		return ignoredSame
	}
	if c.Outcome == hotline.Answered && !c.Waiting {
		q.takeOver(c, e, t, out)
	}
	// A caller who left the queue for another one still has an agent's leg there.
	for i := range c.Legs {
		if l := &c.Legs[i]; l.Ended == 0 {
			c.hangup(l, e.at, hotline.Span{})
			c.Transfers = min(c.Transfers+1, hotline.MaxTransfers)
			q.free(l.Agent, c.ID, e.at, out)
		}
	}
	c.leave(e.at, t.wait)
	if c.Outcome != hotline.Answered {
		c.Outcome, c.Answered, c.Queue = hotline.Answered, e.at, e.queue
	}
	c.Ended = 0
	c.add(leg{Agent: e.member, Queue: e.queue, Answered: e.at})
	q.busy(e.member, c.ID, e.at, out)
	return ""
}

func (c *qcall) add(l leg) {
	if len(c.Legs) < hotline.MaxLegs {
		c.Legs = append(c.Legs, l)
	}
}

// takeOver finds the call that waited in a queue for this one and takes it back: after an
// attended transfer of a caller from queue to queue the second queue's ENTERQUEUE carries
// the id of the agent who asked, and its CONNECT that of the caller.
func (q *queueLog) takeOver(c *qcall, e *event, t told, out *outbox) {
	if x := q.calls.get(c.Consults); x != nil && x.In == e.queue && len(x.Legs) == 0 {
		q.merge(c, x, out)
		return
	}
	if !t.wait.Known {
		return
	}
	// Where the agent cannot be known by their extension, it is the one call that began to
	// wait there at the right moment; both moments are rounded to seconds.
	var found *qcall
	count := 0
	q.calls.each(func(x *qcall) {
		if x.Waiting && x.In == e.queue && x.Into == "" && x != c && len(x.Legs) == 0 && abs(x.Entered-(e.at-t.wait.Millis)) <= 2000 {
			found = x
			count++
		}
	})
	if count == 1 {
		found.Guessed = true
		q.merge(c, found, out)
	}
}

// merge makes x part of c: it was no call of its own.
func (q *queueLog) merge(c, x *qcall, out *outbox) {
	c.Consults = ""
	x.Into = c.ID
	if !x.Guessed {
		x.Waiting, x.In, x.Ended = false, "", max(x.Entered, 1)
	}
	x.Last++
	q.keep(x)
	out.call(&hotline.Call{ID: x.ID, Version: q.base + x.Last, Deleted: true}, 0)
}

func abs(n int64) int64 { return max(n, -n) }

// complete ends an agent's part: hung up, or transferred.
func (q *queueLog) complete(c *qcall, e *event, t told, out *outbox) string {
	if len(c.Legs) == 0 { // the answer lies in another file
		answered := e.at - max(t.talk.Millis, 0)
		c.leave(answered, t.wait)
		c.Outcome, c.Answered, c.Queue = hotline.Answered, answered, e.queue
		c.add(leg{Agent: e.member, Queue: e.queue, Answered: answered})
	}
	l := c.open(e.member)
	if l == nil || l.Agent != e.member && e.member != "" && len(c.Legs) > 1 {
		return ignoredSame // the transfer has ended it before
	}
	c.hangup(l, e.at, t.talk)
	q.free(l.Agent, c.ID, e.at, out)
	c.Ended = e.at
	if !strings.HasSuffix(e.kind, "TRANSFER") {
		return ""
	}
	c.Transfers = min(c.Transfers+1, hotline.MaxTransfers)
	if e.kind == "ATTENDEDTRANSFER" {
		q.handOver(c, e, out)
	}
	return ""
}

// handOver gives the caller to whom the agent had asked first.
func (q *queueLog) handOver(c *qcall, e *event, out *outbox) {
	x := q.calls.get(c.Consults)
	if x == nil {
		return
	}
	switch next := x.open(""); {
	case next != nil: // the colleague is on the line already
		c.add(leg{Agent: next.Agent, Queue: next.Queue, Answered: e.at, Joined: true})
		c.Ended = 0
		if a := q.agents.get(next.Agent); a != nil {
			a.Call = c.ID
		}
	case x.Waiting: // the caller waits in the agent's place
		c.Waiting, c.In, c.Entered, c.Ended = true, x.In, x.Entered, 0
	default:
		return
	}
	q.merge(c, x, out)
}
