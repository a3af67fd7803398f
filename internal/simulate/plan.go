package simulate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"hotline12333/internal/calendar"
)

// plan is a scenario made ready for simulation: names are indices, texts are numbers.
type plan struct {
	*Scenario
	zone     *time.Location
	calendar calendar.Calendar // when the hotline is open
	months   [12]float64
	week     [7]float64 // factors of a working day
	weight   []float64  // of the quarter hours of a day, summing to 1
	duty     []duty     // by agent

	patience, ask, selfService, abandon, closed, message dist
	ring, hold, wrapup, redial                           dist
	callback, respond, resolve, outbound                 dist
	topics                                               []topic
	topicChoice, regionChoice, ratingChoice              choice
	spells                                               []spell
	outages                                              []outage
	skewed                                               []map[date]bool // by clock; nil: every day
	employed                                             []employment    // by agent
	overflow                                             []int           // by queue: to which; -1: to none
}

// duty is when an agent works.
type duty struct {
	work   []stretch
	breaks []pause
	off    [7]bool // by weekday
}

type pause struct {
	at     int // minutes of the day
	millis int64
}

type topic struct {
	queue    int
	service  dist
	transfer float64
	to       int // queue
}

func (s *Scenario) compile() (*plan, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		return nil, fmt.Errorf("scenario %q: zone: %w", s.Name, err)
	}
	p := &plan{
		Scenario: s, zone: zone,
		patience: s.Patience.dist(), ask: s.Menu.AskTime.dist(), selfService: s.Menu.SelfServiceTime.dist(),
		abandon: s.Menu.AbandonTime.dist(), closed: s.Closed.Time.dist(), message: s.Closed.MessageTime.dist(),
		ring: s.Ringing.Time.dist(), hold: s.Hold.Time.dist(), wrapup: s.Wrapup.dist(), redial: s.Callers.Redial.Delay.dist(),
		callback: s.Callbacks.Pause.distUpTo(7 * 24 * time.Hour), outbound: s.Outbound.Talk.dist(),
		respond: s.Tickets.Respond.distUpTo(latest), resolve: s.Tickets.Resolve.distUpTo(latest),
		ratingChoice: newChoice(s.Ratings.Weights),
	}
	if p.calendar, err = s.Service.calendar(zone); err != nil {
		return nil, fmt.Errorf("scenario %q: service: %w", s.Name, err)
	}
	for i := range p.months {
		p.months[i] = 1
	}
	copy(p.months[:], s.Arrivals.Months)
	p.compileTopics()
	p.compileSpells()
	p.compileOutages()
	p.compileRest()
	p.week, p.weight = factors(s.Arrivals.Weekdays), weights(s.Arrivals.Shape)
	sum := total(p.weight)
	for i := range p.weight {
		p.weight[i] /= sum
	}
	p.compileDuty()
	return p, nil
}

func (p *plan) compileTopics() {
	var topicWeights, regionWeights []float64
	for _, t := range p.Topics {
		topicWeights = append(topicWeights, t.Weight)
		p.topics = append(p.topics, topic{
			queue: p.queueIndex(t.Queue), service: t.Service.dist(),
			transfer: t.Transfer.Share, to: p.queueIndex(t.Transfer.Queue),
		})
	}
	for _, r := range p.Callers.Regions {
		regionWeights = append(regionWeights, r.Weight)
	}
	p.topicChoice, p.regionChoice = newChoice(topicWeights), newChoice(regionWeights)
}

func (p *plan) compileRest() {
	for _, k := range p.Clocks {
		var days map[date]bool
		if k.Days != "" {
			days = dateSet([]string{k.Days})
		}
		p.skewed = append(p.skewed, days)
	}
	for _, a := range p.Agents {
		p.employed = append(p.employed, a.employment(p.zone))
	}
	for _, q := range p.Queues {
		to := -1
		if q.Overflow.After > 0 {
			to = p.queueIndex(q.Overflow.To)
		}
		p.overflow = append(p.overflow, to)
	}
}

func (p *plan) queueIndex(name string) int {
	return slices.IndexFunc(p.Queues, func(q Queue) bool { return q.Name == name })
}

func (p *plan) compileDuty() {
	place := make(map[string]int) // of the next agent in the order of a shift's breaks
	for _, a := range p.Agents {
		var d duty
		for _, shift := range p.Shifts {
			if !slices.Contains(a.Shifts, shift.Name) {
				continue
			}
			for _, text := range shift.Hours {
				h, _ := hours(text) // validated
				d.work = append(d.work, h...)
			}
			for _, b := range shift.Breaks {
				at, _ := calendar.ParseClock(b.At)
				at += place[shift.Name] * int(b.Stagger/time.Minute)
				d.breaks = append(d.breaks, pause{at: at, millis: b.For.Milliseconds()})
			}
			place[shift.Name]++
		}
		for _, name := range a.Off {
			weekday, _ := calendar.ParseWeekday(name) // validated
			d.off[weekday] = true
		}
		p.duty = append(p.duty, d)
	}
}

