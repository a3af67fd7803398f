package simulate

import "time"

// Scenario describes a hotline, as the files of pipelines/simulation do. Times of day
// are "08:30", spans of the day "08:30-12:00" (both on quarter hours, in the scenario's
// zone), dates "2026-05-01" and ranges of dates "2026-05-01..2026-05-05".
type Scenario struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	Extends     string `yaml:"extends"` // name of the built-in scenario whose values this one starts from
	Zone        string `yaml:"zone"`
	Centre      string `yaml:"centre"`

	Service    Service    `yaml:"service"`
	Arrivals   Arrivals   `yaml:"arrivals"`
	Surges     Surges     `yaml:"surges"`
	Spells     []Spell    `yaml:"spells"`
	Outages    []Outage   `yaml:"outages"`
	Menu       Menu       `yaml:"menu"`
	Closed     Closed     `yaml:"closed"`
	Patience   Duration   `yaml:"patience"` // for queueing and ringing together
	Queues     []Queue    `yaml:"queues"`
	Topics     []Topic    `yaml:"topics"`
	Shifts     []Shift    `yaml:"shifts"`
	Agents     []Agent    `yaml:"agents"`
	Absence    float64    `yaml:"absence"` // share of an agent's days spent away
	Sick       Sick       `yaml:"sick"`
	Learning   Learning   `yaml:"learning"`
	Ringing    Ringing    `yaml:"ringing"`
	Hold       Hold       `yaml:"hold"`
	Wrapup     Duration   `yaml:"wrapup"`
	Ratings    Ratings    `yaml:"ratings"`
	Callers    Callers    `yaml:"callers"`
	Exclusions Exclusions `yaml:"exclusions"`
	Callbacks  Callbacks  `yaml:"callbacks"`
	Outbound   Outgoing   `yaml:"outbound"`
	Tickets    Tickets    `yaml:"tickets"`
	Clocks     []Clocks   `yaml:"clocks"`
	Delivery   Delivery   `yaml:"delivery"`
}

// Service says when the hotline is open: by one of the calendars the program brings along,
// or on the same weekdays at the same hours of any year.
type Service struct {
	Calendar     string        `yaml:"calendar"`
	UnknownYears string        `yaml:"unknown_years"` // years the calendar has no days of: "refuse", or "weekdays" to work on every weekday
	Weekdays     []string      `yaml:"weekdays"`      // mon … sun
	Hours        []string      `yaml:"hours"`
	Overtime     time.Duration `yaml:"overtime"` // agents stay so long after closing for callers who came before
}

// Arrivals is the rate of first calls; redials and repeat calls come on top.
type Arrivals struct {
	PerDay   float64            `yaml:"per_day"`    // first calls on a working day whose factors are all 1
	Months   []float64          `yaml:"months"`     // factor per month, January first
	Weekdays map[string]float64 `yaml:"weekdays"`   // factor on a working day
	OffDay   float64            `yaml:"off_day"`    // factor on any other day
	Shape    map[string]float64 `yaml:"shape"`      // weight of a quarter hour, from this time of day to the next
	DayToDay float64            `yaml:"day_to_day"` // coefficient of variation between days that are alike
}

// Surges are spells of more calls: a text message sent to thousands, a rumour, a deadline.
type Surges struct {
	PerDay float64       `yaml:"per_day"` // how many on average, during service
	Factor float64       `yaml:"factor"`
	Length time.Duration `yaml:"length"`
}

// Menu is the IVR during service hours. The shares are of all first calls; the rest ask
// for an agent.
type Menu struct {
	SelfService     float64  `yaml:"self_service"`
	Abandoned       float64  `yaml:"abandoned"`
	AskTime         Duration `yaml:"ask_time"`
	SelfServiceTime Duration `yaml:"self_service_time"`
	AbandonTime     Duration `yaml:"abandon_time"`
}

// Closed is the IVR outside service hours; the callers of no share hang up in it.
type Closed struct {
	SelfService float64  `yaml:"self_service"`
	Voicemail   float64  `yaml:"voicemail"`
	Blocked     float64  `yaml:"blocked"` // asked for an agent and were turned away
	Time        Duration `yaml:"time"`
	MessageTime Duration `yaml:"message_time"`
}

