package web

import (
	"context"
	"fmt"
	"net/http"

	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
)

// entryLine is an indicator with what holds of it in a period.
type entryLine struct {
	Code, Level string
	Name        kpi.Wording
	Target      string
	Computed    bool
	Held        *heldEntry // nil: not entered
	Other       bool       // it was entered for another period within this one
	Cause       *heldEntry
}

// heldEntry is an entry in words.
type heldEntry struct {
	journal.Entry
	Text  string
	Holds bool
}

type entriesPage struct {
	*asked
	Lines []entryLine
	Owed  int // of them not entered, though a value is asked for
	Saved *savedNote
}

type savedNote struct{ Code, What, Period string }

// bodyText is what an entry says, in words.
func (s *Server) bodyText(l Lang, e *journal.Entry) string {
	if e.Withdrawn {
		return s.words.in(l, "withdrawn")
	}
	switch e.Kind {
	case journal.KindDeviation:
		d, err := journal.Decode[journal.Deviation](e)
		if err != nil {
			return err.Error()
		}
		text := d.Cause
		if d.Measures != "" {
			text += l.of(";措施:", "; measures: ") + d.Measures
		}
		return text
	case journal.KindOutage:
		o, err := journal.Decode[journal.Outage](e)
		if err != nil {
			return err.Error()
		}
		return o.Cause
	case journal.KindLostCall:
		c, err := journal.Decode[journal.CallBack](e)
		if err != nil {
			return err.Error()
		}
		return s.stepText(l, &c)
	}
	v, err := journal.Decode[journal.Value](e)
	switch {
	case err != nil:
		return err.Error()
	case v.NotApplicable:
		return s.words.in(l, "not_applicable")
	case v.Score != "":
		band := map[journal.Band]string{journal.Reached: "reached", journal.Partly: "partly", journal.Missed: "missed_band"}[v.Band]
		return string(v.Score) + "% " + s.words.in(l, band)
	case v.Executed != "":
		return fmt.Sprintf("%s / %s %s", v.Executed, v.Adjusted, v.Unit)
	}
	return string(v.Value) + " " + v.Unit
}

// entries lists what is to be entered for a period.
func (s *Server) entries(w http.ResponseWriter, r *http.Request, v *visitor) error {
	a, err := s.ask(w, r, v, s.thisQuarter())
	if err != nil {
		return err
	}
	page := entriesPage{asked: a}
	set, span, err := s.deps.Desk.Indicators(a.Span.Name)
	if err != nil {
		return refuse(http.StatusBadRequest, err)
	}
	held, err := s.heldIn(r.Context(), a, span)
	if err != nil {
		return err
	}
	add := func(line entryLine) {
		line.Held, line.Other = held.value(line.Code, span)
		line.Cause = held.causes[line.Code]
		if line.Held == nil && !line.Computed {
			page.Owed++
		}
		page.Lines = append(page.Lines, line)
	}
	for i := range set.List {
		x := &set.List[i]
		row := rowOf(set, x.Code)
		add(entryLine{Code: x.Code, Name: x.Name, Level: a.Lang.word(row.Level2), Target: targetOf(row, a.Lang), Computed: x.Figure != ""})
	}
	for i := range set.Tables {
		t := &set.Tables[i]
		add(entryLine{Code: t.ExecutionCode(), Level: s.words.in(a.Lang, "budget"), Name: kpi.Wording{ZH: "表" + t.Number + " 预算执行", EN: "budget execution, table " + t.Number}})
	}
	if saved := r.URL.Query().Get("saved"); saved != "" {
		page.Saved = &savedNote{Code: saved, What: saved, Period: a.Lang.of(span.ZH, span.EN)}
		if x, ok := set.Find(saved); ok {
			page.Saved.What = a.Lang.word(x.Name)
		}
	}
	s.show(w, r, http.StatusOK, shown{page: "entries", title: "entries", visitor: v, body: page})
	return nil
}

