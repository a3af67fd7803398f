package report

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"hotline12333/internal/kpi"
)

// ExplanationWriter prints the calls behind a figure as they come, so that a period of
// millions of them can be printed.
type ExplanationWriter struct {
	format Format
	out    *bufio.Writer
	csv    *csv.Writer
	calls  int
	role   kpi.Role
	all    bool // not a sample
}

// NewExplanationWriter prints to w, as Table, JSON or CSV.
func NewExplanationWriter(w io.Writer, f Format) *ExplanationWriter {
	out := bufio.NewWriter(w)
	return &ExplanationWriter{format: f, out: out, csv: csv.NewWriter(out)}
}

// Begin prints how many calls stand where.
func (w *ExplanationWriter) Begin(e *kpi.Explanation) error {
	w.all = e.Sample == nil
	switch w.format {
	case JSON:
		head := *e
		head.Calls = nil
		b, err := json.MarshalIndent(&head, "", "  ")
		if err != nil {
			return err
		}
		_, err = w.out.Write(append(bytes.TrimSuffix(b, []byte("\n}")), ",\n  \"calls\": ["...))
		return err
	case CSV:
		return w.csv.Write([]string{
			"role", "rule", "rule_zh", "rule_en", "call_id", "version", "arrived_at", "centre", "queue", "agent", "outcome", "excluded",
			"wait_seconds", "caller", "source", "origin", "run", "ticket_id", "kind", "respond_by", "responded_at",
		})
	}
	return writeStandings(w.out, e)
}

// Call prints one.
func (w *ExplanationWriter) Call(c *kpi.ExplainedCall) error {
	w.calls++
	switch w.format {
	case JSON:
		if w.calls > 1 {
			if err := w.out.WriteByte(','); err != nil {
				return err
			}
		}
		b, err := json.Marshal(c)
		if err != nil {
			return err
		}
		_, err = w.out.Write(append([]byte("\n    "), b...))
		return err
	case CSV:
		return w.csv.Write([]string{
			string(c.Role), c.Rule.Code, c.Rule.ZH, c.Rule.EN, defuse(c.CallID), strconv.FormatUint(c.Version, 10), c.ArrivedAt.Format(time.RFC3339Nano),
			defuse(c.Centre), defuse(c.Queue), defuse(c.Agent), string(c.Outcome), string(c.Excluded), c.WaitSeconds.String(),
			defuse(c.Caller), defuse(c.Source), defuse(c.Origin), c.Run,
			defuse(ticketID(c)), ticketKind(c), ticketTime(c, time.RFC3339Nano, false), ticketTime(c, time.RFC3339Nano, true),
		})
	}
	if c.Ticket != nil {
		return w.ticket(c)
	}
	p := &page{w: w.out}
	if w.calls == 1 || !w.all && c.Role != w.role {
		p.line("")
		if !w.all {
			p.line("%s", roleTitle(c.Role))
		}
		p.line("%s %s %4s %s %s %s %9s %s %s", pad("arrival", 23), pad("call", 24), "v", pad("queue", 12), pad("agent", 10), pad("outcome", 18), "wait s", pad("caller", 12), "origin")
	}
	w.role = c.Role
	p.line("%s %s %4d %s %s %s %9s %s %s", c.ArrivedAt.Format("2006-01-02 15:04:05.000"), pad(c.CallID, 24), c.Version, pad(orNone(c.Queue), 12), pad(orNone(c.Agent), 10),
		pad(string(c.Outcome), 18), c.WaitSeconds.String(), pad(orNone(c.Caller), 12), orNone(c.Origin))
	p.line("  %s  %s", c.Rule.ZH, c.Rule.EN)
	return p.err
}

// ticket prints one, beside a call's lines.
func (w *ExplanationWriter) ticket(c *kpi.ExplainedCall) error {
	p := &page{w: w.out}
	if w.calls == 1 || !w.all && c.Role != w.role {
		p.line("")
		if !w.all {
			p.line("%s", roleTitle(c.Role))
		}
		p.line("%s %s %4s %s %s %s %s %s", pad("opened", 23), pad("ticket", 24), "v", pad("kind", 12), pad("agent", 10), pad("respond by", 23), pad("responded", 23), "origin")
	}
	w.role = c.Role
	const layout = "2006-01-02 15:04:05.000"
	by := ticketTime(c, layout, false)
	if by == "" {
		by = "by the rule"
	}
	p.line("%s %s %4d %s %s %s %s %s", c.ArrivedAt.Format(layout), pad(c.Ticket.ID, 24), c.Version, pad(string(c.Ticket.Kind), 12), pad(orNone(c.Agent), 10),
		pad(by, 23), pad(orNone(ticketTime(c, layout, true)), 23), orNone(c.Origin))
	p.line("  %s  %s", c.Rule.ZH, c.Rule.EN)
	return p.err
}

func ticketID(c *kpi.ExplainedCall) string {
	if c.Ticket == nil {
		return ""
	}
	return c.Ticket.ID
}

func ticketKind(c *kpi.ExplainedCall) string {
	if c.Ticket == nil {
		return ""
	}
	return string(c.Ticket.Kind)
}

// ticketTime is when a ticket's source wants it responded to, or when it was.
func ticketTime(c *kpi.ExplainedCall, layout string, responded bool) string {
	switch t := c.Ticket; {
	case t == nil:
	case responded && t.RespondedAt != nil:
		return t.RespondedAt.Format(layout)
	case !responded && t.RespondBy != nil:
		return t.RespondBy.Format(layout)
	}
	return ""
}

