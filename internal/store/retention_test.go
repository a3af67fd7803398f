package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
)

// sealing is a month of calls, one an hour, of few callers.
type sealing struct {
	t     *testing.T
	cfg   store.Config
	store *store.Store
	load  *loader
	first time.Time
}

func newSealing(t *testing.T) *sealing {
	t.Helper()
	s := &sealing{t: t, cfg: testkit.StoreConfig(t), first: time.Date(2026, 1, 25, 0, 0, 0, 0, time.UTC)}
	s.store = testkit.OpenStore(t, s.cfg)
	if err := s.store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.load = &loader{store: s.store, batch: store.Batch{Topic: "t", Last: -1}, touched: map[time.Time]bool{}}
	var calls []*hotline.Call
	for i := range 14 * 24 {
		c := &hotline.Call{
			ID: fmt.Sprint("c-", i), Version: 1, StartedAt: s.first.Add(time.Duration(i) * time.Hour), Outcome: hotline.Answered,
			Queue: "q", Agent: fmt.Sprint(i % 3), CallerHash: fmt.Sprint("k.", i%7), CallerSealed: "sealed",
		}
		calls = append(calls, c)
	}
	s.give(calls...)
	s.recompute(2)
	return s
}

func (s *sealing) give(calls ...*hotline.Call) {
	s.t.Helper()
	for _, c := range calls {
		if err := c.Validate(); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := s.load.load(s.t.Context(), calls); err != nil {
		s.t.Fatal(err)
	}
}

func (s *sealing) recompute(version uint64) {
	s.t.Helper()
	if err := s.load.recompute(s.t.Context(), version); err != nil {
		s.t.Fatal(err)
	}
}

func (s *sealing) tallies() map[kpi.Key]kpi.Tally {
	s.t.Helper()
	out := map[kpi.Key]kpi.Tally{}
	for _, d := range []kpi.Dimension{kpi.ByQueue, kpi.ByAgent} {
		list, err := s.store.Tallies(s.t.Context(), store.TallyQuery{From: hotline.Earliest, To: hotline.Latest, Dimension: d, Names: true})
		if err != nil {
			s.t.Fatal(err)
		}
		for _, l := range list {
			out[l.Key] = l.Tally
		}
	}
	return out
}

func (s *sealing) same(when string, want map[kpi.Key]kpi.Tally) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.tallies()); diff != "" {
		s.t.Errorf("%s: (-before +after)\n%.2000s", when, diff)
	}
}

func (s *sealing) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestSealedTalliesStay: once sealed, no recomputation changes a tally, neither one that
// asks what is sealed nor one that was begun before and knows nothing of it, whatever its
// version; and the calls may go.
func TestSealedTalliesStay(t *testing.T) {
	s := newSealing(t)
	ctx := t.Context()
	horizon := s.first.Add(9*24*time.Hour + 6*time.Hour) // in another month than the first call, and within a day
	before := s.tallies()
	s.must(s.store.SealTallies(ctx, store.SealedCall, s.first, horizon))
	s.same("sealed", before)
	if n := query(t, s.cfg, fmt.Sprint("SELECT uniqExact(bucket) FROM {db}.tallies WHERE version = ", store.SealedVersion)); n != "222" {
		t.Fatalf("%s buckets are sealed, not 222", n)
	}
	s.must(s.store.RememberSealed(ctx, store.SealedCall, horizon))

	// One that slept has read nothing of the seal, and finds no calls.
	removed, err := s.store.RemoveSealed(ctx, store.SealedCall, horizon)
	s.must(err)
	if want := (store.Removed{"calls": 222, "call_versions": 222, "caller_calls": 174, "call_supplements": 0}); !cmp.Equal(want, removed) {
		t.Errorf("removed %v, want %v", removed, want)
	}
	var sealed []time.Time
	for at := s.first; at.Before(horizon); at = at.Add(hotline.BucketLength) {
		sealed = append(sealed, at)
	}
	s.must(s.store.Recompute(ctx, sealed, store.SealedVersion-1))
	s.same("after a sleeper recomputed without calls", before)
	s.must(s.store.SealTallies(ctx, store.SealedCall, s.first, horizon))
	s.same("sealed again, without calls", before)

	s.must(s.store.RaiseHorizon(ctx, store.SealedCall, store.HorizonSealed, horizon))
	s.must(s.store.RaiseHorizon(ctx, store.SealedCall, store.HorizonSealed, horizon.Add(-time.Hour))) // by one that slept
	h, err := s.store.Horizons(ctx, store.SealedCall)
	if err != nil || !h.Sealed.Equal(horizon) || !h.Closed.IsZero() {
		t.Fatalf("horizons %+v, %v", h, err)
	}
	s.must(s.store.Recompute(ctx, sealed, store.SealedVersion-1))
	s.same("recomputed by one that asks", before)

	// What is open is counted on, repeat callers across the horizon too.
	s.must(s.store.Recompute(ctx, []time.Time{horizon, horizon.Add(time.Hour), horizon.Add(7 * time.Hour)}, 9))
	s.same("open buckets recomputed after the calls before them went", before)

	// Who sleeps and brings a call after all is found by the next run.
	s.give(&hotline.Call{ID: "c-1", Version: 1, StartedAt: s.first.Add(time.Hour), Outcome: hotline.Answered, Queue: "q", CallerHash: "k.1"})
	if removed, err = s.store.RemoveSealed(ctx, store.SealedCall, horizon); err != nil || removed["calls"] != 1 || removed["call_versions"] != 1 {
		t.Errorf("removed %v, %v", removed, err)
	}
	found, err := s.store.SealedAmong(ctx, store.SealedCall, []string{"c-0", "c-221", "c-222", "nobody"})
	if _, first := found["c-0"]; err != nil || len(found) != 2 || !first {
		t.Errorf("sealed among them: %v, %v", found, err)
	}
}

