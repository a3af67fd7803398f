package source

import (
	"slices"
	"strings"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/strictyaml"
	"hotline12333/internal/wire"
)

// The kinds of records a description can make of rows.
const (
	kindCall       = "call"
	kindSupplement = "supplement"
	kindAgentState = "agent_state"
)

// apart is the part of a mapping that is not of calls.
type apart struct {
	ivrPath *textField
	state   *textField
	reason  *textField
	since   *timeField
}

// supplementFields reads what a row tells of a call that is told elsewhere: facts of one
// kind, since they replace one another as one.
func (b *builder) supplementFields(n strictyaml.Node) {
	m := &b.src.mapping
	n.Object(map[string]func(strictyaml.Node){
		"centre":   func(n strictyaml.Node) { m.centre = b.textField(n) },
		"rating":   b.rating,
		"ivr":      func(n strictyaml.Node) { m.ivr = b.spanField(n) },
		"ivr_path": func(n strictyaml.Node) { m.ivrPath = b.textField(n) },
		"topics":   func(n strictyaml.Node) { m.topics = b.textField(n) },
	})
	kinds := b.supplementKinds()
	switch {
	case len(kinds) == 0:
		n.Fail("a supplement tells rating, ivr or topics")
	case len(kinds) > 1:
		n.Fail("a supplement tells one kind of facts, here are %s: write one description for each", strings.Join(kinds, " and "))
	case m.ivrPath != nil && m.ivr == nil:
		n.Fail("ivr_path goes with ivr, the time spent on it")
	}
}

func (b *builder) supplementKinds() (out []string) {
	m := &b.src.mapping
	if m.rating.value != nil || m.rating.invited != nil {
		out = append(out, string(hotline.SupplementRating))
	}
	if m.ivr != nil || m.ivrPath != nil {
		out = append(out, string(hotline.SupplementIVR))
	}
	if m.topics != nil {
		out = append(out, string(hotline.SupplementTopics))
	}
	return out
}

func (b *builder) agentFields(n strictyaml.Node) {
	m := &b.src.mapping
	n.Object(map[string]func(strictyaml.Node){
		"centre": func(n strictyaml.Node) { m.centre = b.textField(n) },
		"agent":  func(n strictyaml.Node) { m.agent = b.textField(n) },
		"state":  func(n strictyaml.Node) { m.state = b.textField(n) },
		"reason": func(n strictyaml.Node) { m.reason = b.textField(n) },
		"since":  func(n strictyaml.Node) { m.since = b.timeField(n) },
	})
	for _, f := range []struct {
		key  string
		have bool
	}{{"agent", m.agent != nil}, {"state", m.state != nil}, {"since", m.since != nil}} {
		if !f.have {
			n.Fail("%s is missing", f.key)
		}
	}
	words(n, m.state, "state of an agent", func(s string) bool { return hotline.State(s).Valid() })
}

// rowRules are of kinds that have no outcome: a row that none fits is a record.
func (b *builder) rowRules(n strictyaml.Node) {
	for _, it := range n.Items() {
		r := b.rule(it)
		if r.ignore == "" && !r.deleted {
			it.Fail("a rule of rows ignores them, or takes a record back: ignore or deleted")
		}
		if r.deleted && b.src.kind == kindAgentState {
			it.Fail("a state of an agent cannot be taken back: send another for the same instant")
		}
		b.src.mapping.rules = append(b.src.mapping.rules, r)
	}
}

// judge applies the rules of rows.
func (r *record) judge(m *mapping) (ignored string, deleted bool, err *hotline.RejectError) {
	for i := range m.rules {
		rule := &m.rules[i]
		if rule.when != nil {
			if ok, err := rule.when(r); err != nil {
				return "", false, err
			} else if !ok {
				continue
			}
		}
		return rule.ignore, rule.deleted, nil
	}
	return "", false, nil
}

// nothingTold is why a row without any facts is no supplement.
const nothingTold = "nothing_told"

