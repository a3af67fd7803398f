package freeswitch

import (
	"context"
	"errors"
	"io"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/source"
	"hotline12333/internal/wire"
)

// JSON reads mod_json_cdr: one object, several one after the other, or a list of them.
// Values may be URL-encoded, as they are by default, or not. A key that stands more than
// once, as callflow in old versions, is a list.
type JSON struct{}

var _ source.Native = JSON{}

// Read tells one item for each object.
func (JSON) Read(ctx context.Context, in io.Reader, opts source.Options, fn func(*wire.Item) error) error {
	pieces := source.NewJSONPieces(ctx, in)
	pieces.Growing = opts.Growing
	if opts.From.Offset > 0 {
		if err := pieces.Jump(opts.From); err != nil {
			return err
		}
	}
	for {
		p, err := pieces.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		item := p.Item()
		if item.Rejected == nil {
			record(p.Raw, opts, &item)
		}
		if err := fn(&item); err != nil {
			return err
		}
	}
}

func record(raw []byte, opts source.Options, item *wire.Item) {
	v, err := source.ParseJSON(raw, true)
	if err != nil {
		item.Rejected = err
		return
	}
	c := &cdr{root: v, vars: v.Get("variables"), opts: opts}
	item.Call, item.Ignored, item.Rejected = c.call()
}

// cdr is one leg. The first fault sticks.
type cdr struct {
	root, vars source.Value
	opts       source.Options
	err        *hotline.RejectError
}

func (c *cdr) fail(reason hotline.Reason, field, format string, args ...any) {
	if c.err == nil {
		c.err = hotline.Reject(reason, field, format, args...)
	}
}

// value is a variable, decoded where it is encoded: where every % begins an escape.
func (c *cdr) value(name string) string { return decoded(c.vars.Get(name).Text()) }

func decoded(s string) string {
	if strings.Contains(s, "%") {
		if plain, err := url.PathUnescape(s); err == nil {
			s = plain
		}
	}
	return strings.TrimSpace(s)
}

// moment is Unix time in a unit a second; zero where it is not told.
func (c *cdr) moment(name string, unit int64) time.Time {
	s := c.value(name)
	if s == "" || s == "0" {
		return time.Time{}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		c.fail(hotline.WrongType, "variables."+name, "not a time in Unix form")
		return time.Time{}
	}
	if unit == 1 && n > math.MaxInt64/1_000_000 {
		c.fail(hotline.OutOfRange, "variables."+name, "beyond the year 2099")
		return time.Time{}
	}
	return time.UnixMicro(n * (1_000_000 / unit)).UTC().Truncate(time.Millisecond)
}

// at is a moment to the microsecond where that is told, else to the second.
func (c *cdr) at(name string, fine bool) time.Time {
	if fine {
		if t := c.moment(name+"_uepoch", 1_000_000); !t.IsZero() {
			return t
		}
	}
	return c.moment(name+"_epoch", 1)
}

// span is a duration in a unit a second; unknown where it is not told.
func (c *cdr) span(name string, unit float64) hotline.Span {
	s := c.value(name)
	if s == "" {
		return hotline.Span{}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f/unit*1000) > 2*hotline.MaxSpan {
		c.fail(hotline.WrongType, "variables."+name, "not a duration")
		return hotline.Span{}
	}
	return hotline.Millis(int64(math.Round(f / unit * 1000)))
}

func (c *cdr) call() (*hotline.Call, string, *hotline.RejectError) {
	if !c.vars.IsObject() {
		return nil, "", hotline.Reject(hotline.Missing, "variables", "a record of mod_json_cdr has its facts there")
	}
	if reason := c.leg(); reason != "" {
		return nil, reason, nil
	}
	id := c.value("uuid")
	if id == "" {
		return nil, "", hotline.Reject(hotline.Missing, "variables.uuid", "the leg has no id")
	}
	out := &hotline.Call{ID: id, Version: c.opts.Revision}
	if c.value("cc_side") == "member" {
		c.member(out)
	} else {
		c.direct(out)
	}
	c.person(out)
	if c.err != nil {
		return nil, "", c.err
	}
	return out, "", nil
}

// leg says why the record is not the caller's leg, empty where it is.
func (c *cdr) leg() string {
	if c.value("cc_side") == "agent" {
		return agentLeg
	}
	if c.value("cc_side") != "" {
		return ""
	}
	if c.value("originating_leg_uuid") != "" || c.value("originator") != "" {
		return secondLeg
	}
	for _, flow := range c.root.All("callflow") {
		if flow.Get("caller_profile", "originator").IsObject() {
			return secondLeg
		}
	}
	return ""
}

