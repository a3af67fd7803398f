package report

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

const (
	nameWidth = 28
	noData    = "no data"
)

type page struct {
	w   *bufio.Writer
	s   *kpi.Statement
	err error
}

func writeTable(w io.Writer, s *kpi.Statement) error {
	p := &page{w: bufio.NewWriter(w), s: s}
	p.head()
	p.rates(&s.Chosen)
	p.reconciliation()
	p.counts()
	p.tickets()
	p.pipeline()
	p.groups()
	p.definitions()
	if p.err != nil {
		return p.err
	}
	return p.w.Flush()
}

func (p *page) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, strings.TrimRight(fmt.Sprintf(format, args...), " "))
	}
}

func (p *page) head() {
	from, to := "the beginning", "the end"
	if p.s.Period.From != nil {
		from = p.s.Period.From.Format("2006-01-02 15:04")
	}
	if p.s.Period.To != nil {
		to = p.s.Period.To.Format("2006-01-02 15:04")
	}
	p.line("%s to %s, %s", from, to, p.s.Period.Zone)
	switch {
	case p.s.DataTo == nil:
		p.line("no calls")
	default:
		p.line("data to %s", p.s.DataTo.Format(time.DateTime))
	}
	state := "confirmed by the centre"
	def := p.s.Definitions[kpi.DefAnswerRate]
	if !def.Confirmed {
		state = "not confirmed: a draft"
	}
	p.line("* is the leading answer rate: definition v%d, %s", def.Version, state)
	p.line("")
}

func (p *page) rates(d *kpi.Definitions) {
	c, r := &p.s.Counts, &p.s.Rates
	agent, composite := leading(c, kpi.RateAgent), leading(c, kpi.RateComposite)
	p.rate("agent answer rate"+mark(d.AnswerRate == kpi.RateAgent), agent, r.AnswerRateAgent, "answer_rate_agent", verdict(kpi.AnswerRateTarget, agent))
	p.rate("composite answer rate"+mark(d.AnswerRate == kpi.RateComposite), composite, r.AnswerRateComposite, "answer_rate_composite", verdict(kpi.AnswerRateTarget, composite))
	if hours := kpi.RateCompositeHours; d.AnswerRate == hours || c.OutsideOffered > 0 {
		within := leading(c, hours)
		p.rate("composite, service hours"+mark(d.AnswerRate == hours), within, r.AnswerRateCompositeHours, "answer_rate_composite_service_hours", verdict(kpi.AnswerRateTarget, within))
	}
	if d.AnswerRate == kpi.RateAgentExclShort {
		patient := leading(c, kpi.RateAgentExclShort)
		p.rate("agent, no short abandons *", patient, r.AnswerRateAgentExclShort, "answer_rate_agent_excluding_short", verdict(kpi.AnswerRateTarget, patient))
	}
	within := kpi.Ratio{Num: c.AnsweredWithin[strconv.Itoa(d.Timeliness)], Den: c.Answered}
	responses := p.s.Definitions[kpi.DefResponse].Leads
	p.rate(fmt.Sprintf("response timeliness (%d s)", d.Timeliness), within, r.ResponseTimelinessWait, "response_timeliness_wait",
		ruling(responses == kpi.ResponseWait, kpi.TimelinessTarget, within))
	p.rate("response timeliness (items)", c.Items(), r.ResponseTimelinessItems, "response_timeliness_items",
		ruling(responses == kpi.ResponseItems, kpi.TimelinessTarget, c.Items()))
	p.rate("consultation timeliness", c.Consultations(), r.ConsultationTimeliness, "consultation_timeliness",
		verdict(kpi.TimelinessTarget, c.Consultations()))
	if n := c.Tickets[hotline.TicketConsultation]; r.ConsultationTimeliness != nil {
		p.line("%s on the spot %s, by the deadline %s of %s due", pad("", nameWidth), group(n.OnTheSpot), group(n.Response.InTime), group(n.Response.Due))
	}
	for _, limit := range d.ServiceLevels {
		key := strconv.Itoa(limit)
		p.rate(fmt.Sprintf("service level %d s", limit), kpi.Ratio{Num: c.AnsweredWithin[key], Den: c.Requested}, r.ServiceLevel[key], "service_level", "")
	}
	p.rate("abandonment rate", kpi.Ratio{Num: c.RequestedAbandoned, Den: c.Requested}, r.AbandonmentRate, "abandonment_rate", "")
	p.mean("mean wait (ASA)", kpi.Ratio{Num: int64(c.WaitSecondsSum), Den: c.Answered}, r.ASASeconds, "asa_seconds")
	p.mean("mean talk time", kpi.Ratio{Num: int64(c.TalkSecondsSum), Den: c.Answered}, r.TalkMeanSeconds, "talk_mean_seconds")
	if r.WaitP50Seconds != nil && r.WaitP95Seconds != nil {
		p.line("%s half within %.0f s, 95%% within %.0f s", pad("wait of the answered", nameWidth), *r.WaitP50Seconds, *r.WaitP95Seconds)
	}
	if c.WaitSecondsMax > 0 && p.s.NotComputed["asa_seconds"] == "" {
		p.line("%s %9s", pad("longest wait of all", nameWidth), c.WaitSecondsMax.String()+" s")
	}
	if r.SatisfactionRate != nil {
		p.line("%s %8.2f%%  of %s ratings", pad("satisfaction", nameWidth), math.Floor(10000**r.SatisfactionRate)/100, group(c.RatingsGiven))
	}
	if r.FirstContactResolution != nil {
		p.rate("first contact resolution", kpi.Ratio{Num: c.AnsweredWithCaller - c.RepeatedWithinWindow, Den: c.AnsweredWithCaller},
			r.FirstContactResolution, "first_contact_resolution", "")
		if until, ok := p.s.Provisional["first_contact_resolution"]; ok {
			p.line("%s provisional until the data reach %s", pad("", nameWidth), until.Format("2006-01-02 15:04"))
		}
	}
	if r.RepeatCallers != nil {
		p.rate("repeat callers", kpi.Ratio{Num: c.RepeatCallers, Den: c.OfferedWithCaller}, r.RepeatCallers, "repeat_callers", "")
	}
	p.line("")
}

