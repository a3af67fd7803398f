package source_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/hotline"
	"hotline12333/internal/source"
	"hotline12333/internal/wire"
)

// own loads one description as a centre's own.
func own(tb testing.TB, path string) (*source.Registry, error) {
	tb.Helper()
	return source.Load(os.DirFS("../../pipelines/sources"), source.Config{Dir: []string{path}}, nil, nil)
}

// told is one line for each item.
func told(it *wire.Item) string {
	switch {
	case it.Rejected != nil:
		return fmt.Sprintf("%d rejected %v", it.Line, it.Rejected)
	case it.Ignored != "":
		return fmt.Sprintf("%d ignored %s", it.Line, it.Ignored)
	}
	return fmt.Sprintf("%d %s", it.Line, wire.AppendCall(nil, it.Call))
}

// TestAnotherFormatNeedsNoCode reads an export as Chinese exchanges write them, with
// nothing but a description.
func TestAnotherFormatNeedsNoCode(t *testing.T) {
	reg, err := own(t, "testdata/hotline-gbk.yaml")
	if err != nil {
		t.Fatal(err)
	}
	src, err := reg.Lookup("hotline-gbk")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("testdata/hotline-gbk.csv")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	calls := map[string]hotline.Call{}
	from := wire.Position{}
	var at []wire.Position
	err = src.Read(t.Context(), bytes.NewReader(data), source.Options{Keys: fakeKeys{}}, func(it *wire.Item) error {
		if it.Rejected != nil && !bytes.Contains(data, it.Raw) {
			t.Errorf("line %d: the raw row is not in the file", it.Line)
		}
		if it.Call != nil {
			calls[it.Call.ID] = *it.Call
			got = append(got, fmt.Sprintf("%d %s %s %s", it.Line, it.Call.ID, it.Call.Outcome, it.Call.Excluded))
		} else {
			got = append(got, told(it))
		}
		at = append(at, from)
		from = it.Next
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"4 gbk-1 answered ",
		"5 gbk-2 abandoned_queue ",
		"7 gbk-3 abandoned_ivr ",
		"8 gbk-4 abandoned_ringing ",
		"9 gbk-5 answered ",
		"10 ignored agent_event",
		`11 rejected 呼叫方向: unknown_value: "转接" is not in the table of translations`,
		"12 rejected 呼入时间: wrong_type: a value of 17 characters is not a datetime as yyyy-M-d H:mm:ss or yyyy/M/d H:mm",
		`13 rejected 等待时长: wrong_type: "0:61:00" is not a duration in h:mm:ss`,
		"14 rejected bad_row: 5 fields where 13 columns are",
		"15 rejected 呼叫结果: unknown_value: a value of 11 characters is not an outcome",
		"16 gbk-12 answered test",
		"18 ignored footer",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	first := hotline.Call{
		ID: "gbk-1", Version: 1, Centre: "default", Source: "hotline-gbk", Outcome: hotline.Answered, Direction: hotline.Inbound,
		StartedAt: time.Date(2026, 3, 2, 1, 30, 0, 0, time.UTC), EndedAt: time.Date(2026, 3, 2, 1, 34, 5, 0, time.UTC),
		Wait: hotline.Seconds(15), Talk: hotline.Seconds(245), Queue: "社保卡", Agent: "1001", Topics: []string{"社保卡挂失", "补办"},
		CallerHash: "h:78", CallerMasked: "****78", Rating: hotline.Rating{Invited: true, Given: true, Value: 3, Scale: "3"},
	}
	if diff := cmp.Diff(first, calls["gbk-1"]); diff != "" {
		t.Error(diff)
	}
	if r := calls["gbk-2"].Attributes["remark"]; r != `他说:"再打来" 明天` {
		t.Errorf("remark %q", r)
	}
	resumed(t, src, data, at)
}

// resumed reads the rest of the input from every place the first reading told, both
// where the input can be sought and where it cannot: the items must be the same.
func resumed(t *testing.T, src *source.Source, data []byte, at []wire.Position) {
	t.Helper()
	read := func(from wire.Position, seek bool) (out []string) {
		opts := source.Options{Keys: fakeKeys{}, From: from}
		each := func(it *wire.Item) error {
			out = append(out, fmt.Sprint(told(it), it.Next))
			return nil
		}
		var in io.Reader = bytes.NewReader(data)
		if !seek {
			in = struct{ io.Reader }{in}
		}
		err := src.Read(t.Context(), in, opts, each)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	whole := read(wire.Position{}, true)
	for i, from := range at {
		for _, seek := range []bool{true, false} {
			if diff := cmp.Diff(whole[i:], read(from, seek)); diff != "" {
				t.Errorf("from %+v, seek %v (-whole +resumed):\n%s", from, seek, diff)
			}
		}
	}
}
