package journal

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func entry(id, replaces string) Entry {
	return Entry{Slot: Slot{Kind: KindValue, Subject: "a"}, ID: id, Replaces: replaces}
}

func ids(list []Entry) (out []string) {
	for i := range list {
		out = append(out, list[i].ID)
	}
	return out
}

func TestHistories(t *testing.T) {
	other := entry("9", "")
	other.Subject = "b"
	// Out of order; 3 and 5 both replaced 2, and 6 replaced what never was.
	got := Histories([]Entry{entry("4", "3"), entry("5", "2"), entry("3", "2"), other, entry("1", ""), entry("2", "1"), entry("6", "x")})
	if len(got) != 2 || got[0].Slot.Subject != "a" || got[1].Slot.Subject != "b" {
		t.Fatalf("%+v", got)
	}
	if diff := cmp.Diff([][]string{{"1", "2", "3", "4"}, {"5", "6"}}, [][]string{ids(got[0].Entries), ids(got[0].Aside)}); diff != "" {
		t.Error(diff)
	}
	if got[0].Holds().ID != "4" || got[0].Newest().ID != "4" {
		t.Errorf("holds %+v", got[0].Holds())
	}
	gone := entry("2", "1")
	gone.Withdrawn = true
	if h := Histories([]Entry{gone, entry("1", "")}); h[0].Holds() != nil || h[0].Newest().ID != "2" {
		t.Errorf("withdrawn: %+v", h)
	}
	if h := Histories([]Entry{entry("1", "1")}); len(h) != 0 { // replaces itself: no beginning
		t.Errorf("a circle: %+v", h)
	}
}

// Whatever the order of the rows, the history is the same, and no entry is lost.
func TestHistoriesOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []Entry
		for i := range rapid.IntRange(1, 12).Draw(t, "entries") {
			replaces := ""
			if i > 0 {
				replaces = list[rapid.IntRange(0, i-1).Draw(t, "replaces")].ID
			}
			list = append(list, entry(fmt.Sprintf("%02d", i), replaces))
		}
		want := Histories(list)
		if n := len(want[0].Entries) + len(want[0].Aside); n != len(list) {
			t.Fatalf("%d of %d entries", n, len(list))
		}
		for i := 1; i < len(want[0].Entries); i++ {
			if want[0].Entries[i].Replaces != want[0].Entries[i-1].ID {
				t.Fatalf("not a chain: %v", ids(want[0].Entries))
			}
		}
		if diff := cmp.Diff(want, Histories(rapid.Permutation(list).Draw(t, "order"))); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestConflictSaysWho(t *testing.T) {
	slot := Slot{Kind: KindValue, Subject: "policy_awareness", Period: "2026Q1", Centre: "xianyang"}
	at := time.Date(2026, 4, 2, 10, 11, 0, 0, time.FixedZone("", 8*3600))
	for want, c := range map[string]Conflict{
		"value policy_awareness 2026Q1 xianyang was entered by 李四 at 2026-04-02 10:11:00 +08:00 (entry X)":   {Newest: &Entry{ID: "X", By: "李四", At: at}},
		"value policy_awareness 2026Q1 xianyang was changed by 李四 at 2026-04-02 10:11:00 +08:00 (entry X)":   {Newest: &Entry{ID: "X", By: "李四", At: at, Replaces: "W"}},
		"value policy_awareness 2026Q1 xianyang was withdrawn by 李四 at 2026-04-02 10:11:00 +08:00 (entry X)": {Newest: &Entry{ID: "X", By: "李四", At: at, Replaces: "W", Withdrawn: true}},
		"there is no entry Y to replace": {Replaces: "Y"},
	} {
		c.Slot = slot
		if !strings.Contains(c.Error(), want) {
			t.Errorf("%s\nwant %s", c.Error(), want)
		}
	}
}

