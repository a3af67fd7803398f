package kpi

import (
	"encoding/json"
	"maps"
	"slices"
)

// Capability is something a source can or cannot know.
type Capability string

// The capabilities a source declares.
const (
	CanRequests   Capability = "requests"    // who asked for an agent, of the callers whom none answered too
	CanIVR        Capability = "ivr"         // calls that end in the IVR
	CanQueueWait  Capability = "queue_wait"  // how long a caller waited
	CanRing       Capability = "ring"        // losses while ringing, apart from queueing
	CanRatings    Capability = "ratings"     // after-call ratings
	CanAgentState Capability = "agent_state" // who is signed in, free, paused
	CanTickets    Capability = "tickets"     // voicemail, callback, consultation, complaint
	CanCallers    Capability = "callers"     // who called, by pseudonym
)

// ServiceHours is what a figure misses that needs them, when a calendar has no days of the
// year. No source declares it.
const ServiceHours Capability = "service_hours"

// Capabilities lists all that a source declares.
func Capabilities() []Capability {
	return []Capability{CanRequests, CanIVR, CanQueueWait, CanRing, CanRatings, CanAgentState, CanTickets, CanCallers}
}

// Knows is the set of capabilities that every source behind a tally has. The nil set
// knows everything: nothing has been found that could not.
type Knows map[Capability]bool

// KnowsOnly is the set of just these capabilities.
func KnowsOnly(can []Capability) Knows {
	k := make(Knows, len(Capabilities()))
	for _, c := range Capabilities() {
		k[c] = slices.Contains(can, c)
	}
	return k
}

// And is what both sets know.
func (k Knows) And(other Knows) Knows {
	if k == nil {
		return other
	}
	if other == nil {
		return k
	}
	both := make(Knows, len(k))
	for _, c := range Capabilities() {
		both[c] = k[c] && other[c]
	}
	return both
}

// With is the set with one capability set right: what no source of calls knows another
// source may tell, and of a part of the hotline something may not be told at all.
func (k Knows) With(c Capability, known bool) Knows {
	if k == nil {
		k = KnowsOnly(Capabilities())
	}
	if k[c] == known {
		return k
	}
	k = maps.Clone(k)
	k[c] = known
	return k
}

// missing returns the first capability that is needed and not known.
func (k Knows) missing(need ...Capability) Capability {
	if k == nil {
		return ""
	}
	for _, c := range need {
		if !k[c] {
			return c
		}
	}
	return ""
}

// needed is what a source has to know for a count. What is not here is counted as it is
// told: a source that does not tell ringing from queueing has its callers lost in the queue.
var needed = map[string]Capability{
	"asked":                     CanRequests,
	"requested":                 CanRequests,
	"after_hours":               CanRequests,
	"short_abandoned":           CanRequests,
	"requested_abandoned":       CanRequests,
	"requested_short_abandoned": CanRequests,
	"self_service":              CanIVR,
	"abandoned_ivr":             CanIVR,
	"waiting":                   CanQueueWait, // right now
}

// MissingFor is what the sources would have to know for a count of Counts; empty where they
// do. Calls that were told of are known whatever the sources declare; who asked for an agent
// is not, where only those who reached one are told of.
func (k Knows) MissingFor(count string, n int64) Capability {
	c, ok := needed[count]
	if !ok || n != 0 && c != CanRequests {
		return ""
	}
	return k.missing(c)
}

// needing are the counts that a source may not know.
func (c *Counts) needing() map[string]*int64 {
	return map[string]*int64{
		"asked": &c.Asked, "requested": &c.Requested, "after_hours": &c.AfterHours, "short_abandoned": &c.ShortAbandoned,
		"requested_abandoned": &c.RequestedAbandoned, "requested_short_abandoned": &c.RequestedShortAbandoned,
		"self_service": &c.SelfService, "abandoned_ivr": &c.AbandonedIVR,
	}
}

func (c *Counts) unknown(knows Knows) map[string]Capability {
	var out map[string]Capability
	for name, n := range c.needing() {
		if missing := knows.MissingFor(name, *n); missing != "" {
			if out == nil {
				out = make(map[string]Capability)
			}
			out[name] = missing
		}
	}
	return out
}

// Known is a count of needing; nil where it is not connected.
func (c *Counts) known(name string) *int64 {
	if c.NotConnected[name] != "" {
		return nil
	}
	return c.needing()[name]
}

// MarshalJSON implements json.Marshaler: the counts that are not connected are null.
func (c Counts) MarshalJSON() ([]byte, error) {
	type plain Counts // without this method
	if len(c.NotConnected) == 0 {
		return json.Marshal(plain(c))
	}
	return json.Marshal(struct {
		plain
		Requested               *int64 `json:"requested"`
		Asked                   *int64 `json:"asked"`
		AfterHours              *int64 `json:"after_hours"`
		SelfService             *int64 `json:"self_service"`
		AbandonedIVR            *int64 `json:"abandoned_ivr"`
		ShortAbandoned          *int64 `json:"short_abandoned"`
		RequestedAbandoned      *int64 `json:"requested_abandoned"`
		RequestedShortAbandoned *int64 `json:"requested_short_abandoned"`
	}{
		plain(c), c.known("requested"), c.known("asked"), c.known("after_hours"),
		c.known("self_service"), c.known("abandoned_ivr"), c.known("short_abandoned"),
		c.known("requested_abandoned"), c.known("requested_short_abandoned"),
	})
}
