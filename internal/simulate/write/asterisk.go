package write

import (
	"fmt"
	"strconv"
	"strings"

	"hotline12333/internal/hotline"
)

// What an Asterisk of the simulation is called by its dialplan.
const (
	hotlineNumber = "12333"      // what callers dial
	fromTrunk     = "from-trunk" // the context their calls begin in
	fromPhones    = "from-internal"
	channelTech   = "SIP/"
)

// parts of a simulated call's id: seed, day and the ordinal of the day.
func parts(id string) (seed, day, ordinal string) {
	rest, _ := strings.CutPrefix(id, "sim-")
	seed, rest, _ = strings.Cut(rest, "-")
	day, ordinal, _ = strings.Cut(rest, "-")
	return seed, day, strings.TrimLeft(ordinal, "0")
}

// uniqueID is what Asterisk calls a channel: the time it came to be and a number. The k-th
// channel of a call has one of its own, and so has every call of every seed.
func uniqueID(c *hotline.Call, k int) string {
	seed, _, ordinal := parts(c.ID)
	return fmt.Sprintf("sim%s-%d.%s%02d", seed, c.StartedAt.Unix(), ordinal, k)
}

// channel is the name of a channel: what it leads to and a counter.
func channel(to string, c *hotline.Call, k int) string {
	_, day, ordinal := parts(c.ID)
	d, _ := strconv.Atoi(day) // both are numbers
	n, _ := strconv.Atoi(ordinal)
	return fmt.Sprintf("%s%s-%08x", channelTech, to, uint32(d)<<20^uint32(n)<<5^uint32(k))
}

// legsOf are the agents' parts of an answered call, at least one. The last ends with the
// call, which may not have ended.
func legsOf(c *hotline.Call) []hotline.Leg {
	if len(c.Legs) > 0 {
		return c.Legs
	}
	return []hotline.Leg{{Agent: c.Agent, Queue: c.Queue, AnsweredAt: c.AnsweredAt, EndedAt: c.EndedAt}}
}
