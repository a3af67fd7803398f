package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/report"
	"hotline12333/internal/testkit"
	"hotline12333/internal/wire"
)

// TestIndicatorsAgree reads the four computed indicators of the year, at one state of the
// data, from the command line, the metrics, the board, the standing of the performance tables
// and the report: to the last digit they are one figure. A call and a ticket whose clock runs
// ahead make nothing due anywhere.
func TestIndicatorsAgree(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	zone := shanghai(t)
	now := time.Now().In(zone)
	y, m, d := now.Date()
	if m == time.January && d == 1 {
		t.Skip("yesterday was another year")
	}
	w := newWorld(t)
	w.up()
	f := newFeed(t, w)
	midnight := time.Date(y, m, d, 0, 0, 0, 0, zone).UTC()
	yesterday := midnight.Add(-14 * time.Hour)
	ticket := func(id string, kind hotline.TicketKind, by, done time.Time) *hotline.Ticket {
		return &hotline.Ticket{ID: id, Version: 1, Source: "centre-crm", Kind: kind, OpenedAt: yesterday, RespondBy: by, RespondedAt: done}
	}
	later := now.Add(2 * time.Hour).UTC().Truncate(time.Millisecond)
	tickets := []*hotline.Ticket{
		ticket("in time", hotline.TicketConsultation, midnight, yesterday.Add(time.Hour)),
		ticket("overdue", hotline.TicketConsultation, midnight, time.Time{}),
		ticket("not due yet", hotline.TicketConsultation, later, time.Time{}),
		ticket("late", hotline.TicketComplaint, midnight.Add(-time.Hour), midnight.Add(-time.Minute)),
		ticket("by the rule", hotline.TicketCallback, time.Time{}, time.Time{}),
		ticket("of a clock that runs ahead", hotline.TicketCallback, midnight, later.AddDate(0, 0, 3)),
	}
	var lines []byte
	for _, c := range tickets {
		lines = append(wire.AppendTicket(lines, c), '\n')
	}
	w.must("import", w.write("tickets.jsonl", string(lines)), "--source", "hotline-tickets")
	calls := today(seeded(t), zone, 300)
	ahead := calls[0]
	ahead.Outcome, ahead.Excluded, ahead.AnsweredAt, ahead.EndedAt = hotline.Answered, hotline.NotExcluded, ahead.StartedAt, later.Add(3*time.Hour)
	for _, c := range calls {
		f.send(record(c))
	}
	f.settle()

	var page string
	offered := ""
	seen := func() (err error) {
		if page, err = get(t, w, "/metrics"); err != nil {
			return err
		}
		if metric(page, `hotline_tickets{centre="all",kind="consultation",state="opened",window="year"}`) != "3" ||
			metric(page, `hotline_tickets{centre="all",kind="callback",state="opened",window="year"}`) != "2" ||
			offered != "" && metric(page, `hotline_calls_population{centre="all",population="offered",queue="all",window="year"}`) != offered {
			return errors.New("not every call and ticket is counted")
		}
		return nil
	}
	testkit.Eventually(t, steps, seen)
	s := statement(t, w.must("kpi", "--from", fmt.Sprintf("%d-01-01", y), "--zone", "Asia/Shanghai", "--format", "json"))
	offered = strconv.FormatInt(s.Counts.Offered, 10)
	testkit.Eventually(t, steps, seen)
	if got := s.Counts.Tickets[hotline.TicketConsultation].Response; got.Due != 2 || got.Overdue != 1 || got.NotYetDue != 1 {
		t.Errorf("consultations: %+v", got)
	}
	if s.DataTo == nil || s.DataTo.After(time.Now()) || s.TicketsAsOf == nil || s.TicketsAsOf.After(time.Now()) {
		t.Errorf("data to %v, tickets as of %v, which is yet to come", s.DataTo, s.TicketsAsOf)
	}
	var b struct {
		Year struct {
			Answered int64
			Rate     boardFigure
		}
		Tickets struct {
			Consultation boardFigure `json:"consultation_timeliness"`
			Items        boardFigure `json:"response_timeliness_items"`
		}
	}
	body, err := get(t, w, "/api/board")
	if err == nil {
		err = json.Unmarshal([]byte(body), &b)
	}
	if err != nil {
		t.Fatal(err)
	}
	out := w.path("ytd.json")
	w.must("report", "--period", "ytd", "--out", out)
	var r report.Report
	data, err := os.ReadFile(out)
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		t.Fatal(err)
	}

	rows := map[string]*report.Indicator{}
	for i := range r.Tables[0].Rows {
		rows[r.Tables[0].Rows[i].Code] = &r.Tables[0].Rows[i]
	}
	answered := float64(s.Counts.Answered)
	for _, x := range []struct {
		code, series, definition string
		kpi, told, board         *float64
	}{
		{"answered_calls", `hotline_calls{centre="all",outcome="answered",queue="all",window="year"}`, "agent", &answered, nil, new(float64(b.Year.Answered))},
		{"answer_rate", `hotline_answer_rate_ratio{centre="all",definition="agent",queue="all",window="year"}`, "agent", s.Rates.AnswerRate, r.Total.Rates.AnswerRate, b.Year.Rate.Value},
		{"response_timeliness", `hotline_response_timeliness_ratio{centre="all",definition="items",queue="all",window="year"}`, "items", s.Rates.ResponseTimeliness, r.Total.Rates.ResponseTimeliness, b.Tickets.Items.Value},
		{"consultation_timeliness", `hotline_consultation_timeliness_ratio{centre="all",queue="all",window="year"}`, "", s.Rates.ConsultationTimeliness, r.Total.Rates.ConsultationTimeliness, b.Tickets.Consultation.Value},
	} {
		if x.kpi == nil || x.board == nil {
			t.Errorf("%s is not there", x.code)
			continue
		}
		if got := number(t, page, x.series); got != *x.kpi || *x.board != *x.kpi || x.told != nil && *x.told != *x.kpi {
			t.Errorf("%s: %v on the command line, %v in the metrics, %v on the board, %v in the report", x.code, *x.kpi, got, *x.board, x.told)
		}
		info := fmt.Sprintf(`hotline_definition_info{confirmed="false",definition="%s",indicator="%s",version="%d"}`, x.definition, x.code, s.Definitions[x.code].Version)
		if metric(page, info) != "1" {
			t.Errorf("the metrics do not say that %s", info)
		}
		for i := range r.Definitions {
			if d := &r.Definitions[i]; d.Code == x.code && d.Version != s.Definitions[x.code].Version {
				t.Errorf("%s is definition v%d in the report, v%d on the command line", x.code, d.Version, s.Definitions[x.code].Version)
			}
		}
		row := rows[x.code]
		num, den, ok := row.Counts()
		exact, told := new(big.Rat).SetString(row.Value)
		if !ok || !told || float64(num)/float64(den) != *x.kpi {
			t.Errorf("%s: %d / %d = %q in the form, %v on the command line", x.code, num, den, row.Value, *x.kpi)
			continue
		}
		want, _ := exact.Float64()
		if got := number(t, page, fmt.Sprintf(`hotline_indicator_value{indicator="%s",table="%s",unit="%s"}`, x.code, r.Tables[0].Number, row.Unit.ZH)); got != want {
			t.Errorf("%s stands at %s, in the form at %s", x.code, strconv.FormatFloat(got, 'g', -1, 64), row.Value)
		}
	}
	explainTickets(t, w, s, string(lines))
}

