package web

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"hotline12333/internal/journal"
	"hotline12333/internal/refusal"
)

type totalsPage struct {
	*asked
	Given   totalsGiven
	Days    []totalLine
	Error   string
	Saved   string
	Counter []choice
	status  int // of the answer
}

type totalsGiven struct {
	Day, Counter, Offered, Requested, Answered, Evidence, Reason string
	Replace                                                      bool
}

// totalLine is a day's totals with what became of them.
type totalLine struct {
	heldEntry
	Total journal.ControlTotal
}

// mostLines bounds how many entries a page lists; the command lists all.
const mostLines = 400

// totals lists the control totals of a period.
func (s *Server) totals(w http.ResponseWriter, r *http.Request, v *visitor) error {
	return s.showTotals(w, r, v, totalsPage{Given: totalsGiven{Counter: "pbx"}})
}

func (s *Server) showTotals(w http.ResponseWriter, r *http.Request, v *visitor, p totalsPage) error {
	a, err := s.ask(w, r, v, s.thisQuarter())
	if err != nil {
		return err
	}
	p.asked = a
	for _, c := range []string{"pbx", "carrier"} {
		p.Counter = append(p.Counter, choice{c, s.words.in(a.Lang, "counter_"+c), c == p.Given.Counter})
	}
	list, err := s.deps.Desk.Entries(r.Context(), []journal.Kind{journal.KindControlTotal}, "")
	if err != nil {
		return err
	}
	for i := range list {
		h := &list[i]
		at, err := s.deps.Desk.Span(h.Slot.Period)
		if err != nil || at.From.Before(a.Span.From) || !at.From.Before(a.Span.To) || h.Slot.Centre != "" && h.Slot.Centre != a.Centre {
			continue
		}
		for j := len(h.Entries) - 1; j >= 0 && len(p.Days) < mostLines; j-- {
			e := &h.Entries[j]
			total, err := journal.Decode[journal.ControlTotal](e)
			if err != nil {
				return err
			}
			p.Days = append(p.Days, totalLine{heldEntry{Entry: *e, Holds: e == h.Holds()}, total})
		}
	}
	s.show(w, r, p.status, shown{page: "totals", title: "entries", visitor: v, body: p})
	return nil
}

// enterTotals takes a day, or a file of days.
func (s *Server) enterTotals(w http.ResponseWriter, r *http.Request, v *visitor) error {
	if err := r.ParseMultipartForm(1 << 20); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return refuse(http.StatusBadRequest, refusal.Errorf("表单无法读取:文件可能过大或传送中断", "reading the form: %v", err))
	}
	p := totalsPage{Given: totalsGiven{
		Day: field(r, "day"), Counter: field(r, "counter"), Offered: field(r, "offered"), Requested: field(r, "requested"), Answered: field(r, "answered"),
		Evidence: field(r, "evidence"), Reason: field(r, "reason"), Replace: r.FormValue("replace") != "",
	}}
	done, err := s.keepTotals(r, v, &p.Given)
	if errors.Is(err, ErrNotAnswering) {
		return err
	}
	l, _ := s.tastes(w, r)
	if err != nil {
		p.status, p.Error = http.StatusUnprocessableEntity, s.told(l, err)
	} else {
		p.Saved = s.words.in(l, "totals_saved", done.Entered, done.Replaced, done.Unchanged)
		p.Given = totalsGiven{Counter: p.Given.Counter, Evidence: p.Given.Evidence}
	}
	return s.showTotals(w, r, v, p)
}

func (s *Server) keepTotals(r *http.Request, v *visitor, g *totalsGiven) (done TotalsDone, err error) {
	t := Totals{Counter: g.Counter, Centre: centreOf(r, v), Day: g.Day, Author: Author{By: v.Name, Evidence: g.Evidence, Reason: g.Reason}}
	t.Replace = g.Replace
	for name, at := range map[string]struct {
		title, text string
		to          **int64
	}{"offered": {"来电总量", g.Offered, &t.Offered}, "requested": {"人工请求量", g.Requested, &t.Requested}, "answered": {"人工接听量", g.Answered, &t.Answered}} {
		if at.text == "" {
			continue
		}
		n, err := strconv.ParseInt(at.text, 10, 64)
		if err != nil {
			return done, refusal.Errorf("%[1]s“%[3]s”不是整数", "%[2]s: %[3]q is no whole number", at.title, name, at.text)
		}
		*at.to = &n
	}
	if file, head, err := r.FormFile("file"); err == nil {
		defer func() { _ = file.Close() }() // only read from
		t.File, t.FileName = file, head.Filename
	}
	return s.deps.Desk.EnterTotals(r.Context(), t)
}

