package publish

import (
	"cmp"
	"context"
	"errors"
	"hash/maphash"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"hotline12333/internal/calendar"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
	"hotline12333/internal/wire"
)

// memory is a store that holds raw calls and counts them with kpi.Count when asked. Only
// what has been touched shows, as with the real one.
type memory struct {
	mu      sync.Mutex
	calls   map[string]hotline.Call
	shown   map[kpi.Key]kpi.Tally
	log     []store.LogEntry
	version uint64
	broken  error
	reads   int                  // of tallies
	told    int                  // recent calls
	agents  []hotline.AgentState // nil: none ever

	confirmed []kpi.Confirmed
	cannot    map[string][]kpi.Capability
	full      error // of what writes

	tickets map[kpi.TicketKey]*kpi.TicketTally
}

func (m *memory) Agents(_ context.Context, from, to time.Time) ([]hotline.AgentState, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	newest := make(map[string]hotline.AgentState)
	for _, a := range m.agents {
		if old, ok := newest[a.Key()]; a.Since.After(from) && !a.Since.After(to) && (!ok || !a.Since.Before(old.Since)) {
			newest[a.Key()] = a
		}
	}
	var list []hotline.AgentState
	for _, key := range slices.Sorted(maps.Keys(newest)) {
		list = append(list, newest[key])
	}
	return list, m.agents != nil, m.broken
}

func (m *memory) Duty(_ context.Context, from, to time.Time) ([]kpi.DutyChange, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []kpi.DutyChange
	for _, a := range m.agents {
		if a.Since.After(from) && !a.Since.After(to) {
			list = append(list, kpi.DutyChange{Centre: a.Centre, Agent: a.Agent, Since: a.Since, Able: a.State != hotline.SignedOut && a.State != hotline.Paused})
		}
	}
	slices.SortStableFunc(list, func(a, b kpi.DutyChange) int { return a.Since.Compare(b.Since) })
	return list, m.broken
}

func (m *memory) NoteSourceGaps(_ context.Context, cannot map[string][]kpi.Capability) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.full == nil {
		m.cannot = cannot
	}
	return m.full
}

func (m *memory) Confirmed(context.Context) ([]kpi.Confirmed, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.confirmed, m.broken
}

func (m *memory) TicketTallies(_ context.Context, q store.TicketQuery) ([]kpi.TicketEntry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []kpi.TicketEntry
	for k, t := range m.tickets {
		if k.Dimension == q.Dimension && !k.Bucket.Before(q.From) && k.Bucket.Before(q.To) {
			out = append(out, kpi.TicketEntry{Key: k, Tally: *t})
		}
	}
	slices.SortFunc(out, func(a, b kpi.TicketEntry) int {
		return cmp.Or(a.Key.Bucket.Compare(b.Key.Bucket), cmp.Compare(a.Key.Centre, b.Key.Centre), cmp.Compare(a.Key.Kind, b.Key.Kind))
	})
	return out, m.broken
}

func (m *memory) TicketCentres(context.Context) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := make(map[string]bool)
	for k, t := range m.tickets {
		if t.Opened > 0 {
			found[k.Centre] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), m.broken
}

// putTickets makes these all the tickets there are, and marks what that touches.
func (m *memory) putTickets(list ...hotline.Ticket) {
	m.mu.Lock()
	defer m.mu.Unlock()
	touched := make(map[time.Time]bool)
	for k := range m.tickets {
		touched[k.Bucket] = true
	}
	m.tickets = make(map[kpi.TicketKey]*kpi.TicketTally)
	for i := range list {
		kpi.CountTicket(m.tickets, &list[i])
	}
	for k := range m.tickets {
		touched[k.Bucket] = true
	}
	m.version++
	m.log = append(m.log, store.LogEntry{Version: m.version, Buckets: slices.Collect(maps.Keys(touched))})
}

func newMemory() *memory {
	return &memory{calls: make(map[string]hotline.Call), shown: make(map[kpi.Key]kpi.Tally)}
}

// put takes new versions of calls and recomputes their buckets, old and new.
func (m *memory) put(calls ...hotline.Call) {
	m.mu.Lock()
	defer m.mu.Unlock()
	touched := make(map[time.Time]bool)
	for _, c := range calls {
		if old, ok := m.calls[c.ID]; ok {
			touched[hotline.BucketOf(old.StartedAt)] = true
		}
		if c.Deleted {
			delete(m.calls, c.ID)
			continue
		}
		m.calls[c.ID] = c
		touched[hotline.BucketOf(c.StartedAt)] = true
	}
	fresh := m.count()
	maps.DeleteFunc(m.shown, func(k kpi.Key, _ kpi.Tally) bool { return touched[k.Bucket] })
	for k, t := range fresh {
		if touched[k.Bucket] {
			m.shown[k] = *t
		}
	}
	m.version++
	m.log = append(m.log, store.LogEntry{Version: m.version, Buckets: slices.Collect(maps.Keys(touched))})
}

func (m *memory) count() map[kpi.Key]*kpi.Tally {
	fresh := make(map[kpi.Key]*kpi.Tally)
	for _, c := range m.calls {
		kpi.Count(fresh, &c)
	}
	return fresh
}

