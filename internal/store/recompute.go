package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/hotline"
)

// recomputeChunk is how many buckets one statement replaces: a month of quarter hours.
const recomputeChunk = 31 * 96

// Recompute replaces the tallies of whole buckets by what calls and tickets now say, under a
// version: the greatest wins, whenever it arrives. It may be repeated, also under the
// same version: the groups there are and have no calls any more become rows of zeros.
// Sealed buckets are left as they are.
//
// What it counts is, by kpi.Count, what the newest versions of the calls say; a
// property test holds the two against each other.
func (s *Store) Recompute(ctx context.Context, buckets []time.Time, version uint64) error {
	sorted := slices.Clone(buckets)
	slices.SortFunc(sorted, time.Time.Compare)
	sorted = slices.CompactFunc(sorted, time.Time.Equal)
	sorted = slices.DeleteFunc(sorted, func(b time.Time) bool { return b.Unix() != bound(b) || b.Unix() == 0 }) // nothing lies there
	settings := s.wholeSettings()                                                                               // a bucket's rows show together
	if s.cfg.Cluster != "" {                                                                                    // what is joined lies on other servers, and is small
		settings["distributed_product_mode"] = "global"
	}
	if len(sorted) == 0 {
		return nil
	}
	// What is sealed stays, by its version; not asking for it saves work. The calls of a
	// sealed bucket may be gone.
	horizons, err := s.horizons(ctx)
	if err != nil {
		return err
	}
	unsealed := func(of Sealed) []time.Time {
		i, _ := slices.BinarySearchFunc(sorted, horizons[of].Sealed, time.Time.Compare)
		return sorted[i:]
	}
	with, err := s.apart(ctx)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(unsealed(SealedCall), recomputeChunk) {
		if err := s.exec(ctx, "recompute", s.recomputeSQL(part, version, with), settings); err != nil {
			return err
		}
	}
	if !with.tickets {
		return nil
	}
	for part := range slices.Chunk(unsealed(SealedTicket), recomputeChunk) {
		if err := s.exec(ctx, "recompute_tickets", s.recomputeTicketsSQL(part, version), settings); err != nil {
			return err
		}
	}
	return nil
}

