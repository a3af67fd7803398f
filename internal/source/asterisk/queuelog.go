package asterisk

import (
	"context"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"hotline12333/internal/hotline"
	"hotline12333/internal/source"
	"hotline12333/internal/wire"
)

// QueueLog reads queue_log files. Its zero value is ready and keeps nothing between two
// readings; Open gives a session that does.
type QueueLog struct{}

var (
	_ source.Native    = QueueLog{}
	_ source.Sessioned = QueueLog{}
)

// Open begins a session.
func (QueueLog) Open(opts source.Options) (*Session, error) {
	set, err := readSettings(opts.Settings, setPrefix, setEncoding, setKey)
	if err != nil {
		return nil, err
	}
	base, err := firstVersion(opts)
	if err != nil {
		return nil, err
	}
	return newSession("asterisk-queue-log", opts, newQueueLog(opts.Keys, set, base)), nil
}

// Session is Open.
func (q QueueLog) Session(opts source.Options) (source.Session, error) { return q.Open(opts) }

// Read reads one file by itself.
func (q QueueLog) Read(ctx context.Context, in io.Reader, opts source.Options, fn func(*wire.Item) error) error {
	s, err := q.Open(opts)
	if err != nil {
		return err
	}
	return s.Read(ctx, in, opts, fn)
}

// Row rejects: see alone.
func (QueueLog) Row(_ context.Context, raw []byte, _ []string, _ source.Options, fn func(*wire.Item) error) error {
	return alone(raw, fn)
}

// CheckSettings says what is wrong with a description's settings.
func (QueueLog) CheckSettings(given map[string]string) error {
	_, err := readSettings(given, setPrefix, setEncoding, setKey)
	return err
}

// Bounds of the state, and how long what is known of a call is kept after its last line:
// longer than any call lasts, and after its end as long as it may come back from another
// extension.
const (
	maxCalls  = 20_000
	maxAgents = 10_000

	hour       = int64(3_600_000)
	openFor    = 24 * hour
	endedFor   = 4 * hour
	agentFor   = 400 * 24 * hour
	maxQueues  = 200 // of one agent
	ringWithin = 1500
)

// queueLog is the state of a queue_log.
type queueLog struct {
	keys   source.Pseudonyms
	set    settings
	base   uint64
	calls  *window[qcall]
	agents *window[agent]
	byExt  map[string]string // extension → agent
	fields []string
}

func newQueueLog(keys source.Pseudonyms, set settings, base uint64) *queueLog {
	q := &queueLog{keys: keys, set: set, base: base, byExt: make(map[string]string)}
	q.calls = newWindow[qcall](maxCalls, openFor, endedFor, nil)
	q.agents = newWindow(maxAgents, agentFor, agentFor, func(a *agent) { delete(q.byExt, extension(a.Name)) })
	return q
}

type queueLogState struct {
	Calls  saved[qcall]
	Agents saved[agent]
}

func (q *queueLog) save() any { return queueLogState{q.calls.save(), q.agents.save()} }

func (q *queueLog) restore(data []byte) error {
	var s queueLogState
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	q.calls.restore(s.Calls)
	q.agents.restore(s.Agents)
	clear(q.byExt)
	q.agents.each(func(a *agent) { q.index(a) })
	return nil
}

func (q *queueLog) end(*outbox) {}

// event is one line, read.
type event struct {
	at     int64 // milliseconds
	call   string
	queue  string
	member string
	kind   string
	params []string
	line   int64
}

// param is the i-th parameter; from the end where i is negative.
func (e *event) param(i int) string {
	if i < 0 {
		i += len(e.params)
	}
	if i < 0 || i >= len(e.params) {
		return ""
	}
	return e.params[i]
}

// span reads a parameter as a length of time in units of so many milliseconds.
func (e *event) span(i int, unit int64, name string) (hotline.Span, *hotline.RejectError) {
	s := strings.TrimSpace(e.param(i))
	if s == "" {
		return hotline.Span{}, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return hotline.Span{}, hotline.Reject(hotline.WrongType, name, "not a whole number")
	}
	if n > hotline.MaxSpan/unit || n < -hotline.MaxSpan/unit {
		return hotline.Span{}, hotline.Reject(hotline.OutOfRange, name, "longer than a week")
	}
	return hotline.Millis(n * unit), nil
}

