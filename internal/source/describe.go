package source

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/strictyaml"
)

// Source is one described way of getting calls. It is immutable and safe for concurrent
// use.
type Source struct {
	name     string
	path     string
	title    string
	calendar calendar.Calendar
	can      []kpi.Capability // declared
	cannot   []kpi.Capability // declared, of what a source is taken to know
	zone     *time.Location   // nil where the description gives none
	form     *format
	columns  []*column
	mapping  mapping
	builtin  bool
	kind     string // of records

	supplementKind hotline.SupplementKind

	native     Native // instead of form, columns and mapping
	nativeName string
	settings   map[string]string // of the native
	said       []Mapped
}

// parse reads one description. name is the file's, for messages. Of a faulty one it returns
// what could be read, nil where nothing could.
func parse(name string, data []byte, natives Natives, calendars Calendars) (*Source, error) {
	root, err := strictyaml.Parse(name, data)
	if err != nil {
		return nil, err
	}
	s := &Source{path: name, kind: kindCall}
	if s.calendar, err = calendars.find(""); err != nil {
		return nil, err
	}
	b := &builder{src: s, byName: make(map[string]*column), uses: make(map[string][]string)}
	seen := map[string]strictyaml.Node{}
	later := func(key string) func(strictyaml.Node) { return func(n strictyaml.Node) { seen[key] = n } }
	root.Object(map[string]func(strictyaml.Node){
		"name":         func(n strictyaml.Node) { s.name = sourceName(n) },
		"title":        func(n strictyaml.Node) { s.title = n.Text() },
		"zone":         func(n strictyaml.Node) { s.zone = n.Zone() },
		"calendar":     func(n strictyaml.Node) { s.calendar = calendars.of(n) },
		"capabilities": func(n strictyaml.Node) { s.can = capabilities(n, declared()) },
		"cannot":       func(n strictyaml.Node) { s.cannot = capabilities(n, []kpi.Capability{kpi.CanRequests}) },
		"format":       later("format"),
		"columns":      later("columns"),
		"identity":     later("identity"),
		"version":      later("version"),
		"caller":       later("caller"),
		"fields":       later("fields"),
		"attributes":   later("attributes"),
		"outcome":      later("outcome"),
		"native":       later("native"),
		"settings":     later("settings"),
		"rows":         later("rows"),
		"kind":         func(n strictyaml.Node) { s.kind = n.Choice(kindCall, kindSupplement, kindAgentState) },
	})
	if s.name == "" && len(root.Faults()) == 0 {
		root.Fail("name is missing")
	}
	if n, ok := seen["native"]; ok {
		if natives == nil {
			return nil, fmt.Errorf("%s: %w", n.Where(), errNoNatives)
		}
		s.describeNative(n, seen, natives)
		if len(root.Faults()) > 0 {
			return s, errors.Join(root.Faults()...)
		}
		return s, nil
	}
	s.fitting(root, seen)
	for _, part := range b.steps() {
		if n, ok := seen[part.key]; ok {
			part.read(n)
		}
	}
	b.finish(root)
	if len(root.Faults()) > 0 {
		return s, errors.Join(root.Faults()...)
	}
	s.say(seen, b.uses)
	return s, nil
}

var errNoNatives = errors.New("native: this program was built without native formats")

// describeNative reads a description whose format is a program's.
func (s *Source) describeNative(n strictyaml.Node, seen map[string]strictyaml.Node, natives Natives) {
	known := slices.Sorted(maps.Keys(natives))
	s.nativeName = n.Text()
	if s.native = natives[s.nativeName]; s.native == nil {
		n.Fail("%q is no native format%s; known: %s", s.nativeName, strictyaml.Meant(s.nativeName, known), strings.Join(known, ", "))
		return
	}
	for _, key := range slices.Sorted(maps.Keys(seen)) {
		if key != "native" && key != "settings" {
			seen[key].Fail("a native format maps itself: %s does not go with native", key)
		}
	}
	at, given := seen["settings"]
	if given {
		s.settings = at.Table()
	}
	checker, takes := s.native.(settingsNative)
	switch {
	case takes:
		if err := checker.CheckSettings(s.settings); err != nil {
			if !given {
				at = n
			}
			at.Fail("%v", err)
		}
	case given:
		at.Fail("the native format %s takes no settings", s.nativeName)
	}
}

// builder turns the parts of one description into a Source.
type builder struct {
	src    *Source
	byName map[string]*column
	uses   map[string][]string // columns by the field of the record they tell of
}

func sourceName(n strictyaml.Node) string {
	s := n.Text()
	if ok, err := regexp.MatchString(`^[a-z0-9][a-z0-9_-]{0,62}$`, s); err != nil || !ok {
		n.Fail("%q is not a name: small letters, digits, - and _, at most 63", s)
	}
	return s
}

func (c Calendars) of(n strictyaml.Node) calendar.Calendar {
	found, err := c.find(n.Text())
	if err != nil {
		n.Fail("%v", err)
	}
	return found
}

// finish checks what only the whole description shows.
func (b *builder) finish(root strictyaml.Node) {
	f := b.src.form
	if f == nil {
		return
	}
	for _, c := range b.src.columns {
		switch {
		case !f.tabular() && (c.position > 0 || c.named):
			c.at.Fail("records of JSON have neither header nor position: give the path")
		case f.tabular() && len(c.pathText) > 0:
			c.at.Fail("a path is for JSON: give the name in the header")
		case !f.tabular():
			c.places()
		case f.header && c.position > 0:
			c.at.Fail("position is for files without a header; give the name with header")
		case !f.header && c.position == 0:
			c.at.Fail("a file without a header needs the position of the column, from 1")
		case f.width > 0 && c.position > f.width:
			c.at.Fail("position %d is beyond the width %d", c.position, f.width)
		}
		if !c.optional {
			f.atLeast = max(f.atLeast, c.position)
		}
	}
	f.columns = b.src.columns
	m := &b.src.mapping
	if k := b.supplementKinds(); b.src.kind == kindSupplement && len(k) == 1 {
		b.src.supplementKind = hotline.SupplementKind(k[0])
	}
	if b.src.kind == kindCall && m.startedAt == nil && len(root.Faults()) == 0 {
		root.Fail("fields: started_at, the arrival, is missing")
	}
	for _, c := range b.src.columns {
		if c.personal && c.plain {
			c.at.Fail("the column identifies the caller: it may stand under caller and in conditions only")
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
