package simulate

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/calendar"
)

// problem is a fault of a scenario and where it stands, as a YAML path.
type problem struct{ path, text string }

// Validate checks a scenario made by hand; [Parse] has checked those from files.
func (s *Scenario) Validate() error {
	if found := s.problems(); len(found) > 0 {
		return fmt.Errorf("scenario %q: %s: %s", s.Name, strings.TrimPrefix(found[0].path, "$."), found[0].text)
	}
	return nil
}

// checker collects problems.
type checker struct{ found []problem }

func (c *checker) fail(path, format string, args ...any) {
	c.found = append(c.found, problem{"$." + path, fmt.Sprintf(format, args...)})
}

func (c *checker) number(path string, v, low, high float64) {
	if !(v >= low && v <= high) { // NaN is neither
		c.fail(path, "%v is not between %v and %v", v, low, high)
	}
}

func (c *checker) share(path string, v float64) { c.number(path, v, 0, 1) }

func (c *checker) length(path string, d, most time.Duration) {
	if d < 0 || d > most {
		c.fail(path, "%s is not between 0s and %s", d, most)
	}
}

func (c *checker) weekdays(path string, list []string) {
	for i, d := range list {
		if _, ok := calendar.ParseWeekday(d); !ok {
			c.fail(fmt.Sprintf("%s[%d]", path, i), "%q is not one of mon, tue, wed, thu, fri, sat, sun", d)
		}
	}
}

func (c *checker) duration(path string, d Duration) { c.durationUpTo(path, d, 2*time.Hour) }

func (c *checker) durationUpTo(path string, d Duration, most time.Duration) {
	switch d.Kind {
	case fixed, exponential, lognormal:
	case "":
		if d == (Duration{}) {
			return // no time at all
		}
		c.fail(path, "a kind is needed: fixed, exponential or lognormal")
	default:
		c.fail(path+".kind", "%q is not fixed, exponential or lognormal", d.Kind)
	}
	c.length(path+".mean", d.Mean, most)
	if d.Kind == lognormal {
		c.number(path+".cv", d.CV, 0, 10)
	} else if d.CV != 0 {
		c.fail(path+".cv", "only a lognormal duration takes it")
	}
}

func (s *Scenario) problems() []problem {
	c := new(checker)
	if s.Name == "" {
		c.fail("name", "a name is needed")
	}
	if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "" {
		c.fail("zone", "%q is not a time zone such as Asia/Shanghai", s.Zone)
	}
	s.Service.check(c, s.Zone)
	s.Arrivals.check(c)
	c.number("surges.per_day", s.Surges.PerDay, 0, 20)
	c.number("surges.factor", s.Surges.Factor, 0, 100)
	c.length("surges.length", s.Surges.Length, 24*time.Hour)
	s.checkSpells(c)
	s.checkOutages(c)
	s.checkCallers(c)
	s.checkLine(c)
	s.checkAgents(c)
	s.checkAfterwards(c)
	s.checkDelivery(c)
	return c.found
}

func (v *Service) check(c *checker, zone string) {
	if v.Calendar != "" {
		if found, err := namedCalendar(v.Calendar); err != nil {
			c.fail("service.calendar", "%v", err)
		} else if found.Zone().String() != zone {
			c.fail("service.calendar", "the days of %s are those of %s, not of %s", v.Calendar, found.Zone(), zone)
		}
		if len(v.Weekdays)+len(v.Hours) > 0 {
			c.fail("service.calendar", "%s says when the hotline is open: weekdays and hours are for a scenario without a calendar", v.Calendar)
		}
	}
	c.weekdays("service.weekdays", v.Weekdays)
	checkHours(c, "service.hours", v.Hours, false)
	if v.UnknownYears != "" && v.UnknownYears != refuseYears && v.UnknownYears != WeekdaysOnly {
		c.fail("service.unknown_years", "%q is not %s or %s", v.UnknownYears, refuseYears, WeekdaysOnly)
	}
	c.length("service.overtime", v.Overtime, 2*time.Hour)
}

func (a *Arrivals) check(c *checker) {
	c.number("arrivals.per_day", a.PerDay, 0, 1e6)
	if len(a.Months) != 0 && len(a.Months) != 12 {
		c.fail("arrivals.months", "%d factors, 12 are needed", len(a.Months))
	}
	for i, m := range a.Months {
		c.number(fmt.Sprintf("arrivals.months[%d]", i), m, 0, 100)
	}
	checkWeekdays(c, "arrivals.weekdays", a.Weekdays)
	c.number("arrivals.off_day", a.OffDay, 0, 100)
	c.number("arrivals.day_to_day", a.DayToDay, 0, 2)
	checkShape(c, "arrivals.shape", a.Shape)
}

func (s *Scenario) checkCallers(c *checker) {
	c.share("menu.self_service", s.Menu.SelfService)
	c.share("menu.abandoned", s.Menu.Abandoned)
	if s.Menu.SelfService+s.Menu.Abandoned > 1 {
		c.fail("menu", "the shares add up to more than 1")
	}
	c.duration("menu.ask_time", s.Menu.AskTime)
	c.duration("menu.self_service_time", s.Menu.SelfServiceTime)
	c.duration("menu.abandon_time", s.Menu.AbandonTime)
	c.share("closed.self_service", s.Closed.SelfService)
	c.share("closed.voicemail", s.Closed.Voicemail)
	c.share("closed.blocked", s.Closed.Blocked)
	if s.Closed.SelfService+s.Closed.Voicemail+s.Closed.Blocked > 1 {
		c.fail("closed", "the shares add up to more than 1")
	}
	c.duration("closed.time", s.Closed.Time)
	c.duration("closed.message_time", s.Closed.MessageTime)
	c.duration("patience", s.Patience)
	c.number("callers.people", float64(s.Callers.People), 1, 1e9)
	c.share("callers.redial.share", s.Callers.Redial.Share)
	c.duration("callers.redial.delay", s.Callers.Redial.Delay)
	c.number("callers.redial.most", float64(s.Callers.Redial.Most), 0, 100)
	c.share("callers.repeat.share", s.Callers.Repeat.Share)
	c.length("callers.repeat.within", s.Callers.Repeat.Within, 30*24*time.Hour)
	for i, r := range s.Callers.Regions {
		c.number(fmt.Sprintf("callers.regions[%d].weight", i), r.Weight, 0, 1e9)
	}
	e := s.Exclusions
	c.share("exclusions.blacklist", e.Blacklist)
	c.share("exclusions.test", e.Test)
	c.share("exclusions.internal", e.Internal)
	c.share("exclusions.phantom", e.Phantom)
	if e.Blacklist+e.Test+e.Internal+e.Phantom > 1 {
		c.fail("exclusions", "the shares add up to more than 1")
	}
}

