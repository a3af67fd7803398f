package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/config"
	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/refusal"
	"hotline12333/internal/ruleset"
	"hotline12333/internal/store"
	"hotline12333/internal/strictyaml"
)

// Author is who makes an entry of the journal, and what it rests on.
type Author struct {
	By       string
	Reason   string
	Evidence string
	Replaces string // id of the entry that was seen and is to be replaced; empty: there is none
	Withdraw bool   // nothing is entered any more; the rest of what is given must be empty
}

// EnteredValue is what a person enters for an indicator and a period.
type EnteredValue struct {
	Code   string // of an indicator, or of a table's budget (kpi.Table.ExecutionCode)
	Period string // as kpi.ParsePeriod reads it
	Centre string // empty: of the whole system

	Value              string // in the indicator's unit, with or without it: 95.3 or 95.3%
	Score              string // of a graded indicator: percent of its weight
	Band               string // its band, checked against the score; empty: that of the score
	Executed, Adjusted string // amounts of the budget, in 万元
	NotApplicable      bool   // the row does not apply; needs a reason and a reviewer
	Reviewer           string

	Author
}

// Enter writes a value into the journal. One that holds already must be named in
// Replaces: the error (a *journal.Conflict) says who entered it and when.
func Enter(ctx context.Context, cfg config.Root, log *slog.Logger, v EnteredValue) (journal.Entry, error) {
	rules, err := openRules(cfg)
	if err != nil {
		return journal.Entry{}, err
	}
	e, err := v.entry(cfg, rules)
	if err != nil {
		return journal.Entry{}, err
	}
	return enterOne(ctx, cfg, log, e)
}

func enterOne(ctx context.Context, cfg config.Root, log *slog.Logger, e journal.Entry) (kept journal.Entry, err error) {
	err = withJournal(ctx, cfg, log, func(s *system) error {
		kept, err = s.enter(ctx, e)
		return err
	})
	return kept, err
}

func (v *EnteredValue) entry(cfg config.Root, rules *ruleset.Rules) (journal.Entry, error) {
	set, span, err := indicatorsOf(cfg, rules, v.Period)
	if err != nil {
		return journal.Entry{}, err
	}
	if err := known(set, v.Code); err != nil {
		return journal.Entry{}, err
	}
	e := v.Author.entry(journal.Slot{Kind: journal.KindValue, Centre: v.Centre, Subject: v.Code, Period: span.Name})
	var body journal.Value
	switch {
	case v.Withdraw:
		if v.given() {
			return e, refusal.Errorf("撤回时不填数值", "a withdrawal enters nothing: leave the value out")
		}
	case v.NotApplicable:
		body.NotApplicable, body.Reviewer = true, v.Reviewer
		if strings.TrimSpace(v.Reason) == "" {
			return e, refusal.Errorf("本期不适用须写明原因和同意的复核人", "the reason is missing: that %s does not apply needs one, and a reviewer", v.Code)
		}
	default:
		if body, err = v.body(set); err != nil {
			return e, err
		}
	}
	if !v.Withdraw {
		if err := body.Validate(); err != nil {
			return e, fmt.Errorf("%s %s: %w", v.Code, span.Name, err)
		}
	}
	e.Body = journal.Encode(body)
	return e, v.Author.check(body.Value != "" || body.Executed != "")
}

func (v *EnteredValue) given() bool {
	return v.Value != "" || v.Score != "" || v.Executed != "" || v.Adjusted != "" || v.NotApplicable
}

// entry is the frame of an entry.
func (a *Author) entry(slot journal.Slot) journal.Entry {
	return journal.Entry{Slot: slot, By: a.By, Reason: a.Reason, Evidence: a.Evidence, Replaces: a.Replaces, Withdrawn: a.Withdraw}
}

// check says what an entry lacks that somebody will ask for months later.
func (a *Author) check(evidence bool) error {
	switch {
	case strings.TrimSpace(a.By) == "":
		return refusal.Errorf("没有填报人:请先登录", "who enters it is missing (by)")
	case a.Withdraw && a.Replaces == "":
		return refusal.Errorf("没有可撤回的填报:请重新打开本页", "which entry is withdrawn is missing (replaces): the list shows the ids")
	case a.Withdraw && strings.TrimSpace(a.Reason) == "":
		return refusal.Errorf("撤回须写明原因", "the reason of the withdrawal is missing")
	case evidence && !a.Withdraw && strings.TrimSpace(a.Evidence) == "":
		return refusal.Errorf("请填写佐证材料:可查到此数的文件名或文号", "the evidence is missing: name the file or document where the value can be looked up")
	}
	return nil
}

