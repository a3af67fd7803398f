package simulate

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// What to do about a year the scenario lists no holidays for.
const (
	refuseYears  = "refuse"
	weekdaysOnly = "weekdays"
)

const (
	quarter        = 15 * time.Minute
	quartersPerDay = 96
)

// clock reads "08:30" as minutes of the day; "24:00" is its end.
func clock(s string) (minutes int, err error) {
	if s == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != 5 {
		return 0, fmt.Errorf("%q is not a time of day such as 08:30", s)
	}
	return t.Hour()*60 + t.Minute(), nil
}

// stretch is a part of the day in minutes, half-open.
type stretch struct{ from, to int }

// hours reads "08:30-12:00". One that ends before it begins goes over midnight: it
// becomes two, of the same day.
func hours(s string) ([]stretch, error) {
	a, b, ok := strings.Cut(s, "-")
	if !ok {
		return nil, fmt.Errorf("%q is not a part of the day such as 08:30-12:00", s)
	}
	from, err := clock(a)
	if err != nil {
		return nil, err
	}
	to, err := clock(b)
	if err != nil {
		return nil, err
	}
	if from%15 != 0 || to%15 != 0 {
		return nil, fmt.Errorf("%q does not begin and end on quarter hours", s)
	}
	switch {
	case from < to:
		return []stretch{{from, to}}, nil
	case from > to && to > 0:
		return []stretch{{0, to}, {from, 24 * 60}}, nil
	default:
		return nil, fmt.Errorf("%q is empty; the end of the day is 24:00", s)
	}
}

func checkHours(c *checker, path string, list []string, overnight bool) {
	for i, s := range list {
		h, err := hours(s)
		if err != nil {
			c.fail(fmt.Sprintf("%s[%d]", path, i), "%v", err)
		} else if len(h) > 1 && !overnight {
			c.fail(fmt.Sprintf("%s[%d]", path, i), "%q goes over midnight: write two parts", s)
		}
	}
}

func checkShape(c *checker, path string, shape map[string]float64) {
	if len(shape) == 0 {
		c.fail(path, "the shape of the day is needed: weights by time of day")
		return
	}
	for _, at := range slices.Sorted(maps.Keys(shape)) {
		if m, err := clock(at); err != nil || m%15 != 0 || m == 24*60 {
			c.fail(path, "%q is not the beginning of a quarter hour", at)
		}
		if w := shape[at]; !(w >= 0 && w <= 1e9) {
			c.fail(path, "the weight %v at %s is not between 0 and 1e9", w, at)
		}
	}
	if total(weights(shape)) <= 0 {
		c.fail(path, "all weights are 0")
	}
}

// weights spreads a shape over the quarter hours: each weight holds to the next, the last
// one over midnight to the first.
func weights(shape map[string]float64) []float64 {
	out := make([]float64, quartersPerDay)
	times := slices.Sorted(maps.Keys(shape))
	if len(times) == 0 {
		return out
	}
	w := shape[times[len(times)-1]]
	for i := range out {
		if v, ok := shape[fmt.Sprintf("%02d:%02d", i/4, i%4*15)]; ok {
			w = v
		}
		out[i] = w
	}
	return out
}

func total(list []float64) float64 {
	var sum float64
	for _, v := range list {
		sum += v
	}
	return sum
}

func weekday(s string) (time.Weekday, bool) {
	i := slices.Index([]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, s)
	return time.Weekday(max(i, 0)), i >= 0
}

func checkWeekdays(c *checker, path string, factors map[string]float64) {
	for _, name := range slices.Sorted(maps.Keys(factors)) {
		if _, ok := weekday(name); !ok {
			c.fail(path, "%q is not one of mon, tue, wed, thu, fri, sat, sun", name)
		}
		c.number(path+"."+name, factors[name], 0, 100)
	}
}

// factors of the week; those not given are 1.
func factors(m map[string]float64) (week [7]float64) {
	for i := range week {
		week[i] = 1
	}
	for name, f := range m {
		if d, ok := weekday(name); ok {
			week[d] = f
		}
	}
	return week
}

// date is a day of the calendar as year*10000 + month*100 + day.
type date int

func dateOf(t time.Time) date {
	y, m, d := t.Date()
	return date(y*10000 + int(m)*100 + d)
}

// dates reads "2026-05-01" or "2026-05-01..2026-05-05".
func dates(s string) ([]date, error) {
	a, b, ranged := strings.Cut(s, "..")
	if !ranged {
		b = a
	}
	from, err := time.Parse(time.DateOnly, a)
	if err != nil {
		return nil, fmt.Errorf("%q is not a date such as 2026-05-01", a)
	}
	to, err := time.Parse(time.DateOnly, b)
	if err != nil {
		return nil, fmt.Errorf("%q is not a date such as 2026-05-01", b)
	}
	if to.Before(from) || to.Sub(from) > 366*24*time.Hour {
		return nil, fmt.Errorf("%q is not a range of days", s)
	}
	var out []date
	for t := from; !t.After(to); t = t.AddDate(0, 0, 1) {
		out = append(out, dateOf(t))
	}
	return out, nil
}

func checkDates(c *checker, path string, list []string) {
	for i, s := range list {
		if _, err := dates(s); err != nil {
			c.fail(fmt.Sprintf("%s[%d]", path, i), "%v", err)
		}
	}
}

// dayToDay draws how much more or fewer calls a day has than its like.
func dayToDay(cv, normal float64) float64 {
	sigma2 := math.Log(1 + cv*cv)
	return math.Exp(math.Sqrt(sigma2)*normal - sigma2/2)
}
