package simulate

import (
	"container/heap"
	"iter"
	"math/rand/v2"
	"time"
)

// Delivery is how the records travel: what a reader of them has to put up with. It never
// changes what a record says, and so never changes the truth.
type Delivery struct {
	Versions bool     `yaml:"versions"` // every version travels, as from a live feed, instead of the last one
	Delay    Duration `yaml:"delay"`    // of every record: what came about later may arrive sooner
	Late     Late     `yaml:"late"`
	Again    Again    `yaml:"again"`
}

// Late is records that arrive long after the others.
type Late struct {
	Share float64  `yaml:"share"`
	By    Duration `yaml:"by"`
}

// Again is records that arrive more than once.
type Again struct {
	Share  float64  `yaml:"share"`
	Copies int      `yaml:"copies"` // at most, beside the first
	After  Duration `yaml:"after"`  // each, after the first
}

// latest bounds a delivery.
const latest = 60 * 24 * time.Hour

func (s *Scenario) checkDelivery(c *checker) {
	s.checkClocks(c)
	d := s.Delivery
	c.durationUpTo("delivery.delay", d.Delay, latest)
	c.share("delivery.late.share", d.Late.Share)
	c.durationUpTo("delivery.late.by", d.Late.By, latest)
	c.share("delivery.again.share", d.Again.Share)
	c.number("delivery.again.copies", float64(d.Again.Copies), 0, 100)
	c.durationUpTo("delivery.again.after", d.Again.After, latest)
	if d.Again.Share > 0 && d.Again.Copies == 0 {
		c.fail("delivery.again.copies", "how many at most is missing")
	}
}

// Direct says that the records travel at once, in order and once.
func (d *Delivery) Direct() bool {
	return d.Delay == (Duration{}) && d.Late.Share == 0 && d.Again.Share == 0
}

// Deliver puts events into the order in which they arrive, late ones late and some of
// them several times. At is then the moment of arrival. The same seed gives the same
// order. Its memory holds what is on the way.
func (d Delivery) Deliver(events iter.Seq2[Event, error], seed uint64) iter.Seq2[Event, error] {
	if d.Direct() {
		return events
	}
	return func(yield func(Event, error) bool) {
		way := &way{rng: rand.New(rand.NewPCG(seed^0x94d049bb133111eb, 1))}
		delay, late, after := d.Delay.distUpTo(latest), d.Late.By.distUpTo(latest), d.Again.After.distUpTo(latest)
		for e, err := range events {
			if err != nil {
				yield(Event{}, err)
				return
			}
			if !way.arrived(e.At, yield) {
				return
			}
			wait := delay.draw(way.rng)
			if chance(way.rng, d.Late.Share) {
				wait += late.draw(way.rng)
			}
			way.send(e, wait)
			if chance(way.rng, d.Again.Share) {
				for range 1 + way.rng.IntN(d.Again.Copies) {
					way.send(e, wait+after.draw(way.rng))
				}
			}
		}
		way.arrived(time.Time{}, yield)
	}
}

// way holds the records that have not arrived.
type way struct {
	rng  *rand.Rand
	list []travelling
	seq  uint64
}

type travelling struct {
	event Event
	seq   uint64
}

func (w *way) send(e Event, wait int64) {
	e.At = e.At.Add(time.Duration(wait) * time.Millisecond)
	w.seq++
	heap.Push(w, travelling{e, w.seq})
}

// arrived hands over what arrives before a moment; before the zero time, everything.
func (w *way) arrived(before time.Time, yield func(Event, error) bool) bool {
	for len(w.list) > 0 && (before.IsZero() || w.list[0].event.At.Before(before)) {
		if t := heap.Pop(w).(travelling); !yield(t.event, nil) {
			return false
		}
	}
	return true
}

func (w *way) Len() int      { return len(w.list) }
func (w *way) Swap(i, j int) { w.list[i], w.list[j] = w.list[j], w.list[i] }
func (w *way) Push(x any)    { w.list = append(w.list, x.(travelling)) }

func (w *way) Less(i, j int) bool {
	if a, b := w.list[i].event.At, w.list[j].event.At; !a.Equal(b) {
		return a.Before(b)
	}
	return w.list[i].seq < w.list[j].seq
}

func (w *way) Pop() any {
	last := w.list[len(w.list)-1]
	w.list[len(w.list)-1] = travelling{}
	w.list = w.list[:len(w.list)-1]
	return last
}
