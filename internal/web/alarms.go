package web

import (
	"time"

	"hotline12333/internal/kpi"
)

// Alarm is one alert in force, as the board shows it.
type Alarm struct {
	Name     string // of the rule: AnswerRateDropped
	Severity string // page or warning
	// Centre, Queue and Source are what it is about; empty: all of them.
	Centre, Queue, Source string
	Summary               kpi.Wording
	Since                 time.Time
	Runbook               string // path of the page that says what to do
}

// Maintenance is an announced time in which alerts are silent.
type Maintenance struct {
	From, To   time.Time
	Reason, By string
}

// AlarmState is what is known of alerts at an instant.
type AlarmState struct {
	// At is when the rules were last evaluated; zero: nobody evaluates them, and an empty
	// list says nothing.
	At          time.Time
	Firing      []Alarm      // pages before warnings, then oldest first
	Maintenance *Maintenance // in force now; nil: none
}

// Alarms tells which alerts are in force.
type Alarms interface {
	State() AlarmState
	// Subscribe gives a channel that receives when the state changed, and the end of it.
	Subscribe() (<-chan struct{}, func())
}
