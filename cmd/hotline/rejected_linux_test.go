package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/broker"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// bad is a record that cannot be counted.
type bad struct {
	name          string
	key, value    string
	reason, field string
}

// badRecords are all kinds the contract knows. Their version and arrival are right
// unless they are what is wrong.
func badRecords() []bad {
	const when = `"started_at":"2026-03-02T09:30:00+08:00","outcome":"answered"`
	plain := func(id, rest string) string { return `{"call_id":"` + id + `","version":1,` + rest + `}` }
	return []bad{
		{"not JSON", "n", "call_id=n", "not_json", ""},
		{"nothing", "n0", "", "not_json", ""},
		{"wrong type", "w", plain("w", when+`,"queue":7`), "wrong_type", "queue"},
		{"no call_id", "m", `{"version":1,` + when + `}`, "missing_field", "call_id"},
		{"no started_at", "s", plain("s", `"outcome":"answered"`), "missing_field", "started_at"},
		{"unknown outcome", "o", plain("o", `"started_at":"2026-03-02T09:30:00+08:00","outcome":"lost"`), "unknown_value", "outcome"},
		{"year 1", "y1", plain("y1", `"started_at":"0001-01-01T00:00:00Z","outcome":"answered"`), "out_of_range", "started_at"},
		{"year 9999", "y9", plain("y9", `"started_at":"9999-12-31T23:59:59Z","outcome":"answered"`), "out_of_range", "started_at"},
		{"5 MB", "l", plain("l", when+`,"queue":"`+strings.Repeat("x", 5<<20)+`"`), "too_large", ""},
		{"not UTF-8", "u", plain("u", when+",\"queue\":\"\xff\xfe\""), "invalid_utf8", "queue"},
		{"duplicate keys", "d", plain("d", when+`,"queue":"a","queue":"b"`), "duplicate_key", "queue"},
		{"NaN", "nan", plain("nan", when+`,"wait_seconds":NaN`), "not_json", "wait_seconds"},
		{"version above 2^53-1", "v", `{"call_id":"v","version":9007199254740992,` + when + `}`, "out_of_range", "version"},
		{"key of another call", "k", plain("other", when), "key_mismatch", "call_id"},
	}
}

func TestRejected(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.settings["sources.dir"] = w.path("sources")
	w.describe("[lost]")
	w.up()
	f := newFeed(t, w)
	m := truth{}
	good := &hotline.Call{
		ID: "good", Version: 1, Source: "centre-pbx", Outcome: hotline.Answered, Queue: "社保卡",
		StartedAt: time.Date(2026, 3, 2, 1, 30, 0, 0, time.UTC),
	}
	m.learn(good)
	records := badRecords()
	for i, b := range records {
		f.send(broker.Record{Key: []byte(b.key), Value: []byte(b.value)})
		if i == len(records)/2 {
			f.send(record(good))
		}
	}
	f.settle()
	m.exact(t, w)

	listed := w.must("rejected", "list", "--limit", "0")
	letters := parseLetters(t, listed)
	if len(letters) != len(records) {
		t.Fatalf("%d rejected records are listed, want %d:\n%s", len(letters), len(records), listed)
	}
	byReason := map[string]int{}
	for i, b := range records {
		l := letters[i]
		if l.reason != b.reason || b.field != "" && l.field != b.field {
			t.Errorf("%s: rejected as %s, field %s; want %s, field %s\n%s", b.name, l.reason, l.field, b.reason, b.field, l.detail)
		}
		t.Logf("%s: %s", b.name, l.detail)
		byReason[b.reason]++
	}
	for reason, n := range byReason {
		if !regexp.MustCompile(fmt.Sprintf(`(?m)^%s +%d$`, reason, n)).MatchString(listed) {
			t.Errorf("the list does not count %d %s:\n%s", n, reason, listed)
		}
	}
	page, err := get(t, w, "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	for reason, n := range byReason {
		if got := metric(page, `hotline_load_rejected_total{reason="`+reason+`",topic="hotline.calls"}`); got != fmt.Sprint(n) {
			t.Errorf("/metrics counts %s %s, want %d", got, reason, n)
		}
	}
	if got := metric(page, `hotline_load_records_total{topic="hotline.calls"}`); got != fmt.Sprint(len(records)+1) {
		t.Errorf("/metrics counts %s records read, want %d", got, len(records)+1)
	}
	if one := w.must("rejected", "list", "--reason", "duplicate_key"); len(parseLetters(t, one)) != 1 {
		t.Errorf("--reason does not select:\n%s", one)
	}
	w.showsRejected(letters, records)
	w.replaysRejected(f, m, letters, records)
	w.mendsRejected(f, m)
}

// letter is a rejected record as it is listed.
type letter struct{ id, reason, field, origin, detail string }

