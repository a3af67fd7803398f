package asterisk

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"hotline12333/internal/hotline"
)

// group is the rows of one call. Times are milliseconds.
type group struct {
	ID   string
	Line int64 // of the first row
	Rows uint64
	Told bool

	Start, End  int64
	First       originator // the row the call began with
	Asked       bool       // Dial or Queue: an agent was asked for
	AskedAt     int64
	Queued      bool // by Queue
	Queue       string
	QueueAt     int64
	InQueue     bool // it was answered there
	TimedOut    bool
	Busy, Tried int
	Voicemail   bool
	Parts       []part // answered
}

// originator is what the row tells with which a call began.
type originator struct {
	Set             bool
	Own             bool // its channel is the one the call is known by
	Start, Sequence int64
	Caller          caller
	Dst, Context    string
}

// part is a row in which a dialled phone answered.
type part struct {
	Channel, To   string
	Answered, End int64
}

// asks are the applications by which a caller is given to agents.
func asks(app string) bool {
	switch app {
	case "dial", "queue", "retrydial", "followme":
		return true
	}
	return false
}

func (g *group) add(d *cdrLog, r *cdrRow) {
	g.Rows++
	if g.Start == 0 || r.start < g.Start {
		g.Start = r.start
	}
	g.End = max(g.End, r.end)
	g.originate(d, r)
	if strings.HasPrefix(r.app, "voicemail") && r.disposition == "ANSWERED" {
		g.Voicemail = true
	}
	if !asks(r.app) {
		return
	}
	if !g.Asked || r.start < g.AskedAt {
		g.Asked, g.AskedAt = true, r.start
	}
	g.queue(d, r)
	if r.disposition == "ANSWERED" && r.dstchannel != "" {
		if len(g.Parts) < hotline.MaxLegs {
			g.Parts = append(g.Parts, part{Channel: clip(r.channel), To: clip(r.dstchannel), Answered: max(r.answer, r.start), End: r.end})
		}
		return
	}
	g.Tried++
	switch r.disposition {
	case "BUSY", "CONGESTION", "FAILED":
		g.Busy++
	default:
		// That a Local channel's far half gave up dialling is a step on the way.
		_, half := local(r.channel)
		if limit := dialTimeout(r); half != 2 && limit > 0 && r.duration >= limit {
			g.TimedOut = true
		}
	}
}

// originate keeps what the first row of the caller's own channel tells: the other rows
// may be those of phones that called on.
func (g *group) originate(d *cdrLog, r *cdrRow) {
	own := r.linkedid == "" || r.uniqueid == r.linkedid
	f := &g.First
	better := !f.Set || own && !f.Own ||
		own == f.Own && (r.start < f.Start || r.start == f.Start && r.sequence < f.Sequence)
	if !better {
		return
	}
	*f = originator{Set: true, Own: own, Start: r.start, Sequence: r.sequence, Context: clip(r.context)}
	f.Dst = clip(conceal(d.keys, r.dst))
	f.Caller = callerOf(d.keys, g.ID, r.start, r.src)
}

// queue notes the queue in which an agent first answered, else the one the caller waited in
// last; without one, what was dialled.
func (g *group) queue(d *cdrLog, r *cdrRow) {
	if r.app != "queue" {
		return
	}
	answered := r.disposition == "ANSWERED" && r.dstchannel != ""
	at := r.start
	if answered {
		at = max(r.answer, r.start)
	}
	better := !g.Queued || answered && (!g.InQueue || at < g.QueueAt) || !answered && !g.InQueue && at >= g.QueueAt
	if !better {
		return
	}
	n, _, _ := strings.Cut(r.data, ",")
	g.Queued, g.InQueue, g.Queue, g.QueueAt = true, answered, clip(conceal(d.keys, n)), at
}

