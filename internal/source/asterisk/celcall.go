package asterisk

import (
	"encoding/json"
	"slices"
	"strings"

	"hotline12333/internal/hotline"
)

// celCall is what is known of the channels of one linkedid. Times are milliseconds.
type celCall struct {
	ID      string
	Last    uint64
	Line    int64
	Outcome hotline.Outcome

	Started, Queued, Answered, Ended int64

	Queue     string
	Channel   string // the caller's
	Context   string
	Caller    caller
	Asked     string // the application that asked for an agent; empty before
	Left      bool   // the caller left it again without an agent
	Dial      string // how dialling ended
	Voicemail bool
	Legs      []leg
	Bridged   []member // in a bridge now
	Rings     []string // phones that ring: their channels
	Talk      hotline.Span
	Transfers uint32
}

// member is a channel in a bridge, since when.
type member struct {
	Channel string
	Since   int64
}

const maxChannels = 64 // of one call that are followed

// The reason why an event is no record.
const ignoredEvent = "event" // part of what is told with another

// take adds an event to its call.
func (c *celLog) take(e *celEvent, out *outbox) {
	call := c.calls.get(e.linkedid)
	if call == nil {
		switch e.kind {
		case "CHAN_START":
		case "CHAN_END", "LINKEDID_END", "LOCAL_OPTIMIZE", "LOCAL_OPTIMIZE_BEGIN":
			out.ignore(ignoredEvent) // what remains of a call that was told, or not seen
			return
		default:
			if !celKnown(e.kind) {
				out.ignore(ignoredUnknown)
				return
			}
		}
		call = &celCall{ID: e.linkedid, Line: e.line, Outcome: hotline.Open, Started: e.at}
		if e.kind != "CHAN_START" || e.uniqueid != e.linkedid {
			call.Last = headless(e.at)
		}
		if sec, ok := uniqueID(e.linkedid); ok && sec*1000 <= e.at && e.at-sec*1000 < openFor && call.Last > 0 {
			call.Started = sec * 1000 // the channel's own id says when it came to be
		}
	}
	call.Last++
	changed := c.apply(call, e)
	if e.kind == "LINKEDID_END" {
		c.calls.remove(e.linkedid)
	} else {
		c.calls.put(call.ID, call.class(), call)
	}
	switch {
	case changed:
		out.call(c.record(call), 0)
	case celKnown(e.kind):
		out.ignore(ignoredEvent)
	default:
		out.ignore(ignoredUnknown)
	}
}

func celKnown(kind string) bool {
	switch kind {
	case "CHAN_START", "CHAN_END", "ANSWER", "HANGUP", "APP_START", "APP_END", "BRIDGE_ENTER", "BRIDGE_EXIT", "BRIDGE_START",
		"BRIDGE_END", "BRIDGE_UPDATE", "CONF_ENTER", "CONF_EXIT", "CONF_START", "CONF_END", "PARK_START", "PARK_END", "PICKUP",
		"FORWARD", "BLINDTRANSFER", "ATTENDEDTRANSFER", "TRANSFER", "LINKEDID_END", "LOCAL_OPTIMIZE", "LOCAL_OPTIMIZE_BEGIN",
		"3WAY_START", "3WAY_END", "HOOKFLASH", "STREAM_BEGIN", "STREAM_END", "DTMF", "USER_DEFINED":
		return true
	}
	return false
}

func (c *celCall) class() int {
	if c.Ended == 0 {
		return alive
	}
	return ended
}

// apply changes the call and says whether there is something to tell.
func (c *celLog) apply(call *celCall, e *celEvent) bool {
	own := e.uniqueid == e.linkedid
	switch e.kind {
	case "CHAN_START":
		return c.start(call, e, own)
	case "APP_START":
		return own && c.app(call, e)
	case "APP_END":
		if own && asks(e.app) && call.Asked != "" {
			call.Left = call.Outcome == hotline.Open
		}
	case "ANSWER":
		call.stopRinging(e.channel)
	case "BRIDGE_ENTER":
		return call.enter(e.channel, e.at)
	case "BRIDGE_START": // of versions before 12: two channels at once
		first := call.enter(e.channel, e.at)
		return e.peer != "" && call.enter(e.peer, e.at) || first
	case "BRIDGE_EXIT":
		return call.exit(e.channel, e.at)
	case "BRIDGE_END":
		first := call.exit(e.channel, e.at)
		return e.peer != "" && call.exit(e.peer, e.at) || first
	case "BLINDTRANSFER", "ATTENDEDTRANSFER", "TRANSFER":
		call.Transfers = min(call.Transfers+1, hotline.MaxTransfers)
		return true
	case "HANGUP":
		return call.hangup(e, own)
	case "CHAN_END":
		call.stopRinging(e.channel)
		return call.exit(e.channel, e.at)
	case "LINKEDID_END":
		return call.finish(e.at)
	}
	return false
}

func (c *celLog) start(call *celCall, e *celEvent, own bool) bool {
	if !own {
		if _, half := local(e.channel); half == 0 && call.Outcome == hotline.Open && len(call.Rings) < maxChannels {
			call.Rings = append(call.Rings, clip(e.channel))
		}
		return false
	}
	call.Channel, call.Context = clip(e.channel), clip(e.context)
	call.Queue = clip(conceal(c.keys, e.exten))
	call.Caller = callerOf(c.keys, call.ID, call.Started, e.caller)
	return true
}