// The reasons why a line of a queue_log is no record.
const (
	ignoredSystem  = "system_event"  // QUEUESTART, CONFIGRELOAD …
	ignoredRing    = "ring"          // a phone rang in vain: part of the call's next record
	ignoredAgent   = "agent_event"   // about an agent, and changes nothing
	ignoredUnknown = "unknown_event" // not of Asterisk's own
	ignoredSame    = "no_change"     // says what was known
)

func (q *queueLog) line(l *line, out *outbox) {
	e, rejected := q.parse(l)
	if rejected != nil {
		out.reject(rejected)
		return
	}
	q.calls.tick(e.at)
	q.agents.tick(e.at)
	switch e.kind {
	case "ENTERQUEUE", "DID", "JOINEMPTY", "FULL", "CLOSED", "CONNECT", "ABANDON", "EXITWITHTIMEOUT", "EXITEMPTY",
		"EXITWITHKEY", "WITHDRAW", "SYSCOMPAT", "COMPLETECALLER", "COMPLETEAGENT", "TRANSFER", "BLINDTRANSFER",
		"ATTENDEDTRANSFER", "RINGNOANSWER", "RINGCANCELED", "AGENTDUMP":
		q.callEvent(e, out)
	case "ADDMEMBER", "REMOVEMEMBER", "PAUSE", "UNPAUSE", "PAUSEALL", "UNPAUSEALL",
		"AGENTLOGIN", "AGENTLOGOFF", "AGENTCALLBACKLOGIN", "AGENTCALLBACKLOGOFF":
		q.agentEvent(e, out)
	case "PENALTY", "RINGINUSE", "OUTCALL", "ADDPENALTY":
		out.ignore(ignoredAgent)
	case "QUEUESTART", "CONFIGRELOAD":
		out.ignore(ignoredSystem)
	default:
		out.ignore(ignoredUnknown)
	}
}

func (q *queueLog) parse(l *line) (*event, *hotline.RejectError) {
	text := q.set.decoder.text(l.body())
	q.fields = q.fields[:0]
	for part := range strings.SplitSeq(text, "|") {
		q.fields = append(q.fields, part)
	}
	if len(q.fields) < 5 {
		return nil, hotline.Reject(hotline.BadRow, "", "%d fields; an event has at least 5: time|call|queue|member|event", len(q.fields))
	}
	at, err := epoch(q.fields[0])
	if err != nil {
		return nil, err
	}
	e := &event{at: at, kind: strings.TrimSpace(q.fields[4]), params: q.fields[5:], line: l.number}
	for _, f := range []struct {
		into  *string
		field string
		from  string
	}{{&e.queue, "queue", q.fields[2]}, {&e.member, "agent", q.fields[3]}} {
		if *f.into, err = name(q.keys, f.field, f.from); err != nil {
			return nil, err
		}
		if *f.into == "NONE" {
			*f.into = ""
		}
	}
	e.call = strings.TrimSpace(q.fields[1])
	switch e.call {
	case "NONE", "REALTIME", "MANAGER", "CLI":
		e.call = ""
	}
	if len(e.call) > hotline.MaxID/2 {
		return nil, hotline.Reject(hotline.TooLong, "call_id", "%d bytes, at most %d", len(e.call), hotline.MaxID/2)
	}
	if e.call != "" {
		e.call = callID(q.keys, q.set.prefix, e.call)
	}
	return e, nil
}

// epoch reads seconds since 1970, with or without a fraction, as milliseconds.
func epoch(s string) (int64, *hotline.RejectError) {
	whole, fraction, _ := strings.Cut(strings.TrimSpace(s), ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || len(whole) > 11 {
		return 0, hotline.Reject(hotline.BadRow, "time", "the line does not begin with seconds since 1970")
	}
	ms := sec * 1000
	if fraction != "" {
		if strings.Trim(fraction, "0123456789") != "" {
			return 0, hotline.Reject(hotline.BadRow, "time", "the line does not begin with seconds since 1970")
		}
		n, _ := strconv.ParseInt((fraction + "000")[:3], 10, 64) // three digits
		ms += n
	}
	if ms < hotline.Earliest.UnixMilli() || ms >= hotline.Latest.UnixMilli() {
		return 0, hotline.Reject(hotline.OutOfRange, "time", "outside the years 1990 to 2099")
	}
	return ms, nil
}
