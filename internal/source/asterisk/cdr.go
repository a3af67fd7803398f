package asterisk

import (
	"context"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/source"
	"hotline12333/internal/wire"
)

// CDR reads call detail records as cdr-csv writes them (Master.csv): a call is several
// rows, one per phone that was dialled. Its zero value is ready and keeps nothing between
// two readings; Open gives a session that does.
type CDR struct{}

var (
	_ source.Native    = CDR{}
	_ source.Sessioned = CDR{}
)

// Open begins a session.
func (CDR) Open(opts source.Options) (*Session, error) {
	set, base, err := columnSettings(opts)
	if err != nil {
		return nil, err
	}
	return newSession("asterisk-cdr", opts, newCDRLog(opts.Keys, set, base, zoneOf(opts))), nil
}

// Session is Open.
func (d CDR) Session(opts source.Options) (source.Session, error) { return d.Open(opts) }

// Read reads one file by itself.
func (d CDR) Read(ctx context.Context, in io.Reader, opts source.Options, fn func(*wire.Item) error) error {
	s, err := d.Open(opts)
	if err != nil {
		return err
	}
	return s.Read(ctx, in, opts, fn)
}

// Row rejects: see alone.
func (CDR) Row(_ context.Context, raw []byte, _ []string, _ source.Options, fn func(*wire.Item) error) error {
	return alone(raw, fn)
}

// LocalTimes says that a zone is needed.
func (CDR) LocalTimes() bool { return true }

// CheckSettings says what is wrong with a description's settings.
func (CDR) CheckSettings(given map[string]string) error { return checkColumns(given, cdrNeeded()) }

// cdrColumns are the columns of cdr-csv, in its order. The last ones depend on the
// exchange's configuration.
func cdrColumns() []string {
	return []string{
		"accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata",
		"start", "answer", "end", "duration", "billsec", "disposition", "amaflags",
	}
}

func cdrNeeded() []string {
	return []string{"src", "dst", "channel", "lastapp", "start", "end", "disposition"}
}

// cdrLayout knows the columns of a row by how many there are.
func cdrLayout(fields []string) (layout, *hotline.RejectError) {
	names := cdrColumns()
	base := len(names)
	looksUnique := func(i int) bool { _, ok := uniqueID(strings.TrimSpace(fields[i])); return ok }
	late := []string{"peeraccount", "linkedid", "sequence"}
	one := func(i int) string { // loguniqueid or loguserfield, but not both
		if looksUnique(i) {
			return "uniqueid"
		}
		return "userfield"
	}
	switch len(fields) {
	case base:
	case base + 1:
		names = append(names, one(base))
	case base + 2:
		names = append(names, "uniqueid", "userfield")
	case base + 3:
		names = append(names, late...)
	case base + 4:
		names = append(append(names, one(base)), late...)
	case base + 5:
		names = append(append(names, "uniqueid", "userfield"), late...)
	default:
		return nil, hotline.Reject(hotline.BadRow, "", "%d fields; a call detail record has %d to %d", len(fields), base, base+5)
	}
	return layoutOf(names), nil
}

// A call is told when no row of it has come for groupFor, and at the end of the input. A
// row that comes later is a newer version of it as long as the call is remembered.
const (
	groupFor  = 4 * hour
	maxGroups = 20_000
)

// sameChannel is how long after the end of a row another one of the same channel is still of
// the same call, in files without uniqueid: the names of channels come again.
const sameChannel = 60_000

// cdrLog is the state of a Master.csv.
type cdrLog struct {
	keys    source.Pseudonyms
	set     settings
	base    uint64
	clock   wallClock
	groups  *window[group]
	header  layout   // of the input, nil where it has none
	closing []*group // left the window untold
	fields  []string
}

func newCDRLog(keys source.Pseudonyms, set settings, base uint64, zone *time.Location) *cdrLog {
	d := &cdrLog{keys: keys, set: set, base: base, clock: wallClock{zone}}
	if set.columns != nil {
		d.header = layoutOf(set.columns)
	}
	d.groups = newWindow(maxGroups, groupFor, groupFor, func(g *group) {
		if !g.Told {
			d.closing = append(d.closing, g)
		}
	})
	return d
}

type cdrState struct {
	Groups saved[group]
	Header layout
}

func (d *cdrLog) save() any { return cdrState{d.groups.save(), d.header} }

func (d *cdrLog) restore(data []byte) error {
	var s cdrState
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	d.groups.restore(s.Groups)
	d.header = s.Header
	return nil
}

// The reasons why a row is no record.
const (
	ignoredHeader = "header"
	ignoredLeg    = "leg"       // part of a call that is told once
	ignoredHalf   = "agent_leg" // the far half of a Local channel, of a file that does not tell whose
)

func (d *cdrLog) end(out *outbox) {
	d.groups.each(func(g *group) { d.tell(g, out) })
}

func (d *cdrLog) tell(g *group, out *outbox) {
	if !g.Told {
		g.Told = true
		out.call(d.record(g), g.Line)
	}
}

