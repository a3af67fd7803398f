package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/aggregate"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/report"
	"hotline12333/internal/seal"
)

// The items of the check list (关账清单), as --accept names them.
const (
	CheckDays        = "days_without_data"
	CheckOpenCalls   = "open_calls"
	CheckOpenTickets = "open_tickets"
	CheckRejects     = "rejects"
	CheckValues      = "missing_values"
	CheckReasons     = "missing_reasons"
	CheckDefinitions = "unconfirmed_definitions"
	CheckPending     = "pending"
	CheckControls    = "control_totals"
	CheckRemoved     = "calls_removed"
	CheckTargets     = "notices"
)

// Checks are the codes of all items, in the order they are looked at.
func Checks() []string {
	return []string{
		CheckDays, CheckOpenCalls, CheckOpenTickets, CheckRejects, CheckValues, CheckReasons,
		CheckDefinitions, CheckPending, CheckControls, CheckRemoved, CheckTargets,
	}
}

// mostNamed bounds how many days or indicators an item names; the report has all.
const mostNamed = 12

func some(list []string) string { return firstOf(list, ", ", " … (%d)") }

// someZH does the same in Chinese.
func someZH(list []string) string { return firstOf(list, "、", "……(共%d)") }

func firstOf(list []string, between, more string) string {
	if n := len(list); n > mostNamed {
		return strings.Join(list[:mostNamed], between) + fmt.Sprintf(more, n)
	}
	return strings.Join(list, between)
}

// checkList is what is open in a report that is to be closed.
type checkList struct {
	found []seal.Answer
}

func (c *checkList) add(code, zh, en string) {
	c.found = append(c.found, seal.Answer{Code: code, ZH: zh, EN: en})
}

// check looks at a report. pending is how many records and marks are not in its figures
// yet, removed the time before which calls have reached their retention.
func (g *gathering) check(r *report.Report, pending int64, removed time.Time) []seal.Answer {
	var c checkList
	if r.Total.Counts.Calls == 0 {
		c.add(CheckDays, "本期没有来电记录", "the period has no records of calls")
	} else if days := g.daysWithoutData(); len(days) > 0 {
		c.add(CheckDays, fmt.Sprintf("%d天在服务时间内没有记录：%s", len(days), someZH(days)), fmt.Sprintf("%d days of service without records: %s", len(days), some(days)))
	}
	if n := r.Total.Counts.Open; n > 0 {
		c.add(CheckOpenCalls, fmt.Sprintf("%d通来电未办结，不计入任何指标", n), fmt.Sprintf("%d calls are open and count nowhere", n))
	}
	if n := overdueTickets(&r.Total.Counts); n > 0 {
		c.add(CheckOpenTickets, fmt.Sprintf("%d件到期工单未办结", n), fmt.Sprintf("%d tickets are due and open", n))
	}
	c.rejects(&r.Quality)
	c.tables(r)
	if r.Draft {
		var open named
		for i := range r.Definitions {
			if d := &r.Definitions[i]; d.Official && !d.Confirmed {
				open.add(d.Code, d.Name)
			}
		}
		c.add(CheckDefinitions, "口径待确认："+someZH(open.zh), "definitions are not confirmed: "+some(open.en))
	}
	if pending > 0 {
		c.add(CheckPending, fmt.Sprintf("%d条记录尚未入库或计数", pending), fmt.Sprintf("%d records or marks are not counted yet", pending))
	}
	if n := len(r.Quality.Differences); n > 0 {
		c.add(CheckControls, fmt.Sprintf("%d处与对账总数不一致", n), fmt.Sprintf("%d counts differ from the control totals", n))
	}
	if removed.After(g.span.From) {
		day := removed.In(g.q.Zone).Format(time.DateOnly)
		c.add(CheckRemoved, day+"之前的来电已过保存期限，无法列出", "the calls before "+day+" have reached retention and cannot be listed")
	}
	if n := len(r.Notices); n > 0 {
		zh, en := make([]string, n), make([]string, n)
		for i, w := range r.Notices {
			zh[i], en[i] = w.ZH, w.EN
		}
		c.add(CheckTargets, strings.Join(zh, ""), strings.Join(en, " "))
	}
	return c.found
}

