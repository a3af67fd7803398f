package web

import (
	"path"
	"strings"
	"time"

	"hotline12333/internal/kpi"
)

// rulesEvery is the age above which a state of alarms is not the present one: rules are
// evaluated every half minute.
const rulesEvery = 3 * time.Minute

// alarms are the alerts in force, as the page gets them.
type alarms struct {
	At          *time.Time   `json:"at"`    // null: nobody evaluates the rules
	Stale       bool         `json:"stale"` // they were evaluated too long ago to say anything
	Firing      []firing     `json:"firing"`
	Maintenance *maintenance `json:"maintenance"`
}

type firing struct {
	Name     string      `json:"name"`
	Page     bool        `json:"page"` // severity: page, else warning
	Centre   string      `json:"centre,omitempty"`
	Queue    string      `json:"queue,omitempty"`
	Source   string      `json:"source,omitempty"`
	Summary  kpi.Wording `json:"summary"`
	Since    time.Time   `json:"since"`
	Runbook  string      `json:"runbook,omitempty"` // address of the page that says what to do
	Identity string      `json:"id"`
}

type maintenance struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Reason string    `json:"reason"`
	By     string    `json:"by"`
}

// severePage is the severity of an alarm that wakes people.
const severePage = "page"

func newAlarms(source Alarms, now time.Time) *alarms {
	if source == nil {
		return nil
	}
	state := source.State()
	a := &alarms{Firing: []firing{}}
	if !state.At.IsZero() {
		a.At, a.Stale = &state.At, now.Sub(state.At) > rulesEvery
	}
	for i := range state.Firing {
		f := &state.Firing[i]
		a.Firing = append(a.Firing, firing{
			Name: f.Name, Page: f.Severity == severePage, Centre: f.Centre, Queue: f.Queue, Source: f.Source, Summary: f.Summary,
			Since: f.Since, Runbook: runbookPath(f.Runbook), Identity: strings.Join([]string{f.Name, f.Severity, f.Centre, f.Queue, f.Source}, "|"),
		})
	}
	if m := state.Maintenance; m != nil {
		a.Maintenance = &maintenance{From: m.From, To: m.To, Reason: m.Reason, By: m.By}
	}
	return a
}

// runbookPath is the address of a runbook among the pages, of the file that a rule names
// (docs/runbooks/LongestWait.md); empty where the program has no such runbook.
func runbookPath(file string) string {
	name := strings.TrimSuffix(path.Base(file), ".md")
	if _, err := runbook(name); err != nil {
		return ""
	}
	return "/runbooks/" + name
}
