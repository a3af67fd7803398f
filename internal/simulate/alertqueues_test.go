package simulate

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/kpi"
)

// knownCases are what sources tell, the most first, and what each is called.
var knownCases = []struct {
	name string
	known
}{
	{"waits and agents", known{true, true}},
	{"waits", known{true, false}},
	{"agents", known{false, true}},
	{"neither", known{false, false}},
}

// queueLine is a line of the table of queues: a cell for each of knownCases.
type queueLine struct {
	what, goal string
	cells      []string
	old        string
}

// queueRig measures streams in all cases.
type queueRig struct {
	t                 *testing.T
	collapse, decline []*sequential // by knownCases
	old               naive
	lines             []queueLine
}

func newQueueRig(t *testing.T) *queueRig {
	r := &queueRig{t: t}
	for _, c := range knownCases {
		r.collapse, r.decline = append(r.collapse, testsNamed(kpi.CollapseTest, c.known)), append(r.decline, testsNamed(kpi.DeclineTest, c.known))
	}
	return r
}

// hold measures a hotline in which nothing is wrong: false pages over all its streams, of
// which one of a single queue and that of all are the same.
func (r *queueRig) hold(what string, trials ...trial) {
	r.t.Helper()
	var streams [][]opening
	var all []opening
	days := 0
	for _, x := range trials {
		days += x.days
		lived := x.decided(r.t)
		all = append(all, lived[""]...)
		for queue, openings := range lived {
			if queue != "" && len(lived) == 2 {
				continue
			}
			streams = append(streams, openings)
		}
	}
	count := func(rule rule) (n int) {
		for _, openings := range streams {
			n += pages(openings, rule)
		}
		return n
	}
	l := queueLine{what: fmt.Sprintf("%s (%.0f%% answered): false pages in 60 days, collapse and decline", what, 100*answeredShare(all)), goal: "≤ 1", old: fmt.Sprintf("%.0f", per60(count(&r.old), days))}
	for i, c := range knownCases {
		collapse, decline := count(r.collapse[i]), count(r.decline[i])
		few := few(collapse, days) && few(decline, days)
		l.cells = append(l.cells, fmt.Sprintf("%.1f, %.1f%s", per60(collapse, days), per60(decline, days), missed(few)))
		if !few {
			r.t.Errorf("%s with %s: %d collapse, %d decline in %d days", what, c.name, collapse, decline, days)
		}
	}
	r.lines = append(r.lines, l)
}

func per60(n, days int) float64 { return float64(n) * days60 / float64(days) }

// few says whether there are no more false pages than one in 60 days; one alone in fewer
// days says nothing yet.
func few(n, days int) bool { return n <= max(1, days/days60) }

// fall measures the delay of a page after a fault.
func (r *queueRig) fall(what string, x trial) {
	r.t.Helper()
	days := x.decided(r.t)[""]
	old, early := delays(days, &r.old)
	l := queueLine{
		what: fmt.Sprintf("%s at %d:00 (%.0f%% before, %.0f%% after): calls until the page, median and 95%%", what, x.leaving, 100*answeredShare(part(days, false)), 100*answeredShare(part(days, true))),
		goal: "below 55, 91", old: fmt.Sprintf("%s (firing already on %d of %d days)", spread(old), early, x.days),
	}
	for i, c := range knownCases {
		got, early := delays(days, r.collapse[i])
		met := quantile(got, 0.5) < 55 && quantile(got, 0.95) < 91 && early*100 <= x.days
		if c.known == (known{}) { // nothing tells a clump from a fall: as with the plain test
			l.cells = append(l.cells, spread(got))
			continue
		}
		l.cells = append(l.cells, spread(got)+missed(met))
		if !met {
			r.t.Errorf("%s at %d:00 with %s: %s, firing already on %d days", what, x.leaving, c.name, spread(got), early)
		}
	}
	r.lines = append(r.lines, l)
}

func (r *queueRig) table() string {
	var b strings.Builder
	head, rule := "| stream | goal |", "|---|---|"
	for _, c := range knownCases {
		head, rule = head+" "+c.name+" |", rule+"---|"
	}
	b.WriteString(head + " `answer rate over 15 minutes < 83%` |\n" + rule + "---|\n")
	for _, l := range r.lines {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", l.what, l.goal, strings.Join(l.cells, " | "), l.old)
	}
	return b.String()
}

