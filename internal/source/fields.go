package source

import (
	"slices"
	"strings"

	"hotline12333/internal/hotline"
	"hotline12333/internal/strictyaml"
)

// mapping says how a row becomes a call.
type mapping struct {
	rules      []rule
	identity   []*column
	prefix     string
	version    *column
	caller     caller
	startedAt  *timeField
	queuedAt   *timeField
	answeredAt *timeField
	endedAt    *timeField
	wait       *spanField
	talk       *spanField
	hold       *spanField
	wrapup     *spanField
	ivr        *spanField
	centre     *textField
	direction  *textField
	excluded   *textField
	queue      *textField
	agent      *textField
	region     *textField
	topics     *textField
	transfers  *column
	rating     rating
	attributes []attribute
	apart
}

type caller struct {
	column     *column
	identifier bool // an id of the source's own, not a telephone number
	hash, mask bool
	region     bool // where the number is from
}

type rating struct {
	value, scale *textField
	invited      condition
}

type attribute struct {
	name string
	textField
}

// only holds a field back where the outcome is another.
type only []hotline.Outcome

func (o only) holds(outcome hotline.Outcome) bool { return len(o) == 0 || slices.Contains(o, outcome) }

// timeField builds an instant from a datetime column, or from a date and a time.
type timeField struct {
	date, time *column // the same one for a datetime
	plus       *column // a duration added, nil for none
	rollover   bool    // the date is the arrival's: take the day on which it lies nearest to it
	outcomes   only
}

// spanField is a sum of durations, less others.
type spanField struct {
	plus, minus []*column
	outcomes    only
}

// textField is a column's value, translated, or a fixed value.
type textField struct {
	column    *column // nil for a fixed value
	translate map[string]string
	unlisted  string // keep, reject or none: what becomes of a value that is not in the table
	fallback  string // where there is none
	split     string // topics: what stands between several
	outcomes  only
	verbatim  bool // attributes: digits that look like a telephone number are none
}

func (b *builder) identity(n strictyaml.Node) {
	m := &b.src.mapping
	list := func(n strictyaml.Node) {
		if n.IsList() {
			for _, it := range n.Items() {
				m.identity = append(m.identity, b.plain(it))
			}
			return
		}
		m.identity = append(m.identity, b.plain(n))
	}
	if n.IsMapping() {
		n.Object(map[string]func(strictyaml.Node){
			"columns": list,
			"prefix":  func(n strictyaml.Node) { m.prefix = n.Text() },
		})
	} else {
		list(n)
	}
	if len(m.identity) == 0 {
		n.Fail("at least one column is needed to tell calls apart")
	}
}

func (b *builder) version(n strictyaml.Node) {
	n.Object(map[string]func(strictyaml.Node){
		"column": func(n strictyaml.Node) {
			if b.src.mapping.version = b.plain(n, typeInteger, typeDatetime); b.src.mapping.version == nil {
				return
			}
		},
	})
}

func (b *builder) caller(n strictyaml.Node) {
	c := &b.src.mapping.caller
	n.Object(map[string]func(strictyaml.Node){
		"column": func(n strictyaml.Node) {
			if c.column = b.ref(n, typeText); c.column != nil {
				c.column.personal = true
			}
		},
		"kind":   func(n strictyaml.Node) { c.identifier = n.Choice("number", "identifier") == "identifier" },
		"region": func(n strictyaml.Node) { c.region = n.Boolean() },
		"as": func(n strictyaml.Node) {
			for _, it := range n.Items() {
				switch it.Choice("hash", "mask") {
				case "hash":
					c.hash = true
				case "mask":
					c.mask = true
				}
			}
		},
	})
	switch {
	case c.column == nil:
		n.Fail("column is missing")
	case !c.hash && !c.mask:
		n.Fail("as is missing: [hash], [mask] or [hash, mask]")
	case c.identifier && c.mask:
		n.Fail("only numbers have a masked form, not identifiers")
	case c.identifier && c.region:
		n.Fail("only numbers have a region, not identifiers")
	}
}

func (b *builder) fields(n strictyaml.Node) {
	m := &b.src.mapping
	at := func(into **timeField) func(strictyaml.Node) {
		return func(n strictyaml.Node) { *into = b.timeField(n) }
	}
	length := func(into **spanField) func(strictyaml.Node) {
		return func(n strictyaml.Node) { *into = b.spanField(n) }
	}
	text := func(into **textField) func(strictyaml.Node) {
		return func(n strictyaml.Node) { *into = b.textField(n) }
	}
	n.Object(map[string]func(strictyaml.Node){
		"started_at":  at(&m.startedAt),
		"queued_at":   at(&m.queuedAt),
		"answered_at": at(&m.answeredAt),
		"ended_at":    at(&m.endedAt),
		"wait":        length(&m.wait),
		"talk":        length(&m.talk),
		"hold":        length(&m.hold),
		"wrapup":      length(&m.wrapup),
		"ivr":         length(&m.ivr),
		"centre":      text(&m.centre),
		"direction":   text(&m.direction),
		"excluded":    text(&m.excluded),
		"queue":       text(&m.queue),
		"agent":       text(&m.agent),
		"region":      text(&m.region),
		"topics":      text(&m.topics),
		"transfers":   func(n strictyaml.Node) { m.transfers = b.plain(n, typeInteger) },
		"rating":      b.rating,
	})
	words(n, m.direction, "direction", func(s string) bool { return hotline.Direction(s).Valid() })
	words(n, m.excluded, "reason for exclusion", func(s string) bool { return hotline.Exclusion(s).Valid() })
	if m.startedAt != nil && (m.startedAt.rollover || len(m.startedAt.outcomes) > 0) {
		n.Fail("started_at is the arrival of every call: neither rollover nor outcomes go with it")
	}
}

