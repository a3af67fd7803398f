package journal

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/refusal"
)

// Value is what a person enters for an indicator and a period: a number in the unit of
// the indicator; a score, where the indicator is judged and not measured; for the
// execution of a budget, its two amounts; or that the row does not apply. Exactly one of
// the four.
type Value struct {
	Value Decimal `json:"value,omitempty"`
	Unit  string  `json:"unit,omitempty"`

	Score Decimal `json:"score,omitempty"` // percent of the weight, within the band
	Band  Band    `json:"band,omitempty"`

	Executed Decimal `json:"executed,omitempty"` // of the budget, in the unit of Adjusted
	Adjusted Decimal `json:"adjusted,omitempty"` // the budget after its adjustments

	NotApplicable bool   `json:"not_applicable,omitempty"`
	Reviewer      string `json:"reviewer,omitempty"` // who agrees that it does not apply
}

// Band is how far a goal that is judged was reached (项目支出绩效自评).
type Band string

// The bands, with the percent of the weight that each allows.
const (
	Reached Band = "reached" // 达成预期指标: 80 to 100
	Partly  Band = "partly"  // 部分达成: 60 to 80, below 80
	Missed  Band = "missed"  // 未达成: 0 to 60, below 60
)

// Bands lists them, the best first.
func Bands() []Band { return []Band{Reached, Partly, Missed} }

// Limits are the lowest and the highest percent of a band. The highest belongs to the
// band above it, but for the topmost.
func (b Band) Limits() (low, high Decimal) {
	switch b {
	case Reached:
		return "80", "100"
	case Partly:
		return "60", "80"
	}
	return "0", "60"
}

// BandOf is the band of a score that is in one. On the edge of two it is in the better.
func BandOf(score Decimal) Band {
	for _, b := range Bands() {
		if low, _ := b.Limits(); score.Compare(low) >= 0 {
			return b
		}
	}
	return Missed
}

// Validate checks that it is one of the four, and whole.
func (v *Value) Validate() error {
	forms := 0
	for _, given := range []bool{v.Value != "", v.Score != "", v.Executed != "" || v.Adjusted != "", v.NotApplicable} {
		if given {
			forms++
		}
	}
	switch {
	case forms != 1:
		return refusal.Errorf("请填写完成值、评分或预算执行数之一,或勾选本期不适用", "a value is one of a number, a score with its band, and the executed and adjusted amounts of a budget, or does not apply")
	case v.NotApplicable && strings.TrimSpace(v.Reviewer) == "":
		return refusal.Errorf("本期不适用须写明同意的复核人", "who has reviewed that it does not apply is missing")
	case v.NotApplicable:
		return nil
	case v.Score != "":
		return v.validateScore()
	case v.Value == "" && (v.Executed == "" || v.Adjusted == ""):
		return refusal.Errorf("执行数和调整后预算数都要填", "the execution of a budget needs both the executed and the adjusted amount")
	case v.Executed != "" && (v.Executed.Rat().Sign() < 0 || v.Adjusted.Rat().Sign() <= 0):
		return refusal.Errorf("调整后预算数 %s、执行数 %s:预算数须大于 0,执行数不得为负", "a budget of %s with %s executed: the budget must be above 0, and nothing can be negative", v.Adjusted, v.Executed)
	}
	return nil
}

func (v *Value) validateScore() error {
	if !slices.Contains(Bands(), v.Band) {
		return refusal.Errorf("没有评分档次“%[1]s”", "band: %[1]q is none of %[2]v", v.Band, Bands())
	}
	low, high := v.Band.Limits()
	inside := v.Score.Compare(low) >= 0 && v.Score.Compare(high) < 0 || v.Band == Reached && v.Score.Compare(high) == 0
	if !inside {
		if v.Band == Reached {
			return refusal.Errorf("评分 %[1]s%% 不在档次之内:“达成”为 %[3]s%% 至 %[4]s%%", "a score of %[1]s%% is not in the band %[2]s, which goes from %[3]s%% to %[4]s%%", v.Score, v.Band, low, high)
		}
		return refusal.Errorf("评分 %[1]s%% 不在档次之内:此档为 %[3]s%% 至 %[4]s%%(不含)", "a score of %[1]s%% is not in the band %[2]s, which goes from %[3]s%% to %[4]s%%, below %[4]s%%", v.Score, v.Band, low, high)
	}
	return nil
}

// Deviation is why an indicator is off its target in a period, and what is done about it.
type Deviation struct {
	Cause      string     `json:"cause"` // 偏差原因分析
	Measures   string     `json:"measures,omitempty"`
	Category   string     `json:"category,omitempty"` // one of Categories
	Likelihood Likelihood `json:"likelihood,omitempty"`
	Note       string     `json:"note,omitempty"`
}

// Categories are the columns of 偏差原因 in the form of 绩效运行监控: money, rules, staff,
// equipment, other.
func Categories() []string { return []string{"经费", "制度", "人员", "硬件", "其他"} }

// Likelihood is whether the target of the year will be reached (完成目标可能性).
type Likelihood string

// The likelihoods: 确定能, 有可能, 完全不可能.
const (
	Certain    Likelihood = "certain"
	Possible   Likelihood = "possible"
	Impossible Likelihood = "impossible"
)

// Likelihoods lists them.
func Likelihoods() []Likelihood { return []Likelihood{Certain, Possible, Impossible} }

// Validate checks the words.
func (d *Deviation) Validate() error {
	switch {
	case strings.TrimSpace(d.Cause) == "":
		return refusal.Errorf("请填写原因", "the cause of the deviation is missing")
	case d.Category != "" && !slices.Contains(Categories(), d.Category):
		return refusal.Errorf("没有原因类别“%s”:可选 %s", "category: %q is none of %s", d.Category, strings.Join(Categories(), ", "))
	case d.Likelihood != "" && !slices.Contains(Likelihoods(), d.Likelihood):
		return refusal.Errorf("没有可能性“%[1]s”:请从列表中选择", "likelihood: %[1]q is none of %[2]v", d.Likelihood, Likelihoods())
	}
	return nil
}

