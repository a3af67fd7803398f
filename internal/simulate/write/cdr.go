package write

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/simulate"
)

// cdr is Asterisk's Master.csv: several rows a call, one for the menu (the dialplan begins
// a new record with ForkCDR when the caller joins a queue) and one for each phone that was
// dialled.
func cdr() *Format {
	return &Format{
		Name: "asterisk-cdr", Title: "Asterisk Master.csv (call detail records of cdr-csv)", File: "Master.csv",
		Cannot: []string{
			"What became of a caller in the menu: self-service, and being turned away, look like hanging up there.",
			"Who gave up the queue: only a wait as long as the queue's own limit is known to be the system's doing. Callers who leave by a key, or because the agents have gone, or while a phone rings, are among those who hang up.",
			"Calls in progress, and those of which no end was told: a record is written at the end.",
			"Why a call counts nowhere; calls back are outbound calls.",
			"Waits, as far as the source can trust them: the first announcement may have answered.",
			"Hold, wrap-up, topics, ratings, tickets, agent states, parts of seconds; in which queue a colleague took over.",
		},
		Can:   []kpi.Capability{kpi.CanRequests, kpi.CanCallers},
		carry: carryCDR,
		open: func(w io.Writer, o Options) Writer {
			return &cdrWriter{out: bufio.NewWriterSize(w, 1<<16), zone: o.Zone}
		},
	}
}

func carryCDR(e *simulate.Event) *hotline.Call {
	c, story := e.Story.Plain, e.Story
	if c.EndedAt.IsZero() {
		return nil
	}
	out := &hotline.Call{
		ID: c.ID, Version: c.Version, Centre: c.Centre, Direction: hotline.Inbound, Outcome: hotline.AbandonedIVR,
		StartedAt: second(c.StartedAt), EndedAt: second(c.EndedAt), Queue: hotlineNumber,
	}
	if c.Direction != hotline.Inbound {
		out.Direction, out.Queue, out.Outcome = hotline.Outbound, "", c.Outcome
		return out
	}
	switch {
	case c.Outcome == hotline.Voicemail:
		out.Outcome = hotline.Voicemail
		return out
	case len(story.Stays) == 0:
		return out
	}
	out.QueuedAt, out.Queue = second(c.QueuedAt), c.Queue
	if c.Outcome != hotline.Answered {
		out.Outcome = hotline.AbandonedQueue
		if c.Outcome == hotline.TimedOut && !story.Emptied {
			out.Outcome = hotline.TimedOut
		}
		return out
	}
	out.Outcome, out.AnsweredAt, out.Agent, out.Transfers = hotline.Answered, second(c.AnsweredAt), channelTech+c.Agent, c.Transfers
	for _, l := range legsOf(c) {
		out.Legs = append(out.Legs, hotline.Leg{
			Agent: channelTech + l.Agent, Queue: c.Queue, AnsweredAt: second(l.AnsweredAt), EndedAt: second(l.EndedAt),
		})
	}
	return out
}

type cdrWriter struct {
	out      *bufio.Writer
	zone     *time.Location
	sequence int
}

func (w *cdrWriter) Close() error { return w.out.Flush() }

// cdrRow is what differs between the rows of a call.
type cdrRow struct {
	to, app, data      string
	start, answer, end time.Time
	disposition        string
}

