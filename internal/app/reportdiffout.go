package app

import (
	"fmt"
	"io"
	"iter"
	"maps"
	"math/big"
	"strconv"
	"strings"

	"hotline12333/internal/kpi"
	"hotline12333/internal/report"
	"hotline12333/internal/seal"
)

func keysOf(m map[string]listedCall) iter.Seq[string] { return maps.Keys(m) }

// rows compares the rows of the tables, and the counts of the period.
func (x *differ) rows() {
	for i := range x.was.Tables {
		t := &x.was.Tables[i]
		for j := range t.Rows {
			x.row(t, &t.Rows[j])
		}
	}
	was := comparedCounts(&x.was.Total.Counts)
	for i, is := range comparedCounts(&x.now.Total.Counts) {
		if was[i].n == is.n {
			continue
		}
		then, now := strconv.FormatInt(was[i].n, 10), strconv.FormatInt(is.n, 10)
		x.add(DifferentRow{
			Code: is.figure, name: is.name, was: kpi.Wording{ZH: then, EN: then}, is: kpi.Wording{ZH: now, EN: now},
			Change: fmt.Sprintf("%+d", is.n-was[i].n), why: x.because(is.figure, nil, nil),
			trace: report.Trace{Figure: is.figure, Period: x.now.Period.Name, Place: kpi.Place{Centre: x.now.Centre}},
		})
	}
}

func (x *differ) add(r DifferentRow) {
	r.Name, r.Was, r.Is = r.name.ZH, r.was.ZH, r.is.ZH
	for _, why := range r.why {
		r.Why = append(r.Why, why.ZH+" "+why.EN)
	}
	x.d.Rows = append(x.d.Rows, r)
}

func (x *differ) row(t *report.FilledTable, was *report.Indicator) {
	r := DifferentRow{Table: t.Number, Form: string(t.Form), Code: was.Code, name: was.Name, was: shownOf(was)}
	var is *report.Indicator
	for i := range x.now.Tables {
		other := &x.now.Tables[i]
		for j := range other.Rows {
			if other.Number == t.Number && other.Form == t.Form && other.Rows[j].Code == was.Code {
				is, r.trace = &other.Rows[j], report.TraceOf(x.now, other, &other.Rows[j])
			}
		}
	}
	if is == nil {
		r.is, r.Change, r.why = kpi.Wording{ZH: "—", EN: "—"}, "—", []kpi.Wording{{ZH: "指标已不在表中", EN: "no row of the table any more"}}
		x.add(r)
		return
	}
	if was.Value == is.Value && was.SameCounts(is) && was.Score == is.Score && was.State == is.State {
		return
	}
	r.is, r.Change, r.why = shownOf(is), change(was.Value, is.Value), x.because(was.Code, was, is)
	x.add(r)
}

// shownOf is a value with what it is divided from, or why there is none.
func shownOf(x *report.Indicator) kpi.Wording {
	if x.Value == "" {
		return x.State.Wording()
	}
	s := x.Shown
	if num, den, ok := x.Counts(); ok && x.Computed {
		if x.Code == kpi.DefAnsweredCalls { // a volume, divided by nothing
			s += fmt.Sprintf(" (%d)", num)
		} else {
			s += fmt.Sprintf(" (%d / %d)", num, den)
		}
	}
	return kpi.Wording{ZH: s, EN: s}
}

// change is the difference of two exact numbers.
func change(was, is string) string {
	a, ok := new(big.Rat).SetString(was)
	b, and := new(big.Rat).SetString(is)
	if !ok || !and {
		return "—"
	}
	d := new(big.Rat).Sub(b, a)
	text := d.FloatString(4)
	if d.Sign() > 0 {
		text = "+" + text
	}
	return text
}