// member is a caller in a queue of mod_callcenter. Its times are whole seconds, and so
// are then all of the call: two clocks would run against each other.
func (c *cdr) member(out *hotline.Call) {
	out.Queue = source.Name(c.value("cc_queue"), c.opts.Keys)
	out.StartedAt, out.EndedAt = c.at("start", false), c.at("end", false)
	out.QueuedAt = c.moment("cc_queue_joined_epoch", 1)
	answered := c.moment("cc_queue_answered_epoch", 1)
	switch cause, why := c.value("cc_cause"), c.value("cc_cancel_reason"); {
	case strings.EqualFold(cause, "answered") || cause == "" && !answered.IsZero():
		out.Outcome, out.AnsweredAt = hotline.Answered, answered
		out.Agent = source.Name(c.value("cc_agent"), c.opts.Keys)
		out.Hold = c.hold()
		leg := hotline.Leg{Agent: out.Agent, Queue: out.Queue, AnsweredAt: answered, Hold: out.Hold}
		leg.EndedAt = c.moment("cc_queue_terminated_epoch", 1)
		if leg.EndedAt.IsZero() {
			leg.EndedAt = out.EndedAt
		}
		if leg.Agent != "" {
			out.Legs = []hotline.Leg{leg}
		}
	case cause != "" && !strings.EqualFold(cause, "cancel"):
		c.fail(hotline.UnknownValue, "variables.cc_cause", "neither answered nor cancel")
	default:
		c.cancelled(out, why)
	}
	out.Transfers = c.transfers(out.AnsweredAt)
}

func (c *cdr) cancelled(out *hotline.Call, why string) {
	switch strings.ToUpper(why) {
	case "", "NONE", "EXIT_WITH_KEY": // the caller gave up the queue
		out.Outcome = hotline.AbandonedQueue
	case "TIMEOUT", "NO_AGENT_TIMEOUT", "BREAK_OUT": // the system did
		out.Outcome = hotline.TimedOut
	default:
		c.fail(hotline.UnknownValue, "variables.cc_cancel_reason", "none of NONE, TIMEOUT, NO_AGENT_TIMEOUT, BREAK_OUT, EXIT_WITH_KEY")
	}
	if left := c.moment("cc_queue_canceled_epoch", 1); !left.IsZero() && !out.QueuedAt.IsZero() {
		out.Wait = hotline.Millis(left.Sub(out.QueuedAt).Milliseconds())
	}
}

// direct is a call without a queue: to one telephone, or to an announcement.
func (c *cdr) direct(out *hotline.Call) {
	out.StartedAt, out.EndedAt = c.at("start", true), c.at("end", true)
	answered, bridged := c.at("answer", true), c.at("bridge", true)
	switch {
	case !bridged.IsZero():
		out.Outcome, out.AnsweredAt = hotline.Answered, bridged
		if !answered.IsZero() && bridged.Before(answered) {
			out.AnsweredAt = answered // bridged in early media
		}
		out.Agent = source.Name(c.value("dialed_user"), c.opts.Keys)
		out.Hold = c.hold()
		out.Transfers = c.transfers(out.AnsweredAt)
	case !answered.IsZero():
		out.Outcome = hotline.AbandonedIVR // only a machine answered
	default:
		out.Outcome = unanswered(c.value("hangup_cause"))
	}
	if c.value("direction") == "outbound" {
		out.Direction = hotline.Outbound
	}
}

func (c *cdr) hold() hotline.Span {
	if s := c.span("hold_accum_ms", 1000); s.Known {
		return s
	}
	return c.span("hold_accum_seconds", 1)
}

// transfers counts the entries of the history after the answer: those before it are the
// dialplan's own.
func (c *cdr) transfers(answered time.Time) uint32 {
	if answered.IsZero() {
		return 0
	}
	history := strings.TrimPrefix(c.value("transfer_history"), "ARRAY::")
	n := uint32(0)
	for entry := range strings.SplitSeq(history, "|:") {
		epoch, rest, _ := strings.Cut(entry, ":")
		s, err := strconv.ParseInt(epoch, 10, 64)
		if err == nil && s > answered.Unix() && strings.Contains(rest, "xfer") && n < hotline.MaxTransfers {
			n++
		}
	}
	return n
}

// person makes the caller a pseudonym.
func (c *cdr) person(out *hotline.Call) {
	number := ""
	flows := c.root.All("callflow") // the newest first: the last is how the call came in
	for i := len(flows) - 1; i >= 0 && number == ""; i-- {
		number = decoded(flows[i].Get("caller_profile", "caller_id_number").Text())
	}
	for _, name := range []string{"caller_id_number", "sip_from_user", "caller_id"} {
		if number == "" {
			number = c.value(name)
		}
	}
	if anonymous(number) {
		return
	}
	source.SetCaller(c.opts.Keys, out, number, source.KeepAll())
}
