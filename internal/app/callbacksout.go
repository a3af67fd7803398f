package app

import (
	"fmt"
	"io"
	"time"

	"hotline12333/internal/callback"
	"hotline12333/internal/kpi"
)

// CallbackLine is an item as it is listed.
type CallbackLine struct {
	CallID     string         `json:"call_id"` // the newest call, by which the item is named
	Centre     string         `json:"centre"`
	State      callback.State `json:"state"`
	Deadline   *time.Time     `json:"deadline"` // null: the calendar does not know it
	Overdue    bool           `json:"overdue"`
	Caller     string         `json:"caller"` // masked
	Region     string         `json:"region,omitempty"`
	Calls      []string       `json:"calls"`
	ShortCalls int            `json:"short_calls,omitempty"`
	First      time.Time      `json:"first"` // arrival of the first call
	Last       time.Time      `json:"last"`  // of the newest
	Queue      string         `json:"queue"`
	Outcome    string         `json:"outcome"` // of the newest
	AfterHours int            `json:"after_hours,omitempty"`
	Owner      string         `json:"owner,omitempty"`
	Attempts   int            `json:"attempts,omitempty"`
	Result     string         `json:"result,omitempty"`
	Way        callback.Way   `json:"way,omitempty"`
	EndedAt    *time.Time     `json:"ended_at,omitempty"`
	EndedBy    string         `json:"ended_by,omitempty"`
	Number     bool           `json:"number"` // can be revealed
	Ticket     string         `json:"ticket,omitempty"`
	Entry      string         `json:"entry,omitempty"` // the newest, to be named when another person's is replaced
}

// CallbackList is a page of the list.
type CallbackList struct {
	Figures callback.Figures `json:"figures"` // of all that is listed, whatever is asked for
	Days    int              `json:"days"`
	Total   int              `json:"total"` // items that fit
	Items   []CallbackLine   `json:"items"`
	// NotConnected is what a source does not know: whom it lost is not among them.
	NotConnected kpi.Capability `json:"not_connected,omitempty"`
}

func (d *callDesk) line(i *callback.Item, now time.Time) CallbackLine {
	last := i.Last()
	line := CallbackLine{
		CallID: last.ID, Centre: i.Centre, State: i.State, Overdue: i.Overdue(now), Caller: last.Masked, Region: last.Region, ShortCalls: i.ShortCalls,
		First: i.First().ArrivedAt.In(d.zone), Last: last.ArrivedAt.In(d.zone), Queue: last.Queue, Outcome: string(last.Outcome), AfterHours: i.AfterHours,
		Owner: i.Owner, Attempts: i.Attempts, Result: string(i.Step.Result), Way: i.Way, EndedBy: i.EndedBy, Number: i.Revealable() != nil, Ticket: i.Ticket,
	}
	for _, c := range i.Calls {
		line.Calls = append(line.Calls, c.ID)
	}
	if !i.Deadline.IsZero() {
		at := i.Deadline.In(d.zone)
		line.Deadline = &at
	}
	if !i.EndedAt.IsZero() {
		at := i.EndedAt.In(d.zone)
		line.EndedAt = &at
	}
	if i.Entry != nil {
		line.Entry = i.Entry.ID
	}
	return line
}

// lostUnknown is what is said of lost callers where a source does not tell of them.
const lostUnknown = "not all lost callers are known: a source does not tell who asked for an agent (数据来源不提供哪些来电请求了人工)"

// PrintCallbacks lists lost callers for people, whom to call next first.
func PrintCallbacks(out io.Writer, l *CallbackList) error {
	w := &printer{out: out}
	f := l.Figures
	owed := fmt.Sprintf("%d (overdue %d, in hand %d)", f.Owed, f.Overdue, f.Taken)
	if l.NotConnected != "" && f.Owed == 0 { // it is not known that there are none
		owed = "未接入 not connected"
	}
	w.line("to call back %s, done %d, reached by redial %d; apart: short abandons %d, numbers withheld %d; of the last %d days",
		owed, f.Done, f.Redialled, f.Short, f.Withheld, l.Days)
	if l.NotConnected != "" {
		w.line("  %s", lostUnknown)
	}
	if len(l.Items) > 0 {
		w.line("")
		w.line("%-17s %-17s %-14s %5s  %-18s %-14s %s", "deadline", "lost", "caller", "calls", "outcome", "queue", "state")
	}
	for i := range l.Items {
		x := &l.Items[i]
		w.line("%-17s %-17s %-14s %5d  %-18s %-14s %s", deadlineText(x), x.Last.Format("2006-01-02 15:04"), orDash(x.Caller), len(x.Calls), x.Outcome, orDash(x.Queue), stateText(x))
		w.line("  %s", x.CallID)
	}
	if more := l.Total - len(l.Items); more > 0 {
		w.line("%d of %d shown (--limit, --skip)", len(l.Items), l.Total)
	}
	return w.err
}

func deadlineText(x *CallbackLine) string {
	switch {
	case x.Deadline == nil:
		return "not known"
	case x.Overdue:
		return x.Deadline.Format("2006-01-02 15:04") + "!"
	}
	return x.Deadline.Format("2006-01-02 15:04")
}

func stateText(x *CallbackLine) string {
	text := string(x.State)
	switch {
	case x.Owner != "":
		text = "taken by " + x.Owner
	case x.EndedAt != nil && x.Way == callback.ByPerson:
		text = fmt.Sprintf("%s by %s %s", x.Result, x.EndedBy, x.EndedAt.Format("2006-01-02 15:04"))
	case x.EndedAt != nil:
		text = fmt.Sprintf("%s %s %s", x.Way, x.EndedBy, x.EndedAt.Format("2006-01-02 15:04"))
	}
	if x.Attempts > 0 {
		text += fmt.Sprintf(", not reached %d times", x.Attempts)
	}
	return text
}