// dialTimeout is after how many seconds Dial or Queue gives up, 0 where it does not.
func dialTimeout(r *cdrRow) int64 {
	args := strings.Split(r.data, ",")
	i := 1 // Dial(phones,timeout)
	if r.app == "queue" {
		i = 4 // Queue(name,options,url,announcement,timeout)
	}
	if i >= len(args) {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(args[i]), 10, 32)
	if err != nil {
		return 0
	}
	return n
}

// legs are the agents' parts in order of time. A call that went to an agent over a Local
// channel has rows for both its halves: they are one leg, with the agent of the far half.
func (g *group) legs() []hotline.Leg {
	behind := make(map[string]string) // pair of a Local channel → who was called over it
	near := make(map[string]bool)
	direct := false
	for _, p := range g.Parts {
		if pair, half := local(p.Channel); half == 2 {
			behind[pair] = p.To
		}
		switch pair, half := local(p.To); {
		case half > 0:
			near[pair] = true
		default:
			if _, half := local(p.Channel); half != 2 {
				direct = true
			}
		}
	}
	var out []hotline.Leg
	for _, p := range g.Parts {
		to := p.To
		if pair, half := local(p.Channel); half == 2 && near[pair] {
			continue // the same as the near half
		}
		if pair, half := local(to); half > 0 {
			// A Local channel that was taken out of the middle leaves a row without length
			// beside the direct one.
			if direct && p.End-p.Answered <= 1000 {
				continue
			}
			if far := behind[pair]; far != "" {
				to = far
			}
		}
		out = append(out, hotline.Leg{Agent: device(to), AnsweredAt: instant(p.Answered), EndedAt: instant(max(p.End, p.Answered))})
	}
	slices.SortStableFunc(out, func(a, b hotline.Leg) int {
		return cmp.Or(a.AnsweredAt.Compare(b.AnsweredAt), a.EndedAt.Compare(b.EndedAt), cmp.Compare(a.Agent, b.Agent))
	})
	return out
}

// record is the call as its rows tell it.
func (d *cdrLog) record(g *group) *hotline.Call {
	c := &hotline.Call{
		ID: g.ID, Version: d.base + g.Rows, Direction: hotline.Inbound,
		StartedAt: instant(g.Start), QueuedAt: instant(g.AskedAt), EndedAt: instant(g.End), Queue: g.Queue,
		Outcome: g.outcome(),
	}
	if !g.Queued {
		c.Queue = g.First.Dst
	}
	c.Attributes = attributes("rows", strconv.FormatUint(g.Rows, 10), "context", g.First.Context)
	switch { // in calls of the centre's own the number is an extension's
	case slices.Contains(d.set.outbound, g.First.Context):
		c.Direction = hotline.Outbound
	case slices.Contains(d.set.internal, g.First.Context):
		c.Excluded = hotline.ExcludedInternal
	default:
		g.First.Caller.put(c)
	}
	if c.Outcome == hotline.Answered {
		c.Legs = g.legs()
		var talk hotline.Span
		for i := range c.Legs {
			l := &c.Legs[i]
			l.Agent, l.Queue = clip(l.Agent), c.Queue
			talk = sum(talk, l.EndedAt.Sub(l.AnsweredAt).Milliseconds())
			if i > 0 && !l.AnsweredAt.Before(c.Legs[i-1].EndedAt) {
				c.Transfers++ // to whom came after
			}
		}
		if len(c.Legs) > 0 {
			c.Agent, c.AnsweredAt = c.Legs[0].Agent, c.Legs[0].AnsweredAt
		}
		c.Talk = talk
	}
	return c
}

// outcome of the call. Where no agent was asked for, a record does not tell whether the
// caller was served by an announcement: it is not counted as if.
func (g *group) outcome() hotline.Outcome {
	switch {
	case len(g.Parts) > 0:
		return hotline.Answered
	case g.Voicemail:
		return hotline.Voicemail
	case !g.Asked:
		return hotline.AbandonedIVR
	case g.Busy == g.Tried:
		return hotline.Blocked
	case g.TimedOut:
		return hotline.TimedOut
	case g.Queued:
		return hotline.AbandonedQueue
	}
	return hotline.AbandonedRinging
}
