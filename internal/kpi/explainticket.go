package kpi

import (
	"time"

	"hotline12333/internal/hotline"
)

// ExplainedTicket is what a ticket has beside a call's columns: of its CallID is that of the
// call it came from, of its ArrivedAt the opening, of its Agent who has it.
type ExplainedTicket struct {
	ID          string             `json:"ticket_id"`
	Kind        hotline.TicketKind `json:"kind"`
	OnTheSpot   bool               `json:"on_the_spot,omitempty"`
	RespondBy   *time.Time         `json:"respond_by,omitempty"`   // the source's deadline; else the rule's holds
	RespondedAt *time.Time         `json:"responded_at,omitempty"` // null: not yet
}

// ticketFigures are the figures that are made of tickets. Response timeliness is in both
// lists: which of its forms leads is for the caller to find out, see [Explained.Items].
func ticketFigures() []Explained {
	every := func(hotline.TicketKind) bool { return true }
	list := []Explained{
		{
			Name: "response_timeliness_items", ZH: "12333热线响应及时率(事项)", EN: "response timeliness (items)",
			Formula: "first responses to tickets by their deadline / responses due",
			of:      func(f *Figures) Ratio { return f.ResponseTimelinessItems }, tickets: every,
		},
		{
			Name: "consultation_timeliness", ZH: "12333咨询服务及时率", EN: "consultation timeliness",
			Formula: "(answered on the spot + replied by the deadline) / consultations due",
			of:      func(f *Figures) Ratio { return f.ConsultationTimeliness },
			tickets: func(k hotline.TicketKind) bool { return k == hotline.TicketConsultation },
		},
	}
	for i := range list {
		list[i].Kind, list[i].rule = RateFigure, (*Seen).became // a call is in none of them
	}
	return list
}

// OfTickets says whether the figure is made of tickets, and not of calls.
func (f *Explained) OfTickets() bool { return f.tickets != nil }

// Items is the form of response timeliness that is made of tickets, under its own name.
func (f *Explained) Items() Explained {
	for _, items := range ticketFigures() {
		if items.Name == "response_timeliness_items" {
			items.FormulaZH = items.formulaZH(f.definitions)
			items.Name, items.definitions = f.Name, f.definitions
			return items
		}
	}
	return *f
}

// TicketView is where tickets are looked at.
type TicketView struct {
	Build  *Build
	Period Period
	Place  Place
	Kept   time.Time // what counts in quarter hours before it is told by sealed tallies alone
}

// StandTicket says where a ticket stands in a figure: what the figure's own function makes of
// the one ticket. here is false for one that has no part in the view: neither opened nor due
// in the period at the hours of the place, or of a kind the figure does not count.
func (f *Explained) StandTicket(v *TicketView, t *hotline.Ticket) (at Standing, here bool) {
	if !f.tickets(t.Kind) || t.Deleted {
		return at, false
	}
	tallies := make(map[TicketKey]*TicketTally)
	whole := *t
	whole.Agent, whole.Topics = "", nil // once, by kind
	CountTicket(tallies, &whole)
	var list []TicketEntry
	for k, tally := range tallies {
		if !k.Bucket.Before(v.Kept) {
			list = append(list, TicketEntry{Key: k, Tally: *tally})
		}
	}
	var sum Tally
	for _, e := range v.Build.Settled(v.Period, list) {
		if v.Place.At(e.Key.Bucket, v.Build.Zone) {
			sum.Merge(&e.Tally)
		}
	}
	n, counted := sum.Tickets[t.Kind]
	if !counted {
		return at, false
	}
	r := f.Of(&sum, nil)
	at = Standing{Role: LeftOut, Rule: ticketRule(&n), Num: r.Num, Den: r.Den}
	switch {
	case r.Num > 0:
		at.Role = Numerator
	case r.Den > 0:
		at.Role = Denominator
	}
	// A deadline for the resolution alone, or the opening alone, says nothing about the first
	// response, unless the ticket was opened here.
	return at, at.Role != LeftOut || n.Opened > 0 || n.Respond != (Kept{})
}

// ticketRule says what became of the first response to a ticket in the period.
func ticketRule(n *TicketCounts) Rule {
	k := &n.Respond
	switch {
	case n.OnTheSpot > 0:
		return Rule{"on_the_spot", "当场答复", "settled on the spot"}
	case k.InTime > 0:
		return Rule{"in_time", "期限内首次响应", "first response by the deadline"}
	case k.Late > 0:
		return Rule{"late", "逾期后响应", "first response after the deadline"}
	case k.Overdue > 0:
		return Rule{"overdue", "逾期未响应", "due, and without a response"}
	case k.Pending > 0:
		return Rule{"not_yet_due", "期限未到", "not due yet"}
	case k.Undated > 0:
		return Rule{"no_deadline", "无期限", "it has no deadline"}
	case k.Unknown > 0:
		return Rule{"deadline_unknown", "工作日历无法给出期限", "the calendar does not give the deadline"}
	}
	return Rule{"due_elsewhere", "在本期受理，期限在其他期间", "opened in the period and due in another"}
}
