package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Erasure says that a caller's identity is to be found nowhere: their calls of the quarter
// hours before Until carry Replacement for a pseudonym, and nothing else of the person.
// The pseudonym itself is not in it.
type Erasure struct {
	Caller      string    // ErasedName of the pseudonym
	Until       time.Time // a quarter hour's beginning
	Replacement string    // a random pseudonym, nobody's; blank once it was forgotten
}

// ErasedName is the name of a pseudonym in an erasure: a hash, so that the list of the
// erased leads to no record by itself.
func ErasedName(pseudonym string) string {
	sum := sha256.Sum256([]byte("hotline erased\x00" + pseudonym))
	return hex.EncodeToString(sum[:])
}

// AddErasures notes erasures, and blanks the replacement of those that are there with one:
// of two for the same caller and time the one without holds.
func (s *Store) AddErasures(ctx context.Context, list []Erasure) error {
	n := len(list)
	callers, replacements := make([]string, n), make([]string, n)
	until, revisions := make([]int64, n), make([]uint8, n)
	for i, e := range list {
		callers[i], until[i], replacements[i] = e.Caller, bound(e.Until), e.Replacement
		if e.Replacement == "" {
			revisions[i] = 1
		}
	}
	return s.insert(ctx, "", insertion{
		table:   tableErased,
		columns: []columnDef{{"caller", "String"}, {"until", "DateTime('UTC')"}, {"replacement", "String"}, {"revision", "UInt8"}},
		values:  []any{callers, until, replacements, revisions},
		rows:    n,
	})
}

// Erasures returns all erasures.
func (s *Store) Erasures(ctx context.Context) ([]Erasure, error) {
	sql := fmt.Sprintf("SELECT toString(caller), toUnixTimestamp(until), replacement FROM %s FINAL ORDER BY caller, until", s.table(tableErased))
	return collect(ctx, s, "erasures", sql, func(rows driver.Rows, e *Erasure) error {
		var until uint32
		err := rows.Scan(&e.Caller, &until, &e.Replacement)
		e.Until = fromSeconds(until)
		return err
	})
}

// Alias is a pseudonym that is to be replaced.
type Alias struct{ Pseudonym, Replacement string }

// EraseCallers takes the identity of callers from all that is stored of their calls of the
// quarter hours before until, and puts the replacements in its place. Ranks, and all that
// is counted, stay. At no moment in between does a recomputation count otherwise: a call
// finds its caller's others under the name that it has itself. It may be repeated.
func (s *Store) EraseCallers(ctx context.Context, aliases []Alias, until time.Time) (calls uint64, err error) {
	if len(aliases) == 0 {
		return 0, nil
	}
	before := fmt.Sprintf("bucket < %d", bound(until))
	pairs := make([]string, len(aliases))
	from, to := make([]string, len(aliases)), make([]string, len(aliases))
	for i, a := range aliases {
		from[i], to[i] = quote(a.Pseudonym), quote(a.Replacement)
		pairs[i] = from[i]
	}
	list, replaced := strings.Join(pairs, ", "), strings.Join(to, ", ")
	// A caller's name is the centre's and the pseudonym, with a slash between, which no
	// pseudonym has.
	bare := func(column string) string { return "arrayElement(splitByChar('/', " + column + "), -1)" }
	renamed := func(column string) string {
		return fmt.Sprintf("if(transform(%[2]s, [%[3]s], [%[4]s], %[2]s) = '', '', concat(substring(%[1]s, 1, length(%[1]s) - length(%[2]s)), transform(%[2]s, [%[3]s], [%[4]s], %[2]s)))",
			column, bare(column), list, replaced)
	}
	whose := before + " AND " + bare("caller") + " IN (" + list + ")"
	sql := fmt.Sprintf(`INSERT INTO %[1]s (caller, bucket, call_id, version, content_hash, deleted, started_at, contact, repeats)
SELECT %[2]s, bucket, call_id, version, content_hash, deleted, started_at, contact, repeats FROM %[1]s FINAL WHERE %[3]s AND %[2]s != ''`,
		s.table(tableCallers), renamed("caller"), whose)
	if err := s.repeat(ctx, "erase", func() error { return s.exec(ctx, "erase", sql, s.writeSettings()) }); err != nil {
		return 0, err
	}
	calls, err = s.mutate(ctx, mutation{
		table: tableCalls,
		change: fmt.Sprintf(`UPDATE
    caller_hash = transform(caller_hash, [%[1]s], [%[2]s], caller_hash),
    caller_before = '', caller_masked = '', caller_sealed = '',
    attributes = CAST(map(), 'Map(LowCardinality(String), String)')`, list, replaced),
		where: before + fmt.Sprintf(" AND (caller_hash IN (%s) OR %s IN (%[1]s))", list, bare("caller_before")),
	})
	if err != nil {
		return calls, err
	}
	_, err = s.mutate(ctx, mutation{
		table:  tableVersions,
		change: fmt.Sprintf("UPDATE caller = %s, caller_before = ''", renamed("caller")),
		where:  before + fmt.Sprintf(" AND (%s IN (%s) OR %s IN (%[2]s))", bare("caller"), list, bare("caller_before")),
	})
	if err != nil {
		return calls, err
	}
	_, err = s.remove(ctx, tableCallers, whose)
	return calls, err
}

// EraseAgain applies the erasures to what was brought since, by a writer that had slept:
// it looks for the names of the erased among the callers there are.
func (s *Store) EraseAgain(ctx context.Context, erasures []Erasure) (calls uint64, err error) {
	found, err := s.erasedAmong(ctx, erasures)
	if err != nil {
		return 0, err
	}
	for _, f := range found {
		n, err := s.EraseCallers(ctx, []Alias{f.Alias}, f.until)
		if err != nil {
			return calls, err
		}
		calls += n
	}
	return calls, nil
}

type foundAlias struct {
	Alias
	until time.Time
}

func (s *Store) erasedAmong(ctx context.Context, erasures []Erasure) ([]foundAlias, error) {
	if len(erasures) == 0 {
		return nil, nil
	}
	var names []string
	for _, e := range erasures {
		names = append(names, quote(e.Caller))
	}
	slices.Sort(names)
	in := strings.Join(slices.Compact(names), ", ")
	named := "lower(hex(SHA256(concat('hotline erased\\0', p))))"
	type line struct{ pseudonym, name string }
	var found []foundAlias
	sql := fmt.Sprintf(`SELECT DISTINCT p, %[1]s AS name FROM (
    SELECT caller_hash AS p FROM %[2]s WHERE caller_hash != '' GROUP BY p
    UNION ALL SELECT arrayElement(splitByChar('/', caller), -1) AS p FROM %[3]s GROUP BY p
    UNION ALL SELECT arrayElement(splitByChar('/', caller), -1) AS p FROM %[4]s WHERE caller != '' GROUP BY p
) WHERE name IN (%[5]s)`, named, s.table(tableCalls), s.table(tableCallers), s.table(tableVersions), in)
	list, err := collect(ctx, s, "erased_among", sql, func(rows driver.Rows, l *line) error { return rows.Scan(&l.pseudonym, &l.name) })
	if err != nil {
		return nil, err
	}
	for _, l := range list {
		for _, e := range erasures { // by time, the earliest first
			if e.Caller != l.name {
				continue
			}
			// Without a replacement the call is nobody's, rather than the caller's again.
			found = append(found, foundAlias{Alias{l.pseudonym, e.Replacement}, e.Until})
		}
	}
	return found, nil
}
