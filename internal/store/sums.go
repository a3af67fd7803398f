package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// Stretch is a time that begins and ends on quarter hours, its end not in it.
type Stretch struct{ From, To time.Time }

// SumQuery asks for tallies summed over their whole time.
type SumQuery struct {
	TallyQuery

	// Outside are stretches of the time outside service hours, by source. What falls into
	// them is summed apart: a line's bucket is the first of its sum, so that the reader's
	// calendar decides about it as about any other.
	Outside map[string][]Stretch

	Within []Stretch     // parts of the time that are summed; nil: all of it
	Only   []string      // names that are summed; nil: all
	Piece  time.Duration // summed apart, from From on, whole quarter hours; 0: all together
	Now    time.Time     // how far data reach is told as kpi.Believed believes each quarter hour; zero: all
}

// TallySums returns the counts of the buckets in [From, To) summed over the whole time,
// per centre and source, and per name where Names asks for it, in that order: what a report
// of a year says of each agent or topic, without a line for every quarter hour of them.
func (s *Store) TallySums(ctx context.Context, q SumQuery) ([]Tally, error) {
	return collect(ctx, s, "tally_sums", s.tallySumsSQL(q), func(rows driver.Rows, t *Tally) error {
		t.Key.Dimension = q.Dimension
		return scanTally(rows, t)
	})
}

func (s *Store) tallySumsSQL(q SumQuery) string {
	name := "''"
	if q.Names {
		name = "name"
	}
	fields := []string{"toUnixTimestamp(min(bucket))", "toString(centre) AS g_centre", "toString(source) AS g_source", name + " AS g_name"}
	for _, c := range tallySums {
		fields = append(fields, "toInt64(sum("+c+"))")
	}
	fields = append(fields, "toInt64(max(wait_ms_max))", "toInt64(max("+believedSQL(q.Now)+"))")
	for _, c := range tallyMaps {
		fields = append(fields, "toString(sumMapIf("+c+", notEmpty("+c+")))") // most are empty, and adding those up costs as much
	}
	group, order := "g_centre, g_source, g_name", ""
	if apart := outsideSQL(q.Outside); apart != "" {
		group, order = group+", "+apart+" AS g_outside", ", g_outside"
	}
	if q.Piece > 0 {
		group, order = group+", "+pieceSQL(q.From, q.Piece)+" AS g_piece", order+", g_piece"
	}
	where := s.tallyWhere(q.TallyQuery)
	if q.Within != nil {
		where += " AND (" + stretches(q.Within) + ")"
	}
	if q.Only != nil {
		names := make([]string, len(q.Only))
		for i, n := range q.Only {
			names[i] = quote(n)
		}
		where += " AND has([" + strings.Join(names, ", ") + "], name)"
	}
	return fmt.Sprintf("SELECT %s FROM %s FINAL WHERE %s GROUP BY %s ORDER BY g_centre, g_source, g_name%s",
		strings.Join(fields, ", "), s.table(tableTallies), where, group, order)
}

// pieceSQL is which piece of a time a bucket lies in, from 0 on.
func pieceSQL(from time.Time, piece time.Duration) string {
	return fmt.Sprintf("intDiv(toUnixTimestamp(bucket) - %d, %d)", bound(from), int64(piece.Seconds()))
}

// outsideSQL says of a bucket whether it lies in one of the stretches of its source. They
// are listed as begin and end, some hundred a year, and not bucket by bucket. It is empty
// where there are none.
func outsideSQL(outside map[string][]Stretch) string {
	var parts []string
	for _, source := range slices.Sorted(maps.Keys(outside)) {
		list := outside[source]
		if len(list) == 0 {
			continue
		}
		pairs := make([]string, len(list))
		for i, o := range list {
			pairs[i] = fmt.Sprintf("(%d,%d)", bound(o.From), bound(o.To))
		}
		parts = append(parts, fmt.Sprintf("(source = %s AND bucket IN (SELECT arrayJoin(arrayFlatten(arrayMap(s -> range(toUInt32(s.1), toUInt32(s.2), %d), [%s])))))",
			quote(source), int(hotline.BucketLength.Seconds()), strings.Join(pairs, ",")))
	}
	return strings.Join(parts, " OR ")
}

// TallySources returns the sources that have calls in the buckets of [from, to), of one
// centre or, without its name, of all.
func (s *Store) TallySources(ctx context.Context, from, to time.Time, centre string) ([]string, error) {
	sql := fmt.Sprintf("SELECT DISTINCT toString(source) FROM %s FINAL WHERE %s",
		s.table(tableTallies), s.tallyWhere(TallyQuery{From: from, To: to, Dimension: kpi.ByQueue, Centre: centre}))
	return collect(ctx, s, "tally_sources", sql, func(rows driver.Rows, name *string) error { return rows.Scan(name) })
}
