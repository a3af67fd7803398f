package source

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"hotline12333/internal/wire"
)

const bookText = `name: book
zone: Asia/Shanghai
format: {type: xlsx, sheet: 明细, skip_lines: 2, header_rows: 2, footer: [合计]}
columns:
  id: {header: 流水号}
  caller: {header: 主叫}
  begin: {header: 时间/进线, type: datetime}
  answer: {header: 时间/应答, type: time}
  day: {header: 日期, type: date}
  wait: {header: 等待, type: duration, unit: "h:mm:ss"}
  talk: {header: 通话秒, type: duration}
  result: {header: 结果}
identity: [id]
caller: {column: caller, as: [mask]}
outcome:
  - {column: result, translate: {接通: answered, 放弃: abandoned_queue}}
fields:
  started_at: begin
  answered_at: {date: day, time: answer, rollover: true, outcomes: [answered]}
  wait: wait
  talk: talk
`

// book writes a workbook with two title rows, a header of two rows with merged cells, a
// blank row and a row of totals.
func book(t testing.TB, date1904 bool, rows [][]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer func() { _ = f.Close() }() // in memory
	ok := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := f.NewSheet("明细")
	ok(err)
	ok(f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &date1904}))
	put := func(row int, cells []any) { ok(f.SetSheetRow("明细", fmt.Sprintf("A%d", row), &cells)) }
	put(1, []any{"12333热线话务明细"})
	put(2, []any{"导出时间", "2026-03-03"})
	put(3, []any{"流水号", "主叫", "时间", nil, "日期", "等待", "通话秒", "结果"})
	put(4, []any{nil, nil, "进线", "应答"})
	for _, m := range [][2]string{{"A1", "H1"}, {"A3", "A4"}, {"C3", "D3"}} {
		ok(f.MergeCell("明细", m[0], m[1]))
	}
	for i, r := range rows {
		put(5+i, r)
	}
	put(6+len(rows), []any{"合计", nil, nil, nil, nil, 1.5, 300})
	var b bytes.Buffer
	ok(f.Write(&b))
	return b.Bytes()
}

func serialOf(t time.Time, epoch time.Time) float64 { return t.Sub(epoch).Hours() / 24 }

