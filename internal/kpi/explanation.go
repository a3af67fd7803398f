package kpi

import (
	"cmp"
	"slices"
	"time"

	"hotline12333/internal/hotline"
)

// Explanation is the calls behind a figure: how many stand where, by which rule, and some
// of them or all.
type Explanation struct {
	Figure       Explained                  `json:"figure"`
	Name         string                     `json:"name"` // of the period, as ParsePeriod reads it
	Period       Period                     `json:"period"`
	Place        Place                      `json:"place"`
	DataTo       *time.Time                 `json:"data_to"`
	Definitions  map[string]DefinitionState `json:"definitions"`
	Value        *float64                   `json:"value"` // a fraction, seconds or a count; null when undefined or not connected
	NotConnected Capability                 `json:"not_connected,omitempty"`
	Numerator    int64                      `json:"numerator"` // calls, or milliseconds of a mean
	Denominator  int64                      `json:"denominator,omitempty"`
	Checked      Checked                    `json:"checked"`
	Roles        []RoleTotal                `json:"roles"`
	Removed      *Removed                   `json:"removed,omitempty"`
	TicketsAsOf  *time.Time                 `json:"tickets_as_of,omitempty"` // of a figure of tickets: what falls due later is in no ratio
	Sample       *Sample                    `json:"sample,omitempty"`
	Calls        []ExplainedCall            `json:"calls,omitempty"`
	Next         string                     `json:"next,omitempty"` // where the next page begins; empty on the last
}

// Checked says what the tallies, which every other output is made of, give for the figure.
type Checked struct {
	Equal       bool       `json:"equal"`
	Numerator   int64      `json:"numerator"`
	Denominator int64      `json:"denominator,omitempty"`
	Differences []Mismatch `json:"differences,omitempty"`

	// Why there is nothing to compare with; the figure is then of the calls alone.
	Without string `json:"without,omitempty"`
}

// Mismatch is a stretch of the period in which calls and tallies do not agree.
type Mismatch struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Calls   Terms     `json:"calls"`
	Tallies Terms     `json:"tallies"`
}

// Removed is the part of a figure whose calls have reached their retention: what was
// counted of them stays, and they cannot be told.
type Removed struct {
	Before time.Time `json:"before"`
	Terms
}

// Terms are what a figure is divided from.
type Terms struct {
	Numerator   int64 `json:"numerator"`
	Denominator int64 `json:"denominator"`
}

// RoleTotal is how many calls stand somewhere, and by which rules.
type RoleTotal struct {
	Role  Role        `json:"role"`
	Calls int64       `json:"calls"`
	Rules []RuleTotal `json:"rules"`
}

// RuleTotal is how many calls a rule put there, with what they add to the figure.
type RuleTotal struct {
	Rule
	Calls       int64 `json:"calls"`
	Numerator   int64 `json:"numerator"`
	Denominator int64 `json:"denominator,omitempty"`
}

// Sample says how the calls were drawn: of each role so many at most, each as likely as
// any other. The same seed draws the same.
type Sample struct {
	Size int    `json:"size"`
	Seed uint64 `json:"seed"`
}

// ExplainedCall is a call with its place in the figure. What tells who called is masked.
type ExplainedCall struct {
	Role        Role              `json:"role"`
	Rule        Rule              `json:"rule"`
	CallID      string            `json:"call_id"`
	Version     uint64            `json:"version"`
	ArrivedAt   time.Time         `json:"arrived_at"`
	Centre      string            `json:"centre"`
	Queue       string            `json:"queue"`
	Agent       string            `json:"agent"`
	Outcome     hotline.Outcome   `json:"outcome"`
	Excluded    hotline.Exclusion `json:"excluded,omitempty"`
	WaitSeconds Millis            `json:"wait_seconds"`
	Caller      string            `json:"caller,omitempty"` // masked
	Source      string            `json:"source"`
	Origin      string            `json:"origin"` // file:line, or the source's name
	Ticket      *ExplainedTicket  `json:"ticket,omitempty"`
	Run         string            `json:"run,omitempty"` // the import that brought it
}

// Standings add up where calls stand.
type Standings map[Role]map[Rule]*RuleTotal

// Add counts one.
func (s Standings) Add(at Standing) {
	s.AddAll(at, 1)
}

// Merge adds those of another set of calls.
func (s Standings) Merge(other Standings) {
	for role, rules := range other {
		for _, total := range rules {
			s.add(role, total)
		}
	}
}

func (s Standings) add(role Role, more *RuleTotal) {
	if s[role] == nil {
		s[role] = make(map[Rule]*RuleTotal)
	}
	t := s[role][more.Rule]
	if t == nil {
		t = &RuleTotal{Rule: more.Rule}
		s[role][more.Rule] = t
	}
	t.Calls += more.Calls
	t.Numerator += more.Numerator
	t.Denominator += more.Denominator
}

// Sum is what they add up to.
func (s Standings) Sum() Ratio {
	var r Ratio
	for _, rules := range s {
		for _, t := range rules {
			r.Num, r.Den = r.Num+t.Numerator, r.Den+t.Denominator
		}
	}
	return r
}

// Totals are all roles in order, each with its rules, the most frequent first. A role
// without calls is there too.
func (s Standings) Totals() []RoleTotal {
	var list []RoleTotal
	for _, role := range Roles() {
		total := RoleTotal{Role: role, Rules: []RuleTotal{}}
		for _, t := range s[role] {
			total.Calls += t.Calls
			total.Rules = append(total.Rules, *t)
		}
		slices.SortFunc(total.Rules, func(a, b RuleTotal) int {
			return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Code, b.Code))
		})
		list = append(list, total)
	}
	return list
}
