package kpi

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DefinitionVersion is one way to define a figure. Which of its choices mean something
// depends on the definition.
type DefinitionVersion struct {
	Number  int    // from 1; it never means another thing
	Form    string // of several forms of the figure: which it is
	From    string // the first day it may hold for, 2017-07-01; empty: any
	Formula string
	Text    Wording // 口径

	Seconds   []int           // thresholds
	Satisfied map[string]bool // by RatingKey
	Days      int             // working days
}

// Definition is what a figure may mean, in numbered versions.
type Definition struct {
	Name     string
	Title    Wording
	Versions []DefinitionVersion // in the order of their numbers

	// Provisional says which version leads while nobody has confirmed one: the last of
	// those that apply.
	Provisional []Provisional
}

// Provisional is a version that leads unconfirmed.
type Provisional struct {
	Version int
	From    string // the first day; empty: always
	Tickets bool   // only where tickets are connected
}

// Version finds a version by its number.
func (d *Definition) Version(number int) (*DefinitionVersion, bool) {
	i := slices.IndexFunc(d.Versions, func(v DefinitionVersion) bool { return v.Number == number })
	if i < 0 {
		return nil, false
	}
	return &d.Versions[i], true
}

// Confirmed is a version that a named person has made official, from a day on until the
// day of the next one of the same definition.
type Confirmed struct {
	Name    string
	Version int
	From    string // the first day, 2026-03-01

	By, Reason, Document string
	At                   time.Time // when it was entered
}

// Choices are all definitions there are and what has been chosen among them: they say
// which hold when. The zone is the centre's, in which days begin.
type Choices struct {
	Zone        *time.Location
	Definitions []Definition
	Confirmed   []Confirmed
	Asked       map[string]int // versions asked for whatever is in force, by name
}

// Definition finds a definition by its name.
func (c *Choices) Definition(name string) (*Definition, bool) {
	i := slices.IndexFunc(c.Definitions, func(d Definition) bool { return d.Name == name })
	if i < 0 {
		return nil, false
	}
	return &c.Definitions[i], true
}

// Ask is the same choices with versions asked for: history computed under another
// definition than the one in force.
func (c *Choices) Ask(versions map[string]int) (*Choices, error) {
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		d, ok := c.Definition(name)
		if !ok {
			return nil, fmt.Errorf("there is no definition %q", name)
		}
		if _, ok := d.Version(versions[name]); !ok {
			return nil, fmt.Errorf("the definition %s has no version %d: it has %s", name, versions[name], d.numbers())
		}
	}
	asked := *c
	asked.Asked = versions
	return &asked, nil
}

func (d *Definition) numbers() string {
	var all []string
	for _, v := range d.Versions {
		all = append(all, strconv.Itoa(v.Number))
	}
	return strings.Join(all, ", ")
}

// At are the definitions in force at an instant: of each the version that was confirmed
// for the latest day up to it, else the provisional one.
func (c *Choices) At(t time.Time) Definitions {
	day := t.In(c.Zone).Format(time.DateOnly)
	d := Definitions{InForce: make(map[string]DefinitionState)}
	for i := range c.Definitions {
		def := &c.Definitions[i]
		v, s := c.inForce(def, day, false)
		if v == nil {
			continue
		}
		d.InForce[def.Name] = s
		d.choose(def, v, s.Confirmed || s.Asked)
		if def.Name != DefResponse || s.Confirmed || s.Asked {
			continue
		}
		if other, with := c.inForce(def, day, true); other != nil && other.Number != v.Number {
			d.ByItems = &with
		} else {
			d.Response = v.Form // tickets change nothing
		}
	}
	return d
}

// For are the definitions for a period: those in force at its end, or now where it is not
// over. A ratio has one definition: parts under different ones do not add up, so a change
// within the period is marked and not mixed. Zero times have no bound.
func (c *Choices) For(from, to, now time.Time) Definitions {
	last := now
	if !to.IsZero() && !to.After(now) {
		last = to.Add(-time.Nanosecond)
	}
	d := c.At(last)
	for name, s := range d.InForce {
		if !s.Asked && c.changed(name, from, last) {
			s.Changed = true
			d.InForce[name] = s
		}
	}
	if d.ByItems != nil && d.InForce[DefResponse].Changed {
		d.ByItems.Changed = true
	}
	return d
}

