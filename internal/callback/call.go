package callback

import (
	"strings"
	"time"

	"hotline12333/internal/hotline"
)

// Call is what the list needs to know of a call's newest version.
type Call struct {
	ID, Centre, Source, Queue string
	Direction                 hotline.Direction
	Outcome                   hotline.Outcome
	Excluded                  hotline.Exclusion
	ArrivedAt, DecidedAt      time.Time
	Wait                      time.Duration
	Caller, Before            string // hotline.Call's Caller and CallerBefore
	Masked, Region            string
	Number                    bool // it carries its caller's number, sealed
}

// Lost says whether the caller is to be called back for it: an agent was asked for and none
// spoke, or a message was left, which asks for one.
func (c *Call) Lost() bool {
	if c.Direction != hotline.Inbound || c.Excluded != hotline.NotExcluded {
		return false
	}
	switch c.Outcome {
	case hotline.AbandonedQueue, hotline.AbandonedRinging, hotline.TimedOut, hotline.Blocked, hotline.CallbackRequested, hotline.Voicemail:
		return true
	}
	return false
}

// Reached says whether an agent and the caller spoke: the caller called, or was called back.
// Outbound calls are excluded from everything, and whom they were for is not known.
func (c *Call) Reached() bool {
	return c.Outcome == hotline.Answered && c.Excluded == hotline.NotExcluded && c.Direction != hotline.Outbound
}

// short says whether it is a short abandon: the caller hung up within the threshold, as kpi
// counts them.
func (c *Call) short(threshold time.Duration) bool {
	return (c.Outcome == hotline.AbandonedQueue || c.Outcome == hotline.AbandonedRinging) && c.Wait < threshold
}

// known says whether there is somebody to call back. The name of an erased caller leads to
// nobody.
func (c *Call) known() bool {
	return c.Caller != "" && !hotline.IsErased(c.Caller[strings.LastIndexByte(c.Caller, '/')+1:])
}

// callers are the calls of each caller. In the overlap after a change of keys a call goes by
// two names; who shares one with another is the same caller.
type callers struct {
	of     map[string]int // by name
	parent []int
}

func (s *callers) root(i int) int {
	for s.parent[i] != i {
		s.parent[i] = s.parent[s.parent[i]]
		i = s.parent[i]
	}
	return i
}

func (s *callers) add(names ...string) int {
	first := -1
	for _, name := range names {
		if name == "" {
			continue
		}
		i, ok := s.of[name]
		if !ok {
			i = len(s.parent)
			s.of[name], s.parent = i, append(s.parent, i)
		}
		if i = s.root(i); first < 0 {
			first = i
		} else {
			s.parent[i] = first
		}
	}
	return first
}
