package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"

	"hotline12333/internal/kpi"
)

var update = flag.Bool("update", false, "write the golden files again")

// sample is the golden vector of the definitions, over two queues.
func sample(by kpi.By) *kpi.Statement {
	zone := time.FixedZone("Asia/Shanghai", 8*3600)
	from := time.Date(2026, 3, 2, 0, 0, 0, 0, zone)
	to := from.AddDate(0, 0, 1)
	entry := func(queue string, answered, lost int64) kpi.Entry {
		return kpi.Entry{
			Key: kpi.Key{Dimension: kpi.ByQueue, Bucket: from.Add(9 * time.Hour), Centre: "default", Source: "test", Name: queue},
			Tally: kpi.Tally{
				Calls: answered + lost, Answered: answered, AbandonedQueue: lost,
				WaitAnswered: kpi.Hist{20: answered}, WaitMillis: 16_250 * answered, WaitMillisMax: 19_800,
				WaitAbandoned: kpi.Hist{4: lost}, TalkMillis: 180_000 * answered,
				DataTo: from.Add(9*time.Hour + 7*time.Minute),
			},
		}
	}
	entries := []kpi.Entry{entry("养老待遇与社会保险关系转移接续咨询", 70, 10), entry("=cmd|'/c calc'!A1", 13, 7)}
	b := kpi.Build{
		Zone: zone, Definitions: kpi.DefaultDefinitions(),
		Knows: func(string) kpi.Knows { return kpi.KnowsOnly([]kpi.Capability{kpi.CanQueueWait}) },
	}
	s := b.Statement(kpi.Period{From: &from, To: &to, Zone: zone.String()}, entries, by, entries)
	s.Pipeline = &kpi.Pipeline{Read: 103, Accepted: 100, Ignored: map[string]int64{"agent_leg": 2}, Rejected: map[string]int64{"missing_field": 1}, Stored: 100, New: 98, Duplicates: 2}
	return s
}

func written(t *testing.T, f Format, s *kpi.Statement) string {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, f, s); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTable(t *testing.T) {
	for name, s := range map[string]*kpi.Statement{
		"undivided": sample(kpi.Undivided), "by_queue": sample(kpi.Queue), "by_hour": sample(kpi.Hour),
		"no_calls": (&kpi.Build{Zone: time.UTC, Definitions: kpi.DefaultDefinitions()}).Statement(kpi.Period{Zone: "UTC"}, nil, kpi.Day, nil),
	} {
		got := written(t, Table, s)
		for _, line := range strings.Split(got, "\n") {
			if w := runewidth.StringWidth(line); w > 80 {
				t.Errorf("%s: %d columns do not fit a terminal of 80: %s", name, w, line)
			}
		}
		golden := "testdata/" + name + ".txt"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (go test -update writes it again): %s", name, diff)
		}
	}
}

func TestCSVDefusesFormulas(t *testing.T) {
	lines, err := csv.NewReader(strings.NewReader(written(t, CSV, sample(kpi.Queue)))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 3 {
		t.Fatalf("%d lines, want a header and two queues", len(lines))
	}
	if got := lines[1][1]; got != "'=cmd|'/c calc'!A1" {
		t.Errorf("a spreadsheet would run %q", got)
	}
	whole, err := csv.NewReader(strings.NewReader(written(t, CSV, sample(kpi.Undivided)))).ReadAll()
	if err != nil || len(whole) != 2 || whole[1][1] != "all" {
		t.Errorf("an undivided statement is %v, %v", whole, err)
	}
}

func TestJSONHasNullsWhereNothingIsKnown(t *testing.T) {
	var s struct {
		Rates        map[string]any
		NotConnected map[string]string `json:"not_connected"`
		Counts       map[string]any
	}
	if err := json.Unmarshal([]byte(written(t, JSON, sample(kpi.Undivided))), &s); err != nil {
		t.Fatal(err)
	}
	if v, there := s.Rates["answer_rate_composite"]; !there || v != nil {
		t.Errorf("composite = %v, want null: the source has no IVR", v)
	}
	if s.NotConnected["answer_rate_composite"] != "ivr" {
		t.Errorf("reasons = %v", s.NotConnected)
	}
	if s.Rates["answer_rate_agent"] != 0.83 || s.Counts["wait_seconds_sum"] != 1348.75 {
		t.Errorf("agent %v, waits %v", s.Rates["answer_rate_agent"], s.Counts["wait_seconds_sum"])
	}
}

func TestParseFormat(t *testing.T) {
	if f, err := ParseFormat("csv", Table, CSV); err != nil || f != CSV {
		t.Error(f, err)
	}
	if _, err := ParseFormat("xml", Table, CSV); err == nil || !strings.Contains(err.Error(), "xml") {
		t.Error(err)
	}
}
