package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
	"hotline12333/internal/wire"
)

var noon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)

func row(t *testing.T, c *hotline.Call) store.Row {
	t.Helper()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	f := c.Facts()
	return store.Row{Call: c, Facts: f, CallID: c.ID, Rank: wire.Rank(c), Bucket: f.Bucket, Run: "R", Origin: "a.csv:7"}
}

func tombstone(id string, rank hotline.Rank, bucket time.Time) store.Row {
	return store.Row{CallID: id, Rank: rank, Bucket: bucket}
}

func newStore(t *testing.T) (*store.Store, store.Config) {
	t.Helper()
	cfg := testkit.StoreConfig(t)
	s := testkit.OpenStore(t, cfg)
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, cfg
}

func insertCalls(t *testing.T, s *store.Store, offset int64, rows ...store.Row) {
	t.Helper()
	if err := s.InsertCalls(t.Context(), store.Batch{Topic: "t", First: offset, Last: offset}, rows); err != nil {
		t.Fatal(err)
	}
}

// TestInsertCallsEveryColumn reads back what was written, column by column.
func TestInsertCallsEveryColumn(t *testing.T) {
	s, cfg := newStore(t)
	c := &hotline.Call{
		ID: "it's `\\ 电话", Version: hotline.MaxVersion, Centre: "咸阳", Source: "pbx",
		StartedAt: noon.Add(time.Millisecond), QueuedAt: noon.Add(2 * time.Second), AnsweredAt: noon.Add(10 * time.Second),
		EndedAt: noon.Add(100 * time.Second), Direction: hotline.Callback, Outcome: hotline.Answered, Excluded: hotline.ExcludedTest,
		Queue: "q", Agent: "a", Topics: []string{"x", "y"}, Hold: hotline.Millis(5), Wrapup: hotline.Millis(6), IVR: hotline.Millis(7),
		Legs: []hotline.Leg{
			{Agent: "a1", Queue: "q1", AnsweredAt: noon.Add(10 * time.Second), EndedAt: noon.Add(20 * time.Second), Hold: hotline.Millis(1)},
			{Agent: "a2", Queue: "q2", AnsweredAt: noon.Add(20 * time.Second), EndedAt: noon.Add(100 * time.Second)},
		},
		Transfers: 1, CallerHash: "hash", CallerMasked: "138****5678", CallerSealed: "sealed", Region: "610400",
		Rating:     hotline.Rating{Invited: true, Given: true, Value: 5, Scale: "csat"},
		Attributes: map[string]string{"k'": "v\\"},
	}
	insertCalls(t, s, 1, row(t, c))
	rank := wire.Rank(c)
	got := query(t, cfg, "SELECT * EXCEPT (content_hash), rank = bitShiftLeft(toUInt128(version), 64) + content_hash FROM {db}.calls FORMAT JSONEachRow")
	want := `{"bucket":"2026-03-02 04:00:00","call_id":"it's ` + "`" + `\\ 电话","version":9007199254740991,"deleted":0,"centre":"咸阳","source":"pbx",` +
		`"direction":"callback","outcome":"answered","excluded":"test","queue":"q","agent":"a","region":"610400","topics":["x","y"],` +
		`"started_at":"2026-03-02 04:00:00.001","queued_at":"2026-03-02 04:00:02.000","answered_at":"2026-03-02 04:00:10.000",` +
		`"ended_at":"2026-03-02 04:01:40.000","decided_at":"2026-03-02 04:00:10.000","last_event":"2026-03-02 04:01:40.000","queued":true,"skewed":false,` +
		`"wait_ms":8000,"talk_ms":89995,"hold_ms":5,"wrapup_ms":6,"ivr_ms":7,"ivr_missing":"","transfers":1,"leg_agents":["a1","a2"],"leg_queues":["q1","q2"],` +
		`"leg_talk_ms":[9999,80000],"leg_hold_ms":[1,0],"rating_invited":true,"rating_given":true,"rating_value":5,"rating_scale":"csat",` +
		`"caller_hash":"hash","caller_before":"","caller_masked":"138****5678","caller_sealed":"sealed","attributes":{"k'":"v\\"},"run":"R","origin":"a.csv:7"`
	if !strings.HasPrefix(got, want) {
		t.Errorf("%s", cmp.Diff(want, got))
	}
	if hash := query(t, cfg, "SELECT content_hash FROM {db}.calls"); hash != uintText(rank.Hash) {
		t.Errorf("hash %s, want %d", hash, rank.Hash)
	}
}

