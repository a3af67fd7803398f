package web

import (
	"context"
	"errors"
	"io"
	"time"

	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/seal"
)

// Desk is what the pages ask of the program beyond the board, and do with it. The commands
// do the same by the same functions, so that both refuse the same things in the same words.
type Desk interface {
	Zone() *time.Location
	Centres(context.Context) ([]string, error) // that have calls or tickets

	Entering
	Reporting
	Closing
	Tracing
	CallingBack
	Mornings
	HandingOver
	Awaiting
}

// Author is who enters something, and what it rests on.
type Author struct {
	By, Reason, Evidence string
	Replaces             string // id of the entry that was seen and is to be replaced; empty: there is none
	Withdraw             bool
}

// Entered is what was entered for an indicator and a period.
type Entered struct {
	Code, Period, Centre string
	Author

	Value              string // in the indicator's unit
	Score, Band        string // of a graded one
	Executed, Adjusted string // of a budget
	NotApplicable      bool
	Reviewer           string
}

// Explained is why an indicator is off its target.
type Explained struct {
	Code, Period, Centre string
	journal.Deviation
	Author
}

// Totals are what somebody else counted, of a day or of the days of a file.
type Totals struct {
	Counter, Centre string
	Day             string
	journal.ControlTotal
	File     io.Reader // CSV; nil: the day alone
	Replace  bool      // days that have other totals get these
	FileName string
	Author
}

// TotalsDone is what has become of the days.
type TotalsDone struct{ Entered, Replaced, Unchanged int }

// Outage is a time without service or without records.
type Outage struct {
	ID, Centre string // ID of one that is changed; empty: a new one
	journal.Outage
	Author
}

// Entering is what people enter. An error that is a *journal.Conflict says that somebody
// else was faster.
type Entering interface {
	// Indicators are those of the year of a period, which must have begun.
	Indicators(period string) (*kpi.Indicators, kpi.Span, error)
	// Entries are those of a centre and of the whole system; an empty subject: all.
	Entries(ctx context.Context, kinds []journal.Kind, subject string) ([]journal.History, error)
	Enter(context.Context, Entered) (journal.Entry, error)
	Explain(context.Context, Explained) (journal.Entry, error)
	EnterTotals(context.Context, Totals) (TotalsDone, error)
	EnterOutage(context.Context, Outage) (journal.Entry, error)
}

// ReportQuery asks for a report.
type ReportQuery struct {
	Period, Centre string
	Table          string // the forms of one table only; empty: all
	Form           string // self_evaluation or monitoring; empty: both
	Lang           string // zh or en
}

// ReportPage is a report to be shown.
type ReportPage struct {
	Span   kpi.Span
	Draft  bool
	DataTo *time.Time
	Tables []string // the numbers of the year's tables
	Sheets []byte   // HTML without a page around it
}

// Reporting prints reports.
type Reporting interface {
	Span(period string) (kpi.Span, error)
	// Report gives the report; link makes the address of the calls behind a figure.
	Report(ctx context.Context, q ReportQuery, link func(Trace) string) (*ReportPage, error)
	// Print writes a report as hotline report does.
	Print(ctx context.Context, q ReportQuery, format string, w io.Writer) error
	// Style is the look of the sheets.
	Style() []byte
	// Figures are those of hotline kpi; zero times: from the first, to the last.
	Figures(ctx context.Context, from, to time.Time, by kpi.By, centre string) (*kpi.Statement, error)
}

// ClosingQuery asks for a period to be closed.
type ClosingQuery struct {
	Period, Centre           string
	Preparer, Reviewer, Head string
	Answers                  map[string]string // by code of the check list
	Revise                   bool
	Reason                   string // of the revision
}

// Difference is what a closed report says against what would be reported now.
type Difference struct {
	Rows  []DifferentRow
	Kinds []ChangedCalls
	Calls []seal.Change // some of them
	Rules []string      // files that are not those of then
}

// DifferentRow is a value that is not what was reported.
type DifferentRow struct {
	Table, Form, Code string
	Name, Was, Is     kpi.Wording
	Change            string
	Why               []kpi.Wording
	Trace             Trace // what it is now leads to its calls; blank: it is of no calls
}

// ChangedCalls are how many calls changed in one way.
type ChangedCalls struct {
	ZH, EN string
	Calls  int64
}

// Closing seals periods.
type Closing interface {
	// CheckList is what is open in a period that is over, and which numbers of its report are
	// not those that were handed in.
	CheckList(ctx context.Context, period, centre string, handedIn []journal.HandedIn) ([]seal.Answer, []DifferentRow, error)
	// Prepare hands a closing to whoever reviews it, with the numbers of the report as they are.
	Prepare(ctx context.Context, period, centre string, c journal.Closing, a Author) (journal.Entry, error)
	// Seal closes the period; without an entry the check list kept it from being closed.
	Seal(ctx context.Context, q ClosingQuery) (found []seal.Answer, sealed *seal.Entry, err error)
	// Sealed are all closed reports in order, with what is wrong with the chain.
	Sealed(ctx context.Context) (entries []*seal.Entry, faults []kpi.Wording, err error)
	// Part writes the bytes of a part as they were sealed.
	Part(ctx context.Context, id, part string, w io.Writer) error
	Difference(ctx context.Context, period, centre string, revision int) (*Difference, error)
}

// Trace names a figure of calls.
type Trace struct {
	Figure, Period string
	Place          kpi.Place
}

// Tracing leads figures back to their calls.
type Tracing interface {
	// Figures that can be traced.
	Traceable() []kpi.Explained
	Explanation(ctx context.Context, t Trace, s kpi.Sample) (*kpi.Explanation, error)
	// Calls is a page of them in order of arrival; next begins the one behind it.
	Calls(ctx context.Context, t Trace, role kpi.Role, after string, limit int) (calls []kpi.ExplainedCall, next string, err error)
}

// ErrNotAnswering says that the store or the broker does not answer.
var ErrNotAnswering = errors.New("the database does not answer")

// ErrNotFound says that there is no such thing.
var ErrNotFound = errors.New("not found")
