package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/refusal"
	"hotline12333/internal/web/people"
)

// shiftPage is the change of shifts: the state now, what is still open, and what was handed
// over before.
type shiftPage struct {
	*asked
	Now     journal.ShiftState
	State   []stateLine
	Shifts  *journal.Shifts
	Shown   *shiftDoc // one that is past, or that waits
	Own     bool      // it waits, and the visitor has handed it over
	Sign    bool      // the visitor may sign
	Unnamed bool      // they might, signed in
	Seen    string
	Given   shiftGiven
	Did     string
	Error   string
	status  int // of the answer
}

type shiftGiven struct {
	Notes, Points, Remark, Reason string
	Done                          []string
}

// Ticked says whether a point was ticked off in the form.
func (g shiftGiven) Ticked(id string) bool { return slices.Contains(g.Done, id) }

// shiftDoc is a hand-over to be read and printed.
type shiftDoc struct {
	*journal.SignedHandover
	Lines []stateLine
}

// stateLine is a line of the state: as it was signed, and as it is now.
type stateLine struct {
	Word, Then, Now string
	List            []string // instead of Then
	Bad             bool
}

// mostShifts bounds the list of past hand-overs.
const mostShifts = 120

// askShift reads the centre.
func (s *Server) askShift(w http.ResponseWriter, r *http.Request, v *visitor) (*shiftPage, error) {
	l, _ := s.tastes(w, r)
	p := &shiftPage{asked: &asked{Lang: l, Centre: centreOf(r, v)}}
	p.Unnamed = v.Role.May(people.Lead) && v.Name == nobody
	p.Sign = v.Role.May(people.Lead) && v.Name != nobody
	err := s.centresTo(r, v, p.asked)
	return p, err
}

// stateNow is the state with what the program itself knows of alerts.
func (s *Server) stateNow(r *http.Request, centre string) (journal.ShiftState, error) {
	state, err := s.deps.Desk.ShiftState(r.Context(), centre)
	if err != nil || s.deps.Alarms == nil {
		return state, err
	}
	alarms := s.deps.Alarms.State()
	if alarms.At.IsZero() {
		return state, nil
	}
	list := []journal.ShiftAlarm{}
	for _, a := range alarms.Firing {
		if centre == "" || a.Centre == "" || a.Centre == centre {
			list = append(list, journal.ShiftAlarm{Name: a.Name, Severity: a.Severity, Summary: a.Summary.ZH, SummaryEN: a.Summary.EN, Since: a.Since.UTC().Truncate(time.Second)})
		}
	}
	state.Alarms = &list
	if m := alarms.Maintenance; m != nil {
		state.Maintenance = &journal.Maintenance{From: m.From, To: m.To, Cause: m.Reason}
	}
	return state, nil
}

// shift is the page of the change of shifts.
func (s *Server) shift(w http.ResponseWriter, r *http.Request, v *visitor) error {
	p, err := s.askShift(w, r, v)
	if err != nil {
		return err
	}
	if did := r.FormValue("did"); s.words.has("shift_did_" + did) {
		p.Did = s.words.in(p.Lang, "shift_did_"+did)
	}
	return s.showShift(w, r, v, p)
}

func (s *Server) showShift(w http.ResponseWriter, r *http.Request, v *visitor, p *shiftPage) error {
	state, err := s.stateNow(r, p.Centre)
	if err != nil {
		return err
	}
	if p.Shifts, err = s.deps.Desk.Shifts(r.Context(), p.Centre); err != nil {
		return err
	}
	p.Now, p.State = state, s.stateLines(p.Lang, &state, &state)
	if len(p.Shifts.List) > 0 {
		p.Seen = p.Shifts.List[0].Entry
	}
	if pending := p.Shifts.Pending; pending != nil {
		p.Shown = &shiftDoc{pending, s.stateLines(p.Lang, &pending.State, &state)}
		p.Own = pending.Outgoing == v.Name
	}
	p.Shifts.List = p.Shifts.List[:min(len(p.Shifts.List), mostShifts)]
	s.show(w, r, p.status, shown{page: "shift", title: "shift", visitor: v, body: p})
	return nil
}

