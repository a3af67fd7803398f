package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/simplifiedchinese"

	"hotline12333/internal/broker"
	"hotline12333/internal/testkit"
)

// plants makes numbers that are nobody else's, and knows where each was planted.
type plants struct {
	where map[string]string
}

// number is a mobile that no other field has.
func (p *plants) number(where string) string {
	n := fmt.Sprintf("13970%06d", 431_171+7*len(p.where))
	p.where[n] = where
	return n
}

// spaced is the same number as people write it.
func spaced(n string) string {
	if len(n) < 8 {
		return n[:3] + " " + n[3:]
	}
	return n[:3] + " " + n[3:7] + "-" + n[7:]
}

func wide(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r - '0' + '０'
		}
		return r
	}, s)
}

// forms are the ways the digits could lie in a file.
func forms(n string) map[string][]byte {
	little, big := []byte{}, []byte{}
	for _, u := range utf16.Encode([]rune(n)) {
		little = binary.LittleEndian.AppendUint16(little, u)
		big = binary.BigEndian.AppendUint16(big, u)
	}
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(wide(n))
	if err != nil {
		panic(err)
	}
	return map[string][]byte{
		"plain": []byte(n), "spaced": []byte(spaced(n)), "wide": []byte(wide(n)),
		"UTF-16LE": little, "UTF-16BE": big, "wide in GB18030": []byte(gb),
	}
}

// found searches for any planted number.
func (p *plants) found(t *testing.T, in string, content []byte) {
	t.Helper()
	suspect := false
	for _, b := range forms("13970") { // all of them begin so
		suspect = suspect || bytes.Contains(content, b)
	}
	if !suspect {
		return
	}
	for n, where := range p.where {
		for form, b := range forms(n) {
			if i := bytes.Index(content, b); i >= 0 {
				t.Errorf("%s holds the number planted in %s (%s): …%q…", in, where, form, content[max(0, i-60):min(len(content), i+len(b)+30)])
			}
		}
	}
}

// plantedCSV is a file of the generic source with a number in every column, one column a
// row, and in several forms; in a column that is no text the row is rejected.
func plantedCSV(p *plants) string {
	columns := []string{ // beside call_id and version, which are no text: records are joined and ordered by them
		"centre", "started_at", "queued_at", "answered_at", "ended_at", "direction", "outcome", "excluded", "queue",
		"agent", "topics", "wait_seconds", "talk_seconds", "hold_seconds", "wrapup_seconds", "ivr_seconds", "transfers", "caller",
		"region", "rating_invited", "rating_value", "rating_scale", "deleted", "unknown",
	}
	usual := map[string]string{
		"started_at": "2026-03-02 09:30:00", "answered_at": "2026-03-02 09:30:20", "ended_at": "2026-03-02 09:31:20",
		"outcome": "answered", "queue": "社保卡", "agent": "1001",
	}
	var b strings.Builder
	fmt.Fprintf(&b, "call_id,%s\n", strings.Join(columns, ","))
	row := 0
	line := func(planted, value string) {
		row++
		fmt.Fprintf(&b, "planted-%d", row)
		for _, c := range columns {
			v := usual[c]
			if c == planted {
				v = value
			}
			b.WriteString("," + v)
		}
		b.WriteString("\n")
	}
	for _, c := range columns {
		n := p.number("generic-csv: " + c)
		line(c, n)
		line(c, "回电"+spaced(n)+"谢谢")
		line(c, wide(n))
		line(c, "+86"+n)
	}
	n := p.number("generic-csv: a field too many")
	fmt.Fprintf(&b, "planted-x,%s%s\n", strings.Repeat(",", len(columns)+3), n)
	n = p.number("generic-csv: an open quote")
	fmt.Fprintf(&b, "planted-y,\"%s\"z,\n", n)
	return b.String()
}

const plantedSource = `name: planted
zone: Asia/Shanghai
format: {type: delimited, encoding: gb18030}
columns:
  id: {header: 编号}
  at: {header: 时间, type: datetime}
  number: {header: 号码}
  note: {header: 备注}
  card: {header: 证件}
  result: {header: 结果}
identity: id
caller: {column: number, as: [hash, mask], region: true}
fields: {started_at: at, queue: note, topics: card}
attributes: {note: note, card: card}
outcome:
  - {when: {result: 接通}, outcome: answered}
  - {column: result}
`

