package load

import (
	"slices"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
)

// record is a decoded record of a batch.
type record struct {
	// One of these.
	call       *hotline.Call
	supplement *hotline.Supplement
	state      *hotline.AgentState
	ticket     *hotline.Ticket

	id     string        // of the call or ticket, where the record is of one
	facts  hotline.Facts // of a call; zero for a deletion
	caller string        // of a call; empty for a deletion
	before string        // the caller's name under the key before, likewise
	rank   hotline.Rank
	run    string
	origin string
	index  int // in the batch's records
}

// plan is what a batch does to the store.
type plan struct {
	rows      []store.Row         // into calls: newest versions and tombstones
	callers   []store.CallerRow   // into the calls of each caller, as rows
	places    []store.CallerPlace // where the callers have called, as far as these calls are concerned
	versions  []store.Version     // into the registry: those not yet in it
	tickets   ticketPlan          // instead of all the above, where the records are tickets
	marks     []time.Time         // buckets to recompute, ascending
	ledger    []store.Ledger      // one line per run, in order of appearance
	conflicts int                 // new contents of a version that had another content
}

// fresh is how many versions of calls or tickets have never been seen before.
func (p *plan) fresh() int { return len(p.versions) + len(p.tickets.versions) }

// tombstones is how many rows bury an older version.
func (p *plan) tombstones() (n int) {
	for i := range p.rows {
		if p.rows[i].Call == nil {
			n++
		}
	}
	for i := range p.tickets.rows {
		if p.tickets.rows[i].Ticket == nil {
			n++
		}
	}
	return n
}

// makePlan decides what becomes of a batch. The records are in the order of their
// offsets; known holds every registered version of their calls; rejected gives the run of
// each record that was dead-lettered.
//
// The result depends on nothing else: the same range planned again with the same registry
// gives the same rows, as a deduplication token demands.
func makePlan(records []record, rejected []string, known map[string][]store.Version) plan {
	return newPlanner().plan(records, rejected, known)
}

// planner makes plans in the same memory, one after the other: a plan holds until the
// next is made.
type planner struct {
	p plan

	last    map[string]int // the last record of each call
	prev    []int          // the record of the same call before each, or none
	first   []int          // the first record of each call, in order of appearance
	group   []*record
	touched map[int64]struct{}

	// Of the call at hand.
	ranks    set[hotline.Rank]
	contents set[uint64] // versions that have a content
	buckets  set[int64]
	lain     set[callerPlace]
}

// callerPlace is store.CallerPlace in a form that compares.
type callerPlace struct {
	caller string
	bucket int64
}

const none = -1

func newPlanner() *planner {
	return &planner{last: map[string]int{}, touched: map[int64]struct{}{}}
}

func (b *planner) plan(records []record, rejected []string, known map[string][]store.Version) plan {
	b.reset(len(records))
	for i := range records {
		id := records[i].call.ID
		before, seen := b.last[id]
		if !seen {
			before = none
			b.first = append(b.first, i)
		}
		b.prev, b.last[id] = append(b.prev, before), i
	}
	for _, i := range b.first {
		id := records[i].call.ID
		b.group = b.group[:0]
		for j := b.last[id]; j != none; j = b.prev[j] {
			b.group = append(b.group, &records[j])
		}
		slices.Reverse(b.group)
		b.call(b.group, known[id])
	}
	b.markAll()
	b.p.ledger = ledgerOf(records, rejected)
	return b.p
}

// reset empties the planner. Much more memory than n records need is given back: the
// batches after a backfill are small.
func (b *planner) reset(n int) {
	if cap(b.prev) > oversize(n) {
		*b = *newPlanner()
	}
	clear(b.p.rows)
	clear(b.p.versions)
	clear(b.p.callers)
	clear(b.p.places)
	clear(b.group)
	b.p = plan{rows: b.p.rows[:0], versions: b.p.versions[:0], callers: b.p.callers[:0], places: b.p.places[:0]}
	b.prev, b.first = b.prev[:0], b.first[:0]
	clear(b.last)
	clear(b.touched)
}

func oversize(n int) int { return 8*n + 1024 }

// call plans one call: its records in this batch and its registered versions.
func (b *planner) call(records []*record, known []store.Version) {
	b.register(records, known)
	newest, stored := newestOf(records, known)
	if stored == nil && !newest.call.Deleted {
		b.p.rows = append(b.p.rows, store.Row{
			Call: newest.call, Facts: newest.facts, CallID: newest.call.ID, Rank: newest.rank,
			Bucket: newest.bucket(), Run: newest.run, Origin: newest.origin,
		})
	}
	b.bury(newest, stored, records, known)
	b.byCaller(newest, stored, records, known)
}

