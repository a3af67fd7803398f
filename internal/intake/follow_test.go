package intake_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/intake"
	"hotline12333/internal/source"
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

func (b *bench) follow(over intake.Known, job intake.FollowJob) *following {
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
	case <-time.After(testkit.Patience):
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
	testkit.Eventually(b.t, testkit.Patience, func() error {
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
					testkit.Eventually(t, testkit.Patience, func() error {
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
