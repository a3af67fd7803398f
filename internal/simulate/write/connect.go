package write

import (
	"bufio"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/simulate"
)

// connect is Amazon Connect's contact records, one a line: one for the caller's way to an
// agent, one more for each transfer, one for each call back.
func connect() *Format {
	return &Format{
		Name: "amazon-connect", Title: "Amazon Connect contact records (voice)", File: "contacts.ndjson",
		Cannot: []string{
			"What became of a caller in the menu: self-service, voicemail, a full queue and closed lines look like hanging up there.",
			"Losses while a phone rang, apart from those in the queue.",
			"Earlier queues of a caller who overflowed: the wait is that in the last one.",
			"That a call back was asked for, until the call back has been made.",
			"Calls in progress, and those of which no end was told: a record is written at the end.",
			"Why a call counts nowhere; topics, ratings, tickets, agent states, parts of seconds.",
			"Clocks that are wrong: the service has one clock.",
		},
		Can:      []kpi.Capability{kpi.CanRequests, kpi.CanQueueWait, kpi.CanCallers},
		Versions: true,
		carry:    carryConnect,
		settle:   settleConnect,
		open:     func(w io.Writer, _ Options) Writer { return &connectWriter{out: bufio.NewWriterSize(w, 1<<16)} },
	}
}

// callbackOf marks a carried call back with the call it was asked for in.
const callbackOf = "callback_of"

func carryConnect(e *simulate.Event) *hotline.Call {
	c, story := e.Story.Plain, e.Story
	if c.EndedAt.IsZero() {
		return nil
	}
	out := &hotline.Call{
		ID: c.ID, Version: c.Version, Centre: c.Centre, Direction: c.Direction, Outcome: hotline.AbandonedIVR,
		StartedAt: second(c.StartedAt), EndedAt: second(c.EndedAt),
	}
	if c.Direction != hotline.Inbound {
		out.Outcome = c.Outcome
		if c.Direction == hotline.Callback {
			out.QueuedAt, out.Queue = second(c.AnsweredAt), c.Queue
			out.Attributes = map[string]string{callbackOf: story.CallbackOf}
		}
	}
	if n := len(story.Stays); n > 0 {
		out.QueuedAt, out.Queue = second(story.Stays[n-1].From), c.Queue
		out.Outcome = hotline.AbandonedQueue
		if c.Outcome == hotline.TimedOut || c.Outcome == hotline.CallbackRequested {
			out.Outcome = c.Outcome
		}
	}
	if c.Outcome != hotline.Answered {
		return out
	}
	out.Outcome, out.AnsweredAt, out.Agent, out.Transfers = hotline.Answered, second(c.AnsweredAt), c.Agent, c.Transfers
	out.Talk, out.Hold, out.Wrapup = hotline.Millis(0), hotline.Millis(0), hotline.Seconds(c.Wrapup.Millis/1000)
	for i, l := range legsOf(c) {
		talk, hold := talkOf(c, l, i)
		out.Talk.Millis += talk * 1000
		out.Hold.Millis += hold * 1000
		leg := hotline.Leg{Agent: l.Agent, Queue: l.Queue, AnsweredAt: second(l.AnsweredAt), Hold: hotline.Seconds(hold)}
		leg.EndedAt = leg.AnsweredAt.Add(time.Duration(talk+hold) * time.Second)
		out.Legs = append(out.Legs, leg)
	}
	return out
}

// settleConnect takes back what nobody could know: a call back that was asked for and has
// not been made.
func settleConnect(told map[string]*hotline.Call) {
	made := make(map[string]bool)
	for _, c := range told {
		made[c.Attributes[callbackOf]] = true
	}
	for _, c := range told {
		if c.Outcome == hotline.CallbackRequested && !made[c.ID] {
			c.Outcome = hotline.AbandonedQueue
		}
	}
}

// talkOf is an agent's talk and hold in whole seconds; the hold was in the first part.
func talkOf(c *hotline.Call, l hotline.Leg, i int) (talk, hold int64) {
	talk = whole(l.AnsweredAt, l.EndedAt)
	if i == 0 {
		hold = min(c.Hold.Millis/1000, talk)
	}
	return talk - hold, hold
}

type connectWriter struct{ out *bufio.Writer }

func (w *connectWriter) Close() error { return w.out.Flush() }

// contact is a contact record; what is not set is null.
type contact struct {
	Format           string  `json:"AWSContactTraceRecordFormatVersion"`
	ContactID        string  `json:"ContactId"`
	Initial          *string `json:"InitialContactId"`
	Previous         *string `json:"PreviousContactId"`
	Next             *string `json:"NextContactId"`
	Channel          string
	InitiationMethod string
	DisconnectReason string

	InitiationTimestamp        *stamp
	ConnectedToSystemTimestamp *stamp
	DisconnectTimestamp        *stamp
	LastUpdateTimestamp        *stamp
	TransferCompletedTimestamp *stamp

	CustomerEndpoint endpoint
	SystemEndpoint   endpoint
	Queue            *contactQueue
	Agent            *contactAgent
}

type endpoint struct{ Address, Type string }

