package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hotline12333/internal/kpi"
	"hotline12333/internal/web/people"
)

// MorningQuery asks for a morning.
type MorningQuery struct {
	Date   string // 2026-03-02; empty: today
	Centre string
	Seats  int // to be tried; 0: none
}

// Mornings says how the last day closed and what a day is expected to need, as hotline
// morning does.
type Mornings interface {
	Morning(context.Context, MorningQuery) (*kpi.Morning, error)
}

type morningPage struct {
	*asked
	Date            string
	Today, Tomorrow string // addresses
	Seats           string
	M               *kpi.Morning
	Waits           []errandLine // for the visitor
	Weekday, Sort   kpi.Wording
	Before          *morningBefore
	Parts           [][]morningRow // of one table, beside each other where there is room
	Chart           *staffChart
	Assumed         []kpi.Wording
	Tried, Planned  *morningShare // of the day
	PeakMany        string        // seats needed at the peak if many call
}

// errandLine is an errand in words.
type errandLine struct {
	errand
	Text string
}

type morningBefore struct {
	*kpi.Closed
	Weekday kpi.Wording
	Figures []morningFigure
	Hours   string // address of the hours
	Waiting int64  // records that were rejected
}

type morningFigure struct {
	Name, Text, Of string
	State          kpi.State // empty: it has no target
	Note, Href     string
	Definition     string // of what the centre confirms
}

// Judged says whether the figure has a value to be held against its target.
func (f morningFigure) Judged() bool {
	return f.State == kpi.Met || f.State == kpi.Near || f.State == kpi.Missed
}

// morningShare is an expected share of calls answered.
type morningShare struct {
	Text string
	Met  bool
}

type morningRow struct {
	*kpi.HalfHour
	Calls, Range    string
	Peak, Quiet     bool
	Answered        *morningShare
	Occupied        string
	Tried, Expected *morningShare // with the seats tried, with those usually signed in
	Planned         string
}

func (s *Server) morning(w http.ResponseWriter, r *http.Request, v *visitor) error {
	a, err := s.ask(w, r, v, s.thisQuarter())
	if err != nil {
		return err
	}
	q := MorningQuery{Date: strings.TrimSpace(r.FormValue("date")), Centre: a.Centre}
	if text := strings.TrimSpace(r.FormValue("seats")); text != "" {
		if q.Seats, err = strconv.Atoi(text); err != nil || q.Seats < 1 {
			return refuse(http.StatusBadRequest, s.says("morning_seats_wrong", text))
		}
	}
	page := morningPage{asked: a}
	if q.Seats > 0 {
		page.Seats = strconv.Itoa(q.Seats)
	}
	err = s.busy(r, func(ctx context.Context) (err error) {
		page.M, err = s.deps.Desk.Morning(ctx, q)
		return err
	})
	if err != nil {
		return err
	}
	day, err := time.Parse(time.DateOnly, page.M.Date)
	if err != nil {
		return fmt.Errorf("the day of the morning: %w", err)
	}
	s.fillMorning(&page, day, v)
	for _, e := range s.hub.errands.of(v) {
		if page.Centre != "" && e.Centre != page.Centre {
			continue
		}
		page.Waits = append(page.Waits, errandLine{errand: e, Text: s.words.in(a.Lang, e.Word, e.By, a.Lang.word(e.What))})
	}
	s.show(w, r, http.StatusOK, shown{page: "morning", title: "morning", visitor: v, body: page})
	return nil
}

