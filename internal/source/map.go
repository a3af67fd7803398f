package source

import (
	"strconv"
	"strings"
	"time"

	"hotline12333/internal/hotline"
)

// record is a row on its way to a call.
type record struct {
	reading *reading
	row     *row
	id      []byte
}

// bare is the text of a column as it stands in the row, without spaces around it.
func (r *record) bare(c *column) string {
	i := r.reading.index[c.index]
	if i < 0 || i >= len(r.row.fields) {
		return ""
	}
	v := strings.TrimSpace(r.row.fields[i])
	// Exports write ="0123" to keep a spreadsheet from taking text for a number.
	if body, ok := strings.CutPrefix(v, `="`); ok && strings.HasSuffix(body, `"`) {
		v = strings.TrimSpace(body[:len(body)-1])
	}
	for i := range len(v) {
		if v[i] < ' ' { // a line break in a quoted field
			return strings.Join(strings.Fields(v), " ")
		}
	}
	return v
}

// value is bare, but empty where the description says that it means none.
func (r *record) value(c *column) string {
	v := r.bare(c)
	if c.isNone(v) {
		return ""
	}
	return v
}

// wall reads a date or a time; in a workbook also the number it is kept as.
func (r *record) wall(c *column, v string) (wall, *hotline.RejectError) {
	w, err := c.wall(v)
	if err != nil {
		if serial, ok := r.row.book.serial(v); ok {
			return serial, nil
		}
	}
	return w, err
}

// duration reads a length of time; one that is shown as h:mm:ss in a workbook is kept as a
// part of a day.
func (r *record) duration(c *column, v string) (int64, *hotline.RejectError) {
	if c.unit == inClock {
		if ms, ok := r.row.book.days(v); ok {
			return ms, nil
		}
	}
	return c.duration(v)
}

// checked is value, held against the column's own rules.
func (r *record) checked(c *column) (string, *hotline.RejectError) {
	v := r.value(c)
	if v == "" {
		if c.required {
			return "", c.reject(hotline.Missing, "the column needs a value")
		}
		return "", nil
	}
	return v, c.check(v)
}

// call maps the row. Exactly one of call, ignored and err is set.
func (r *record) call() (c *hotline.Call, ignored string, err *hotline.RejectError) {
	m := &r.reading.src.mapping
	c = &hotline.Call{Source: r.reading.src.name, Centre: r.reading.opts.Centre}
	if ignored, err = r.decide(m, c); ignored != "" || err != nil {
		return nil, ignored, err
	}
	steps := []func(*mapping, *hotline.Call) *hotline.RejectError{
		r.identity, r.times, r.spans, r.texts, r.caller, r.rating,
	}
	if c.Deleted {
		steps = steps[:1]
	}
	for _, step := range steps {
		if err := step(m, c); err != nil {
			return nil, "", err
		}
	}
	return c, "", nil
}

func (r *record) decide(m *mapping, c *hotline.Call) (ignored string, err *hotline.RejectError) {
	for i := range m.rules {
		rule := &m.rules[i]
		if rule.when != nil {
			if ok, err := rule.when(r); err != nil {
				return "", err
			} else if !ok {
				continue
			}
		}
		if rule.from != nil {
			v, err := r.text(rule.from, "")
			if err != nil {
				return "", err
			}
			if v == "" {
				continue
			}
			if !hotline.Outcome(v).Valid() {
				return "", rule.from.column.reject(hotline.UnknownValue, "%s is not an outcome", rule.from.column.show(v))
			}
			c.Outcome = hotline.Outcome(v)
			return "", nil
		}
		c.Outcome, c.Excluded, c.Deleted = rule.outcome, rule.excluded, rule.deleted
		return rule.ignore, nil
	}
	return "", hotline.Reject(hotline.UnknownValue, "outcome", "no outcome rule of the source %s fits the row", r.reading.src.name)
}

// separator stands between the parts of an identity; inside a part it is escaped, so
// that different parts never make the same id.
const separator = '-'

func (r *record) identity(m *mapping, c *hotline.Call) *hotline.RejectError {
	r.id = append(r.id[:0], m.prefix...)
	empty := true
	for i, col := range m.identity {
		v, err := r.checked(col)
		if err != nil {
			return err
		}
		if shortened(v) {
			return col.reject(hotline.WrongType, "a spreadsheet has shortened the number, its last digits are lost: export the column as text")
		}
		empty = empty && v == ""
		if i > 0 || m.prefix != "" {
			r.id = append(r.id, separator)
		}
		if len(m.identity) == 1 {
			r.id = append(r.id, v...)
			break
		}
		for _, b := range []byte(v) {
			if b == separator || b == '\\' {
				r.id = append(r.id, '\\')
			}
			r.id = append(r.id, b)
		}
	}
	if empty {
		return m.identity[0].reject(hotline.Missing, "the identity of the call is empty")
	}
	c.ID = string(r.id)
	c.Version = r.reading.opts.Revision
	if m.version == nil {
		return nil
	}
	v, err := r.checked(m.version)
	if err != nil || v == "" {
		return err
	}
	return r.version(m.version, v, c)
}

func (r *record) version(col *column, v string, c *hotline.Call) *hotline.RejectError {
	var n int64
	if col.kind == typeDatetime {
		w, err := r.wall(col, v)
		if err != nil {
			return err
		}
		n = r.reading.clock.instant(w, time.Time{}).UnixMilli()
	} else {
		var err *hotline.RejectError
		if n, err = col.integer(v); err != nil {
			return err
		}
	}
	if n < 1 || n > hotline.MaxVersion {
		return col.reject(hotline.OutOfRange, "a version is from 1 to 2^53-1")
	}
	c.Version = uint64(n)
	return nil
}