func (m *memory) Log(_ context.Context, after map[int]uint64) ([]store.LogEntry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []store.LogEntry
	for _, e := range m.log {
		if e.Version > after[e.Partition] {
			out = append(out, e)
		}
	}
	return out, m.broken
}

func (m *memory) LogHead(context.Context) (map[int]uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.version == 0 {
		return nil, m.broken
	}
	return map[int]uint64{0: m.version}, m.broken
}

func (m *memory) Tallies(_ context.Context, q store.TallyQuery) ([]store.Tally, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	var out []store.Tally
	for k, t := range m.shown {
		if k.Dimension == q.Dimension && !k.Bucket.Before(q.From) && k.Bucket.Before(q.To) {
			out = append(out, store.Tally{Key: k, Tally: t})
		}
	}
	return out, m.broken
}

func (m *memory) LiveCalls(_ context.Context, q store.LiveQuery) ([]store.Live, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.live(q)
	m.told += len(out)
	return out, m.broken
}

func (m *memory) LiveMarks(_ context.Context, q store.LiveQuery) ([]store.LiveMark, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []store.LiveMark
	for _, l := range m.live(q) {
		out = append(out, l.Mark)
	}
	return out, m.broken
}

func (m *memory) live(q store.LiveQuery) []store.Live {
	var out []store.Live
	for _, c := range m.calls {
		f := c.Facts()
		mark := markOf(&c)
		if f.Bucket.Before(hotline.BucketOf(q.From)) || len(q.Buckets) > 0 && !slices.ContainsFunc(q.Buckets, f.Bucket.Equal) ||
			len(q.Calls) > 0 && !slices.Contains(q.Calls, mark.Call) {
			continue
		}
		out = append(out, store.Live{
			Mark: mark, CallID: c.ID, Centre: c.Centre, Source: c.Source, Queue: c.Queue, Agent: c.Agent,
			Outcome: c.Outcome, Excluded: f.Excluded, StartedAt: c.StartedAt, QueuedAt: c.QueuedAt,
			DecidedAt: f.DecidedAt, EndedAt: c.EndedAt, WaitMillis: f.Wait, Queued: f.Queued,
		})
	}
	return out
}

var seed = maphash.MakeSeed()

func markOf(c *hotline.Call) store.LiveMark {
	return store.LiveMark{
		Bucket: hotline.BucketOf(c.StartedAt).Unix(),
		Call:   maphash.String(seed, c.ID),
		State:  maphash.Bytes(seed, wire.AppendCall(nil, c)),
	}
}

func (m *memory) DataTo(context.Context, time.Time) (time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var t time.Time
	for _, tally := range m.shown {
		t = later(t, tally.DataTo)
	}
	return t, m.broken
}

func (m *memory) breakWith(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = err
}

var errAway = errors.New("away")

// clock is set by the test.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
}

// rig is a follower over a memory, polled by hand.
type rig struct {
	*Follower
	store *memory
	clock *clock
	t     testing.TB
}

func newRig(t testing.TB, zone, now string, with ...func(*Deps)) *rig {
	t.Helper()
	r := &rig{store: newMemory(), clock: &clock{t: at(t, now)}, t: t}
	cfg := DefaultConfig()
	cfg.Zone = zone
	deps := Deps{Store: r.store, Now: r.clock.now}
	for _, w := range with {
		w(&deps)
	}
	f, err := New(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	r.Follower = f
	return r
}

// look polls once at the clock's time.
func (r *rig) look() {
	r.t.Helper()
	if err := errors.Join(r.poll(r.t.Context()), r.relearn(r.t.Context(), r.clock.now())); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) snapshot() *kpi.Snapshot {
	r.t.Helper()
	s, ok := r.Snapshot(r.clock.now())
	if !ok {
		r.t.Fatalf("no snapshot at %v", r.clock.now())
	}
	return s
}

// offered gives the offered calls of all centres by window.
func (r *rig) offered() map[kpi.Window]int64 {
	r.t.Helper()
	out := make(map[kpi.Window]int64)
	for w, counts := range r.snapshot().Windows {
		tally := counts.Scopes[kpi.Scope{}].Tally
		out[w] = tally.Offered()
	}
	return out
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v.UTC()
}

func answered(id string, started time.Time, wait time.Duration) hotline.Call {
	return hotline.Call{
		ID: id, Version: 1, Centre: "xy", Source: "pbx", Queue: "general", Agent: "a1",
		Direction: hotline.Inbound, Outcome: hotline.Answered, StartedAt: started, QueuedAt: started,
		AnsweredAt: started.Add(wait), EndedAt: started.Add(wait + 3*time.Minute), Topics: []string{"cards"},
	}
}

func lost(id string, started time.Time, wait time.Duration) hotline.Call {
	return hotline.Call{
		ID: id, Version: 1, Centre: "xy", Source: "pbx", Queue: "general", Direction: hotline.Inbound,
		Outcome: hotline.AbandonedQueue, StartedAt: started, QueuedAt: started, EndedAt: started.Add(wait),
	}
}

func open(id string, started time.Time) hotline.Call {
	return hotline.Call{
		ID: id, Version: 1, Centre: "xy", Source: "pbx", Queue: "general", Direction: hotline.Inbound,
		Outcome: hotline.Open, StartedAt: started, QueuedAt: started,
	}
}

func always(string) calendar.Calendar { return calendar.Calendar{} }
