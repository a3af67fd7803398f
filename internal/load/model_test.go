package load

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
)

// model is what ClickHouse does to the rows: ReplacingMergeTree by rank in calls, sets of
// lines in the registry and the ledger, and inserts dropped when their token was seen.
type model struct {
	mu       sync.Mutex
	rows     map[place]store.Row
	callers  map[callerAt]store.CallerRow
	apart    map[string]bool // supplements and states, in words
	versions map[string]map[hotline.Rank]store.Version
	tickets  ticketModel
	ledger   map[string]store.Ledger // by range and run
	ranges   map[string]store.Batch
	tokens   map[string]bool
	epochs   map[string]uint16
	dirty    map[int64]bool // buckets whose live calls have changed since they were marked
	guard    store.Guard
	sealed   map[string]struct{}

	askedSealed int // how often it was asked what is sealed

	fail func(step string) error // asked before and after each write, when set
}

type place struct {
	call   string
	bucket int64
}

// callerAt is where a call of a caller lies.
type callerAt struct {
	callerPlace

	call string
}

func newModel() *model {
	return &model{
		rows: map[place]store.Row{}, callers: map[callerAt]store.CallerRow{}, apart: map[string]bool{}, versions: map[string]map[hotline.Rank]store.Version{},
		tickets: newTicketModel(),
		ledger:  map[string]store.Ledger{}, ranges: map[string]store.Batch{},
		tokens: map[string]bool{}, epochs: map[string]uint16{}, dirty: map[int64]bool{},
	}
}

func (m *model) failing(step string) error {
	if m.fail == nil {
		return nil
	}
	return m.fail(step)
}

func (m *model) seen(b store.Batch, table string) bool {
	token := b.Token(table)
	if m.tokens[token] {
		return true
	}
	m.tokens[token] = true
	return false
}

func (m *model) TopicEpoch(_ context.Context, _, id string) (uint16, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.epochs[id]; !ok {
		m.epochs[id] = uint16(len(m.epochs) + 1)
	}
	return m.epochs[id], nil
}

func (m *model) Versions(_ context.Context, ids []string) (map[string][]store.Version, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.failing("lookup"); err != nil {
		return nil, err
	}
	return m.snapshot(ids), nil
}

func (m *model) Guard(context.Context, store.Sealed) (store.Guard, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.guard, m.failing("guard")
}

func (m *model) SealedAmong(_ context.Context, _ store.Sealed, ids []string) (map[string]struct{}, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.askedSealed++
	out := map[string]struct{}{}
	for _, id := range ids {
		if _, ok := m.sealed[id]; ok {
			out[id] = struct{}{}
		}
	}
	return out, m.failing("guard")
}

func (m *model) snapshot(ids []string) map[string][]store.Version {
	out := map[string][]store.Version{}
	for _, id := range ids {
		for _, v := range m.versions[id] {
			out[id] = append(out[id], v)
		}
	}
	return out
}

func (m *model) InsertCalls(_ context.Context, b store.Batch, rows []store.Row) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.failing("calls before"); err != nil {
		return err
	}
	for i := range rows {
		if c := rows[i].Call; c != nil && c.Queue == refusedQueue {
			return &store.Error{Statement: "insert calls", Class: store.ClassData, Err: errors.New("refused")}
		}
	}
	if !m.seen(b, "calls") {
		m.putRows(rows)
	}
	return m.failing("calls after")
}

// refusedQueue marks a row the model's ClickHouse does not take.
const refusedQueue = "refused by the store"

func (m *model) putRows(rows []store.Row) {
	for i := range rows {
		at := place{rows[i].CallID, rows[i].Bucket.Unix()}
		old, ok := m.rows[at]
		if ok && old.Rank.Compare(rows[i].Rank) > 0 {
			continue
		}
		if !ok || old.Rank != rows[i].Rank || (old.Call == nil) != (rows[i].Call == nil) {
			if rows[i].Call != nil || ok && old.Call != nil {
				m.dirty[at.bucket] = true
			}
		}
		m.rows[at] = rows[i]
	}
}

func (m *model) InsertVersions(_ context.Context, b store.Batch, versions []store.Version) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.failing("versions before"); err != nil {
		return err
	}
	if !m.seen(b, "call_versions") {
		for _, v := range versions {
			if m.versions[v.CallID] == nil {
				m.versions[v.CallID] = map[hotline.Rank]store.Version{}
			}
			m.versions[v.CallID][v.Rank] = v
		}
	}
	return m.failing("versions after")
}

func (m *model) InsertCallers(_ context.Context, b store.Batch, rows []store.CallerRow) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.failing("callers before"); err != nil {
		return err
	}
	if len(rows) > 0 && !m.seen(b, "caller_calls") {
		for _, r := range rows {
			at := callerAt{callerPlace{r.Caller, r.Bucket.Unix()}, r.CallID}
			old, ok := m.callers[at]
			if ok && old.Rank.Compare(r.Rank) > 0 {
				continue
			}
			if !ok || old.Rank != r.Rank || (old.Call == nil) != (r.Call == nil) {
				m.repeats(at, old.Call)
				m.repeats(at, r.Call)
			}
			m.callers[at] = r
		}
	}
	return m.failing("callers after")
}

// repeats soils the buckets of the calls that may have a further one in c, or be one.
func (m *model) repeats(at callerAt, c *hotline.Call) {
	if c == nil {
		return
	}
	for other, r := range m.callers {
		if other.caller == at.caller && other.call != at.call && r.Call != nil && r.Call.StartedAt.Sub(c.StartedAt).Abs() <= hotline.RepeatWindow {
			m.dirty[other.bucket] = true
		}
	}
}