// pastShift is one hand-over, on a sheet of its own.
func (s *Server) pastShift(w http.ResponseWriter, r *http.Request, v *visitor) error {
	p, err := s.askShift(w, r, v)
	if err != nil {
		return err
	}
	if p.Shifts, err = s.deps.Desk.Shifts(r.Context(), p.Centre); err != nil {
		return err
	}
	id := r.FormValue("id")
	h := p.Shifts.Find(id)
	if h == nil {
		return refusal.Errorf("没有交接班记录 %s", "there is no hand-over %s", id).Because(ErrNotFound)
	}
	// Of what was that day only the answer rate can be said again: of the whole day.
	now := journal.ShiftState{Definition: h.State.Definition}
	if rate, err := s.deps.Desk.AnswerRateOf(r.Context(), h.State.At, p.Centre); err == nil && rate.NotConnected == "" {
		now.RateNum, now.RateDen = &rate.Num, &rate.Den
	} else if errors.Is(err, ErrNotAnswering) {
		return err
	}
	lines := s.stateLines(p.Lang, &h.State, &now)
	for i := range lines {
		if lines[i].Word != "shift_rate" {
			lines[i].Now = ""
		} else if lines[i].Now != "" {
			lines[i].Now = s.words.in(p.Lang, "shift_whole_day", lines[i].Now)
		}
	}
	p.Shown = &shiftDoc{h, lines}
	s.show(w, r, http.StatusOK, shown{page: "shiftone", title: "shift", visitor: v, body: p})
	return nil
}

// handOver is the signature of the outgoing supervisor.
func (s *Server) handOver(w http.ResponseWriter, r *http.Request, v *visitor) error {
	return s.signs(w, r, v, func(p *shiftPage) (did string, err error) {
		state, err := s.stateNow(r, p.Centre) // taken now, whatever the form showed
		if err != nil {
			return "", err
		}
		given := HandedOver{Centre: p.Centre, By: v.Name, State: state, Notes: p.Given.Notes, Done: p.Given.Done, Seen: r.FormValue("seen")}
		for line := range strings.Lines(p.Given.Points) {
			if line = strings.TrimSpace(line); line != "" {
				given.New = append(given.New, line)
			}
		}
		_, err = s.deps.Desk.HandOver(r.Context(), given)
		return "handed", err
	})
}

// takeOver is that of the incoming one, or of the outgoing one who takes it back.
func (s *Server) takeOver(w http.ResponseWriter, r *http.Request, v *visitor) error {
	return s.signs(w, r, v, func(p *shiftPage) (did string, err error) {
		id := r.FormValue("id")
		if r.FormValue("decision") == "withdraw" {
			_, err = s.deps.Desk.WithdrawShift(r.Context(), p.Centre, id, v.Name, p.Given.Reason)
			return "withdrawn", err
		}
		_, err = s.deps.Desk.TakeOver(r.Context(), p.Centre, id, v.Name, p.Given.Remark)
		return "accepted", err
	})
}

// signs shows what has become of a signature: the page again, with what was done, or why
// it was not.
func (s *Server) signs(w http.ResponseWriter, r *http.Request, v *visitor, sign func(*shiftPage) (did string, err error)) error {
	p, err := s.askShift(w, r, v)
	if err != nil {
		return err
	}
	p.Given = shiftGiven{Notes: field(r, "notes"), Points: field(r, "points"), Remark: field(r, "remark"), Reason: field(r, "reason"), Done: r.PostForm["done"]}
	did := ""
	if p.Unnamed {
		err = s.says("shift_sign_in")
	} else {
		did, err = sign(p)
	}
	var why journal.ShiftRefusal
	var conflict *journal.Conflict
	p.status = http.StatusUnprocessableEntity
	switch {
	case err == nil:
		s.hub.errands.look(r.Context())
		s.deps.Log.Info("a hand-over was signed", "step", did, "by", v.Name)
		http.Redirect(w, r, query("/shift", "centre", p.Centre, "did", did), http.StatusSeeOther)
		return nil
	case errors.Is(err, ErrNotAnswering):
		return err
	case errors.As(err, &why):
		p.Error = s.words.in(p.Lang, "shift_why_"+string(why))
		if why == journal.ShiftPending || why == journal.ShiftNotPending {
			p.status = http.StatusConflict
		}
	case errors.As(err, &conflict) && conflict.Newest != nil:
		p.status, p.Error = http.StatusConflict, s.words.in(p.Lang, "shift_faster", conflict.Newest.By, conflict.Newest.At.In(s.deps.Desk.Zone()).Format("15:04:05"))
	default:
		p.Error = s.told(p.Lang, err)
	}
	return s.showShift(w, r, v, p)
}

