package kpi

import (
	"strings"
	"testing"
	"time"
)

func TestParsePeriod(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Skip("no time zone data: ", err)
	}
	for _, tt := range []struct{ text, name, from, to, zh, en string }{
		{"2026", "2026", "2026-01-01", "2027-01-01", "2026年", "2026"},
		{"2026H1", "2026H1", "2026-01-01", "2026-07-01", "2026年上半年", "first half of 2026"},
		{"2026h2", "2026H2", "2026-07-01", "2027-01-01", "2026年下半年", "second half of 2026"},
		{"2026Q1", "2026Q1", "2026-01-01", "2026-04-01", "2026年第一季度", "first quarter of 2026"},
		{"2026q4", "2026Q4", "2026-10-01", "2027-01-01", "2026年第四季度", "fourth quarter of 2026"},
		{"2024-02", "2024-02", "2024-02-01", "2024-03-01", "2024年2月", "February 2024"},
		{"2026-12", "2026-12", "2026-12-01", "2027-01-01", "2026年12月", "December 2026"},
		{"2026-07-15", "2026-07-15", "2026-07-15", "2026-07-16", "2026年7月15日", "2026-07-15"},
		{"2026-03-01..2026-03-15", "2026-03-01..2026-03-15", "2026-03-01", "2026-03-16", "2026年3月1日至2026年3月15日", "2026-03-01 to 2026-03-15"},
		{"2025-12-31..2026-01-01", "2025-12-31..2026-01-01", "2025-12-31", "2026-01-02", "2025年12月31日至2026年1月1日", "2025-12-31 to 2026-01-01"},
	} {
		s, err := ParsePeriod(tt.text, zone)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		day := func(at time.Time) string {
			if at.In(zone).Format(time.TimeOnly) != "00:00:00" {
				t.Errorf("%s begins or ends in the middle of a day: %v", tt.text, at)
			}
			return at.In(zone).Format(time.DateOnly)
		}
		if s.Name != tt.name || day(s.From) != tt.from || day(s.To) != tt.to || s.ZH != tt.zh || s.EN != tt.en {
			t.Errorf("%s: %+v", tt.text, s)
		}
		if again, err := ParsePeriod(s.Name, zone); err != nil || again != s {
			t.Errorf("%s reads back as %+v, %v", s.Name, again, err)
		}
	}
	for text, wants := range map[string]string{
		"": "none of", "26": "none of", "2026Q": "none of", "2026Q0": "Q1 to Q4", "2026Q5": "Q1 to Q4", "2026H3": "H1 and H2",
		"2026-13": "no month", "2026-00": "no month", "2026-02-29": "no day", "2026-02-01..2026-02-30": "no day",
		"2026-02-02..2026-02-01": "before", " 2026": "none of", "2026-7": "none of", "2026-01-01..": "none of",
	} {
		if s, err := ParsePeriod(text, zone); err == nil || !strings.Contains(err.Error(), wants) {
			t.Errorf("%q: %+v, %v", text, s, err)
		}
	}
}