// Confirmation makes a version of a definition the official one, from a day on until the
// day of the next confirmation of it. The entry's evidence is the document.
type Confirmation struct {
	Version int    `json:"version"`
	From    string `json:"from"` // the first day, 2026-03-01
}

// ControlTotal is what somebody else counted on a day: the telephone system's or the
// carrier's own statistics. A count that they do not have is nil.
type ControlTotal struct {
	Offered   *int64 `json:"offered,omitempty"`
	Requested *int64 `json:"requested,omitempty"`
	Answered  *int64 `json:"answered,omitempty"`
}

// Validate checks that there is a count and none is impossible.
func (c *ControlTotal) Validate() error {
	given := false
	for _, n := range []struct {
		name, title string
		count       *int64
	}{{"offered", "来电总量", c.Offered}, {"requested", "人工请求量", c.Requested}, {"answered", "人工接听量", c.Answered}} {
		if n.count == nil {
			continue
		}
		if given = true; *n.count < 0 {
			return refusal.Errorf("%[1]s %[3]d 小于 0", "%[2]s: %[3]d is below 0", n.title, n.name, *n.count)
		}
	}
	if !given {
		return refusal.Errorf("来电总量、人工请求量、人工接听量至少填一项", "a control total needs at least one of offered, requested and answered")
	}
	for _, more := range []*int64{c.Offered, c.Requested} {
		if c.Answered != nil && more != nil && *c.Answered > *more {
			return refusal.Errorf("人工接听量 %d 多于来电的 %d 通", "answered: %d is more than the %d calls there were", *c.Answered, *more)
		}
	}
	return nil
}

// minutes is how Chinese texts write a time: in the zone that it was given in.
const minutes = "2006-01-02 15:04"

// Outage is a time in which calls could not be taken, or were not recorded.
type Outage struct {
	From   time.Time  `json:"from"`
	To     *time.Time `json:"to,omitempty"` // nil: not over
	Cause  string     `json:"cause"`
	Source string     `json:"source,omitempty"` // whose records are missing; empty: all
}

// Validate checks the times and that there is a cause.
func (o *Outage) Validate() error {
	switch {
	case o.From.IsZero():
		return refusal.Errorf("请填写中断的开始时间", "the beginning of the outage is missing")
	case o.To != nil && !o.From.Before(*o.To):
		return refusal.Errorf("中断的结束 %[3]s 不晚于开始 %[4]s", "the outage ends at %[1]s, not after it begins at %[2]s",
			o.To.Format(time.RFC3339), o.From.Format(time.RFC3339), o.To.Format(minutes), o.From.Format(minutes))
	case strings.TrimSpace(o.Cause) == "":
		return refusal.Errorf("请填写中断原因", "the cause of the outage is missing")
	}
	return nil
}

// ClosingSubject is what entries of KindClosing are about.
const ClosingSubject = "report"

// Closing is what a preparer hands to the reviewer of a period's report. The entry's author
// is the preparer.
type Closing struct {
	Head    string            `json:"head"`    // who answers for the report (负责人)
	Answers map[string]string `json:"answers"` // why it is closed all the same, by item of the check list
	Revise  bool              `json:"revise,omitempty"`
	Reason  string            `json:"reason,omitempty"` // of the revision

	Figures []HandedIn `json:"figures,omitempty"` // of the report when it was handed in
}

// HandedIn is a number of a report as it was when the report was handed to its reviewer.
type HandedIn struct {
	Table string `json:"table,omitempty"` // empty: of the period itself
	Form  string `json:"form,omitempty"`
	Code  string `json:"code"`
	Value string `json:"value,omitempty"` // exact; empty: there was none
	Shown string `json:"shown"`           // as it was printed, with what it is divided from
	State string `json:"state,omitempty"`
	Score string `json:"score,omitempty"`
}

// Validate checks what the reviewer cannot supply.
func (c *Closing) Validate() error {
	switch {
	case strings.TrimSpace(c.Head) == "":
		return refusal.Errorf("请填写负责人(对报告负责的人的姓名)", "head: who answers for the report is missing")
	case c.Revise && strings.TrimSpace(c.Reason) == "":
		return refusal.Errorf("本期已锁定,请填写更正原因", "reason: a revision needs one")
	}
	return nil
}

// Maintenance is a time in which alerts are silent because somebody works on the system.
type Maintenance struct {
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Cause string    `json:"cause"`
}

// longestMaintenance bounds what a mistyped date can silence.
const longestMaintenance = 7 * 24 * time.Hour

// Validate checks the times and that there is a cause.
func (m *Maintenance) Validate() error {
	switch {
	case m.From.IsZero() || m.To.IsZero():
		return errors.New("maintenance needs a beginning and an end")
	case !m.From.Before(m.To):
		return fmt.Errorf("maintenance ends at %s, not after it begins at %s", m.To.Format(time.RFC3339), m.From.Format(time.RFC3339))
	case m.To.Sub(m.From) > longestMaintenance:
		return fmt.Errorf("maintenance from %s to %s is longer than a week: alerts are not silenced for so long", m.From.Format(time.RFC3339), m.To.Format(time.RFC3339))
	case strings.TrimSpace(m.Cause) == "":
		return errors.New("what is done in the maintenance is missing")
	}
	return nil
}

// Holds says whether an instant lies within it.
func (m *Maintenance) Holds(t time.Time) bool { return !t.Before(m.From) && t.Before(m.To) }