func (d *cdrLog) line(l *line, out *outbox) {
	text := d.set.decoder.text(l.body())
	var ok bool
	if d.fields, ok = splitCSV(d.fields[:0], text); !ok {
		out.reject(hotline.Reject(hotline.BadRow, "", "field %d: its quote is not closed, or something follows it", len(d.fields)+1))
		return
	}
	if isHeader(d.fields, cdrNeeded()) {
		names := make([]string, len(d.fields))
		for i, f := range d.fields {
			names[i] = strings.ToLower(strings.TrimSpace(f))
		}
		d.header = layoutOf(names)
		out.ignore(ignoredHeader)
		return
	}
	r, err := d.row()
	if err != nil {
		out.reject(err)
		return
	}
	d.groups.tick(r.end)
	for _, g := range d.closing {
		d.tell(g, out)
	}
	d.closing = d.closing[:0]
	d.join(r, l, out)
}

// cdrRow is one row, read. Times are milliseconds.
type cdrRow struct {
	src, dst, context, channel, dstchannel, app, data string
	start, answer, end                                int64
	duration                                          int64
	disposition                                       string
	uniqueid, linkedid                                string
	sequence                                          int64
}

func (d *cdrLog) row() (*cdrRow, *hotline.RejectError) {
	at := d.header
	if at == nil {
		var err *hotline.RejectError
		if at, err = cdrLayout(d.fields); err != nil {
			return nil, err
		}
	}
	get := func(name string) string { return at.of(d.fields, name) }
	r := &cdrRow{
		src: get("src"), dst: get("dst"), context: get("dcontext"), channel: get("channel"), dstchannel: get("dstchannel"),
		app: strings.ToLower(get("lastapp")), data: get("lastdata"), disposition: strings.ToUpper(get("disposition")),
		uniqueid: get("uniqueid"), linkedid: get("linkedid"),
	}
	var hint int64
	if sec, ok := uniqueID(r.uniqueid); ok {
		hint = sec * 1000
	}
	for _, f := range []struct {
		name string
		into *int64
		may  bool // be empty
	}{{"start", &r.start, false}, {"answer", &r.answer, true}, {"end", &r.end, false}} {
		v := get(f.name)
		if v == "" {
			if f.may {
				continue
			}
			return nil, hotline.Reject(hotline.Missing, f.name, "the time is needed")
		}
		ms, ok := d.clock.read(v, hint)
		if !ok {
			return nil, hotline.Reject(hotline.WrongType, f.name, "not a time as 2006-01-02 15:04:05")
		}
		if !inYears(ms) {
			return nil, hotline.Reject(hotline.OutOfRange, f.name, "outside the years 1990 to 2099")
		}
		*f.into = ms
		hint = max(hint, ms) // what comes later in the row is later
	}
	for _, f := range []struct {
		name string
		into *int64
	}{{"duration", &r.duration}, {"sequence", &r.sequence}} {
		v := get(f.name)
		if v == "" {
			continue
		}
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 {
			return nil, hotline.Reject(hotline.WrongType, f.name, "not a whole number")
		}
		*f.into = n
	}
	if len(r.uniqueid) > hotline.MaxID/2 || len(r.linkedid) > hotline.MaxID/2 || len(r.channel) > 256 || len(r.dstchannel) > 256 {
		return nil, hotline.Reject(hotline.TooLong, "uniqueid", "an id or a channel of more than %d bytes", hotline.MaxID/2)
	}
	for _, id := range []*string{&r.uniqueid, &r.linkedid} {
		if *id != "" {
			*id = callID(d.keys, d.set.prefix, *id)
		}
	}
	r.channel, r.dstchannel = concealChannel(d.keys, r.channel), concealChannel(d.keys, r.dstchannel)
	r.context = conceal(d.keys, r.context)
	switch r.disposition {
	case "ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION":
	default:
		return nil, hotline.Reject(hotline.UnknownValue, "disposition", "none of ANSWERED, NO ANSWER, BUSY, FAILED, CONGESTION")
	}
	return r, nil
}

// key is what a row's call is known by.
func (r *cdrRow) key() (key string, linked bool) {
	switch {
	case r.linkedid != "":
		return r.linkedid, true
	case r.uniqueid != "":
		return r.uniqueid, false
	}
	return r.channel, false
}

// join adds a row to its call.
func (d *cdrLog) join(r *cdrRow, l *line, out *outbox) {
	key, linked := r.key()
	if key == "" {
		out.reject(hotline.Reject(hotline.Missing, "channel", "neither linkedid, uniqueid nor channel says which call the row is of"))
		return
	}
	if _, half := local(r.channel); half == 2 && !linked {
		out.ignore(ignoredHalf)
		return
	}
	g := d.groups.get(key)
	if g != nil && r.uniqueid == "" && r.linkedid == "" && r.start > g.End+sameChannel {
		d.tell(g, out) // another call on a channel of the same name
		g = nil
	}
	if g == nil {
		g = d.begin(r, key, l)
		g.add(d, r)
		d.groups.put(key, alive, g)
		return // told when it is complete
	}
	g.add(d, r)
	d.groups.put(key, alive, g)
	if g.Told {
		out.call(d.record(g), 0)
		return
	}
	out.ignore(ignoredLeg)
}

func (d *cdrLog) begin(r *cdrRow, key string, l *line) *group {
	g := &group{ID: key, Line: l.number}
	if r.uniqueid == "" && r.linkedid == "" { // channel names begin again when the exchange does
		g.ID = callID(nil, d.set.prefix, r.channel+"@"+strconv.FormatInt(r.start/1000, 36))
	}
	return g
}
