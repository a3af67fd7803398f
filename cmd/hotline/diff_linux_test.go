package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"hotline12333/internal/app"
	"hotline12333/internal/report"
	"hotline12333/internal/seal"
)

// difference is what report diff says of the first quarter, by code of the row; that of a
// count has no form.
func (w *world) difference() (*app.Difference, map[string]app.DifferentRow) {
	w.t.Helper()
	var d app.Difference
	if err := json.Unmarshal([]byte(w.must("report", "diff", "--period", "2026Q1", "--format", "json")), &d); err != nil {
		w.t.Fatal(err)
	}
	rows := map[string]app.DifferentRow{}
	for _, r := range d.Rows {
		rows[r.Code] = r
	}
	return &d, rows
}

// What a closed report says is held against the present whatever has become of the entries,
// the definitions and the calls behind it, and each difference has its reason.
func TestDifferenceAfterwards(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.up()
	w.must("import", w.write("year.csv", yearOfCalls()), "--source", "generic-csv", "--zone", "Asia/Shanghai")
	survey := []string{"enter", "policy_awareness", "--period", "2026Q1", "--evidence", "问卷"}
	entered := w.entered(append(survey, "--value", "96.5", "--by", "王芳")...)
	accept := (&closer{w: w}).query(t, "2026Q1").Accept
	people := []string{"report", "close", "--period", "2026Q1", "--preparer", "王芳", "--reviewer", "李强", "--head", "赵敏"}
	for code, why := range accept {
		people = append(people, "--accept", code+"="+why)
	}
	w.must(people...)
	sealed := w.sealedBytes("sealed.json", "--period", "2026Q1")
	if d, _ := w.difference(); len(d.Rows)+len(d.Kinds) > 0 {
		t.Fatalf("nothing has changed: %+v", d)
	}

	// A value that was entered is replaced: the row changes, and no other.
	w.entered(append(survey, "--value", "97.2", "--by", "李强", "--replaces", entered, "--reason", "补录问卷")...)
	d, rows := w.difference()
	if r := rows["policy_awareness"]; r.Was != "96.50" || r.Is != "97.20" || r.Change != "+0.7000" || !strings.Contains(strings.Join(r.Why, ""), "李强") || !strings.Contains(strings.Join(r.Why, ""), "补录问卷") {
		t.Errorf("another value: %+v", r)
	}
	if len(rows) != 1 || len(d.Kinds) != 0 {
		t.Errorf("with another value: %+v", d)
	}

	// Another version of the definition is in force since January: the calls are the same,
	// and count otherwise. The quarter can be recomputed under either.
	w.must("definitions", "confirm", "answer_rate", "--version", "2", "--from", "2026-01-01", "--by", "王芳", "--reason", "统一口径", "--document", "咸人社函〔2026〕8号")
	w.must("import", w.write("self.csv", "call_id,version,started_at,ended_at,outcome\n"+
		"self,1,2026-03-10 10:50:00,2026-03-10 10:51:00,self_service\n"), "--source", "generic-csv", "--zone", "Asia/Shanghai")
	d, rows = w.difference()
	r := rows["answer_rate"]
	if why := strings.Join(r.Why, "; "); r.Was != "75.00 (27 / 36)" || r.Is != "75.67 (28 / 37)" || !strings.Contains(why, "口径由第1版改为第2版") || !strings.Contains(why, "迟到 1 通") {
		t.Errorf("under another definition: %+v", r)
	}
	if d.Kinds[seal.Late] != 1 {
		t.Errorf("under another definition: %+v", d.Kinds)
	}
	for version, want := range map[string]string{"1": "75.00", "2": "75.67"} {
		w.must("report", "--period", "2026Q1", "--definitions", "answer_rate="+version, "--out", w.path("either.json"))
		if got := sealedRow(t, w.path("either.json"), "answer_rate").Shown; got != want {
			t.Errorf("under version %s: %s, want %s", version, got, want)
		}
	}

	// The calls reach their retention. What was counted of them stays, so there is nothing
	// new to tell of the figures; which call it was cannot be told any more.
	before := rows
	w = w.with("retention.calls=40d")
	w.must("retention", "apply")
	d, rows = w.difference()
	for code, r := range before {
		if now := rows[code]; now.Was != r.Was || now.Is != r.Is || len(rows) != len(before) {
			t.Errorf("%s after retention: %+v, before %+v", code, now, r)
		}
	}
	if d.Kinds[seal.Expired] != 36 || len(d.Kinds) != 1 {
		t.Errorf("after retention: %+v", d.Kinds)
	}
	why := strings.Join(rows["offered"].Why, "; ")
	if strings.Contains(why, "36") || !strings.Contains(why, "明细已过保存期限") {
		t.Errorf("why the offered calls differ, after retention: %s", why)
	}
	if !bytes.Equal(sealed, w.sealedBytes("again.json", "--period", "2026Q1")) {
		t.Error("what was sealed has changed")
	}
	if out := w.must("report", "list", "--verify"); !strings.Contains(out, "1 reports, none changed") {
		t.Errorf("the chain: %s", out)
	}
}

// sealedRow is a row of the self-evaluation of table 13 in a report as JSON.
func sealedRow(t *testing.T, path, code string) *report.Indicator {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r report.Report
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	for i := range r.Tables[0].Rows {
		if x := &r.Tables[0].Rows[i]; x.Code == code {
			return x
		}
	}
	t.Fatalf("table %s has no %s", r.Tables[0].Number, code)
	return nil
}
