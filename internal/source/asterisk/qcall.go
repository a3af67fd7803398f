package asterisk

import (
	"strconv"
	"strings"
	"time"

	"hotline12333/internal/hotline"
)

// qcall is what is known of one call. Times are milliseconds, 0 is unknown; lengths of
// time as well.
type qcall struct {
	ID      string
	Last    uint64 // version told last, less the revision's part
	Line    int64  // it began with
	Outcome hotline.Outcome

	Started, Queued, Answered, Ended int64

	Queue   string // of the outcome
	In      string // waits in this one now
	Waiting bool
	Entered int64 // when it began to wait there

	Wait, Talk hotline.Span
	Legs       []leg
	Transfers  uint32

	Caller     caller
	DID        string
	Key        string // it left the queue with
	Rings      int    // phones that rang in vain
	RingMillis int64
	Canceled   int64 // when a phone stopped ringing because the caller had gone

	Consults string // the call by which this one's agent asks in another queue
	Of       string // the call whose agent asks by this one: no caller's
	Into     string // the call this one became part of
	Guessed  bool   // that it did is inferred from the times: another line of its own takes it back
}

// leg is one agent's part.
type leg struct {
	Agent, Queue    string
	Answered, Ended int64
	Channel         string `json:",omitempty"` // of the agent, where the log tells
	Joined          bool   `json:",omitempty"` // the agent spoke to a colleague first: the log's own talk time holds both
}

// open is the last leg that has not ended, of this agent where there is one.
func (c *qcall) open(agent string) *leg {
	var found *leg
	for i := range c.Legs {
		if l := &c.Legs[i]; l.Ended == 0 && (found == nil || l.Agent == agent || found.Agent != agent) {
			found = l
		}
	}
	return found
}

func (c *qcall) class() int {
	if c.Outcome == hotline.Open || c.Ended == 0 {
		return alive
	}
	return ended
}

// leave ends the waiting in a queue. told is what the log says of it.
func (c *qcall) leave(at int64, told hotline.Span) {
	length := told
	if !length.Known && c.Waiting {
		length = hotline.Millis(at - c.Entered)
	}
	if c.Outcome != hotline.Answered && length.Known { // what comes after an answer is no wait for it
		c.Wait = sum(c.Wait, length.Millis)
	}
	c.Waiting, c.In, c.Entered = false, "", 0
}

// lose decides the call, unless an agent has spoken to the caller already.
func (c *qcall) lose(e *event, outcome hotline.Outcome) {
	c.Ended = e.at
	if c.Outcome == hotline.Answered {
		return
	}
	c.Outcome = outcome
	if e.queue != "" {
		c.Queue = e.queue
	}
}

// hangup ends a leg. told is the talk time of the log.
func (c *qcall) hangup(l *leg, at int64, told hotline.Span) {
	length := told
	if !length.Known || l.Joined {
		length = hotline.Millis(at - l.Answered)
	}
	if length.Millis < 0 {
		length.Millis = 0
	}
	l.Ended = l.Answered + length.Millis
	c.Talk = sum(c.Talk, length.Millis)
}

// sum adds within what a record may hold.
func sum(s hotline.Span, ms int64) hotline.Span {
	return hotline.Millis(max(min(s.Millis+ms, hotline.MaxSpan), -hotline.MaxSpan))
}

// record is the call as it is told.
func (q *queueLog) record(c *qcall) *hotline.Call {
	r := &hotline.Call{
		ID: c.ID, Version: q.base + c.Last, Direction: hotline.Inbound,
		StartedAt: instant(c.Started), QueuedAt: instant(c.Queued), AnsweredAt: instant(c.Answered), EndedAt: instant(c.Ended),
		Outcome: c.Outcome, Queue: c.Queue, Wait: c.Wait, Talk: c.Talk, Transfers: c.Transfers,
	}
	if c.Outcome == hotline.Open { // still counting
		r.Wait = hotline.Span{}
	}
	if c.Of != "" {
		r.Excluded = hotline.ExcludedInternal
	}
	if c.Outcome == hotline.Answered {
		r.Legs = make([]hotline.Leg, len(c.Legs))
		for i, l := range c.Legs {
			r.Legs[i] = hotline.Leg{Agent: l.Agent, Queue: l.Queue, AnsweredAt: instant(l.Answered), EndedAt: instant(l.Ended)}
		}
		if len(c.Legs) > 0 {
			r.Agent = c.Legs[0].Agent
		}
	}
	r.Attributes = attributes(
		"did", c.DID,
		"exit_key", c.Key,
		"rings_unanswered", number(int64(c.Rings)),
		"rings_unanswered_ms", number(c.RingMillis),
		"consultation_of", c.Of,
	)
	c.Caller.put(r)
	return r
}

// attributes makes a map of names and values, leaving out what is empty.
func attributes(pairs ...string) map[string]string {
	var m map[string]string
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		if m == nil {
			m = make(map[string]string)
		}
		m[pairs[i]] = clip(pairs[i+1])
	}
	return m
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return -1
		}
		return r
	}, s)
	for len(s) > hotline.MaxName {
		s = strings.ToValidUTF8(s[:hotline.MaxName], "")
	}
	return s
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
