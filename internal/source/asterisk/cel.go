package asterisk

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/source"
	"hotline12333/internal/wire"
)

// CEL reads channel events as cel-custom writes them in comma-separated text. Its zero
// value is ready and keeps nothing between two readings; Open gives a session that does.
type CEL struct{}

var (
	_ source.Native    = CEL{}
	_ source.Sessioned = CEL{}
)

// Open begins a session.
func (CEL) Open(opts source.Options) (*Session, error) {
	set, base, err := columnSettings(opts)
	if err != nil {
		return nil, err
	}
	return newSession("asterisk-cel", opts, newCELLog(opts.Keys, set, base, zoneOf(opts))), nil
}

// Session is Open.
func (l CEL) Session(opts source.Options) (source.Session, error) { return l.Open(opts) }

// Read reads one file by itself.
func (l CEL) Read(ctx context.Context, in io.Reader, opts source.Options, fn func(*wire.Item) error) error {
	s, err := l.Open(opts)
	if err != nil {
		return err
	}
	return s.Read(ctx, in, opts, fn)
}

// Row rejects: see alone.
func (CEL) Row(_ context.Context, raw []byte, _ []string, _ source.Options, fn func(*wire.Item) error) error {
	return alone(raw, fn)
}

// LocalTimes says that a zone is needed: times are seconds since 1970 unless the exchange's
// dateformat says otherwise.
func (CEL) LocalTimes() bool { return true }

// CheckSettings says what is wrong with a description's settings.
func (CEL) CheckSettings(given map[string]string) error { return checkColumns(given, celNeeded()) }

// celColumns are those of the sample configuration of cel_custom.
func celColumns() []string {
	return []string{
		"eventtype", "eventtime", "cidname", "cidnum", "cidani", "cidrdnis", "ciddnid", "exten", "context", "channame",
		"appname", "appdata", "amaflags", "accountcode", "uniqueid", "linkedid", "peer", "userfield", "userdeftype", "eventextra",
	}
}

func celNeeded() []string {
	return []string{"eventtype", "eventtime", "channame", "uniqueid", "linkedid"}
}

// celLog is the state of a file of channel events.
type celLog struct {
	keys   source.Pseudonyms
	set    settings
	base   uint64
	clock  wallClock
	calls  *window[celCall]
	header layout
	plain  layout
	fields []string
}

func newCELLog(keys source.Pseudonyms, set settings, base uint64, zone *time.Location) *celLog {
	c := &celLog{keys: keys, set: set, base: base, clock: wallClock{zone}, plain: layoutOf(celColumns())}
	if set.columns != nil {
		c.header = layoutOf(set.columns)
	}
	c.calls = newWindow[celCall](maxCalls, openFor, endedFor, nil)
	return c
}

type celState struct {
	Calls  saved[celCall]
	Header layout
}

func (c *celLog) save() any { return celState{c.calls.save(), c.header} }

func (c *celLog) restore(data []byte) error {
	var s celState
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	c.calls.restore(s.Calls)
	c.header = s.Header
	return nil
}

func (c *celLog) end(*outbox) {}

// celEvent is one line, read.
type celEvent struct {
	kind, channel, app, data, peer, extra string
	caller, context, exten                string
	uniqueid, linkedid                    string
	at                                    int64
	line                                  int64
}

func (c *celLog) line(l *line, out *outbox) {
	var ok bool
	if c.fields, ok = splitCSV(c.fields[:0], c.set.decoder.text(l.body())); !ok {
		out.reject(hotline.Reject(hotline.BadRow, "", "field %d: its quote is not closed, or something follows it", len(c.fields)+1))
		return
	}
	if isHeader(c.fields, celNeeded()) {
		c.header = layoutOf(c.fields)
		out.ignore(ignoredHeader)
		return
	}
	e, err := c.event(l)
	if err != nil {
		out.reject(err)
		return
	}
	c.calls.tick(e.at)
	c.take(e, out)
}

func (c *celLog) event(l *line) (*celEvent, *hotline.RejectError) {
	fields, at := c.fields, c.header
	if at == nil {
		at = c.plain
		width := len(celColumns())
		// The sample of later versions has a text of the administrator's own in the second column.
		if len(fields) == width+1 {
			fields = append(fields[:1], fields[2:]...)
		}
		if len(fields) != width {
			return nil, hotline.Reject(hotline.BadRow, "", "%d fields; a channel event has %d", len(fields), width)
		}
	}
	get := func(name string) string { return at.of(fields, name) }
	e := &celEvent{
		kind: strings.ToUpper(get("eventtype")), channel: get("channame"), app: strings.ToLower(get("appname")), data: get("appdata"),
		peer: get("peer"), extra: get("eventextra"), caller: get("cidnum"), context: get("context"), exten: get("exten"),
		uniqueid: get("uniqueid"), linkedid: get("linkedid"), line: l.number,
	}
	if e.caller == "" {
		e.caller = get("cidani")
	}
	if e.extra == "" {
		e.extra = get("extra")
	}
	for _, f := range []struct {
		name, value string
		most        int
	}{{"linkedid", e.linkedid, hotline.MaxID / 2}, {"uniqueid", e.uniqueid, hotline.MaxID / 2}, {"channame", e.channel, 256}} {
		if f.value == "" {
			return nil, hotline.Reject(hotline.Missing, f.name, "an event needs it")
		}
		if len(f.value) > f.most {
			return nil, hotline.Reject(hotline.TooLong, f.name, "%d bytes, at most %d", len(f.value), f.most)
		}
	}
	var rejected *hotline.RejectError
	e.at, rejected = c.time(get("eventtime"), e.uniqueid)
	e.uniqueid, e.linkedid = callID(c.keys, c.set.prefix, e.uniqueid), callID(c.keys, c.set.prefix, e.linkedid)
	e.channel, e.peer = concealChannel(c.keys, e.channel), concealChannel(c.keys, e.peer)
	e.context = conceal(c.keys, e.context)
	return e, rejected
}

func (c *celLog) time(s, unique string) (int64, *hotline.RejectError) {
	if s != "" && strings.Trim(s, "0123456789.") == "" {
		ms, err := epoch(s)
		if err != nil {
			return 0, hotline.Reject(err.Reason, "eventtime", "no time of the years 1990 to 2099")
		}
		return ms, nil
	}
	var hint int64
	if sec, ok := uniqueID(unique); ok {
		hint = sec * 1000
	}
	ms, ok := c.clock.read(s, hint)
	if !ok {
		return 0, hotline.Reject(hotline.WrongType, "eventtime", "neither seconds since 1970 nor a time as 2006-01-02 15:04:05")
	}
	if !inYears(ms) {
		return 0, hotline.Reject(hotline.OutOfRange, "eventtime", "outside the years 1990 to 2099")
	}
	return ms, nil
}
