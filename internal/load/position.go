package load

import (
	"strconv"
	"strings"
)

// position is what a worker keeps with each commit, as Kafka's metadata.
type position struct {
	// topic tells which account the offsets belong to: the topic's id, with something
	// behind an "@" when the partition was begun again since.
	topic string

	// from is the offset at which the account begins.
	from int64

	// gaps counts the offsets behind the commit that held no record: retention, control
	// records of transactions.
	gaps int64

	// last is the end of the range that begins at the commit, when announced: it is
	// being loaded, and whoever begins there must load exactly that range.
	last      int64
	announced bool

	// closed is the horizon before which the announced range takes nothing, in unix
	// seconds, when guarded: whoever repeats it must accept and reject the same records.
	closed  int64
	guarded bool
}

func (p position) String() string {
	s := "topic=" + p.topic + " from=" + strconv.FormatInt(p.from, 10) + " gaps=" + strconv.FormatInt(p.gaps, 10)
	if p.announced {
		s += " last=" + strconv.FormatInt(p.last, 10)
		if p.guarded {
			s += " closed=" + strconv.FormatInt(p.closed, 10)
		}
	}
	return s
}

// parsePosition ignores what it does not know: a commit made by another tool has no
// metadata, or other.
func parsePosition(s string) position {
	var p position
	for field := range strings.FieldsSeq(s) {
		name, value, _ := strings.Cut(field, "=")
		n, err := strconv.ParseInt(value, 10, 64)
		switch {
		case name == "topic":
			p.topic = value
		case name == "from" && err == nil:
			p.from = n
		case name == "gaps" && err == nil:
			p.gaps = n
		case name == "last" && err == nil:
			p.last, p.announced = n, true
		case name == "closed" && err == nil:
			p.closed, p.guarded = n, true
		}
	}
	return p
}

// of says whether the position belongs to the topic of that id.
func (p position) of(topicID string) bool {
	id, _, _ := strings.Cut(p.topic, "@")
	return id == topicID
}
