package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

var columnsOfCSV = []string{
	"by", "key", "from", "to", "offered", "open", "requested", "after_hours", "answered", "self_service",
	"abandoned_ivr", "abandoned_queue", "abandoned_ringing", "timed_out", "blocked", "voicemail",
	"callback_requested", "short_abandoned", "wait_seconds_sum", "talk_seconds_sum",
	"answer_rate_agent", "answer_rate_composite", "response_timeliness", "abandonment_rate", "asa_seconds",
	"response_timeliness_wait", "response_timeliness_items", "consultation_timeliness",
	"consultations_opened", "consultations_on_the_spot", "consultations_due", "consultations_in_time", "consultations_late", "consultations_overdue",
}

// writeCSV prints one line per group, or one for the whole period. Names of queues,
// agents and topics come from outside: one that a spreadsheet would take for a formula
// is preceded by an apostrophe. A count that is not connected is empty.
func writeCSV(w io.Writer, s *kpi.Statement) error {
	out := csv.NewWriter(w)
	if err := out.Write(columnsOfCSV); err != nil {
		return err
	}
	groups := s.Groups
	if len(groups) == 0 {
		groups = []kpi.Group{{Key: "all", From: s.Period.From, To: s.Period.To, Counts: s.Counts, Rates: s.Rates}}
	}
	for i := range groups {
		g := &groups[i]
		c, r := &g.Counts, &g.Rates
		record := []string{g.By, defuse(g.Key), instant(g.From), instant(g.To)}
		for i, n := range []int64{
			c.Offered, c.Open, c.Requested, c.AfterHours, c.Answered, c.SelfService,
			c.AbandonedIVR, c.AbandonedQueue, c.AbandonedRinging, c.TimedOut, c.Blocked, c.Voicemail,
			c.CallbackRequested, c.ShortAbandoned,
		} {
			if c.NotConnected[columnsOfCSV[i+4]] != "" {
				record = append(record, "")
				continue
			}
			record = append(record, strconv.FormatInt(n, 10))
		}
		record = append(record, c.WaitSecondsSum.String(), c.TalkSecondsSum.String())
		for _, v := range []*float64{
			r.AnswerRateAgent, r.AnswerRateComposite, r.ResponseTimeliness, r.AbandonmentRate, r.ASASeconds,
			r.ResponseTimelinessWait, r.ResponseTimelinessItems, r.ConsultationTimeliness,
		} {
			record = append(record, number(v))
		}
		n := c.Tickets[hotline.TicketConsultation]
		for _, v := range []int64{n.Opened, n.OnTheSpot, n.Response.Due, n.Response.InTime, n.Response.Late, n.Response.Overdue} {
			record = append(record, strconv.FormatInt(v, 10))
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func defuse(s string) string {
	if s != "" {
		switch s[0] {
		case '=', '+', '-', '@', '\t', '\r':
			return "'" + s
		}
	}
	return s
}

func instant(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.RFC3339)
}

// number leaves the field empty where there is no figure: neither 0 nor 1.
func number(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', -1, 64)
}
