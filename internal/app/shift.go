package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"hotline12333/internal/config"
	"hotline12333/internal/journal"
	"hotline12333/internal/kpi"
	"hotline12333/internal/source"
)

// ShiftLine is a hand-over as it is listed.
type ShiftLine struct {
	ID          string     `json:"id"`
	HandedAt    time.Time  `json:"handed_at"`
	Outgoing    string     `json:"outgoing"`
	Incoming    string     `json:"incoming,omitempty"` // empty: not taken over
	AcceptedAt  *time.Time `json:"accepted_at,omitempty"`
	Withdrawn   bool       `json:"withdrawn,omitempty"`
	WithdrawnBy string     `json:"withdrawn_by,omitempty"`
	Reason      string     `json:"reason,omitempty"` // of the withdrawal

	Notes  string              `json:"notes,omitempty"`
	Remark string              `json:"remark,omitempty"`
	Points []journal.OpenPoint `json:"points"`
	State  journal.ShiftState  `json:"state"`
}

// Shifts lists the hand-overs of a centre, the newest first; empty: those of the whole
// system.
func Shifts(ctx context.Context, cfg config.Root, log *slog.Logger, centre string) (lines []ShiftLine, err error) {
	zone, err := source.ParseZone(cfg.Publish.Zone)
	if err != nil {
		return nil, fmt.Errorf("publish.zone: %w", err)
	}
	lines = []ShiftLine{}
	err = withJournal(ctx, cfg, log, func(s *system) error {
		shifts, err := s.shifts(ctx, centre, zone)
		if err != nil {
			return err
		}
		for i := range shifts.List {
			h := &shifts.List[i]
			line := ShiftLine{
				ID: h.ID, HandedAt: h.HandedAt.In(zone), Outgoing: h.Outgoing, Incoming: h.Incoming, Withdrawn: h.Withdrawn, WithdrawnBy: h.WithdrawnBy,
				Reason: h.Reason, Notes: h.Notes, Remark: h.Remark, Points: h.Points, State: h.State,
			}
			line.State.At = line.State.At.In(zone)
			if h.Incoming != "" {
				at := h.Accepted.In(zone)
				line.AcceptedAt = &at
			}
			lines = append(lines, line)
		}
		return nil
	})
	return lines, err
}

func (l *ShiftLine) signed() string {
	switch {
	case l.Withdrawn:
		return "withdrawn by " + l.WithdrawnBy + ": " + l.Reason
	case l.Incoming == "":
		return "waits to be taken over"
	}
	return fmt.Sprintf("%s took over %s", l.Incoming, l.AcceptedAt.Format("2006-01-02 15:04:05"))
}

// PrintShifts lists hand-overs for people.
func PrintShifts(out io.Writer, lines []ShiftLine) error {
	w := &printer{out: out}
	for i := range lines {
		l := &lines[i]
		w.line("%s  %s  %s handed over, %s", l.ID, l.HandedAt.Format("2006-01-02 15:04:05"), l.Outgoing, l.signed())
	}
	if len(lines) == 0 {
		w.line("no shift was handed over")
	}
	return w.err
}

// PrintShift prints one of them.
func PrintShift(out io.Writer, l *ShiftLine) error {
	w := &printer{out: out}
	s := &l.State
	w.line("%s handed over %s (%s), %s", l.Outgoing, l.HandedAt.Format("2006-01-02 15:04:05"), s.Zone, l.signed())
	rate := "no data"
	if s.RateNum != nil && s.RateDen != nil {
		if text, ok := kpi.CutPercent(kpi.Ratio{Num: *s.RateNum, Den: *s.RateDen}, 2); ok {
			rate = fmt.Sprintf("%s (%d/%d), definition %s", text, *s.RateNum, *s.RateDen, s.Definition)
			if !s.Confirmed {
				rate += ", not confirmed"
			}
		}
	}
	w.line("answer rate of the day until then: %s", rate)
	w.line("waiting %s; to call back %s, overdue %s; open tickets %s, overdue %s",
		numberOr(s.Waiting), numberOr(s.CallbacksOwed), numberOr(s.CallbacksOverdue), numberOr(s.TicketsOpen), numberOr(s.TicketsOverdue))
	if s.Alarms == nil {
		w.line("alerts in force: not known")
	} else {
		w.line("alerts in force: %d", len(*s.Alarms))
		for _, a := range *s.Alarms {
			w.line("  %s %s", a.Name, a.Summary)
		}
	}
	for _, o := range s.Outages {
		w.line("outage since %s: %s", o.From.In(l.HandedAt.Location()).Format("2006-01-02 15:04"), o.Cause)
	}
	for _, p := range l.Points {
		mark := "open"
		if p.Done {
			mark = "done"
		}
		w.line("[%s] %s (%s)", mark, p.Text, p.By)
	}
	if l.Notes != "" {
		w.line("\n%s", l.Notes)
	}
	if l.Remark != "" {
		w.line("\n%s: %s", l.Incoming, l.Remark)
	}
	return w.err
}

func numberOr[N int | int64](n *N) string {
	if n == nil {
		return "not known"
	}
	return fmt.Sprint(*n)
}
