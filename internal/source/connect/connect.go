package connect

import (
	"context"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/source"
	"hotline12333/internal/wire"
)

// Records is the native of contact records.
type Records struct{}

var _ source.Native = Records{}

// The reasons why a contact is no call.
const (
	notVoice    = "not_voice"
	transferLeg = "transfer_leg"
	monitoring  = "monitoring" // a supervisor who listened in
)

// The window, and the contacts of one call in it beside the initial one: more are no call,
// and looking through them for each of the others would never end.
const (
	windowRows  = 10_000
	windowBytes = 32 << 20
	maxChain    = 1000
)

// Read tells one item for each contact. It reads from the start even where it is to go
// on, since a contact may belong to an earlier one.
func (Records) Read(ctx context.Context, in io.Reader, opts source.Options, fn func(*wire.Item) error) error {
	pieces := source.NewJSONPieces(ctx, in)
	s := &stream{opts: opts, chains: map[string]*chain{}}
	s.window = source.Window[*contact]{
		Rows: windowRows, Bytes: windowBytes, Done: s.done, Tell: source.After(opts.From, fn),
		Ready: func(first, _ *contact) bool { return first.alone() },
	}
	for {
		p, err := pieces.Next()
		if errors.Is(err, io.EOF) {
			return s.window.Flush()
		}
		if err != nil {
			return err
		}
		c := parse(p, opts)
		s.hold(c)
		if err := s.window.Add(c, p.Length+512); err != nil {
			return err
		}
	}
}

// CannotFollow says why a growing file of contacts is not read.
func (Records) CannotFollow() string {
	return "the contacts of one call come apart, hours perhaps, and are read together: import the files as they are delivered"
}

// contact is one contact record.
type contact struct {
	piece   source.Piece
	fault   *hotline.RejectError
	ignored string
	told    bool
	order   int64

	id, initial, previous, next string
	method, disconnect          string
	updated                     time.Time
	started, queued, answered   time.Time
	ended, left                 time.Time
	queue, agent                string
	talk, hold, wrapup          hotline.Span
	number                      string // of the caller; it goes no further than the call
}

// alone says that no other contact can say more about this one.
func (c *contact) alone() bool {
	return !c.counts() || c.id == c.initial && c.next == "" && c.method != "CALLBACK"
}

func (c *contact) counts() bool { return c.fault == nil && c.ignored == "" }

func parse(p *source.Piece, opts source.Options) *contact {
	c := &contact{piece: p.Clone(), fault: p.Fault}
	if c.fault != nil {
		return c
	}
	v, err := source.ParseJSON(p.Raw, false)
	if err != nil {
		c.fault = err
		return c
	}
	r := reader{v: v}
	if channel := r.text("Channel"); channel != "" && !strings.EqualFold(channel, "VOICE") {
		c.ignored = notVoice
		return c
	}
	c.method = strings.ToUpper(r.text("InitiationMethod"))
	if c.method == "MONITOR" {
		c.ignored = monitoring
		return c
	}
	if c.id = r.text("ContactId"); c.id == "" {
		r.fail(hotline.Missing, "ContactId", "the contact has no id")
	}
	c.previous, c.next, c.initial = r.text("PreviousContactId"), r.text("NextContactId"), r.text("InitialContactId")
	if c.initial == "" {
		c.initial = c.id
	}
	c.disconnect = r.text("DisconnectReason")
	c.updated = r.instant("LastUpdateTimestamp")
	c.started, c.ended = r.instant("InitiationTimestamp"), r.instant("DisconnectTimestamp")
	c.queue = source.Name(r.text("Queue", "Name"), opts.Keys)
	c.queued, c.left = r.instant("Queue", "EnqueueTimestamp"), r.instant("Queue", "DequeueTimestamp")
	c.agent = r.text("Agent", "Username")
	c.answered = r.instant("Agent", "ConnectedToAgentTimestamp")
	c.talk = r.seconds("Agent", "AgentInteractionDuration")
	c.hold = r.seconds("Agent", "CustomerHoldDuration")
	c.wrapup = r.seconds("Agent", "AfterContactWorkDuration")
	if kind := r.text("CustomerEndpoint", "Type"); kind == "" || kind == "TELEPHONE_NUMBER" {
		if number := r.text("CustomerEndpoint", "Address"); !strings.EqualFold(number, "anonymous") {
			c.number = number
		}
	}
	c.fault = r.err
	return c
}

// reader takes values of a contact; the first fault sticks.
type reader struct {
	v   source.Value
	err *hotline.RejectError
}

func (r *reader) fail(reason hotline.Reason, field, detail string) {
	if r.err == nil {
		r.err = hotline.Reject(reason, field, "%s", detail)
	}
}

func (r *reader) text(path ...string) string {
	return strings.TrimSpace(r.v.Get(path...).Text())
}

func (r *reader) instant(path ...string) time.Time {
	s := r.text(path...)
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		r.fail(hotline.WrongType, strings.Join(path, "."), "not a time as 2026-03-02T01:30:00Z")
		return time.Time{}
	}
	return t.UTC().Truncate(time.Millisecond)
}

func (r *reader) seconds(path ...string) hotline.Span {
	s := r.text(path...)
	if s == "" {
		return hotline.Span{}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f)*1000 > 2*hotline.MaxSpan {
		r.fail(hotline.WrongType, strings.Join(path, "."), "not a number of seconds")
		return hotline.Span{}
	}
	return hotline.Millis(int64(math.Round(f * 1000)))
}

// Natives are the formats by the names that descriptions give.
func Natives() source.Natives { return source.Natives{"amazon-connect": Records{}} }