// because is why a row is not what it was: of computed ones the calls that stand otherwise,
// of entered ones what was entered.
func (x *differ) because(code string, was, is *report.Indicator) (why []kpi.Wording) {
	say := func(zh, en string) { why = append(why, kpi.Wording{ZH: zh, EN: en}) }
	if was != nil && !was.Computed {
		if was.Value != is.Value {
			say("录入值已更改："+x.enteredSince(code), "another value was entered: "+x.enteredSince(code))
		} else {
			say("指标值、权重或时序进度变化", "target, weight or expected progress changed")
		}
	}
	for i := range x.was.Definitions {
		for j := range x.now.Definitions {
			a, b := &x.was.Definitions[i], &x.now.Definitions[j]
			if a.Code == code && b.Code == code && a.Version != b.Version {
				say(fmt.Sprintf("口径由第%d版改为第%d版", a.Version, b.Version), fmt.Sprintf("definition v%d, was v%d", b.Version, a.Version))
			}
		}
	}
	if was == nil || was.Computed {
		by := x.changed[figureOf(code)]
		for _, kind := range seal.ChangeKinds() {
			if n := by[kind]; n > 0 {
				zh, en := kind.Title()
				say(fmt.Sprintf("%s %d 通", zh, n), fmt.Sprintf("%s: %d", en, n))
			}
		}
	}
	if len(x.d.Rules) > 0 && was != nil {
		say("规则文件变化："+strings.Join(x.d.Rules, "、"), "files of rules changed: "+strings.Join(x.d.Rules, ", "))
	}
	if len(why) == 0 && was != nil && (code == kpi.DefResponse || code == kpi.DefConsultation) {
		say("工单办理情况变化", "what became of tickets")
	}
	if len(why) == 0 && was != nil && was.SameCounts(is) {
		say("时序进度或预测变化", "expected progress or forecast")
	}
	if len(why) == 0 && x.d.Kinds[seal.Expired] > 0 {
		say("明细已过保存期限，无法逐通说明", "the calls have reached retention: which of them it was cannot be told")
	}
	if len(why) == 0 {
		zh, en := seal.Unlisted.Title()
		say(zh+"：报告期以外的来电，或与来电分开到达的记录", en+": calls outside of the period, or records that came apart from calls")
	}
	return why
}

// figureOf is the listed figure that says where calls stand in a row.
func figureOf(code string) string {
	switch code {
	case kpi.DefAnsweredCalls:
		return "answered"
	case kpi.DefResponse:
		return "response_timeliness_wait"
	}
	return code
}

func (x *differ) enteredSince(code string) string {
	var list []string
	for _, e := range x.now.Quality.Entered {
		if e.Code == code && e.At.After(x.e.ClosedAt) {
			list = append(list, e.By+" "+e.At.Format("2006-01-02 15:04")+" "+e.Reason)
		}
	}
	if len(list) == 0 {
		return "—"
	}
	return strings.TrimSpace(strings.Join(list, "; "))
}

// PrintDifference prints what changed for people.
func PrintDifference(out io.Writer, d *Difference) error {
	w := &printer{out: out}
	w.line("%s", d.Title)
	if len(d.Rows) == 0 {
		w.line("上报值与现值一致 what was reported is what would be reported now")
	} else {
		w.line("项目 | 上报值 | 现值 | 差异 | 原因")
	}
	for _, r := range d.Rows {
		name := r.Name
		if r.Table != "" {
			name = "表" + r.Table + " " + r.Form + " " + name
		}
		w.line("%s | %s | %s | %s | %s", name, r.Was, r.Is, r.Change, strings.Join(r.Why, "; "))
	}
	if len(d.Kinds) > 0 {
		w.line("")
		w.line("变化的来电 calls that changed")
		for _, kind := range seal.ChangeKinds() {
			if n := d.Kinds[kind]; n > 0 {
				zh, en := kind.Title()
				w.line("  %s %s: %d", zh, en, n)
			}
		}
		for _, c := range d.Calls {
			w.line("  %s %s v%d %s → v%d %s", c.Kind, c.CallID, c.WasVersion, orDash(c.WasRule), c.IsVersion, orDash(c.IsRule))
		}
	}
	return w.err
}