func (c *checkList) rejects(q *report.Quality) {
	if !q.RejectedKnown {
		c.add(CheckRejects, "异常记录未能读取", "the rejected records could not be read")
		return
	}
	var n int64
	for _, k := range q.Rejected {
		n += k
	}
	if n > 0 {
		c.add(CheckRejects, fmt.Sprintf("%d条异常记录未处理", n), fmt.Sprintf("%d rejected records wait", n))
	}
}

// tables looks for what people have to enter and have not.
func (c *checkList) tables(r *report.Report) {
	var values, reasons named
	for i := range r.Tables {
		t := &r.Tables[i]
		for j := range t.Rows {
			x := &t.Rows[j]
			if x.State == kpi.NotEntered || len(x.Missing) > 0 {
				values.add(x.Code, x.Name)
			}
			explained := x.Reason != "" || x.Said != nil && x.Said.Cause != ""
			if (x.State == kpi.Missed || x.State == kpi.Near) && !explained {
				reasons.add(x.Code, x.Name)
			}
		}
		b, budget := &t.Budget, kpi.Wording{ZH: "表" + t.Number + "预算执行", EN: "budget execution of table " + t.Number}
		if b.State == kpi.NotEntered {
			values.add(t.Source.ExecutionCode(), budget)
		}
		if slices.Contains(b.Flags, kpi.FlagExecutionLow) && b.Reason == "" {
			reasons.add(t.Source.ExecutionCode(), budget)
		}
	}
	if len(values.codes) > 0 {
		c.add(CheckValues, "未填报："+someZH(values.zh), "not entered: "+some(values.en))
	}
	if len(reasons.codes) > 0 {
		c.add(CheckReasons, "低于指标值而未说明原因："+someZH(reasons.zh), "below target without a reason: "+some(reasons.en))
	}
}

// named are indicators, once each: by the name that forms have, in English with the code
// that commands take.
type named struct{ codes, zh, en []string }

func (n *named) add(code string, name kpi.Wording) {
	if !slices.Contains(n.codes, code) {
		n.codes, n.zh, n.en = append(n.codes, code), append(n.zh, name.ZH), append(n.en, name.EN+" ("+code+")")
	}
}

func overdueTickets(c *kpi.Counts) (n int64) {
	for _, kind := range hotline.TicketKinds() {
		n += c.Tickets[kind].Response.Overdue
	}
	return n
}

// daysWithoutData are the days on which a source that has records in the period has none in
// any hour of its service.
func (g *gathering) daysWithoutData() []string {
	byDay := map[string][]kpi.Entry{}
	seen := map[string]bool{}
	for i := range g.in.Year {
		e := &g.in.Year[i]
		if e.Key.Dimension != kpi.ByQueue || e.Key.Bucket.Before(g.span.From) || !e.Key.Bucket.Before(g.span.To) {
			continue
		}
		day := e.Key.Bucket.In(g.q.Zone).Format(time.DateOnly)
		byDay[day] = append(byDay[day], *e)
		seen[e.Key.Source] = true
	}
	sources := make([]string, 0, len(seen))
	for name := range seen {
		sources = append(sources, name)
	}
	var days []string
	for at := g.span.From.In(g.q.Zone); at.Before(g.in.Until); {
		next := kpi.DayStart(at.Year(), at.Month(), at.Day()+1, g.q.Zone)
		day := at.Format(time.DateOnly)
		for _, c := range g.in.Count.Completeness(at, earlier(next, g.in.Until), byDay[day], sources) {
			if c.Service > 0 && c.Empty == c.Service && !slices.Contains(days, day) {
				days = append(days, day)
			}
		}
		at = next
	}
	return days
}

// pendingNow waits until records that are on their way are counted, and gives how many
// still are not when it has waited long enough.
func (g *gathering) pendingNow(ctx context.Context) (int64, error) {
	deadline := time.Now().Add(settling)
	for {
		n, err := g.sys.pendingRecords(ctx)
		if err != nil || n == 0 || time.Now().After(deadline) {
			return n, err
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// pendingRecords are records that are not loaded and marks that are not recomputed.
func (s *system) pendingRecords(ctx context.Context) (int64, error) {
	records, err := aggregate.Pending(ctx, s.broker, s.cfg.Load.Group, s.cfg.Topics.Calls)
	if err != nil {
		return 0, err
	}
	marks, err := aggregate.Pending(ctx, s.broker, s.cfg.Aggregate.Group, s.cfg.Topics.Touched)
	return records + marks, err
}