// explainTickets leads the figures of tickets back to the lines of their file.
func explainTickets(t *testing.T, w *world, s *kpi.Statement, file string) {
	t.Helper()
	lines := strings.Split(file, "\n")
	period := []string{"--period", s.Period.From.Format(time.DateOnly) + ".." + time.Now().In(shanghai(t)).Format(time.DateOnly), "--format"}
	read := func(args ...string) (e kpi.Explanation) {
		t.Helper()
		if err := json.Unmarshal([]byte(w.must(append([]string{"explain"}, args...)...)), &e); err != nil {
			t.Fatal(err)
		}
		return e
	}
	for name, want := range map[string]kpi.Ratio{
		"consultation_timeliness": s.Counts.Consultations(), "response_timeliness_items": s.Counts.Items(), "response_timeliness": s.Counts.Items(),
	} {
		e := read(append([]string{name}, append(period, "json")...)...)
		if e.Numerator != want.Num || e.Denominator != want.Den || !e.Checked.Equal || e.Checked.Denominator != want.Den || e.TicketsAsOf == nil {
			t.Errorf("%s: %d / %d, checked %+v; the statement says %+v", name, e.Numerator, e.Denominator, e.Checked, want)
		}
		told := e.Roles[0].Calls + e.Roles[1].Calls
		if told != want.Den {
			t.Errorf("%s: %d tickets are told of %d", name, told, want.Den)
		}
		for _, c := range e.Calls {
			place := strings.Split(c.Origin, ":")
			line, err := strconv.Atoi(place[len(place)-1])
			if err != nil || !strings.Contains(lines[line-1], `"ticket_id":"`+c.Ticket.ID+`"`) {
				t.Errorf("%s came from %s, where it says %s", c.Ticket.ID, c.Origin, lines[max(line-1, 0)])
			}
		}
	}
	rules := map[string]string{}
	for _, c := range read(append([]string{"response_timeliness"}, append(period, "json")...)...).Calls {
		rules[c.Ticket.ID] = string(c.Role) + " " + c.Rule.Code
	}
	for id, want := range map[string]string{
		"in time": "numerator in_time", "overdue": "denominator overdue", "late": "denominator late",
		"of a clock that runs ahead": "denominator late",
	} {
		if rules[id] != want {
			t.Errorf("%s is told as %q, want %q", id, rules[id], want)
		}
	}
	few := []string{"response_timeliness", "--sample", "1", "--seed", "5"}
	if a, b := read(append(few, append(period, "json")...)...), read(append(few, append(period, "json")...)...); cmp.Diff(a.Calls, b.Calls) != "" || len(a.Calls) > 3 || len(a.Calls) == 0 {
		t.Errorf("with one seed %v and %v are drawn", a.Calls, b.Calls)
	}
	rows, err := csv.NewReader(strings.NewReader(w.must(append([]string{"explain", "consultation_timeliness", "--all"}, append(period, "csv")...)...))).ReadAll()
	if err != nil || len(rows) < 3 || rows[1][18] != "consultation" {
		t.Errorf("all consultations: %v, %v", rows, err)
	}
	if out := w.must(append([]string{"explain", "consultation_timeliness", "--queue", "q"}, append(period, "table")...)...); !strings.Contains(out, "not connected") || !strings.Contains(out, "of no queue") {
		t.Errorf("of a queue: %s", out)
	}
}
