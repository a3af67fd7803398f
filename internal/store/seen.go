package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// SeenQuery selects calls by their bucket, in [From, To), and by the groups they stand in.
// An empty name selects all.
type SeenQuery struct {
	From, To                            time.Time
	Centre, Source, Queue, Agent, Topic string

	Nameless kpi.Dimension // calls whose name in it is blank
	Within   []Stretch     // parts of [From, To) that calls lie in; nil: all of it
	Only     []SeenPlace   // the calls themselves; nil: all

	// A page, in order of bucket and call_id: so many calls after the place. Without a
	// limit all are told, in no order.
	After SeenPlace
	Limit int
}

// SeenPlace is a call's place in that order.
type SeenPlace struct {
	Bucket time.Time
	CallID string
}

// SeenCall is the newest version of a call, as figures see it at the query's place.
type SeenCall struct {
	SeenPlace

	Rank                         hotline.Rank
	StartedAt                    time.Time
	Centre, Source, Queue, Agent string
	CallerMasked                 string
	Run, Origin                  string // what import brought it; file:line, or the source's name
	Seen                         kpi.Seen
}

// SeenCalls calls each for every call of the query. begin is called before the first, and
// again when a failure made it begin anew. Memory does not grow with the number of calls.
func (s *Store) SeenCalls(ctx context.Context, q SeenQuery, begin func(), each func(*SeenCall) error) error {
	with, err := s.apart(ctx)
	if err != nil {
		return err
	}
	var c SeenCall
	var legs seenLegs
	return s.query(ctx, "seen_calls", s.seenSQL(q, with), begin, func(rows driver.Rows) error {
		if err := scanSeen(rows, &c, &legs); err != nil {
			return err
		}
		if q.byAgent() {
			c.Seen, _ = c.Seen.At(q.Agent, legs.facts()) // it stands there: the query asked for it
		}
		return each(&c)
	})
}

// byAgent says whether the calls are told as they stand at one agent.
func (q *SeenQuery) byAgent() bool { return q.Agent != "" || q.Nameless == kpi.ByAgent }

// stretches selects the quarter hours in any of the stretches.
func stretches(list []Stretch) string {
	parts := []string{"false"} // in none of none
	for _, s := range list {
		parts = append(parts, fmt.Sprintf("bucket >= %d AND bucket < %d", bound(s.From), bound(s.To)))
	}
	return strings.Join(parts, " OR ")
}

// here is what picks the calls of a query: by columns of calls alone, and by all that is
// known of them.
func (q *SeenQuery) here(f *joined) (where, all string) {
	where = fmt.Sprintf("bucket >= %d AND bucket < %d", bound(q.From), bound(q.To))
	for _, c := range []struct {
		column, value string
		blank         bool
	}{{"centre", q.Centre, false}, {"source", q.Source, false}, {"queue", q.Queue, q.Nameless == kpi.ByQueue}} {
		if c.value != "" || c.blank {
			where += " AND " + c.column + " = " + quote(c.value)
		}
	}
	if q.Within != nil {
		where += " AND (" + stretches(q.Within) + ")"
	}
	if q.Only != nil {
		where += " AND " + placesIn(q.Only)
	}
	all = where
	if q.byAgent() {
		all += " AND has(leg_agents, " + quote(q.Agent) + ")"
	}
	if q.Topic != "" || q.Nameless == kpi.ByTopic {
		all += " AND has(" + f.topics + ", " + quote(q.Topic) + ")"
	}
	return where, all
}

// page narrows calls to those after the query's place, and puts them in order.
func (q *SeenQuery) page(all string) (after, tail string) {
	if q.Limit == 0 {
		return all, ""
	}
	return fmt.Sprintf("%s AND (bucket, call_id) > (toDateTime(%d, 'UTC'), %s)", all, bound(q.After.Bucket), quote(q.After.CallID)),
		fmt.Sprintf(" ORDER BY bucket, call_id LIMIT %d", q.Limit)
}

// placesIn picks the calls of places.
func placesIn(places []SeenPlace) string {
	if len(places) == 0 {
		return "false"
	}
	list := make([]string, len(places))
	for i, p := range places {
		list[i] = fmt.Sprintf("(%d,%s)", bound(p.Bucket), quote(p.CallID))
	}
	return "(bucket, call_id) IN (" + strings.Join(list, ",") + ")"
}

func (s *Store) seenSQL(q SeenQuery, with apart) string {
	f := with.columns()
	where, all := q.here(&f)
	legs := "emptyArrayString(), emptyArrayUInt64(), emptyArrayUInt64()"
	if q.byAgent() {
		legs = "arrayMap(a -> toString(a), leg_agents), leg_talk_ms, leg_hold_ms"
	}
	all, tail := q.page(all)
	fields := []string{
		"toUnixTimestamp(bucket)", "call_id", "version", "content_hash", "toUnixTimestamp64Milli(started_at)",
		"toString(centre)", "toString(source)", "toString(queue)", "toString(agent)", "caller_masked", "toString(run)", "origin",
		"toString(outcome)", "toString(excluded)", "toString(direction)",
		"toInt64(" + f.wait + ")", "toInt64(talk_ms)", "toInt64(hold_ms)", "toInt64(wrapup_ms)",
		"toInt64(length(leg_agents))", "toInt64(transfers)",
		f.queued, "(" + f.skewed + ")", "(rating_invited OR " + f.invited + " OR " + f.given + ")", f.given, f.rating,
		"caller_hash != ''", f.repeat, f.repeated, legs,
	}
	for _, i := range booleans {
		fields[i] = "toBool(" + fields[i] + ")"
	}
	return fmt.Sprintf("SELECT %s FROM %s WHERE %s%s",
		strings.Join(fields, ", "), s.callsWith(with, where, q.From, q.To), all, tail)
}

// booleans are the places of those among the fields: a comparison is a number to
// ClickHouse.
var booleans = [...]int{21, 22, 23, 24, 26, 27, 28}

// seenLegs are the legs of a call as the query tells them.
type seenLegs struct {
	agents     []string
	talk, hold []uint64
}

func (l *seenLegs) facts() []hotline.LegFacts {
	facts := make([]hotline.LegFacts, len(l.agents))
	for i, agent := range l.agents {
		facts[i] = hotline.LegFacts{Agent: agent, Talk: int64(l.talk[i]), Hold: int64(l.hold[i])}
	}
	return facts
}

func scanSeen(rows driver.Rows, c *SeenCall, legs *seenLegs) error {
	var bucket uint32
	var started int64
	var outcome, excluded, direction string
	*c = SeenCall{}
	n := &c.Seen
	err := rows.Scan(&bucket, &c.CallID, &c.Rank.Version, &c.Rank.Hash, &started,
		&c.Centre, &c.Source, &c.Queue, &c.Agent, &c.CallerMasked, &c.Run, &c.Origin,
		&outcome, &excluded, &direction, &n.Wait, &n.Talk, &n.Hold, &n.Wrapup, &n.Legs, &n.Transfers,
		&n.Queued, &n.Skewed, &n.Invited, &n.Given, &n.Rating, &n.KnownCaller, &n.Preceded, &n.Followed,
		&legs.agents, &legs.talk, &legs.hold)
	if err != nil {
		return err
	}
	c.Bucket, c.StartedAt = fromSeconds(bucket), fromMillis(started)
	n.Outcome, n.Excluded, n.Direction = hotline.Outcome(outcome), hotline.Exclusion(excluded), hotline.Direction(direction)
	if !n.Given {
		n.Rating = ""
	}
	return nil
}
