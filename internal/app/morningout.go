package app

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"hotline12333/internal/kpi"
)

// PrintMorning prints a morning for people.
func PrintMorning(out io.Writer, m *kpi.Morning) error {
	w := &printer{out: out}
	day, err := time.Parse(time.DateOnly, m.Date)
	if err != nil {
		return fmt.Errorf("the day of the morning: %w", err)
	}
	to := "no data 无数据"
	if m.DataTo != nil {
		to = m.DataTo.Format("2006-01-02 15:04:05")
	}
	w.line("%s %s %s, data to %s (%s)", m.Date, kpi.Weekday(day).EN, kpi.SortWords(m.Sort, day).EN, to, m.Zone)
	w.line("")
	printClosed(w, m.Before)
	w.line("")
	w.line("to call back: %d, overdue %d, in hand %d; of the last %d days (hotline callbacks)", m.Owed.Owed, m.Owed.Overdue, m.Owed.Taken, m.Owed.Days)
	if m.Owed.NotConnected != "" {
		w.line("  %s", lostUnknown)
	}
	w.line("")
	if m.Refused != "" {
		w.line("nothing can be said of %s: %s", m.Date, m.Refused)
		return w.err
	}
	printStaffing(w, m, day)
	return w.err
}

// WriteMorning prints a morning for programs.
func WriteMorning(out io.Writer, m *kpi.Morning) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(m)
}

func printClosed(w *printer, c *kpi.Closed) {
	if c == nil {
		w.line("no day before has any call")
		return
	}
	if c.Refused != "" {
		w.line("%s: no figures: %s", c.Date, c.Refused)
		return
	}
	rate, ok := kpi.CutPercent(c.Figures.Exact.AnswerRate, 2)
	if !ok {
		rate = "no data"
	}
	counts := &c.Figures.Counts
	w.line("%s closed at an answer rate of %s (%s): answered %d of %d requests, %d not answered", c.Date, rate, c.Target.State.Wording().EN, counts.Answered, counts.Requested, counts.Requested-counts.Answered)
	if d := c.Figures.Definitions["answer_rate"]; !d.Confirmed {
		w.line("  by version %d of its definition, not confirmed 口径待确认", d.Version)
	}
	if c.Lost.EN != "" {
		w.line("  %s", c.Lost.EN)
		w.line("  %s", c.Lost.ZH)
	}
	if !c.Reached {
		w.line("  the data end before its service did")
	}
	for _, g := range c.Gaps {
		w.line("  no record of %s from %s to %s", orDash(g.Source), g.From.Format("15:04"), kpi.ClockUntil(g.To))
	}
	if c.Outages > 0 {
		w.line("  outages entered: %d", c.Outages)
	}
	switch {
	case c.Rejected == nil:
		w.line("  whether records were rejected is not known: Kafka does not answer")
	case *c.Rejected > 0:
		w.line("  records rejected and waiting: %d (hotline rejected list)", *c.Rejected)
	}
}

func printStaffing(w *printer, m *kpi.Morning, day time.Time) {
	s := m.Staff
	switch {
	case s.Closed:
		w.line("%s: no service (%s)", m.Date, kpi.SortWords(m.Sort, day).EN)
		return
	case s.NotConnected != "":
		w.line("%s: nothing can be expected: a source does not know %s", m.Date, s.NotConnected)
		return
	case s.Missing > 0:
		w.line("%s: too little is known to expect anything: %d of %d days like it have records, %d more are needed", m.Date, len(s.Days), kpi.FewestUsualDays, s.Missing)
		return
	}
	w.line("expected: %s calls (%s)", kpi.About(s.Calls.Mean), s.Calls.Bounds())
	if s.Tried != nil {
		w.line("with the seats tried: an expected answer rate of %s", kpi.CutShare(*s.Tried))
	}
	if s.Planned != nil {
		w.line("with the agents usually signed in: an expected answer rate of %s", kpi.CutShare(*s.Planned))
		w.line("  %s", s.ShortWords().EN)
		w.line("  %s", s.ShortWords().ZH)
	}
	w.line("")
	w.line("%-13s %8s %9s %6s %9s %9s %8s %8s %9s", "half hour", "calls", "range", "seats", "expected", "if many", "signed in", "expected", "tried")
	for i := range s.HalfHours {
		h := &s.HalfHours[i]
		mark := ""
		if i == s.Peak {
			mark = "  peak"
		}
		if h.Days == 0 {
			w.line("%s   not known: no like day was in service", h.Name())
			continue
		}
		w.line("%s   %8s %9s %6s %9s %9s %8s %8s %9s%s", h.Name(), kpi.About(h.Calls.Mean), h.Calls.Bounds(),
			whole(h.Seats), share(h.Answered), whole(h.SeatsHigh), mean(h.Planned), share(h.AnsweredPlanned), share(h.Tried), mark)
	}
	w.line("")
	for _, a := range s.Assumptions(m.Sort, day) {
		w.line("- %s", a.EN)
	}
	for _, a := range s.Assumptions(m.Sort, day) {
		w.line("- %s", a.ZH)
	}
}

func whole(n *int) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}

func mean(x *float64) string {
	if x == nil {
		return "-"
	}
	return kpi.MeanAgents(*x)
}

func share(x *float64) string {
	if x == nil {
		return "-"
	}
	return kpi.CutShare(*x)
}
