package source

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"hotline12333/internal/personal"
	"hotline12333/internal/strictyaml"
	"hotline12333/internal/wire"
)

// Trial is one piece of an input with what became of it, for people.
type Trial struct {
	Item  *wire.Item
	Cells []Cell // what stood in the columns of the description; none of natives
}

// Cell is one column of one row. Value is masked where it is personal.
type Cell struct {
	Column, Label, Value string
}

// Try reads as [Source.Read] does and shows what it read.
func (s *Source) Try(ctx context.Context, in io.Reader, opts Options, fn func(*Trial) error) error {
	var cells []Cell
	if s.native == nil {
		opts.trace = func(r *record) { cells = r.cells() }
	}
	return s.Read(ctx, in, opts, func(it *wire.Item) error {
		err := fn(&Trial{Item: it, Cells: cells})
		cells = nil
		return err
	})
}

// maxCell bounds what is shown of a value.
const maxCell = 60

func (r *record) cells() []Cell {
	if r.row.err != nil {
		return nil
	}
	out := make([]Cell, 0, len(r.reading.src.columns))
	for _, c := range r.reading.src.columns {
		v := r.bare(c)
		serial, isSerial := r.row.book.shown(c, v)
		switch {
		case v == "":
			continue
		case c.personal && r.reading.opts.Keys != nil:
			v = r.reading.opts.Keys.Mask(v)
		case isSerial:
			v = serial
		default:
			v = personal.Scrub(v)
		}
		if short := []rune(v); len(short) > maxCell {
			v = string(short[:maxCell]) + "…"
		}
		out = append(out, Cell{Column: c.name, Label: c.label(), Value: v})
	}
	return out
}

// shown is a date, time or duration that a workbook keeps as a part of a day, as people
// write it.
func (b *workbook) shown(c *column, v string) (string, bool) {
	if c.kind == typeDuration {
		ms, ok := b.days(v)
		s := ms / 1000
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60), ok && c.unit == inClock && ms >= 0
	}
	w, ok := b.serial(v)
	day, clock := fmt.Sprintf("%04d-%02d-%02d", w.year, w.month, w.day), fmt.Sprintf("%02d:%02d:%02d", w.hour, w.minute, w.second)
	switch c.kind {
	case typeDate:
		return day, ok
	case typeTime:
		return clock, ok
	case typeDatetime:
		return day + " " + clock, ok
	}
	return "", false
}

// Column is a described column, for people.
type Column struct {
	Name   string
	Labels []string // its names in the file, or its paths
	Number int      // its position, where the file has no header
	Type   string
	Detail string // formats, unit, allowed values
}

// Columns are the described ones, in their order; none of natives.
func (s *Source) Columns() []Column {
	out := make([]Column, 0, len(s.columns))
	for _, c := range s.columns {
		one := Column{Name: c.name, Labels: c.headers, Number: c.position, Type: c.kind}
		if s.form != nil && !s.form.tabular() {
			one.Labels = c.pathText
		}
		var detail []string
		for _, p := range c.patterns {
			detail = append(detail, p.text)
		}
		if c.kind == typeDuration {
			detail = append(detail, c.unit)
		}
		if len(c.values) > 0 {
			detail = append(detail, "one of "+strings.Join(c.values, ", "))
		}
		for _, f := range []struct {
			set  bool
			word string
		}{{c.personal, "personal"}, {c.required, "required"}, {c.optional, "may be missing"}} {
			if f.set {
				detail = append(detail, f.word)
			}
		}
		one.Detail = strings.Join(detail, " · ")
		out = append(out, one)
	}
	return out
}

// Mapped is how a field of the record comes about: the words of the description and the
// columns in them.
type Mapped struct {
	Field   string
	Text    string
	Columns []string
}

// Mapping is what the description says of each field, in the order of the description.
func (s *Source) Mapping() []Mapped { return slices.Clone(s.said) }

// Kind is what the rows become: call, supplement or agent_state; of natives it is empty.
func (s *Source) Kind() string {
	if s.native != nil {
		return ""
	}
	return s.kind
}

// Format says in a few words how bytes become rows.
func (s *Source) Format() string {
	if s.native != nil {
		settings := make([]string, 0, len(s.settings))
		for _, k := range slices.Sorted(maps.Keys(s.settings)) {
			settings = append(settings, k+" "+s.settings[k])
		}
		return strings.Join(append([]string{"native " + s.nativeName}, settings...), ", ")
	}
	f := s.form
	var words []string
	add := func(set bool, word string) {
		if set {
			words = append(words, word)
		}
	}
	add(true, f.kind)
	add(f.kind == formDelimited, "delimiter "+strings.NewReplacer("\t", "tab", ",", "comma", ";", "semicolon", " ", "space").Replace(f.delimiter))
	add(f.kind == formDelimited || f.kind == formJSONLines, "encoding "+f.encoding)
	add(f.sheet != "", "sheet "+f.sheet)
	add(len(f.records) > 0, "records at "+joinKeys(f.records))
	add(f.skip > 0, "title lines before the header")
	add(f.headerRows > 1, "a header of several rows")
	add(f.tabular() && !f.header, "no header")
	add(len(f.footer) > 0, "totals begin with "+strings.Join(f.footer, " or "))
	return strings.Join(words, ", ")
}

// Builtin says that the description came with the program.
func (s *Source) Builtin() bool { return s.builtin }

// say keeps the words of a description about the fields of the record.
func (s *Source) say(seen map[string]strictyaml.Node, uses map[string][]string) {
	one := func(field string, n strictyaml.Node) {
		s.said = append(s.said, Mapped{Field: field, Text: n.OneLine(), Columns: uses[field]})
	}
	for _, key := range []string{"identity", "version", "caller", "outcome", "rows"} {
		n, ok := seen[key]
		switch {
		case !ok:
		case key == "outcome" || key == "rows":
			for _, it := range n.Items() {
				one(key, it)
			}
		default:
			one(key, n)
		}
	}
	for _, key := range []string{"fields", "attributes"} {
		if n, ok := seen[key]; ok {
			for _, p := range n.Pairs() {
				field := p.Name
				if key == "attributes" {
					field = "attributes." + field
				}
				one(field, p.Node)
			}
		}
	}
}

// target is the field of the record that a place in a description is about.
func target(path string) string {
	first, rest, _ := strings.Cut(path, ".")
	first, _, _ = strings.Cut(first, "[")
	second, _, _ := strings.Cut(rest, ".")
	if first == "fields" {
		second, _, _ = strings.Cut(second, "[")
	}
	switch first {
	case "fields":
		return second
	case "attributes":
		return "attributes." + second
	}
	return first
}