// rowOf is an indicator in the first table that has it.
func rowOf(set *kpi.Indicators, code string) *kpi.Row {
	for i := range set.Tables {
		if row, ok := set.Tables[i].Row(code); ok {
			return row
		}
	}
	return &kpi.Row{}
}

// targetOf is a target as the source prints it, which is Chinese, or in English words.
func targetOf(r *kpi.Row, l Lang) string {
	if r.TargetPrinted != "" && (l == chinese || r.Sign == kpi.Graded) {
		return r.TargetPrinted
	}
	if l == chinese {
		return r.SignPrinted + r.Target.String() + r.Unit.Name.ZH
	}
	text := r.Target.String()
	if r.Sign != kpi.Equals {
		text = string(r.Sign) + text
	}
	if r.Unit.Name.EN != "%" {
		text += " "
	}
	text += r.Unit.Name.EN
	if r.Per == kpi.PerQuarter || r.Per == kpi.PerMonth {
		text += " a " + string(r.Per)
	}
	return text
}

// heldEntries are what holds in a period.
type heldEntries struct {
	values map[string][]heldValue
	causes map[string]*heldEntry
}

type heldValue struct {
	entry *heldEntry
	span  kpi.Span
}

// value is what holds for the period itself, else what was entered for the latest part of it.
func (h *heldEntries) value(code string, span kpi.Span) (e *heldEntry, other bool) {
	var best *heldValue
	for i := range h.values[code] {
		x := &h.values[code][i]
		if x.span.From.Equal(span.From) && x.span.To.Equal(span.To) {
			return x.entry, false
		}
		if best == nil || x.span.To.After(best.span.To) {
			best = x
		}
	}
	if best == nil {
		return nil, false
	}
	return best.entry, true
}

func (s *Server) heldIn(ctx context.Context, a *asked, span kpi.Span) (*heldEntries, error) {
	list, err := s.deps.Desk.Entries(ctx, []journal.Kind{journal.KindValue, journal.KindDeviation}, "")
	if err != nil {
		return nil, err
	}
	h := &heldEntries{values: map[string][]heldValue{}, causes: map[string]*heldEntry{}}
	own := map[string]bool{} // a centre's own entries go before those of the whole system
	for i := range list {
		e := list[i].Holds()
		if e == nil || e.Centre != "" && e.Centre != a.Centre {
			continue
		}
		at, err := s.deps.Desk.Span(e.Period)
		if err != nil || at.From.Before(span.From) || at.To.After(span.To) {
			continue
		}
		key := string(e.Kind) + " " + e.Subject + " " + e.Period
		if own[key] && e.Centre == "" {
			continue
		}
		own[key] = own[key] || e.Centre != ""
		one := &heldEntry{Entry: *e, Text: s.bodyText(a.Lang, e), Holds: true}
		if e.Kind == journal.KindDeviation {
			if at.Name == span.Name {
				h.causes[e.Subject] = one
			}
			continue
		}
		h.values[e.Subject] = append(h.values[e.Subject], heldValue{one, at})
	}
	return h, nil
}

// newest is the entry that a new one of a slot has to replace, with the slot's history, the
// newest first.
func (s *Server) newest(ctx context.Context, l Lang, slot journal.Slot) (replaces string, past []heldEntry, err error) {
	list, err := s.deps.Desk.Entries(ctx, []journal.Kind{slot.Kind}, slot.Subject)
	if err != nil {
		return "", nil, err
	}
	for i := range list {
		h := &list[i]
		if h.Slot != slot {
			continue
		}
		replaces = h.Newest().ID
		for j := len(h.Entries) - 1; j >= 0; j-- {
			e := &h.Entries[j]
			past = append(past, heldEntry{Entry: *e, Text: s.bodyText(l, e), Holds: e == h.Holds()})
		}
	}
	return replaces, past, nil
}
