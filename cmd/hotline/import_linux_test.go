package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
)

func statement(t *testing.T, text string) *kpi.Statement {
	t.Helper()
	var s kpi.Statement
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatalf("not the JSON of figures: %v\n%s", err, text)
	}
	return &s
}

// balanced checks that no record is unaccounted for.
func balanced(t *testing.T, p *kpi.Pipeline) {
	t.Helper()
	if p == nil {
		t.Fatal("no account of the records")
	}
	sum := p.Accepted
	for _, m := range []map[string]int64{p.Ignored, p.Rejected} {
		for _, n := range m {
			sum += n
		}
	}
	if sum != p.Read || p.Duplicates != p.Accepted-p.New {
		t.Fatalf("the account does not add up: %+v", *p)
	}
}

func TestImportTwice(t *testing.T) {
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.up()
	f := newFixture(t, 5000, 1)
	file := w.write("calls.csv", f.csv)
	twice := int64(f.rows - len(f.truth))
	for i, want := range []kpi.Pipeline{
		{New: int64(len(f.truth)), Duplicates: twice},
		{New: 0, Duplicates: int64(f.rows)},
	} {
		s := statement(t, w.must("import", file, "--source", "generic-csv", "--format", "json"))
		balanced(t, s.Pipeline)
		rows := int64(f.rows)
		if got := s.Pipeline; got.Read != rows || got.Stored != rows || got.New != want.New || got.Duplicates != want.Duplicates || got.Conflicts != 0 {
			t.Fatalf("import %d: pipeline %+v, want %d read and stored, %d new, %d duplicates", i+1, *got, rows, want.New, want.Duplicates)
		}
		f.truth.exact(t, w)
	}
}

func TestImportWithoutBroker(t *testing.T) {
	t.Parallel()
	w := newWorld(t).with("intake.give_up=2s", "intake.stall=3s")
	file := w.write("calls.csv", newFixture(t, 100, 1).csv)
	began := time.Now()
	p := w.start("import", file, "--source", "generic-csv")
	if code := p.wait(steps); code != exitTempFail {
		t.Fatalf("exit code %d, want %d\n%s", code, exitTempFail, p.err.String())
	}
	if took := time.Since(began); took < 2*time.Second {
		t.Errorf("gave up after %v, want 2 s and a little", took)
	}
	testkit.Promised(t, "giving up after 2 s", time.Since(began), 15*time.Second)
	sentence(t, p.err.String(), w.settings["broker.addresses"], "has not answered for 2s", "goes on where it was")
}

// sentence checks that the program said one sentence, with all of the words in it.
func sentence(t *testing.T, stderr string, words ...string) {
	t.Helper()
	var said []string
	for line := range strings.Lines(stderr) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "{") { // records of the log
			said = append(said, line)
		}
	}
	if len(said) != 1 && (len(said) != 2 || said[1] != "hotline help explains the commands") {
		t.Errorf("said %d lines, want one sentence:\n%s", len(said), stderr)
		return
	}
	t.Log(said[0])
	for _, word := range words {
		if !strings.Contains(said[0], word) {
			t.Errorf("said %q, which does not say %q", said[0], word)
		}
	}
}
