package embedded

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/segmentio/kafka-go"
)

func readSnapshot(t *testing.T, dir string) partitionSnapshot {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "snapshot.json"))
	if err != nil {
		t.Fatal(err)
	}
	var snap partitionSnapshot
	if err := json.Unmarshal(b, &snap); err != nil {
		t.Fatal(err)
	}
	return snap
}

// TestSnapshotIsKfakes compares ours with the one kfake writes when it is
// closed: the form is kfake's own and may change with it.
func TestSnapshotIsKfakes(t *testing.T) {
	cfg := testConfig(t)
	cfg.SegmentBytes = 2 << 10
	b := start(t, cfg)
	c := client(b)
	createTopic(t, c, "calls")
	for range 20 {
		mustProduce(t, c, "calls", make([]byte, 500))
	}
	stop(t, b)
	dir := filepath.Join(b.dataDir(), "partitions", "calls-0")
	want := readSnapshot(t, dir)
	if len(want.Segments) < 3 {
		t.Fatalf("only %d files", len(want.Segments))
	}
	if err := os.Remove(filepath.Join(dir, "snapshot.json")); err != nil {
		t.Fatal(err)
	}
	if err := snapshotPartitions(b.dataDir(), time.Now(), slog.New(slog.NewTextHandler(io.Discard, nil))); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, readSnapshot(t, dir), cmpopts.IgnoreFields(partitionSnapshot{}, "CreatedAt")); diff != "" {
		t.Errorf("kfake's (-) and ours (+) differ:\n%s", diff)
	}
}

// TestTornFiles starts from what crashes leave.
func TestTornFiles(t *testing.T) {
	cfg := testConfig(t)
	cfg.SegmentBytes = 4 << 10
	b := start(t, cfg)
	c := client(b)
	createTopic(t, c, "calls")
	const records = 23 // about five to a file, the newest not full
	for range records {
		mustProduce(t, c, "calls", make([]byte, 900))
	}
	for name, tc := range map[string]struct {
		damage func(newest string, size int64) error
		lost   int
	}{
		"nothing": {func(string, int64) error { return nil }, 0},
		"half a batch more": {func(newest string, size int64) error {
			raw, err := os.ReadFile(newest)
			return errors.Join(err, os.WriteFile(newest, append(raw, raw[:400]...), 0o600))
		}, 0},
		"zeros at the end": {func(newest string, size int64) error { return os.Truncate(newest, size+4096) }, 0},
		"last batch cut":   {func(newest string, size int64) error { return os.Truncate(newest, size-10) }, 1},
		"newest empty": {func(newest string, _ int64) error {
			return os.WriteFile(filepath.Join(filepath.Dir(newest), "23.dat"), nil, 0o600)
		}, 0},
		"newest nothing but torn": {func(newest string, _ int64) error {
			return os.WriteFile(filepath.Join(filepath.Dir(newest), "23.dat"), []byte("torn"), 0o600)
		}, 0},
		"index gone": {func(newest string, _ int64) error {
			return os.Remove(newest[:len(newest)-4] + ".idx")
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := cfg
			cfg.Dir = t.TempDir()
			if err := os.CopyFS(filepath.Join(cfg.Dir, "data"), os.DirFS(b.dataDir())); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(cfg.Dir, "data", "partitions", "calls-0")
			segs, err := readSegments(dir)
			if err != nil {
				t.Fatal(err)
			}
			newest := segs[len(segs)-1]
			if err := tc.damage(segmentPath(dir, newest.base), newest.size); err != nil {
				t.Fatal(err)
			}
			b := start(t, cfg)
			c := client(b)
			want := int64(records - tc.lost)
			if first, next := offsets(t, c, "calls"); first != 0 || next != want {
				t.Errorf("offsets %d to %d, want 0 to %d", first, next, want)
			}
			if got := len(readValues(t, c, "calls")); got != int(want) {
				t.Errorf("%d records, want %d", got, want)
			}
			// What follows is found again, too.
			for range 10 {
				if offset := mustProduce(t, c, "calls", make([]byte, 900)); offset != want {
					t.Fatalf("the next record has offset %d, want %d", offset, want)
				}
				want++
			}
			stop(t, b)
			c = client(start(t, cfg))
			if got := len(readValues(t, c, "calls")); got != int(want) {
				t.Errorf("%d records after another start, want %d", got, want)
			}
		})
	}
}

func TestRefusedRequests(t *testing.T) {
	b := start(t, testConfig(t))
	c := client(b)
	res, err := c.InitProducerID(t.Context(), &kafka.InitProducerIDRequest{TransactionalID: "tx", TransactionTimeoutMs: 1000})
	if err != nil || !errors.Is(res.Error, kafka.PolicyViolation) {
		t.Errorf("a transaction was begun: %+v, %v", res, err)
	}
}

func readValues(t *testing.T, c *kafka.Client, topic string) [][]byte {
	t.Helper()
	first, next := offsets(t, c, topic)
	var out [][]byte
	for at := first; at < next; {
		res, err := c.Fetch(t.Context(), &kafka.FetchRequest{Topic: topic, Offset: at, MinBytes: 1, MaxBytes: 1 << 20, MaxWait: time.Second})
		if err == nil {
			err = res.Error
		}
		if err != nil {
			t.Fatal(err)
		}
		for {
			rec, err := res.Records.ReadRecord()
			if err != nil {
				break
			}
			if rec.Offset < at {
				continue
			}
			v, err := kafka.ReadAll(rec.Value)
			if err != nil {
				t.Fatal(err)
			}
			out, at = append(out, v), rec.Offset+1
		}
	}
	return out
}
