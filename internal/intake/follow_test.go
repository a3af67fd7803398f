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

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"hotline12333/internal/broker"
	"hotline12333/internal/intake"
	"hotline12333/internal/source"
	"hotline12333/internal/source/asterisk"
	"hotline12333/internal/testkit"
	"hotline12333/internal/wire"
)

// following is a running Follow.
type following struct {
	t      testing.TB
	cancel context.CancelFunc
	ended  chan error
	reg    *prometheus.Registry
}

// session gives a source to intake, as the program does.
type session struct {
	source.Session
	how source.Options
}

func (s session) Read(ctx context.Context, in intake.Input, each func(*wire.Item) error) error {
	o := s.how
	o.Name, o.From, o.Growing = in.Name, in.From, in.Growing
	return s.Session.Read(ctx, in.Reader, o, each)
}

func (b *bench) followJob(src string, files ...string) intake.FollowJob {
	b.t.Helper()
	s, err := b.sources.Lookup(src)
	if err != nil {
		b.t.Fatal(err)
	}
	how := source.Options{Keys: b.keys}
	return intake.FollowJob{
		Files: files, Source: src, Context: map[string]string{"key": b.keys.KeyID()}, Patience: time.Second,
		Session: func() (intake.Session, error) {
			inner, err := s.Session(how)
			return session{inner, how}, err
		},
	}
}

