package store

import (
	"context"

	"hotline12333/internal/hotline"
)

// InsertCalls writes the rows of a batch under its token: sent again, they are dropped.
// It returns when they are on the disk. After an error of unknown outcome the same rows
// must be sent with the same batch.
func (s *Store) InsertCalls(ctx context.Context, b Batch, rows []Row) error {
	c := s.columns.get()
	defer s.columns.put(c)
	for i := range rows {
		c.add(&rows[i])
	}
	return s.insert(ctx, b.Token(tableCalls), insertion{
		table: tableCalls, columns: callColumnDefs(), values: c.values(), rows: len(rows),
	})
}

// callColumns are the rows of calls, column by column.
type callColumns struct {
	bucket                                                         []int64
	callID                                                         []string
	version, hash                                                  []uint64
	deleted                                                        []uint8
	centre, source, direction, outcome, excluded                   []string
	queue, agent, region                                           []string
	topics                                                         [][]string
	startedAt, queuedAt, answeredAt, endedAt, decidedAt, lastEvent []int64
	queued, skewed                                                 []bool
	wait, talk, hold, wrapup, ivr                                  []uint64
	transfers                                                      []uint32
	legAgents, legQueues                                           [][]string
	legTalk, legHold                                               [][]uint64
	invited, given                                                 []bool
	rating                                                         []uint8
	scale, callerHash, callerMasked, callerSealed                  []string
	ivrMissing, callerBefore                                       []string
	attributes                                                     []map[string]string
	run, origin                                                    []string
}

// callColumnDefs are in the order of values.
func callColumnDefs() []columnDef {
	return []columnDef{
		{"bucket", "DateTime('UTC')"},
		{"call_id", "String"},
		{"version", "UInt64"},
		{"content_hash", "UInt64"},
		{"deleted", "UInt8"},
		{"centre", "String"},
		{"source", "String"},
		{"direction", "String"},
		{"outcome", "String"},
		{"excluded", "String"},
		{"queue", "String"},
		{"agent", "String"},
		{"region", "String"},
		{"topics", "Array(String)"},
		{"started_at", "DateTime64(3, 'UTC')"},
		{"queued_at", "DateTime64(3, 'UTC')"},
		{"answered_at", "DateTime64(3, 'UTC')"},
		{"ended_at", "DateTime64(3, 'UTC')"},
		{"decided_at", "DateTime64(3, 'UTC')"},
		{"last_event", "DateTime64(3, 'UTC')"},
		{"queued", "Bool"},
		{"skewed", "Bool"},
		{"wait_ms", "UInt64"},
		{"talk_ms", "UInt64"},
		{"hold_ms", "UInt64"},
		{"wrapup_ms", "UInt64"},
		{"ivr_ms", "UInt64"},
		{"ivr_missing", "String"},
		{"transfers", "UInt32"},
		{"leg_agents", "Array(String)"},
		{"leg_queues", "Array(String)"},
		{"leg_talk_ms", "Array(UInt64)"},
		{"leg_hold_ms", "Array(UInt64)"},
		{"rating_invited", "Bool"},
		{"rating_given", "Bool"},
		{"rating_value", "UInt8"},
		{"rating_scale", "String"},
		{"caller_hash", "String"},
		{"caller_before", "String"},
		{"caller_masked", "String"},
		{"caller_sealed", "String"},
		{"attributes", "Map(String, String)"},
		{"run", "String"},
		{"origin", "String"},
	}
}

func (c *callColumns) values() []any {
	return []any{
		c.bucket, c.callID, c.version, c.hash, c.deleted,
		c.centre, c.source, c.direction, c.outcome, c.excluded, c.queue, c.agent, c.region, c.topics,
		c.startedAt, c.queuedAt, c.answeredAt, c.endedAt, c.decidedAt, c.lastEvent, c.queued, c.skewed,
		c.wait, c.talk, c.hold, c.wrapup, c.ivr, c.ivrMissing, c.transfers,
		c.legAgents, c.legQueues, c.legTalk, c.legHold,
		c.invited, c.given, c.rating, c.scale,
		c.callerHash, c.callerBefore, c.callerMasked, c.callerSealed, c.attributes, c.run, c.origin,
	}
}