func parseLetters(t *testing.T, listed string) []letter {
	t.Helper()
	var out []letter
	head := regexp.MustCompile(`^(\d+-\d+) +\S+ +(\w+) +(\S+) +(.*)$`)
	for line := range strings.Lines(listed) {
		line = strings.TrimRight(line, "\n")
		switch found := head.FindStringSubmatch(line); {
		case found != nil:
			out = append(out, letter{found[1], found[2], found[3], found[4], ""})
		case strings.HasPrefix(line, "         ") && len(out) > 0:
			out[len(out)-1].detail += strings.TrimSpace(line)
		}
	}
	return out
}

func (w *world) showsRejected(letters []letter, records []bad) {
	t := w.t
	for i, b := range records {
		if !slices.Contains([]string{"unknown outcome", "5 MB", "key of another call"}, b.name) {
			continue
		}
		shown := w.must("rejected", "show", letters[i].id)
		for _, want := range []string{b.reason, "hotline.calls", fmt.Sprint("length      ", len(b.value)), b.value[:20]} {
			if !strings.Contains(shown, want) {
				t.Errorf("%s: show does not tell %q:\n%s", b.name, want, tail(shown))
			}
		}
	}
	code, _, stderr := w.run("rejected", "show", "0-4711")
	if code == 0 {
		t.Error("a record that is not there was shown")
	}
	sentence(t, stderr, "0-4711")
}

// replaysRejected sends the bad ones again: they are as bad as before, and neither lost
// nor counted.
func (w *world) replaysRejected(f *feed, m truth, letters []letter, records []bad) {
	t := w.t
	said := w.must("rejected", "replay")
	if !strings.Contains(said, fmt.Sprintf("%d sent again, ", len(records))) {
		t.Errorf("replay said:\n%s", said)
	}
	f.settle()
	m.exact(t, w)
	again := parseLetters(t, w.must("rejected", "list", "--limit", "0"))
	if len(again) != len(letters) {
		t.Errorf("%d records are listed after a replay that mended nothing, want %d", len(again), len(letters))
	}
}

// describe writes a source of the centre's own, which calls lost calls so.
func (w *world) describe(lost string) {
	w.write("sources/own.yaml", `name: own-pbx
title: a telephone system of the centre's own
zone: Asia/Shanghai
capabilities: [queue_wait]
format: {type: delimited, delimiter: comma, encoding: utf-8, header: true}
columns:
  id: {required: true}
  begin: {type: datetime, required: true, format: "yyyy-MM-dd HH:mm:ss"}
  result: {}
  waited: {type: duration}
identity: [id]
outcome:
  - {when: {result: answered}, outcome: answered}
  - {when: {result: `+lost+`}, outcome: abandoned_queue}
fields:
  started_at: begin
  wait: waited
`)
}

// mendsRejected imports rows with an outcome the description does not know, mends the
// description, and replays them.
func (w *world) mendsRejected(f *feed, m truth) {
	t := w.t
	file := w.write("own.csv", "id,begin,result,waited\n1,2026-03-02 09:31:00,answered,12\n2,2026-03-02 09:32:00,挂断,8\n3,2026-03-02 09:33:00,answered,x\n")
	s := statement(t, w.must("import", file, "--source", "own-pbx", "--format", "json"))
	balanced(t, s.Pipeline)
	if p := s.Pipeline; p.Read != 3 || p.Accepted != 1 || p.Stored != 1 || p.Rejected["unknown_value"] != 1 || p.Rejected["wrong_type"] != 1 {
		t.Fatalf("pipeline %+v", *p)
	}
	letters := parseLetters(t, w.must("rejected", "list", "--source", "own-pbx"))
	if len(letters) != 2 || letters[0].field != "outcome" || !strings.HasSuffix(letters[0].origin, "own.csv:3") || letters[1].field != "waited" {
		t.Fatalf("listed %+v", letters)
	}
	shown := w.must("rejected", "show", letters[0].id)
	if !strings.Contains(shown, "2,2026-03-02 09:32:00,挂断,8") {
		t.Errorf("shown:\n%s", shown)
	}
	count := func(offered int64) {
		t.Helper()
		f.settle()
		got := statement(t, w.must("kpi", "--format", "json"))
		if got.Counts.Offered != offered {
			t.Fatalf("%d calls are counted, want %d", got.Counts.Offered, offered)
		}
	}
	before := m.statement(shanghai(t), kpi.Undivided).Counts.Offered
	count(before + 1)
	w.describe("[lost, 挂断]")
	said := w.must("rejected", "replay", "--source", "own-pbx")
	if !strings.Contains(said, "1 sent again, 1 left") {
		t.Errorf("replay said:\n%s", said)
	}
	count(before + 2)
	if left := parseLetters(t, w.must("rejected", "list", "--source", "own-pbx")); len(left) != 1 || left[0].field != "waited" {
		t.Errorf("left after the replay: %+v", left)
	}
	// A second replay finds nothing more to count.
	w.must("rejected", "replay", "--source", "own-pbx")
	count(before + 2)
}
