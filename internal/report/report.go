package report

import (
	"time"

	"hotline12333/internal/kpi"
)

// Schema is the version of Report's JSON. It rises when a field is taken away or changes its
// meaning; fields may be added under the same.
const Schema = 1

// Report is everything a report of a period says, in no language and without a layout. It
// is made by Build from what kpi has computed; the renderers print it and compute nothing.
type Report struct {
	Schema  int         `json:"schema"`
	Program string      `json:"program"` // the version of hotline that made it
	Period  Period      `json:"period"`
	Unit    kpi.Wording `json:"unit"`             // who reports; blank: not known
	Centre  string      `json:"centre,omitempty"` // whose calls these are alone; empty: of all centres
	DataTo  *time.Time  `json:"data_to"`          // the latest instant any counted call tells of; null without calls
	Draft   bool        `json:"draft"`            // definitions are not confirmed: not to be handed in as it is

	Choices     kpi.Definitions `json:"-"` // what the figures were computed by
	Definitions []Definition    `json:"definitions"`
	Notices     []kpi.Wording   `json:"notices,omitempty"` // what a reader must know before the figures

	Tables []FilledTable `json:"tables"` // a form each

	Total       kpi.Statement  `json:"total"`                  // of the period
	YearToDate  *kpi.Statement `json:"year_to_date,omitempty"` // from the beginning of the year to the end of the period
	Comparisons []Comparison   `json:"comparisons"`

	Volume   *Volume     `json:"volume,omitempty"` // of the year
	Months   []kpi.Group `json:"months"`           // of the year, to the end of the period
	Days     []kpi.Group `json:"days"`
	DayHours []kpi.Group `json:"hours_of_day"`
	Weeks    []kpi.Group `json:"hours_of_week"`
	Queues   []kpi.Group `json:"queues"`
	Agents   []kpi.Group `json:"agents"`
	Topics   []kpi.Group `json:"topics"`

	Closing *Closing  `json:"closing,omitempty"` // nil: it is not closed
	Quality Quality   `json:"quality"`
	Lost    LostCalls `json:"lost_calls"`
}

// Period is what is reported about, half-open.
type Period struct {
	Name  string      `json:"name"` // 2026Q1
	Title kpi.Wording `json:"title"`
	From  time.Time   `json:"from"`
	To    time.Time   `json:"to"`
	Zone  string      `json:"zone"`
	Until time.Time   `json:"until"` // To, or before it where the period has not ended
}

// Running says that the period has not ended.
func (p *Period) Running() bool { return p.Until.Before(p.To) }

// Definition is how a figure is counted, with what was decided about it.
type Definition struct {
	Code      string      `json:"code"`
	Name      kpi.Wording `json:"name"`
	Choice    string      `json:"choice,omitempty"` // of several there are
	Version   int         `json:"version"`
	Since     *time.Time  `json:"since,omitempty"`
	Text      kpi.Wording `json:"text"`
	Official  bool        `json:"official"` // stands behind a row of the tables
	Confirmed bool        `json:"confirmed"`
	By        string      `json:"confirmed_by,omitempty"`
	On        *time.Time  `json:"confirmed_on,omitempty"`
	Document  string      `json:"document,omitempty"`
	Reason    string      `json:"reason,omitempty"`
}

// Comparison is the same figures of another period.
type Comparison struct {
	Kind      ComparisonKind `json:"kind"`
	Title     kpi.Wording    `json:"title"` // of the period that is compared with
	Statement kpi.Statement  `json:"statement"`
}

// ComparisonKind says which other period.
type ComparisonKind string

// The kinds.
const (
	PeriodOnPeriod ComparisonKind = "period_on_period" // 环比: the one before, as long
	YearOnYear     ComparisonKind = "year_on_year"     // 同比: the same of the year before
)

