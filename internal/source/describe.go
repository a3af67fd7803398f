package source

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"hotline12333/internal/calendar"
	"hotline12333/internal/kpi"
)

// Source is one described way of getting calls. It is immutable and safe for concurrent
// use.
type Source struct {
	name     string
	path     string
	title    string
	calendar calendar.Calendar
	can      []kpi.Capability
	zone     *time.Location // nil where the description gives none
	form     *delimitedFormat
	columns  []*column
	mapping  mapping
	builtin  bool
}

// delimitedFormat says how bytes become rows.
type delimitedFormat struct {
	delimiter string
	quote     byte
	encoding  string
	header    bool
	skip      int
	comment   string
	footer    []string
	ragged    bool
	width     int // of files without a header, 0 where it is not told
	atLeast   int // fields the mapped positions need
}

// parse reads one description. name is the file's, for messages.
func parse(name string, data []byte) (*Source, error) {
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("%s: not UTF-8 text", name)
	}
	root, err := parseDocument(name, data)
	if err != nil {
		return nil, err
	}
	s := &Source{path: name}
	s.calendar, _ = calendar.ByName(calendar.Always) // is always known
	b := &builder{src: s, byName: make(map[string]*column)}
	seen := map[string]node{}
	later := func(key string) func(node) { return func(n node) { seen[key] = n } }
	root.object(map[string]func(node){
		"name":         func(n node) { s.name = sourceName(n) },
		"title":        func(n node) { s.title = n.text() },
		"zone":         func(n node) { s.zone = zone(n) },
		"calendar":     func(n node) { s.calendar = calendarOf(n) },
		"capabilities": func(n node) { s.can = capabilities(n) },
		"format":       later("format"),
		"columns":      later("columns"),
		"identity":     later("identity"),
		"version":      later("version"),
		"caller":       later("caller"),
		"fields":       later("fields"),
		"attributes":   later("attributes"),
		"outcome":      later("outcome"),
	})
	for _, key := range []string{"format", "columns", "identity", "fields", "outcome"} {
		if _, ok := seen[key]; !ok {
			root.fail("%s is missing", key)
		}
	}
	if s.name == "" && len(root.doc.errs) == 0 {
		root.fail("name is missing")
	}
	// The order matters: what comes later names columns.
	for _, step := range []struct {
		key  string
		read func(node)
	}{
		{"format", b.format},
		{"columns", b.columns},
		{"caller", b.caller},
		{"identity", b.identity},
		{"version", b.version},
		{"fields", b.fields},
		{"attributes", b.attributes},
		{"outcome", b.outcome},
	} {
		if n, ok := seen[step.key]; ok {
			step.read(n)
		}
	}
	b.finish(root)
	if len(root.doc.errs) > 0 {
		return nil, errors.Join(root.doc.errs...)
	}
	return s, nil
}

// builder turns the parts of one description into a Source.
type builder struct {
	src    *Source
	byName map[string]*column
}

func sourceName(n node) string {
	s := n.text()
	if ok, err := regexp.MatchString(`^[a-z0-9][a-z0-9_-]{0,62}$`, s); err != nil || !ok {
		n.fail("%q is not a name: small letters, digits, - and _, at most 63", s)
	}
	return s
}

func zone(n node) *time.Location {
	z, err := ParseZone(n.text())
	if err != nil {
		n.fail("%v", err)
	}
	return z
}

func calendarOf(n node) calendar.Calendar {
	c, err := calendar.ByName(n.text())
	if err != nil {
		n.fail("%v", err)
	}
	return c
}

func capabilities(n node) []kpi.Capability {
	known := make([]string, 0, len(kpi.Capabilities()))
	for _, c := range kpi.Capabilities() {
		known = append(known, string(c))
	}
	var out []kpi.Capability
	for _, it := range n.items() {
		out = append(out, kpi.Capability(it.choice(known...)))
	}
	return out
}

func (b *builder) format(n node) {
	f := &delimitedFormat{delimiter: ",", quote: '"', encoding: encUTF8, header: true}
	b.src.form = f
	n.object(map[string]func(node){
		"type":       func(n node) { n.choice("delimited") },
		"delimiter":  func(n node) { f.delimiter = delimiter(n) },
		"quote":      func(n node) { f.quote = quote(n) },
		"encoding":   func(n node) { f.encoding = n.choice(encodings()...) },
		"header":     func(n node) { f.header = n.boolean() },
		"skip_lines": func(n node) { f.skip = n.integer(0, 1000) },
		"comment":    func(n node) { f.comment = n.text() },
		"footer":     func(n node) { f.footer = footer(n) },
		"ragged":     func(n node) { f.ragged = n.boolean() },
		"width":      func(n node) { f.width = n.integer(1, 10_000) },
	})
	if f.header && f.width > 0 {
		n.fail("width is for files without a header; here the header tells it")
	}
}

func delimiter(n node) string {
	s := n.text()
	for word, char := range map[string]string{"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "} {
		if s == word {
			return char
		}
	}
	if utf8.RuneCountInString(s) != 1 || s == "\n" || s == "\r" || s == `"` || s == "'" {
		n.fail("%q is no delimiter: tab, comma, semicolon, pipe, space or one other character", s)
	}
	return s
}

func quote(n node) byte {
	switch s := n.text(); s {
	case "none":
		return 0
	case `"`, "'":
		return s[0]
	default:
		n.fail(`%q is no quote: none, " or '`, s)
		return 0
	}
}

func footer(n node) []string {
	list := n.texts()
	if slices.Contains(list, "") {
		n.fail("an empty text would make every row a footer")
	}
	return list
}

// finish checks what only the whole description shows.
func (b *builder) finish(root node) {
	f := b.src.form
	if f == nil {
		return
	}
	for _, c := range b.src.columns {
		switch {
		case f.header && c.position > 0:
			c.at.fail("position is for files without a header; give the name with header")
		case !f.header && c.position == 0:
			c.at.fail("a file without a header needs the position of the column, from 1")
		case f.width > 0 && c.position > f.width:
			c.at.fail("position %d is beyond the width %d", c.position, f.width)
		}
		if !c.optional {
			f.atLeast = max(f.atLeast, c.position)
		}
	}
	m := &b.src.mapping
	if m.startedAt == nil && len(root.doc.errs) == 0 {
		root.fail("fields: started_at, the arrival, is missing")
	}
	for _, c := range b.src.columns {
		if c.personal && c.plain {
			c.at.fail("the column identifies the caller: it may stand under caller and in conditions only")
		}
	}
	slices.SortFunc(m.attributes, func(a, b attribute) int { return strings.Compare(a.name, b.name) })
}

// Name of the source; the records carry it.
func (s *Source) Name() string { return s.name }

// Title is one line for people.
func (s *Source) Title() string { return s.title }

// Path is where the description stands; of a built-in one, inside the program.
func (s *Source) Path() string { return s.path }

// Zone is the description's, nil where it gives none.
func (s *Source) Zone() *time.Location { return s.zone }

// Calendar knows the service hours.
func (s *Source) Calendar() calendar.Calendar { return s.calendar }

// Knows are the things the source can know.
func (s *Source) Knows() kpi.Knows { return kpi.KnowsOnly(s.can) }
