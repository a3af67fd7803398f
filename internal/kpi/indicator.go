package kpi

import (
	"slices"
	"strings"

	"hotline12333/internal/refusal"
)

// Wording is a text in Chinese and in English.
type Wording struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// Words are both texts, for refusals that name what has them.
func (w Wording) Words() (zh, en string) { return w.ZH, w.EN }

// WordingOf is a refusal in both languages; what has no Chinese stays English.
func WordingOf(err error) Wording {
	zh, ok := refusal.Chinese(err)
	if !ok {
		zh = err.Error()
	}
	return Wording{ZH: zh, EN: err.Error()}
}

// Sign is how an indicator's value is held against its target.
type Sign string

// The signs. A graded indicator has no number: a person enters its score, with a reason.
const (
	AtLeast Sign = "≥"
	AtMost  Sign = "≤"
	Equals  Sign = "=" // scored as value / target, capped
	Graded  Sign = "定性"
)

// Figure names what computes an indicator from calls and tickets.
type Figure string

// The figures that indicators may be computed by, each by the definition in force.
const (
	FigureAnsweredCalls          Figure = "answered_calls"
	FigureAnswerRate             Figure = "answer_rate"
	FigureResponseTimeliness     Figure = "response_timeliness"
	FigureConsultationTimeliness Figure = "consultation_timeliness"
)

// IndicatorFigures are all of them.
func IndicatorFigures() []Figure {
	return []Figure{FigureAnsweredCalls, FigureAnswerRate, FigureResponseTimeliness, FigureConsultationTimeliness}
}

// Gather is how values entered for parts of a period make that of the whole.
type Gather string

// The ways.
const (
	Sum    Gather = "sum"    // what adds up: money spent, cards issued
	Latest Gather = "latest" // a state or a rate: the period's own, else the latest within it
)

// Part is the part of a year that a target is for.
type Part string

// The parts. A target for each month or quarter is held against the mean of the period's
// months or quarters, or against every one of them.
const (
	PerYear    Part = "year"
	PerQuarter Part = "quarter"
	PerMonth   Part = "month"
)

// Break is how the source's print of a row is broken.
type Break string

// The breaks.
const (
	NameCut        Break = "name_cut"
	LevelSlipped   Break = "level_slipped"
	ColumnsSlipped Break = "columns_slipped"
)

// Breaks are all of them.
func Breaks() []Break { return []Break{NameCut, LevelSlipped, ColumnsSlipped} }

// Wording says what is wrong with the print.
func (b Break) Wording() Wording {
	switch b {
	case NameCut:
		return Wording{ZH: "原文名称截断", EN: "the source cuts the name"}
	case LevelSlipped:
		return Wording{ZH: "原文层级标签错位,已复原", EN: "the source's label of the level stands beside another row; put right here"}
	case ColumnsSlipped:
		return Wording{ZH: "原文列错位,已复原", EN: "the source's columns slip in this row; put right here"}
	}
	return Wording{}
}

// Unit is what a target is measured in.
type Unit struct {
	Name     Wording
	Scale    Fraction // of what is counted: 10000 for 万通, 0.01 for %
	Decimals int      // printed at most; cut, not rounded
}

// Indicator is one thing that is promised, whatever table it stands in.
type Indicator struct {
	Code           string
	Level1, Level2 Wording
	Name           Wording // whole, where the source cuts it
	SignPrinted    string  // as the source prints it; empty: it prints none
	Sign           Sign
	Figure         Figure // computes it; empty: a person enters it
	Gather         Gather // of an entered one
	Pace           bool   // grows through the year: within it, held against the expected progress (时序进度)
	Note           Wording
}

// Row is an indicator in a table.
type Row struct {
	Indicator
	Number        int    // from 1, in the table's order
	NamePrinted   string // as the source prints it
	TargetPrinted string
	Target        Fraction // in the unit; of a graded one 0, and the words are TargetPrinted
	Unit          Unit
	Per           Part
	Every         bool // per month or quarter: each of them counts, not their mean
	Weight        Fraction
	Broken        []Break
}

// Budget is the money behind a table, in 万元.
type Budget struct {
	Total, Fiscal, Other Fraction // 总额, 财政拨款, 其他资金
	Tasks                []Task
}

// Task is a line of the year's tasks (年度主要任务) with its money, as printed.
type Task struct {
	Name, Content Wording
	Amount        Fraction
}

// Table is a performance table (绩效目标表) of a year.
type Table struct {
	Number     string // as it is called: 13
	Title      Wording
	Subject    Wording // the project, or the unit
	Department Wording // in charge
	Term       Wording
	Goals      []Wording
	Points     Fraction // of all rows together
	Execution  Fraction // of carrying out the budget, beside them
	Budget     Budget
	Rows       []Row
	Note       Wording
}

// ExecutionCode is what the amounts of a table's budget are entered under.
func (t *Table) ExecutionCode() string { return executionPrefix + t.Number }

const executionPrefix = "budget_execution_"

// IsExecutionCode says whether a code is that of a table's budget, and of no indicator.
func IsExecutionCode(code string) bool { return strings.HasPrefix(code, executionPrefix) }

// Indicators are the performance tables of one year: a file of pipelines/indicators.
type Indicators struct {
	Year   int
	Centre Wording
	Source string // the document they are from
	Tables []Table
	List   []Indicator // each once, in the order of the file
}

// Table finds a table by its number.
func (s *Indicators) Table(number string) (*Table, bool) {
	i := slices.IndexFunc(s.Tables, func(t Table) bool { return t.Number == number })
	if i < 0 {
		return nil, false
	}
	return &s.Tables[i], true
}

// Find finds an indicator by its code.
func (s *Indicators) Find(code string) (*Indicator, bool) {
	i := slices.IndexFunc(s.List, func(v Indicator) bool { return v.Code == code })
	if i < 0 {
		return nil, false
	}
	return &s.List[i], true
}

// Row finds an indicator's row by its code.
func (t *Table) Row(code string) (*Row, bool) {
	i := slices.IndexFunc(t.Rows, func(r Row) bool { return r.Code == code })
	if i < 0 {
		return nil, false
	}
	return &t.Rows[i], true
}