// app notes that the caller's channel entered an application.
func (c *celLog) app(call *celCall, e *celEvent) bool {
	switch {
	case strings.HasPrefix(e.app, "voicemail"):
		call.Voicemail = true
		return false
	case !asks(e.app):
		return false
	}
	call.Asked, call.Left, call.Ended = e.app, false, 0
	if call.Queued == 0 {
		call.Queued = e.at
	}
	if e.app == "queue" && call.Outcome == hotline.Open {
		n, _, _ := strings.Cut(e.data, ",")
		call.Queue = clip(conceal(c.keys, n))
	}
	return true
}

func (c *celCall) stopRinging(channel string) {
	channel = clip(channel)
	c.Rings = slices.DeleteFunc(c.Rings, func(s string) bool { return s == channel })
}

// enter puts a channel into a bridge. The caller speaks to an agent when both are in one.
func (c *celCall) enter(channel string, at int64) bool {
	channel = clip(channel)
	if slices.ContainsFunc(c.Bridged, func(m member) bool { return m.Channel == channel }) || len(c.Bridged) >= maxChannels {
		return false
	}
	c.stopRinging(channel)
	c.Bridged = append(c.Bridged, member{channel, at})
	caller := false
	for _, m := range c.Bridged {
		caller = caller || c.isCaller(m.Channel)
	}
	if !caller {
		return false
	}
	changed := false
	for _, m := range c.Bridged {
		if _, half := local(m.Channel); c.isCaller(m.Channel) || half > 0 {
			continue
		}
		if slices.ContainsFunc(c.Legs, func(l leg) bool { return l.Channel == m.Channel && l.Ended == 0 }) {
			continue
		}
		if c.Outcome == hotline.Open {
			c.Outcome, c.Answered = hotline.Answered, at
		}
		if len(c.Legs) < hotline.MaxLegs {
			c.Legs = append(c.Legs, leg{Agent: device(m.Channel), Channel: m.Channel, Queue: c.Queue, Answered: at})
		}
		c.Ended = 0
		changed = true
	}
	return changed
}

// isCaller knows the caller's channel; it is unknown where the call's beginning was not
// seen: then it is the first that was.
func (c *celCall) isCaller(channel string) bool {
	if c.Channel == "" {
		c.Channel = channel
	}
	return channel == c.Channel
}

// exit takes a channel out of its bridge; the leg of its agent ends, or all do.
func (c *celCall) exit(channel string, at int64) bool {
	channel = clip(channel)
	i := slices.IndexFunc(c.Bridged, func(m member) bool { return m.Channel == channel })
	if i < 0 {
		return false
	}
	c.Bridged = slices.Delete(c.Bridged, i, i+1)
	changed := false
	for i := range c.Legs {
		l := &c.Legs[i]
		if l.Ended != 0 || !c.isCaller(channel) && l.Channel != channel {
			continue
		}
		l.Ended = max(at, l.Answered)
		c.Talk = sum(c.Talk, l.Ended-l.Answered)
		changed = true
	}
	return changed
}

// hangup of the caller's channel ends the call.
func (c *celCall) hangup(e *celEvent, own bool) bool {
	if !own {
		c.stopRinging(e.channel)
		return c.exit(e.channel, e.at)
	}
	var extra struct {
		Dialstatus string `json:"dialstatus"`
	}
	if json.Unmarshal([]byte(e.extra), &extra) == nil { // it is not always there
		c.Dial = strings.ToUpper(clip(extra.Dialstatus))
	}
	return c.finish(e.at)
}

// finish decides a call that has ended.
func (c *celCall) finish(at int64) bool {
	changed := c.Ended == 0
	if c.Ended == 0 {
		c.Ended = at
	}
	for i := range c.Legs {
		if l := &c.Legs[i]; l.Ended == 0 {
			l.Ended = max(at, l.Answered)
			c.Talk = sum(c.Talk, l.Ended-l.Answered)
			c.Ended = max(c.Ended, at)
			changed = true
		}
	}
	if c.Outcome == hotline.Open {
		c.Outcome = c.lost()
		changed = true
	}
	return changed
}

// lost is the outcome of a call that no agent answered.
func (c *celCall) lost() hotline.Outcome {
	switch {
	case c.Voicemail:
		return hotline.Voicemail
	case c.Asked == "":
		return hotline.AbandonedIVR
	case c.Dial == "BUSY" || c.Dial == "CONGESTION" || c.Dial == "CHANUNAVAIL":
		return hotline.Blocked
	case c.Dial == "NOANSWER" || c.Left:
		return hotline.TimedOut
	case len(c.Rings) > 0 || c.Asked != "queue":
		return hotline.AbandonedRinging
	}
	return hotline.AbandonedQueue
}

func (c *celLog) record(call *celCall) *hotline.Call {
	r := &hotline.Call{
		ID: call.ID, Version: c.base + call.Last, Direction: hotline.Inbound, Outcome: call.Outcome,
		StartedAt: instant(call.Started), QueuedAt: instant(call.Queued), AnsweredAt: instant(call.Answered), EndedAt: instant(call.Ended),
		Queue: call.Queue, Talk: call.Talk, Transfers: call.Transfers,
	}
	for _, l := range call.Legs {
		r.Legs = append(r.Legs, hotline.Leg{Agent: l.Agent, Queue: l.Queue, AnsweredAt: instant(l.Answered), EndedAt: instant(l.Ended)})
	}
	if len(r.Legs) > 0 {
		r.Agent = r.Legs[0].Agent
	}
	switch {
	case slices.Contains(c.set.outbound, call.Context):
		r.Direction = hotline.Outbound
	case slices.Contains(c.set.internal, call.Context):
		r.Excluded = hotline.ExcludedInternal
	default:
		call.Caller.put(r)
	}
	return r
}
