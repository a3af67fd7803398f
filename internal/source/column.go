package source

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"hotline12333/internal/hotline"
	"hotline12333/internal/strictyaml"
)

// The types of columns.
const (
	typeText     = "text"
	typeInteger  = "integer"
	typeDate     = "date"
	typeTime     = "time"
	typeDatetime = "datetime"
	typeDuration = "duration"
)

// The notations of durations.
const (
	inSeconds = "seconds"
	inMillis  = "ms"
	inMinutes = "minutes"
	inClock   = "h:mm:ss"
)

// column is one described column.
type column struct {
	name     string
	index    int // in Source.columns
	at       strictyaml.Node
	headers  []string // names it may have in the header, the first found counts
	named    bool     // headers were given
	position int      // from 1, in files without a header
	paths    [][]step // in JSON: where it may stand, the first that has a value counts
	pathText []string
	join     string // what stands between the elements of a list

	kind     string
	patterns []*pattern // date, time, datetime
	unit     string     // duration
	values   []string   // the only ones allowed, where given
	none     []string   // values that mean there is none
	optional bool       // the header need not have it
	required bool       // a row must have a value

	personal bool // identifies the caller
	plain    bool // goes into a record as it is
}

func (b *builder) columns(n strictyaml.Node) {
	for _, p := range n.Pairs() {
		if p.Name == "any_of" || p.Name == "all_of" || p.Name == "none_of" {
			p.Key.Fail("%s is a word of conditions and cannot name a column", p.Name)
			continue
		}
		c := b.column(p)
		c.index = len(b.src.columns)
		b.src.columns = append(b.src.columns, c)
		b.byName[p.Name] = c
	}
}

// places compiles the paths of a column in JSON; its name is the path where none is given.
func (c *column) places() {
	texts := c.pathText
	if len(texts) == 0 {
		texts = []string{`"` + c.name + `"`}
	}
	for _, text := range texts {
		path, err := parsePath(text)
		if err != nil {
			c.at.Fail("%v", err)
			continue
		}
		c.paths = append(c.paths, path)
	}
}

func (b *builder) column(p strictyaml.Pair) *column {
	c := &column{name: p.Name, at: p.Key, headers: []string{p.Name}, kind: typeText, join: ";"}
	if !p.IsMapping() {
		if s, ok := p.Scalar(); ok { // a bare word is the type
			c.kind = p.Choice(columnTypes()...)
			_ = s
			c.format(p.Node, nil, "")
			return c
		}
		p.Fail("want the type of the column or a mapping, found %s", p.Kind())
		return c
	}
	var formats, unit strictyaml.Node
	p.Object(map[string]func(strictyaml.Node){
		"header":   func(n strictyaml.Node) { c.headers, c.at, c.named = n.Texts(), n, true },
		"position": func(n strictyaml.Node) { c.position, c.at = n.Integer(1, 10_000), n },
		"path":     func(n strictyaml.Node) { c.pathText, c.at = n.Texts(), n },
		"join":     func(n strictyaml.Node) { c.join = n.Text() },
		"type":     func(n strictyaml.Node) { c.kind = n.Choice(columnTypes()...) },
		"format":   func(n strictyaml.Node) { formats = n },
		"unit":     func(n strictyaml.Node) { unit = n },
		"values":   func(n strictyaml.Node) { c.values = n.Texts() },
		"none":     func(n strictyaml.Node) { c.none = n.Texts() },
		"optional": func(n strictyaml.Node) { c.optional = n.Boolean() },
		"required": func(n strictyaml.Node) { c.required = n.Boolean() },
		"personal": func(n strictyaml.Node) { c.personal = n.Boolean() },
	})
	var texts []string
	at := p.Node
	if !formats.IsZero() {
		texts, at = formats.Texts(), formats
		if c.kind != typeDate && c.kind != typeTime && c.kind != typeDatetime {
			formats.Fail("a format is for date, time and datetime; the type is %s", c.kind)
			return c
		}
	}
	u := ""
	if !unit.IsZero() {
		at, u = unit, unit.Choice(inSeconds, inMillis, inMinutes, inClock)
		if c.kind != typeDuration {
			unit.Fail("a unit is for durations; the type is %s", c.kind)
		}
	}
	c.format(at, texts, u)
	return c
}

func columnTypes() []string {
	return []string{typeText, typeInteger, typeDate, typeTime, typeDatetime, typeDuration}
}

// format compiles the notations, or the usual ones where none is given.
func (c *column) format(n strictyaml.Node, texts []string, unit string) {
	usual := map[string]string{typeDate: "yyyy-MM-dd", typeTime: "H:mm:ss", typeDatetime: "yyyy-MM-dd HH:mm:ss"}
	if c.unit = unit; unit == "" {
		c.unit = inSeconds
	}
	if want, ok := usual[c.kind]; ok && len(texts) == 0 {
		texts = []string{want}
	}
	for _, text := range texts {
		p, err := compilePattern(text)
		if err != nil {
			n.Fail("%v", err)
			continue
		}
		if p.hasDate != (c.kind != typeTime) || p.hasTime != (c.kind != typeDate) {
			n.Fail("format %q does not fit the type %s", text, c.kind)
			continue
		}
		c.patterns = append(c.patterns, p)
	}
}

