package report

import (
	"fmt"
	"strings"
	"time"

	"hotline12333/internal/kpi"
)

// formSheet is a form as its layout asks for it.
func (t *teller) formSheet(x *FilledTable) sheet {
	name, kind := t.of("自评表", "Self-evaluation"), "self-evaluation"
	if x.Form == kpi.Monitoring {
		name, kind = t.of("监控表", "Monitoring"), "monitoring"
	}
	s := sheet{
		id: "form-" + x.Number + "-" + kind, tab: name + t.of("(表", " (table ") + x.Number + ")",
		title: t.word(x.Title), landscape: x.Layout.Landscape, draft: t.r.Draft,
		lead: []string{t.formLead(x)},
	}
	columns := t.formColumns(x.Layout)
	s.parts = append(s.parts, t.header(x, columns), t.money(x, columns))
	rows := part{columns: columns}
	for i := range x.Rows {
		rows.rows = append(rows.rows, t.formRow(x, &x.Rows[i]))
	}
	rows.rows = append(rows.rows, t.totalRow(x))
	rows.notes = t.formNotes(x)
	s.parts = append(s.parts, rows)
	for _, w := range x.Layout.Signatures {
		s.signed = append(s.signed, t.signature(w))
	}
	return s
}

// formLead is the line of facts that every output carries.
func (t *teller) formLead(x *FilledTable) string {
	reach := t.of("无数据", "no calls")
	if t.r.DataTo != nil {
		reach = t.moment(*t.r.DataTo)
	}
	return t.of("表", "Table ") + x.Number + "    " + t.of("数据截至：", "data to: ") + reach + t.of("（", " (") + x.Period.Zone + t.of("）", ")") + t.centre() + "    " + t.state()
}

func (t *teller) formColumns(f *kpi.Form) []column {
	var columns []column
	for _, c := range f.Columns {
		one := column{title: t.word(c.Title), width: c.Width}
		if t.Lang == English { // which takes more room to say the same
			one.width *= roomier(c)
		}
		switch c.Column {
		case kpi.ColumnLevel1, kpi.ColumnLevel2:
			one.joins, one.align = true, alignCentre
		case kpi.ColumnNumber, kpi.ColumnNature, kpi.ColumnTarget, kpi.ColumnUnit, kpi.ColumnState, kpi.ColumnActual,
			kpi.ColumnExpected, kpi.ColumnForecast, kpi.ColumnWeight, kpi.ColumnScore:
			one.align = alignCentre
		}
		if len(c.Parts) == 0 {
			columns = append(columns, one)
			continue
		}
		for _, p := range c.Parts {
			columns = append(columns, column{title: t.word(p), over: t.word(c.Title), width: one.width / float64(len(c.Parts)), align: alignCentre})
		}
	}
	return columns
}

// roomier is how much wider a column of words is than in Chinese.
func roomier(c kpi.FormColumn) float64 {
	switch {
	case len(c.Parts) > 0:
		return 1.35
	case c.Column == kpi.ColumnUnit, c.Column == kpi.ColumnDeviation:
		return 1.7
	}
	return 1
}

// header are the lines above the indicators: who, what, when, and the goals.
func (t *teller) header(x *FilledTable, columns []column) part {
	p := part{columns: columns, bare: true}
	half := len(columns) / 2
	var pending []cell // a short field waits for another on the same line
	flush := func() {
		if pending != nil {
			pending[len(pending)-1].span = restOfRow
			p.rows, pending = append(p.rows, pending), nil
		}
	}
	for _, f := range x.Layout.Header {
		value, long := t.headerValue(x, f.Field)
		name := label(t.word(f.Title))
		name.span = 2
		switch {
		case long:
			flush()
			p.rows = append(p.rows, []cell{name, {text: value, span: restOfRow, tall: 2, align: alignLeft}})
		case pending == nil:
			pending = []cell{name, {text: value, span: half - 2, align: alignLeft}}
		default:
			p.rows = append(p.rows, append(pending, name, cell{text: value, span: restOfRow, align: alignLeft}))
			pending = nil
		}
	}
	flush()
	return p
}