func (b *bench) follow(over intake.Broker, job intake.FollowJob) *following {
	b.t.Helper()
	if over == nil {
		over = b.client
	}
	f := &following{t: b.t, ended: make(chan error, 1), reg: prometheus.NewRegistry()}
	im, err := intake.New(b.cfg, intake.Deps{
		Broker: over, Recipient: b.keys.Recipient(), Fingerprint: b.keys.Fingerprint, Topics: b.topics, Log: testkit.Log(b.t), Registerer: f.reg,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.t.Context())
	f.cancel = cancel
	go func() { f.ended <- im.Follow(ctx, job) }()
	b.t.Cleanup(cancel)
	return f
}

// stop interrupts it, which is no error.
func (f *following) stop() {
	f.t.Helper()
	f.cancel()
	select {
	case err := <-f.ended:
		if err != nil {
			f.t.Fatalf("interrupted, it ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		f.t.Fatal("it does not end")
	}
}

// reaches waits until the calls of the rows from and below to have come, and none else.
func (b *bench) reaches(ranges ...[2]int) map[string]int {
	b.t.Helper()
	want := map[string]bool{}
	for _, r := range ranges {
		for i := r[0]; i < r[1]; i++ {
			if i%100 != 99 {
				want[fmt.Sprintf("c%06d", i)] = true
			}
		}
	}
	var got map[string]int
	testkit.Eventually(b.t, 20*time.Second, func() error {
		got = map[string]int{}
		for _, r := range b.all(b.topics.Calls) {
			got[string(r.Key)]++
		}
		if len(got) < len(want) {
			return fmt.Errorf("%d of %d calls", len(got), len(want))
		}
		return nil
	})
	for id := range got {
		if !want[id] {
			b.t.Errorf("call %s is not of the file", id)
		}
	}
	return got
}

// once says that no call came twice.
func once(t testing.TB, got map[string]int) {
	t.Helper()
	for id, n := range got {
		if n != 1 {
			t.Errorf("call %s came %d times", id, n)
		}
	}
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func truncateAndAdd(path, content string) error {
	return errors.Join(os.Truncate(path, 0), add(path, content))
}

func put(path, content string) error { return os.WriteFile(path, []byte(content), 0o600) }

// TestFollow does to a followed file what happens to logs. Every scenario runs twice: with
// the follower running all the time, and with it ended and started again between the steps.
func TestFollow(t *testing.T) {
	type step struct {
		do     func(path string) error
		rows   int     // that have come when it is done
		behind float64 // bytes that wait then; 0: not looked at
	}
	aside := func(path, mark string) error { return os.Rename(path, path+mark) }
	copied := func(path, mark string) error {
		data, err := os.ReadFile(path)
		return errors.Join(err, put(path+mark, string(data)))
	}
	first := step{func(p string) error { return put(p, header+sample(0, 10)) }, 10, 0}
	for name, steps := range map[string][]step{
		"grows": {first, {func(p string) error { return add(p, sample(10, 10)) }, 20, 0}},
		"does not exist yet": {
			{func(string) error { return nil }, 0, 0}, first,
		},
		"partial line": {
			first,
			{func(p string) error { return add(p, sample(10, 1)[:40]) }, 10, 40},
			{func(p string) error { return add(p, sample(10, 1)[40:]) }, 11, 0},
		},
		"partial header": {
			{func(p string) error { return put(p, header[:20]) }, 0, 20},
			{func(p string) error { return add(p, header[20:]) }, 0, 0},
			{func(p string) error { return add(p, sample(0, 3)) }, 3, 0},
		},
		"renamed": {
			first,
			{func(p string) error {
				return errors.Join(add(p, sample(10, 5)), aside(p, ".1"), add(p+".1", sample(15, 5)), put(p, header+sample(20, 5)))
			}, 25, 0},
			{func(p string) error { return add(p, sample(25, 5)) }, 30, 0},
		},
		"renamed, its last line without an end": {
			first,
			{func(p string) error {
				return errors.Join(add(p, strings.TrimSpace(sample(10, 5))), aside(p, "-20260302"), put(p, header+sample(15, 5)))
			}, 20, 0},
		},
		"renamed, nothing there for a while": {
			first,
			{func(p string) error { return errors.Join(aside(p, ".1"), add(p+".1", sample(10, 5))) }, 15, 0},
			{func(p string) error { return put(p, "") }, 15, 0},
			{func(p string) error { return add(p+".1", sample(15, 5)) }, 20, 0},
			{func(p string) error { return add(p, header+sample(20, 5)) }, 25, 0},
		},
		"renamed twice at once": {
			first,
			{func(p string) error {
				return errors.Join(add(p, sample(10, 5)), aside(p, ".1"), put(p, header+sample(15, 5)),
					os.Rename(p+".1", p+".2"), aside(p, ".1"), put(p, header+sample(20, 5)))
			}, 25, 0},
		},
		"copied and truncated": {
			first,
			{func(p string) error {
				return errors.Join(add(p, sample(10, 5)), copied(p, ".1"), truncateAndAdd(p, header+sample(15, 5)))
			}, 20, 0},
			{func(p string) error {
				return errors.Join(copied(p, ".2"), truncateAndAdd(p, header+sample(20, 40)))
			}, 60, 0},
		},
		"away and back": {
			first,
			{func(p string) error { return aside(p, ".away") }, 10, 0},
			{func(p string) error { return errors.Join(os.Rename(p+".away", p), add(p, sample(10, 5))) }, 15, 0},
		},
		"deleted and written anew": {
			first,
			{func(p string) error { return os.Remove(p) }, 10, 0},
			{func(p string) error { return put(p, header+sample(10, 5)) }, 15, 0},
		},
		"brought anew as a whole": { // as rsync does
			first,
			{func(p string) error {
				return errors.Join(put(p+".tmp", header+sample(0, 15)), os.Rename(p+".tmp", p))
			}, 15, 0},
			{func(p string) error {
				return errors.Join(put(p+".tmp", header+sample(0, 30)), os.Rename(p+".tmp", p), add(p, sample(30, 5)))
			}, 35, 0},
		},
	} {
		for _, restarted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/restarted=%v", name, restarted), func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				path := filepath.Join(b.dir, "calls.csv")
				job := b.followJob("generic-csv", path)
				f := b.follow(nil, job)
				var got map[string]int
				for _, s := range steps {
					if restarted {
						f.stop()
					}
					must(t, s.do(path))
					if restarted {
						f = b.follow(nil, job)
					}
					got = b.reaches([2]int{0, s.rows})
					testkit.Eventually(t, 10*time.Second, func() error {
						if s.behind == 0 {
							return nil
						}
						return f.metric("hotline_intake_follow_behind_bytes", path, s.behind)
					})
				}
				once(t, got)
				f.stop()
			})
		}
	}
}

// TestFollowCompressed: what was rotated and compressed while nobody followed is read.
func TestFollowCompressed(t *testing.T) {
	b := newBench(t)
	path := b.write("calls.csv", header+sample(0, 400))
	job := b.followJob("generic-csv", path)
	f := b.follow(nil, job)
	b.reaches([2]int{0, 400})
	f.stop()
	packed := b.write("calls.csv.2.gz", gzipped(t, header+sample(0, 500)))
	must(t, os.Remove(path), os.Chtimes(packed, time.Now(), time.Now().Add(time.Second)))
	later := b.write("calls.csv.1.gz", gzipped(t, header+sample(500, 50)))
	must(t, os.Chtimes(later, time.Now(), time.Now().Add(2*time.Second)), put(path, header+sample(550, 10)))
	f = b.follow(nil, job)
	once(t, b.reaches([2]int{0, 560}))
	must(t, add(path, sample(560, 10)))
	once(t, b.reaches([2]int{0, 570}))
	f.stop()
	letters := map[string]int{}
	for _, r := range b.all(b.topics.Rejected) {
		letters[header1(t, &r, "origin")]++
	}
	if len(letters) != 5 {
		t.Errorf("dead letters %v", letters)
	}
}

// TestFollowQuotes: a row of several lines waits for the rest of it, and a forgotten quote
// does not wait for ever.
func TestFollowQuotes(t *testing.T) {
	b := newBench(t)
	row := func(i int, queue string) string { return strings.Replace(sample(i, 1), "社保卡", queue, 1) }
	path := b.write("calls.csv", header+row(0, "\"two\nlines\"")+strings.Split(row(1, "\"three\nli\nnes\""), "\n")[0]+"\n")
	f := b.follow(nil, b.followJob("generic-csv", path))
	b.reaches([2]int{0, 1})
	must(t, add(path, strings.SplitN(row(1, "\"three\nli\nnes\""), "\n", 2)[1]+row(2, "plain")))
	once(t, b.reaches([2]int{0, 3}))
	must(t, add(path, row(50, "\"forgotten")+row(3, "plain")))
	once(t, b.reaches([2]int{0, 4}))
	if letters := b.all(b.topics.Rejected); len(letters) != 1 {
		t.Errorf("%d dead letters", len(letters))
	}
	f.stop()
}

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
	testkit.Eventually(t, 10*time.Second, func() error { return f.metric("hotline_intake_follow_present", good, 1) })
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
	testkit.Eventually(t, 10*time.Second, func() error { return f.metric("hotline_intake_follow_blocked", one, 1) })
	must(t, add(two, sample(10, 5)))
	b.reaches([2]int{0, 15})
	must(t, put(one, header+sample(15, 5)))
	once(t, b.reaches([2]int{0, 20}))
	testkit.Eventually(t, 10*time.Second, func() error { return f.metric("hotline_intake_follow_blocked", one, 0) })
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
	testkit.Eventually(t, 10*time.Second, func() error { return f.metric("hotline_intake_follow_blocked", path, 1) })
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
	testkit.Eventually(t, 10*time.Second, func() error {
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
		testkit.Eventually(t, 20*time.Second, func() error {
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
