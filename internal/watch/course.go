package watch

import "time"

const (
	// recovered is how many checks in a row must find a hotline ready before people are told
	// that it is back: one that starts and falls again says so once.
	recovered = 2
	// retryFor is how long those whom a message did not reach are tried again at each check
	// when it has reached others; where it has reached nobody, until it does. It is shorter
	// than a channel remembers that it has taken a message.
	retryFor = 10 * time.Minute
)

// Event is what people are told.
type Event struct {
	URL    string
	State  State     // Ready: it is back
	Was    State     // what was told before it came back
	Since  time.Time // of the first check that failed
	At     time.Time // now; of one that is back, since when it is
	Reason Reason    // of the last check that failed
	// Number counts the messages about one alarm, from 1. A message that is tried again
	// keeps its number.
	Number int
}

// course is how one hotline fares. It knows no clock.
type course struct {
	cfg Config
	url string

	since  time.Time // of the first check in a row that was not ready; zero: it is
	gone   int       // checks in a row that found nobody
	reason Reason    // of the last check that was not ready
	quiet  time.Time // until then it is worked on

	alarm   State // what is in force; Ready: nothing
	began   time.Time
	ready   int // checks in a row that found it ready, while an alarm is in force
	back    time.Time
	number  int
	owed    bool      // the message of this number has not reached everybody
	ending  bool      // which says that it is back
	first   time.Time // when that message was first sent
	nextDue time.Time // when the next one is
}

// step takes an answer and gives what people are to be told now, if anything.
func (c *course) step(now time.Time, a Answer) (Event, bool) {
	if a.State == Ready {
		return c.stepReady(now)
	}
	c.ready = 0
	if c.since.IsZero() {
		c.since = now
	}
	c.reason = a.Reason
	c.gone++
	if a.State != Gone {
		c.gone = 0
	}
	found := Ready
	switch {
	case c.gone >= c.cfg.Failures:
		found = Gone
	case c.gone == 0 && now.Sub(c.since) >= c.cfg.NotReadyFor:
		found = NotReady
	}
	if now.Before(c.quiet) {
		return Event{}, false
	}
	if c.ending && found != Ready { // it is another alarm, whoever heard of the end of the last
		*c = course{cfg: c.cfg, url: c.url, since: c.since, gone: c.gone, reason: c.reason, number: c.number}
	}
	switch {
	case found > c.alarm: // it only gets graver: what answers again and is not ready is not back
		if c.alarm == Ready {
			c.began = c.since
		}
		c.alarm = found
		c.next(now)
	case c.alarm == Ready || c.ending:
		return Event{}, false
	case !c.owed && !now.Before(c.nextDue):
		c.next(now)
	case !c.owed:
		return Event{}, false
	}
	return Event{URL: c.url, State: c.alarm, Was: c.alarm, Since: c.began, At: now, Reason: c.reason, Number: c.number}, true
}

func (c *course) stepReady(now time.Time) (Event, bool) {
	c.since, c.gone = time.Time{}, 0
	if c.alarm == Ready {
		return Event{}, false
	}
	if c.ready == 0 {
		c.back = now
	}
	if c.ready++; c.ready < recovered {
		return Event{}, false
	}
	if !c.ending {
		c.ending = true
		c.next(now)
	}
	return Event{URL: c.url, State: Ready, Was: c.alarm, Since: c.began, At: c.back, Reason: c.reason, Number: c.number}, true
}

// next makes another message due.
func (c *course) next(now time.Time) {
	c.number++
	c.owed, c.first = true, now
}

// told notes what became of the message that is due: whether it reached anybody, and
// whether all.
func (c *course) told(now time.Time, anybody, all bool) {
	if !all && (!anybody || now.Sub(c.first) < retryFor) {
		return
	}
	if c.ending {
		*c = course{cfg: c.cfg, url: c.url, quiet: c.quiet}
		return
	}
	c.owed, c.nextDue = false, c.first.Add(c.cfg.Repeat)
}
