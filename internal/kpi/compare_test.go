package kpi

import (
	"testing"
	"time"
)

func TestChange(t *testing.T) {
	for _, c := range []struct {
		before, now int64
		want        string
		ok          bool
	}{
		{100, 112, "12.00", true},
		{3, 4, "33.33", true},
		{3, 2, "-33.33", true},
		{100000, 99999, "0.00", true},
		{0, 5, "", false},
		{5, 0, "-100.00", true},
	} {
		if got, ok := Change(c.before, c.now); got != c.want || ok != c.ok {
			t.Errorf("Change(%d, %d) = %q, %v; want %q, %v", c.before, c.now, got, ok, c.want, c.ok)
		}
	}
}

func TestRateChange(t *testing.T) {
	for _, c := range []struct {
		now, before Ratio
		means       bool
		want        string
		ok          bool
	}{
		{Ratio{Num: 83, Den: 100}, Ratio{Num: 82, Den: 100}, false, "1.00", true},
		{Ratio{Num: 2, Den: 3}, Ratio{Num: 1, Den: 1}, false, "-33.33", true},
		{Ratio{Num: 40_770, Den: 1}, Ratio{Num: 41_000, Den: 1}, true, "-0.23", true},
		{Ratio{Num: 0, Den: 0}, Ratio{Num: 1, Den: 1}, false, "", false},
		{Ratio{Num: 1, Den: 1, NotConnected: CanIVR}, Ratio{Num: 1, Den: 1}, false, "", false},
	} {
		if got, ok := RateChange(c.now, c.before, c.means); got != c.want || ok != c.ok {
			t.Errorf("RateChange(%v, %v) = %q, %v; want %q, %v", c.now, c.before, got, ok, c.want, c.ok)
		}
	}
}

func TestNeighbouringSpans(t *testing.T) {
	zone := time.FixedZone("+08:00", 8*3600)
	for name, want := range map[string][2]string{
		"2026":                   {"2025", "2025"},
		"2026H2":                 {"2026H1", "2025H2"},
		"2026Q1":                 {"2025Q4", "2025Q1"},
		"2026-01":                {"2025-12", "2025-01"},
		"2026-03-11..2026-03-20": {"2026-03-01..2026-03-10", "2025-03-11..2025-03-20"},
		"2024-02-29":             {"2024-02-28..2024-02-28", "2023-02-28..2023-02-28"},
		"2026-01-01..2026-04-30": {"2025-09-01..2025-12-31", "2025-01-01..2025-04-30"},
	} {
		s, err := ParsePeriod(name, zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]string{s.Before(zone).Name, s.YearBefore(zone).Name}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	march, err := ParsePeriod("2026-03", zone)
	if err != nil {
		t.Fatal(err)
	}
	if got := march.First(10, zone).Name; got != "2026-03-01..2026-03-10" {
		t.Error(got)
	}
	if got := march.First(40, zone).Name; got != "2026-03" || march.Days(zone) != 31 {
		t.Error(got, march.Days(zone))
	}
}