func (r *record) times(m *mapping, c *hotline.Call) *hotline.RejectError {
	for _, f := range [...]struct {
		from *timeField
		to   *time.Time
	}{{m.startedAt, &c.StartedAt}, {m.queuedAt, &c.QueuedAt}, {m.answeredAt, &c.AnsweredAt}, {m.endedAt, &c.EndedAt}} {
		if f.from == nil || !f.from.outcomes.holds(c.Outcome) {
			continue
		}
		t, err := r.instant(f.from, c.StartedAt)
		if err != nil {
			return err
		}
		*f.to = t
	}
	return nil
}

// instant is zero where the row does not tell it.
func (r *record) instant(f *timeField, arrival time.Time) (time.Time, *hotline.RejectError) {
	date, err := r.checked(f.date)
	if err != nil || date == "" {
		return time.Time{}, err
	}
	w, err := r.wall(f.date, date)
	if err != nil {
		return time.Time{}, err
	}
	if f.time != f.date {
		clock, err := r.checked(f.time)
		if err != nil || clock == "" {
			return time.Time{}, err
		}
		t, err := r.wall(f.time, clock)
		if err != nil {
			return time.Time{}, err
		}
		w.hour, w.minute, w.second, w.nanos = t.hour, t.minute, t.second, t.nanos
	}
	if w.year < 1000 { // Go's zones are of no use so far back; the record is refused anyway
		return time.Time{}, f.date.reject(hotline.OutOfRange, "year %d is outside 1990 to 2099", w.year)
	}
	t := r.reading.clock.instant(w, arrival)
	if f.rollover && !arrival.IsZero() {
		t = r.nearest(w, t, arrival)
	}
	if f.plus != nil {
		v, err := r.checked(f.plus)
		if err != nil || v == "" {
			return time.Time{}, err
		}
		ms, err := r.duration(f.plus, v)
		if err != nil {
			return time.Time{}, err
		}
		t = t.Add(time.Duration(ms) * time.Millisecond)
	}
	return t.Truncate(time.Millisecond), nil
}

// nearest moves a time of day to the day before or after where that brings it nearer to
// the arrival: calls cross midnight, and clocks that are seconds apart do so as well.
func (r *record) nearest(w wall, t, arrival time.Time) time.Time {
	const half = 12 * time.Hour
	shift := 0
	switch d := t.Sub(arrival); {
	case d < -half:
		shift = 1
	case d > half:
		shift = -1
	default:
		return t
	}
	day := time.Date(w.year, time.Month(w.month), w.day+shift, 0, 0, 0, 0, time.UTC)
	w.year, w.month, w.day = day.Year(), int(day.Month()), day.Day()
	return r.reading.clock.instant(w, arrival)
}

func (r *record) spans(m *mapping, c *hotline.Call) *hotline.RejectError {
	for _, f := range [...]struct {
		from *spanField
		to   *hotline.Span
	}{{m.wait, &c.Wait}, {m.talk, &c.Talk}, {m.hold, &c.Hold}, {m.wrapup, &c.Wrapup}, {m.ivr, &c.IVR}} {
		if f.from == nil || !f.from.outcomes.holds(c.Outcome) {
			continue
		}
		s, err := r.span(f.from)
		if err != nil {
			return err
		}
		*f.to = s
	}
	return nil
}

// span is known when at least one of the summed columns has a value.
func (r *record) span(f *spanField) (hotline.Span, *hotline.RejectError) {
	var out hotline.Span
	for i, list := range [...][]*column{f.plus, f.minus} {
		for _, col := range list {
			v, err := r.checked(col)
			if err != nil {
				return out, err
			}
			if v == "" {
				continue
			}
			ms, err := r.duration(col, v)
			if err != nil {
				return out, err
			}
			if i == 0 {
				out.Millis, out.Known = out.Millis+ms, true
			} else {
				out.Millis -= ms
			}
		}
	}
	if !out.Known {
		return hotline.Span{}, nil
	}
	return out, nil
}

func (r *record) caller(m *mapping, c *hotline.Call) *hotline.RejectError {
	if m.caller.column == nil {
		return nil
	}
	v, err := r.checked(m.caller.column)
	// Of a number that a spreadsheet has shortened the last digits are lost: it is many
	// callers', and the call counts without one.
	if err != nil || v == "" || shortened(v) {
		return err
	}
	keys := r.reading.opts.Keys
	if m.caller.identifier {
		SetPseudonym(keys, c, v, true)
		return nil
	}
	SetCaller(keys, c, v, Keep{Hash: m.caller.hash, Mask: m.caller.mask, Region: m.caller.region, Seal: true})
	return nil
}

func (r *record) rating(m *mapping, c *hotline.Call) *hotline.RejectError {
	if m.rating.invited != nil {
		ok, err := m.rating.invited(r)
		if err != nil {
			return err
		}
		c.Rating.Invited = ok
	}
	if m.rating.value == nil {
		return nil
	}
	v, err := r.text(m.rating.value, c.Outcome)
	if err != nil || v == "" {
		return err
	}
	n, perr := strconv.ParseUint(v, 10, 8)
	if perr != nil {
		return hotline.Reject(hotline.WrongType, "rating.value", "not a whole number from 0 to 255")
	}
	c.Rating.Given, c.Rating.Value = true, uint8(n)
	c.Rating.Scale, err = r.text(m.rating.scale, c.Outcome)
	return err
}
