package connect

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/source"
	"hotline12333/internal/wire"
)

// How much of a chain was known, above the milliseconds of a version.
const (
	knownShift = 42
	knownLone  = 1 // a contact of a queue transfer, answered, without the initial one
	knownFirst = 2 // the initial contact, answered, without the next
	knownChain = 3 // and one more for each further contact
	knownMost  = 1<<(53-knownShift) - 1
)

// stream is one input with the contacts of the window.
type stream struct {
	opts   source.Options
	window source.Window[*contact]
	chains map[string]*chain // by initial id
	count  int64
}

// chain is the contacts of one call that may still be asked for.
type chain struct {
	others   []*contact // transfers, the newest state of each
	callback bool       // there is a contact that calls back
	firsts   int        // states of the initial contact that are still to be told
	waiting  int        // contacts that are still to be told, of every kind
	settled  int64      // contacts up to this order were part of a call that was told
}

// hold adds a contact to its chain.
func (s *stream) hold(c *contact) {
	s.count++
	c.order = s.count
	if !c.counts() {
		return
	}
	ch := s.chains[c.initial]
	if ch == nil {
		ch = &chain{}
		s.chains[c.initial] = ch
	}
	switch {
	case c.id == c.initial:
		ch.firsts++
	case c.method == "CALLBACK":
		ch.callback = true
	case !ch.add(c):
		c.fault = hotline.Reject(hotline.TooLong, "InitialContactId", "more than %d contacts of one call", maxChain)
		return
	}
	ch.waiting++
}

// add keeps the newest state of a contact; it refuses one contact too many.
func (ch *chain) add(c *contact) bool {
	i := slices.IndexFunc(ch.others, func(o *contact) bool { return o.id == c.id })
	switch {
	case i < 0 && len(ch.others) == maxChain:
		return false
	case i < 0:
		ch.others = append(ch.others, c)
	case c.updated.After(ch.others[i].updated):
		ch.others[i] = c
	}
	return true
}

func (s *stream) done(c *contact) (wire.Item, error) {
	item := c.piece.Item()
	c.piece = source.Piece{} // its bytes are not needed any more
	c.told = true
	ch := s.chains[c.initial] // nil for one that does not count, where no other does
	if ch != nil && c.counts() {
		ch.waiting--
		if c.id == c.initial {
			ch.firsts--
		}
	}
	switch {
	case c.fault != nil:
		item.Rejected = c.fault
	case c.ignored != "":
		item.Ignored = c.ignored
	default:
		item.Call, item.Ignored = s.tell(c, ch)
	}
	if ch != nil {
		s.settle(c, ch)
	}
	return item, nil
}

// settle lets go of a chain whose initial contact has been told. What is still to come of
// it was part of that call; a contact that calls back is a call of its own.
func (s *stream) settle(c *contact, ch *chain) {
	if ch.firsts > 0 {
		return
	}
	if c.id == c.initial {
		ch.settled = s.count
	}
	ch.others = slices.DeleteFunc(ch.others, func(o *contact) bool { return o.told })
	if ch.waiting == 0 {
		delete(s.chains, c.initial)
	}
}

func (s *stream) tell(c *contact, ch *chain) (*hotline.Call, string) {
	if c.method == "CALLBACK" {
		call := c.call(s.opts, c.id)
		call.Direction = hotline.Callback
		return call, ""
	}
	switch {
	case c.order <= ch.settled:
	case c.id == c.initial:
		return s.whole(c, ch), ""
	case c.method == "QUEUE_TRANSFER" && !c.answered.IsZero() && ch.firsts == 0:
		call := c.call(s.opts, c.initial)
		call.Version = version(call.Version, knownLone)
		return call, ""
	}
	return nil, transferLeg
}

// whole makes the call of an initial contact and what is known of its chain.
func (s *stream) whole(c *contact, ch *chain) *hotline.Call {
	call := c.call(s.opts, c.initial)
	known := 0
	others := slices.Clone(ch.others)
	slices.SortStableFunc(others, func(a, b *contact) int { return a.started.Compare(b.started) })
	for _, o := range others {
		call.Version = max(call.Version, uint64(max(o.updated.UnixMilli(), 1)))
		known++
		o.join(call)
	}
	if ch.callback && call.Outcome != hotline.Answered {
		call.Outcome = hotline.CallbackRequested
	}
	switch {
	case known > 0:
		call.Version = version(call.Version, knownChain+known-1)
	case c.next == "":
	case call.Outcome == hotline.Answered || ch.callback:
		call.Version = version(call.Version, knownFirst)
	}
	return call
}

func version(ms uint64, known int) uint64 {
	return ms&(1<<knownShift-1) | uint64(min(known, knownMost))<<knownShift
}

// call is what one contact tells by itself.
func (c *contact) call(opts source.Options, id string) *hotline.Call {
	call := &hotline.Call{
		ID: id, Version: opts.Revision, StartedAt: c.started, QueuedAt: c.queued, EndedAt: c.ended,
		Queue: c.queue,
	}
	if c.number != "" {
		source.SetCaller(opts.Keys, call, c.number, source.KeepAll())
	}
	if !c.updated.IsZero() {
		call.Version = uint64(max(c.updated.UnixMilli(), 1))
	}
	switch c.method {
	case "OUTBOUND", "EXTERNAL_OUTBOUND", "API":
		call.Direction = hotline.Outbound
	}
	switch {
	case !c.answered.IsZero():
		call.Outcome, call.AnsweredAt, call.Agent = hotline.Answered, c.answered, c.agent
		call.Talk, call.Hold, call.Wrapup = c.talk, c.hold, c.wrapup
		if c.agent != "" {
			call.Legs = []hotline.Leg{c.leg()}
		}
	case c.queued.IsZero():
		call.Outcome = hotline.AbandonedIVR
	case strings.EqualFold(c.disconnect, "CONTACT_FLOW_DISCONNECT"):
		call.Outcome = hotline.TimedOut
	default:
		call.Outcome = hotline.AbandonedQueue
	}
	return call
}

// leg is an agent's part. It ends with the conversation, not with the agent's work after
// it, nor with the contact.
func (c *contact) leg() hotline.Leg {
	l := hotline.Leg{Agent: c.agent, Queue: c.queue, AnsweredAt: c.answered, Hold: c.hold}
	if c.talk.Known {
		l.EndedAt = c.answered.Add(time.Duration(c.talk.Millis+c.hold.Millis) * time.Millisecond)
	}
	return l
}

// join adds a later contact of the chain to the call.
func (c *contact) join(call *hotline.Call) {
	call.Transfers++
	if c.ended.After(call.EndedAt) {
		call.EndedAt = c.ended
	}
	if c.answered.IsZero() {
		return
	}
	if call.Outcome != hotline.Answered { // a queue transfer: this is where it was answered
		call.Outcome, call.AnsweredAt, call.Agent = hotline.Answered, c.answered, c.agent
		call.Queue = cmp.Or(c.queue, call.Queue)
		if call.QueuedAt.IsZero() {
			call.QueuedAt = c.queued
		}
	}
	call.Talk, call.Hold, call.Wrapup = sum(call.Talk, c.talk), sum(call.Hold, c.hold), sum(call.Wrapup, c.wrapup)
	if c.agent != "" && len(call.Legs) < hotline.MaxLegs {
		call.Legs = append(call.Legs, c.leg())
	}
}

func sum(a, b hotline.Span) hotline.Span {
	return hotline.Span{Millis: a.Millis + b.Millis, Known: a.Known || b.Known}
}
