package kpi

import (
	"fmt"
	"time"

	"hotline12333/internal/hotline"
)

// Dimension is what calls are grouped by inside a bucket.
type Dimension string

// The dimensions. Groups by topic overlap (a call has several); by queue each call
// stands once; by agent an answered call stands at the first agent who spoke, while
// legs, talk and hold stand at each agent's own.
const (
	ByQueue Dimension = "queue"
	ByAgent Dimension = "agent"
	ByTopic Dimension = "topic"
)

// Key names one tally.
type Key struct {
	Dimension Dimension
	Bucket    time.Time // UTC
	Centre    string
	Source    string
	Name      string // of the queue, agent or topic
}

// Count adds one call to the tallies it belongs to. The call must be the newest
// version of its identity, with what its supplements tell (hotline.Call.With); a deleted
// one counts nowhere. With CountRepeats it is the reference for what the aggregation in
// SQL must give.
func Count(into map[Key]*Tally, c *hotline.Call) {
	if c.Deleted {
		return
	}
	f := c.Facts()
	whole := One(c)
	spread(into, c, &f, &whole)
	for i, leg := range f.Legs {
		part := Tally{DataTo: f.LastEvent}
		if i == 0 {
			part = whole
			part.Transfers, part.Legs = whole.Transfers, 0
		}
		if f.Excluded == hotline.NotExcluded {
			part.Legs, part.TalkMillis, part.HoldMillis = 1, leg.Talk, leg.Hold
		}
		at(into, c, &f, ByAgent, leg.Agent).Merge(&part)
	}
}

// spread adds a part of a call's tally to its queue and to each of its topics.
func spread(into map[Key]*Tally, c *hotline.Call, f *hotline.Facts, part *Tally) {
	at(into, c, f, ByQueue, c.Queue).Merge(part)
	seen := make(map[string]bool, len(c.Topics))
	for _, topic := range c.Topics {
		if !seen[topic] { // named twice, it is still one call
			seen[topic] = true
			at(into, c, f, ByTopic, topic).Merge(part)
		}
	}
}

func at(into map[Key]*Tally, c *hotline.Call, f *hotline.Facts, d Dimension, name string) *Tally {
	k := Key{Dimension: d, Bucket: f.Bucket, Centre: c.Centre, Source: c.Source, Name: name}
	t := into[k]
	if t == nil {
		t = new(Tally)
		into[k] = t
	}
	return t
}

// One is the tally of one call, which must not be deleted.
func One(c *hotline.Call) Tally {
	f := c.Facts()
	s := See(c, &f)
	t := s.Tally()
	t.DataTo = f.LastEvent
	return t
}

// RatingKey names a rating on its scale.
func RatingKey(scale string, value uint8) string { return fmt.Sprintf("%s:%d", scale, value) }