// register adds the versions that are not known yet, and marks the buckets of all: those
// of duplicates too, for whoever brought them first may have died before its marks.
func (b *planner) register(records []*record, known []store.Version) {
	b.ranks.reset()
	b.contents.reset()
	for i := range known {
		b.ranks.add(known[i].Rank)
		b.contents.add(known[i].Rank.Version)
		b.mark(known[i].Bucket)
	}
	for _, r := range records {
		if !b.ranks.add(r.rank) {
			continue
		}
		b.mark(r.bucket())
		if !b.contents.add(r.rank.Version) {
			b.p.conflicts++
		}
		b.p.versions = append(b.p.versions, store.Version{
			CallID: r.call.ID, Rank: r.rank, Bucket: r.bucket(), Deleted: r.call.Deleted, Caller: r.caller, CallerBefore: r.before, Run: r.run,
		})
	}
}

// newestOf finds the greatest rank: newest is the greatest in the batch, stored the
// greatest in the registry when none in the batch is above it.
func newestOf(records []*record, known []store.Version) (newest *record, stored *store.Version) {
	for i := range known {
		if stored == nil || known[i].Rank.Compare(stored.Rank) > 0 {
			stored = &known[i]
		}
	}
	newest = records[0]
	for _, r := range records[1:] {
		if r.rank.Compare(newest.rank) > 0 {
			newest = r
		}
	}
	if stored != nil && newest.rank.Compare(stored.Rank) > 0 {
		stored = nil
	}
	return newest, stored
}

// bury puts a tombstone of the newest rank into each bucket where an older version of
// the call lies or may come to lie: all it was ever seen in when the newest is new, else
// those of this batch's stale versions, for the others have theirs.
func (b *planner) bury(newest *record, stored *store.Version, records []*record, known []store.Version) {
	rank, live := newest.rank, newest.bucket()
	if stored != nil {
		rank, live = stored.Rank, stored.Bucket
	}
	b.buckets.reset()
	grave := func(bucket time.Time) {
		if bucket.IsZero() || bucket.Equal(live) || !b.buckets.add(bucket.Unix()) {
			return
		}
		b.p.rows = append(b.p.rows, store.Row{
			CallID: newest.call.ID, Rank: rank, Bucket: bucket, Run: newest.run, Origin: newest.origin,
		})
	}
	for _, r := range records {
		grave(r.bucket())
	}
	if stored != nil {
		return
	}
	for i := range known {
		grave(known[i].Bucket)
	}
}

// byCaller does for the calls of each caller what call and bury do for the calls: a row
// where the newest version lies, tombstones wherever else the call has lain.
func (b *planner) byCaller(newest *record, stored *store.Version, records []*record, known []store.Version) {
	rank, names, bucket := newest.rank, [2]string{newest.caller, newest.before}, newest.bucket().Unix()
	if stored != nil {
		rank, names, bucket = stored.Rank, [2]string{stored.Caller, stored.CallerBefore}, stored.Bucket.Unix()
	}
	b.lain.reset()
	lay := func(caller string, at time.Time, bury bool) {
		if caller == "" || !b.lain.add(callerPlace{caller, at.Unix()}) {
			return
		}
		row := store.CallerRow{CallerPlace: store.CallerPlace{Caller: caller, Bucket: at}, CallID: newest.id, Rank: rank}
		b.p.places = append(b.p.places, row.CallerPlace)
		live := at.Unix() == bucket && (caller == names[0] || caller == names[1])
		switch {
		case !live && bury:
			b.p.callers = append(b.p.callers, row)
		case live && stored == nil:
			row.Call = newest.call
			b.p.callers = append(b.p.callers, row)
		}
	}
	for _, r := range records {
		lay(r.caller, r.bucket(), true)
		lay(r.before, r.bucket(), true)
	}
	for i := range known {
		lay(known[i].Caller, known[i].Bucket, stored == nil)
		lay(known[i].CallerBefore, known[i].Bucket, stored == nil)
	}
}

func (b *planner) mark(bucket time.Time) {
	if !bucket.IsZero() {
		b.touched[bucket.Unix()] = struct{}{}
	}
}

func (b *planner) markAll() {
	seconds := make([]int64, 0, len(b.touched))
	for s := range b.touched {
		seconds = append(seconds, s)
	}
	slices.Sort(seconds)
	for _, s := range seconds {
		b.p.marks = append(b.p.marks, time.Unix(s, 0).UTC())
	}
}

// ledgerOf is what became of every record, by run.
func ledgerOf(records []record, rejected []string) (ledger []store.Ledger) {
	at := map[string]int{}
	line := func(run string) *store.Ledger {
		i, ok := at[run]
		if !ok {
			i = len(ledger)
			at[run] = i
			ledger = append(ledger, store.Ledger{Run: run})
		}
		return &ledger[i]
	}
	for i := range records {
		line(records[i].run).Accepted++
	}
	for _, run := range rejected {
		line(run).Rejected++
	}
	return ledger
}

// bucket is where the record's call lies; a deletion has no bucket of its own.
func (r *record) bucket() time.Time { return r.facts.Bucket }