func (r *record) supplement(item *wire.Item) (ignored string, err *hotline.RejectError) {
	m := &r.reading.src.mapping
	ignored, deleted, err := r.judge(m)
	if ignored != "" || err != nil {
		return ignored, err
	}
	c := &hotline.Call{}
	if err := r.identity(m, c); err != nil {
		return "", err
	}
	s := &hotline.Supplement{
		CallID: c.ID, Version: c.Version, Centre: r.reading.opts.Centre, Source: r.reading.src.name,
		Kind: r.reading.src.supplementKind, Deleted: deleted,
	}
	if !deleted {
		if err := r.facts(m, s); err != nil {
			return "", err
		}
		if s.Rating == (hotline.Rating{}) && !s.IVR.Known && len(s.Topics) == 0 {
			return nothingTold, nil
		}
	}
	item.Supplement = s
	return "", nil
}

func (r *record) facts(m *mapping, s *hotline.Supplement) (err *hotline.RejectError) {
	c := &hotline.Call{}
	if err := r.rating(m, c); err != nil {
		return err
	}
	s.Rating = c.Rating
	if m.centre != nil {
		v, err := r.text(m.centre, "")
		if err != nil {
			return err
		}
		if v != "" {
			s.Centre = v
		}
	}
	if m.ivr != nil {
		if s.IVR, err = r.span(m.ivr); err != nil {
			return err
		}
	}
	if m.ivrPath != nil && s.IVR.Known {
		if s.IVRPath, err = r.listOf(m.ivrPath, ""); err != nil {
			return err
		}
	}
	if m.topics != nil {
		s.Topics, err = r.topics(m.topics, "")
	}
	return err
}

// lineVersions leaves room for the number of a row below the revision: of two states in
// one second the later row is the newer.
const lineVersions = 1 << 32

func (r *record) agentState(item *wire.Item) (ignored string, err *hotline.RejectError) {
	m := &r.reading.src.mapping
	if ignored, _, err = r.judge(m); ignored != "" || err != nil {
		return ignored, err
	}
	a := &hotline.AgentState{Centre: r.reading.opts.Centre, Source: r.reading.src.name}
	var state string
	for _, f := range [...]struct {
		from *textField
		to   *string
	}{{m.centre, &a.Centre}, {m.agent, &a.Agent}, {m.state, &state}, {m.reason, &a.Reason}} {
		if f.from == nil {
			continue
		}
		v, err := r.text(f.from, "")
		if err != nil {
			return "", err
		}
		if v != "" {
			*f.to = v
		}
	}
	if a.State = hotline.State(state); a.State != hotline.Paused {
		a.Reason = ""
	}
	if a.Since, err = r.instant(m.since, time.Time{}); err != nil {
		return "", err
	}
	a.Version = (min(r.reading.opts.Revision, hotline.MaxVersion/lineVersions)-1)*lineVersions + uint64(r.row.line)
	if m.version != nil {
		v, err := r.checked(m.version)
		if err != nil {
			return "", err
		}
		if v != "" {
			c := &hotline.Call{}
			if err := r.version(m.version, v, c); err != nil {
				return "", err
			}
			a.Version = c.Version
		}
	}
	item.AgentState = a
	return "", nil
}

// needed are the keys a description of each kind must and may have.
func needed(kind string) (must, may []string) {
	switch kind {
	case kindSupplement:
		return []string{"format", "columns", "identity", "fields"}, []string{"version", "rows"}
	case kindAgentState:
		return []string{"format", "columns", "fields"}, []string{"version", "rows"}
	}
	return []string{"format", "columns", "identity", "fields", "outcome"}, []string{"version", "caller", "attributes"}
}

// steps are the readers of the parts, in their order: what comes later names columns.
func (b *builder) steps() []section {
	fields := b.fields
	switch b.src.kind {
	case kindSupplement:
		fields = b.supplementFields
	case kindAgentState:
		fields = b.agentFields
	}
	return []section{
		{"format", b.format},
		{"columns", b.columns},
		{"caller", b.caller},
		{"identity", b.identity},
		{"version", b.version},
		{"fields", fields},
		{"attributes", b.attributes},
		{"outcome", b.outcome},
		{"rows", b.rowRules},
	}
}

type section struct {
	key  string
	read func(strictyaml.Node)
}

func (s *Source) fitting(root strictyaml.Node, seen map[string]strictyaml.Node) {
	must, may := needed(s.kind)
	for _, key := range must {
		if _, ok := seen[key]; !ok {
			root.Fail("%s is missing", key)
		}
	}
	for key, n := range seen {
		if !slices.Contains(must, key) && !slices.Contains(may, key) {
			n.Fail("means nothing in a description of kind %s", s.kind)
		}
	}
}
