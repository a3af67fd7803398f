package simulate

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/ruleset"
	"hotline12333/pipelines"
)

// What to do about a year the scenario lists no holidays for: refuse, which is what an empty
// text means too, or take its weekdays for working days.
const (
	refuseYears  = "refuse"
	WeekdaysOnly = "weekdays"
)

const (
	quarter        = 15 * time.Minute
	quartersPerDay = 96
)

// stretch is a part of the day in minutes, half-open.
type stretch struct{ from, to int }

// hours reads "08:30-12:00". One that ends before it begins goes over midnight: it
// becomes two, of the same day.
func hours(s string) ([]stretch, error) {
	h, err := calendar.ParseHours(s)
	if err != nil {
		return nil, err
	}
	const midnight = 24 * 60
	if h.To <= midnight {
		return []stretch{{h.From, h.To}}, nil
	}
	return []stretch{{0, h.To - midnight}, {h.From, midnight}}, nil
}

// namedCalendar is one the program brings along.
func namedCalendar(name string) (calendar.Calendar, error) {
	all, err := ruleset.LoadCalendars(pipelines.Rules, ruleset.DefaultConfig(), time.UTC)
	if err != nil {
		return calendar.Calendar{}, err
	}
	return all.Lookup(name)
}

// calendar of the scenario, which is valid.
func (v *Service) calendar(zone *time.Location) (calendar.Calendar, error) {
	if v.Calendar != "" {
		return namedCalendar(v.Calendar)
	}
	spec := calendar.Spec{Name: "weekdays", Zone: zone, AnyYear: true, Regimes: make([]calendar.Regime, 1)}
	var open []calendar.Hours
	for _, text := range v.Hours {
		h, err := calendar.ParseHours(text)
		if err != nil {
			return calendar.Calendar{}, err
		}
		open = append(open, h)
	}
	for _, name := range v.Weekdays {
		d, _ := calendar.ParseWeekday(name)
		spec.WorkingWeek[d], spec.Regimes[0].Week.Days[d] = true, open
	}
	return calendar.New(spec)
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
		if m, err := calendar.ParseClock(at); err != nil || m%15 != 0 || m == 24*60 {
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

func checkWeekdays(c *checker, path string, factors map[string]float64) {
	for _, name := range slices.Sorted(maps.Keys(factors)) {
		if _, ok := calendar.ParseWeekday(name); !ok {
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
		if d, ok := calendar.ParseWeekday(name); ok {
			week[d] = f
		}
	}
	return week
}

// date is a day of the calendar as year*10000 + month*100 + day.
type date int

func dateOf(t time.Time) date { return newDate(t.Date()) }

func newDate(y int, m time.Month, d int) date { return date(y*10000 + int(m)*100 + d) }

// dates reads "2026-05-01" or "2026-05-01..2026-05-05".
func dates(s string) ([]date, error) {
	days, err := calendar.ParseDates(s)
	out := make([]date, len(days))
	for i, d := range days {
		y, m, day := d.Civil()
		out[i] = newDate(y, m, day)
	}
	return out, err
}

// dayToDay draws how much more or fewer calls a day has than its like.
func dayToDay(cv, normal float64) float64 {
	sigma2 := math.Log(1 + cv*cv)
	return math.Exp(math.Sqrt(sigma2)*normal - sigma2/2)
}