// plantedGB is Chinese text in GB18030, with a row whose bytes are damaged.
func plantedGB(t *testing.T, p *plants) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("编号,时间,号码,备注,证件,结果\n")
	for i, where := range []string{"号码", "备注", "证件", "时间", "结果"} {
		n := p.number("GB18030: " + where)
		values := map[string]string{"时间": "2026-03-02 10:00:00", "结果": "接通"}
		for form, v := range []string{n, "请回电" + wide(n) + "。", spaced(n)} {
			values[where] = v
			fmt.Fprintf(&b, "gb-%d-%d,%s,%s,%s,%s,%s\n", i, form, values["时间"], values["号码"], values["备注"], values["证件"], values["结果"])
		}
	}
	text, err := simplifiedchinese.GB18030.NewEncoder().String(b.String())
	if err != nil {
		t.Fatal(err)
	}
	return text + "gb-x,2026-03-02 10:00:00,," + p.number("GB18030: damaged bytes") + "\xff\xff,,\n"
}

// TestNoRawNumber plants a number into every field there is and looks for it wherever the
// program writes or says anything.
func TestNoRawNumber(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	p := &plants{where: map[string]string{}}
	w := newWorld(t).with("log.level=debug", "web.loopback_role=supervisor")
	w.write("sources/planted.yaml", plantedSource)
	w.settings["sources.dir"] = w.path("sources")
	up := w.up()

	said := map[string]string{} // by what said it
	inputs := []string{}
	give := func(name, content, source string) {
		file := w.write("in/"+name, content)
		inputs = append(inputs, file)
		_, out, stderr := w.run("import", file, "--source", source, "--zone", "Asia/Shanghai", "--format", "json")
		said["import of "+name] = out + stderr
	}
	give("calls.csv", plantedCSV(p), "generic-csv")
	give("record-"+p.number("a file's name")+".csv", "call_id,started_at,outcome\nnamed,2026-03-02 11:00:00,answered\nnamed-2,nothing,answered\n", "generic-csv")
	give("header.csv", "call_id,started_at,"+p.number("a header")+"\na,b,c\n", "generic-csv")
	give("lost.csv", "call_id,started_at,outcome,queue,caller\nlost-1,2026-03-02 12:00:00,abandoned_queue,"+p.number("a lost call's queue")+","+p.number("a lost caller")+"\n", "generic-csv")
	give("gb.csv", plantedGB(t, p), "planted")
	planted := map[string]bool{"generic-csv": true, "anonymous-bank": true, "planted": true} // the bank's is read by the same code
	for _, in := range nativeInputs(t, p) {
		give(in.name, in.content, in.source)
		if s := said["import of "+in.name]; !regexp.MustCompile(`"accepted": [1-9]`).MatchString(s) {
			t.Errorf("no record of %s was accepted: %s", in.name, s)
		}
		planted[in.source] = true
	}
	for line := range strings.Lines(w.must("source", "list")) { // what is no row of a source at all
		name := strings.Fields(line)[0]
		if !planted[name] {
			t.Errorf("no numbers are planted in the fields of the source %s", name)
		}
		n := p.number(name + ": a line of nothing")
		give(name+".txt", n+"\n"+spaced(n)+"\t"+n+"|"+n+","+wide(n)+"\n{\"caller\":\""+n+"\"}\n", name)
	}
	if s := said["import of calls.csv"]; !strings.Contains(s, `"accepted"`) {
		t.Fatalf("nothing was imported: %s", s)
	}

	listed := w.must("rejected", "list", "--limit", "0")
	said["rejected list"] = listed
	letters := parseLetters(t, listed)
	if len(letters) < 20 {
		t.Fatalf("only %d rows were rejected", len(letters))
	}
	shown := 0
	for i, l := range letters {
		if i%(1+len(letters)/20) == 0 || strings.Contains(l.origin, "gb.csv") {
			shown++
			said["rejected show "+l.id] = w.must("rejected", "show", l.id, "--reason", "number "+p.number("a reason"))
		}
	}
	said["audit list"] = w.must("audit", "list")
	if got := strings.Count(said["audit list"], "show_rejected"); got != shown {
		t.Errorf("%d opened dead letters are in the audit log, want %d", got, shown)
	}
	w.must("audit", "verify")
	for _, args := range [][]string{
		{"doctor"},
		{"source", "list"},
		{"config", "--dump"},
		{"keys", "list"},
		{"rejected", "replay"},
		{"retention", "show"},
		{"retention", "apply"},
		{"export", "--call", "planted-1", "--reason", "x"},
		{"kpi", "--from", "2026-03-02", "--to", "2026-03-03", "--by", "queue"},
		{"kpi", "--from", "2026-03-02", "--to", "2026-03-03", "--by", "agent", "--format", "csv"},
		{"kpi", "--from", "2026-03-02", "--to", "2026-03-03", "--by", "topic", "--format", "json"},
	} {
		_, out, stderr := w.run(args...)
		said["hotline "+strings.Join(args, " ")] = out + stderr
	}
	for _, c := range []string{"erase", "export"} { // of callers that are there, and of one that is not
		for n, where := range p.where {
			if !strings.HasSuffix(where, "generic-csv: caller") && !strings.HasSuffix(where, "a file's name") {
				continue
			}
			args := []string{c, "--number", "--reason", "of " + n}
			if c == "erase" {
				args = append(args, "--yes")
			}
			_, out, stderr := w.ask(n+"\n", args...)
			said[c+" of "+where] = out + stderr
			if c == "erase" && where == "generic-csv: caller" && !strings.Contains(out, "Erased") {
				t.Errorf("erase: %s%s", out, stderr)
			}
		}
	}
	said["audit list after erasing"] = w.must("audit", "list")
	for _, path := range []string{"/", "/metrics", "/api/board", "/readyz", "/lostcalls?view=all&day=2026-03-02", "/lostcalls/item?call=lost-1&day=2026-03-02", "/shift"} {
		page, err := get(t, w, path)
		if err != nil {
			t.Logf("%s: %v", path, err)
		}
		said[path] = page
	}
	if !strings.Contains(said["/lostcalls/item?call=lost-1&day=2026-03-02"], "****") {
		t.Error("the page of a lost call is not the one that shows a caller")
	}
	p.searchTopics(t, newFeed(t, w))
	p.searchTables(t, w)
	said["the log"] = up.err.String() + up.out.String()
	if !strings.Contains(said["the log"], `"DEBUG"`) {
		t.Error("the log is not the one for debugging")
	}
	for what, text := range said {
		p.found(t, what, []byte(text))
	}
	p.searchFiles(t, w, inputs)
}

