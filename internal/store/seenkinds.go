package store

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// KindQuery asks how many calls of each kind there are: of a year some dozens of lines, where
// SeenCalls tells millions of calls.
type KindQuery struct {
	SeenQuery

	Looks   kpi.Looks            // what calls of a kind have in common
	Outside map[string][]Stretch // time outside service hours, by source
	Piece   time.Duration        // counted apart, from From on, whole quarter hours; 0: all together
	Draw    Draw                 // which are named
	Kinds   []kpi.Seen           // the kinds whose places are asked for; nil: all
}

// Draw picks the calls that kpi.Drawn gives no more than UpTo; of 0 none.
type Draw struct{ Seed, UpTo uint64 }

// SeenKind is calls of one source that are seen alike: what Looks.Of makes of each. Where
// times are looked at they are the sums of theirs.
type SeenKind struct {
	Piece       int // from 0 on
	Source      string
	First, Last time.Time // quarter hour
	Seen        kpi.Seen
	Calls       int64
	Drawn       []SeenPlace // in no order
}

// SeenKinds counts the calls of the query by kind.
func (s *Store) SeenKinds(ctx context.Context, q KindQuery) ([]SeenKind, error) {
	with, err := s.seenWith(ctx, &q.SeenQuery, q.Looks)
	if err != nil {
		return nil, err
	}
	return collect(ctx, s, "seen_kinds", s.seenKindsSQL(&q, with), scanKind)
}

// seenWith is what is to be joined for what is looked at.
func (s *Store) seenWith(ctx context.Context, q *SeenQuery, l kpi.Looks) (apart, error) {
	with, err := s.apart(ctx)
	if err != nil {
		return apart{}, err
	}
	return s.only(ctx, with, q, l)
}

// kindColumns are what Looks.Of makes of a call, in SQL, and the four times.
func kindColumns(q *SeenQuery, f *joined, l kpi.Looks, outside string) (kind, times []string) {
	part, legs := "false", "toInt64(length(leg_agents))"
	times = []string{"toInt64(" + f.wait + ")", "toInt64(talk_ms)", "toInt64(hold_ms)", "toInt64(wrapup_ms)"}
	if q.byAgent() {
		agent := quote(q.Agent)
		part, legs = "leg_agents[1] != "+agent, "toInt64(countEqual(leg_agents, "+agent+"))"
		for i, of := range map[int]string{1: "leg_talk_ms", 2: "leg_hold_ms"} {
			times[i] = fmt.Sprintf("toInt64(arraySum((t, a) -> if(a = %s, t, 0), %s, leg_agents))", agent, of)
		}
	}
	looked := func(looks bool, column, otherwise string) string {
		if looks {
			return column
		}
		return otherwise
	}
	wait := "0"
	for _, limit := range l.Waits {
		wait = fmt.Sprintf("if(intDiv(%s + if(outcome = '%s', 999, 0), 1000) > %d, %d, %s)", f.wait, hotline.Answered, limit, 1000*(limit+1), wait)
	}
	if outside == "" {
		outside = "false"
	}
	return []string{
		"toString(outcome)", "toString(excluded)", "toBool(" + outside + ")", "toBool(" + part + ")",
		fmt.Sprintf("toBool(outcome = '%s' AND %s)", hotline.Voicemail, f.queued),
		"toInt64(" + wait + ")",
		looked(l.Rating, "toBool(rating_invited OR "+f.invited+" OR "+f.given+")", "false"),
		looked(l.Rating, "toBool("+f.given+")", "false"),
		looked(l.Rating, "if("+f.given+", "+f.rating+", '')", "''"),
		looked(l.Caller, "toString(direction)", "''"),
		looked(l.Caller, "toBool(caller_hash != '')", "false"),
		looked(l.Caller, "toBool("+f.repeat+")", "false"),
		looked(l.Caller, "toBool("+f.repeated+")", "false"),
		looked(l.Skew, "toBool("+f.skewed+")", "false"),
		looked(l.Legs, legs, "if("+part+", "+legs+", 0)"),
		looked(l.Transfers, "toInt64(transfers)", "toInt64(0)"),
	}, times
}

