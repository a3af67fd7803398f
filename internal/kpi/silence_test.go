package kpi

import (
	"math"
	"testing"
	"time"
)

func TestSilence(t *testing.T) {
	zone := time.FixedZone("CST", 8*3600)
	at := func(hour, minute int) time.Time { return time.Date(2026, 3, 2, hour, minute, 0, 0, zone) }
	s := Silence{Zone: zone, Open: func(t time.Time) bool {
		h := t.In(zone).Hour()*60 + t.In(zone).Minute()
		return h >= 510 && h < 720 || h >= 840 && h < 1050
	}}
	for q := range s.Usual {
		s.Usual[q] = 15 // 60 an hour
	}
	for _, tt := range []struct {
		name      string
		today     int64
		open      time.Time
		last, now time.Time
		want      float64
	}{
		{"a usual day", 60, at(8, 30), at(9, 30), at(9, 44), 14},
		{"a busy day expects no more", 600, at(8, 30), at(9, 30), at(9, 44), 14},
		{"half of what is usual", 28, at(8, 30), at(9, 30), at(9, 44), 14 * 33 / 65.0},
		{"nobody since the opening", 0, at(8, 30), time.Time{}, at(8, 40), 10},
		{"lunch", 200, at(8, 30), at(11, 59), at(13, 59), 1},
		{"after lunch", 0, at(14, 0), at(11, 59), at(14, 5), 5},
		{"a part of a quarter hour", 60, at(8, 30), at(9, 30), at(9, 30).Add(30 * time.Second), 0.5},
		{"now", 60, at(8, 30), at(9, 30), at(9, 30), 0},
	} {
		s.Today = tt.today
		if got := s.Expected(tt.open, tt.last, tt.now); math.Abs(got-tt.want) > 1e-9*max(1, tt.want) {
			if tt.name != "lunch" || math.Abs(got-tt.want) > 0.1 { // 200 of 209
				t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
			}
		}
	}
	if p := math.Exp(-SilenceLimit); math.Abs(p-1e-6) > 1e-12 {
		t.Errorf("the limit is of %v", p)
	}
}

func TestBurn(t *testing.T) {
	for _, tt := range []struct {
		rate Ratio
		want float64
		ok   bool
	}{
		{Ratio{Num: 83, Den: 100}, 1, true},
		{Ratio{Num: 66, Den: 100}, 2, true},
		{Ratio{Num: 100, Den: 100}, 0, true},
		{Ratio{}, 0, false},
	} {
		if got, ok := Burn(tt.rate, AnswerRateTarget); got != tt.want || ok != tt.ok {
			t.Errorf("%v: %v, %v", tt.rate, got, ok)
		}
	}
	if _, ok := Burn(Ratio{Num: 1, Den: 2}, TimelinessTarget); ok {
		t.Error("a target of 100% allows no loss")
	}
}
