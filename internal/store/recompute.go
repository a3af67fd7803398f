package store

import (
	"context"
	"fmt"
	"slices"
	"time"
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

// recomputeSQL expands each call into one row per group it stands in: its queue, each
// distinct topic, and each leg's agent. In a row, whole says that the call itself
// counts here (for agents: at the first who spoke), g_legs, g_talk and g_hold are the
// part of the agent or, elsewhere, of the whole call. All that is counted of excluded
// calls is that they are there, so their outcome is blank. The second part adds the
// groups there are already, with nothing in them, the third one row per bucket, of the
// blank dimension, whose version is the bucket's (see newest). Names begin with c_ and g_
// because an alias equal to a source column would be taken for it inside the aggregates.
func (s *Store) recomputeSQL(buckets []time.Time, version uint64, with apart) string {
	in := unixList(buckets)
	f := with.columns()
	return fmt.Sprintf(`INSERT INTO %[1]s
(dimension, bucket, centre, source, name, version,
 calls, open, answered, self_service, abandoned_ivr, abandoned_queue, abandoned_ringing,
 timed_out, blocked, voicemail, callback_requested, voicemail_queued, excluded,
 wait_answered, wait_abandoned, wait_ms, wait_ms_max, lost_ms, talk_ms, hold_ms, wrapup_ms,
 invited, rated, ratings, transfers, legs, skewed,
 offered_with_caller, repeat_callers, answered_with_caller, repeated_within_window, data_to)
SELECT
    g_dimension, c_bucket, c_centre, c_source, g_name, %[3]d,
    sum(g_whole),
    countIf(g_outcome = 'open'),
    countIf(g_outcome = 'answered'),
    countIf(g_outcome = 'self_service'),
    countIf(g_outcome = 'abandoned_ivr'),
    countIf(g_outcome = 'abandoned_queue'),
    countIf(g_outcome = 'abandoned_ringing'),
    countIf(g_outcome = 'timed_out'),
    countIf(g_outcome = 'blocked'),
    countIf(g_outcome = 'voicemail'),
    countIf(g_outcome = 'callback_requested'),
    countIf(g_outcome = 'voicemail' AND c_queued),
    sumMapIf(map(c_excluded, toUInt64(1)), g_whole AND c_excluded != ''),
    sumMapIf(map(c_class_up, toUInt64(1)), g_spoken),
    sumMapIf(map(c_class_down, toUInt64(1)), g_lost),
    sumIf(c_wait, g_spoken),
    maxIf(c_wait, g_asked),
    sumIf(c_wait, g_lost),
    sum(g_talk),
    sum(g_hold),
    sumIf(c_wrapup, g_spoken),
    countIf(g_counted AND c_invited),
    countIf(g_counted AND c_given),
    sumMapIf(map(c_rating, toUInt64(1)), g_counted AND c_given),
    sumIf(c_transfers, g_counted),
    sum(g_legs),
    countIf(g_whole AND c_skewed),
    countIf(c_own AND g_outcome NOT IN ('', 'open')),
    countIf(c_own AND c_repeat AND g_outcome NOT IN ('', 'open')),
    countIf(c_known AND g_spoken),
    countIf(c_repeated AND g_spoken),
    max(c_last_event)
FROM (
    SELECT
        g.1 AS g_dimension, c_bucket, c_centre, c_source, g.2 AS g_name,
        g.3 AS g_whole, g.4 AS g_legs, g.5 AS g_talk, g.6 AS g_hold,
        if(g_whole, c_outcome, '') AS g_outcome,
        g_whole AND c_excluded = '' AS g_counted,
        g_outcome = 'answered' AS g_spoken,
        g_outcome IN ('abandoned_queue', 'abandoned_ringing') AS g_lost,
        g_outcome NOT IN ('', 'open', 'self_service', 'abandoned_ivr') AND (c_queued OR g_outcome != 'voicemail') AS g_asked,
        c_excluded, c_queued, c_skewed, c_class_up, c_class_down, c_wait, c_wrapup, c_transfers,
        c_invited, c_given, c_rating, c_known, c_own, c_repeat, c_repeated, c_last_event
    FROM (
        SELECT
            bucket AS c_bucket, toString(centre) AS c_centre, toString(source) AS c_source,
            toString(excluded) AS c_excluded, c_excluded = '' AS c_valid, if(c_valid, toString(outcome), '') AS c_outcome,
            c_outcome = 'answered' AS c_spoken,
            %[7]s AS c_queued, %[8]s AS c_skewed, %[9]s AS c_wait, wrapup_ms AS c_wrapup,
            intDiv(c_wait + 999, 1000) AS c_up, %[5]s AS c_class_up,
            intDiv(c_wait, 1000) AS c_down, %[6]s AS c_class_down,
            toUInt64(transfers) AS c_transfers, %[10]s AS c_given, rating_invited OR %[11]s OR c_given AS c_invited,
            %[12]s AS c_rating, last_event AS c_last_event,
            caller_hash != '' AND c_valid AS c_known, c_known AND direction = 'inbound' AS c_own,
            %[13]s AS c_repeat, %[14]s AS c_repeated,
            c_valid * length(leg_agents) AS c_legs, c_spoken * talk_ms AS c_talk, c_spoken * hold_ms AS c_hold,
            arrayConcat(
                [('queue', toString(queue), true, c_legs, c_talk, c_hold)],
                arrayMap(t -> ('topic', toString(t), true, c_legs, c_talk, c_hold), arrayDistinct(%[15]s)),
                arrayMap((a, talk, hold, i) -> ('agent', toString(a), i = 1, toUInt64(c_valid), c_valid * talk, c_valid * hold),
                    leg_agents, leg_talk_ms, leg_hold_ms, arrayEnumerate(leg_agents))
            ) AS c_groups
        FROM %[2]s
        WHERE bucket IN (%[4]s)
    )
    ARRAY JOIN c_groups AS g
    UNION ALL
    SELECT
        toString(dimension), bucket, toString(centre), toString(source), name,
        false, 0, 0, 0, '', false, false, false, false,
        '', false, false, 0, 0, 0, 0, 0,
        false, false, '', false, false, false, false, toDateTime64(0, 3, 'UTC')
    FROM %[1]s
    WHERE dimension IN ('queue', 'agent', 'topic') AND bucket IN (%[4]s)
    UNION ALL
    SELECT
        '', arrayJoin(arrayMap(b -> toDateTime(b, 'UTC'), [%[4]s])), '', '', '',
        false, 0, 0, 0, '', false, false, false, false,
        '', false, false, 0, 0, 0, 0, 0,
        false, false, '', false, false, false, false, toDateTime64(0, 3, 'UTC')
)
GROUP BY g_dimension, c_bucket, c_centre, c_source, g_name`,
		s.table(tableTallies), s.callsWith(with, "bucket IN ("+in+")", buckets[0], buckets[len(buckets)-1]), version, in,
		waitClass("c_up"), waitClass("c_down"),
		f.queued, f.skewed, f.wait, f.given, f.invited, f.rating, f.repeat, f.repeated, f.topics)
}

// waitClass is the class of a wait in whole seconds, as kpi.Class has it.
func waitClass(seconds string) string {
	return "toUInt16(multiIf(" + seconds + " <= 600, " + seconds + ", " + seconds + " <= 900, 900, " +
		seconds + " <= 1800, 1800, " + seconds + " <= 3600, 3600, " + seconds + " <= 7200, 7200, 65535))"
}
