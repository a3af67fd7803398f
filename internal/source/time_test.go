package source

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hotline12333/internal/wire"
)

func TestPatterns(t *testing.T) {
	for _, tc := range []struct{ pattern, in, want string }{ // want empty: not readable
		{"yyyy-MM-dd HH:mm:ss", "2026-03-02 09:05:07", "2026-03-02T09:05:07Z"},
		{"yyyy-MM-dd HH:mm:ss", "2026-3-2 9:05:07", ""},
		{"yyyy-MM-dd HH:mm:ss", "2026-03-02 09:05:07 ", ""},
		{"yyyy-MM-dd HH:mm:ss", "2026-03-02 24:00:00", ""},
		{"yyyy-MM-dd HH:mm:ss", "2026-03-02 23:59:60", ""},
		{"yyyy-MM-dd HH:mm:ss", "2026-13-01 00:00:00", ""},
		{"yyyy-MM-dd HH:mm:ss", "2026-00-01 00:00:00", ""},
		{"yyyy-MM-dd HH:mm:ss", "2026-02-29 00:00:00", ""},
		{"yyyy-MM-dd HH:mm:ss", "2028-02-29 00:00:00", "2028-02-29T00:00:00Z"},
		{"yyyy-MM-dd HH:mm:ss", "", ""},
		{"yyyy/M/d H:mm", "2026/3/2 9:05", "2026-03-02T09:05:00Z"},
		{"yyyy/M/d H:mm", "2026/12/31 19:05", "2026-12-31T19:05:00Z"},
		{"yyyy年M月d日 H时mm分", "2026年3月2日 9时05分", "2026-03-02T09:05:00Z"},
		{"yyMMdd HHmmss", "990201 070247", "1999-02-01T07:02:47Z"},
		{"yyMMdd HHmmss", "680201 070247", "2068-02-01T07:02:47Z"},
		{"dd.MM.yyyy h:mm a", "02.03.2026 12:05 AM", "2026-03-02T00:05:00Z"},
		{"dd.MM.yyyy h:mm a", "02.03.2026 12:05 pm", "2026-03-02T12:05:00Z"},
		{"yyyy-MM-dd ah:mm:ss", "2026-03-02 下午3:05:07", "2026-03-02T15:05:07Z"},
		{"yyyy-MM-dd ah:mm:ss", "2026-03-02 上午13:05:07", ""},
		{"yyyy-MM-dd'T'HH:mm:ssX", "2026-03-02T09:05:07+08:00", "2026-03-02T01:05:07Z"},
		{"yyyy-MM-dd'T'HH:mm:ssX", "2026-03-02T09:05:07-0330", "2026-03-02T12:35:07Z"},
		{"yyyy-MM-dd'T'HH:mm:ssX", "2026-03-02T09:05:07+08", "2026-03-02T01:05:07Z"},
		{"yyyy-MM-dd'T'HH:mm:ssX", "2026-03-02T09:05:07Z", "2026-03-02T09:05:07Z"},
		{"yyyy-MM-dd'T'HH:mm:ssX", "2026-03-02T09:05:07", ""},
		{"yyyy-MM-dd'T'HH:mm:ssX", "2026-03-02T09:05:07+8", ""},
		{"yyyy-MM-dd HH:mm:ss.S", "2026-03-02 09:05:07.25", "2026-03-02T09:05:07.25Z"},
		{"yyyy-MM-dd HH:mm:ss.SSS", "2026-03-02 09:05:07.025", "2026-03-02T09:05:07.025Z"},
		{"yyyy-MM-dd HH:mm:ss.SSS", "2026-03-02 09:05:07.25", ""},
		{"yyyy-MM-dd 'o''clock' HH:mm", "2026-03-02 o'clock 09:05", ""},
		{"yyyy-MM-dd 'at' HH:mm", "2026-03-02 at 09:05", "2026-03-02T09:05:00Z"},
		{"epoch", "1772413507", "2026-03-02T01:05:07Z"},
		{"epoch", "1772413507.25", "2026-03-02T01:05:07.25Z"},
		{"epoch", "-1", ""},
		{"epoch", "1e9", ""},
		{"epoch", "1772413507.", ""},
		{"epoch_ms", "1772413507250", "2026-03-02T01:05:07.25Z"},
	} {
		p, err := compilePattern(tc.pattern)
		if err != nil {
			t.Fatal(err)
		}
		w, ok := p.parse(tc.in)
		got := ""
		if ok {
			c := clock{zone: time.UTC}
			got = c.instant(w, time.Time{}).Format(time.RFC3339Nano)
		}
		if got != tc.want {
			t.Errorf("%q as %q: %q, want %q", tc.in, tc.pattern, got, tc.want)
		}
	}
	for _, bad := range []string{"", "yyyy-MM", "HH", "hh:mm", "HH:mm a", "yyyyy-MM-dd", "yyyy-MM-dd'T", "yyyy-MM-dd yyyy", "HH:mmX", "dd MMM yyyy", "-"} {
		if _, err := compilePattern(bad); err == nil {
			t.Errorf("format %q is taken", bad)
		}
	}
}

