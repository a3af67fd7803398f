package kpi

import (
	"maps"
	"time"
)

// Definitions are the choices behind the figures, as they hold at an instant. Choices says
// which do.
type Definitions struct {
	ServiceLevels  []int           // thresholds T in whole seconds
	ShortAbandon   int             // a wait below this many whole seconds is a short abandon
	Timeliness     int             // response timeliness by the wait: an answer within so many whole seconds
	Satisfied      map[string]bool // by RatingKey: every value of every known scale, whether it counts as satisfied
	AnswerRate     string          // which definition leads: one of AnswerRates
	AnsweredCalls  string          // RateAgent, also when empty, or RateComposite
	Response       string          // which definition of response timeliness leads: ResponseWait, ResponseItems, or empty, see Leads
	ConsultationIn int             // working days in which a consultation is to be answered, where its source sets no deadline

	// InForce says of every definition which version holds, by the definition's name.
	InForce map[string]DefinitionState

	// ByItems, where it is not nil, is the state of response timeliness where tickets are
	// connected and nobody has confirmed a version.
	ByItems *DefinitionState
}

// The definitions of the answer rate.
const (
	RateAgent          = "agent"                   // answered / requested
	RateComposite      = "composite"               // (answered + self_service) / offered
	RateCompositeHours = "composite_service_hours" // the same, of the calls that arrived within service hours
	RateAgentExclShort = "agent_excl_short"        // answered / (requested - short_abandoned)
)

// AnswerRates are all of them.
func AnswerRates() []string {
	return []string{RateAgent, RateComposite, RateCompositeHours, RateAgentExclShort}
}

// The definitions of the response timeliness.
const (
	ResponseWait  = "wait"  // answered within Timeliness / answered
	ResponseItems = "items" // first responses to tickets by their deadline / responses due
)

// The names of the definitions that are chosen among.
const (
	DefAnswerRate    = "answer_rate"
	DefAnsweredCalls = "answered_calls"
	DefResponse      = "response_timeliness"
	DefConsultation  = "consultation_timeliness"
	DefServiceLevel  = "service_level"
	DefShortAbandon  = "short_abandoned"
	DefSatisfaction  = "satisfaction_rate"
	DefFirstContact  = "first_contact_resolution"
	DefRepeatCallers = "repeat_callers"
)

// DefinitionNames are those of all definitions. Of the last ones there is one form, and
// what is confirmed is that the centre goes by it.
func DefinitionNames() []string {
	return []string{
		DefAnswerRate, DefAnsweredCalls, DefResponse, DefConsultation, DefServiceLevel, DefShortAbandon,
		DefSatisfaction, DefFirstContact, DefRepeatCallers,
		"answer_rate_agent", "answer_rate_composite", "answer_rate_composite_service_hours", "answer_rate_agent_excluding_short",
		"service_level_of_answered", "abandonment_rate", "asa_seconds", "aht_seconds", "wait_percentiles", "participation_rate",
	}
}

// DefinitionState says which version of a definition a figure follows, and whether a
// named person has confirmed it.
type DefinitionState struct {
	Version   int    `json:"version"`
	Confirmed bool   `json:"confirmed"`
	Leads     string `json:"leads,omitempty"` // of several forms of one figure: which it is

	Since    string     `json:"since,omitempty"` // the first day for which it was confirmed
	By       string     `json:"by,omitempty"`    // who confirmed it
	Reason   string     `json:"reason,omitempty"`
	Document string     `json:"document,omitempty"`
	At       *time.Time `json:"at,omitempty"` // when that was entered

	Asked   bool `json:"asked,omitempty"`             // it was asked for, whatever is in force
	Changed bool `json:"changed_in_period,omitempty"` // in an earlier part of the period another version was in force

	Formula string  `json:"-"`
	Text    Wording `json:"-"` // 口径
}

// DefinitionText is what a definition says, for people.
type DefinitionText struct {
	Formula string `json:"formula"`
	Wording
}

// Texts are the texts of the definitions that states name; those without are left out.
func Texts(states map[string]DefinitionState) map[string]DefinitionText {
	texts := make(map[string]DefinitionText)
	for name, s := range states {
		if s.Formula != "" || s.Text != (Wording{}) {
			texts[name] = DefinitionText{s.Formula, s.Text}
		}
	}
	return texts
}

// State is that of the definition with the name. tickets says whether tickets are
// connected to what the figures are about.
func (d *Definitions) State(name string, tickets bool) DefinitionState {
	if name == DefResponse && d.ByItems != nil && d.Leads(tickets) == ResponseItems {
		return *d.ByItems
	}
	return d.InForce[name]
}

// Confirmed says whether a named person has made the definition that is in force the
// official one.
func (d *Definitions) Confirmed(name string) bool { return d.InForce[name].Confirmed }

// Draft says of each figure that an indicator may be computed by whether its definition
// is still unconfirmed: figures and reports that stand on it are drafts.
func (d *Definitions) Draft() map[Figure]bool {
	draft := make(map[Figure]bool)
	for _, f := range IndicatorFigures() {
		draft[f] = !d.Confirmed(string(f))
	}
	return draft
}

// Leads is the definition of response timeliness that leads. Until the centre has chosen
// one it is the wait, and where tickets are connected the items.
func (d *Definitions) Leads(tickets bool) string {
	switch {
	case d.Response != "":
		return d.Response
	case tickets:
		return ResponseItems
	}
	return ResponseWait
}

// States are those of all definitions; tickets as for State.
func (d *Definitions) States(tickets bool) map[string]DefinitionState {
	states := maps.Clone(d.InForce)
	if states == nil {
		states = make(map[string]DefinitionState)
	}
	if _, ok := states[DefResponse]; ok {
		states[DefResponse] = d.State(DefResponse, tickets)
	}
	return states
}

// DefaultDefinitions are those of a centre that has confirmed nothing, and of files that
// belong to no centre: T = 15, 20, 30, 60 s; short below 5 s; timeliness within 15 s
// (GB/T 33358-2016); two working days for a consultation; the agent rate leads. They are
// what the built-in pipelines/definitions.yaml says.
func DefaultDefinitions() Definitions {
	d := Definitions{
		ServiceLevels:  []int{15, 20, 30, 60},
		ShortAbandon:   5,
		Timeliness:     15,
		AnswerRate:     RateAgent,
		AnsweredCalls:  RateAgent,
		ConsultationIn: 2,
		Satisfied: map[string]bool{
			"5:1": false, "5:2": false, "5:3": false, "5:4": true, "5:5": true,
			"3:1": false, "3:2": true, "3:3": true, // 不满意, 基本满意, 满意
		},
		InForce: make(map[string]DefinitionState),
		ByItems: &DefinitionState{Version: 2, Leads: ResponseItems},
	}
	for _, name := range DefinitionNames() {
		d.InForce[name] = DefinitionState{Version: 1}
	}
	for name, form := range map[string]string{DefAnswerRate: RateAgent, DefAnsweredCalls: RateAgent, DefResponse: ResponseWait} {
		d.InForce[name] = DefinitionState{Version: 1, Leads: form}
	}
	return d
}
