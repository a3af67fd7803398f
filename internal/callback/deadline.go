package callback

import (
	"time"

	"hotline12333/internal/calendar"
	"hotline12333/internal/hotline"
)

// Deadlines gives a function for Rules.Deadline: so much service time after the loss, by the
// calendar of the source. within is whole quarter hours. It remembers what it has worked out
// and is for one goroutine.
//
// Service begins and ends on quarter hours. So the deadlines of all calls lost in a quarter
// hour of service lie as far behind its own as the calls behind its beginning, and those of
// one outside service are the same.
func Deadlines(calendarOf func(source string) calendar.Calendar, within time.Duration) func(string, time.Time) time.Time {
	type place struct {
		source string
		bucket int64
		edge   bool // exactly at its beginning
	}
	type base struct {
		at    time.Time
		moves bool // the deadline moves with the call
	}
	known := map[place]base{}
	return func(source string, lost time.Time) time.Time {
		bucket := hotline.BucketOf(lost)
		p := place{source, bucket.Unix(), lost.Equal(bucket)}
		b, ok := known[p]
		if !ok {
			c := calendarOf(source)
			var err error
			switch b.moves = !p.edge && c.InService(bucket); {
			case b.moves:
				b.at, err = c.AddWorking(bucket, within+hotline.BucketLength)
				b.at = b.at.Add(-hotline.BucketLength)
			default:
				b.at, err = c.AddWorking(bucket, within)
			}
			if err != nil { // of this call alone the year may do
				b.at, err = c.AddWorking(lost, within)
				if err != nil {
					return time.Time{}
				}
				return b.at
			}
			known[p] = b
		}
		if b.moves {
			return b.at.Add(lost.Sub(bucket))
		}
		return b.at
	}
}

// InService gives a function for Rules.InService that remembers what it has worked out; it
// is for one goroutine.
func InService(calendarOf func(source string) calendar.Calendar) func(string, time.Time) bool {
	type place struct {
		source string
		bucket int64
	}
	known := map[place]bool{}
	return func(source string, bucket time.Time) bool {
		p := place{source, bucket.Unix()}
		in, ok := known[p]
		if !ok {
			in = calendarOf(source).InService(bucket)
			known[p] = in
		}
		return in
	}
}