func TestLocalTimes(t *testing.T) {
	for name, tc := range map[string]struct{ zone, local, after, want string }{
		"no change":       {"Asia/Shanghai", "2026-03-02 09:05:07", "", "2026-03-02T01:05:07Z"},
		"old summer time": {"Asia/Shanghai", "1988-07-01 09:00:00", "", "1988-07-01T00:00:00Z"},
		"skipped":         {"Europe/Berlin", "2026-03-29 02:30:00", "", "2026-03-29T01:30:00Z"}, // shown as 03:30
		"before the gap":  {"Europe/Berlin", "2026-03-29 01:59:59", "", "2026-03-29T00:59:59Z"},
		"after the gap":   {"Europe/Berlin", "2026-03-29 03:00:00", "", "2026-03-29T01:00:00Z"},
		"twice":           {"Europe/Berlin", "2026-10-25 02:30:00", "", "2026-10-25T00:30:00Z"},
		"twice, later":    {"Europe/Berlin", "2026-10-25 02:10:00", "2026-10-25T00:50:00Z", "2026-10-25T01:10:00Z"},
		"twice, arrival":  {"Europe/Berlin", "2026-10-25 02:50:00", "2026-10-25T00:50:00Z", "2026-10-25T00:50:00Z"},
		"day before":      {"Europe/Berlin", "2026-10-24 12:00:00", "", "2026-10-24T10:00:00Z"},
		"day after":       {"Europe/Berlin", "2026-10-26 12:00:00", "", "2026-10-26T11:00:00Z"},
		"half an hour":    {"Australia/Lord_Howe", "2026-04-05 01:45:00", "", "2026-04-04T14:45:00Z"},
		"a day left out":  {"Pacific/Apia", "2011-12-30 12:00:00", "", "2011-12-30T22:00:00Z"},
		"west":            {"America/New_York", "2026-11-01 01:30:00", "", "2026-11-01T05:30:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			zone, err := ParseZone(tc.zone)
			if err != nil {
				t.Fatal(err)
			}
			p, err := compilePattern("yyyy-MM-dd HH:mm:ss")
			if err != nil {
				t.Fatal(err)
			}
			w, _ := p.parse(tc.local)
			var after time.Time
			if tc.after != "" {
				if after, err = time.Parse(time.RFC3339, tc.after); err != nil {
					t.Fatal(err)
				}
			}
			c := clock{zone: zone}
			if got := c.instant(w, after).Format(time.RFC3339); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}

// TestLocalTimesRoundTrip: every instant's wall time leads back to it, or to the other
// instant that shows the same.
func TestLocalTimesRoundTrip(t *testing.T) {
	zones := []string{
		"Asia/Shanghai", "Asia/Urumqi", "Asia/Kolkata", "Asia/Jerusalem", "UTC", "Europe/London", "Europe/Berlin",
		"America/New_York", "America/Sao_Paulo", "Australia/Sydney", "Australia/Lord_Howe", "Africa/Cairo",
	}
	clocks := map[string]*clock{}
	for _, z := range zones {
		zone, err := ParseZone(z)
		if err != nil {
			t.Fatal(err)
		}
		clocks[z] = &clock{zone: zone}
	}
	rapid.Check(t, func(t *rapid.T) {
		c := clocks[rapid.SampledFrom(zones).Draw(t, "zone")]
		at := time.Unix(rapid.Int64Range(1_000_000_000, 2_500_000_000).Draw(t, "unix"), 0).In(c.zone)
		w := wall{year: at.Year(), month: int(at.Month()), day: at.Day(), hour: at.Hour(), minute: at.Minute(), second: at.Second()}
		const layout = "2006-01-02 15:04:05"
		got := c.instant(w, time.Time{})
		if got.In(c.zone).Format(layout) != at.Format(layout) || got.After(at) {
			t.Fatalf("%v became %v", at, got.In(c.zone))
		}
		if got := c.instant(w, at); !got.Equal(at) {
			t.Fatalf("%v became %v, knowing that it is not before", at, got.In(c.zone))
		}
	})
}

func TestDurations(t *testing.T) {
	for _, tc := range []struct {
		unit, in string
		want     int64
		ok       bool
	}{
		{inSeconds, "12", 12_000, true},
		{inSeconds, "12.5", 12_500, true},
		{inSeconds, "0.0005", 1, true},
		{inSeconds, "-3", -3000, true},
		{inSeconds, "", 0, false},
		{inSeconds, "-", 0, false},
		{inSeconds, "1e3", 0, false},
		{inSeconds, "0x10", 0, false},
		{inSeconds, "NaN", 0, false},
		{inSeconds, "Inf", 0, false},
		{inSeconds, "--1", 0, false},
		{inSeconds, "604800", 604_800_000, true},
		{inSeconds, "604801", 0, false},
		{inSeconds, "99999999999999999999", 0, false},
		{inMillis, "1500", 1500, true},
		{inMillis, "1500.6", 1501, true},
		{inMinutes, "1.5", 90_000, true},
		{inClock, "0:00:12", 12_000, true},
		{inClock, "1:02:03", 3_723_000, true},
		{inClock, "02:03", 123_000, true},
		{inClock, "25:00:00.5", 90_000_500, true},
		{inClock, "-0:00:01", -1000, true},
		{inClock, "75:10", 4_510_000, true},
		{inClock, "0:60:00", 0, false},
		{inClock, "0:00:60", 0, false},
		{inClock, "0:00:5", 0, false},
		{inClock, "12", 0, false},
		{inClock, "1:2:3:4", 0, false},
		{inClock, ":12", 0, false},
		{inClock, "+1:02", 0, false},
		{inClock, "4分05秒", 245_000, true},
		{inClock, "1小时02分03秒", 3_723_000, true},
		{inClock, "1时2分", 3_720_000, true},
		{inClock, "90分钟", 5_400_000, true},
		{inClock, "47.5秒", 47_500, true},
		{inClock, "-3秒", -3000, true},
		{inClock, "1小时3秒", 3_603_000, true},
		{inClock, "3秒1分", 0, false},
		{inClock, "1小时60分", 0, false},
		{inClock, "1.5小时", 0, false},
		{inClock, "4分05", 0, false},
		{inClock, "分秒", 0, false},
		{inClock, "4分5分", 0, false},
		{inClock, "1分+2秒", 0, false},
		{inSeconds, "12秒", 0, false},
	} {
		c := &column{name: "c", unit: tc.unit}
		got, err := c.duration(tc.in)
		if got != tc.want || (err == nil) != tc.ok {
			t.Errorf("%q in %s: %d, %v", tc.in, tc.unit, got, err)
		}
	}
}

func callsOf(t testing.TB, text, in string, opts Options) (out []string) {
	t.Helper()
	s, err := parse("x.yaml", []byte(text), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Read(t.Context(), strings.NewReader(in), opts, func(it *wire.Item) error {
		if it.Call == nil {
			out = append(out, "-")
			return nil
		}
		out = append(out, string(wire.AppendCall(nil, it.Call)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestChoices: zone, revision and centre of the reading, and what the file says itself.
func TestChoices(t *testing.T) {
	text := strings.NewReplacer(
		"  n: {", "  rev: {type: integer, optional: true}\n  where: {optional: true}\n  n: {",
		"identity: [id]", "identity: {prefix: x, columns: [id, result]}\nversion: {column: rev}",
		"started_at: at", "started_at: at\n  centre: where",
	).Replace(small)
	tokyo, err := ParseZone("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	const in = "id,at,wait,result,rev,where\n" +
		"a-b,2026-03-02 09:00:00,0,open,,\n" +
		"a,2026-03-02 09:00:00,0,open,7,west\n" +
		"a,2026-03-02 09:00:00,0,open,0,west\n"
	want := []string{
		`{"call_id":"x-a\\-b-open","version":3,"centre":"east","started_at":"2026-03-02T00:00:00.000Z","direction":"inbound","outcome":"open","source":"small"}`,
		`{"call_id":"x-a-open","version":7,"centre":"west","started_at":"2026-03-02T00:00:00.000Z","direction":"inbound","outcome":"open","source":"small"}`,
		"-",
	}
	if diff := cmp.Diff(want, callsOf(t, text, in, Options{Zone: tokyo, Revision: 3, Centre: "east"})); diff != "" {
		t.Error(diff)
	}
}

// FuzzMapping: no bytes make a source fail, and every row is told as exactly one thing.
func FuzzMapping(f *testing.F) {
	f.Add("1,2026-03-02 09:00:00,1:00,1,answered\n")
	f.Add("\"\",,,,\n\n,")
	text := strings.NewReplacer("id: text", "id: {required: true}", "  started_at: at", "  started_at: at\n  wait: wait\n  transfers: n\n  queue: result\n  topics: {column: result, split: e}").Replace(small)
	f.Fuzz(func(t *testing.T, in string) {
		s, err := parse("x.yaml", []byte(text), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		dec := wire.NewDecoder()
		err = s.Read(t.Context(), strings.NewReader("id,at,wait,n,result\n"+in), Options{}, func(it *wire.Item) error {
			set := 0
			for _, is := range []bool{it.Call != nil, it.Ignored != "", it.Rejected != nil} {
				if is {
					set++
				}
			}
			if set != 1 {
				t.Fatalf("%+v", it)
			}
			if it.Call != nil {
				if _, err := dec.Call(wire.AppendCall(nil, it.Call)); err != nil {
					t.Fatalf("accepted, but %v", err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// TestShown: what a workbook keeps as parts of a day is shown as people write it.
func TestShown(t *testing.T) {
	b := &workbook{}
	for _, tc := range []struct{ kind, unit, in, want string }{
		{typeDuration, inClock, "0.0028356481481481", "0:04:05"},
		{typeDuration, inClock, "1.0423611111", "25:01:00"},
		{typeDuration, inSeconds, "245", ""},
		{typeDuration, inClock, "4分05秒", ""},
		{typeTime, "", "0.334849537037037", "08:02:11"},
		{typeDate, "", "46085", "2026-03-04"},
		{typeDatetime, "", "46085.334849537037", "2026-03-04 08:02:11"},
		{typeDatetime, "", "2026-03-04 08:02:11", ""},
		{typeText, "", "46085", ""},
	} {
		got, ok := b.shown(&column{kind: tc.kind, unit: tc.unit}, tc.in)
		if ok != (tc.want != "") || ok && got != tc.want {
			t.Errorf("%s %s %q: %q, %v", tc.kind, tc.unit, tc.in, got, ok)
		}
	}
	if got, ok := (*workbook)(nil).shown(&column{kind: typeDate}, "46085"); ok {
		t.Errorf("outside of a workbook: %q", got)
	}
}