// changed says whether another version was in force at some time between.
func (c *Choices) changed(name string, from, last time.Time) bool {
	def, ok := c.Definition(name)
	if !ok {
		return false
	}
	end, _ := c.inForce(def, last.In(c.Zone).Format(time.DateOnly), false)
	days := []string{""}
	if !from.IsZero() {
		days[0] = from.In(c.Zone).Format(time.DateOnly)
	}
	for _, p := range def.Provisional {
		days = append(days, p.From)
	}
	for i := range c.Confirmed {
		days = append(days, c.Confirmed[i].From)
	}
	until := last.In(c.Zone).Format(time.DateOnly)
	for _, day := range days {
		if day < days[0] || day > until {
			continue
		}
		if v, _ := c.inForce(def, day, false); v != nil && end != nil && v.Number != end.Number {
			return true
		}
	}
	return false
}

// inForce is the version of a definition that holds on a day, and its state.
func (c *Choices) inForce(def *Definition, day string, tickets bool) (*DefinitionVersion, DefinitionState) {
	var newest *Confirmed
	for i := range c.Confirmed {
		k := &c.Confirmed[i]
		if _, known := def.Version(k.Version); k.Name == def.Name && known && k.From <= day && (newest == nil || k.From >= newest.From) {
			newest = k
		}
	}
	number, confirmed := 0, false
	if newest != nil {
		number, confirmed = newest.Version, true
	} else {
		for _, p := range def.Provisional {
			if p.From <= day && (tickets || !p.Tickets) {
				number = p.Version
			}
		}
	}
	asked, ask := c.Asked[def.Name]
	if ask {
		confirmed = confirmed && asked == number
		number = asked
	}
	v, ok := def.Version(number)
	if !ok {
		return nil, DefinitionState{}
	}
	s := DefinitionState{Version: number, Confirmed: confirmed, Leads: v.Form, Asked: ask, Formula: v.Formula, Text: v.Text}
	if confirmed {
		at := newest.At
		s.Since, s.By, s.Reason, s.Document, s.At = newest.From, newest.By, newest.Reason, newest.Document, &at
	}
	return v, s
}

// choose takes over what a version says.
func (d *Definitions) choose(def *Definition, v *DefinitionVersion, settled bool) {
	switch def.Name {
	case DefAnswerRate:
		d.AnswerRate = v.Form
	case DefAnsweredCalls:
		d.AnsweredCalls = v.Form
	case DefResponse:
		if d.Timeliness = def.wait(v); settled {
			d.Response = v.Form
		}
	case DefConsultation:
		d.ConsultationIn = v.Days
	case DefServiceLevel:
		d.ServiceLevels = v.Seconds
	case DefShortAbandon:
		d.ShortAbandon = v.Seconds[0]
	case DefSatisfaction:
		d.Satisfied = v.Satisfied
	}
}

// wait is the threshold of response timeliness by the wait, which is shown beside the
// items too: that of the version, else of the newest one before it that has any.
func (d *Definition) wait(v *DefinitionVersion) int {
	if len(v.Seconds) > 0 {
		return v.Seconds[0]
	}
	best := 0
	for _, o := range d.Versions {
		if len(o.Seconds) > 0 && (best == 0 || o.Number < v.Number) {
			best = o.Seconds[0]
		}
	}
	return best
}

// History is what holds of a definition from which day on, the oldest first: the
// provisional version for a start, then each confirmed one.
func (c *Choices) History(name string) []DefinitionState {
	def, ok := c.Definition(name)
	if !ok {
		return nil
	}
	days := []string{""}
	for i := range c.Confirmed {
		if c.Confirmed[i].Name == name {
			days = append(days, c.Confirmed[i].From)
		}
	}
	for _, p := range def.Provisional {
		days = append(days, p.From)
	}
	slices.SortFunc(days, cmp.Compare[string])
	var out []DefinitionState
	for _, day := range slices.Compact(days) {
		v, s := c.inForce(def, day, false)
		if v == nil {
			continue
		}
		if s.Since == "" {
			s.Since = day
		}
		if n := len(out); n == 0 || out[n-1].Version != s.Version || out[n-1].Confirmed != s.Confirmed || out[n-1].Since != s.Since {
			out = append(out, s)
		}
	}
	return out
}
