package simulate

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// silent is the calls of the ordinary year, with its lunch breaks, Mondays and holidays, as
// the test for silence sees them.
type silent struct {
	zone  *time.Location
	open  calendar.Calendar
	calls []time.Time // arrivals, sorted
}

func ordinaryCalls(t *testing.T, from, to time.Time) silent {
	t.Helper()
	s, err := Named(NormalYear)
	if err != nil {
		t.Fatal(err)
	}
	open, err := namedCalendar(s.Service.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	out := silent{zone: from.Location(), open: open}
	for e, err := range begin(t, Options{Scenario: s, Seed: 77, From: from, To: to}).Backfill(time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		out.calls = append(out.calls, e.Call.StartedAt)
	}
	slices.SortFunc(out.calls, time.Time.Compare)
	return out
}

// between is how many calls arrived in a time.
func (s *silent) between(from, to time.Time) int64 {
	a, _ := slices.BinarySearchFunc(s.calls, from, time.Time.Compare)
	b, _ := slices.BinarySearchFunc(s.calls, to, time.Time.Compare)
	return int64(b - a)
}

// usual is the mean of the 28 days before a day, by the open quarter hours.
func (s *silent) usual(day time.Time) (u kpi.Usual) {
	var n kpi.Usual
	for b := day.AddDate(0, 0, -28); b.Before(day); b = b.Add(hotline.BucketLength) {
		if s.open.InService(b) {
			q := b.Hour()*4 + b.Minute()/15
			u[q] += float64(s.between(b, b.Add(hotline.BucketLength)))
			n[q]++
		}
	}
	for q := range u {
		if n[q] > 0 {
			u[q] /= n[q]
		}
	}
	return u
}

// page is the first minute from one instant to another at which silence pages; zero when
// it does not. No call arrives from cut on.
func (s *silent) page(u kpi.Usual, opening, cut, to time.Time) time.Time {
	q := kpi.Silence{Usual: u, Zone: s.zone, Open: s.open.InService}
	for now := opening; now.Before(to); now = now.Add(time.Minute) {
		end := now
		if cut.Before(now) {
			end = cut
		}
		q.Today = s.between(opening, end)
		last := time.Time{}
		if i, _ := slices.BinarySearchFunc(s.calls, end, time.Time.Compare); i > 0 {
			last = s.calls[i-1]
		}
		if q.Expected(opening, last, now) >= kpi.SilenceLimit {
			return now
		}
	}
	return time.Time{}
}

// silenceQuality holds the test against 60 days with the Spring Festival in them.
func silenceQuality(t *testing.T) (lines []measured) {
	t.Helper()
	zone := shanghai(t)
	from := time.Date(2026, 1, 5, 0, 0, 0, 0, zone)
	first, end := from.AddDate(0, 0, 28), from.AddDate(0, 0, 28+60)
	s := ordinaryCalls(t, from, end)
	openings, falsePages := 0, 0
	delays := map[string][]int{}
	var closed []string
	for day := first; day.Before(end); day = day.AddDate(0, 0, 1) {
		spans, err := s.open.ServiceSpans(day, day.AddDate(0, 0, 1))
		if err != nil {
			t.Fatal(err)
		}
		if len(spans) == 0 {
			closed = append(closed, day.Format(time.DateOnly))
			continue
		}
		u := s.usual(day)
		for _, span := range spans {
			openings++
			if !s.page(u, span.From, span.To, span.To).IsZero() {
				falsePages++
			}
			cut := span.From.Add(90 * time.Minute)
			name := cut.In(zone).Format("15:04")
			if at := s.page(u, span.From, cut, span.To); at.IsZero() {
				delays[name] = append(delays[name], never)
			} else {
				delays[name] = append(delays[name], int(at.Sub(cut).Minutes()))
			}
		}
	}
	lines = append(lines, measured{
		what: fmt.Sprintf("silence, the ordinary year's calls in 60 days, %d openings with lunch breaks, Mondays and %d days off: false pages", openings, len(closed)),
		goal: "0", sequential: fmt.Sprint(falsePages), met: falsePages == 0,
	})
	for _, at := range []string{"10:00", "15:30"} {
		slices.Sort(delays[at])
		med, late := quantile(delays[at], 0.5), quantile(delays[at], 0.95)
		lines = append(lines, measured{
			what: fmt.Sprintf("silence, no call from %s on: minutes until the page, median and 95%%", at),
			goal: "14 expected calls", sequential: fmt.Sprintf("%d, %d", med, late), met: late != never,
		})
	}
	return lines
}