type outagesPage struct {
	*asked
	Given  outageGiven
	List   []outageLine
	Past   []heldEntry
	Error  string
	Theirs *heldEntry
	Saved  bool
	status int // of the answer
}

type outageGiven struct {
	ID, From, To, Cause, Source, Evidence, Reason, Replaces string
	Withdraw                                                bool
}

type outageLine struct {
	heldEntry
	Outage journal.Outage
}

// formTime is how browsers send date and time of a form, in the zone of the hotline.
const formTime = "2006-01-02T15:04"

// outages lists them; one is changed when its id is given.
func (s *Server) outages(w http.ResponseWriter, r *http.Request, v *visitor) error {
	return s.showOutages(w, r, v, outagesPage{Given: outageGiven{ID: r.FormValue("id")}, Saved: r.FormValue("saved") != ""})
}

func (s *Server) showOutages(w http.ResponseWriter, r *http.Request, v *visitor, p outagesPage) error {
	a, err := s.ask(w, r, v, s.thisQuarter())
	if err != nil {
		return err
	}
	p.asked = a
	list, err := s.deps.Desk.Entries(r.Context(), []journal.Kind{journal.KindOutage}, "")
	if err != nil {
		return err
	}
	zone := s.deps.Desk.Zone()
	for i := len(list) - 1; i >= 0; i-- {
		h := &list[i]
		if h.Slot.Centre != "" && h.Slot.Centre != a.Centre {
			continue
		}
		e := h.Newest()
		o, err := journal.Decode[journal.Outage](e)
		if err != nil {
			return err
		}
		line := outageLine{heldEntry{Entry: *e, Text: s.bodyText(a.Lang, e), Holds: e == h.Holds()}, o}
		if len(p.List) < mostLines {
			p.List = append(p.List, line)
		}
		if h.Slot.Subject == p.Given.ID && p.Error == "" && p.Theirs == nil {
			p.Given = outageGiven{ID: p.Given.ID, From: o.From.In(zone).Format(formTime), Cause: o.Cause, Source: o.Source, Evidence: e.Evidence, Replaces: e.ID}
			if o.To != nil {
				p.Given.To = o.To.In(zone).Format(formTime)
			}
		}
	}
	s.show(w, r, p.status, shown{page: "outages", title: "entries", visitor: v, body: p})
	return nil
}

// enterOutage registers an outage, or changes one.
func (s *Server) enterOutage(w http.ResponseWriter, r *http.Request, v *visitor) error {
	g := outageGiven{
		ID: r.FormValue("id"), From: field(r, "begins"), To: field(r, "ends"), Cause: field(r, "cause"), Source: field(r, "source"),
		Evidence: field(r, "evidence"), Reason: field(r, "reason"), Replaces: r.FormValue("replaces"), Withdraw: r.FormValue("withdraw") != "",
	}
	l, _ := s.tastes(w, r)
	centre := centreOf(r, v)
	err := s.keepOutage(r, v, &g)
	var conflict *journal.Conflict
	switch {
	case err == nil:
		http.Redirect(w, r, query("/entries/outages", "centre", centre, "saved", "1"), http.StatusSeeOther)
		return nil
	case errors.As(err, &conflict) && conflict.Newest != nil:
		g.Replaces = conflict.Newest.ID
		return s.showOutages(w, r, v, outagesPage{status: http.StatusConflict, Given: g, Theirs: &heldEntry{Entry: *conflict.Newest, Text: s.bodyText(l, conflict.Newest)}})
	case errors.Is(err, ErrNotAnswering):
		return err
	}
	return s.showOutages(w, r, v, outagesPage{status: http.StatusUnprocessableEntity, Given: g, Error: s.told(l, err)})
}

func (s *Server) keepOutage(r *http.Request, v *visitor, g *outageGiven) error {
	o := Outage{ID: g.ID, Centre: centreOf(r, v), Author: Author{By: v.Name, Reason: g.Reason, Evidence: g.Evidence, Replaces: g.Replaces, Withdraw: g.Withdraw}}
	o.Cause, o.Source = g.Cause, g.Source
	zone := s.deps.Desk.Zone()
	if g.From != "" {
		at, err := time.ParseInLocation(formTime, g.From, zone)
		if err != nil {
			return refusal.Errorf("开始“%s”不是日期和时间:请写成 2026-03-02T09:30", "the beginning %q is no day and time: write it as 2026-03-02T09:30", g.From)
		}
		o.From = at
	}
	if g.To != "" {
		at, err := time.ParseInLocation(formTime, g.To, zone)
		if err != nil {
			return refusal.Errorf("结束“%s”不是日期和时间:请写成 2026-03-02T09:30", "the end %q is no day and time: write it as 2026-03-02T09:30", g.To)
		}
		o.To = &at
	}
	_, err := s.deps.Desk.EnterOutage(r.Context(), o)
	return err
}
