package freeswitch_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/kpi"
	"hotline12333/internal/source"
	"hotline12333/internal/source/freeswitch"
	"hotline12333/internal/wire"
)

// keys shows of a number how long it is and how it ends.
type keys struct{}

func (keys) Pseudonym(n string) string   { return "h" + n[max(0, len(n)-2):] }
func (keys) PseudonymOfID(string) string { return "" }
func (keys) Mask(n string) string        { return fmt.Sprintf("*%d*", len(n)) }

// TestCSVTellsRequests: where a machine is taken to have answered, those who asked for an
// agent in vain look like those who hung up in the announcement.
func TestCSVTellsRequests(t *testing.T) {
	for settings, want := range map[string]bool{
		"": false, "settings: {answered_alone: machine}\n": false, "settings: {answered_alone: person}\n": true,
		"settings: {answered_alone: person}\ncannot: [requests]\n": false,
	} {
		if got := lookup(t, "freeswitch-cdr-csv", settings).Knows()[kpi.CanRequests]; got != want {
			t.Errorf("%q: %v", settings, got)
		}
	}
	if !lookup(t, "freeswitch-json-cdr", "").Knows()[kpi.CanRequests] {
		t.Error("mod_callcenter's variables tell who joined a queue")
	}
}

func lookup(t testing.TB, name, settings string) *source.Source {
	t.Helper()
	text := "name: fs\nzone: Asia/Shanghai\nnative: " + name + "\n" + settings
	reg, err := source.Load(fstest.MapFS{"fs.yaml": {Data: []byte(text)}}, source.DefaultConfig(), freeswitch.Natives(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := reg.Lookup("fs")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t testing.TB, s *source.Source, in io.Reader, from wire.Position) (out []string, places []wire.Position) {
	t.Helper()
	err := s.Read(t.Context(), in, source.Options{Keys: keys{}, From: from}, func(it *wire.Item) error {
		out, places = append(out, tell(it)), append(places, it.Next)
		if it.Rejected != nil && len(it.Raw) == 0 {
			t.Errorf("line %d is rejected without its bytes", it.Line)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out, places
}

func tell(it *wire.Item) string {
	switch {
	case it.Rejected != nil:
		return fmt.Sprintf("%d: %v", it.Line, it.Rejected)
	case it.Ignored != "":
		return fmt.Sprintf("%d: ignored %s", it.Line, it.Ignored)
	}
	c := it.Call
	f := c.Facts()
	s := fmt.Sprintf("%d: %s %s %s", it.Line, c.ID, c.StartedAt.Format(time.RFC3339), c.Outcome)
	for _, p := range []string{c.Queue, c.Agent, c.CallerMasked, string(f.Excluded)} {
		if p != "" {
			s += " " + p
		}
	}
	s += fmt.Sprintf(" wait %d talk %d", f.Wait, f.Talk)
	if f.Hold > 0 {
		s += fmt.Sprintf(" hold %d", f.Hold)
	}
	if c.Transfers > 0 {
		s += fmt.Sprintf(" transfers %d", c.Transfers)
	}
	if f.Skewed {
		s += " skewed"
	}
	return s
}

func TestJSON(t *testing.T) {
	in, err := os.ReadFile("testdata/callcenter.json")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"2: ignored agent_leg",
		"3: m-answered 2026-03-02T01:30:00Z answered 社保卡@default 1003@default *11* wait 11000 talk 170000 hold 5000 transfers 1",
		"24: m-gave-up 2026-03-02T01:31:00Z abandoned_queue support@default wait 25000 talk 0",
		"25: m-timeout 2026-03-02T01:32:00Z timed_out support@default *8* wait 60000 talk 0",
		"26: m-key 2026-03-02T01:32:00Z abandoned_queue support@default wait 9000 talk 0",
		"27: variables.cc_cancel_reason: unknown_value: none of NONE, TIMEOUT, NO_AGENT_TIMEOUT, BREAK_OUT, EXIT_WITH_KEY",
		"28: d-answered 2026-03-02T01:33:00Z answered 1004 *11* wait 3420 talk 60000",
		"29: ignored second_leg",
		"30: ignored second_leg",
		"31: d-busy 2026-03-02T01:34:00Z blocked wait 0 talk 0",
		"32: d-rang 2026-03-02T01:34:00Z abandoned_ringing wait 12000 talk 0",
		"33: d-machine 2026-03-02T01:34:00Z abandoned_ivr wait 0 talk 0",
		"34: d-out 2026-03-02T01:34:00Z timed_out outbound wait 12000 talk 0",
		"35: variables: missing_field: a record of mod_json_cdr has its facts there",
		"36: variables.uuid: missing_field: the leg has no id",
		"37: variables.start_epoch: wrong_type: not a time in Unix form",
	}
	s := lookup(t, "freeswitch-json-cdr", "")
	got, places := read(t, s, strings.NewReader(string(in)), wire.Position{})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i, at := range places {
		if rest, _ := read(t, s, strings.NewReader(string(in)), at); strings.Join(rest, "\n") != strings.Join(got[i+1:], "\n") {
			t.Errorf("going on after %d: %q", i, rest)
		}
	}
}

const (
	head = `"c","%s","%s","default","2026-03-02 %s","%s","2026-03-02 %s","%d","%d","%s","%s","%s","","PCMA","PCMA"` + "\r\n"
)

func leg(number, dest, start, answer, end string, duration, billed int, cause, id, second string) string {
	if answer != "" {
		answer = "2026-03-02 " + answer
	}
	return fmt.Sprintf(head, number, dest, start, answer, end, duration, billed, cause, id, second)
}

func TestCSV(t *testing.T) {
	agentFirst := leg("13812345678", "1001", "09:00:05", "09:00:10", "09:01:00", 55, 50, "NORMAL_CLEARING", "a1", "") +
		leg("13812345678", "12333", "09:00:00", "09:00:00", "09:01:00", 60, 60, "NORMAL_CLEARING", "m1", "a1")
	memberFirst := leg("13812345678", "12333", "09:00:00", "09:00:00", "09:01:00", 60, 60, "NORMAL_CLEARING", "m1", "a1") +
		leg("13812345678", "1001", "09:00:05", "09:00:10", "09:01:00", 55, 50, "NORMAL_CLEARING", "a1", "")
	both := leg("13812345678", "12333", "09:00:00", "09:00:04", "09:01:00", 60, 56, "NORMAL_CLEARING", "m1", "a1") +
		leg("13812345678", "1001", "09:00:00", "09:00:04", "09:01:00", 60, 56, "NORMAL_CLEARING", "a1", "m1")
	member := "m1 2026-03-02T01:00:00Z answered 1001 *11*"
	for name, tc := range map[string]struct {
		in, settings string
		want         []string
	}{
		"agent's leg first":  {agentFirst, "", []string{"1: ignored agent_leg", "2: " + member + " wait 10000 talk 50000"}},
		"member's leg first": {memberFirst, "", []string{"1: " + member + " wait 10000 talk 50000", "2: ignored agent_leg"}},
		"naming each other":  {both, "", []string{"1: " + member + " wait 4000 talk 56000", "2: ignored agent_leg"}},
		"within the window": {
			leg("1", "1001", "09:00:05", "", "09:01:00", 5, 0, "NO_ANSWER", "a1", "") +
				leg("2", "9", "09:01:00", "", "09:02:30", 5, 0, "ORIGINATOR_CANCEL", "x", "") +
				leg("1", "12333", "09:00:00", "09:00:00", "09:03:00", 60, 60, "NORMAL_CLEARING", "m1", "a1"),
			"",
			[]string{"1: ignored agent_leg", "2: x 2026-03-02T01:01:00Z abandoned_ringing *1* wait 5000 talk 0", "3: m1 2026-03-02T01:00:00Z abandoned_ringing *1* wait 180000 talk 0"},
		},
		"too far apart": {
			leg("1", "1001", "09:00:05", "09:00:10", "09:01:00", 55, 50, "NORMAL_CLEARING", "a1", "") +
				leg("2", "9", "09:01:00", "", "09:03:01", 5, 0, "USER_BUSY", "x", "") +
				leg("1", "12333", "09:00:00", "09:00:02", "09:03:02", 182, 180, "NORMAL_CLEARING", "m1", "a1"),
			"settings: {answered_alone: person}\n",
			[]string{
				"1: a1 2026-03-02T01:00:05Z answered 1001 *1* wait 5000 talk 50000",
				"2: x 2026-03-02T01:01:00Z blocked *1* wait 0 talk 0",
				"3: m1 2026-03-02T01:00:00Z answered 12333 *1* wait 2000 talk 180000",
			},
		},
		"alone": {leg("anonymous", "12333", "09:00:00", "09:00:00", "09:01:00", 60, 60, "NORMAL_CLEARING", "m1", ""), "", []string{
			"1: m1 2026-03-02T01:00:00Z abandoned_ivr wait 0 talk 0",
		}},
		"twice the same": {strings.Repeat(leg("1", "12333", "09:00:00", "", "09:01:00", 60, 0, "NO_ANSWER", "m1", ""), 2), "", []string{
			"1: m1 2026-03-02T01:00:00Z timed_out *1* wait 60000 talk 0", "2: m1 2026-03-02T01:00:00Z timed_out *1* wait 60000 talk 0",
		}},
		"a spreadsheet was here": {"c,1,2,default,2026/3/2 9:00,2026/3/2 9:00,2026/3/2 9:01,61,58,NORMAL_CLEARING,m1,,,\n", "settings: {answered_alone: person}\n", []string{
			"1: m1 2026-03-02T01:00:00Z answered 2 *1* wait 3000 talk 58000",
		}},
		"cut between the files": { // each for itself; one behind the other they are "member's leg first"
			leg("13812345678", "12333", "09:00:00", "09:00:00", "09:01:00", 60, 60, "NORMAL_CLEARING", "m1", "a1"), "",
			[]string{"1: m1 2026-03-02T01:00:00Z answered 12333 *11* wait 0 talk 60000"},
		},
		"faults": {
			"a,b\n" + leg("1", "2", "25:00:00", "", "", 1, 1, "", "m1", "") + strings.Replace(leg("1", "2", "09:00:00", "", "09:00:01", 1, 1, "", "", ""), `"1","1"`, `"1","x"`, 1) +
				leg("1", "2", "09:00:00", "", "09:00:01", 1, 1, "", "", ""),
			"",
			[]string{
				"1: bad_row: 2 fields where mod_cdr_csv's default template has 13",
				"2: start_stamp: wrong_type: not a time as 2026-03-02 09:30:00",
				"3: billsec: wrong_type: not a whole number of seconds",
				"4: uuid: missing_field: the leg has no id",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := lookup(t, "freeswitch-cdr-csv", tc.settings)
			got, places := read(t, s, strings.NewReader(tc.in), wire.Position{})
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for i, at := range places {
				if rest, _ := read(t, s, strings.NewReader(tc.in), at); strings.Join(rest, "\n") != strings.Join(got[i+1:], "\n") {
					t.Errorf("going on after %d: %q", i, rest)
				}
			}
		})
	}
}

// TestLong: many calls whose legs are far apart by rows, and memory that stays.
func TestLong(t *testing.T) {
	const n = 30_000
	r, w := io.Pipe()
	go func() {
		var err error
		for i := 0; i < n && err == nil; i++ {
			at := func(s int) string {
				s += i / 4
				return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
			}
			_, err = io.WriteString(w, leg("13812345678", "1001", at(0), at(5), at(30), 30, 25, "NORMAL_CLEARING", fmt.Sprint("a", i), "")+
				leg("13812345678", "12333", at(0), at(0), at(30), 30, 30, "NORMAL_CLEARING", fmt.Sprint("m", i), fmt.Sprint("a", i)))
		}
		w.CloseWithError(err)
	}()
	calls, legs := 0, 0
	err := lookup(t, "freeswitch-cdr-csv", "").Read(t.Context(), r, source.Options{Keys: keys{}}, func(it *wire.Item) error {
		switch {
		case it.Call != nil && it.Call.Agent == "1001":
			calls++
		case it.Ignored != "":
			legs++
		default:
			t.Fatal(tell(it))
		}
		return nil
	})
	if err != nil || calls != n || legs != n {
		t.Errorf("%d calls, %d legs, %v", calls, legs, err)
	}
}

// TestRealFiles: each of them gives one call per contact.
func TestRealFiles(t *testing.T) {
	for file, want := range map[string]struct {
		native       string
		items, calls int
	}{
		"freeswitch-cdr-csv/callcenter_two_legs.csv":     {"freeswitch-cdr-csv", 2, 1},
		"freeswitch-cdr-csv/Master_default_template.csv": {"freeswitch-cdr-csv", 10, 8},
		"freeswitch-cdr-json/cgrates_fs_json_cdr_1.json": {"freeswitch-json-cdr", 1, 1},
	} {
		f, err := os.Open(filepath.Join("../../../../shared/data", file))
		if err != nil {
			if strings.Contains(os.Getenv("HOTLINE_REQUIRE"), "shared") {
				t.Fatalf("HOTLINE_REQUIRE names shared: %v", err)
			}
			t.Skipf("the real files are not beside the project: %v", err)
		}
		ids := map[string]bool{}
		n := 0
		err = lookup(t, want.native, "").Read(t.Context(), f, source.Options{Keys: keys{}}, func(it *wire.Item) error {
			n++
			if it.Rejected != nil {
				t.Errorf("%s: %s", file, tell(it))
			}
			if it.Call != nil {
				ids[it.Call.ID] = true
				if want.native == "freeswitch-json-cdr" && tell(it) != "1: 3da8bf84-c133-4959-9e24-e72875cb33a1 2018-01-11T10:25:44Z answered 1002 *4* wait 3420 talk 401 hold 67139" {
					t.Error(tell(it))
				}
			}
			return nil
		})
		if err != nil || n != want.items || len(ids) != want.calls {
			t.Errorf("%s: %d items, %d calls, %v", file, n, len(ids), err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func FuzzJSON(f *testing.F) {
	in, err := os.ReadFile("testdata/callcenter.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(in))
	for _, line := range strings.Split(string(in), "\n") {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, in string) { whole(t, lookup(t, "freeswitch-json-cdr", ""), in) })
}

func FuzzCSV(f *testing.F) {
	f.Add(leg("13812345678", "1001", "09:00:05", "09:00:10", "09:01:00", 55, 50, "NORMAL_CLEARING", "a1", "m1") +
		leg("13812345678", "12333", "09:00:00", "09:00:00", "09:09:00", 60, 60, "NORMAL_CLEARING", "m1", "a1"))
	f.Add("a,\"b\n,,,,\n")
	f.Fuzz(func(t *testing.T, in string) { whole(t, lookup(t, "freeswitch-cdr-csv", ""), in) })
}

// whole: items come in order, each is one thing, and going on gives the same rest.
func whole(t *testing.T, s *source.Source, in string) {
	var all []string
	var places []wire.Position
	read := func(from wire.Position) (out []string) {
		err := s.Read(t.Context(), strings.NewReader(in), source.Options{Keys: keys{}, From: from}, func(it *wire.Item) error {
			kinds := 0
			for _, set := range []bool{it.Call != nil, it.Ignored != "", it.Rejected != nil} {
				if set {
					kinds++
				}
			}
			if kinds != 1 || len(places) > 0 && from.Offset == 0 && it.Next.Offset <= places[len(places)-1].Offset {
				t.Fatalf("%+v", it)
			}
			if from.Offset == 0 {
				places = append(places, it.Next)
			}
			out = append(out, tell(it))
			return nil
		})
		if err != nil {
			return nil
		}
		return out
	}
	all = read(wire.Position{})
	for i := 0; i < len(all); i += 1 + len(all)/4 {
		if rest := read(places[i]); strings.Join(rest, "\n") != strings.Join(all[i+1:], "\n") {
			t.Fatalf("going on after %d: %q, not %q", i, rest, all[i+1:])
		}
	}
}