func (s *Server) fillMorning(page *morningPage, day time.Time, v *visitor) {
	m := page.M
	page.Date, page.Weekday, page.Sort = m.Date, kpi.Weekday(day), kpi.SortWords(m.Sort, day)
	today := s.deps.Now().In(s.deps.Desk.Zone())
	page.Today = query("/morning", "centre", page.Centre)
	page.Tomorrow = query("/morning", "date", kpi.DayStart(today.Year(), today.Month(), today.Day()+1, today.Location()).Format(time.DateOnly), "centre", page.Centre)
	page.Before = s.morningBefore(page.asked, m.Before, v)
	if m.Staff == nil || !m.Staff.Told() {
		return
	}
	staff := m.Staff
	page.Assumed = staff.Assumptions(m.Sort, day)
	share := func(x *float64) *morningShare {
		if x == nil {
			return nil
		}
		return &morningShare{Text: kpi.CutShare(*x), Met: *x >= staff.Goal.Answered}
	}
	page.Tried, page.Planned = share(staff.Tried), share(staff.Planned)
	if staff.Peak >= 0 && staff.HalfHours[staff.Peak].SeatsHigh != nil {
		page.PeakMany = strconv.Itoa(*staff.HalfHours[staff.Peak].SeatsHigh)
	}
	var rows []morningRow
	for i := range staff.HalfHours {
		h := &staff.HalfHours[i]
		row := morningRow{HalfHour: h, Peak: i == staff.Peak, Quiet: h.Days > 0 && h.Calls.Mean == 0}
		row.Calls, row.Range = kpi.About(h.Calls.Mean), h.Calls.Bounds()
		row.Answered, row.Tried, row.Expected = share(h.Answered), share(h.Tried), share(h.AnsweredPlanned)
		if h.Busy != nil {
			row.Occupied = kpi.CutShare(*h.Busy)
		}
		if h.Planned != nil {
			row.Planned = kpi.MeanAgents(*h.Planned)
		}
		rows = append(rows, row)
	}
	if n := len(rows); n > mostInOne {
		page.Parts = [][]morningRow{rows[:(n+1)/2], rows[(n+1)/2:]}
	} else {
		page.Parts = [][]morningRow{rows}
	}
	page.Chart = newStaffChart(staff)
}

// mostInOne is how many half hours stand in one table: a day of a hotline with office hours.
// A longer day has two, so that it goes on a sheet of paper.
const mostInOne = 24

func (s *Server) morningBefore(a *asked, c *kpi.Closed, v *visitor) *morningBefore {
	if c == nil {
		return nil
	}
	b := &morningBefore{Closed: c, Hours: query("/history", "from", c.Date, "to", c.Date, "by", "hour", "centre", a.Centre)}
	if day, err := time.Parse(time.DateOnly, c.Date); err == nil {
		b.Weekday = kpi.Weekday(day)
	}
	if c.Rejected != nil {
		b.Waiting = *c.Rejected
	}
	if c.Figures == nil {
		return b
	}
	counts, f := &c.Figures.Counts, &c.Figures.Exact
	at := Trace{Period: c.Date, Place: kpi.Place{Centre: a.Centre}}
	add := func(figure, word string, r kpi.Ratio, target *kpi.Target) *morningFigure {
		n := morningFigure{Name: s.words.in(a.Lang, word), Of: group(r.Num) + " / " + group(r.Den)}
		text, ok := kpi.CutPercent(r, 2)
		if !ok {
			text, n.Of = s.missing(a.Lang, r), ""
		}
		n.Text = text
		if target != nil {
			n.Name = s.words.in(a.Lang, word, strconv.FormatFloat(100*target.Value(), 'f', -1, 64)+"%")
			n.State = kpi.Judge(r, *target).State
			d := c.Figures.Definitions[figure]
			n.Definition = s.words.in(a.Lang, "morning_definition", d.Version, s.words.in(a.Lang, "unconfirmed"))
			if d.Confirmed {
				n.Definition = s.words.in(a.Lang, "morning_definition", d.Version, s.words.in(a.Lang, "confirmed"))
			}
		}
		if v.Role.May(people.Trace) {
			at.Figure = figure
			n.Href = callsOf(at)
		}
		b.Figures = append(b.Figures, n)
		return &b.Figures[len(b.Figures)-1]
	}
	lead := add("answer_rate", "morning_rate", f.AnswerRate, &kpi.AnswerRateTarget)
	switch left := c.Target.MissesLeft; {
	case left == nil:
	case *left >= 0:
		lead.Note = s.words.in(a.Lang, "morning_left", group(*left))
	default:
		lead.Note = s.words.in(a.Lang, "morning_over", group(-*left))
	}
	add("answer_rate_composite", "rate_composite", f.AnswerRateComposite, nil)
	add("response_timeliness", "morning_timeliness", f.ResponseTimeliness, &kpi.TimelinessTarget)
	asa, ok := kpi.CutSeconds(f.ASA, 1)
	if !ok {
		asa = s.missing(a.Lang, f.ASA)
	}
	b.Figures = append(b.Figures, morningFigure{Name: s.words.in(a.Lang, "asa"), Text: asa})
	lost := morningFigure{Name: s.words.in(a.Lang, "morning_lost"), Text: group(counts.Requested - counts.Answered)}
	if counts.NotConnected["requested"] != "" {
		lost.Text = s.words.in(a.Lang, "not_connected")
	}
	if v.Role.May(people.Trace) {
		at.Figure = "answer_rate_agent"
		lost.Href = callsOf(at)
	}
	b.Figures = append(b.Figures, lost)
	return b
}