// TestExpire: what is kept for a time of its own goes by itself, and leaves the call's
// rank and figures as they are.
func TestExpire(t *testing.T) {
	s := newSealing(t)
	ctx := t.Context()
	before := s.tallies()
	ranks := func() string {
		return query(t, s.cfg, "SELECT sum(cityHash64(call_id, rank)) FROM {db}.calls FINAL")
	}
	rank := ranks()
	n, err := s.store.Expire(ctx, store.ExpireNumbers, s.first.Add(48*time.Hour))
	if left := query(t, s.cfg, "SELECT countIf(caller_sealed != '') FROM {db}.calls"); err != nil || n != 48 || left != "288" {
		t.Errorf("%d numbers gone, %s left, %v", n, left, err)
	}
	if ranks() != rank {
		t.Error("the calls have other ranks now")
	}
	s.load.touched = map[time.Time]bool{s.first: true, s.first.Add(time.Hour): true}
	s.recompute(3)
	s.same("recomputed without numbers", before)

	s.must(s.store.InsertAgentStates(ctx, store.Batch{Topic: "a"}, []store.AgentRow{
		{State: &hotline.AgentState{Agent: "1", Centre: "default", State: hotline.Free, Since: s.first, Version: 1}},
		{State: &hotline.AgentState{Agent: "1", Centre: "default", State: hotline.Free, Since: s.first.Add(time.Hour), Version: 1}},
	}))
	if n, err = s.store.Expire(ctx, store.ExpireAgents, s.first.Add(time.Hour)); err != nil || n != 1 {
		t.Errorf("%d states gone, %v", n, err)
	}
	// Facts whose call is there stay, however old; of the others those that came before.
	for _, id := range []string{"c-0", "nobody's"} {
		s.must(s.load.supplement(ctx, []*hotline.Supplement{{CallID: id, Version: 1, Kind: hotline.SupplementTopics, Topics: []string{"x"}}}))
	}
	for _, tc := range []struct {
		before time.Time
		want   uint64
	}{{time.Now().Add(-time.Hour), 0}, {time.Now().Add(time.Hour), 1}, {time.Now().Add(time.Hour), 0}} {
		expected, err := s.store.Expired(ctx, store.ExpireSupplements, tc.before)
		s.must(err)
		if n, err = s.store.Expire(ctx, store.ExpireSupplements, tc.before); err != nil || n != tc.want || expected != n {
			t.Errorf("%d supplements gone, %d foretold, want %d, %v", n, expected, tc.want, err)
		}
	}
}

// TestSealedTalliesGoInWhole: a bucket's marker row says which version of its rows holds, so
// a seal that is killed must leave all of a bucket's rows sealed or none: those that were
// left behind would never be found again. A part is what ClickHouse commits as one.
func TestSealedTalliesGoInWhole(t *testing.T) {
	if testing.Short() {
		t.Skip("more groups than ClickHouse writes in one block by itself")
	}
	s := newSealing(t)
	query(t, s.cfg, "SYSTEM STOP MERGES {db}.tallies")
	const groups = 1_100_000
	day := s.first.Truncate(24 * time.Hour)
	query(t, s.cfg, fmt.Sprintf(`INSERT INTO {db}.tallies (dimension, bucket, centre, source, name, version, calls, data_to)
		SELECT 'agent', toDateTime(%[1]d + 900 * (number %% 96), 'UTC'), 'c', 's', toString(number), 7, 1, now64(3) FROM numbers(%[2]d)
		UNION ALL SELECT '', toDateTime(%[1]d + 900 * number, 'UTC'), '', '', '', 7, 0, toDateTime64(0, 3) FROM numbers(96)`, day.Unix(), groups))
	s.must(s.store.SealTallies(t.Context(), store.SealedCall, day, day.Add(24*time.Hour)))
	sealed := fmt.Sprintf("FROM {db}.tallies WHERE version = %d AND bucket >= %d AND bucket < %d", store.SealedVersion, day.Unix(), day.Add(24*time.Hour).Unix())
	if n := query(t, s.cfg, "SELECT count() "+sealed+" AND source = 's'"); n != fmt.Sprint(groups) {
		t.Errorf("%s groups are sealed, not %d", n, groups)
	}
	if n := query(t, s.cfg, "SELECT max(parts) FROM (SELECT uniqExact(_part) AS parts "+sealed+" GROUP BY bucket)"); n != "1" {
		t.Errorf("the rows of a bucket went in as %s parts: killed between them, some are lost", n)
	}
}
