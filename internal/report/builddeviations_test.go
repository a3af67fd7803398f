package report

import (
	"strings"
	"testing"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// TestDeviationsAreFacts names the day, the hours and the queue that lost the most.
func TestDeviationsAreFacts(t *testing.T) {
	s := newSampler(t, "2026-03")
	day := time.Date(2026, 3, 2, 9, 0, 0, 0, shanghai)
	s.add(day, kpi.Tally{Calls: 100, Answered: 50, AbandonedQueue: 50, WaitAnswered: kpi.Hist{5: 50}}, "社保")
	s.add(day.AddDate(0, 0, 1), kpi.Tally{Calls: 100, Answered: 95, AbandonedQueue: 5, WaitAnswered: kpi.Hist{5: 95}}, "就业")
	x := s.build().table(t, "13", kpi.SelfEvaluation).row(t, "answer_rate")
	if len(x.Deviation) != 1 {
		t.Fatalf("%+v", x)
	}
	for _, want := range []string{"72.50%", "3月2日", "社保", "未接55通"} {
		if !strings.Contains(x.Deviation[0].ZH, want) {
			t.Errorf("%q says nothing of %s", x.Deviation[0].ZH, want)
		}
	}
	if x := s.build().table(t, "13", kpi.SelfEvaluation).row(t, "response_timeliness"); x.Deviation != nil {
		t.Errorf("of a target that is met: %v", x.Deviation)
	}
}

// TestDeviationsOfTickets says of a timeliness that tickets lead what tickets lost, and not
// what calls did; the column of the wait stays that of the calls.
func TestDeviationsOfTickets(t *testing.T) {
	s := newSampler(t, "2026-03")
	s.in.Count.Tickets = func(string) bool { return true }
	due := func(day int, inTime, late int64) {
		at := time.Date(2026, 3, day, 17, 15, 0, 0, shanghai)
		kept := kpi.TicketCounts{Opened: inTime + late, Respond: kpi.Kept{InTime: inTime, Late: late}}
		s.in.Year = append(s.in.Year, kpi.Entry{
			Key:   kpi.Key{Dimension: kpi.ByKind, Bucket: at.UTC(), Centre: "default", Source: "crm"},
			Tally: kpi.Tally{Tickets: map[hotline.TicketKind]kpi.TicketCounts{hotline.TicketConsultation: kept}},
		})
	}
	s.add(time.Date(2026, 3, 2, 9, 0, 0, 0, shanghai), kpi.Tally{Calls: 100, Answered: 100, WaitAnswered: kpi.Hist{5: 60, 40: 40}}, "社保")
	due(4, 9, 1)
	due(5, 5, 5)
	r := s.build()
	for _, code := range []string{"response_timeliness", "consultation_timeliness"} {
		x := r.table(t, "13", kpi.SelfEvaluation).row(t, code)
		if x.Shown != "70.00" || len(x.Deviation) != 1 {
			t.Fatalf("%s: %+v", code, x)
		}
		said := x.Deviation[0].ZH
		for _, want := range []string{"70.00%", "20件", "6件", "3月5日"} {
			if !strings.Contains(said, want) {
				t.Errorf("%s: %q says nothing of %s", code, said, want)
			}
		}
		if strings.Contains(said, "通") || strings.Contains(said, "时（") {
			t.Errorf("%s: %q tells of calls, or of the hour of a deadline", code, said)
		}
	}
	f := workbook(t, rendered(t, r, Options{Format: XLSX, Lang: Chinese}))
	if row := beside(t, f, "摘要", "2026-03"); row[6] != "60.00%" {
		t.Errorf("within 15 seconds in March: %v", row)
	}
}