func (w *cdrWriter) Write(e *simulate.Event) error {
	if e.Call == nil || carryCDR(e) == nil {
		return nil
	}
	c, story := e.Story.Plain, e.Story
	if c.Direction != hotline.Inbound {
		r := cdrRow{to: channel("trunk", c, 1), app: "Dial", data: "SIP/trunk/" + story.Number + ",60", start: c.StartedAt, answer: c.AnsweredAt, end: c.EndedAt}
		if r.disposition = "ANSWERED"; c.AnsweredAt.IsZero() {
			r.disposition = "NO ANSWER"
		}
		return w.row(e, r)
	}
	menu := cdrRow{app: "BackGround", data: "12333-menu", start: c.StartedAt, answer: c.StartedAt, end: c.EndedAt, disposition: "ANSWERED"}
	switch {
	case c.Outcome == hotline.Voicemail:
		menu.app, menu.data = "VoiceMail", "12333,u"
	case c.Outcome == hotline.Blocked:
		menu.app, menu.data = "Hangup", ""
	case !c.QueuedAt.IsZero():
		menu.end = c.QueuedAt
	}
	if err := w.row(e, menu); err != nil || len(story.Stays) == 0 {
		return err
	}
	return w.queued(e)
}

// queued writes the rows of a caller in queues.
func (w *cdrWriter) queued(e *simulate.Event) error {
	c, story := e.Story.Plain, e.Story
	rows := make([]cdrRow, 0, len(story.Stays)+len(story.Rings)+len(c.Legs))
	for i, stay := range story.Stays {
		r := cdrRow{app: "Queue", data: stay.Queue + ",t", start: stay.From, answer: stay.From, end: stay.To, disposition: "NO ANSWER"}
		if i == len(story.Stays)-1 {
			if c.Outcome == hotline.Answered {
				break // its row is that of the agent
			}
			if r.end = c.EndedAt; c.Outcome == hotline.TimedOut && !story.Emptied {
				r.data += fmt.Sprintf(",,,%d", whole(stay.From, c.EndedAt))
			}
		}
		rows = append(rows, r)
	}
	last := story.Stays[len(story.Stays)-1]
	for i, ring := range story.Rings {
		if ring.Answered || ring.To.IsZero() {
			continue
		}
		rows = append(rows, cdrRow{
			to: channel(ring.Agent, c, i), app: "Queue", data: last.Queue + ",t",
			start: ring.From, answer: ring.From, end: ring.To, disposition: "NO ANSWER",
		})
	}
	if c.Outcome == hotline.Answered {
		start, queue := last.From, last.Queue
		for i, l := range legsOf(c) {
			if i > 0 {
				start, queue = l.AnsweredAt, l.Queue
			}
			rows = append(rows, cdrRow{
				to: channel(l.Agent, c, 20+i), app: "Queue", data: queue + ",t",
				start: start, answer: l.AnsweredAt, end: l.EndedAt, disposition: "ANSWERED",
			})
		}
	}
	for _, r := range rows {
		if err := w.row(e, r); err != nil {
			return err
		}
	}
	return nil
}

func (w *cdrWriter) row(e *simulate.Event, r cdrRow) error {
	c, number := e.Story.Plain, e.Story.Number
	src, dst, context, from := number, hotlineNumber, fromTrunk, channel("trunk", c, 0)
	if c.Direction != hotline.Inbound {
		agent := phoneOf(c)
		src, dst, context, from = agent, number, fromPhones, channel(agent, c, 0)
	}
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return quoted(t.In(w.zone).Format(time.DateTime))
	}
	billed := int64(0)
	if !r.answer.IsZero() {
		billed = whole(r.answer, r.end)
	}
	id := uniqueID(c, 0)
	w.sequence++
	_, err := fmt.Fprintf(w.out, "%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%d,%d,%s,%s,%s,%s,%s,%s,%d\n",
		quoted(""), quoted(src), quoted(dst), quoted(context), quoted(quoted(src)+" <"+src+">"), quoted(from), quoted(r.to), quoted(r.app), quoted(r.data),
		at(r.start), at(r.answer), at(r.end), whole(r.start, r.end), billed, quoted(r.disposition), quoted("DOCUMENTATION"),
		quoted(id), quoted(""), quoted(""), quoted(id), w.sequence)
	return err
}

// phoneOf is the phone an outgoing call was made from.
func phoneOf(c *hotline.Call) string {
	if c.Agent != "" {
		return c.Agent
	}
	return "8000" // the record does not name who tried in vain
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
