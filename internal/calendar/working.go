package calendar

import (
	"fmt"
	"slices"
	"time"
)

// ServiceSpans are the stretches of [from, to) within service hours, in order and apart
// from one another.
func (c Calendar) ServiceSpans(from, to time.Time) ([]Span, error) {
	if err := c.Check(from, to); err != nil {
		return nil, err
	}
	return c.spans(from, to), nil
}

func (c Calendar) spans(from, to time.Time) []Span {
	if !from.Before(to) {
		return nil
	}
	if c.rules == nil {
		return []Span{{from, to}}
	}
	var all []Span
	for d := DateOf(from, c.Zone()) - 1; d <= DateOf(to, c.Zone()); d++ {
		for _, h := range c.rules.hoursOf(d) {
			all = append(all, instants(at(d, h.From), at(d, h.To), c.Zone())...)
		}
	}
	// Hours of two days may overlap across midnight, and an hour that happens twice brings
	// the later hours of a day between the two.
	slices.SortFunc(all, func(a, b Span) int { return a.From.Compare(b.From) })
	var out []Span
	for _, s := range all {
		s = Span{later(s.From, from), earlier(s.To, to)}
		switch last := len(out) - 1; {
		case !s.From.Before(s.To):
		case last >= 0 && !s.From.After(out[last].To):
			out[last].To = later(out[last].To, s.To)
		default:
			out = append(out, s)
		}
	}
	return out
}

// Working is the service time between two instants; negative when to lies before from.
func (c Calendar) Working(from, to time.Time) (time.Duration, error) {
	if to.Before(from) {
		d, err := c.Working(to, from)
		return -d, err
	}
	if err := c.Check(from, to); err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, s := range c.spans(from, to) {
		sum += s.Duration()
	}
	return sum, nil
}

const (
	// stride is how far one look for service time reaches.
	stride = 8 * 24 * time.Hour
	// longestClosure is how long a hotline may be out of service before a look is given up.
	longestClosure = 400 * 24 * time.Hour
)

// AddWorking is the first instant by which so much service time has passed since t: t
// itself for none, and the close rather than the next opening where both would do.
func (c Calendar) AddWorking(t time.Time, d time.Duration) (time.Time, error) {
	if d < 0 {
		return time.Time{}, fmt.Errorf("service time of %v to come is negative", d)
	}
	if c.rules == nil || d == 0 {
		return t.Add(d), nil
	}
	return c.walk(t, func(s Span) (time.Time, bool) {
		if length := s.Duration(); length < d {
			d -= length
			return time.Time{}, false
		}
		return s.From.Add(d), true
	})
}

// NextOpening is t where that is in service, else the next instant that is.
func (c Calendar) NextOpening(t time.Time) (time.Time, error) {
	return c.walk(t, func(s Span) (time.Time, bool) { return s.From, true })
}

// walk hands the spans of service from t on to found until that is satisfied. The spans
// are cut here and there.
func (c Calendar) walk(t time.Time, found func(Span) (time.Time, bool)) (time.Time, error) {
	served := t
	for from := t; ; {
		to := from.Add(stride)
		// The days up to the year's end may do where the next year is not known.
		if end, ends := c.End(from); ends && end.Before(to) && from.Before(end) {
			to = end
		}
		if err := c.Check(from, to); err != nil {
			return time.Time{}, err
		}
		for _, s := range c.spans(from, to) {
			if at, ok := found(s); ok {
				return at, nil
			}
			served = s.To
		}
		if to.Sub(served) > longestClosure {
			return time.Time{}, fmt.Errorf("calendar %s has no service hours between %s and %s", c.Name(), served.In(c.Zone()).Format(time.DateOnly), to.In(c.Zone()).Format(time.DateOnly))
		}
		from = to
	}
}

// at is what clocks on the wall show so many minutes after midnight, as if in UTC.
func at(d Date, minutes int) time.Time {
	return d.wall().Add(time.Duration(minutes) * time.Minute)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
