package intake_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/broker"
	"hotline12333/internal/intake"
	"hotline12333/internal/keys"
	"hotline12333/internal/source"
	"hotline12333/internal/wire"
)

func TestFilesThatAreNone(t *testing.T) {
	b := newBench(t)
	good := b.write("good.csv", header+sample(0, 3))
	for name, tc := range map[string]struct {
		files []string
		want  string
	}{
		"missing":   {[]string{good, filepath.Join(b.dir, "none.csv")}, "none.csv does not exist"},
		"directory": {[]string{b.dir}, "is a directory: name the files in it"},
		"twice":     {[]string{good, filepath.Join(b.dir, ".", "good.csv")}, "named twice"},
		"no file":   {nil, "no file is given"},
		"device":    {[]string{"/dev/null"}, "no regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.importer(nil).Open(t.Context(), b.job("generic-csv", tc.files...))
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
	if entries, err := os.ReadDir(b.cfg.StateDir); err == nil && len(entries) > 0 {
		t.Errorf("left behind: %v", entries)
	}
}

// TestContents are files of unusual content that are read to their end all the same, or
// refused as a whole.
func TestContents(t *testing.T) {
	b := newBench(t)
	for name, tc := range map[string]struct {
		content string
		read    int64
		err     string
	}{
		"empty":             {"", 0, ""},
		"header only":       {header, 0, ""},
		"header, no end":    {strings.TrimSpace(header), 0, ""},
		"no final line end": {header + strings.TrimSpace(sample(0, 5)), 5, ""},
		"cut in a row":      {header + sample(0, 5)[:370], 4, ""},
		"another header":    {"id,when\n1,2\n", 0, `has no column "call_id"`},
		"gzip":              {gzipped(t, header+sample(0, 5)), 5, ""},
		"gzip cut":          {gzipped(t, header+sample(0, 5))[:100], 0, "unexpected EOF"},
		"gzip twice":        {gzipped(t, header+sample(0, 5)) + gzipped(t, sample(5, 5)), 10, ""},
		"workbook":          {"PK\x03\x04rest", 0, "save it as CSV"},
	} {
		t.Run(name, func(t *testing.T) {
			path := b.write("calls.csv", tc.content)
			run, err := b.importer(nil).Open(t.Context(), b.job("generic-csv", path))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = errors.Join(run.Finish(), run.Close()) }()
			err = run.Import(t.Context(), nil)
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Fatalf("error %v, want %q", err, tc.err)
			}
			if c := run.Counts(); c.Read != tc.read || !c.Balanced() {
				t.Errorf("counts %+v, want %d read", c, tc.read)
			}
		})
	}
}

// interrupted imports until rows have been acknowledged and leaves the run there.
func (b *bench) interrupted(job intake.Job, produces int64) *intake.Run {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	defer cancel()
	f := &flaky{Client: b.client, cancel: cancel}
	f.left.Store(produces)
	run, err := b.importer(f).Open(ctx, job)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := run.Import(ctx, nil); !errors.Is(err, context.Canceled) {
		b.t.Fatalf("error %v", err)
	}
	if err := run.Close(); err != nil {
		b.t.Fatal(err)
	}
	return run
}

// TestFileBetweenRuns: a file that is written while its import is interrupted.
func TestFileBetweenRuns(t *testing.T) {
	b := newBench(t)
	first := header + sample(0, 100)
	second := header + sample(100, 100)
	partial := strings.TrimSuffix(second, "1001,13800000199\n")
	for name, tc := range map[string]struct {
		second string // the second file when the import is interrupted in the third
		change func(a, b string) error
		resume bool
		notice string
		read   int64
	}{
		"untouched":    {second, func(string, string) error { return nil }, true, "", 300},
		"grown":        {second, func(_, f string) error { return add(f, sample(900, 50)) }, true, "", 350},
		"grown a line": {partial, func(_, f string) error { return add(f, "1001,13800000199\n") }, false, "last line was longer", 300},
		"cut":          {second, func(_, f string) error { return os.Truncate(f, 500) }, false, "shorter than before", 0},
		"rewritten": {second, func(f, _ string) error {
			return os.WriteFile(f, []byte(strings.Replace(first, "社", "医", 1)), 0o600)
		}, false, "it was written since", 300},
		"another": {second, func(f, _ string) error {
			return os.WriteFile(f, []byte(header+sample(500, 200)), 0o600)
		}, false, "its beginning is another", 400},
	} {
		t.Run(name, func(t *testing.T) {
			one, two := b.write("one.csv", first), b.write("two.csv", tc.second)
			three := b.write("three.csv", header+sample(200, 100))
			later := time.Now().Add(-time.Hour)
			for _, f := range []string{one, two, three} {
				if err := os.Chtimes(f, later, later); err != nil {
					t.Fatal(err)
				}
			}
			job := b.job("generic-csv", one, two, three)
			before := b.interrupted(job, 4) // a produce of calls and one of letters for each file
			if err := tc.change(one, two); err != nil {
				t.Fatal(err)
			}
			run, err := b.importer(nil).Open(t.Context(), job)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = errors.Join(run.Finish(), run.Close()) }()
			if run.Resumed() != tc.resume || !strings.Contains(run.Notice(), tc.notice) || tc.resume != (run.ID() == before.ID()) {
				t.Errorf("resumed %v as %s after %s: %q", run.Resumed(), run.ID(), before.ID(), run.Notice())
			}
			if err := run.Import(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if c := run.Counts(); tc.read > 0 && c.Read != tc.read || !c.Balanced() {
				t.Errorf("counts %+v, want %d read", c, tc.read)
			}
		})
	}
}