func queueQuality(t *testing.T, x extent) string {
	t.Helper()
	r := newQueueRig(t)
	must := func(s *Scenario, err error) *Scenario {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	r.hold("three queues and all", trial{must(branches([3]float64{190, 130, 108})), 200, x.queueDays, 18})
	// So near to the goal one long run is not enough to tell.
	var loaded []trial
	for _, seed := range []uint64{501, 502, 503, 201}[:x.queueRuns] {
		loaded = append(loaded, trial{must(branches([3]float64{243, 176, 150})), seed, x.queueDays, 18})
	}
	r.hold("three queues and all", loaded...)
	monday := must(office(5, 460, 190, 18))
	monday.Arrivals.Weekdays = map[string]float64{"mon": 1.25}
	r.hold("one queue; Mondays have a quarter more calls", trial{monday, 300, x.queueDays, 18})
	year := must(Named(NormalYear))
	year.Surges, year.Absence, year.Sick = Surges{}, 0, Sick{}
	year.Arrivals.PerDay = 600
	r.hold("the ordinary year without surges and absences: six queues that share seven agents, and all; lunch, breaks, Mondays, holidays", trial{year, 301, min(x.queueDays, 290), 18})
	for _, leaving := range []int{10, 15} {
		r.fall("three of five agents leave", trial{must(office(5, 460, 208, leaving)), 9, x.queueTrials, leaving})
	}
	missing := must(office(5, 460, 230, 18))
	missing.Shifts[1].Hours, missing.Agents[4].Shifts = []string{"08:00-09:00"}, []string{"short"}
	days := trial{missing, 10, x.queueTrials, 9}.decided(t)[""]
	l := queueLine{what: fmt.Sprintf("one of five agents leaves at 9:00 (%.0f%% before, %.0f%% after): decline seen the same day", 100*answeredShare(part(days, false)), 100*answeredShare(part(days, true))), goal: "reported"}
	for i := range knownCases {
		got, _ := delays(days, r.decline[i])
		l.cells = append(l.cells, fmt.Sprintf("%.0f%%", 100*seenShare(got)))
	}
	r.lines = append(r.lines, l)
	return r.table()
}

// teams are hotlines of other sizes, with how long a talk lasts when 92 % and 86 % are
// answered.
var teams = []struct {
	agents   int
	perDay   float64
	patience Duration
	talks    [2]float64
}{
	{2, 100, Duration{}, [2]float64{140, 220}},
	{2, 300, Duration{}, [2]float64{45, 73}},
	{3, 150, Duration{}, [2]float64{216, 275}},
	{3, 500, Duration{}, [2]float64{58, 83}},
	{5, 250, Duration{}, [2]float64{272, 355}},
	{5, 1000, Duration{}, [2]float64{58, 77}},
	{8, 600, Duration{}, [2]float64{231, 279}},
	{8, 2000, Duration{}, [2]float64{50, 65}},
	{12, 1000, Duration{}, [2]float64{228, 275}},
	{12, 3000, Duration{}, [2]float64{57, 69}},
	{5, 480, Duration{Kind: lognormal, Mean: time.Minute, CV: 1.3}, [2]float64{100, 142}},
	{5, 480, Duration{Kind: lognormal, Mean: 400 * time.Second, CV: 1.3}, [2]float64{173, 212}},
	{5, 480, Duration{Kind: exponential, Mean: 170 * time.Second}, [2]float64{126, 170}},
	{10, 1000, Duration{Kind: lognormal, Mean: time.Minute, CV: 1.3}, [2]float64{147, 186}},
	{10, 1000, Duration{Kind: lognormal, Mean: 400 * time.Second, CV: 1.3}, [2]float64{208, 238}},
}

// teamQuality is the part on other sizes.
func teamQuality(t *testing.T, x extent) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| agents | calls a day | patience, mean | talk, mean | answered | false pages in 60 days: all known | neither | three of five leave at 10:00: calls until the page, all known | neither |\n|---|---|---|---|---|---|---|---|---|\n")
	r := newQueueRig(t)
	for i, c := range teams {
		patience := "170 s"
		if c.patience.Mean > 0 {
			patience = fmt.Sprintf("%.0f s", c.patience.Mean.Seconds())
		}
		if c.patience.Kind == exponential {
			patience += ", exponential"
		}
		for j, service := range c.talks {
			s, err := team(c.agents, c.perDay, service, c.patience, 18)
			if err != nil {
				t.Fatal(err)
			}
			days := trial{s, uint64(1000 + 10*i + j), x.teamDays, 18}.decided(t)[""]
			row := fmt.Sprintf("| %d | %.0f | %s | %.0f s | %.0f%% |", c.agents, c.perDay, patience, service, 100*answeredShare(days))
			for _, k := range []int{0, len(knownCases) - 1} {
				collapse, decline := pages(days, r.collapse[k]), pages(days, r.decline[k])
				few := few(collapse, x.teamDays) && few(decline, x.teamDays)
				if !few {
					t.Errorf("%s with %s: %d collapse, %d decline in %d days", row, knownCases[k].name, collapse, decline, x.teamDays)
				}
				row += fmt.Sprintf(" %.1f, %.1f%s |", per60(collapse, x.teamDays), per60(decline, x.teamDays), missed(few))
			}
			if j == 0 {
				if s, err = team(c.agents, c.perDay, service, c.patience, 10); err != nil {
					t.Fatal(err)
				}
				days = trial{s, uint64(2000 + i), x.teamTrials, 10}.decided(t)[""]
				for _, k := range []int{0, len(knownCases) - 1} {
					got, _ := delays(days, r.collapse[k])
					row += fmt.Sprintf(" %s |", spread(got))
				}
			} else {
				row += " | |"
			}
			b.WriteString(row + "\n")
		}
	}
	return b.String()
}