// stateLines are the state in words, as it was and as it is.
func (s *Server) stateLines(l Lang, then, now *journal.ShiftState) []stateLine {
	zone := s.deps.Desk.Zone()
	var lines []stateLine
	add := func(word string, text func(*journal.ShiftState) string) *stateLine {
		lines = append(lines, stateLine{Word: word, Then: text(then), Now: text(now)})
		return &lines[len(lines)-1]
	}
	add("data_to", func(x *journal.ShiftState) string {
		if x.DataTo == nil {
			return s.words.in(l, "no_data")
		}
		return x.DataTo.In(zone).Format(time.DateTime)
	})
	add("shift_rate", func(x *journal.ShiftState) string { return s.rateText(l, x) })
	add("shift_calls", func(x *journal.ShiftState) string {
		if x.Offered == nil || x.Answered == nil {
			return s.words.in(l, "no_data")
		}
		return s.words.in(l, "shift_calls_of", group(*x.Offered), group(*x.Answered))
	})
	add("shift_waiting", func(x *journal.ShiftState) string {
		switch {
		case x.Waiting == nil && x.DataTo != nil: // there are data, and they do not tell
			return s.words.in(l, "not_connected")
		case x.Waiting == nil:
			return s.words.in(l, "no_data")
		case *x.Waiting == 0 || x.LongestWait == 0:
			return fmt.Sprint(*x.Waiting)
		}
		return s.words.in(l, "shift_longest", *x.Waiting, fmt.Sprintf("%d:%02d", x.LongestWait/60, x.LongestWait%60))
	})
	add("shift_agents", func(x *journal.ShiftState) string { return s.agentsText(l, x.Agents) })
	add("shift_callbacks", func(x *journal.ShiftState) string {
		if x.CallbacksOwed == nil && x.DataTo != nil { // there are data, and they do not tell
			return s.words.in(l, "not_connected")
		}
		return s.owedText(l, x.CallbacksOwed, x.CallbacksOverdue, "no_data")
	}).Bad =
		then.CallbacksOverdue != nil && *then.CallbacksOverdue > 0
	add("shift_tickets", func(x *journal.ShiftState) string {
		return s.owedText(l, x.TicketsOpen, x.TicketsOverdue, "not_connected")
	}).Bad = then.TicketsOverdue != nil && *then.TicketsOverdue > 0
	alarms := add("shift_alarms", func(x *journal.ShiftState) string {
		switch {
		case x.Alarms == nil:
			return s.words.in(l, "shift_no_rules")
		case len(*x.Alarms) == 0:
			return s.words.in(l, "shift_none")
		}
		return fmt.Sprint(len(*x.Alarms))
	})
	if then.Alarms != nil && len(*then.Alarms) > 0 {
		alarms.Bad = true
		for _, a := range *then.Alarms {
			summary := l.of(a.Summary, cmp.Or(a.SummaryEN, a.Summary))
			alarms.List = append(alarms.List, strings.TrimSpace(a.Name+" "+summary)+" ("+a.Since.In(zone).Format("01-02 15:04")+")")
		}
	}
	if then.Maintenance != nil || now.Maintenance != nil {
		add("shift_maintenance", func(x *journal.ShiftState) string {
			if x.Maintenance == nil {
				return s.words.in(l, "shift_none")
			}
			return x.Maintenance.To.In(zone).Format("01-02 15:04") + " " + x.Maintenance.Cause
		})
	}
	outages := add("shift_outages", func(x *journal.ShiftState) string {
		if len(x.Outages) == 0 {
			return s.words.in(l, "shift_none")
		}
		return fmt.Sprint(len(x.Outages))
	})
	for _, o := range then.Outages {
		to := s.words.in(l, "going_on")
		if o.To != nil {
			to = o.To.In(zone).Format("15:04")
		}
		outages.List = append(outages.List, o.From.In(zone).Format("01-02 15:04")+"–"+to+" "+o.Cause)
	}
	return lines
}

func (s *Server) rateText(l Lang, x *journal.ShiftState) string {
	if x.RateNum == nil || x.RateDen == nil {
		return s.words.in(l, "no_data")
	}
	text, ok := kpi.CutPercent(kpi.Ratio{Num: *x.RateNum, Den: *x.RateDen}, 1)
	if !ok {
		return s.words.in(l, "no_data")
	}
	return text + " (" + group(*x.RateNum) + "/" + group(*x.RateDen) + ")"
}

func (s *Server) agentsText(l Lang, agents map[string]int) string {
	if agents == nil {
		return s.words.in(l, "not_connected")
	}
	total := 0
	var parts []string
	for _, state := range []string{"talking", "ringing", "free", "wrapup", "paused"} {
		if n := agents[state]; n > 0 {
			parts = append(parts, s.words.in(l, "shift_agent_"+state)+" "+fmt.Sprint(n))
		}
	}
	for _, n := range agents {
		total += n
	}
	text := s.words.in(l, "shift_signed_in", total)
	if len(parts) > 0 {
		text += l.of(":", ": ") + strings.Join(parts, l.of("、", ", "))
	}
	return text
}

func (s *Server) owedText(l Lang, open, overdue any, missing string) string {
	n, ok := whole(open)
	late, known := whole(overdue)
	switch {
	case !ok:
		return s.words.in(l, missing)
	case known && late > 0:
		return s.words.in(l, "shift_owed_late", group(n), group(late))
	}
	return group(n)
}

// whole is what a pointer to a number holds.
func whole(n any) (int64, bool) {
	switch n := n.(type) {
	case *int:
		if n != nil {
			return int64(*n), true
		}
	case *int64:
		if n != nil {
			return *n, true
		}
	}
	return 0, false
}