func add(path, content string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	return errors.Join(err, f.Close())
}

func TestStateOfAnImport(t *testing.T) {
	b := newBench(t)
	path := b.write("calls.csv", header+sample(0, 100))
	job := b.job("generic-csv", path)
	first, err := b.importer(nil).Open(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.importer(nil).Open(t.Context(), job); !errors.Is(err, intake.ErrBusy) {
		t.Errorf("opened twice: %v", err)
	}
	other := job
	other.Context = map[string]string{"zone": "UTC"}
	second, err := b.importer(nil).Open(t.Context(), other)
	if err != nil || second.ID() == first.ID() {
		t.Errorf("the same files in another zone are the same import: %v", err)
	}
	if err := errors.Join(second.Finish(), second.Close(), first.Import(t.Context(), nil), first.Close()); err != nil {
		t.Fatal(err)
	}
	// Read to the end but not finished, it is found again and has nothing to do.
	before := len(b.all(b.topics.Calls))
	again, err := b.importer(nil).Open(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Import(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if again.ID() != first.ID() || !again.Resumed() || cmp.Diff(expected(100), again.Counts()) != "" || len(b.all(b.topics.Calls)) != before {
		t.Errorf("found again: run %s after %s, %+v", again.ID(), first.ID(), again.Counts())
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	states, err := filepath.Glob(filepath.Join(b.cfg.StateDir, "*.json"))
	if err != nil || len(states) != 1 {
		t.Fatalf("states %v, %v", states, err)
	}
	if err := os.WriteFile(states[0], []byte(`{"format":1,"run"`), 0o600); err != nil {
		t.Fatal(err)
	}
	damaged, err := b.importer(nil).Open(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if damaged.Resumed() || !strings.Contains(damaged.Notice(), "damaged") {
		t.Errorf("a damaged state: resumed %v, %q", damaged.Resumed(), damaged.Notice())
	}
	if err := damaged.Close(); err != nil {
		t.Fatal(err)
	}
}

// silent is a broker that acknowledges nothing.
type silent struct{ ping error }

func (s silent) Ping(ctx context.Context) error { return s.ping }

func (s silent) TopicID(ctx context.Context, _ string) (string, error) {
	<-ctx.Done()
	return "", ctx.Err()
}

func (s silent) Produce(ctx context.Context, topic string, recs []broker.Record) error {
	<-ctx.Done()
	return &broker.PartialError{Topic: topic, Total: len(recs), Failed: []broker.RecordError{{Err: context.Cause(ctx)}}}
}

// TestNoBroker holds the import to its patience, in virtual time.
func TestNoBroker(t *testing.T) {
	for name, tc := range map[string]struct {
		ping error
		want string
		wait time.Duration
	}{
		"nobody there": {errors.New("connection refused"), "has not answered for 15s", 15 * time.Second},
		"full disk":    {nil, "has acknowledged nothing for 1m", time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "calls.csv")
			if err := os.WriteFile(path, []byte(header+sample(0, 5)), 0o600); err != nil {
				t.Fatal(err)
			}
			k, err := keys.Ephemeral()
			if err != nil {
				t.Fatal(err)
			}
			sources, err := source.Load(os.DirFS("../../pipelines/sources"), source.DefaultConfig(), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			src, err := sources.Lookup("generic-csv")
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				cfg := intake.DefaultConfig()
				cfg.StateDir = filepath.Join(dir, "state")
				im, err := intake.New(cfg, intake.Deps{Broker: silent{tc.ping}, Recipient: k.Recipient(), Fingerprint: k.Fingerprint})
				if err != nil {
					t.Fatal(err)
				}
				run, err := im.Open(t.Context(), intake.Job{
					Files: []string{path}, Source: "generic-csv",
					Read: func(ctx context.Context, in intake.Input, each func(*wire.Item) error) error {
						return src.Read(ctx, in.Reader, source.Options{Keys: k, From: in.From}, each)
					},
				})
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				err = run.Import(t.Context(), nil)
				if !errors.Is(err, intake.ErrNoBroker) || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("error %v", err)
				}
				if d := time.Since(began); d < tc.wait || d > tc.wait+2*time.Second {
					t.Errorf("gave up after %v, want %v", d, tc.wait)
				}
				t.Log(err)
				if err := run.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestConfig(t *testing.T) {
	if err := intake.DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for field, change := range map[string]func(*intake.Config){
		"batch_records": func(c *intake.Config) { c.BatchRecords = 0 },
		"batch_bytes":   func(c *intake.Config) { c.BatchBytes = 10 },
		"give_up":       func(c *intake.Config) { c.GiveUp = 0 },
		"stall":         func(c *intake.Config) { c.Stall = time.Second },
	} {
		c := intake.DefaultConfig()
		change(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), field+":") {
			t.Errorf("%s: %v", field, err)
		}
	}
}