// recomputeSQL counts in three steps. First it gathers calls into kinds (see kindsSQL). Then
// each kind becomes one row per group it stands in: its queue, each distinct topic, and each
// leg's agent. Of such a group, g.3 says whether the calls themselves count here (for agents:
// at the first who spoke), g.4 to g.6 are the legs, talk and hold of the agent or, elsewhere,
// of the whole calls. All that is counted of excluded calls is that they are there, so
// their outcome is blank. The second part adds the groups there are already, with nothing in
// them, the third one row per bucket, of the blank dimension, whose version is the bucket's
// (see newest). Last the rows of each group are added up.
//
// Names begin with c_ and g_ because an alias equal to a source column would be taken for it
// inside the aggregates. Most of what is added up goes from step to step in one array: for
// every column that an aggregate names, the server's planning walks through all that the
// column is made of, and with one for each count it takes longer than counting a thousand calls.
func (s *Store) recomputeSQL(buckets []time.Time, version uint64, with apart) string {
	var columns, values, addends []string
	for i, o := range outcomes {
		columns, values = append(columns, string(o)), append(values, fmt.Sprintf("g_outcomes[%d]", i+2)) // the first are blank
	}
	for i, a := range added {
		columns, values = append(columns, a.column), append(values, fmt.Sprintf("g_sums[%d]", i+1))
		addends = append(addends, a.of)
	}
	return fmt.Sprintf(`INSERT INTO %[1]s
(dimension, bucket, centre, source, name, version, excluded, wait_answered, wait_abandoned, ratings, wait_ms_max, data_to, calls,
 %[4]s)
WITH
    sumResample(0, %[5]d, 1)(g_calls, transform(c_outcome, [%[6]s], range(1, %[5]d), 0)) AS g_outcomes,
    sumForEach(g_addends) AS g_sums
SELECT
    g_dimension, c_bucket, c_centre, c_source, g_name, %[7]d,
    sumMapIf(map(c_excluded, g_calls), g_excluded), sumMapIf(c_waits, g_spoken), sumMapIf(c_waits, g_lost), sumMapIf(c_ratings, g_rated),
    max(g_longest), max(c_last_event), arraySum(g_outcomes),
    %[8]s
FROM (
    SELECT
        g.1 AS g_dimension, c_bucket, c_centre, c_source, g.2 AS g_name, g.3 AS g_whole, g_whole * c_calls AS g_calls,
        c_outcome, g_whole AND c_outcome = 'answered' AS g_spoken, g_whole AND c_outcome IN ('abandoned_queue', 'abandoned_ringing') AS g_lost, c_waits,
        c_excluded, g_whole AND c_excluded != '' AS g_excluded, c_ratings, g_whole AND c_rated > 0 AS g_rated,
        g_whole * c_longest AS g_longest, c_last_event,
        [%[9]s] AS g_addends
    FROM (
        %[3]s
    )
    ARRAY JOIN arrayConcat(
        [('queue', toString(c_queue), true, c_calls * c_valid * length(c_agents), c_talk, c_hold)],
        arrayMap(t -> ('topic', toString(t), true, c_calls * c_valid * length(c_agents), c_talk, c_hold), arrayDistinct(c_topics)),
        arrayMap((a, talk, hold, i) -> ('agent', toString(a), i = 1, c_calls * c_valid, talk * c_valid, hold * c_valid),
            c_agents, c_leg_talk, c_leg_hold, arrayEnumerate(c_agents))
    ) AS g
    UNION ALL
    SELECT dimension, bucket, centre, source, name, false, 0, '', false, false, map(), '', false, map(), false, 0, toDateTime64(0, 3, 'UTC'), []
    FROM %[1]s
    WHERE dimension IN ('queue', 'agent', 'topic') AND bucket IN (%[2]s)
    UNION ALL
    SELECT '', arrayJoin(arrayMap(b -> toDateTime(b, 'UTC'), [%[2]s])), '', '', '', false, 0, '', false, false, map(), '', false, map(), false, 0, toDateTime64(0, 3, 'UTC'), []
)
GROUP BY g_dimension, c_bucket, c_centre, c_source, g_name`,
		s.table(tableTallies), unixList(buckets), s.kindsSQL(buckets, with),
		strings.Join(columns, ", "), len(outcomes)+1, "'"+strings.Join(columns[:len(outcomes)], "', '")+"'", version,
		strings.Join(values, ", "), strings.Join(addends, ", "))
}

// outcomes are the columns of the tallies that count the calls of one outcome.
var outcomes = append([]hotline.Outcome{hotline.Open}, hotline.FinalOutcomes()...)

// added are other columns that add up, and what a kind of calls adds to those of a group.
var added = [...]struct{ column, of string }{
	{"legs", "g.4"},
	{"talk_ms", "g.5"},
	{"hold_ms", "g.6"},
	{"voicemail_queued", "g_whole * c_queued * (c_outcome = 'voicemail')"},
	{"wait_ms", "c_wait * g_spoken"},
	{"lost_ms", "c_wait * g_lost"},
	{"wrapup_ms", "c_wrapup * g_spoken"},
	{"invited", "g_whole * c_invited"},
	{"rated", "g_whole * c_rated"},
	{"transfers", "g_whole * c_transfers * c_valid"},
	{"skewed", "g_whole * c_skewed"},
	{"offered_with_caller", "g_whole * c_own"},
	{"repeat_callers", "g_whole * c_repeats"},
	{"answered_with_caller", "c_known * g_spoken"},
	{"repeated_within_window", "c_repeated * g_spoken"},
}

