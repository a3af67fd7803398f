package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/kpi"
	"hotline12333/internal/ruleset"
	"hotline12333/pipelines"
)

var shanghai = time.FixedZone("Asia/Shanghai", 8*3600)

// planted are names that a spreadsheet, a page or a document could take for something else.
var planted = []string{
	"=cmd|'/c calc'!A1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "<script>alert(1)</script>", "a & b \"c\" 'd'", "]]>", "咨询\x00\x0b", "{{.}}",
}

// sampler makes the input of a report of the first quarter of 2026.
type sampler struct {
	t       *testing.T
	in      Input
	entered []kpi.Entered
	budget  kpi.Execution
}

func newSampler(t *testing.T, period string) *sampler {
	t.Helper()
	span, err := kpi.ParsePeriod(period, shanghai)
	if err != nil {
		t.Fatal(err)
	}
	return &sampler{t: t, in: Input{
		Program: "test", Span: span, Until: span.To,
		Count:   kpi.Build{Zone: shanghai, Definitions: kpi.DefaultDefinitions()},
		Quality: Quality{RejectedKnown: true},
		Definitions: []Definition{
			{Code: "answer_rate", Name: kpi.Wording{ZH: "接通率", EN: "answer rate"}, Text: kpi.Wording{ZH: "人工接听÷人工请求", EN: "answered / requested"}, Version: 1, Official: true},
		},
	}}
}

// add counts calls in a quarter hour under each of the names.
func (s *sampler) add(at time.Time, t kpi.Tally, names ...string) {
	if t.DataTo.IsZero() {
		t.DataTo = at.Add(10 * time.Minute)
	}
	e := kpi.Entry{Key: kpi.Key{Dimension: kpi.ByQueue, Bucket: at.UTC(), Centre: "default", Source: "pbx"}, Tally: t}
	s.in.Year = append(s.in.Year, e)
	for _, name := range names {
		e.Key.Name = name
		e.Key.Dimension = kpi.ByQueue
		s.in.Queues = append(s.in.Queues, e)
		e.Key.Dimension = kpi.ByTopic
		s.in.Topics = append(s.in.Topics, e)
		e.Key.Dimension = kpi.ByAgent
		s.in.Agents = append(s.in.Agents, e)
	}
}

// golden is the vector of the definitions: 100 requested, 83 answered, 70 of them within
// 20 s; 17 abandoned, 5 below 5 s, 5 more within 20 s, 7 later.
func golden() kpi.Tally {
	return kpi.Tally{
		Calls: 100, Answered: 83, AbandonedQueue: 17,
		WaitAnswered:  kpi.Hist{15: 40, 20: 30, 45: 13},
		WaitAbandoned: kpi.Hist{3: 5, 18: 5, 60: 7},
		WaitMillis:    83 * 16_250, WaitMillisMax: 60_000, TalkMillis: 83 * 180_000, Legs: 83,
	}
}

// build makes the report, with all forms.
func (s *sampler) build() *Report {
	s.t.Helper()
	rules, err := ruleset.Load(pipelines.Rules, ruleset.DefaultConfig(), shanghai)
	if err != nil {
		s.t.Fatal(err)
	}
	set, err := rules.Indicators.Of(2026)
	if err != nil {
		s.t.Fatal(err)
	}
	s.in.Unit = set.Centre
	for i := range set.Tables {
		for _, kind := range kpi.FormKinds() {
			form, err := rules.Forms.Lookup(kind, set.Tables[i].Number)
			if err != nil {
				s.t.Fatal(err)
			}
			s.in.Forms = append(s.in.Forms, Filled{
				Form: form, Centre: set.Centre,
				Evaluation: kpi.Evaluation{
					Table: &set.Tables[i], Year: 2026, Working: kpi.Progress{Done: 59, All: 248}, Entered: s.of(&set.Tables[i]), Execution: s.budget,
				},
			})
		}
	}
	r, err := Build(s.in)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *sampler) of(t *kpi.Table) []kpi.Entered {
	var list []kpi.Entered
	for _, e := range s.entered {
		if _, ok := t.Row(e.Code); ok {
			list = append(list, e)
		}
	}
	return list
}