// Queue is a skill group (技能组), served first come, first served.
type Queue struct {
	Name     string        `yaml:"name"`
	Capacity int           `yaml:"capacity"` // callers waiting; further ones are blocked; 0: no limit
	MaxWait  time.Duration `yaml:"max_wait"` // then the system gives up; 0: never
	Overflow Overflow      `yaml:"overflow"`
}

// Overflow is another queue taking the callers who have waited for long.
type Overflow struct {
	After time.Duration `yaml:"after"` // 0: never
	To    string        `yaml:"to"`
}

// Topic is what callers call about (业务类型).
type Topic struct {
	Name     string   `yaml:"name"`
	Queue    string   `yaml:"queue"`
	Weight   float64  `yaml:"weight"`
	Service  Duration `yaml:"service"` // talk and hold
	Transfer Transfer `yaml:"transfer"`
}

// Transfer is a colleague taking over in mid-call, when one of the queue is free.
type Transfer struct {
	Share float64 `yaml:"share"`
	Queue string  `yaml:"queue"`
}

// Shift is a working day of agents.
type Shift struct {
	Name   string   `yaml:"name"`
	Hours  []string `yaml:"hours"`
	Breaks []Break  `yaml:"breaks"`
}

// Break is a pause of every agent of a shift, one after the other.
type Break struct {
	At      string        `yaml:"at"`
	For     time.Duration `yaml:"for"`
	Stagger time.Duration `yaml:"stagger"` // each further agent of the shift goes so much later
}

// Agent is a seat and who sits there.
type Agent struct {
	ID     string   `yaml:"id"`
	Name   string   `yaml:"name"`
	Queues []string `yaml:"queues"`
	Shifts []string `yaml:"shifts"`
	Off    []string `yaml:"off"`   // mon … sun: weekdays on which the agent never works
	Pace   float64  `yaml:"pace"`  // factor on service times; 0 means 1
	From   string   `yaml:"from"`  // first day; empty: always been there, and long trained
	Until  string   `yaml:"until"` // last day; empty: stays
}

// Ringing is the time from an agent's phone ringing to the answer.
type Ringing struct {
	Time     Duration      `yaml:"time"`
	NoAnswer float64       `yaml:"no_answer"` // share of rings the agent does not take
	Timeout  time.Duration `yaml:"timeout"`   // then the call goes to another agent
	Pause    time.Duration `yaml:"pause"`     // and this one gets no calls for so long
}

// Hold is part of the service time.
type Hold struct {
	Share float64  `yaml:"share"`
	Time  Duration `yaml:"time"`
}

// Ratings after the call.
type Ratings struct {
	Invited float64   `yaml:"invited"` // share of answered calls
	Given   float64   `yaml:"given"`   // share of the invited
	Scale   string    `yaml:"scale"`
	Weights []float64 `yaml:"weights"` // of the values 1, 2, …
}

// Callers are the people who call.
type Callers struct {
	People  int       `yaml:"people"`
	Redial  Redial    `yaml:"redial"`
	Repeat  Repeat    `yaml:"repeat"`
	Regions []Weighed `yaml:"regions"`
}

// Redial is calling again after not being answered, while the hotline is open.
type Redial struct {
	Share float64  `yaml:"share"`
	Delay Duration `yaml:"delay"`
	Most  int      `yaml:"most"` // redials in a row
}

// Repeat is calling again, on the same topic, after an answer.
type Repeat struct {
	Share  float64       `yaml:"share"` // of first calls: so many are by someone answered within the last hours
	Within time.Duration `yaml:"within"`
}

// Weighed is a name and how often it occurs.
type Weighed struct {
	Name   string  `yaml:"name"`
	Weight float64 `yaml:"weight"`
}

// Exclusions are shares of calls that count in no population.
type Exclusions struct {
	Blacklist float64 `yaml:"blacklist"`
	Test      float64 `yaml:"test"`
	Internal  float64 `yaml:"internal"`
	Phantom   float64 `yaml:"phantom"`
}

// Duration is a random length of time.
type Duration struct {
	Kind string        `yaml:"kind"` // fixed, exponential or lognormal
	Mean time.Duration `yaml:"mean"`
	CV   float64       `yaml:"cv"` // coefficient of variation of a lognormal one
}
