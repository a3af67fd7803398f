package source_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/keys"
	"hotline12333/internal/source"
	"hotline12333/internal/wire"
)

const plantedSource = `name: planted
zone: Asia/Shanghai
format: {type: delimited}
columns:
  id: text
  at: datetime
  number: text
  place: {optional: true}
  queue: text
  agent: text
  topic: text
  note: text
  order: text
  result: text
identity: id
caller: {column: number, as: [hash, mask], region: true}
fields:
  started_at: at
  queue: queue
  agent: agent
  topics: {column: topic, split: ";"}
  region: place
attributes:
  note: note
  order: {column: order, verbatim: true}
outcome:
  - {column: result}
`

func readPlanted(t *testing.T, k source.Pseudonyms, rows string) []wire.Item {
	t.Helper()
	path := filepath.Join(t.TempDir(), "planted.yaml")
	if err := os.WriteFile(path, []byte(plantedSource), 0o600); err != nil {
		t.Fatal(err)
	}
	reg, err := own(t, path)
	if err != nil {
		t.Fatal(err)
	}
	src, err := reg.Lookup("planted")
	if err != nil {
		t.Fatal(err)
	}
	var out []wire.Item
	in := "id,at,number,place,queue,agent,topic,note,order,result\n" + rows
	err = src.Read(context.Background(), strings.NewReader(in), source.Options{Keys: k}, func(it *wire.Item) error {
		out = append(out, *it)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestCallerKept is what a record carries of its caller, and that no text of it carries
// the number.
func TestCallerKept(t *testing.T) {
	k, err := keys.Ephemeral()
	if err != nil {
		t.Fatal(err)
	}
	items := readPlanted(t, k, strings.Join([]string{
		"1,2026-03-02 09:00:00,+86 138-1234-5678,,社保卡 13812345678,agent 138 1234 5678,回电13812345678;社保,身份证610102199003077779 １３８１２３４５６７８,13812345678,answered",
		"2,2026-03-02 09:00:00,029-33213321,,a,b,c,d,e,answered",
		"3,2026-03-02 09:00:00,+12125550147,,a,b,c,d,e,answered",
		"4,2026-03-02 09:00:00,anonymous,,a,b,c,d,e,answered",
		"5,2026-03-02 09:00:00,13812345678,西安,a,b,c,d,e,answered",
		"6,13812345678,13812345678,,a,b,c,d,e,answered",
		"7,2026-03-02 09:00:00,13812345678,,a,b,c,d,e,13812345678",
	}, "\n"))
	if len(items) != 7 {
		t.Fatalf("%d items", len(items))
	}
	for i, want := range []string{"江苏省连云港市", "陕西省西安市、咸阳市", "美国", "", "西安"} {
		if got := items[i].Call.Region; got != want {
			t.Errorf("row %d: region %q, want %q", i+1, got, want)
		}
	}
	c := items[0].Call
	if c.CallerMasked != "138****5678" || c.CallerHash != k.Pseudonym("13812345678") {
		t.Errorf("caller %q %q", c.CallerHash, c.CallerMasked)
	}
	if items[3].Call.CallerHash != "" || items[3].Call.CallerMasked != "" {
		t.Errorf("a caller without a number: %+v", items[3].Call)
	}
	if c.Attributes["order"] != "13812345678" {
		t.Errorf("a verbatim attribute became %q", c.Attributes["order"])
	}
	delete(c.Attributes, "order")
	for i := range items {
		it := items[i]
		if i >= 5 && it.Rejected == nil {
			t.Errorf("row %d is not rejected", i+1)
		}
		it.Raw = nil // sealed where it is kept
		text, err := json.Marshal(it)
		if err != nil {
			t.Fatal(err)
		}
		for _, number := range []string{"13812345678", "610102199003077779", "138 1234 5678", "１３８１２３４５６７８"} {
			if strings.Contains(string(text), number) {
				t.Errorf("row %d shows %s: %s", i+1, number, text)
			}
		}
	}
}

// TestCallerAcrossRotation: the same caller is recognised before and after the keys were
// rotated, within the overlap and not after it; the same row read again is the same record.
func TestCallerAcrossRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
	before, err := keys.Init(path, day(1))
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Join([]string{
		"1,2026-03-09 09:00:00,13812345678,,a,b,c,d,e,answered",
		"2,2026-03-11 09:00:00,138 1234 5678,,a,b,c,d,e,answered",
		"3,2026-03-25 09:00:00,13812345678,,a,b,c,d,e,answered",
	}, "\n")
	first := readPlanted(t, before, rows)
	if _, err := keys.Rotate(path, keys.Rotation{Now: day(9), From: day(10)}); err != nil {
		t.Fatal(err)
	}
	after, err := keys.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	second := readPlanted(t, after, rows)
	call := func(items []wire.Item, i int) *hotline.Call { return items[i].Call }
	if wire.Rank(call(first, 0)) != wire.Rank(call(second, 0)) {
		t.Error("a call from before the rotation is another record when it is read again")
	}
	old := call(first, 0).CallerHash
	if c := call(second, 1); c.CallerHash == old || c.Attributes[hotline.CallerPrevious] != old {
		t.Errorf("in the overlap: %q, before it %v, was %q", c.CallerHash, c.Attributes, old)
	}
	if c := call(second, 2); c.CallerHash != call(second, 1).CallerHash || c.Attributes[hotline.CallerPrevious] != "" {
		t.Errorf("after the overlap: %q %v", c.CallerHash, c.Attributes)
	}
	if err := keys.Retire(path, before.KeyID(), day(20)); err != nil {
		t.Fatal(err)
	}
	if after, err = keys.Load(path); err != nil {
		t.Fatal(err)
	}
	for i, it := range readPlanted(t, after, rows) {
		if it.Call.CallerHash == old || it.Call.Attributes[hotline.CallerPrevious] != "" {
			t.Errorf("row %d is recognised after its key was retired: %+v", i+1, it.Call)
		}
	}
}