// enterAll enters the target itself for everything that persons enter, and 90% for what
// they grade, for the sampler's period.
func (s *sampler) enterAll() {
	s.t.Helper()
	rules, err := ruleset.Load(pipelines.Rules, ruleset.DefaultConfig(), shanghai)
	if err != nil {
		s.t.Fatal(err)
	}
	set, err := rules.Indicators.Of(2026)
	if err != nil {
		s.t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, t := range set.Tables {
		for i := range t.Rows {
			r := &t.Rows[i]
			if r.Figure != "" || seen[r.Code] {
				continue
			}
			seen[r.Code] = true
			e := kpi.Entered{Code: r.Code, Span: s.in.Span, By: "王五", Evidence: "台账1号"}
			if r.Sign == kpi.Graded {
				e.Score, e.Reason = big.NewRat(90, 1), "服务网点已覆盖"
			} else {
				e.Value = r.Target.Rat()
			}
			s.entered = append(s.entered, e)
		}
	}
	s.budget = kpi.Execution{Adjusted: big.NewRat(170, 1), Executed: big.NewRat(165, 1)}
}

func (r *Report) table(t *testing.T, number string, kind kpi.FormKind) *FilledTable {
	t.Helper()
	for i := range r.Tables {
		if r.Tables[i].Number == number && r.Tables[i].Form == kind {
			return &r.Tables[i]
		}
	}
	t.Fatalf("no form %s of table %s", kind, number)
	return nil
}

func (x *FilledTable) row(t *testing.T, code string) *Indicator {
	t.Helper()
	for i := range x.Rows {
		if x.Rows[i].Code == code {
			return &x.Rows[i]
		}
	}
	t.Fatalf("table %s has no %s", x.Number, code)
	return nil
}

func TestBuildScores(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, shanghai)
	year := func(answered, lost, self int64) *Report {
		s := newSampler(t, "2026")
		s.add(at, kpi.Tally{Calls: answered + lost + self, Answered: answered, AbandonedQueue: lost, SelfService: self, WaitAnswered: kpi.Hist{10: answered}})
		return s.build()
	}
	for _, c := range []struct {
		name, code, shown, score string
		state                    kpi.State
		report                   *Report
	}{
		{"98,000 of 100,000", "answered_calls", "9.80", "2.45", kpi.Near, year(98_000, 10, 0)},
		{"99,960 are not ten times ten thousand", "answered_calls", "9.99", "2.49", kpi.Near, year(99_960, 10, 0)},
		{"100,000 are", "answered_calls", "10.00", "2.50", kpi.Met, year(100_000, 10, 0)},
		{"78.56% against 83", "answer_rate", "78.56", "1.89", kpi.Missed, year(85_582, 108_934-85_582, 0)},
		{"82.996% is not 83.00%", "answer_rate", "82.99", "1.99", kpi.Near, year(82_996, 100_000-82_996, 0)},
		{"83% is", "answer_rate", "83.00", "2.00", kpi.Met, year(83, 17, 0)},
	} {
		r := c.report.table(t, "13", kpi.SelfEvaluation).row(t, c.code)
		if r.Shown != c.shown || r.ScoreShown != c.score || r.State != c.state {
			t.Errorf("%s: shown %s, score %s, %s; want %s, %s, %s", c.name, r.Shown, r.ScoreShown, r.State, c.shown, c.score, c.state)
		}
	}
	// The composite rate of the same bulletin, once it is what the centre goes by.
	s := newSampler(t, "2026")
	s.in.Count.Definitions.AnswerRate = kpi.RateComposite
	s.add(at, kpi.Tally{Calls: 263_851, Answered: 85_582, SelfService: 154_917, AbandonedQueue: 263_851 - 85_582 - 154_917, WaitAnswered: kpi.Hist{10: 85_582}})
	if r := s.build().table(t, "14", kpi.SelfEvaluation).row(t, "answer_rate"); r.Shown != "91.14" || r.Score != "2" || r.State != kpi.Met {
		t.Errorf("composite: %s, %s, %s", r.Shown, r.Score, r.State) // 91.1496…%, cut
	}
}

