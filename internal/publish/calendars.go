package publish

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/calendar"
)

// CalendarNotice is how long before the end of what a calendar knows it is told. The State
// Council announces the days of a year about two months before it begins.
const CalendarNotice = 31 * 24 * time.Hour

// warnOfCalendar tells once a day that the centre's calendar does not know the year, or
// soon will not.
func (f *Follower) warnOfCalendar(now time.Time) {
	today := dateOf(now, f.zone)
	if today == f.warned {
		return
	}
	f.warned = today
	centre := f.rules.calendar("")
	end, ends := centre.End(now)
	if !ends {
		return
	}
	// What there will be no days of is the year that begins there.
	err := centre.Check(end, end.Add(time.Second))
	switch {
	case !now.Before(end):
		f.log.Error("calendar has no days of this year: service hours and every figure of the requested are not available", "error", err)
	case end.Sub(now) < CalendarNotice:
		f.log.Warn("calendar has no days of the next year", "error", err)
	}
}

// CalendarMetrics exports how far the calendars in use reach.
type CalendarMetrics struct {
	calendars []calendar.Calendar
	now       func() time.Time
	end       *prometheus.Desc
}

var _ prometheus.Collector = (*CalendarMetrics)(nil)

// NewCalendarMetrics makes the collector; each calendar is given once.
func NewCalendarMetrics(calendars []calendar.Calendar, now func() time.Time) *CalendarMetrics {
	return &CalendarMetrics{calendars: calendars, now: now, end: prometheus.NewDesc("hotline_calendar_end_timestamp_seconds",
		"When the days end that a calendar knows, in unix seconds; in the past when it does not know this year. Absent for a calendar that knows any year.",
		[]string{"calendar"}, nil)}
}

// Describe implements prometheus.Collector.
func (m *CalendarMetrics) Describe(ch chan<- *prometheus.Desc) { ch <- m.end }

// Collect implements prometheus.Collector.
func (m *CalendarMetrics) Collect(ch chan<- prometheus.Metric) {
	for _, c := range m.calendars {
		if end, ends := c.End(m.now()); ends {
			sink(ch).gauge(m.end, float64(end.Unix()), c.Name())
		}
	}
}
