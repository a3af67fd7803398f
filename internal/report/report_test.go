package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
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
		Knows: func(string) kpi.Knows { return kpi.KnowsOnly([]kpi.Capability{kpi.CanRequests, kpi.CanQueueWait}) },
	}
	s := b.Statement(kpi.Period{From: &from, To: &to, Zone: zone.String()}, entries, by, entries)
	s.Pipeline = &kpi.Pipeline{Read: 103, Accepted: 100, Ignored: map[string]int64{"agent_leg": 2}, Rejected: map[string]int64{"missing_field": 1}, Stored: 100, New: 98, Duplicates: 2}
	return s
}

// withTickets has 10 consultations, 4 of them on the spot, and messages whose deadlines the
// calendar does not know.
func withTickets() *kpi.Statement {
	from := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	to := from.AddDate(0, 0, 7)
	b := kpi.Build{
		Zone: time.UTC, Definitions: kpi.DefaultDefinitions(), DataTo: to.Add(-time.Hour),
		Tickets: func(string) bool { return true }, Knows: func(string) kpi.Knows { return kpi.KnowsOnly([]kpi.Capability{kpi.CanRequests}) },
		WorkingDays: func(source string, t time.Time, days int) (time.Time, error) {
			if source == "unknown" {
				return t, errors.New("no data for 2026")
			}
			return t.AddDate(0, 0, days), nil
		},
	}
	entry := func(source string, kind hotline.TicketKind, day int, t kpi.TicketTally) kpi.TicketEntry {
		return kpi.TicketEntry{Key: kpi.TicketKey{Dimension: kpi.ByKind, Bucket: from.AddDate(0, 0, day), Centre: "xy", Source: source, Kind: kind}, Tally: t}
	}
	at := from.Add(time.Minute)
	period := kpi.Period{From: &from, To: &to, Zone: "UTC"}
	totals := b.Settled(period, []kpi.TicketEntry{
		entry("crm", hotline.TicketConsultation, 0, kpi.TicketTally{
			Opened: 9, OnTheSpot: 4,
			Respond: kpi.DeadlineTally{UnsetOpen: 1, UnsetDone: map[uint32]int64{
				kpi.Elapsed(at, at.AddDate(0, 0, 2)): 3, kpi.Elapsed(at, at.AddDate(0, 0, 2).Add(time.Millisecond)): 1,
			}},
		}),
		entry("crm", hotline.TicketConsultation, 6, kpi.TicketTally{Opened: 1, Respond: kpi.DeadlineTally{Open: 1}}),
		entry("pbx", hotline.TicketComplaint, 6, kpi.TicketTally{Opened: 1, Respond: kpi.DeadlineTally{UnsetOpen: 1}}),
		entry("unknown", hotline.TicketVoicemail, 1, kpi.TicketTally{Opened: 2, Respond: kpi.DeadlineTally{UnsetOpen: 2}}),
	})
	totals = append(totals, kpi.Entry{
		Key:   kpi.Key{Dimension: kpi.ByQueue, Bucket: from, Centre: "xy"},
		Tally: kpi.Tally{Calls: 1, Answered: 1, DataTo: from.Add(time.Minute)},
	})
	return b.Statement(period, totals, kpi.Undivided, nil)
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
		"tickets":  withTickets(),
		"no_calls": (&kpi.Build{Zone: time.UTC, Definitions: kpi.DefaultDefinitions()}).Statement(kpi.Period{Zone: "UTC"}, nil, kpi.Day, nil),
	} {
		got := written(t, Table, s)
		for _, line := range strings.Split(got, "\n") {
			if w := runewidth.StringWidth(line); w > 80 {
				t.Errorf("%s: %d columns do not fit a terminal of 80: %s", name, w, line)
			}
		}
		testkit.Golden{Name: name + ".txt", Got: got, Update: *update}.Check(t)
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

func TestCSVHasTickets(t *testing.T) {
	lines, err := csv.NewReader(strings.NewReader(written(t, CSV, withTickets()))).ReadAll()
	if err != nil || len(lines) != 2 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	got := make(map[string]string)
	for i, name := range lines[0] {
		got[name] = lines[1][i]
	}
	for name, want := range map[string]string{
		"response_timeliness": "0.7", "response_timeliness_items": "0.7", "response_timeliness_wait": "", "consultation_timeliness": "0.7",
		"consultations_opened": "10", "consultations_on_the_spot": "4", "consultations_due": "6",
		"consultations_in_time": "3", "consultations_late": "1", "consultations_overdue": "2",
	} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s = %q, want %q", name, v, want)
		}
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