func TestBuildTotals(t *testing.T) {
	s := newSampler(t, "2026")
	s.add(time.Date(2026, 3, 2, 9, 0, 0, 0, shanghai), kpi.Tally{Calls: 100_000, Answered: 100_000, WaitAnswered: kpi.Hist{10: 100_000}})
	s.enterAll()
	r := s.build()
	x := r.table(t, "13", kpi.SelfEvaluation)
	// All of 90 but what no ticket gives, and 90% of the graded 20, and 165/170 of 10.
	if x.Total != "" || len(x.Unscored) != 1 || x.Unscored[0] != "consultation_timeliness" {
		t.Fatalf("total %q, unscored %v", x.Total, x.Unscored)
	}
	want := new(big.Rat).Add(big.NewRat(90-2-2, 1), big.NewRat(1650, 170)).FloatString(2) // 68 + 18 + 9.7058…
	if got := cutText(x.Reached); got != "95.70" || want != "95.71" {
		t.Errorf("reached %s (%s), rounded %s", got, x.Reached, want)
	}
}

// TestPeriodsOfAYear holds what a quarter, the months and the year to date say against
// each other.
func TestPeriodsOfAYear(t *testing.T) {
	s := newSampler(t, "2026Q2")
	for m := time.January; m <= time.June; m++ {
		s.add(time.Date(2026, m, 10, 9, 0, 0, 0, shanghai), golden(), "社保")
	}
	r := s.build()
	if got := [3]int64{r.Total.Counts.Answered, r.YearToDate.Counts.Answered, int64(len(r.Months))}; got != [3]int64{249, 498, 6} {
		t.Errorf("quarter, year, months: %v", got)
	}
	if self := r.table(t, "13", kpi.SelfEvaluation).row(t, "answered_calls"); *self.Numerator != 249 {
		t.Errorf("self-evaluation counts %d, want those of the quarter", *self.Numerator)
	}
	if m := r.table(t, "13", kpi.Monitoring).row(t, "answered_calls"); *m.Numerator != 498 {
		t.Errorf("monitoring counts %d, want those of the year", *m.Numerator)
	}
	if len(r.Days) != 3 || r.Days[0].Key != "2026-04-10" || len(r.Weeks) != 3 && len(r.Weeks) != 2 {
		t.Errorf("%d days from %s, %d hours of the week", len(r.Days), r.Days[0].Key, len(r.Weeks))
	}
}

func TestControlsDiffer(t *testing.T) {
	s := newSampler(t, "2026-03")
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, shanghai)
	s.add(day.Add(9*time.Hour), golden())
	n := func(v int64) *int64 { return &v }
	s.in.Controls = []Control{
		{Day: day.AddDate(0, 0, 1), By: "运营商", Answered: n(4), Evidence: "=话单"},
		{Day: day, By: "运营商", Offered: n(100), Answered: n(84)},
	}
	q := s.build().Quality
	if fmt.Sprint(len(q.Differences), q.Controls, q.Differences[0].Counted, q.Differences[0].Control, q.Differences[1].Counted, q.Differences[1].Control) != "2 2 83 84 0 4" {
		t.Errorf("%+v", q)
	}
}