func (s *Store) seenKindsSQL(q *KindQuery, with apart) string {
	f := with.columns()
	where, all := q.here(&f)
	kind, times := kindColumns(&q.SeenQuery, &f, q.Looks, outsideSQL(q.Outside))
	for i := range times {
		if times[i] = "sum(" + times[i] + ")"; !q.Looks.Times {
			times[i] = "toInt64(0)"
		}
	}
	piece := "0"
	if q.Piece > 0 {
		piece = pieceSQL(q.From, q.Piece)
	}
	drawn := "emptyArrayUInt32(), emptyArrayString()"
	if q.Draw.UpTo > 0 {
		drawn = "arrayMap(d -> d.1, groupArrayIf((toUnixTimestamp(bucket), call_id), " + q.Draw.sql() + ") AS g_drawn), arrayMap(d -> d.2, g_drawn)"
	}
	keys := append([]string{"toInt64(" + piece + ")", "toString(source)"}, kind...)
	names := make([]string, len(keys))
	for i := range keys {
		names[i] = fmt.Sprint("g_", i)
		keys[i] += " AS " + names[i]
	}
	fields := slices.Concat(keys, times, []string{"toUnixTimestamp(min(bucket))", "toUnixTimestamp(max(bucket))", "toInt64(count())", drawn})
	return fmt.Sprintf("SELECT %s FROM %s WHERE %s GROUP BY %s",
		strings.Join(fields, ", "), s.callsWith(with, where, q.From, q.To), all, strings.Join(names, ", "))
}

// sql is kpi.Drawn, compared: texts of bytes are ordered as the numbers are.
func (d Draw) sql() string {
	bytes := func(n uint64) string { return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, n)) }
	return fmt.Sprintf("substring(SHA256(concat(unhex('%s'), call_id)), 1, 8) <= unhex('%s')", bytes(d.Seed), bytes(d.UpTo))
}

func scanKind(rows driver.Rows, k *SeenKind) error {
	var piece int64
	var first, last uint32
	var outcome, excluded, direction string
	var buckets []uint32
	var ids []string
	n := &k.Seen
	var wait int64
	err := rows.Scan(&piece, &k.Source, &outcome, &excluded, &n.OutsideService, &n.Part, &n.Queued, &wait,
		&n.Invited, &n.Given, &n.Rating, &direction, &n.KnownCaller, &n.Preceded, &n.Followed, &n.Skewed, &n.Legs, &n.Transfers,
		&n.Wait, &n.Talk, &n.Hold, &n.Wrapup, &first, &last, &k.Calls, &buckets, &ids)
	if err != nil {
		return err
	}
	n.Wait += wait // one of them is 0
	k.Piece, k.First, k.Last = int(piece), fromSeconds(first), fromSeconds(last)
	n.Outcome, n.Excluded, n.Direction = hotline.Outcome(outcome), hotline.Exclusion(excluded), hotline.Direction(direction)
	for i := range ids {
		k.Drawn = append(k.Drawn, SeenPlace{Bucket: fromSeconds(buckets[i]), CallID: ids[i]})
	}
	return nil
}

// SeenPlaces returns the places of the query's page, in order; without a limit all, in no
// order.
func (s *Store) SeenPlaces(ctx context.Context, q KindQuery) ([]SeenPlace, error) {
	with, err := s.seenWith(ctx, &q.SeenQuery, q.Looks)
	if err != nil {
		return nil, err
	}
	return collect(ctx, s, "seen_places", s.placesSQL(&q, with), func(rows driver.Rows, p *SeenPlace) error {
		var bucket uint32
		err := rows.Scan(&bucket, &p.CallID)
		p.Bucket = fromSeconds(bucket)
		return err
	})
}

func (s *Store) placesSQL(q *KindQuery, with apart) string {
	if q.Kinds == nil {
		with.callers = false // what is looked at picks none
	}
	f := with.columns()
	where, all := q.here(&f)
	all, tail := q.page(all)
	if q.Kinds != nil {
		all += " AND " + ofKinds(q, &f)
	}
	if q.Draw.UpTo > 0 {
		all += " AND " + q.Draw.sql()
	}
	return fmt.Sprintf("SELECT toUnixTimestamp(bucket), call_id FROM %s WHERE %s%s",
		s.callsWith(with, where, q.From, q.To), all, tail)
}

// ofKinds picks the calls of the query's kinds.
func ofKinds(q *KindQuery, f *joined) string {
	if len(q.Kinds) == 0 {
		return "false"
	}
	list := make([]string, len(q.Kinds))
	for i := range q.Kinds {
		k := q.Looks.Kind(q.Kinds[i])
		list[i] = fmt.Sprintf("(%s, %s, %t, %t, %t, %d, %t, %t, %s, %s, %t, %t, %t, %t, %d, %d)",
			quote(string(k.Outcome)), quote(string(k.Excluded)), k.OutsideService, k.Part, k.Queued, k.Wait, k.Invited, k.Given, quote(k.Rating),
			quote(string(k.Direction)), k.KnownCaller, k.Preceded, k.Followed, k.Skewed, k.Legs, k.Transfers)
	}
	slices.Sort(list)
	kind, _ := kindColumns(&q.SeenQuery, f, q.Looks, outsideSQL(q.Outside))
	return fmt.Sprintf("(%s) IN (%s)", strings.Join(kind, ", "), strings.Join(slices.Compact(list), ", "))
}