type contactQueue struct {
	Name             string
	EnqueueTimestamp *stamp
	DequeueTimestamp *stamp
	Duration         int64
}

type contactAgent struct {
	Username                  string
	ConnectedToAgentTimestamp *stamp
	AgentInteractionDuration  int64
	CustomerHoldDuration      int64
	NumberOfHolds             int64
	AfterContactWorkDuration  int64
}

// stamp is a time to the second, in UTC.
type stamp time.Time

// MarshalJSON implements json.Marshaler.
func (s stamp) MarshalJSON() ([]byte, error) {
	return []byte(`"` + time.Time(s).UTC().Format("2006-01-02T15:04:05Z") + `"`), nil
}

func stampOf(t time.Time) *stamp {
	if t.IsZero() {
		return nil
	}
	s := stamp(t)
	return &s
}

func (w *connectWriter) Write(e *simulate.Event) error {
	if e.Call == nil || carryConnect(e) == nil {
		return nil
	}
	for _, k := range contacts(e) {
		data, err := json.Marshal(k)
		if err != nil {
			return err
		}
		if _, err := w.out.Write(append(data, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// contacts are the records of a call, the first of them first.
func contacts(e *simulate.Event) []*contact {
	c, story := e.Story.Plain, e.Story
	number := story.Number
	if number[0] == '1' {
		number = "+86" + number
	}
	updated := c.EndedAt.Add(time.Duration(c.Wrapup.Millis) * time.Millisecond)
	first := &contact{
		Format: "2017-03-10", ContactID: uuid(c.ID, "contact"), Channel: "VOICE", InitiationMethod: "INBOUND",
		DisconnectReason: "CUSTOMER_DISCONNECT", InitiationTimestamp: stampOf(c.StartedAt), ConnectedToSystemTimestamp: stampOf(c.StartedAt),
		DisconnectTimestamp: stampOf(c.EndedAt), LastUpdateTimestamp: stampOf(updated),
		CustomerEndpoint: endpoint{number, "TELEPHONE_NUMBER"}, SystemEndpoint: endpoint{"+8612333", "TELEPHONE_NUMBER"},
	}
	switch {
	case c.Direction == hotline.Callback:
		initial := uuid(story.CallbackOf, "contact")
		first.ContactID, first.InitiationMethod = uuid(story.CallbackOf, "callback"), "CALLBACK"
		first.Initial, first.Previous = &initial, &initial
		first.Queue = &contactQueue{Name: c.Queue, EnqueueTimestamp: stampOf(c.AnsweredAt), DequeueTimestamp: stampOf(c.AnsweredAt)}
	case c.Direction == hotline.Outbound:
		first.InitiationMethod = "OUTBOUND"
	case len(story.Stays) > 0:
		last := story.Stays[len(story.Stays)-1]
		left := c.AnsweredAt
		if left.IsZero() {
			left = c.EndedAt
		}
		first.Queue = &contactQueue{
			Name: last.Queue, EnqueueTimestamp: stampOf(last.From), DequeueTimestamp: stampOf(left), Duration: whole(last.From, left),
		}
	}
	switch c.Outcome {
	case hotline.TimedOut, hotline.SelfService, hotline.Blocked, hotline.Voicemail:
		first.DisconnectReason = "CONTACT_FLOW_DISCONNECT"
	case hotline.CallbackRequested:
		next := uuid(c.ID, "callback")
		first.Next = &next
	case hotline.Answered:
		return withAgents(c, first)
	}
	return []*contact{first}
}

// withAgents puts the agents' parts in: each further one is a contact of its own.
func withAgents(c *hotline.Call, first *contact) []*contact {
	list := []*contact{first}
	legs := legsOf(c)
	initial := first.ContactID
	if first.Initial != nil {
		initial = *first.Initial
	}
	for i, l := range legs {
		k := first
		if i > 0 {
			before := list[i-1]
			copied := *first
			k = &copied
			k.ContactID = uuid(c.ID, "contact"+strconv.Itoa(i))
			k.Initial, k.Previous, k.Next = &initial, &before.ContactID, nil
			k.InitiationMethod, k.ConnectedToSystemTimestamp = "TRANSFER", nil
			k.InitiationTimestamp = stampOf(l.AnsweredAt)
			k.Queue = &contactQueue{Name: l.Queue, EnqueueTimestamp: stampOf(l.AnsweredAt), DequeueTimestamp: stampOf(l.AnsweredAt)}
			before.Next, before.TransferCompletedTimestamp, before.DisconnectTimestamp = &k.ContactID, stampOf(l.AnsweredAt), stampOf(l.AnsweredAt)
			list = append(list, k)
		}
		talk, hold := talkOf(c, l, i)
		k.Agent = &contactAgent{
			Username: l.Agent, ConnectedToAgentTimestamp: stampOf(l.AnsweredAt), AgentInteractionDuration: talk, CustomerHoldDuration: hold,
			NumberOfHolds: min(hold, 1),
		}
		if i == len(legs)-1 {
			k.Agent.AfterContactWorkDuration = c.Wrapup.Millis / 1000
		}
	}
	return list
}