// TestNewestRankWins inserts versions and tombstones in every order, merges and reads.
func TestNewestRankWins(t *testing.T) {
	s, cfg := newStore(t)
	call := func(version uint64, queue string) *hotline.Call {
		return &hotline.Call{ID: "c", Version: version, StartedAt: noon, Outcome: hotline.Answered, Queue: queue}
	}
	one, two, other := row(t, call(1, "a")), row(t, call(2, "b")), row(t, call(2, "c"))
	top := two
	if other.Rank.Compare(top.Rank) > 0 {
		top = other
	}
	dead := tombstone("c", hotline.Rank{Version: 3, Hash: 0}, noon)
	offset := int64(0)
	for name, test := range map[string]struct {
		rows []store.Row
		want string
	}{
		"older later":              {[]store.Row{two, one}, "b"},
		"newer later":              {[]store.Row{one, two}, "b"},
		"equal versions":           {[]store.Row{two, other}, top.Call.Queue},
		"equal versions reversed":  {[]store.Row{other, two}, top.Call.Queue},
		"deleted, then an old one": {[]store.Row{one, dead, two, other}, ""},
		"old ones after deletion":  {[]store.Row{dead, other, one}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			query(t, cfg, "TRUNCATE TABLE {db}.calls")
			for _, r := range test.rows {
				offset++
				insertCalls(t, s, offset, r)
			}
			const read = "SELECT toString(queue) FROM {db}.calls FINAL"
			if got := query(t, cfg, read); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			// A merge keeps the tombstone: what comes later is still older than it.
			query(t, cfg, "OPTIMIZE TABLE {db}.calls FINAL")
			offset++
			insertCalls(t, s, offset, one)
			if got := query(t, cfg, read); got != test.want {
				t.Errorf("after a merge and an old version: got %q, want %q", got, test.want)
			}
		})
	}
	// All in one insert, whose rows are not merged when written.
	query(t, cfg, "TRUNCATE TABLE {db}.calls")
	insertCalls(t, s, offset+1, dead, two, one, other)
	if got := query(t, cfg, "SELECT count() FROM {db}.calls FINAL"); got != "0" {
		t.Errorf("one insert: %s rows live", got)
	}
	if _, err := testkit.Query(t.Context(), cfg, "OPTIMIZE TABLE "+cfg.Database+".calls FINAL CLEANUP"); err == nil {
		t.Error("tombstones can be cleaned up: a late old version would live again")
	}
}

// TestInsertIsRepeated: on a single server a repetition is written again, never dropped,
// for the server may remember a batch whose rows a crash has taken; the rank makes it one.
func TestInsertIsRepeated(t *testing.T) {
	s, cfg := newStore(t)
	query(t, cfg, "SYSTEM STOP MERGES {db}.calls") // which would drop equal rows as well
	rows := []store.Row{
		row(t, &hotline.Call{ID: "a", Version: 1, StartedAt: noon, Outcome: hotline.Open}),
		row(t, &hotline.Call{ID: "b", Version: 1, StartedAt: noon.AddDate(0, 1, 0), Outcome: hotline.Open}), // another part
	}
	for range 3 {
		if err := s.InsertCalls(t.Context(), store.Batch{Topic: "t", First: 1, Last: 2}, rows); err != nil {
			t.Fatal(err)
		}
	}
	if got := query(t, cfg, "SELECT count() FROM {db}.calls"); got != "6" {
		t.Errorf("%s rows were written, want all of the 3 repetitions", got)
	}
	if got := query(t, cfg, "SELECT count() FROM {db}.calls FINAL"); got != "2" {
		t.Errorf("%s calls, want 2", got)
	}
}

// TestTokens: what is not the same rows has not the same token.
func TestTokens(t *testing.T) {
	seen := map[string]store.Batch{}
	for _, b := range []store.Batch{
		{Topic: "t", First: 1, Last: 2},
		{Topic: "t", First: 1, Last: 3},           // another range
		{Topic: "t", Epoch: 1, First: 1, Last: 2}, // another topic of that name
		{Topic: "t", Partition: 1, First: 1, Last: 2},
		{Topic: "t", First: 1, Last: 2, Part: "0"}, // a piece of it
	} {
		for _, table := range []string{"calls", "call_versions"} {
			token := b.Token(table)
			if other, ok := seen[token]; ok {
				t.Errorf("%+v and %+v share the token %s", b, other, token)
			}
			seen[token] = b
		}
	}
}

// TestManyPartitions writes one batch over a century, far more months than the server's
// default allows in one insert.
func TestManyPartitions(t *testing.T) {
	s, cfg := newStore(t)
	var rows []store.Row
	var buckets []time.Time
	for at := hotline.Earliest; at.Before(hotline.Latest); at = at.AddDate(0, 5, 0) {
		rows = append(rows, row(t, &hotline.Call{ID: at.Format(time.DateOnly), Version: 1, StartedAt: at, Outcome: hotline.Open}))
		buckets = append(buckets, at)
	}
	insertCalls(t, s, 1, rows...)
	if got := query(t, cfg, "SELECT count(), toString(max(started_at)) FROM {db}.calls"); got != "264\t2099-08-01 00:00:00.000" {
		t.Errorf("got %s", got)
	}
	if err := s.Recompute(t.Context(), buckets, 1); err != nil {
		t.Fatal(err)
	}
	if got := query(t, cfg, "SELECT sum(calls) FROM {db}.tallies FINAL WHERE dimension = 'queue'"); got != "264" {
		t.Errorf("got %s calls", got)
	}
}