// indicatorsOf are the tables of the period's year.
func indicatorsOf(cfg config.Root, rules *ruleset.Rules, period string) (*kpi.Indicators, kpi.Span, error) {
	zone, err := time.LoadLocation(cfg.Publish.Zone)
	if err != nil {
		return nil, kpi.Span{}, fmt.Errorf("publish.zone: %w", err)
	}
	span, err := kpi.ParsePeriod(period, zone)
	if err != nil {
		return nil, span, err
	}
	if span.From.After(time.Now()) {
		return nil, span, refusal.Errorf("%[2]s尚未开始", "the period %[1]s has not begun", span.Name, span.ZH)
	}
	set, err := rules.Indicators.Of(span.From.Year())
	return set, span, err
}

// known says whether there is such an indicator, or such a table's budget.
func known(set *kpi.Indicators, code string) error {
	var codes []string
	for _, v := range set.List {
		codes = append(codes, v.Code)
	}
	for _, t := range set.Tables {
		codes = append(codes, t.ExecutionCode())
	}
	if slices.Contains(codes, code) {
		return nil
	}
	return refusal.Errorf("%[2]d 年没有指标“%[1]s”", "indicator %[1]q is not known in %[2]d%[3]s; known: %[4]s", code, set.Year, strictyaml.Meant(code, codes), strings.Join(codes, ", "))
}

// body checks what is given against what the indicator is.
func (v *EnteredValue) body(set *kpi.Indicators) (journal.Value, error) {
	var body journal.Value
	if v.Executed != "" || v.Adjusted != "" || kpi.IsExecutionCode(v.Code) {
		return v.budget()
	}
	row := rowOf(set, v.Code)
	switch {
	case row.Figure != "":
		return body, refusal.Errorf("“%[2]s”由来电和工单自动计算,不需填报", "%[1]s is computed from calls and tickets: no value is entered for it (its definition is a choice: hotline definitions list)", v.Code, row.Name)
	case row.Sign == kpi.Graded && v.Value != "":
		return body, refusal.Errorf("“%[2]s”是评分项:请填评分(占分值的百分比)和理由,不填完成值", "%[1]s (%[2]s) is graded: enter a score in percent of its weight, with a reason, and no value", v.Code, row.Name)
	case row.Sign != kpi.Graded && v.Score != "":
		return body, refusal.Errorf("“%[2]s”是量化项:请填完成值(单位:%[3]s),不填评分", "%[1]s (%[2]s) is measured: enter its value in %[3]s, and no score", v.Code, row.Name, row.Unit.Name)
	case row.Sign == kpi.Graded:
		return v.graded()
	}
	number, err := inUnit(v.Value, row.Unit)
	if err != nil {
		return body, refusal.Errorf("%[3]v", "%[1]s (%[2]s): %[3]v", v.Code, row.Name, err)
	}
	body.Value, body.Unit = number, row.Unit.Name.ZH
	return body, nil
}

// rowOf is the indicator in the first table that has it: one value is entered for all.
func rowOf(set *kpi.Indicators, code string) *kpi.Row {
	for i := range set.Tables {
		if row, ok := set.Tables[i].Row(code); ok {
			return row
		}
	}
	found, _ := set.Find(code) // which the caller has checked
	return &kpi.Row{Indicator: *found}
}

// inUnit reads a number that may have its unit behind it.
func inUnit(text string, unit kpi.Unit) (journal.Decimal, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", refusal.Errorf("请填写完成值,如 95 或 95.3", "the value is missing: write it as 95 or 95.3")
	}
	number := strings.TrimSpace(strings.TrimRightFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != '.' && r != '-' }))
	if given := strings.TrimSpace(strings.TrimPrefix(text, number)); number != "" && given != "" && given != unit.Name.ZH && given != unit.Name.EN {
		return "", refusal.Errorf("“%s”的单位是“%s”,此项的单位是“%s”", "the value %q is in %s, its unit is %s", text, given, unit.Name)
	}
	if number == "" { // nothing, or words
		number = text
	}
	d, err := journal.ParseDecimal(number)
	if err != nil {
		return "", err
	}
	if d.Rat().Sign() < 0 {
		return "", refusal.Errorf("%s 是负数:完成值不得为负", "the value %s is negative", d)
	}
	return d, nil
}

func (v *EnteredValue) graded() (body journal.Value, err error) {
	if strings.TrimSpace(v.Score) == "" {
		return body, refusal.Errorf("请填写评分:0 至 100 的数字", "the score is missing: a number from 0 to 100")
	}
	if body.Score, err = journal.ParseDecimal(strings.TrimSuffix(strings.TrimSpace(v.Score), "%")); err != nil {
		return body, refusal.Errorf("评分:%v", "score: %v", err)
	}
	if strings.TrimSpace(v.Reason) == "" {
		return body, refusal.Errorf("评分须写明理由", "the reason is missing: the score of %s is a judgement, which needs one", v.Code)
	}
	body.Band = journal.Band(v.Band)
	if v.Band == "" {
		body.Band = journal.BandOf(body.Score)
	}
	return body, nil
}