func (t *teller) headerValue(x *FilledTable, f kpi.HeaderField) (value string, long bool) {
	switch f {
	case kpi.HeaderSubject:
		return t.word(x.Source.Subject), false
	case kpi.HeaderDepartment:
		return t.word(x.Source.Department), false
	case kpi.HeaderCentre:
		return t.word(x.Centre), false
	case kpi.HeaderTerm:
		return t.word(x.Source.Term), false
	case kpi.HeaderPeriod:
		p := &x.Period
		return t.word(p.Title) + t.of("（", " (") + p.From.Format("2006-01-02") + t.of("至", " to ") + t.last(p.To) + t.of("）", ")"), false
	case kpi.HeaderGoals:
		var goals []string
		for _, g := range x.Source.Goals {
			goals = append(goals, t.word(g))
		}
		return strings.Join(goals, "\n"), true
	case kpi.HeaderTasks:
		var tasks []string
		for _, k := range x.Source.Budget.Tasks {
			tasks = append(tasks, fmt.Sprintf(t.of("%s：%s（%s万元）", "%s: %s (%s ten thousand yuan)"), t.word(k.Name), t.word(k.Content), k.Amount))
		}
		return strings.Join(tasks, "\n"), true
	case kpi.HeaderGoalsDone:
		return "", true // by hand
	}
	if c := t.r.Closing; c != nil { // the date
		return c.At.Format(time.DateOnly), false
	}
	return "", false // by hand
}

// money are two lines about the budget: titles, and amounts.
func (t *teller) money(x *FilledTable, columns []column) part {
	p := part{columns: columns, bare: true}
	n := len(x.Layout.Money)
	if n == 0 {
		return p
	}
	first := label(t.of("预算执行情况（万元）", "Budget (ten thousand yuan)"))
	first.span, first.down = 2, 2
	titles, amounts := []cell{first}, []cell{{span: 2, tone: toneLabel, covered: true}}
	left := len(columns) - 2
	for i, m := range x.Layout.Money {
		span := left / (n - i)
		left -= span
		title, amount := label(t.word(m.Title)), t.amount(&x.Budget, m.Column)
		title.span, amount.span = span, span
		amount.align = alignCentre
		titles, amounts = append(titles, title), append(amounts, amount)
	}
	p.rows = [][]cell{titles, amounts}
	return p
}

func (t *teller) amount(b *Budget, m kpi.MoneyColumn) cell {
	shown := map[kpi.MoneyColumn]string{
		kpi.MoneyInitial: b.Initial, kpi.MoneyAdjusted: b.Adjusted, kpi.MoneyExecuted: b.Executed,
		kpi.MoneyRate: b.RateShown, kpi.MoneyPoints: b.Points, kpi.MoneyScore: b.ScoreShown,
	}[m]
	switch {
	case m == kpi.MoneyForecast: // by hand
		return text("")
	case shown == "":
		return cell{text: t.word(b.State.Wording()), tone: toneWeak}
	case m == kpi.MoneyRate:
		return cell{text: shown, number: ptr(parse(strings.TrimSuffix(shown, "%") + "e-2")), format: formatPercent}
	}
	return decimal(shown)
}

// decimal is a number cell that shows the digits it was given; a fraction stays text.
func decimal(digits string) cell {
	if strings.Contains(digits, "/") {
		return text(digits)
	}
	_, fraction, _ := strings.Cut(digits, ".")
	return cell{text: digits, number: ptr(parse(digits)), format: formatFixed, decimals: len(fraction)}
}

func (t *teller) formRow(x *FilledTable, r *Indicator) []cell {
	var row []cell
	for _, c := range x.Layout.Columns {
		switch c.Column {
		case kpi.ColumnCauses: // ticked by whoever explains, here or by hand
			for _, p := range c.Parts {
				row = append(row, tick(r.Said != nil && r.Said.Category == p.ZH))
			}
		case kpi.ColumnLikelihood:
			for i := range max(len(c.Parts), 1) {
				row = append(row, t.likelihood(r, i, len(c.Parts)))
			}
		default:
			row = append(row, t.formCell(x, r, c.Column))
		}
	}
	return row
}

func tick(on bool) cell {
	if on {
		return text("√")
	}
	return text("")
}

// likelihood ticks what a person has said, else what the forecast says of a volume.
func (t *teller) likelihood(r *Indicator, i, parts int) cell {
	likely := r.Likelihood
	if r.Said != nil && r.Said.Likelihood != "" {
		likely = r.Said.Likelihood
	}
	if parts == 0 {
		return text(t.word(likely.Wording()))
	}
	all := kpi.Likelihoods()
	return tick(i < len(all) && all[i] == likely)
}

