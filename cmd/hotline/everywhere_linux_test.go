package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
)

// place is where a figure is shown.
type place struct {
	name string
	says float64
}

// sameEverywhere reads today's figures wherever the program shows them, once nothing comes
// any more, and wants one number for each: the board, the history page, the report as a page
// and as a workbook, the command line, the metrics, and both dashboards.
func (w *watched) sameEverywhere(t *testing.T, all map[string]*dashboard) {
	w.live.stops(t)
	w.settings["web.loopback_role"] = "viewer"
	w.up()
	newFeed(t, w.world).settle()
	day := time.Now().In(shanghai(t)).Format(time.DateOnly)
	s := statement(t, w.must("kpi", "--from", day, "--format", "json"))
	page := w.settledMetrics(t, s)
	var b struct {
		DataTo *time.Time `json:"data_to"`
		Today  struct {
			Rate, Agent, Composite, Timeliness boardFigure
			Offered                            int64
		}
	}
	body, err := get(t, w.world, "/api/board")
	if err == nil {
		err = json.Unmarshal([]byte(body), &b)
	}
	if err != nil {
		t.Fatal(err)
	}
	if b.DataTo == nil || s.DataTo == nil || !b.DataTo.Equal(*s.DataTo) {
		t.Fatalf("data to %v on the board, %v by kpi", b.DataTo, s.DataTo)
	}
	report := w.reportCells(t, day)
	book := w.workbookCells(t, day)
	live := func(title, legend string) float64 {
		t.Helper()
		v, err := w.value(bounded(t), all["hotline-supervisor"], title, legend)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	past := func(title string) float64 {
		t.Helper()
		y, m, d := time.Now().In(shanghai(t)).Date()
		w.from, w.to = kpi.DayStart(y, m, d, shanghai(t)), kpi.DayStart(y, m, d+1, shanghai(t))
		v, err := w.value(bounded(t), all["hotline-history"], title, "")
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	told := func(f boardFigure) float64 {
		t.Helper()
		if f.Value == nil {
			t.Fatalf("the board has no figure: %+v", f)
		}
		return *f.Value
	}
	metricOf := func(series string) float64 { t.Helper(); return number(t, page, series) }
	leads := s.Definitions[kpi.DefResponse].Leads
	for _, f := range []struct {
		name   string
		kpi    *float64
		places []place
	}{
		{"answer rate, official", s.Rates.AnswerRate, []place{
			{"board", told(b.Today.Rate)},
			{"dashboard", live("12333热线电话接通率", "")},
			{"metrics", metricOf(`hotline_answer_rate_ratio{centre="all",definition="composite",queue="all",window="today"}`)},
		}},
		{"answer rate, agent", s.Rates.AnswerRateAgent, []place{
			{"board", told(b.Today.Agent)},
			{"dashboard", live("接通率（所选口径）", "")},
			{"report page", report["answer_rate_agent"]},
			{"workbook", book["answer_rate_agent"]},
			{"metrics", metricOf(`hotline_answer_rate_ratio{centre="all",definition="agent",queue="all",window="today"}`)},
		}},
		{"answer rate, composite", s.Rates.AnswerRateComposite, []place{
			{"board", told(b.Today.Composite)},
			{"dashboard of SQL", past("综合接通率（含自助）")},
			{"report page", report["answer_rate_composite"]},
			{"workbook", book["answer_rate_composite"]},
			{"metrics", metricOf(`hotline_answer_rate_ratio{centre="all",definition="composite",queue="all",window="today"}`)},
		}},
		{"response timeliness", s.Rates.ResponseTimeliness, []place{
			{"board", told(b.Today.Timeliness)},
			{"dashboard", live("12333热线响应及时率", "")},
			{"report page", report["response_timeliness_"+leads]},
			{"workbook", book["response_timeliness_"+leads]},
			{"metrics", metricOf(fmt.Sprintf(`hotline_response_timeliness_ratio{centre="all",definition="%s",queue="all",window="today"}`, leads))},
		}},
		{"offered", new(float64(s.Counts.Offered)), []place{
			{"board", float64(b.Today.Offered)},
			{"dashboard", live("话务量", "来电总量")},
			{"dashboard of SQL", past("来电总量")},
			{"report page", report["offered"]},
			{"workbook", book["offered"]},
			{"metrics", metricOf(`hotline_calls_population{centre="all",population="offered",queue="all",window="today"}`)},
		}},
		{"requested", new(float64(s.Counts.Requested)), []place{
			{"board", float64(b.Today.Agent.Den)},
			{"dashboard", live("话务量", "人工请求量")},
			{"report page", report["requested"]},
			{"workbook", book["requested"]},
			{"metrics", metricOf(`hotline_calls_population{centre="all",population="requested",queue="all",window="today"}`)},
		}},
		{"answered", new(float64(s.Counts.Answered)), []place{
			{"board", float64(b.Today.Agent.Num)},
			{"dashboard", live("话务量", "人工接听量")},
			{"dashboard of SQL", past("人工接听量")},
			{"report page", report["answered"]},
			{"workbook", book["answered"]},
			{"metrics", metricOf(`hotline_calls{centre="all",outcome="answered",queue="all",window="today"}`)},
		}},
	} {
		if f.kpi == nil {
			t.Errorf("%s: kpi has no figure", f.name)
			continue
		}
		for _, at := range f.places {
			if at.says != *f.kpi {
				t.Errorf("%s: %v by kpi, %v by %s, with data to %v", f.name, *f.kpi, at.says, at.name, s.DataTo)
			}
		}
	}
	w.historySays(t, day, s)
}

// settledMetrics waits until the metrics, and Prometheus with them, have come to where the
// data of a statement reach.
func (w *watched) settledMetrics(t *testing.T, s *kpi.Statement) (page string) {
	t.Helper()
	testkit.Eventually(t, 2*steps, func() (err error) {
		if page, err = get(t, w.world, "/metrics"); err != nil {
			return err
		}
		want := float64(s.DataTo.UnixMilli()) / 1000
		if got := metric(page, "hotline_data_to_timestamp_seconds"); got == "" || number(t, page, "hotline_data_to_timestamp_seconds") != want {
			return fmt.Errorf("the metrics reach %s, not %v", got, want)
		}
		return w.scraped(bounded(t), fmt.Sprintf("timestamp(hotline_data_to_timestamp_seconds == %s) > %d", strconv.FormatFloat(want, 'f', -1, 64), time.Now().Add(-5*time.Second).Unix()))
	})
	return page
}

func (w *watched) scraped(ctx context.Context, expr string) error {
	found, err := w.prometheus.Query(ctx, expr, time.Now())
	if err == nil && len(found) == 0 {
		err = errors.New("Prometheus has not seen it: " + expr)
	}
	return err
}

// reportCells are the figures of the report's page with all their digits.
func (w *watched) reportCells(t *testing.T, day string) map[string]float64 {
	t.Helper()
	page, err := get(t, w.world, "/report?period="+day)
	if err != nil {
		t.Fatal(err)
	}
	_, sheet, ok := strings.Cut(page, `<section id="figures"`)
	if !ok {
		t.Fatalf("no exact figures in %s", tail(page))
	}
	cells := map[string]float64{}
	row := regexp.MustCompile(`<tr><td>([a-z0-9_]+)</td><td[^>]*>[^<]*</td><td[^>]*>(?:<a [^>]*>)?([0-9.,]+)`)
	for _, m := range row.FindAllStringSubmatch(sheet, -1) {
		v, err := strconv.ParseFloat(strings.ReplaceAll(m[2], ",", ""), 64)
		if err != nil {
			t.Fatal(err)
		}
		cells[m[1]] = v
	}
	return cells
}

// workbookCells are those of the workbook.
func (w *watched) workbookCells(t *testing.T, day string) map[string]float64 {
	t.Helper()
	w.must("report", "--period", day, "--out", w.path("everywhere.xlsx"))
	rows, err := openWorkbook(t, w.path("everywhere.xlsx")).GetRows("精确数据", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	cells := map[string]float64{}
	for _, row := range rows {
		if len(row) < 3 {
			continue
		}
		if v, err := strconv.ParseFloat(row[2], 64); err == nil {
			cells[row[0]] = v
		}
	}
	return cells
}

// historySays: the history page shows the same counts, and the same rates cut.
func (w *watched) historySays(t *testing.T, day string, s *kpi.Statement) {
	t.Helper()
	page, err := get(t, w.world, "/history?by=none&period="+day)
	if err != nil {
		t.Fatal(err)
	}
	c := &s.Counts
	agent, _ := kpi.CutPercent(kpi.Ratio{Num: c.Answered, Den: c.Requested}, 2)
	composite, _ := kpi.CutPercent(kpi.Ratio{Num: c.Answered + c.SelfService, Den: c.Offered}, 2)
	want := fmt.Sprintf("合计 %d %d %d %d . %s . %s", c.Offered, c.Requested, c.Answered, c.RequestedAbandoned, agent, composite)
	text := regexp.MustCompile(`[▲▼]`).ReplaceAllString(shownText(t, page), ".")
	if !strings.Contains(text, want) || !strings.Contains(text, s.DataTo.In(shanghai(t)).Format(time.DateTime)) {
		t.Errorf("the history page does not say %q with data to %v:\n%s", want, s.DataTo, tail(text))
	}
}
