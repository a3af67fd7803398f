package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Guard is what a writer must know before it writes a call: which quarter hours take no
// more, and whose identity is not to be stored. It holds from when it was read until the
// batch that was read before it is committed: whoever seals or erases waits for that.
type Guard struct {
	Closed time.Time // no call, or ticket, for a bucket before it is taken; zero: all are
	erased map[string][]Erasure
}

// NewGuard makes a guard of its parts.
func NewGuard(closed time.Time, erasures []Erasure) Guard {
	g := Guard{Closed: closed}
	for _, e := range erasures {
		if g.erased == nil {
			g.erased = map[string][]Erasure{}
		}
		g.erased[e.Caller] = append(g.erased[e.Caller], e)
	}
	return g
}

// Erases says whether anybody's identity is not to be stored.
func (g *Guard) Erases() bool { return len(g.erased) > 0 }

// Erased says whether a call of the pseudonym in the bucket was erased, and what its caller
// is called instead; that is blank once it was forgotten.
func (g *Guard) Erased(pseudonym string, bucket time.Time) (replacement string, erased bool) {
	if len(g.erased) == 0 || pseudonym == "" {
		return "", false
	}
	for _, e := range g.erased[ErasedName(pseudonym)] { // the earliest first
		if bucket.Before(e.Until) {
			return e.Replacement, true
		}
	}
	return "", false
}

// Guard reads what holds now for records of calls or of tickets.
func (s *Store) Guard(ctx context.Context, of Sealed) (Guard, error) {
	type line struct {
		Erasure
		until uint32
	}
	sql := fmt.Sprintf(`SELECT '' AS name, toUnixTimestamp(max(horizon)) AS at, '' FROM %s WHERE step = %s
UNION ALL SELECT toString(caller) AS name, toUnixTimestamp(until) AS at, replacement FROM %s FINAL`,
		s.table(tableHorizons), quote(HorizonClosed.of(of)), s.table(tableErased))
	list, err := collect(ctx, s, "guard", "SELECT * FROM ("+sql+") ORDER BY name, at", func(rows driver.Rows, l *line) error {
		return rows.Scan(&l.Caller, &l.until, &l.Replacement)
	})
	if err != nil {
		return Guard{}, err
	}
	var closed time.Time
	var erasures []Erasure
	for _, l := range list {
		l.Until = fromSeconds(l.until)
		if l.Caller == "" {
			closed = l.Until
			continue
		}
		erasures = append(erasures, l.Erasure)
	}
	return NewGuard(closed, erasures), nil
}
