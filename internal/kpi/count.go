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
	t := Tally{Calls: 1, DataTo: f.LastEvent}
	if f.Skewed {
		t.Skewed = 1
	}
	if f.Excluded != hotline.NotExcluded {
		t.Excluded = map[string]int64{string(f.Excluded): 1}
		return t
	}
	t.Transfers = int64(c.Transfers)
	t.Legs = int64(len(f.Legs))
	t.rate(c.Rating)
	if c.Repeats() && c.Outcome != hotline.Open {
		t.OfferedWithCaller = 1
	}
	if c.Contact() && c.Outcome == hotline.Answered {
		t.AnsweredWithCaller = 1
	}
	asked := true
	switch c.Outcome {
	case hotline.Open:
		t.Open, asked = 1, false
	case hotline.Answered:
		t.Answered = 1
		t.WaitAnswered.Add(Class((f.Wait+999)/1000), 1)
		t.WaitMillis, t.TalkMillis, t.HoldMillis, t.WrapupMillis = f.Wait, f.Talk, f.Hold, f.Wrapup
	case hotline.SelfService:
		t.SelfService, asked = 1, false
	case hotline.AbandonedIVR:
		t.AbandonedIVR, asked = 1, false
	case hotline.AbandonedQueue:
		t.AbandonedQueue = 1
		t.abandon(f.Wait)
	case hotline.AbandonedRinging:
		t.AbandonedRinging = 1
		t.abandon(f.Wait)
	case hotline.TimedOut:
		t.TimedOut = 1
	case hotline.Blocked:
		t.Blocked = 1
	case hotline.Voicemail:
		t.Voicemail = 1
		if asked = f.Queued; asked {
			t.VoicemailQueued = 1
		}
	case hotline.CallbackRequested:
		t.CallbackRequested = 1
	}
	if asked {
		t.WaitMillisMax = f.Wait
	}
	return t
}

func (t *Tally) abandon(wait int64) {
	t.WaitAbandoned.Add(Class(wait/1000), 1)
	t.LostMillis = wait
}

func (t *Tally) rate(r hotline.Rating) {
	if r.Invited || r.Given {
		t.Invited = 1 // nobody rates who was not asked
	}
	if r.Given {
		t.Rated = 1
		t.Ratings = map[string]int64{RatingKey(r.Scale, r.Value): 1}
	}
}

// RatingKey names a rating on its scale.
func RatingKey(scale string, value uint8) string { return fmt.Sprintf("%s:%d", scale, value) }
