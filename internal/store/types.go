package store

import (
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// Version is a line of the registry: one version of one call that has been seen.
type Version struct {
	CallID  string
	Rank    hotline.Rank
	Bucket  time.Time // zero for the deletion of a call not seen before
	Deleted bool
	Run     string // the import that brought it first; empty for live intake

	Caller, CallerBefore string // as hotline.Call has them; empty when not known
}

// Row is what load inserts into calls: a version of a call, or a tombstone.
type Row struct {
	Call   *hotline.Call // nil for a tombstone
	Facts  hotline.Facts
	CallID string
	Rank   hotline.Rank
	Bucket time.Time // where the row or the tombstone lies
	Run    string
	Origin string // file:line, or the source's name
}

// CallerRow is what load inserts into the calls of each caller: a version of a call, or a
// tombstone.
type CallerRow struct {
	CallerPlace

	Call   *hotline.Call // nil for a tombstone
	CallID string
	Rank   hotline.Rank
}

// CallerPlace is a quarter hour in which a caller has called.
type CallerPlace struct {
	Caller string // as hotline.Call.Caller has it
	Bucket time.Time
}

// SupplementRow is a version of a supplement with where it came from.
type SupplementRow struct {
	Supplement *hotline.Supplement
	Rank       hotline.Rank
	Run        string
	Origin     string
}

// AgentRow is an agent's state with where it came from.
type AgentRow struct {
	State  *hotline.AgentState
	Rank   hotline.Rank
	Run    string
	Origin string
}

// Batch names a contiguous range of offsets; it makes the deduplication tokens.
type Batch struct {
	Topic       string
	Epoch       uint16
	Partition   int
	First, Last int64

	// Part tells the pieces of a batch apart that was cut after a refusal: other rows
	// under the same token would be dropped as a repetition. Empty for the whole batch.
	Part string
}

// Ledger is what became of the records of one run in one batch.
type Ledger struct {
	Run                string
	Accepted, Rejected int64
}

// RunCounts is what a run brought, from the ledger and the registry.
type RunCounts struct {
	Accepted  int64 // records the loader took
	Rejected  int64 // records the loader dead-lettered
	New       int64 // (identity, version, content) never seen before this run, of calls, tickets, supplements and agents' states
	Conflicts int64 // new contents of a version of a call or ticket that had another content

	First, Last time.Time // what the new calls and tickets cover, to the quarter hour; zero without any
}

// TallyQuery selects tallies: buckets in [From, To).
type TallyQuery struct {
	From, To  time.Time
	Dimension kpi.Dimension
	Centre    string // empty: all
	Names     bool   // keep the groups apart; otherwise Key.Name is empty and all are summed
}

// Tally is one line of an answer.
type Tally struct {
	Key   kpi.Key
	Tally kpi.Tally
}

// LogEntry is one recomputation, as publishers follow it.
type LogEntry struct {
	Partition int
	Version   uint64
	Buckets   []time.Time
}