func TestDecimal(t *testing.T) {
	for _, s := range []string{"0", "95", "95.30", "-0.5", "123456789012345678.123456789"} {
		d, err := ParseDecimal(" " + s)
		if err != nil || string(d) != s {
			t.Errorf("%s: %q, %v", s, d, err)
			continue
		}
		b, err := json.Marshal(Value{Value: d})
		if err != nil || string(b) != `{"value":`+s+`}` {
			t.Errorf("%s, %v", b, err)
		}
		back, err := Decode[Value](&Entry{Body: b})
		if err != nil || back.Value != d {
			t.Errorf("%s is read as %q, %v", b, back.Value, err)
		}
	}
	for _, s := range []string{"", "95%", "1,000", "1e3", "NaN", ".5", "5.", "007", "九十五", "1234567890123456789", "+5", "0x10"} {
		if d, err := ParseDecimal(s); err == nil {
			t.Errorf("%q is read as %s", s, d)
		}
	}
	if Decimal("95.30").Compare("95.3") != 0 || Decimal("9").Compare("10") >= 0 {
		t.Error("numbers are compared as texts")
	}
	if v, err := Decode[Value](&Entry{Body: []byte(`{"value":null,"later":1}`)}); err != nil || v.Value != "" || v.Value.Rat() != nil {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := Decode[Value](&Entry{ID: "X", Body: []byte(`{"value":1e3}`)}); err == nil || !strings.Contains(err.Error(), "entry X") {
		t.Error(err)
	}
}

func TestBodies(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	at := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	later := at.Add(time.Hour)
	type body interface{ Validate() error }
	for i, test := range []struct {
		body body
		want string // empty: it is valid
	}{
		{&Value{Value: "95.3", Unit: "%"}, ""},
		{&Value{}, "one of"},
		{&Value{Value: "1", Score: "90", Band: Reached}, "one of"},
		{&Value{Score: "100", Band: Reached}, ""},
		{&Value{Score: "100.0", Band: Reached}, ""},
		{&Value{Score: "100.1", Band: Reached}, "not in the band reached, which goes from 80% to 100%"},
		{&Value{Score: "80", Band: Reached}, ""},
		{&Value{Score: "80", Band: Partly}, "from 60% to 80%, below 80%"},
		{&Value{Score: "60", Band: Partly}, ""},
		{&Value{Score: "59.9", Band: Missed}, ""},
		{&Value{Score: "60", Band: Missed}, "not in the band"},
		{&Value{Score: "-1", Band: Missed}, "not in the band"},
		{&Value{Score: "60"}, "band"},
		{&Value{Executed: "900", Adjusted: "1000"}, ""},
		{&Value{Executed: "1100", Adjusted: "1000"}, ""}, // more was spent than planned: it happens, and is capped in the score
		{&Value{Executed: "900"}, "both"},
		{&Value{Executed: "900", Adjusted: "0"}, "above 0"},
		{&Value{Executed: "-1", Adjusted: "5"}, "above 0"},
		{&Value{NotApplicable: true, Reviewer: "赵"}, ""},
		{&Value{NotApplicable: true}, "reviewed"},
		{&Value{NotApplicable: true, Reviewer: "赵", Value: "1"}, "one of"},
		{&Deviation{Cause: "system upgrade", Category: "硬件", Likelihood: Possible}, ""},
		{&Deviation{Cause: " "}, "cause"},
		{&Deviation{Cause: "x", Category: "weather"}, "category"},
		{&Deviation{Cause: "x", Likelihood: "maybe"}, "likelihood"},
		{&ControlTotal{Offered: n(0)}, ""},
		{&ControlTotal{}, "at least one"},
		{&ControlTotal{Answered: n(-1)}, "below 0"},
		{&ControlTotal{Offered: n(5), Answered: n(6)}, "more than the 5"},
		{&ControlTotal{Requested: n(5), Answered: n(6)}, "more than the 5"},
		{&Outage{From: at, Cause: "power"}, ""},
		{&Outage{From: at, To: &later, Cause: "power"}, ""},
		{&Outage{From: later, To: &at, Cause: "power"}, "not after it begins"},
		{&Outage{From: at, To: &at, Cause: "power"}, "not after it begins"},
		{&Outage{Cause: "power"}, "beginning"},
		{&Outage{From: at}, "cause"},
	} {
		err := test.body.Validate()
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%d, %+v: %v, want %q", i, test.body, err, test.want)
		}
	}
}