// TestControlsOfCentres: in a report of all centres the count of one is held against the calls
// of that one, and the report says whose it is; one of all is held against all.
func TestControlsOfCentres(t *testing.T) {
	s := newSampler(t, "2026-03")
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, shanghai)
	s.add(day.Add(9*time.Hour), golden())
	s.add(day.Add(9*time.Hour), golden())
	s.in.Year[1].Key.Centre = "north"
	n := func(v int64) *int64 { return &v }
	s.in.Controls = []Control{
		{Day: day, Centre: "north", By: "carrier", Answered: n(83)},
		{Day: day, Centre: "default", By: "carrier", Answered: n(80)},
		{Day: day, Centre: "south", By: "carrier", Answered: n(7)},
		{Day: day, By: "carrier", Answered: n(166)},
	}
	s.in.Quality.Outages = []Outage{{Centre: "south", From: day, Cause: "停电"}, {From: day, Cause: "运营商"}}
	s.in.Quality.ValuesElsewhere = 2
	s.in.Quality.Sealed = []SealedSince{{Title: "2026Q1", At: day}}
	r := s.build()
	var got []string
	for _, d := range r.Quality.Differences {
		got = append(got, fmt.Sprintf("%s %d/%d", d.Centre, d.Counted, d.Control))
	}
	if want := "[default 83/80 south 0/7]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
	told := func() string {
		var b bytes.Buffer
		if err := Render(&b, r, Options{Format: HTML, Lang: English}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	page := told()
	for _, want := range []string{"default: carrier", "south: 停电", "held against the calls of that centre", "2 more were entered for single centres"} {
		if !strings.Contains(page, want) {
			t.Errorf("the report of all does not say %q", want)
		}
	}
	s.in.Centre, s.in.Controls, s.in.Quality.ControlsElsewhere = "south", s.in.Controls[2:3], 1
	r = s.build()
	page = told()
	for _, want := range []string{"centre: south", "1 more control totals are of the whole system", "are no values of this one"} {
		if !strings.Contains(page, want) {
			t.Errorf("the report of one does not say %q", want)
		}
	}
	if strings.Contains(page, "south: ") {
		t.Error("the report of one centre names it on every line")
	}
}

// TestZeroIsNoGap: a counted 0 is 0 in JSON; what is undefined is null.
func TestZeroIsNoGap(t *testing.T) {
	s := newSampler(t, "2026-03")
	told := func() map[string]any {
		var b bytes.Buffer
		if err := Render(&b, s.build(), Options{Format: JSON}); err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Tables []struct{ Rows []map[string]any }
		}
		if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		for _, row := range doc.Tables[0].Rows {
			if row["code"] == "answer_rate" {
				return row
			}
		}
		t.Fatal("no row of the answer rate")
		return nil
	}
	for _, field := range []string{"numerator", "denominator"} {
		if v, there := told()[field]; v != nil || !there {
			t.Errorf("%s without calls: %v, there: %v", field, v, there)
		}
	}
	s.add(time.Date(2026, 3, 2, 9, 0, 0, 0, shanghai), kpi.Tally{Calls: 4, AbandonedQueue: 4})
	if row := told(); row["numerator"] != 0.0 || row["denominator"] != 4.0 || row["value"] != "0" {
		t.Errorf("nobody was answered: %v / %v = %v", row["numerator"], row["denominator"], row["value"])
	}
}

func TestDraftUntilConfirmed(t *testing.T) {
	s := newSampler(t, "2026")
	s.add(time.Date(2026, 3, 2, 9, 0, 0, 0, shanghai), golden())
	if r := s.build(); !r.Draft || !strings.Contains(fmt.Sprint(r.table(t, "13", kpi.SelfEvaluation).row(t, "answer_rate").Flags), string(kpi.FlagUnconfirmed)) {
		t.Error("an unconfirmed definition does not make a draft")
	}
	s.in.Definitions[0].Confirmed, s.in.Forms = true, nil
	if s.build().Draft {
		t.Error("a confirmed one does")
	}
}

// TestTextsTooLongForARow are no reason to give no report.
func TestTextsTooLongForARow(t *testing.T) {
	s := newSampler(t, "2026-03")
	long := strings.Repeat("社会保险关系转移接续咨询", 500)
	s.in.Notices = []kpi.Wording{{ZH: long, EN: long}}
	s.add(time.Date(2026, 3, 2, 9, 0, 0, 0, shanghai), kpi.Tally{Calls: 100, Answered: 50, AbandonedQueue: 50, WaitAnswered: kpi.Hist{5: 50}}, long)
	r := s.build()
	for _, l := range []Lang{Chinese, English} {
		for _, f := range ReportFormats() {
			if err := Render(io.Discard, r, Options{Format: f, Lang: l}); err != nil {
				t.Errorf("%s, %s: %v", f, l, err)
			}
		}
	}
}