func dateSet(list []string) map[date]bool {
	set := make(map[date]bool)
	for _, s := range list {
		days, _ := dates(s) // validated
		for _, d := range days {
			set[d] = true
		}
	}
	return set
}

// calendarOn is the calendar that holds on a day. Of a year it does not know, where the
// scenario allows that, nothing is off but weekends; see Simulation.known.
func (p *plan) calendarOn(day time.Time) calendar.Calendar {
	if p.calendar.Covers(day) {
		return p.calendar
	}
	return p.calendar.IgnoringHolidays()
}

// day is what one day's chance has decided before anybody calls.
type day struct {
	start, end int64 // the day's midnights
	date       time.Time
	working    bool      // the hotline is open on this day
	rate       []float64 // arrivals per millisecond, by quarter hours since the start
	open       []bool    // likewise
	most       float64   // of rate
	surges     []surge
	absent     []bool // by agent
	topics     choice
	rng        *rand.Rand
	ordinal    int // of the last arrival
}

type surge struct{ from, to int64 }

// newDay decides a day. Its chance comes from the seed and the date alone, so that a day
// is the same whatever day the simulation began on.
func (p *plan) newDay(start time.Time, seed uint64) *day {
	start = time.Date(start.Year(), start.Month(), start.Day(), 0, 0, 0, 0, p.zone)
	end := time.Date(start.Year(), start.Month(), start.Day()+1, 0, 0, 0, 0, p.zone)
	d := &day{
		start: start.UnixMilli(), end: end.UnixMilli(), date: start,
		rng: rand.New(rand.NewPCG(seed, uint64(dateOf(start)))),
	}
	served := p.calendarOn(start)
	d.working, _ = served.IsWorkingDay(start) // of a year it knows
	spells, topics := p.spellsOf(dateOf(start))
	d.topics = topics
	factor := spells * p.months[start.Month()-1] * dayToDay(p.Arrivals.DayToDay, d.rng.NormFloat64())
	if d.working {
		factor *= p.week[start.Weekday()]
	} else {
		factor *= p.Arrivals.OffDay
	}
	for i := range p.Agents {
		away := chance(d.rng, p.Absence)
		d.absent = append(d.absent, away || p.duty[i].off[start.Weekday()] || !p.employed[i].holds(start) || p.sick(i, start, seed))
	}
	for t := start; t.Before(end); t = t.Add(quarter) {
		wall := t.In(p.zone)
		q := wall.Hour()*4 + wall.Minute()/15
		rate := p.Arrivals.PerDay * factor * p.weight[q] / float64(quarter.Milliseconds())
		d.rate = append(d.rate, rate)
		d.open = append(d.open, served.InService(t))
		d.most = max(d.most, rate)
	}
	d.surge(&p.Surges)
	return d
}

// surge places the day's surges in its service hours.
func (d *day) surge(spec *Surges) {
	var open []int
	for i, is := range d.open {
		if is {
			open = append(open, i)
		}
	}
	if len(open) == 0 {
		return
	}
	for range poisson(d.rng, spec.PerDay) {
		from := d.start + int64(open[d.rng.IntN(len(open))])*quarter.Milliseconds()
		d.surges = append(d.surges, surge{from, from + spec.Length.Milliseconds()})
	}
	if len(d.surges) > 0 {
		d.most *= max(1, spec.Factor)
	}
}

// rateAt is the arrival rate per millisecond.
func (d *day) rateAt(t int64, factor float64) float64 {
	rate := d.rate[d.index(t)]
	for _, s := range d.surges {
		if t >= s.from && t < s.to {
			return rate * factor
		}
	}
	return rate
}

func (d *day) openAt(t int64) bool { return t >= d.start && t < d.end && d.open[d.index(t)] }

func (d *day) index(t int64) int {
	return min(int((t-d.start)/quarter.Milliseconds()), len(d.rate)-1)
}

// next is the next arrival after t, by thinning: candidates come at the day's highest
// rate and are kept with the share that the rate of their moment has of it (P. A. W. Lewis
// and G. S. Shedler, Simulation of nonhomogeneous Poisson processes by thinning, 1979).
func (d *day) next(t int64, factor float64) (at int64, ok bool) {
	if d.most <= 0 {
		return 0, false
	}
	for f := float64(t); ; {
		f += d.rng.ExpFloat64() / d.most
		if f >= float64(d.end) {
			return 0, false
		}
		if d.rng.Float64()*d.most < d.rateAt(int64(f), factor) {
			return int64(f), true
		}
	}
}

// wall is the instant of a minute of the day; in the hour that a change of clocks skips
// or repeats, what time.Date makes of it.
func (d *day) wall(minute int) int64 {
	y, m, dd := d.date.Date()
	return time.Date(y, m, dd, 0, minute, 0, 0, d.date.Location()).UnixMilli()
}
