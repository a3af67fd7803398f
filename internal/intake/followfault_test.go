package intake_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"hotline12333/internal/broker"
	"hotline12333/internal/intake"
	"hotline12333/internal/source"
	"hotline12333/internal/source/asterisk"
	"hotline12333/internal/testkit"
	"hotline12333/internal/wire"
)

// TestFollowRefuses names what never grows by lines.
func TestFollowRefuses(t *testing.T) {
	b := newBench(t)
	good := b.write("good.csv", header)
	packed := b.write("calls.csv.gz", gzipped(t, header))
	for want, files := range map[string][]string{
		"standard input cannot be followed": {"-"},
		"is compressed, or a workbook":      {good, packed},
		"is a directory":                    {b.dir},
		"named twice":                       {good, filepath.Join(b.dir, ".", "good.csv")},
		"no file is given":                  nil,
		`has no column "call_id"`:           {b.write("other.csv", "a,b\n1,2\n")},
	} {
		err := b.importer(nil).Follow(t.Context(), b.followJob("generic-csv", files...))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	f := b.follow(nil, b.followJob("generic-csv", good))
	testkit.Eventually(t, testkit.Patience, func() error { return f.metric("hotline_intake_follow_present", good, 1) })
	if err := b.importer(nil).Follow(t.Context(), b.followJob("generic-csv", good)); !errors.Is(err, intake.ErrBusy) {
		t.Errorf("followed twice: %v", err)
	}
	f.stop()
}

// TestFollowOther goes on with one file while another cannot be read any more.
func TestFollowOther(t *testing.T) {
	b := newBench(t)
	one, two := b.write("one.csv", header+sample(0, 5)), b.write("two.csv", header+sample(5, 5))
	f := b.follow(nil, b.followJob("generic-csv", one, two))
	b.reaches([2]int{0, 10})
	must(t, os.Rename(one, one+".1"), put(one, "id,when\n1,2\n"))
	testkit.Eventually(t, testkit.Patience, func() error { return f.metric("hotline_intake_follow_blocked", one, 1) })
	must(t, add(two, sample(10, 5)))
	b.reaches([2]int{0, 15})
	must(t, put(one, header+sample(15, 5)))
	once(t, b.reaches([2]int{0, 20}))
	testkit.Eventually(t, testkit.Patience, func() error { return f.metric("hotline_intake_follow_blocked", one, 0) })
	f.stop()
}

// metric says whether any of a file's values is the one wanted.
func (f *following) metric(name, file string, want float64) error {
	families, err := f.reg.Gather()
	if err != nil {
		return err
	}
	var most float64 = -1
	for _, family := range families {
		for _, m := range family.GetMetric() {
			for _, l := range m.GetLabel() {
				if family.GetName() == name && l.GetName() == "file" && l.GetValue() == file {
					most = max(most, m.GetGauge().GetValue()+m.GetCounter().GetValue())
				}
			}
		}
	}
	if most != want {
		return fmt.Errorf("%s of %s is %v, not %v", name, file, most, want)
	}
	return nil
}

// absent is a Kafka that goes away and comes back.
type absent struct {
	*broker.Client
	gone chan struct{} // closed when it comes back; nil while it is there
	asks atomic.Int64
}

func (a *absent) Ping(ctx context.Context) error {
	select {
	case <-a.gone:
		return a.Client.Ping(ctx)
	default:
		return errors.New("connection refused")
	}
}

func (a *absent) Produce(ctx context.Context, topic string, recs []broker.Record) error {
	a.asks.Add(1)
	select {
	case <-a.gone:
		return a.Client.Produce(ctx, topic, recs)
	case <-ctx.Done():
		return &broker.PartialError{Topic: topic, Total: len(recs), Failed: []broker.RecordError{{Err: context.Cause(ctx)}}}
	}
}

// TestFollowWithoutKafka: it waits longer than an import would, reads no further meanwhile,
// says so, and goes on by itself.
func TestFollowWithoutKafka(t *testing.T) {
	b := newBench(t)
	b.cfg.GiveUp, b.cfg.Stall, b.cfg.BatchRecords = time.Second, time.Second, 10
	path := b.write("calls.csv", header+sample(0, 1000))
	a := &absent{Client: b.client, gone: make(chan struct{})}
	f := b.follow(a, b.followJob("generic-csv", path))
	testkit.Eventually(t, testkit.Patience, func() error { return f.metric("hotline_intake_follow_blocked", path, 1) })
	info, err := os.Stat(path)
	must(t, err)
	if n := a.asks.Load(); n != 1 {
		t.Errorf("%d batches are under way", n)
	}
	select {
	case err := <-f.ended:
		t.Fatalf("it ended: %v", err)
	default:
	}
	close(a.gone)
	once(t, b.reaches([2]int{0, 1000}))
	testkit.Eventually(t, testkit.Patience, func() error {
		return errors.Join(f.metric("hotline_intake_follow_blocked", path, 0), f.metric("hotline_intake_follow_behind_bytes", path, 0))
	})
	if n, err := testutil.GatherAndCount(f.reg, "hotline_intake_follow_last_row_timestamp_seconds"); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
	f.stop()
	if s := b.followStates(); len(s) != 1 || s[0].now() != info.Size() {
		t.Errorf("left at %+v, the file has %d bytes", s, info.Size())
	}
}

// What was read went to a Kafka that is not this one: a trial's, or one whose data are gone.
// The new one gets the file from its start, also where nothing is written to it any more.
func TestFollowIntoAnotherKafka(t *testing.T) {
	b := newBench(t)
	path := b.write("calls.csv", header+sample(0, 500))
	f := b.follow(nil, b.followJob("generic-csv", path))
	once(t, b.reaches([2]int{0, 500}))
	f.stop()
	b.freshTopics("another")
	f = b.follow(nil, b.followJob("generic-csv", path))
	once(t, b.reaches([2]int{0, 500}))
	must(t, add(path, sample(500, 100)))
	b.reaches([2]int{0, 600})
	f.stop()
	f = b.follow(nil, b.followJob("generic-csv", path)) // it is this one's now
	must(t, add(path, sample(600, 10)))
	once(t, b.reaches([2]int{0, 610}))
	f.stop()
}

// The Kafka is away when following begins, and comes back as another one.
func TestFollowUntilAnotherKafkaComes(t *testing.T) {
	b := newBench(t)
	b.cfg.GiveUp, b.cfg.Stall = time.Second, time.Second
	path := b.write("calls.csv", header+sample(0, 500))
	f := b.follow(nil, b.followJob("generic-csv", path))
	b.reaches([2]int{0, 500})
	f.stop()
	must(t, add(path, sample(500, 10)))
	b.freshTopics("another")
	a := &absent{Client: b.client, gone: make(chan struct{})}
	f = b.follow(a, b.followJob("generic-csv", path))
	testkit.Eventually(t, testkit.Patience, func() error { return f.metric("hotline_intake_follow_blocked", path, 1) })
	close(a.gone)
	b.reaches([2]int{0, 510})
	f.stop()
}

// followState is what is remembered of a followed file.
type followState struct {
	Now *struct {
		At wire.Position
	}
	Counts intake.Counts
}

func (s *followState) now() int64 {
	if s.Now == nil {
		return -1
	}
	return s.Now.At.Offset
}

func (b *bench) followStates() []followState {
	b.t.Helper()
	var out []followState
	files, err := filepath.Glob(filepath.Join(b.cfg.StateDir, "follow-*.json"))
	must(b.t, err)
	for _, f := range files {
		data, err := os.ReadFile(f)
		must(b.t, err)
		var s followState
		must(b.t, json.Unmarshal(data, &s))
		out = append(out, s)
	}
	return out
}

// TestFollowOpenCalls follows a queue_log over rotations and restarts: the calls that go on
// from one file to the next, and from one process to the next, are those of one log.
func TestFollowOpenCalls(t *testing.T) {
	b := newBench(t)
	var err error
	if b.sources, err = source.Load(fstest.MapFS{"q.yaml": {Data: []byte("name: queue-log\nnative: asterisk-queue-log\n")}}, source.DefaultConfig(), asterisk.Natives(), nil); err != nil {
		t.Fatal(err)
	}
	b.topics.Agents = "t0.agents"
	must(t, b.client.EnsureTopics(t.Context(), []broker.TopicSpec{{Name: b.topics.Agents, Partitions: 1}}))
	path := filepath.Join(b.dir, "queue_log")
	job := b.followJob("queue-log", path)
	f := b.follow(nil, job)
	expect := func(want map[string]string) {
		t.Helper()
		testkit.Eventually(t, testkit.Patience, func() error {
			got := map[string]string{}
			dec := wire.NewDecoder()
			version := map[string]uint64{}
			for _, r := range b.all(b.topics.Calls) {
				c, err := dec.Call(r.Value)
				must(t, err)
				if c.Version >= version[c.ID] {
					version[c.ID], got[c.ID] = c.Version, string(c.Outcome)
				}
			}
			if !maps.Equal(got, want) {
				return fmt.Errorf("calls %v, want %v", got, want)
			}
			return nil
		})
	}
	must(t, put(path, "1700000000|1.1|q|NONE|ENTERQUEUE||13900000001|1\n1700000001|1.2|q|NONE|ENTERQUEUE||13900000002|2\n"))
	expect(map[string]string{"1.1": "open", "1.2": "open"})
	must(t, os.Rename(path, path+".1"), put(path, "1700000009|1.1|q|SIP/1|CONNECT|9|1.3|4\n"))
	expect(map[string]string{"1.1": "answered", "1.2": "open"})
	f.stop()
	must(t, os.Rename(path+".1", path+".2"), os.Rename(path, path+".1"), add(path+".1", "1700000020|1.2|q|NONE|ABANDON|1|2|19\n"),
		put(path, "1700000030|1.1|q|SIP/1|COMPLETECALLER|9|21|1\n1700000031|1.9|q|NONE|ENTERQUEUE||13900000003|1\n"))
	f = b.follow(nil, job)
	expect(map[string]string{"1.1": "answered", "1.2": "abandoned_queue", "1.9": "open"})
	f.stop()
	versions := map[string][]uint64{}
	dec := wire.NewDecoder()
	for _, r := range b.all(b.topics.Calls) {
		c, err := dec.Call(r.Value)
		must(t, err)
		versions[c.ID] = append(versions[c.ID], c.Version)
		if c.ID == "1.1" && c.Version == 4 && (c.Talk.Millis != 21_000 || c.CallerHash == "") {
			t.Errorf("the call that went over three files: %s", r.Value)
		}
	}
	for id, list := range versions {
		slices.Sort(list)
		if len(slices.Compact(list)) != len(versions[id]) {
			t.Errorf("call %s has versions %v", id, versions[id])
		}
	}
}
