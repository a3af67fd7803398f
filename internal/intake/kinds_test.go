package intake_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"hotline12333/internal/broker"
	"hotline12333/internal/intake"
	"hotline12333/internal/source"
	"hotline12333/internal/wire"
)

// TestKinds: every kind of records goes to its topic, under its key.
func TestKinds(t *testing.T) {
	b := newBench(t)
	b.topics.Supplements, b.topics.Agents, b.topics.Tickets = "k.supplements", "k.agents", "k.tickets"
	var specs []broker.TopicSpec
	for _, name := range []string{b.topics.Supplements, b.topics.Agents, b.topics.Tickets} {
		specs = append(specs, broker.TopicSpec{Name: name, Partitions: 1})
	}
	if err := b.client.EnsureTopics(t.Context(), specs); err != nil {
		t.Fatal(err)
	}
	natives := source.Natives{"hotline-record": source.Records{}}
	for _, tc := range []struct{ kind, record, topic, key string }{
		{"call", `{"call_id":"c-1","version":1,"started_at":"2026-03-02T09:30:00+08:00","outcome":"answered"}`, b.topics.Calls, "c-1"},
		{"supplement", `{"call_id":"c-1","version":1,"kind":"topics","topics":["社保卡"]}`, b.topics.Supplements, "c-1"},
		{"agent_state", `{"agent":"1003","centre":"west","version":1,"state":"free","since":"2026-03-02T09:30:00+08:00"}`, b.topics.Agents, "west/1003"},
		{"ticket", `{"ticket_id":"t-1","version":1,"kind":"complaint","opened_at":"2026-03-02T09:30:00+08:00"}`, b.topics.Tickets, "t-1"},
	} {
		path := b.write("r.yaml", "name: records\nnative: hotline-record\nsettings: {kind: "+tc.kind+"}\n")
		sources, err := source.Load(fstest.MapFS{}, source.Config{Dir: []string{path}}, natives, nil)
		if err != nil {
			t.Fatal(err)
		}
		b.sources = sources
		run, counts := b.whole(b.job("records", b.write(tc.kind+".ndjson", tc.record+"\n{}\n")))
		want := intake.Counts{Read: 2, Accepted: 1, Ignored: map[string]int64{}, Rejected: map[string]int64{"missing_field": 1}}
		if tc.kind != "call" {
			want.Apart = map[intake.Kind]int64{intake.Kind(tc.kind): 1}
		}
		if diff := cmp.Diff(want, counts); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.kind, diff)
		}
		got := b.all(tc.topic)
		if len(got) != 1 || string(got[0].Key) != tc.key || !bytes.Contains(got[0].Value, []byte(`"source":"records"`)) {
			t.Fatalf("%s: %d records, key %q", tc.kind, len(got), got[0].Key)
		}
		if h := got[0].Headers; len(h) != 2 || string(h[0].Value) != run.ID() || !strings.HasSuffix(string(h[1].Value), tc.kind+".ndjson:1") {
			t.Errorf("%s: headers %s", tc.kind, h)
		}
	}
}

// TestStandardInput is read once, compressed or not, and leaves nothing behind.
func TestStandardInput(t *testing.T) {
	b := newBench(t)
	const n = 300
	text := header + sample(0, n)
	for i, in := range []string{text, gzipped(t, text)} {
		b.freshTopics(fmt.Sprintf("s%d", i))
		job := b.job("generic-csv", "-")
		job.Stdin = strings.NewReader(in)
		run, err := b.importer(nil).Open(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(run.Notice(), "standard input is read once") || run.Resumed() {
			t.Errorf("notice %q", run.Notice())
		}
		if err := run.Import(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(expected(n), run.Counts()); diff != "" {
			t.Error(diff)
		}
		if got := b.all(b.topics.Calls); len(got) != n-n/100 || !strings.HasPrefix(string(got[0].Headers[1].Value), "standard input:") {
			t.Errorf("%d calls, origin %s", len(got), got[0].Headers[1].Value)
		}
		if err := run.Close(); err != nil {
			t.Fatal(err)
		}
		if left, err := os.ReadDir(b.cfg.StateDir); err != nil || len(left) != 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
	if _, err := b.importer(nil).Open(t.Context(), b.job("generic-csv", "-")); err == nil {
		t.Error("nothing is read from without an error")
	}
}

// TestSilentInput: a writer that says nothing does not hold up the end.
func TestSilentInput(t *testing.T) {
	b := newBench(t)
	job := b.job("generic-csv", "-")
	r, w := io.Pipe()
	defer func() { _ = w.Close() }() // a pipe's never fails
	job.Stdin = r
	run, err := b.importer(nil).Open(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = run.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run.Import(ctx, nil) }()
	if _, err := io.WriteString(w, header); err != nil { // it is reading now
		t.Fatal(err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

// TestWorkbookResumes: a workbook is read on by its rows, and anew once it was written.
func TestWorkbookResumes(t *testing.T) {
	b := newBench(t)
	path := b.write("book.yaml", "name: book\nzone: UTC\nformat: {type: xlsx}\ncolumns: {id: text, at: datetime}\nidentity: [id]\noutcome: [{outcome: answered}]\nfields: {started_at: at}\n")
	var err error
	if b.sources, err = source.Load(os.DirFS("../../pipelines/sources"), source.Config{Dir: []string{path}}, nil, nil); err != nil {
		t.Fatal(err)
	}
	const n = 1000
	file := b.write("book.xlsx", book(t, n))
	b.cfg.BatchRecords = 100
	stop := errors.New("stop")
	job := b.job("book", file)
	read := job.Read
	rows := 0
	job.Read = func(ctx context.Context, in intake.Input, each func(*wire.Item) error) error {
		return read(ctx, in, func(it *wire.Item) error {
			if rows++; rows == 450 {
				return stop
			}
			return each(it)
		})
	}
	run, err := b.importer(nil).Open(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Import(t.Context(), nil); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	told := run.Counts().Read
	if err := run.Close(); err != nil {
		t.Fatal(err)
	}
	again, counts := b.whole(job)
	if !again.Resumed() || counts.Read != n || rows != 450+n-int(told) {
		t.Errorf("resumed %v, %d rows of %d, read %d times after %d", again.Resumed(), counts.Read, n, rows, told)
	}
	ids := map[string]bool{}
	for _, r := range b.all(b.topics.Calls) {
		ids[string(r.Key)] = true
	}
	if len(ids) != n {
		t.Errorf("%d calls", len(ids))
	}
}

func book(t *testing.T, rows int) string {
	t.Helper()
	f := excelize.NewFile()
	defer func() { _ = f.Close() }() // in memory
	for i := range rows + 1 {
		cells := []any{fmt.Sprintf("id-%04d", i), 46083.5}
		if i == 0 {
			cells = []any{"id", "at"}
		}
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &cells); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