// End prints what must stand at the end.
func (w *ExplanationWriter) End() error {
	if w.format == JSON {
		if w.calls > 0 {
			_ = w.out.WriteByte('\n') // the writer keeps its error for Flush
			_, _ = w.out.WriteString("  ")
		}
		_, _ = w.out.WriteString("]\n}\n")
	}
	if w.csv.Flush(); w.csv.Error() != nil {
		return w.csv.Error()
	}
	return w.out.Flush()
}

// WriteExplanation prints an explanation with the calls it holds.
func WriteExplanation(out io.Writer, f Format, e *kpi.Explanation) error {
	w := NewExplanationWriter(out, f)
	if err := w.Begin(e); err != nil {
		return err
	}
	for i := range e.Calls {
		if err := w.Call(&e.Calls[i]); err != nil {
			return err
		}
	}
	return w.End()
}

func writeStandings(out *bufio.Writer, e *kpi.Explanation) error {
	p := &page{w: out}
	p.line("%s %s  %s", e.Figure.ZH, e.Figure.EN, figureText(e))
	p.line("%s  %s", e.Figure.FormulaZH, e.Figure.Formula)
	p.line("%s  %s to %s, %s%s", e.Name, e.Period.From.Format("2006-01-02 15:04"), e.Period.To.Format("2006-01-02 15:04"), e.Period.Zone, placeText(e.Place))
	if e.DataTo != nil {
		p.line("数据截至 data to %s", e.DataTo.Format(time.DateTime))
	} else {
		p.line("无数据 no calls")
	}
	if e.TicketsAsOf != nil {
		p.line("工单截至 tickets as of %s", e.TicketsAsOf.Format(time.DateTime))
	}
	if d, ok := e.Definitions[e.Figure.Name]; ok && !d.Confirmed {
		p.line("口径待确认 definition v%d, not confirmed by the centre", d.Version)
	} else if ok {
		p.line("口径已确认 definition v%d, confirmed by the centre", d.Version)
	}
	switch c := &e.Checked; {
	case c.Without != "":
		p.line("未核对 not checked against the tallies: %s", c.Without)
	case c.Equal:
		p.line("与报表计数一致 equal to the tallies that every report is made of: %s", terms(e, kpi.Terms{Numerator: c.Numerator, Denominator: c.Denominator}))
	default:
		for _, d := range c.Differences {
			p.line("不一致 DIFFERS from %s to %s: the calls give %s, the tallies %s",
				d.From.Format("2006-01-02 15:04"), d.To.Format("2006-01-02 15:04"), terms(e, d.Calls), terms(e, d.Tallies))
		}
	}
	if e.Removed != nil {
		what, en := "来电", "calls"
		if e.Figure.OfTickets() {
			what, en = "工单", "tickets"
		}
		p.line("%s 之前的%s已过保存期限，仅存计数 the %s before it are gone, and their counts stay: %s", e.Removed.Before.Format("2006-01-02 15:04"), what, en, terms(e, e.Removed.Terms))
	}
	for _, r := range e.Roles {
		if r.Calls == 0 && (r.Role == kpi.Denominator && e.Figure.Kind != kpi.RateFigure) {
			continue
		}
		p.line("")
		p.line("%s %11s", pad(roleTitle(r.Role), 44), group(r.Calls))
		for _, rule := range r.Rules {
			p.line("  %s %11s", pad(rule.ZH+" "+rule.EN, 70), group(rule.Calls))
		}
	}
	if e.Sample != nil && len(e.Calls) > 0 {
		p.line("")
		p.line("抽样 a sample: %d of each at most, drawn by seed %d", e.Sample.Size, e.Sample.Seed)
	}
	return p.err
}

// figureText is the figure as the table of figures has it.
func figureText(e *kpi.Explanation) string {
	t := terms(e, kpi.Terms{Numerator: e.Numerator, Denominator: e.Denominator})
	if e.NotConnected != "" {
		return fmt.Sprintf("未接入 not connected: a source does not know %s (%s)", e.NotConnected, t)
	}
	r := kpi.Ratio{Num: e.Numerator, Den: e.Denominator}
	var text string
	var ok bool
	switch e.Figure.Kind {
	case kpi.CountFigure:
		return t
	case kpi.MeanFigure:
		if text, ok = kpi.CutSeconds(r, 2); ok {
			text += " s"
		}
	default:
		text, ok = kpi.CutPercent(r, 2)
	}
	if !ok {
		return "无数据 " + noData + " (" + t + ")"
	}
	return text + "  " + t
}

func terms(e *kpi.Explanation, t kpi.Terms) string {
	switch e.Figure.Kind {
	case kpi.CountFigure:
		return group(t.Numerator)
	case kpi.MeanFigure:
		return kpi.Millis(t.Numerator).String() + " s / " + group(t.Denominator)
	}
	return group(t.Numerator) + " / " + group(t.Denominator)
}

func placeText(at kpi.Place) string {
	text := ""
	for _, f := range []struct{ zh, en, name string }{
		{"中心", "centre", at.Centre},
		{"来源", "source", at.Source},
		{"技能组", "queue", at.Queue},
		{"坐席", "agent", at.Agent},
		{"业务类型", "topic", at.Topic},
		{"未标明", "not named:", string(at.Nameless)},
		{"星期", "weekday", at.Weekday},
		{"小时", "hour", at.Hour},
	} {
		if f.name != "" {
			text += "; " + f.zh + " " + f.en + " " + f.name
		}
	}
	return text
}

func roleTitle(r kpi.Role) string {
	switch r {
	case kpi.Numerator:
		return "计入分子 in the numerator"
	case kpi.Denominator:
		return "仅计入分母 in the denominator alone"
	}
	return "未计入 left out"
}

func orNone(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