func (t *teller) formCell(x *FilledTable, r *Indicator, c kpi.Column) cell {
	switch c {
	case kpi.ColumnNumber:
		return decimal(fmt.Sprint(r.Number))
	case kpi.ColumnLevel1:
		return text(t.word(r.Level1))
	case kpi.ColumnLevel2:
		return text(t.word(r.Level2))
	case kpi.ColumnLevel3:
		return text(t.word(r.Name))
	case kpi.ColumnNature:
		return text(t.sign(r.Sign))
	case kpi.ColumnTarget:
		if r.Sign == kpi.Graded {
			return text(r.TargetPrinted)
		}
		return decimal(r.Target)
	case kpi.ColumnUnit:
		return text(t.word(r.Unit))
	case kpi.ColumnExpected:
		if r.Expected == "" {
			return text("")
		}
		return decimal(r.ExpectedShown)
	case kpi.ColumnActual:
		c := t.actual(r)
		if r.Computed {
			c.trace = TraceOf(t.r, x, r)
		}
		return c
	case kpi.ColumnForecast:
		if r.Forecast == nil {
			return text("")
		}
		return t.basis(decimal(r.Forecast.Shown), t.toDate(t.forecastOf(r.Code)))
	case kpi.ColumnWeight:
		return decimal(r.Weight)
	case kpi.ColumnScore:
		if r.ScoreShown == "" {
			return cell{text: "—", tone: toneWeak}
		}
		return decimal(r.ScoreShown)
	case kpi.ColumnState:
		return t.stateCell(r.State)
	case kpi.ColumnDeviation:
		return text(t.deviation(x, r))
	case kpi.ColumnRemark:
		return text(t.remark(x, r))
	}
	return text("")
}

func (t *teller) sign(s kpi.Sign) string {
	switch s {
	case kpi.Graded:
		return t.of("定性", "graded")
	case kpi.Equals:
		return "＝" // of full width: a spreadsheet takes the other for the beginning of a formula
	}
	return string(s)
}

func (t *teller) stateCell(s kpi.State) cell {
	c := text(t.word(s.Wording()))
	switch s {
	case kpi.Met:
		c.tone = toneMet
	case kpi.Near:
		c.tone = toneNear
	case kpi.Missed:
		c.tone = toneMissed
	default:
		c.tone = toneWeak
	}
	return c
}

// actual is the value, or in words why there is none: never a number in its place.
func (t *teller) actual(r *Indicator) cell {
	if r.Shown == "" {
		return t.stateCell(r.State)
	}
	c := decimal(r.Shown)
	c.tone = t.stateCell(r.State).tone
	if c.tone == toneMet {
		c.tone = toneNone
	}
	return c
}

// forecastOf is the figure that the forecast of an indicator goes on from.
func (t *teller) forecastOf(code string) string {
	if code == kpi.DefAnsweredCalls {
		return "answered"
	}
	return code
}

// deviation are the facts about what was missed, for the officer to go on from.
func (t *teller) deviation(x *FilledTable, r *Indicator) string {
	var lines []string
	for _, d := range r.Deviation {
		lines = append(lines, t.word(d))
	}
	if said := r.Said; said != nil {
		lines = append(lines, t.of("原因：", "Cause: ")+said.Cause)
		if said.Measures != "" {
			lines = append(lines, t.of("措施：", "Measures: ")+said.Measures)
		}
	}
	if r.Reason != "" {
		lines = append(lines, r.Reason)
	}
	return strings.Join(append(lines, t.gaps(&x.Period, r)...), "\n")
}

// gaps says what is missing of a row.
func (t *teller) gaps(p *Period, r *Indicator) []string {
	var lines []string
	switch {
	case r.State == kpi.NotEntered:
		const most = 3
		of := join(t.Lang, r.Missing)
		switch n := len(r.Missing); {
		case n == 1 && r.Missing[0] == p.Name:
			of = t.of("本期", "the period")
		case n > most:
			of = fmt.Sprintf(t.of("%s至%s（%d段）", "%s to %s (%d parts)"), r.Missing[0], r.Missing[n-1], n)
		}
		lines = append(lines, fmt.Sprintf(t.of("缺：%s填报值", "missing: a value for %s"), of))
	case r.State == kpi.Unconnected:
		lines = append(lines, t.of("缺：数据来源不提供", "missing: a source does not know ")+t.capability(r.Needs))
	case r.State == kpi.NoData && r.Computed:
		lines = append(lines, t.of("缺：本期没有可计算的来电", "missing: calls to compute it from"))
	}
	for _, f := range r.Flags {
		if f != kpi.FlagPace {
			lines = append(lines, t.word(f.Wording()))
		}
	}
	return lines
}

func (t *teller) remark(x *FilledTable, r *Indicator) string {
	lines := t.gaps(&x.Period, r)
	if r.ExpectedShown != "" {
		lines = append(lines, fmt.Sprintf(t.of("时序进度应达 %s，%s", "expected by now %s: %s"), r.ExpectedShown, t.word(r.State.Wording())))
	} else if r.State == kpi.Missed || r.State == kpi.Near {
		lines = append(lines, t.word(r.State.Wording()))
	}
	if f := r.Forecast; f != nil {
		lines = append(lines, fmt.Sprintf(t.of("95%%区间 %.2f—%.2f", "95%% interval %.2f to %.2f"), f.Most95[0], f.Most95[1]))
	}
	if r.Said != nil && r.Said.Note != "" {
		lines = append(lines, r.Said.Note)
	}
	return strings.Join(lines, "\n")
}