func items(t testing.TB, text string, in io.Reader, opts Options) (out []string, err error) {
	t.Helper()
	s, err := parse("x.yaml", []byte(text), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	opts.Keys = maskOnly{}
	err = s.Read(t.Context(), in, opts, func(it *wire.Item) error {
		out = append(out, tell(it))
		return nil
	})
	return out, err
}

func tell(it *wire.Item) string {
	switch {
	case it.Rejected != nil:
		return fmt.Sprintf("%d: %v", it.Line, it.Rejected)
	case it.Ignored != "":
		return fmt.Sprintf("%d: ignored %s", it.Line, it.Ignored)
	case it.Supplement != nil:
		return fmt.Sprintf("%d: %s", it.Line, wire.AppendSupplement(nil, it.Supplement))
	case it.AgentState != nil:
		return fmt.Sprintf("%d: %s", it.Line, wire.AppendAgentState(nil, it.AgentState))
	case it.Ticket != nil:
		return fmt.Sprintf("%d: %s", it.Line, wire.AppendTicket(nil, it.Ticket))
	}
	c := it.Call
	s := fmt.Sprintf("%d: %s %s %s", it.Line, c.ID, c.StartedAt.Format("2006-01-02T15:04:05.999Z"), c.Outcome)
	if !c.AnsweredAt.IsZero() {
		s += " answered " + c.AnsweredAt.Format("15:04:05.999")
	}
	if c.Wait.Known {
		s += fmt.Sprintf(" wait %d", c.Wait.Millis)
	}
	if c.Talk.Known {
		s += fmt.Sprintf(" talk %d", c.Talk.Millis)
	}
	if c.CallerMasked != "" {
		s += " " + c.CallerMasked
	}
	return s
}

// maskOnly shows of a number how long it is and how it ends.
type maskOnly struct{}

func (maskOnly) Pseudonym(string) string     { return "" }
func (maskOnly) PseudonymOfID(string) string { return "" }
func (maskOnly) Mask(n string) string        { return fmt.Sprintf("*%d*%s", len(n), n[max(0, len(n)-2):]) }

func TestWorkbook(t *testing.T) {
	begin := time.Date(2026, 3, 2, 23, 59, 50, 0, time.UTC)
	for name, epoch := range map[string]time.Time{
		"1900": time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC), "1904": time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		t.Run(name, func(t *testing.T) {
			at := serialOf(begin, epoch)
			in := book(t, name == "1904", [][]any{
				{20260302001, 13812345678.0, at, 20.0 / 86400, float64(int(at)), 30.0 / 86400, 61.5, "接通"},
				{"text-2", "02912345678", "2026-03-02 10:00:00", "10:00:09", "2026-03-02", "0:00:09", "15", "接通"},
				nil,
				{"text-3", nil, at, nil, nil, "1:30", 0, "放弃"},
				{"text-4", nil, "2026年", nil, nil, 0, 0, "放弃"},
				{"text-5", nil, at, nil, nil, 0, 0, "其他"},
				{"2.0260302093000099E+16", nil, at, nil, nil, 0, 0, "放弃"},
			})
			want := []string{
				"5: 20260302001 2026-03-02T15:59:50Z answered answered 16:00:20 wait 30000 talk 61500 *11*78",
				"6: text-2 2026-03-02T02:00:00Z answered answered 02:00:09 wait 9000 talk 15000 *11*78",
				"8: text-3 2026-03-02T15:59:50Z abandoned_queue wait 90000 talk 0",
				`9: 时间/进线: wrong_type: "2026年" is not a datetime as yyyy-MM-dd HH:mm:ss`,
				`10: 结果: unknown_value: "其他" is not an outcome`,
				"11: 流水号: wrong_type: a spreadsheet has shortened the number, its last digits are lost: export the column as text",
				"13: ignored footer",
			}
			got, err := items(t, bookText, bytes.NewReader(in), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			rest, err := items(t, bookText, bytes.NewReader(in), Options{From: wire.Position{Offset: 8, Line: 8}})
			if err != nil || cmp.Diff(want[3:], rest) != "" {
				t.Errorf("going on: %v, %v", rest, err)
			}
		})
	}
}

// TestWorkbookRow: a rejected row is read again as it was kept, dates and all.
func TestWorkbookRow(t *testing.T) {
	in := book(t, true, [][]any{{"a", nil, 44621.5, nil, nil, 0.0001, 5, "转出"}})
	s, err := parse("x.yaml", []byte(bookText), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	mended, err := parse("x.yaml", []byte(strings.Replace(bookText, "放弃: ", "转出: timed_out, 放弃: ", 1)), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var again []string
	err = s.Read(t.Context(), bytes.NewReader(in), Options{Keys: maskOnly{}}, func(it *wire.Item) error {
		if it.Rejected == nil {
			return nil
		}
		if it.Length != int64(len(it.Raw)) || it.Cut() {
			t.Errorf("%d bytes of %d", len(it.Raw), it.Length)
		}
		return mended.Row(t.Context(), bytes.Clone(it.Raw), it.Columns, Options{Keys: maskOnly{}}, func(it *wire.Item) error {
			again = append(again, tell(it))
			return nil
		})
	})
	want := []string{"1: a 2026-03-02T04:00:00Z timed_out wait 8640 talk 5000"}
	if err != nil || cmp.Diff(want, again) != "" {
		t.Errorf("%v, %v", again, err)
	}
}

func TestPlainNumber(t *testing.T) {
	for in, want := range map[string]string{
		"1.3812345678E+10": "13812345678", "1.3812345678E10": "13812345678", "4.1666666666666664E-2": "0.041666666666666664",
		"1E+5": "100000", "1E5": "1E5", "12E": "12E", "E12": "E12", "1.5e3": "1500", "2.0260302093000099E+16": "2.0260302093000099E+16",
		"-1.5E+2": "-150", "13812345678": "13812345678", "": "", "1.2.3E+4": "1.2.3E+4", "1.0E+x": "1.0E+x",
	} {
		if got := plainNumber(in); got != want {
			t.Errorf("plainNumber(%q) = %q, want %q", in, got, want)
		}
	}
}

// rezip changes the parts of a workbook.
func rezip(t testing.TB, in []byte, change func(name string, content []byte) []byte, more map[string][]byte) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(in), int64(len(in)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	put := func(name string, content []byte) {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		put(f.Name, change(f.Name, content))
	}
	for name, content := range more {
		put(name, content)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestBadWorkbooks: what is no workbook, or would cost too much, is one sentence.
func TestBadWorkbooks(t *testing.T) {
	good := book(t, false, [][]any{{"a", nil, 46083.5, nil, nil, 0, 5, "放弃"}})
	same := func(_ string, b []byte) []byte { return b }
	sheet := func(change func([]byte) []byte) func(string, []byte) []byte {
		return func(name string, b []byte) []byte {
			if name == "xl/worksheets/sheet2.xml" {
				return change(b)
			}
			return b
		}
	}
	for name, tc := range map[string]struct {
		in   []byte
		want string
	}{
		"text":       {[]byte("a,b\n"), "is no workbook"},
		"old":        {[]byte("\xd0\xcf\x11\xe0 and more"), "old .xls, or has a password"},
		"page":       {[]byte("<html><table><tr>"), "a web page under another name"},
		"cut":        {good[:len(good)/2], "the workbook is damaged"},
		"no sheet":   {rezip(t, good, func(n string, b []byte) []byte { return bytes.ReplaceAll(b, []byte("明细"), []byte("汇总")) }, nil), `has no sheet "明细"; it has: "Sheet1" or "汇总"`},
		"breaks off": {rezip(t, good, sheet(func(b []byte) []byte { return b[:len(b)/2] }), nil), "breaks off in the middle"},
		"bad XML inside": {rezip(t, good, sheet(func(b []byte) []byte {
			return bytes.Replace(b, []byte(`<row r="7"`), []byte(`<row r="6"><c r="A6">&bad;</c></row><row r="7"`), 1)
		}), nil), "breaks off after row"},
		"one cell": {rezip(t, good, sheet(func(b []byte) []byte {
			return bytes.Replace(b, []byte("<v>"), []byte("<v>"+strings.Repeat("1", maxTag+1)), 1)
		}), nil), "one cell takes more than 1024 KB"},
		"one row": {rezip(t, good, sheet(func(b []byte) []byte {
			return bytes.Replace(b, []byte("<v>"), []byte(strings.Repeat("<v></v>", maxRowXML/7+1)+"<v>"), 1)
		}), nil), "one row takes more than 16 MB"},
		"pictures": {rezip(t, good, same, map[string][]byte{"xl/media/a.bin": make([]byte, maxAside+1)}), "more than 64 MB of pictures"},
		"no content": {rezip(t, good, func(n string, b []byte) []byte {
			if n == "xl/workbook.xml" {
				return nil
			}
			return b
		}, nil), "the workbook is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := items(t, bookText, bytes.NewReader(tc.in), Options{})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, %v\nwant %s", got, err, tc.want)
			}
		})
	}
	if got, err := items(t, bookText, bytes.NewReader(nil), Options{}); err != nil || got != nil {
		t.Errorf("an empty input: %v, %v", got, err)
	}
}

// TestWorkbookTemporaryFiles: large sheets are unpacked into files, which are gone after
// the reading, also where it ends early.
func TestWorkbookTemporaryFiles(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	f := excelize.NewFile()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	const n = 60_000
	for i := range n + 1 {
		cells := []any{fmt.Sprintf("id-%06d", i), 46083.5 + float64(i)/86400, "放弃", strings.Repeat("x", 200)}
		if i == 0 {
			cells = []any{"id", "at", "result", "pad"}
		}
		if err := w.SetRow(fmt.Sprintf("A%d", i+1), cells); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := parse("x.yaml", []byte(`name: big
zone: UTC
format: {type: xlsx}
columns: {id: text, at: datetime, result: text}
identity: [id]
outcome: [{outcome: abandoned_queue}]
fields: {started_at: at}
`), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, stop := range []int{n, 10} {
		rows := 0
		err = s.Read(t.Context(), bytes.NewReader(b.Bytes()), Options{}, func(it *wire.Item) error {
			if it.Call == nil {
				t.Fatal(tell(it))
			}
			if rows++; rows == stop && stop < n {
				return io.ErrClosedPipe
			}
			return nil
		})
		if rows != stop || stop < n != (err != nil) {
			t.Errorf("%d rows, %v", rows, err)
		}
		if left := files(t, dir); left != "" {
			t.Errorf("left behind: %s", left)
		}
	}
}

// FuzzWorkbook: whatever is in the archive, reading ends, in order.
func FuzzWorkbook(f *testing.F) {
	good := book(f, true, [][]any{{"a", nil, 44621.5, nil, nil, 0.0001, 5, "放弃"}})
	parts := map[string][]byte{}
	rezip(f, good, func(name string, b []byte) []byte { parts[name] = b; return b }, nil)
	f.Add(good, parts["xl/worksheets/sheet2.xml"], parts["xl/workbook.xml"])
	f.Add(good[:len(good)/2], []byte(`<worksheet><sheetData><row r="9"/><row><c t="s"><v>99</v></c></row></sheetData></worksheet>`), []byte("<workbook/>"))
	s, err := parse("x.yaml", []byte(bookText), nil, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, whole, sheet, workbook []byte) {
		changed := rezip(t, good, func(name string, b []byte) []byte {
			switch name {
			case "xl/worksheets/sheet2.xml":
				return sheet
			case "xl/workbook.xml":
				return workbook
			}
			return b
		}, nil)
		for _, in := range [][]byte{whole, changed} {
			last := int64(0)
			err := s.Read(t.Context(), bytes.NewReader(in), Options{Keys: maskOnly{}}, func(it *wire.Item) error {
				if it.Line <= last {
					t.Fatalf("row %d after %d", it.Line, last)
				}
				last = it.Line
				return nil
			})
			_ = err // most of it is no workbook
		}
	})
}