// gatherUpTo is how many buckets' calls are gathered before they are counted. Of a few, which
// a live feed touches again and again, one may have so many calls that most are of a few
// kinds, and counting those takes half the time. In the many buckets of a backfill hardly two
// calls are of one, so there each call is a kind of its own.
const gatherUpTo = 96

// kindsSQL selects the calls of the buckets by kind: those that stand in the same groups and
// have the same outcome.
func (s *Store) kindsSQL(buckets []time.Time, with apart) string {
	where, f := "bucket IN ("+unixList(buckets)+")", with.columns()
	var columns, keys []string
	for _, c := range [...]struct{ name, sum, of string }{ // a key where nothing sums it
		{name: "c_bucket", of: "bucket"},
		{name: "c_centre", of: "centre"},
		{name: "c_source", of: "source"},
		{name: "c_queue", of: "queue"},
		{name: "c_topics", of: f.topics},
		{name: "c_agents", of: "leg_agents"},
		{name: "c_excluded", of: "excluded"},
		{name: "c_valid", of: "excluded = ''"},
		{name: "c_outcome", of: "if(c_valid, outcome, '')"},
		{"c_calls", "sum", "toUInt64(1)"},
		{"c_queued", "sum", f.queued},
		{"c_skewed", "sum", f.skewed},
		{"c_wait", "sum", f.wait},
		{"c_waits", "sumMap", "map(" + waitClass("intDiv("+f.wait+" + 999 * (c_outcome = 'answered'), 1000)") + ", toUInt64(1))"},
		{"c_longest", "max", f.wait + " * (c_outcome NOT IN ('', 'open', 'self_service', 'abandoned_ivr') AND (c_outcome != 'voicemail' OR " + f.queued + "))"},
		{"c_talk", "sum", "talk_ms * (c_outcome = 'answered')"},
		{"c_hold", "sum", "hold_ms * (c_outcome = 'answered')"},
		{"c_wrapup", "sum", "wrapup_ms"},
		{"c_transfers", "sum", "transfers"},
		{"c_leg_talk", "sumForEach", "leg_talk_ms"},
		{"c_leg_hold", "sumForEach", "leg_hold_ms"},
		{"c_invited", "sum", "c_valid AND (rating_invited OR " + f.invited + " OR " + f.given + ")"},
		{"c_rated", "sum", "c_valid AND " + f.given},
		{"c_ratings", "sumMap", "if(c_valid AND " + f.given + ", map(" + f.rating + ", toUInt64(1)), map())"},
		{"c_known", "sum", "c_valid AND caller_hash != ''"},
		{"c_own", "sum", "c_valid AND caller_hash != '' AND direction = 'inbound' AND c_outcome != 'open'"},
		{"c_repeats", "sum", "c_valid AND caller_hash != '' AND direction = 'inbound' AND c_outcome != 'open' AND " + f.repeat},
		{"c_repeated", "sum", f.repeated},
		{"c_last_event", "max", "last_event"},
	} {
		switch {
		case c.sum == "":
			keys = append(keys, c.name)
		case len(buckets) <= gatherUpTo:
			c.of = c.sum + "(" + c.of + ")"
		}
		columns = append(columns, c.of+" AS "+c.name)
	}
	group := ""
	if len(buckets) <= gatherUpTo {
		group = " GROUP BY " + strings.Join(keys, ", ")
	}
	return fmt.Sprintf("SELECT %s FROM %s WHERE %s%s",
		strings.Join(columns, ",\n            "), s.callsWith(with, where, buckets[0], buckets[len(buckets)-1]), where, group)
}

// waitClass is the class of a wait in whole seconds, as kpi.Class has it.
func waitClass(seconds string) string {
	return "toUInt16(multiIf(" + seconds + " <= 600, " + seconds + ", " + seconds + " <= 900, 900, " +
		seconds + " <= 1800, 1800, " + seconds + " <= 3600, 3600, " + seconds + " <= 7200, 7200, 65535))"
}