func (v *EnteredValue) budget() (body journal.Value, err error) {
	if v.Value != "" || v.Score != "" || !kpi.IsExecutionCode(v.Code) {
		return body, refusal.Errorf("预算执行填在该表的“预算执行”一项,只填执行数和调整后预算数", "the execution of a budget is entered under the code of its table's budget, as budget_execution_13, and is its executed and adjusted amounts")
	}
	for _, f := range []struct {
		name kpi.Wording
		text string
		to   *journal.Decimal
	}{{kpi.Wording{ZH: "执行数", EN: "executed"}, v.Executed, &body.Executed}, {kpi.Wording{ZH: "调整后预算数", EN: "adjusted"}, v.Adjusted, &body.Adjusted}} {
		if f.text == "" {
			return body, refusal.Errorf("请填写%s,单位万元", "%s: the amount is missing, in 10,000 yuan (万元)", f.name)
		}
		if *f.to, err = inUnit(f.text, kpi.Unit{Name: kpi.Wording{ZH: "万元", EN: "10,000 yuan"}}); err != nil {
			return body, refusal.Errorf("%s:%v", "%s: %v", f.name, err)
		}
	}
	body.Unit = "万元"
	return body, nil
}

// EnteredDeviation is why an indicator is off its target in a period, in an officer's words.
type EnteredDeviation struct {
	Code, Period, Centre string

	journal.Deviation
	Author
}

// EnterDeviation writes it into the journal. It may be about a computed indicator too.
func EnterDeviation(ctx context.Context, cfg config.Root, log *slog.Logger, d EnteredDeviation) (journal.Entry, error) {
	rules, err := openRules(cfg)
	if err != nil {
		return journal.Entry{}, err
	}
	e, err := d.entry(cfg, rules)
	if err != nil {
		return journal.Entry{}, err
	}
	return enterOne(ctx, cfg, log, e)
}

func (d *EnteredDeviation) entry(cfg config.Root, rules *ruleset.Rules) (journal.Entry, error) {
	set, span, err := indicatorsOf(cfg, rules, d.Period)
	if err != nil {
		return journal.Entry{}, err
	}
	if err := errors.Join(known(set, d.Code), d.check(false)); err != nil {
		return journal.Entry{}, err
	}
	if !d.Withdraw {
		if err := d.Validate(); err != nil {
			return journal.Entry{}, fmt.Errorf("%s %s: %w", d.Code, span.Name, err)
		}
	}
	e := d.Author.entry(journal.Slot{Kind: journal.KindDeviation, Centre: d.Centre, Subject: d.Code, Period: span.Name})
	e.Body = journal.Encode(d.Deviation)
	return e, nil
}

// EntryFilter selects what is listed; what is empty does not matter.
type EntryFilter struct {
	Kinds           []journal.Kind
	Subject, Period string
	Centre          string
}

// ListEntries lists entries with their history, by what they are about.
func ListEntries(ctx context.Context, cfg config.Root, log *slog.Logger, f EntryFilter) ([]EntryLine, error) {
	zone, err := time.LoadLocation(cfg.Publish.Zone)
	if err != nil {
		return nil, fmt.Errorf("publish.zone: %w", err)
	}
	if f.Period != "" {
		span, err := kpi.ParsePeriod(f.Period, zone)
		if err != nil {
			return nil, err
		}
		f.Period = span.Name
	}
	lines := []EntryLine{}
	err = withJournal(ctx, cfg, log, func(s *system) error {
		for _, kind := range f.Kinds {
			list, err := s.store.Entries(ctx, store.EntryQuery{Kind: kind, Subject: f.Subject, Period: f.Period, Centre: f.Centre})
			if err != nil {
				return err
			}
			lines = append(lines, entryLines(list, zone)...)
		}
		return nil
	})
	slices.SortStableFunc(lines, func(a, b EntryLine) int { return strings.Compare(a.Subject, b.Subject) })
	return lines, err
}

// enteredOf is an entry about an indicator as the evaluation takes it.
func enteredOf(e *journal.Entry, span kpi.Span, v *journal.Value) kpi.Entered {
	return kpi.Entered{
		Code: e.Subject, Span: span, Value: v.Value.Rat(), Score: v.Score.Rat(), Reason: e.Reason, By: e.By, Evidence: e.Evidence,
		NotApplicable: v.NotApplicable, Reviewer: v.Reviewer,
	}
}

// executionOf is an entry about a budget as the evaluation takes it.
func executionOf(e *journal.Entry, v *journal.Value) kpi.Execution {
	return kpi.Execution{
		Executed: v.Executed.Rat(), Adjusted: v.Adjusted.Rat(), Reason: e.Reason,
		NotApplicable: v.NotApplicable, Reviewer: v.Reviewer,
	}
}