// searchTopics reads every record of every topic, decompressed.
func (p *plants) searchTopics(t *testing.T, f *feed) {
	t.Helper()
	topics := f.w.root().Topics
	records := 0
	for _, topic := range []string{topics.Calls, topics.Supplements, topics.Agents, topics.Tickets, topics.Touched, topics.Rejected, topics.Erasures} {
		extents, err := f.client.Offsets(bounded(t), topic)
		if err != nil {
			t.Logf("%s: %v", topic, err)
			continue
		}
		for _, e := range extents {
			err := f.client.ReadRange(bounded(t), topic, e.Partition, e.First, e.Next, func(recs []broker.Record) error {
				for i := range recs {
					records++
					r := &recs[i]
					p.found(t, "a key in "+topic, r.Key)
					p.found(t, "a record in "+topic, r.Value)
					for _, h := range r.Headers {
						p.found(t, "the header "+h.Key+" in "+topic, h.Value)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if records < 50 {
		t.Errorf("only %d records on the broker", records)
	}
}

// searchTables reads every column of every table that is stored, the engine's own logs too.
func (p *plants) searchTables(t *testing.T, w *world) {
	t.Helper()
	cfg := w.root().Store
	tables, err := testkit.Query(bounded(t), cfg, "SELECT concat(database, '.`', name, '`') FROM system.tables WHERE engine LIKE '%MergeTree%' OR engine LIKE '%Log' FORMAT TSVRaw")
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(tables)
	if !slices.ContainsFunc(names, func(s string) bool { return strings.Contains(s, "`calls`") }) {
		t.Fatalf("tables %q", names)
	}
	for _, name := range names {
		rows, err := testkit.Query(bounded(t), cfg, "SELECT * FROM "+name+" FORMAT JSONCompactEachRow")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if strings.Contains(name, "`calls`") && rows == "" {
			t.Errorf("%s has no rows", name)
		}
		p.found(t, "the table "+name, []byte(rows))
	}
}

// searchFiles reads every file the program has written, beside the inputs themselves.
func (p *plants) searchFiles(t *testing.T, w *world, inputs []string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || slices.Contains(inputs, path) {
			return nil // files come and go while the engine merges
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		files++
		short := strings.TrimPrefix(path, w.dir)
		p.found(t, "the file "+short, content)
		p.found(t, "a file's name", []byte(regexp.MustCompile(`\d+`).ReplaceAllString(short, "$0")))
		return nil
	})
	if err != nil || files < 20 {
		t.Errorf("%d files, %v", files, err)
	}
}