func (c *callColumns) add(r *Row) {
	call, facts, deleted, ivrMissing := r.Call, &r.Facts, uint8(0), hotline.IVRKnown
	if call == nil { // a tombstone tells nothing but that it is one
		call, facts, deleted = new(hotline.Call), new(hotline.Facts), 1
	} else {
		ivrMissing = call.IVRMissing()
	}
	c.bucket = append(c.bucket, seconds(r.Bucket))
	c.callID = append(c.callID, r.CallID)
	c.version = append(c.version, r.Rank.Version)
	c.hash = append(c.hash, r.Rank.Hash)
	c.deleted = append(c.deleted, deleted)
	c.centre = append(c.centre, call.Centre)
	c.source = append(c.source, call.Source)
	c.direction = append(c.direction, string(call.Direction))
	c.outcome = append(c.outcome, string(call.Outcome))
	c.excluded = append(c.excluded, string(facts.Excluded))
	c.queue = append(c.queue, call.Queue)
	c.agent = append(c.agent, call.Agent)
	c.region = append(c.region, call.Region)
	c.topics = append(c.topics, call.Topics)
	c.startedAt = append(c.startedAt, millis(call.StartedAt))
	c.queuedAt = append(c.queuedAt, millis(call.QueuedAt))
	c.answeredAt = append(c.answeredAt, millis(call.AnsweredAt))
	c.endedAt = append(c.endedAt, millis(call.EndedAt))
	c.decidedAt = append(c.decidedAt, millis(facts.DecidedAt))
	c.lastEvent = append(c.lastEvent, millis(facts.LastEvent))
	c.queued = append(c.queued, facts.Queued)
	c.skewed = append(c.skewed, facts.Skewed)
	c.wait = append(c.wait, length(facts.Wait))
	c.talk = append(c.talk, length(facts.Talk))
	c.hold = append(c.hold, length(facts.Hold))
	c.wrapup = append(c.wrapup, length(facts.Wrapup))
	c.ivr = append(c.ivr, length(facts.IVR))
	c.ivrMissing = append(c.ivrMissing, string(ivrMissing))
	c.transfers = append(c.transfers, call.Transfers)
	c.addLegs(facts.Legs)
	c.invited = append(c.invited, call.Rating.Invited)
	c.given = append(c.given, call.Rating.Given)
	c.rating = append(c.rating, call.Rating.Value)
	c.scale = append(c.scale, call.Rating.Scale)
	c.callerHash = append(c.callerHash, call.CallerHash)
	c.callerBefore = append(c.callerBefore, call.CallerBefore())
	c.callerMasked = append(c.callerMasked, call.CallerMasked)
	c.callerSealed = append(c.callerSealed, call.CallerSealed)
	c.attributes = append(c.attributes, call.Attributes)
	c.run = append(c.run, r.Run)
	c.origin = append(c.origin, r.Origin)
}

func (c *callColumns) addLegs(legs []hotline.LegFacts) {
	var agents, queues []string
	var talk, hold []uint64
	if len(legs) > 0 {
		texts, lengths := make([]string, 2*len(legs)), make([]uint64, 2*len(legs))
		agents, queues = texts[:len(legs)], texts[len(legs):]
		talk, hold = lengths[:len(legs)], lengths[len(legs):]
	}
	for i, l := range legs {
		agents[i], queues[i], talk[i], hold[i] = l.Agent, l.Queue, length(l.Talk), length(l.Hold)
	}
	c.legAgents = append(c.legAgents, agents)
	c.legQueues = append(c.legQueues, queues)
	c.legTalk = append(c.legTalk, talk)
	c.legHold = append(c.legHold, hold)
}

// length is a time span as stored; Facts gives none below zero.
func length(ms int64) uint64 { return uint64(max(ms, 0)) }

// reset empties the columns, keeping their memory but not what they point to.
func (c *callColumns) reset() {
	emptied(&c.bucket, &c.startedAt, &c.queuedAt, &c.answeredAt, &c.endedAt, &c.decidedAt, &c.lastEvent)
	emptied(&c.callID, &c.centre, &c.source, &c.direction, &c.outcome, &c.excluded, &c.queue, &c.agent, &c.region,
		&c.scale, &c.callerHash, &c.callerMasked, &c.callerSealed, &c.ivrMissing, &c.callerBefore, &c.run, &c.origin)
	emptied(&c.version, &c.hash, &c.wait, &c.talk, &c.hold, &c.wrapup, &c.ivr)
	emptied(&c.deleted, &c.rating)
	emptied(&c.queued, &c.skewed, &c.invited, &c.given)
	emptied(&c.topics, &c.legAgents, &c.legQueues)
	emptied(&c.legTalk, &c.legHold)
	emptied(&c.transfers)
	emptied(&c.attributes)
}

func emptied[T any](columns ...*[]T) {
	for _, c := range columns {
		clear(*c)
		*c = (*c)[:0]
	}
}
