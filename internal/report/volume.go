package report

import (
	"math/big"

	"hotline12333/internal/kpi"
)

// Volume is the year's answered calls on their way to the target.
type Volume struct {
	Target      int64       `json:"target"`
	ToDate      int64       `json:"to_date"`
	LastDay     string      `json:"last_day,omitempty"` // that ToDate counts, 2026-03-31; empty: none is over
	WorkingDone int         `json:"working_days_over"`
	WorkingAll  int         `json:"working_days"`
	Expected    string      `json:"expected"` // by working days, exact
	Left        int64       `json:"left"`
	Needed      int64       `json:"needed_per_working_day"` // -1: no working day is left
	Forecast    *Forecast   `json:"forecast,omitempty"`     // in calls; none while too little is known
	Allowance   *Allowance  `json:"allowance,omitempty"`
	Months      []Milestone `json:"months"`
}

// Allowance is how many requests may still be lost for the year to end at the target of the
// answer rate.
type Allowance struct {
	Remaining int64 `json:"remaining"` // requests still expected
	Left      int64 `json:"left"`      // negative: so many were lost too many
	Safe      bool  `json:"safe"`      // reached even if all that come are lost
	Gone      bool  `json:"gone"`      // missed even if all that come are answered
}

// Milestone is the end of a month.
type Milestone struct {
	Month    string  `json:"month"`
	ToDate   *int64  `json:"to_date"` // null: there are no data yet
	Expected float64 `json:"expected"`
}

// VolumeOf puts a pace into a report.
func VolumeOf(p *kpi.Pace, course []kpi.Milestone) *Volume {
	v := &Volume{
		Target: p.Target, ToDate: p.ToDate, WorkingDone: p.Working.Done, WorkingAll: p.Working.All,
		Expected: exactly(p.Expected), Left: p.Left, Needed: p.Needed,
	}
	for _, m := range course {
		expected, _ := m.Expected.Float64()
		v.Months = append(v.Months, Milestone{Month: m.Month.Format("2006-01"), ToDate: m.ToDate, Expected: expected})
	}
	if p.Outlook != nil {
		f := p.Outlook.Forecast
		v.Forecast = &Forecast{Mean: f.Mean()}
		v.Forecast.Most80[0], v.Forecast.Most80[1] = f.Interval(0.8)
		v.Forecast.Most95[0], v.Forecast.Most95[1] = f.Interval(0.95)
		if mean := new(big.Rat).SetFloat64(v.Forecast.Mean); mean != nil {
			v.Forecast.Shown = kpi.Cut(mean, 0)
		}
	}
	return v
}

// Allow puts an allowance into a report.
func (v *Volume) Allow(a kpi.Allowance) {
	v.Allowance = &Allowance{Remaining: a.Remaining, Left: a.Left, Safe: a.Safe(), Gone: a.Gone()}
}

// volume is how the year's answered calls stand against their target, with a chart.
func (t *teller) volume() []part {
	v := t.r.Volume
	if v == nil {
		return nil
	}
	p := part{heading: t.of("四、年度接听量进度", "Answered calls of the year against their target"), bare: true, apart: true, columns: t.groupColumns("", 24)}
	row := func(a string, b cell, c string, d cell) {
		name, second := label(a), label(c)
		b.span, second.span, d.span = 2, 3, restOfRow
		p.rows = append(p.rows, []cell{name, b, second, d})
	}
	row(t.of("年度指标值(通)", "Target of the year"), count(v.Target), t.of("年初至期末完成(通)", "Answered to date"), to(count(v.ToDate), t.toDate("answered")))
	row(t.of("时序进度应达(通)", "Expected by working days"), t.cutNumber(v.Expected), t.of("工作日进度", "Working days"), text(t.over(v.WorkingDone, v.WorkingAll)))
	needed := count(v.Needed)
	if v.Needed < 0 {
		needed = t.missing("")
		needed.text = t.of("已无剩余工作日", "no working day is left")
	}
	done := func(c cell) cell { return t.basis(c, t.toDate("answered")) }
	row(t.of("距指标值还差(通)", "Left to the target"), done(count(v.Left)), t.of("剩余期间每工作日须达(通)", "Needed per working day from now on"), done(needed))
	forecast, interval := t.missing(""), t.missing("")
	if v.Forecast != nil {
		forecast = t.cutNumber(v.Forecast.Shown)
		interval = text(group(int64(v.Forecast.Most95[0])) + "—" + group(int64(v.Forecast.Most95[1])))
	}
	row(t.of("全年预计完成值(通)", "Year forecast"), done(forecast), t.of("预计区间(95%)", "95% interval"), interval)
	if a := v.Allowance; a != nil {
		row(t.of("预计剩余人工请求(通)", "Requests still expected"), t.basis(count(a.Remaining), t.toDate(kpi.DefAnswerRate)), t.of("达标余量(全年83%还可漏接)", "Misses left for the year at 83%"), t.basis(t.allowance(a), t.toDate(kpi.DefAnswerRate)))
	}
	c := chart{title: t.of("年度累计接听量与时序进度", "Answered calls to date against the pace")}
	reached, pace := series{name: t.of("累计接听量", "answered to date"), bars: true}, series{name: t.of("时序进度", "pace by working days"), target: true}
	for _, m := range v.Months {
		c.labels = append(c.labels, m.Month)
		var n *float64
		if m.ToDate != nil {
			n = ptr(float64(*m.ToDate))
		}
		reached.values, pace.values = append(reached.values, n), append(pace.values, ptr(m.Expected))
	}
	c.series = []series{reached, pace}
	p.chart = &c
	return []part{p}
}

func (t *teller) over(done, all int) string {
	return group(int64(done)) + " / " + group(int64(all)) + t.of(" 天", " days")
}

// cutNumber shows an exact number without its fraction.
func (t *teller) cutNumber(exact string) cell {
	var f kpi.Fraction
	if err := f.UnmarshalText([]byte(exact)); err != nil {
		return text(exact)
	}
	n := kpi.Cut(f.Rat(), 0)
	return cell{text: n, number: ptr(parse(n)), format: formatCount}
}

func (t *teller) allowance(a *Allowance) cell {
	switch {
	case a.Gone:
		return cell{text: t.of("已无法达标", "out of reach"), tone: toneMissed, align: alignCentre}
	case a.Safe:
		return cell{text: t.of("已确保达标", "reached whatever comes"), tone: toneMet, align: alignCentre}
	}
	return count(max(0, a.Left))
}