func (s *Scenario) checkLine(c *checker) {
	if len(s.Queues) == 0 || len(s.Queues) > 64 {
		c.fail("queues", "%d queues, between 1 and 64 are needed", len(s.Queues))
	}
	for i, q := range s.Queues {
		at := fmt.Sprintf("queues[%d]", i)
		if q.Name == "" || slices.IndexFunc(s.Queues, func(o Queue) bool { return o.Name == q.Name }) != i {
			c.fail(at, "every queue needs a name of its own")
		}
		c.number(at+".capacity", float64(q.Capacity), 0, 1e6)
		c.length(at+".max_wait", q.MaxWait, 4*time.Hour)
		if c.length(at+".overflow.after", q.Overflow.After, 4*time.Hour); q.Overflow.After > 0 {
			s.checkQueue(c, at+".overflow.to", q.Overflow.To)
		}
	}
	if len(s.Topics) == 0 {
		c.fail("topics", "at least one topic is needed")
	}
	for i, t := range s.Topics {
		at := fmt.Sprintf("topics[%d]", i)
		if t.Name == "" {
			c.fail(at, "a name is needed")
		}
		s.checkQueue(c, at+".queue", t.Queue)
		c.number(at+".weight", t.Weight, 0, 1e9)
		c.duration(at+".service", t.Service)
		c.share(at+".transfer.share", t.Transfer.Share)
		if t.Transfer.Share > 0 {
			s.checkQueue(c, at+".transfer.queue", t.Transfer.Queue)
		}
	}
	c.share("hold.share", s.Hold.Share)
	c.duration("hold.time", s.Hold.Time)
	c.duration("wrapup", s.Wrapup)
	c.share("ratings.invited", s.Ratings.Invited)
	c.share("ratings.given", s.Ratings.Given)
	if s.Ratings.Invited*s.Ratings.Given > 0 && (s.Ratings.Scale == "" || len(s.Ratings.Weights) == 0 || len(s.Ratings.Weights) > math.MaxUint8) {
		c.fail("ratings", "a scale and the weights of its values are needed")
	}
	for i, w := range s.Ratings.Weights {
		c.number(fmt.Sprintf("ratings.weights[%d]", i), w, 0, 1e9)
	}
}

func (s *Scenario) checkQueue(c *checker, path, name string) {
	if !slices.ContainsFunc(s.Queues, func(q Queue) bool { return q.Name == name }) {
		c.fail(path, "no queue is named %q", name)
	}
}

func (s *Scenario) checkAgents(c *checker) {
	for i, h := range s.Shifts {
		at := fmt.Sprintf("shifts[%d]", i)
		if h.Name == "" || slices.IndexFunc(s.Shifts, func(o Shift) bool { return o.Name == h.Name }) != i {
			c.fail(at, "every shift needs a name of its own")
		}
		checkHours(c, at+".hours", h.Hours, true)
		for j, b := range h.Breaks {
			if _, err := calendar.ParseClock(b.At); err != nil {
				c.fail(fmt.Sprintf("%s.breaks[%d].at", at, j), "%v", err)
			}
			c.length(fmt.Sprintf("%s.breaks[%d].for", at, j), b.For, 4*time.Hour)
			c.length(fmt.Sprintf("%s.breaks[%d].stagger", at, j), b.Stagger, 4*time.Hour)
		}
	}
	for i, a := range s.Agents {
		at := fmt.Sprintf("agents[%d]", i)
		if a.ID == "" || slices.IndexFunc(s.Agents, func(o Agent) bool { return o.ID == a.ID }) != i {
			c.fail(at, "every agent needs an id of their own")
		}
		for j, q := range a.Queues {
			s.checkQueue(c, fmt.Sprintf("%s.queues[%d]", at, j), q)
		}
		for j, name := range a.Shifts {
			if !slices.ContainsFunc(s.Shifts, func(h Shift) bool { return h.Name == name }) {
				c.fail(fmt.Sprintf("%s.shifts[%d]", at, j), "no shift is named %q", name)
			}
		}
		c.weekdays(at+".off", a.Off)
		c.number(at+".pace", a.Pace, 0, 10)
		c.day(at+".from", a.From)
		c.day(at+".until", a.Until)
	}
	s.checkStaff(c)
	c.duration("ringing.time", s.Ringing.Time)
	c.share("ringing.no_answer", s.Ringing.NoAnswer)
	c.length("ringing.timeout", s.Ringing.Timeout, 10*time.Minute)
	c.length("ringing.pause", s.Ringing.Pause, time.Hour)
	if s.Ringing.NoAnswer > 0 && (s.Ringing.Timeout <= 0 || s.Ringing.Pause <= 0) {
		c.fail("ringing", "where phones are not answered, a timeout and a pause are needed")
	}
}
