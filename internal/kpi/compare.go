package kpi

import (
	"fmt"
	"math/big"
	"time"
)

// Change is by how much a count differs from that of another period, in percent of that,
// cut to two decimals: 12.34, -3.00. ok is false where there was none to compare with.
func Change(before, now int64) (digits string, ok bool) {
	if before <= 0 {
		return "", false
	}
	return Cut(new(big.Rat).Mul(big.NewRat(now-before, before), big.NewRat(100, 1)), 2), true
}

// RateChange is by how much a rate differs from another, in percentage points, cut to two
// decimals; of means of milliseconds, in seconds. ok is false where one of them has no value.
func RateChange(now, before Ratio, means bool) (digits string, ok bool) {
	_, one := now.Value()
	_, two := before.Value()
	if !one || !two {
		return "", false
	}
	unit := big.NewRat(100, 1)
	if means {
		unit = big.NewRat(1, 1000)
	}
	d := new(big.Rat).Sub(big.NewRat(now.Num, now.Den), big.NewRat(before.Num, before.Den))
	return Cut(d.Mul(d, unit), 2), true
}

// Cut prints a number towards zero with so many decimals. What is cut to nothing has no
// sign.
func Cut(r *big.Rat, decimals int) string {
	scaled := new(big.Int).Mul(r.Num(), pow10(decimals))
	scaled.Quo(scaled, r.Denom())
	return point(scaled.String(), decimals)
}

// Before is the period before a span, of the same kind: the month before a month, the
// quarter before a quarter, else as many days.
func (s Span) Before(zone *time.Location) Span {
	from, to := s.From.In(zone), s.To.In(zone)
	if from.Day() == 1 && to.Day() == 1 { // whole months: so many before
		months := (to.Year()-from.Year())*12 + int(to.Month()) - int(from.Month())
		return between(DayStart(from.Year(), from.Month()-time.Month(months), 1, zone), s.From, zone)
	}
	days := days(from, to)
	return between(DayStart(from.Year(), from.Month(), from.Day()-days, zone), s.From, zone)
}

// YearBefore is the same span of the year before. The 29th of February becomes the last
// day of that month.
func (s Span) YearBefore(zone *time.Location) Span {
	from, to := s.From.In(zone), s.To.In(zone)
	return between(yearBefore(from, zone), yearBefore(to, zone), zone)
}

func yearBefore(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.Date()
	if m == time.February && d == 29 {
		d = 28
	}
	return DayStart(y-1, m, d, zone)
}

// First is the first so many days of a span.
func (s Span) First(n int, zone *time.Location) Span {
	y, m, d := s.From.In(zone).Date()
	to := DayStart(y, m, d+n, zone)
	if !to.Before(s.To) {
		return s
	}
	return between(s.From, to, zone)
}

// Days of a span, whole ones.
func (s Span) Days(zone *time.Location) int { return days(s.From.In(zone), s.To.In(zone)) }

// days between two midnights, whatever the clocks did in between.
func days(from, to time.Time) int {
	wall := func(t time.Time) time.Time { y, m, d := t.Date(); return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	return int(wall(to).Sub(wall(from)) / (24 * time.Hour))
}

// SpanBetween names the days from an instant to another: as a year, half-year, quarter or
// month where they are one.
func SpanBetween(from, to time.Time, zone *time.Location) Span { return between(from, to, zone) }

func between(from, to time.Time, zone *time.Location) Span {
	first, last := from.In(zone), to.In(zone).Add(-time.Nanosecond)
	y, m := first.Year(), int(first.Month())
	for _, name := range []string{
		fmt.Sprintf("%04d", y), fmt.Sprintf("%04dH%d", y, (m+5)/6), fmt.Sprintf("%04dQ%d", y, (m+2)/3), fmt.Sprintf("%04d-%02d", y, m),
	} {
		if s, err := ParsePeriod(name, zone); err == nil && s.From.Equal(from) && s.To.Equal(to) {
			return s
		}
	}
	if s, err := ParsePeriod(first.Format(time.DateOnly)+".."+last.Format(time.DateOnly), zone); err == nil {
		return s
	}
	return Span{Name: first.Format(time.DateOnly), From: from, To: to}
}