// Quality is what is known of the data behind the figures.
type Quality struct {
	Completeness  []kpi.Completeness `json:"completeness"`
	Differences   []Difference       `json:"differences"`  // days that differ from the control totals
	Controls      int                `json:"control_days"` // days that have a control total
	Outages       []Outage           `json:"outages"`
	Rejected      map[string]int64   `json:"rejected"` // by reason, of all times: what is rejected has no time of its own
	RejectedKnown bool               `json:"rejected_known"`
	Entered       []Entered          `json:"entered"`

	// Entries of the period that are about something else than the report: in that of a
	// centre about the whole system, in that of the whole about single centres.
	ValuesElsewhere   int `json:"values_elsewhere,omitempty"`
	ControlsElsewhere int `json:"controls_elsewhere,omitempty"`

	Sealed   []SealedSince `json:"sealed"`             // reports that were closed before and lie in the period
	Pipeline *kpi.Pipeline `json:"pipeline,omitempty"` // of the files that were analysed
}

// Difference is a day of which the telephone system's or the carrier's own statistics say
// another number than was counted.
type Difference struct {
	Day      time.Time `json:"day"`
	Centre   string    `json:"centre,omitempty"` // whose calls were counted; empty: all that are reported about
	Source   string    `json:"source"`
	Count    string    `json:"count"` // which: offered, answered
	Counted  int64     `json:"counted"`
	Control  int64     `json:"control"`
	Evidence string    `json:"evidence,omitempty"`
}

// Outage is a time without service or without records that somebody has registered.
type Outage struct {
	Centre   string    `json:"centre,omitempty"` // empty: of the whole system
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Cause    string    `json:"cause"`
	Evidence string    `json:"evidence,omitempty"`
	By       string    `json:"by,omitempty"`
}

// Entered is a value that no record gives, with what shows it.
type Entered struct {
	Code     string      `json:"code"`
	Period   string      `json:"period"`
	Value    string      `json:"value"`
	Evidence string      `json:"evidence"`
	Reason   string      `json:"reason,omitempty"`
	By       string      `json:"by"`
	At       time.Time   `json:"at"`
	Name     kpi.Wording `json:"name"`
}

// LostCalls are callers who asked for an agent and reached none, the newest first.
type LostCalls struct {
	Total int64      `json:"total"` // of the period
	List  []LostCall `json:"list"`  // some of them, see MostLost
}

// LostCall is one of them. It holds no number.
type LostCall struct {
	At         time.Time `json:"at"`
	Queue      string    `json:"queue"`
	Outcome    string    `json:"outcome"`
	WaitMillis int64     `json:"wait_ms"`
	Caller     string    `json:"caller"` // masked
	Region     string    `json:"region,omitempty"`
	AfterHours bool      `json:"after_hours"`
}

// MostLost bounds the list of lost calls: a sheet that is read by people.
const MostLost = 500

// Closing is who has closed the period, and what was open when they did.
type Closing struct {
	Preparer string         `json:"preparer"` // 填报人
	Reviewer string         `json:"reviewer"` // 复核人
	Head     string         `json:"head"`     // 负责人
	At       time.Time      `json:"at"`
	Revision int            `json:"revision"` // from 1 on 更正版
	Reason   string         `json:"reason,omitempty"`
	Answers  []ClosedAnyway `json:"answers"`
}

// ClosedAnyway is an item of the check list (关账清单) that was found and answered.
type ClosedAnyway struct {
	Code   string      `json:"code"`
	Found  kpi.Wording `json:"found"`
	Reason string      `json:"reason"`
}

// SealedSince is a closed report, with what became of its period's calls since.
type SealedSince struct {
	Title   string        `json:"title"`
	At      time.Time     `json:"at"`
	Changes []ChangedKind `json:"changes"` // none: no call has another version
}

// ChangedKind is how many calls changed in one way.
type ChangedKind struct {
	Kind  string      `json:"kind"`
	Name  kpi.Wording `json:"name"`
	Calls int64       `json:"calls"`
}