// words holds what a description writes into a field of few words against them.
func words(n strictyaml.Node, f *textField, what string, valid func(string) bool) {
	if f == nil {
		return
	}
	if f.fallback != "" && !valid(f.fallback) {
		n.Fail("%q is no %s", f.fallback, what)
	}
	for from, to := range f.translate {
		if !valid(to) {
			n.Fail("translate: %q becomes %q, which is no %s", from, to, what)
		}
	}
}

func (b *builder) rating(n strictyaml.Node) {
	r := &b.src.mapping.rating
	n.Object(map[string]func(strictyaml.Node){
		"value":   func(n strictyaml.Node) { r.value = b.textField(n) },
		"scale":   func(n strictyaml.Node) { r.scale = b.textField(n) },
		"invited": func(n strictyaml.Node) { r.invited = b.condition(n) },
	})
	if r.value != nil && r.scale == nil {
		n.Fail(`a rating needs the scale it was given on, as scale: {value: "5"}`)
	}
}

func (b *builder) attributes(n strictyaml.Node) {
	for _, p := range n.Pairs() {
		if f := b.textField(p.Node); f != nil {
			b.src.mapping.attributes = append(b.src.mapping.attributes, attribute{name: p.Name, textField: *f})
		}
	}
}

// ref reads the name of a column of one of the kinds (any when none is given).
func (b *builder) ref(n strictyaml.Node, kinds ...string) *column {
	c := b.find(n, n.Text())
	if c != nil && len(kinds) > 0 && !slices.Contains(kinds, c.kind) {
		n.Fail("column %s has the type %s; needed: %s", c.name, c.kind, strings.Join(kinds, " or "))
		return nil
	}
	return c
}

// plain is ref for columns whose content goes into the record.
func (b *builder) plain(n strictyaml.Node, kinds ...string) *column {
	c := b.ref(n, kinds...)
	if c != nil {
		c.plain = true
	}
	return c
}

func (b *builder) outcomes(n strictyaml.Node) only {
	if b.src.kind != kindCall {
		n.Fail("outcomes are of calls, not of a description of kind %s", b.src.kind)
	}
	known := []string{string(hotline.Open)}
	for _, o := range hotline.FinalOutcomes() {
		known = append(known, string(o))
	}
	var out only
	for _, s := range n.Texts() {
		if !slices.Contains(known, s) {
			n.Fail("%q is no outcome%s", s, strictyaml.Meant(s, known))
			continue
		}
		out = append(out, hotline.Outcome(s))
	}
	return out
}

func (b *builder) timeField(n strictyaml.Node) *timeField {
	f := &timeField{}
	if !n.IsMapping() {
		f.date = b.plain(n, typeDatetime)
		f.time = f.date
		return f
	}
	n.Object(map[string]func(strictyaml.Node){
		"column":   func(n strictyaml.Node) { f.date = b.plain(n, typeDatetime); f.time = f.date },
		"date":     func(n strictyaml.Node) { f.date = b.plain(n, typeDate, typeDatetime) },
		"time":     func(n strictyaml.Node) { f.time = b.plain(n, typeTime) },
		"plus":     func(n strictyaml.Node) { f.plus = b.plain(n, typeDuration) },
		"rollover": func(n strictyaml.Node) { f.rollover = n.Boolean() },
		"outcomes": func(n strictyaml.Node) { f.outcomes = b.outcomes(n) },
	})
	if f.date == nil || f.time == nil {
		n.Fail("want a datetime column, or a date and a time")
	}
	if f.rollover && f.date == f.time {
		n.Fail("rollover is for a date and a time")
	}
	return f
}

func (b *builder) spanField(n strictyaml.Node) *spanField {
	f := &spanField{}
	list := func(into *[]*column) func(strictyaml.Node) {
		return func(n strictyaml.Node) {
			items := []strictyaml.Node{n}
			if n.IsList() {
				items = n.Items()
			}
			for _, it := range items {
				if c := b.plain(it, typeDuration); c != nil {
					*into = append(*into, c)
				}
			}
		}
	}
	if !n.IsMapping() {
		list(&f.plus)(n)
		return f
	}
	n.Object(map[string]func(strictyaml.Node){
		"column":   list(&f.plus),
		"minus":    list(&f.minus),
		"outcomes": func(n strictyaml.Node) { f.outcomes = b.outcomes(n) },
	})
	if len(f.plus) == 0 {
		n.Fail("column is missing")
	}
	return f
}

func (b *builder) textField(n strictyaml.Node) *textField {
	f := &textField{unlisted: "keep"}
	if !n.IsMapping() {
		f.column = b.plain(n)
		return f
	}
	fixed := false
	n.Object(map[string]func(strictyaml.Node){
		"column":    func(n strictyaml.Node) { f.column = b.plain(n) },
		"value":     func(n strictyaml.Node) { f.fallback, fixed = n.Text(), true },
		"translate": func(n strictyaml.Node) { f.translate = n.Table() },
		"unlisted":  func(n strictyaml.Node) { f.unlisted = n.Choice("keep", "reject", "none") },
		"default":   func(n strictyaml.Node) { f.fallback = n.Text() },
		"split":     func(n strictyaml.Node) { f.split = n.Text() },
		"outcomes":  func(n strictyaml.Node) { f.outcomes = b.outcomes(n) },
		"verbatim":  func(n strictyaml.Node) { f.verbatim = n.Boolean() },
	})
	if fixed == (f.column != nil) && !(f.column == nil && len(n.Faults()) > 0) {
		n.Fail("want either a column or a value")
	}
	return f
}