func (m *model) CallerBuckets(_ context.Context, places []store.CallerPlace) ([]time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.failing("around"); err != nil {
		return nil, err
	}
	found := map[int64]bool{}
	for _, p := range places {
		for at := range m.callers {
			if d := time.Duration(at.bucket-p.Bucket.Unix()) * time.Second; at.caller == p.Caller && d.Abs() <= hotline.RepeatWindow+hotline.BucketLength {
				found[at.bucket] = true
			}
		}
	}
	var out []time.Time
	for _, s := range slices.Sorted(maps.Keys(found)) {
		out = append(out, time.Unix(s, 0).UTC())
	}
	return out, nil
}

func (m *model) InsertSupplements(_ context.Context, b store.Batch, rows []store.SupplementRow) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range rows {
		if r.Supplement.Source == refusedQueue {
			return &store.Error{Statement: "insert supplements", Class: store.ClassData, Err: errors.New("refused")}
		}
	}
	if err := m.failing("records before"); err != nil {
		return err
	}
	if !m.seen(b, "call_supplements") {
		for _, r := range rows {
			m.apart[fmt.Sprint(r.Supplement.CallID, " ", r.Supplement.Kind, " ", r.Rank)] = true
			for _, v := range m.versions[r.Supplement.CallID] {
				if !v.Bucket.IsZero() {
					m.dirty[v.Bucket.Unix()] = true
				}
			}
		}
	}
	return m.failing("records after")
}

func (m *model) InsertAgentStates(_ context.Context, b store.Batch, rows []store.AgentRow) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.seen(b, "agent_states") {
		for _, r := range rows {
			m.apart[fmt.Sprint(r.State.Key(), " ", r.State.Since.Unix(), " ", r.State.State)] = true
		}
	}
	return nil
}

func (m *model) InsertLedger(_ context.Context, b store.Batch, lines []store.Ledger) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.failing("ledger before"); err != nil {
		return err
	}
	if !m.seen(b, "load_batches") {
		for _, l := range lines {
			at := fmt.Sprintf("%s-%d-%d-%d-%s", b.Topic, b.Epoch, b.Partition, b.First, l.Run)
			m.ledger[at], m.ranges[at] = l, b
		}
	}
	return m.failing("ledger after")
}

func (m *model) LedgerSum(_ context.Context, topic string, epoch uint16, partition int) (records, first, last int64, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	first = -1
	for at, l := range m.ledger {
		b := m.ranges[at]
		if b.Topic != topic || b.Epoch != epoch || b.Partition != partition {
			continue
		}
		records += l.Accepted + l.Rejected
		if first < 0 || b.First < first {
			first = b.First
		}
		last = max(last, b.Last)
	}
	if first < 0 {
		last = -1
	}
	return records, first, last, nil
}

// loseLine forgets a line of the ledger in the middle.
func (m *model) loseLine() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for at, l := range m.ledger {
		if l.Accepted > 0 {
			delete(m.ledger, at)
			return
		}
	}
}

// marked clears the buckets that were told to the aggregator.
func (m *model) marked(buckets []time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, b := range buckets {
		delete(m.dirty, b.Unix())
	}
}

// live is every row that FINAL would show, by call.
func (m *model) live() map[string][]store.Row {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string][]store.Row{}
	for _, r := range m.rows {
		if r.Call != nil {
			out[r.CallID] = append(out[r.CallID], r)
		}
	}
	return out
}

// truth is what the records say, by no other means than their ranks.
func truth(records []record) map[string]record {
	newest := map[string]record{}
	for _, r := range records {
		if old, ok := newest[r.call.ID]; !ok || r.rank.Compare(old.rank) > 0 {
			newest[r.call.ID] = r
		}
	}
	return newest
}

// check compares what lives with the truth.
func (m *model) check(want map[string]record) error {
	have := m.live()
	for id, w := range want {
		rows := have[id]
		delete(have, id)
		switch {
		case w.call.Deleted && len(rows) == 0:
		case w.call.Deleted:
			return fmt.Errorf("%s is deleted and lives in %d buckets", id, len(rows))
		case len(rows) != 1:
			return fmt.Errorf("%s lives in %d buckets", id, len(rows))
		case rows[0].Rank != w.rank || !rows[0].Bucket.Equal(w.bucket()):
			return fmt.Errorf("%s is %v in %v, not %v in %v", id, rows[0].Rank, rows[0].Bucket, w.rank, w.bucket())
		}
	}
	if len(have) > 0 {
		return fmt.Errorf("calls nobody sent: %v", maps.Keys(have))
	}
	for at, r := range m.callers {
		w := want[at.call]
		if live := (w.caller == at.caller || w.before == at.caller) && w.bucket().Unix() == at.bucket; live != (r.Call != nil) || r.Rank != w.rank {
			return fmt.Errorf("%s of %s in bucket %d: lives %v, should %v, rank %v of %v", at.call, at.caller, at.bucket, r.Call != nil, live, r.Rank, w.rank)
		}
	}
	for id, w := range want {
		for _, name := range []string{w.caller, w.before} {
			if _, ok := m.callers[callerAt{callerPlace{name, w.bucket().Unix()}, id}]; !ok && name != "" {
				return fmt.Errorf("%s is missing among the calls of %s", id, name)
			}
		}
	}
	if len(m.dirty) > 0 {
		return fmt.Errorf("buckets changed and not marked after: %v", m.dirty)
	}
	return nil
}

var _ Store = (*model)(nil)
