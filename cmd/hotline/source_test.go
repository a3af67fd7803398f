package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

const exportSource = `name: export
title: An export
zone: Asia/Shanghai
capabilities: [queue_wait]
format: {type: delimited, skip_lines: 1, footer: [合计]}
columns:
  id: {header: 流水号}
  caller: {header: 主叫}
  begin: {header: 进线, type: datetime}
  result: {header: 结果}
  queued: {header: 排队, type: duration}
  rang: {header: 振铃, type: duration}
identity: [id]
caller: {column: caller, as: [hash, mask]}
outcome:
  - column: result
    translate: {接通: answered, 放弃: abandoned_queue}
fields:
  started_at: begin
  wait: [queued, rang]
`

const exportRows = "明细\n流水号,主叫,进线,结果,排队,振铃\n" +
	"a,13812345678,2026-03-02 09:00:00,接通,5,6\nb,13812345679,2026-03-02 09:00:00,转出,5,6\nc,13812345670,soon,放弃,5,6\n合计,3\n"

// source runs a command about sources in this process.
func sourceCommand(t *testing.T, in []byte, args ...string) (code int, out, errs string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "export.yaml"), []byte(exportSource), 0o600); err != nil {
		t.Fatal(err)
	}
	var o, e bytes.Buffer
	args = append([]string{"source"}, append(args, "--set", "sources.dir=["+dir+"]")...)
	code = run(t.Context(), args, stdio{bytes.NewReader(in), &o, &e})
	return code, strings.ReplaceAll(o.String(), dir, "DIR"), e.String()
}

func TestSourceTry(t *testing.T) {
	sequential(t)
	want := `line 3: a call
  call_id          a                                <- 流水号 "a"
  version          1
  centre           default
  started_at       2026-03-02 09:00:00 +08:00       <- 进线 "2026-03-02 09:00:00"
  direction        inbound
  outcome          answered                         <- 结果 "接通"
  wait_seconds     11                               <- 排队 "5", 振铃 "6"
  caller_hash      (kept, under the centre's key)   <- 主叫 "138****5678"
  caller_masked    138****5678                      <- 主叫 "138****5678"
  source           export

line 4: REJECTED: 结果: unknown_value: "转出" is not an outcome
  read             流水号 "b", 主叫 "138****5679", 进线 "2026-03-02 09:00:00", 结果 "转出", 排队 "5", 振铃 "6"

4 rows: 1 accepted, 1 ignored, 2 rejected
  ignored        1  footer (first in line 6)
  rejected       1  结果: unknown_value: "转出" is not an outcome (first in line 4)
  rejected       1  进线: wrong_type: "soon" is not a datetime as yyyy-MM-dd HH:mm:ss (first in line 5)
`
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(exportRows)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, in := range [][]byte{[]byte(exportRows), packed.Bytes()} {
		code, out, errs := sourceCommand(t, in, "try", "-", "--source", "export", "--rows", "2")
		if code != 0 || out != want {
			t.Errorf("exit code %d, %s\n%s\nwant:\n%s", code, errs, out, want)
		}
	}
}

func TestSourceDescribe(t *testing.T) {
	sequential(t)
	code, out, errs := sourceCommand(t, nil, "describe", "export")
	for _, want := range []string{
		"export: An export (DIR/export.yaml)", "title lines before the header, totals begin with 合计", "Asia/Shanghai, where a time has no offset",
		"  caller           主叫                     text      personal", "{column: result, translate: {接通: answered, 放弃: abandoned_queue}}",
		"  wait                     [queued, rang]", "  ivr          calls served or lost in the announcements",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not told (exit code %d, %s):\n%s", want, code, errs, out)
		}
	}
	if strings.Contains(out, "  queue_wait   time") {
		t.Error("what the source can know is told as missing")
	}
	// Every built-in source can be described.
	_, list, _ := sourceCommand(t, nil, "list")
	for line := range strings.Lines(list) {
		name, _, _ := strings.Cut(line, " ")
		if code, out, errs := sourceCommand(t, nil, "describe", name); code != 0 || !strings.Contains(out, "not connected") {
			t.Errorf("describe %s: exit code %d, %s", name, code, errs)
		}
	}
	if n := strings.Count(list, "\n"); n < 13 {
		t.Errorf("%d sources:\n%s", n, list)
	}
}

func TestSourceMistakes(t *testing.T) {
	sequential(t)
	for _, tc := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{}, exitUsage, "source needs one of list, describe or try"},
		{[]string{"describe"}, exitUsage, "needs the name of a source"},
		{[]string{"describe", "exprt"}, 1, `source "exprt" is not known, did you mean export?`},
		{[]string{"try", "x"}, exitUsage, "--source is needed"},
		{[]string{"try", "x", "y", "--source", "export"}, exitUsage, "takes one file, got 2"},
		{[]string{"try", "/nowhere", "--source", "export"}, 1, "no such file"},
		{[]string{"try", "-", "--source", "export", "--zone", "Shanghai"}, 1, `time zone "Shanghai" is not known`},
		{[]string{"try", "-", "--source", "generic-csv"}, 1, "has no column \"call_id\""},
	} {
		if code, _, errs := sourceCommand(t, []byte("a,b\n"), tc.args...); code != tc.code || !strings.Contains(errs, tc.want) {
			t.Errorf("%v: exit code %d, %s", tc.args, code, errs)
		}
	}
}