// leading is the answer rate by one of its definitions.
func leading(c *kpi.Counts, form string) kpi.Ratio {
	switch form {
	case kpi.RateComposite:
		return kpi.Ratio{Num: c.Answered + c.SelfService, Den: c.Offered}
	case kpi.RateCompositeHours:
		return kpi.Ratio{Num: c.Answered + c.SelfService - c.OutsideAnswered - c.OutsideSelfService, Den: c.Offered - c.OutsideOffered}
	case kpi.RateAgentExclShort:
		return kpi.Ratio{Num: c.Answered, Den: c.Requested - c.RequestedShortAbandoned}
	}
	return kpi.Ratio{Num: c.Answered, Den: c.Requested}
}

func mark(leads bool) string {
	if leads {
		return " *"
	}
	return ""
}

// ruling is the verdict on the form of a figure that leads; the others are shown beside it.
func ruling(leads bool, t kpi.Target, r kpi.Ratio) string {
	if leads {
		return verdict(t, r)
	}
	return "does not lead"
}

func verdict(t kpi.Target, r kpi.Ratio) string {
	goal, _ := kpi.CutPercent(kpi.Ratio{Num: t.Num, Den: t.Den}, 0)
	if t.MetBy(r) {
		return "target " + goal + ": met"
	}
	return "target " + goal + ": missed"
}

func (p *page) rate(name string, r kpi.Ratio, value *float64, key, note string) {
	text := p.missing(key)
	if value != nil {
		text, _ = kpi.CutPercent(r, 2)
		p.line("%s %9s  %19s  %s", pad(name, nameWidth), text, group(r.Num)+" / "+group(r.Den), note)
		return
	}
	p.line("%s %s", pad(name, nameWidth), text)
}

func (p *page) mean(name string, r kpi.Ratio, value *float64, key string) {
	if value == nil {
		p.line("%s %s", pad(name, nameWidth), p.missing(key))
		return
	}
	text, _ := kpi.CutSeconds(r, 2)
	p.line("%s %9s", pad(name, nameWidth), text+" s")
}

func (p *page) missing(key string) string {
	if capability, ok := p.s.NotComputed[key]; ok {
		return fmt.Sprintf("not connected: a source does not know %s", capability)
	}
	return noData
}

func (p *page) counts() {
	c := &p.s.Counts
	excluded := int64(0)
	for _, n := range c.Excluded {
		excluded += n
	}
	cells := []struct {
		name string
		n    int64
		code string // of a count that a source may not know
	}{
		{"offered", c.Offered, ""},
		{"requested", c.Requested, "requested"},
		{"answered", c.Answered, ""},
		{"self-service", c.SelfService, "self_service"},
		{"abandoned in IVR", c.AbandonedIVR, "abandoned_ivr"},
		{"abandoned in queue", c.AbandonedQueue, ""},
		{"abandoned ringing", c.AbandonedRinging, ""},
		{"of these short", c.ShortAbandoned, "short_abandoned"},
		{"timed out", c.TimedOut, ""},
		{"blocked", c.Blocked, ""},
		{"voicemail", c.Voicemail, ""},
		{"callback requested", c.CallbackRequested, ""},
		{"after hours", c.AfterHours, "after_hours"},
		{"open", c.Open, ""},
		{"excluded", excluded, ""},
	}
	for i := 0; i < len(cells); i += 3 {
		var b strings.Builder
		for _, cell := range cells[i:min(i+3, len(cells))] {
			b.WriteString(pad(cell.name, 18) + padLeft(known(c, cell.code, cell.n), 7) + "  ")
		}
		p.line("%s", b.String())
	}
	if len(c.NotConnected) > 0 {
		var missing []string
		for _, m := range c.NotConnected {
			missing = append(missing, string(m))
		}
		slices.Sort(missing)
		p.line("  — not connected: a source does not know %s", strings.Join(slices.Compact(missing), ", "))
	}
	for _, reason := range slices.Sorted(maps.Keys(c.Excluded)) {
		if n := c.Excluded[reason]; n > 0 {
			p.line("  excluded as %s %s", pad(reason, 10), group(n))
		}
	}
	if c.ClockSkew > 0 {
		p.line("  %s calls with times that run backwards: clamped to zero", group(c.ClockSkew))
	}
}

