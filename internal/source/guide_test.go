package source

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"hotline12333/internal/kpi"
	"hotline12333/internal/wire"
)

// guide is a page of the documentation that a new user follows.
func guide(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../../docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// blocks are the fenced parts of a page in one language.
func blocks(page, language string) (out []string) {
	parts := strings.Split(page, "```"+language+"\n")
	for _, p := range parts[1:] {
		text, _, _ := strings.Cut(p, "```")
		out = append(out, text)
	}
	return out
}

// export writes the guide's example as its system would: once as text, once as a workbook
// with dates, times and numbers in their cells.
func export(t *testing.T, example string) (text, book []byte) {
	t.Helper()
	text, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(strings.ReplaceAll(example, "\n", "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	f := excelize.NewFile()
	defer func() { _ = f.Close() }() // in memory
	if err := f.SetSheetName("Sheet1", "话务明细"); err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(example), "\n") {
		var cells []any
		for col, v := range strings.Split(line, ",") {
			cells = append(cells, cell(t, i, col, v))
		}
		if err := f.SetSheetRow("话务明细", fmt.Sprintf("A%d", i+1), &cells); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.MergeCell("话务明细", "A1", "K1"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return text, b.Bytes()
}

func cell(t *testing.T, row, col int, v string) any {
	t.Helper()
	switch {
	case row < 3 || v == "":
		return v
	case (col == 1 || col == 2) && v[0] != '0':
		n, err := strconv.ParseFloat(v, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	case col == 3:
		at, err := time.Parse(time.DateTime, v)
		if err != nil {
			t.Fatal(err)
		}
		return at.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours() / 24
	case col >= 4 && col <= 6:
		ms, ok := clockMillis(v)
		if !ok {
			t.Fatal(v)
		}
		return float64(ms) / 86_400_000
	}
	return v
}

// TestGuide connects the invented export with the descriptions that the guide gives, and
// finds the totals that the guide promises. Both languages give the same ones.
func TestGuide(t *testing.T) {
	page, chinese := guide(t, "connect-your-pbx.md"), guide(t, "connect-your-pbx.zh-CN.md")
	for _, language := range []string{"yaml", "csv"} {
		if diff := cmp.Diff(blocks(page, language), blocks(chinese, language)); diff != "" {
			t.Errorf("the pages differ (-English +Chinese):\n%s", diff)
		}
	}
	descriptions := blocks(page, "yaml")
	if len(descriptions) != 2 || len(blocks(page, "csv")) != 1 {
		t.Fatalf("%d descriptions, %d examples", len(descriptions), len(blocks(page, "csv")))
	}
	reg, err := Load(fstest.MapFS{"a.yaml": {Data: []byte(descriptions[0])}, "b.yaml": {Data: []byte(descriptions[1])}}, DefaultConfig(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, book := export(t, blocks(page, "csv")[0])
	var first []string
	for name, in := range map[string]io.Reader{"pbx-csv": bytes.NewReader(text), "pbx-xlsx": bytes.NewReader(book)} {
		s, err := reg.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		var total kpi.Tally
		var rows []string
		err = s.Read(t.Context(), in, Options{Keys: maskOnly{}}, func(it *wire.Item) error {
			if it.Rejected != nil {
				t.Errorf("%s: %s", name, tell(it))
			}
			if it.Call != nil {
				one := kpi.One(it.Call)
				total.Merge(&one)
				it.Call.Source = ""
				rows = append(rows, string(wire.AppendCall(nil, it.Call)))
			} else {
				rows = append(rows, tell(it))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int64{
			"offered": total.Offered(), "answered": total.Answered, "queue": total.AbandonedQueue, "ringing": total.AbandonedRinging,
			"self": total.SelfService, "ivr": total.AbandonedIVR, "talk": total.TalkMillis, "rated": total.Rated, "rows": int64(len(rows)),
		}
		want := map[string]int64{"offered": 8, "answered": 4, "queue": 1, "ringing": 1, "self": 1, "ivr": 1, "talk": 982_000, "rated": 3, "rows": 10}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if first == nil {
			first = rows
		} else if diff := cmp.Diff(first, rows); diff != "" {
			t.Errorf("the text and the workbook differ:\n%s", diff)
		}
	}
	for _, said := range []string{"| offered | 8 |", "| answered | 4 |", "| 1 + 1 |", "| self_service | 1 |", "| 982 s |"} {
		if !strings.Contains(page, said) {
			t.Errorf("the guide does not say %q", said)
		}
	}
}

// TestReference: the whole descriptions in the reference are read as they stand.
func TestReference(t *testing.T) {
	whole := 0
	for _, text := range blocks(guide(t, "sources.md"), "yaml") {
		if !strings.HasPrefix(text, "name: ") || !strings.Contains(text, "fields:") {
			continue
		}
		whole++
		if _, err := parse("sources.md", []byte(text), nil, nil); err != nil {
			t.Error(err)
		}
	}
	if whole < 2 {
		t.Errorf("%d whole descriptions", whole)
	}
}
