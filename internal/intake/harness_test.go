package intake_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hotline12333/internal/broker"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/intake"
	"hotline12333/internal/keys"
	"hotline12333/internal/source"
	"hotline12333/internal/testkit"
	"hotline12333/internal/wire"
)

// bench is what the tests of this package share: a broker, keys and the sources.
type bench struct {
	t       testing.TB
	client  *broker.Client
	keys    *keys.Keys
	sources *source.Registry
	cfg     intake.Config
	topics  intake.Topics
	dir     string
}

func newBench(t testing.TB) *bench {
	t.Helper()
	cfg := broker.DefaultConfig()
	cfg.Addresses = []string{testkit.Broker(t)}
	client, err := broker.New(cfg, broker.Deps{Log: testkit.Log(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	b := &bench{t: t, client: client, dir: t.TempDir(), cfg: intake.DefaultConfig()}
	b.cfg.StateDir = filepath.Join(t.TempDir(), "imports")
	if b.keys, err = keys.Ephemeral(); err != nil {
		t.Fatal(err)
	}
	if b.sources, err = source.Load(os.DirFS("../../pipelines/sources"), source.DefaultConfig(), nil, nil); err != nil {
		t.Fatal(err)
	}
	b.freshTopics("t0")
	return b
}

// freshTopics gives the next import topics of its own.
func (b *bench) freshTopics(name string) {
	b.t.Helper()
	b.topics = intake.Topics{Calls: name + ".calls", Rejected: name + ".rejected"}
	specs := []broker.TopicSpec{
		{Name: b.topics.Calls, Partitions: 2},
		{Name: b.topics.Rejected, Partitions: 1, Config: map[string]string{"max.message.bytes": fmt.Sprint(deadletter.MaxRecord)}},
	}
	if err := b.client.EnsureTopics(b.t.Context(), specs); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) importer(over intake.Known) *intake.Importer {
	b.t.Helper()
	if over == nil {
		over = b.client
	}
	im, err := intake.New(b.cfg, intake.Deps{
		Broker: over, Recipient: b.keys.Recipient(), Fingerprint: b.keys.Fingerprint, Topics: b.topics, Log: testkit.Log(b.t),
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return im
}

func (b *bench) job(src string, files ...string) intake.Job {
	b.t.Helper()
	s, err := b.sources.Lookup(src)
	if err != nil {
		b.t.Fatal(err)
	}
	return intake.Job{
		Files: files, Source: src, Context: map[string]string{"key": b.keys.KeyID()},
		Read: func(ctx context.Context, in intake.Input, each func(*wire.Item) error) error {
			return s.Read(ctx, in.Reader, source.Options{Keys: b.keys, Name: in.Name, From: in.From}, each)
		},
	}
}

func (b *bench) write(name, content string) string {
	b.t.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		b.t.Fatal(err)
	}
	return path
}

// all reads a topic to its end.
func (b *bench) all(topic string) []broker.Record {
	b.t.Helper()
	extents, err := b.client.Offsets(b.t.Context(), topic)
	if err != nil {
		b.t.Fatal(err)
	}
	var out []broker.Record
	for _, e := range extents {
		err := b.client.ReadRange(b.t.Context(), topic, e.Partition, e.First, e.Next, func(recs []broker.Record) error {
			for _, r := range recs {
				r.Key, r.Value = bytes.Clone(r.Key), bytes.Clone(r.Value)
				out = append(out, r)
			}
			return nil
		})
		if err != nil {
			b.t.Fatal(err)
		}
	}
	return out
}

// whole runs one import to its end.
func (b *bench) whole(job intake.Job) (*intake.Run, intake.Counts) {
	b.t.Helper()
	run, err := b.importer(nil).Open(b.t.Context(), job)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = run.Close() }()
	if err := run.Import(b.t.Context(), nil); err != nil {
		b.t.Fatal(err)
	}
	counts := run.Counts()
	if err := run.Finish(); err != nil {
		b.t.Fatal(err)
	}
	return run, counts
}

const header = "call_id,started_at,answered_at,ended_at,outcome,queue,agent,caller\n"

// sample has n rows; every 100th is rejected.
func sample(from, n int) string {
	var s strings.Builder
	for i := from; i < from+n; i++ {
		outcome := "answered"
		if i%100 == 99 {
			outcome = "lost"
		}
		fmt.Fprintf(&s, "c%06d,2026-03-%02d 09:%02d:%02d,2026-03-02 09:30:31,2026-03-02 09:34:02,%s,社保卡,1001,138%08d\n",
			i, i%28+1, i/60%60, i%60, outcome, i)
	}
	return s.String()
}

func expected(n int) intake.Counts {
	return intake.Counts{
		Read: int64(n), Accepted: int64(n - n/100),
		Ignored: map[string]int64{}, Rejected: map[string]int64{"unknown_value": int64(n / 100)},
	}
}

func header1(t testing.TB, r *broker.Record, key string) string {
	t.Helper()
	v, ok := r.Header(key)
	if !ok {
		t.Errorf("record %s has no header %s", r.Key, key)
	}
	return string(v)
}