// label is what messages call the column: its name in the file.
func (c *column) label() string {
	if len(c.pathText) > 0 {
		return c.pathText[0]
	}
	if c.position > 0 || len(c.headers) == 0 {
		return c.name
	}
	return c.headers[0]
}

// isNone says whether a trimmed value means that there is none.
func (c *column) isNone(v string) bool { return v == "" || slices.Contains(c.none, v) }

func (c *column) reject(reason hotline.Reason, format string, args ...any) *hotline.RejectError {
	return hotline.Reject(reason, c.label(), format, args...)
}

// check holds a value against the list of allowed ones.
func (c *column) check(v string) *hotline.RejectError {
	if len(c.values) > 0 && !slices.Contains(c.values, v) {
		return c.reject(hotline.UnknownValue, "%s is none of %s", c.show(v), strings.Join(c.values, ", "))
	}
	return nil
}

func (c *column) wall(v string) (wall, *hotline.RejectError) {
	for _, p := range c.patterns {
		if w, ok := p.parse(v); ok {
			return w, nil
		}
	}
	texts := make([]string, len(c.patterns))
	for i, p := range c.patterns {
		texts[i] = p.text
	}
	return wall{}, c.reject(hotline.WrongType, "%s is not a %s as %s", c.show(v), c.kind, strings.Join(texts, " or "))
}

func (c *column) integer(v string) (int64, *hotline.RejectError) {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return 0, c.reject(hotline.WrongType, "%s is not a whole number", c.show(v))
	}
	return n, nil
}

// duration reads a length of time in milliseconds; it may be negative.
func (c *column) duration(v string) (int64, *hotline.RejectError) {
	body, negative := strings.CutPrefix(v, "-")
	var ms int64
	var ok bool
	switch c.unit {
	case inClock:
		if ms, ok = clockMillis(body); !ok {
			ms, ok = wordMillis(body)
		}
	case inMillis:
		ms, ok = decimalMillis(body, 1)
	case inMinutes:
		ms, ok = decimalMillis(body, 60_000)
	default:
		ms, ok = decimalMillis(body, 1000)
	}
	if !ok {
		return 0, c.reject(hotline.WrongType, "%s is not a duration in %s", c.show(v), c.unit)
	}
	if ms > hotline.MaxSpan {
		return 0, c.reject(hotline.OutOfRange, "longer than a week")
	}
	if negative {
		ms = -ms
	}
	return ms, nil
}

// decimalMillis reads a decimal number of units, rounded to the millisecond.
func decimalMillis(s string, unit float64) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789.") != "" {
		return 0, false // ParseFloat would take hexadecimal, exponents and infinity
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f*unit > 1e15 {
		return 0, false
	}
	return int64(f*unit + 0.5), true
}

// clockMillis reads h:mm:ss or mm:ss, seconds with or without a fraction. The first
// number may be of any size, the others are below 60.
func clockMillis(s string) (int64, bool) {
	parts := strings.Split(s, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	last := len(parts) - 1
	ms, ok := decimalMillis(parts[last], 1000)
	if !ok || ms >= 60_000 || len(parts[last]) < 2 {
		return 0, false
	}
	unit := int64(60_000)
	for i := last - 1; i >= 0; i-- {
		n, err := strconv.ParseUint(parts[i], 10, 31)
		if err != nil || i > 0 && n >= 60 {
			return 0, false
		}
		ms += int64(n) * unit
		unit *= 60
	}
	return ms, true
}

// wordMillis reads 1小时02分03秒, of which any part may be missing. What stands first may
// be of any size, the others are below 60; seconds may have a fraction.
func wordMillis(s string) (ms int64, ok bool) {
	for _, unit := range []struct {
		long, short string
		millis      int64
	}{{"小时", "时", 3_600_000}, {"分钟", "分", 60_000}, {"秒", "秒", 1000}} {
		number, rest, found := strings.Cut(s, unit.long)
		if !found {
			number, rest, found = strings.Cut(s, unit.short)
		}
		if !found {
			continue
		}
		n, valid := decimalMillis(number, float64(unit.millis))
		if !valid || ok && n >= 60*unit.millis || unit.millis > 1000 && strings.Contains(number, ".") {
			return 0, false
		}
		ms, s, ok = ms+n, rest, true
	}
	return ms, ok && s == ""
}

// show quotes a value for a message.
func (c *column) show(v string) string {
	if c.personal {
		return "the value"
	}
	return show(v)
}

// show quotes what an input holds: short, and never a number that could be a caller's,
// which may stand in any column of a shifted row, even in what is taken for a header.
func show(v string) string {
	digits := 0
	for _, r := range v {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	if digits >= 7 || utf8.RuneCountInString(v) > 32 {
		return "a value of " + strconv.Itoa(utf8.RuneCountInString(v)) + " characters"
	}
	return strconv.Quote(v)
}