// known is a count that a source may not know.
func known(c *kpi.Counts, code string, n int64) string {
	if c.NotConnected[code] != "" {
		return "—"
	}
	return group(n)
}

// tickets says what has become of the first responses to tickets.
func (p *page) tickets() {
	c := &p.s.Counts
	if len(c.Tickets) == 0 {
		return
	}
	p.line("")
	asOf := ""
	if p.s.TicketsAsOf != nil {
		asOf = ", as of " + p.s.TicketsAsOf.Format(time.DateTime)
	}
	p.line("tickets, and their first response%s", asOf)
	p.line("%s %8s %11s %6s %8s %6s %8s %12s", pad("", 14), "opened", "on the spot", "due", "in time", "late", "overdue", "not yet due")
	var unknown, none int64
	for _, kind := range hotline.TicketKinds() {
		n, ok := c.Tickets[kind]
		if !ok {
			continue
		}
		r := n.Response
		p.line("%s %8s %11s %6s %8s %6s %8s %12s", pad(string(kind), 14), group(n.Opened), group(n.OnTheSpot),
			group(r.Due), group(r.InTime), group(r.Late), group(r.Overdue), group(r.NotYetDue))
		unknown, none = unknown+r.DeadlineUnknown, none+r.NoDeadline
	}
	if unknown > 0 {
		p.line("  %s deadlines are unknown: the calendar has no file of their year", group(unknown))
	}
	if none > 0 {
		p.line("  %s tickets have no deadline", group(none))
	}
}

func (p *page) pipeline() {
	x := p.s.Pipeline
	if x == nil {
		return
	}
	p.line("")
	p.line("read %s = accepted %s + ignored %s + rejected %s", group(x.Read), group(x.Accepted), group(sum(x.Ignored)), group(sum(x.Rejected)))
	p.line("stored %s, new %s, duplicates %s, conflicts %s", group(x.Stored), group(x.New), group(x.Duplicates), group(x.Conflicts))
	for _, part := range []struct {
		name string
		by   map[string]int64
	}{{"ignored", x.Ignored}, {"rejected", x.Rejected}} {
		for _, reason := range slices.Sorted(maps.Keys(part.by)) {
			if n := part.by[reason]; n > 0 {
				p.line("  %s as %s: %s", part.name, reason, group(n))
			}
		}
	}
}

func (p *page) groups() {
	if len(p.s.Groups) == 0 {
		return
	}
	p.line("")
	g := p.s.Groups[0]
	p.line("%s %9s %9s %9s %8s %8s %8s", pad("by "+g.By, 22), "offered", "requested", "answered", "rate", "ASA s", "abandon")
	for i := range p.s.Groups {
		g := &p.s.Groups[i]
		rate, asa, lost := "—", "—", "—"
		if s, ok := kpi.CutPercent(leading(&g.Counts, p.s.Chosen.AnswerRate), 2); ok && g.Rates.AnswerRate != nil {
			rate = s
		}
		if s, ok := kpi.CutSeconds(kpi.Ratio{Num: int64(g.Counts.WaitSecondsSum), Den: g.Counts.Answered}, 1); ok && g.Rates.ASASeconds != nil {
			asa = s
		}
		if s, ok := kpi.CutPercent(kpi.Ratio{Num: g.Counts.RequestedAbandoned, Den: g.Counts.Requested}, 2); ok && g.Rates.AbandonmentRate != nil {
			lost = s
		}
		key := g.Key
		if key == "" {
			key = "(unnamed)"
		}
		if g.By == string(kpi.Hour) && g.From != nil {
			key = g.From.Format("2006-01-02 15:04")
		}
		p.line("%s %9s %9s %9s %8s %8s %8s", pad(key, 22), group(g.Counts.Offered), known(&g.Counts, "requested", g.Counts.Requested), group(g.Counts.Answered), rate, asa, lost)
	}
	if g.Overlap {
		p.line("a call may stand in several topics: these lines do not add up to the total")
	}
}

func sum(m map[string]int64) int64 {
	var n int64
	for _, v := range m {
		n += v
	}
	return n
}

// group writes a count with thousands separated.
func group(n int64) string {
	s := strconv.FormatInt(n, 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func pad(s string, width int) string {
	return runewidth.FillRight(runewidth.Truncate(s, width, "…"), width)
}

func padLeft(s string, width int) string { return runewidth.FillLeft(s, width) }
