package intake_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"hotline12333/internal/broker"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/intake"
	"hotline12333/internal/source"
	"hotline12333/internal/wire"
)

// TestImport follows every row of a file into the topics, and a rejected one back.
func TestImport(t *testing.T) {
	b := newBench(t)
	const n = 12_345 // more than two batches
	path := b.write("calls.csv", header+sample(0, n))
	var last intake.Progress
	run, err := b.importer(nil).Open(t.Context(), b.job("generic-csv", path))
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Import(t.Context(), func(p intake.Progress) { last = p }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(expected(n), run.Counts()); diff != "" {
		t.Error(diff)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := (intake.Progress{File: path, Bytes: info.Size(), Total: info.Size(), Rows: n}); last != want {
		t.Errorf("progress %+v, want %+v", last, want)
	}
	seen := map[string]bool{}
	dec := wire.NewDecoder()
	for _, r := range b.all(b.topics.Calls) {
		c, err := dec.Call(r.Value)
		if err != nil {
			t.Fatal(err)
		}
		var i int
		if _, err := fmt.Sscanf(c.ID, "c%d", &i); err != nil {
			t.Fatal(err)
		}
		if string(r.Key) != c.ID || header1(t, &r, "run") != run.ID() || header1(t, &r, "origin") != fmt.Sprintf("%s:%d", path, i+2) {
			t.Fatalf("record %s of call %s: %+v", r.Key, c.ID, r.Headers)
		}
		if want := b.keys.Pseudonym(fmt.Sprintf("138%08d", i)); c.CallerHash != want || bytes.Contains(r.Value, fmt.Appendf(nil, "138%08d", i)) {
			t.Fatalf("caller of %s", r.Value)
		}
		seen[c.ID] = true
	}
	if len(seen) != n-n/100 {
		t.Errorf("%d calls in the topic", len(seen))
	}
	b.letters(run, path)
	if err := errors.Join(run.Finish(), run.Close()); err != nil {
		t.Fatal(err)
	}
	again, counts := b.whole(b.job("generic-csv", path))
	if again.ID() == run.ID() || again.Resumed() || cmp.Diff(expected(n), counts) != "" {
		t.Errorf("imported again: run %s after %s, %+v", again.ID(), run.ID(), counts)
	}
}

// letters checks the dead letters, and replays the first of them.
func (b *bench) letters(run *intake.Run, path string) {
	b.t.Helper()
	letters := b.all(b.topics.Rejected)
	rec := letters[0]
	for _, h := range rec.Headers {
		if bytes.Contains(h.Value, []byte("13800000099")) {
			b.t.Errorf("the header %s shows the caller", h.Key)
		}
	}
	if bytes.Contains(rec.Value, []byte("13800000099")) || bytes.Contains(rec.Key, []byte("13800000099")) {
		b.t.Error("the letter is not sealed")
	}
	l, err := deadletter.Decode(rec, b.keys.Identity())
	if err != nil {
		b.t.Fatal(err)
	}
	want := sample(99, 1)
	if l.Reason != "unknown_value" || l.Field != "outcome" || l.Origin != path+":101" || l.Run != run.ID() || string(l.Bytes) != want || !l.Replayable {
		b.t.Errorf("letter %+v\n%s", l, l.Bytes)
	}
	src, err := b.sources.Lookup("generic-csv")
	if err != nil {
		b.t.Fatal(err)
	}
	read := func(ctx context.Context, row intake.Row, each func(*wire.Item) error) error {
		raw := row.Raw
		if row.Context["key"] == b.keys.KeyID() && row.Source == "generic-csv" {
			raw = bytes.Replace(raw, []byte(",lost,"), []byte(",abandoned_queue,"), 1) // as if the description had learned it
		}
		return src.Row(ctx, raw, row.Columns, source.Options{Keys: b.keys}, each)
	}
	before := len(b.all(b.topics.Calls))
	if err := b.importer(nil).Replay(b.t.Context(), l, read); err != nil {
		b.t.Fatal(err)
	}
	if after := b.all(b.topics.Calls); len(after) != before+1 {
		b.t.Errorf("%d records after the replay of one, %d before", len(after), before)
	}
	l.Headers = nil // without the columns the row means nothing
	if err := b.importer(nil).Replay(b.t.Context(), l, read); err == nil {
		b.t.Error("a row is replayed without its columns")
	}
}

// flaky lets some produces through and ends the import in one of the next, before or
// after the broker has the records, as a kill at that moment would.
type flaky struct {
	*broker.Client
	left   atomic.Int64
	after  bool
	cancel context.CancelFunc
}

func (f *flaky) Produce(ctx context.Context, topic string, recs []broker.Record) error {
	if f.left.Add(-1) >= 0 {
		return f.Client.Produce(ctx, topic, recs)
	}
	if f.after {
		if err := f.Client.Produce(ctx, topic, recs); err != nil {
			return err
		}
	}
	f.cancel()
	<-ctx.Done()
	return ctx.Err()
}

// TestInterrupted ends imports at random moments until one gets through: every record is
// there, under one run, and the counts are those of an import that nothing disturbed.
func TestInterrupted(t *testing.T) {
	b := newBench(t)
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 2000
	one := b.write("one.csv", header+sample(0, n))
	two := b.write("two.csv", header+sample(n, n))
	packed := b.write("three.csv.gz", gzipped(t, header+sample(2*n, n)))
	for round := range 8 {
		b.freshTopics(fmt.Sprintf("r%d", round))
		b.cfg.BatchRecords = 200 + rng.IntN(400)
		runs := map[string]bool{}
		interruptions := 0
		for {
			ctx, cancel := context.WithCancel(t.Context())
			f := &flaky{Client: b.client, after: rng.IntN(2) == 0, cancel: cancel}
			f.left.Store(rng.Int64N(30))
			run, err := b.importer(f).Open(ctx, b.job("generic-csv", one, two, packed))
			if err != nil {
				t.Fatal(err)
			}
			runs[run.ID()] = true
			// Half of the ends are kills, which leave no time to write a checkpoint: put
			// back the one that lay there before.
			checkpoint, kill := b.checkpoint(), interruptions < 8 && rng.IntN(2) == 0
			if run.Resumed() != (interruptions > 0) {
				t.Fatalf("resumed %v after %d interruptions: %s", run.Resumed(), interruptions, run.Notice())
			}
			err = run.Import(ctx, nil)
			cancel()
			if err == nil {
				if diff := cmp.Diff(expected(3*n), run.Counts()); diff != "" {
					t.Fatal(diff)
				}
				if err := errors.Join(run.Finish(), run.Close()); err != nil {
					t.Fatal(err)
				}
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if err := run.Close(); err != nil {
				t.Fatal(err)
			}
			if interruptions++; kill {
				b.restore(checkpoint)
			}
		}
		if len(runs) != 1 {
			t.Errorf("%d runs", len(runs))
		}
		ids := map[string]bool{}
		for _, r := range b.all(b.topics.Calls) {
			ids[string(r.Key)] = true
		}
		letters := map[string]bool{}
		for _, r := range b.all(b.topics.Rejected) {
			letters[string(r.Key)] = true
		}
		if len(ids) != 3*n-3*n/100 || len(letters) != 3*n/100 {
			t.Errorf("round %d, %d interruptions: %d calls, %d letters", round, interruptions, len(ids), len(letters))
		}
	}
}

// An import that was interrupted does not go on in another Kafka: that one lacks what the
// first has.
func TestInterruptedElsewhere(t *testing.T) {
	b := newBench(t)
	b.cfg.BatchRecords = 100
	path := b.write("one.csv", header+sample(0, 2000))
	interrupt := func() {
		ctx, cancel := context.WithCancel(t.Context())
		f := &flaky{Client: b.client, after: true, cancel: cancel}
		f.left.Store(5)
		run, err := b.importer(f).Open(ctx, b.job("generic-csv", path))
		if err != nil {
			t.Fatal(err)
		}
		if err := run.Import(ctx, nil); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if err := run.Close(); err != nil {
			t.Fatal(err)
		}
		cancel()
	}
	interrupt()
	b.freshTopics("another")
	_, counts := b.whole(b.job("generic-csv", path))
	if diff := cmp.Diff(expected(2000), counts); diff != "" {
		t.Error(diff)
	}
	b.reaches([2]int{0, 2000})
}

// checkpoint is the content of the one state file.
func (b *bench) checkpoint() map[string][]byte {
	b.t.Helper()
	out := map[string][]byte{}
	files, err := filepath.Glob(filepath.Join(b.cfg.StateDir, "*.json"))
	if err != nil || len(files) != 1 {
		b.t.Fatalf("states %v, %v", files, err)
	}
	if out[files[0]], err = os.ReadFile(files[0]); err != nil {
		b.t.Fatal(err)
	}
	return out
}

func (b *bench) restore(files map[string][]byte) {
	b.t.Helper()
	for name, data := range files {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
}

func gzipped(t testing.TB, s string) string {
	t.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	if _, err := z.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}
