package source

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/kpi"
	"hotline12333/internal/wire"
)

const small = `name: small
zone: Asia/Shanghai
format: {type: delimited}
columns:
  id: text
  at: {type: datetime}
  wait: {type: duration}
  n: {type: integer, optional: true}
  phone: {optional: true}
  result: text
identity: [id]
outcome:
  - {column: result}
fields:
  started_at: at
`

// TestFaults: every mistake in a description is one sentence with its place.
func TestFaults(t *testing.T) {
	for name, tc := range map[string]struct{ old, new, want string }{
		"unknown key":        {"zone:", "zoen:", `x.yaml:2:1: unknown key "zoen", did you mean zone?; known: `},
		"key twice":          {"zone: Asia/Shanghai\n", "zone: UTC\nzone: UTC\n", "x.yaml:3:1: zone: given twice"},
		"syntax":             {"columns:\n", "columns: [\n", "x.yaml:11:1: "},
		"no name":            {"name: small\n", "", "name is missing"},
		"bad name":           {"name: small", "name: Small one", `x.yaml:1:7: name: "Small one" is not a name`},
		"no identity":        {"identity: [id]\n", "", "identity is missing"},
		"empty identity":     {"[id]", "[]", "x.yaml:11:11: identity: at least one column"},
		"zone":               {"Asia/Shanghai", "Asia/Shangai", `x.yaml:2:7: zone: time zone "Asia/Shangai" is not known, did you mean Asia/Shanghai?`},
		"local zone":         {"Asia/Shanghai", "Local", "means another time on every machine"},
		"calendar":           {"zone: ", "calendar: cn-1949\nzone: ", `x.yaml:2:11: calendar: calendar "cn-1949" is not known`},
		"capability":         {"zone: ", "capabilities: [ivr, rating]\nzone: ", `x.yaml:2:21: capabilities[1]: "rating" is none of`},
		"format type":        {"type: delimited", "type: excel", `"excel" is none of delimited`},
		"delimiter":          {"type: delimited", "delimiter: ab", `format.delimiter: "ab" is no delimiter`},
		"quote":              {"type: delimited", "quote: '|'", `"|" is no quote`},
		"encoding":           {"type: delimited", "encoding: gbk2", `format.encoding: "gbk2" is none of utf-8, gb18030, latin-1`},
		"skip":               {"type: delimited", "skip_lines: -1", `"-1" is not a whole number from 0 to 1000`},
		"header":             {"type: delimited", "header: maybe", `"maybe" is none of false, true`},
		"footer":             {"type: delimited", "footer: ['']", "would make every row a footer"},
		"width":              {"type: delimited", "width: 3", "here the header tells it"},
		"no positions":       {"type: delimited", "header: false", "x.yaml:5:3: columns.id: a file without a header needs the position"},
		"position":           {"id: text", "id: {position: 1}", "columns.id.position: position is for files without a header"},
		"column type":        {"id: text", "id: texts", `x.yaml:5:7: columns.id: "texts" is none of text, integer, date, time, datetime, duration, did you mean text?`},
		"column list":        {"id: text", "id: [a]", "want the type of the column or a mapping, found a list"},
		"column key":         {"{type: integer,", "{typ: integer,", `columns.n: unknown key "typ", did you mean type?`},
		"column name":        {"id: text", "any_of: text", "cannot name a column"},
		"format of text":     {"{type: integer,", "{format: yyyy,", "a format is for date, time and datetime; the type is text"},
		"unit of text":       {"{type: integer,", "{unit: ms,", "a unit is for durations; the type is text"},
		"half a datetime":    {"{type: datetime}", "{type: datetime, format: yyyy-MM-dd}", `format "yyyy-MM-dd" does not fit the type datetime`},
		"format letters":     {"{type: datetime}", "{type: datetime, format: YYYY-MM-dd}", "YYYY means nothing; known: yyyy"},
		"unquoted format":    {"{type: datetime}", "{type: datetime, format: [H:mm, mm: ss]}", "a text with : in it needs quotes"},
		"unknown column":     {"started_at: at", "started_at: att", `x.yaml:15:15: fields.started_at: column "att" is not under columns, did you mean at?`},
		"wrong type":         {"started_at: at", "started_at: id", "x.yaml:15:15: fields.started_at: column id has the type text; needed: datetime"},
		"no arrival":         {"started_at: at", "wait: wait", "fields: started_at, the arrival, is missing"},
		"arrival outcomes":   {"started_at: at", "started_at: {column: at, outcomes: [answered]}", "neither rollover nor outcomes"},
		"half a time":        {"started_at: at", "started_at: {date: at}", "want a datetime column, or a date and a time"},
		"rollover":           {"started_at: at", "started_at: at\n  queued_at: {column: at, rollover: true}", "rollover is for a date and a time"},
		"outcome of field":   {"started_at: at", "started_at: at\n  agent: {column: id, outcomes: [anwsered]}", `"anwsered" is no outcome, did you mean answered?`},
		"column and value":   {"started_at: at", "started_at: at\n  agent: {column: id, value: x}", "want either a column or a value"},
		"direction":          {"started_at: at", "started_at: at\n  direction: {value: in}", `"in" is no direction`},
		"direction table":    {"started_at: at", "started_at: at\n  direction: {column: id, translate: {a: outward}}", `"a" becomes "outward", which is no direction`},
		"exclusion":          {"started_at: at", "started_at: at\n  excluded: {column: id, translate: {a: spam}}", "which is no reason for exclusion"},
		"rating scale":       {"started_at: at", "started_at: at\n  rating: {value: n}", "a rating needs the scale"},
		"span":               {"started_at: at", "started_at: at\n  wait: {minus: wait}", "fields.wait: column is missing"},
		"no rules":           {"  - {column: result}", "  []", "at least one rule is needed"},
		"rule decides twice": {"{column: result}", "{outcome: answered, ignore: leg}", "a rule decides one thing"},
		"rule decides none":  {"{column: result}", "{when: {id: a}}", "a rule decides one thing"},
		"rule outcome":       {"{column: result}", "{outcome: anwsered}", `x.yaml:13:15: outcome[0].outcome: "anwsered" is no outcome, did you mean answered?`},
		"rule exclusion":     {"{column: result}", "{outcome: answered, excluded: spam}", `"spam" is none of blacklist, test, internal, phantom, outbound`},
		"rule translation":   {"{column: result}", "{column: result, translate: {x: lost}}", `"x" becomes "lost", which is no outcome`},
		"ignore reason":      {"{column: result}", "{ignore: An agent's leg}", "is no reason: small letters"},
		"condition column":   {"{column: result}", "{when: {reslt: a}, outcome: answered}", `x.yaml:13:13: outcome[0].when.reslt: column "reslt" is not under columns, did you mean result?`},
		"condition word":     {"{column: result}", "{when: {n: {abov: 1}}, outcome: answered}", `unknown key "abov", did you mean above?`},
		"compare text":       {"{column: result}", "{when: {id: {above: 1}}, outcome: answered}", "only integers and durations (in seconds) can be compared; column id is a text"},
		"compare with text":  {"{column: result}", "{when: {n: {above: x}}, outcome: answered}", `"x" is not a number`},
		"empty any_of":       {"{column: result}", "{when: {any_of: []}, outcome: answered}", "at least one condition is needed"},
		"caller":             {"identity:", "caller: {column: phone}\nidentity:", "as is missing: [hash], [mask] or [hash, mask]"},
		"caller's mask":      {"identity:", "caller: {column: phone, kind: identifier, as: [mask]}\nidentity:", "only numbers have a masked form"},
		"caller in clear":    {"identity: [id]", "caller: {column: phone, as: [hash]}\nidentity: [id, phone]", "x.yaml:9:3: columns.phone: the column identifies the caller"},
		"personal attribute": {"identity: [id]", "attributes: {a: phone}\ncaller: {column: phone, as: [hash]}\nidentity: [id]", "the column identifies the caller"},
		"version":            {"identity:", "version: {column: id}\nidentity:", "needed: integer or datetime"},
		"two documents":      {"zone:", "---\nzone:", "want one YAML document, found 2"},
		"anchor":             {"id: text", "id: &a text", "an anchor or alias, which are not supported"},
		"nothing":            {small, "# nothing", "want one YAML document, found 0"},
		"not UTF-8":          {"small", "\xff", "not UTF-8 text"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(small, tc.old, tc.new, 1)
			if text == small {
				t.Fatal("the test changes nothing")
			}
			_, err := parse("x.yaml", []byte(text), nil, nil)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "x.yaml:") {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
		})
	}
	if _, err := parse("x.yaml", []byte(small), nil, nil); err != nil {
		t.Errorf("the description without faults: %v", err)
	}
	both := strings.NewReplacer("id: text", "id: txt", "at: {", "at: {typ: x, ").Replace(small)
	if _, err := parse("x.yaml", []byte(both), nil, nil); strings.Count(err.Error(), "x.yaml:") < 2 {
		t.Errorf("not all faults are told: %v", err)
	}
}

// TestHeaderFaults: a column the file does not have names the description's place and
// what the file has.
func TestHeaderFaults(t *testing.T) {
	s, err := parse("x.yaml", []byte(strings.Replace(small, "  wait: {", "  wait: {header: q_tim, ", 1)), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ header, want string }{
		"missing": {"id,at,q_time,result", `x.yaml:7:18: columns.wait.header: f.csv has no column "q_tim", did you mean q_time?; its header has: "id", "at", "q_time", "result"`},
		"a row":   {"1,13812345678,a,b", `x.yaml:5:3: columns.id: f.csv has no column "id"; its header has: "1", a value of 11 characters, "a", "b"` + "\n"},
		"twice":   {"id,at,q_tim,result,at", `x.yaml:6:3: columns.at: f.csv has two columns named "at"`},
	} {
		t.Run(name, func(t *testing.T) {
			err := s.Read(context.Background(), strings.NewReader(tc.header+"\n"), Options{Name: "f.csv"}, nil)
			if err == nil || !strings.HasPrefix(err.Error()+"\n", tc.want) || strings.Contains(err.Error(), "138") {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
		})
	}
}

func TestRegistry(t *testing.T) {
	builtin := fstest.MapFS{
		"sources/small.yaml": {Data: []byte(small)},
		"sources/other.yaml": {Data: []byte(strings.Replace(small, "name: small", "name: other\ntitle: built in\ncapabilities: [ivr]", 1))},
		"sources/README.md":  {Data: []byte("no description")},
	}
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("mine.yaml", strings.Replace(small, "name: small", "name: mine", 1))
	write("other.yml", strings.Replace(small, "name: small", "name: other\ntitle: the centre's", 1))
	write("notes.txt", "nothing")
	reg, err := Load(builtin, Config{Dir: []string{dir}}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"mine", "other", "small"}, reg.Names()); diff != "" {
		t.Error(diff)
	}
	if s, err := reg.Lookup("other"); err != nil || s.Title() != "the centre's" || s.Path() != filepath.Join(dir, "other.yml") {
		t.Errorf("the centre's own does not replace the built-in: %v, %v", s, err)
	}
	for name, want := range map[string]string{
		"smal": `source "smal" is not known, did you mean small?; known: mine, other, small`,
		"":     "no source is given; known: mine, other, small",
		"pbx":  `source "pbx" is not known; known: mine, other, small`,
	} {
		if _, err := reg.Lookup(name); err == nil || err.Error() != want {
			t.Errorf("Lookup(%q): %v", name, err)
		}
	}
	if k := reg.Knows("small"); k == nil || k[kpi.CanIVR] {
		t.Errorf("small knows %v", k)
	}
	if k := reg.Knows("live"); k != nil {
		t.Errorf("a source without a description misses %v", k)
	}
	if c := reg.Calendar("small").Name() + reg.Calendar("live").Name(); c != "alwaysalways" {
		t.Errorf("calendars %s", c)
	}
	write("again.yaml", strings.Replace(small, "name: small", "name: mine", 1))
	write("broken.yaml", "name: [")
	_, err = Load(builtin, Config{Dir: []string{dir, filepath.Join(dir, "none")}}, nil, nil)
	for _, want := range []string{"source mine is described twice: in ", "broken.yaml:1:", "none: no such file"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	reg, err = Open(builtin, Config{Dir: []string{dir, filepath.Join(dir, "none")}}, nil, nil)
	if err != nil || len(reg.Faults()) != 3 || reg.Err() == nil {
		t.Fatalf("opened with %v, %v", reg.Err(), err)
	}
	if _, err := reg.Lookup("other"); err != nil {
		t.Errorf("a good one beside faulty ones: %v", err)
	}
	for name, want := range map[string]string{"mine": "described twice", "unheard": "broken.yaml:1:"} {
		if _, err := reg.Lookup(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Lookup(%q): %v, want %q", name, err, want)
		}
	}
	// What a faulty one says of figures holds for those who do not read its files; and it
	// keeps the built-in one that it was to replace from being used instead.
	write("again.yaml", "name: small\ncapabilities: [ivr]\nformat: {type: none}\n")
	if reg, err = Open(builtin, Config{Dir: []string{filepath.Join(dir, "again.yaml")}}, nil, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := reg.Lookup("small"); err == nil || !strings.Contains(err.Error(), "again.yaml:3") {
		t.Errorf("a faulty replacement: %v", err)
	}
	if k := reg.Knows("small"); !k[kpi.CanIVR] || k[kpi.CanRing] {
		t.Errorf("a faulty description knows %v", k)
	}
	if _, err := Load(fstest.MapFS{}, DefaultConfig(), nil, nil); err == nil {
		t.Error("nothing is loaded without an error")
	}
	if err := (Config{Dir: []string{" "}}).Validate(); err == nil || !strings.HasPrefix(err.Error(), "dir:") {
		t.Errorf("an empty directory: %v", err)
	}
}

// TestOptions are readings that cannot begin.
func TestOptions(t *testing.T) {
	read := func(text string, opts Options) error {
		s, err := parse("x.yaml", []byte(text), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s.Read(t.Context(), strings.NewReader("id,at,wait,result\n"), opts, func(*wire.Item) error { return nil })
	}
	noZone := strings.Replace(small, "zone: Asia/Shanghai\n", "", 1)
	if err := read(noZone, Options{}); err == nil || !strings.Contains(err.Error(), "--zone Asia/Shanghai") {
		t.Errorf("without a zone: %v", err)
	}
	if err := read(strings.Replace(noZone, "{type: datetime}", "{type: datetime, format: epoch}", 1), Options{}); err != nil {
		t.Errorf("no zone is needed for unix time: %v", err)
	}
	if err := read(small, Options{Revision: 1 << 60}); err == nil {
		t.Error("a revision above 2^53-1 is taken")
	}
	if err := read(strings.Replace(small, "identity:", "caller: {column: phone, as: [hash]}\nidentity:", 1), Options{}); err == nil {
		t.Error("callers are mapped without a key")
	}
}

// TestRules are conditions and outcomes on single rows.
func TestRules(t *testing.T) {
	const head = "id,at,wait,n,result\n"
	for name, tc := range map[string]struct{ rules, row, want string }{
		"is":              {"{when: {result: a}, outcome: answered}", "1,2026-03-02 00:00:00,0,1,a", "answered"},
		"list":            {"{when: {result: [x, a]}, outcome: answered}", "1,2026-03-02 00:00:00,0,1,a", "answered"},
		"first wins":      {"{when: {result: a}, outcome: open}, {outcome: answered}", "1,2026-03-02 00:00:00,0,1,a", "open"},
		"no rule":         {"{when: {result: x}, outcome: open}", "1,2026-03-02 00:00:00,0,1,a", "outcome: unknown_value: no outcome rule of the source small fits the row"},
		"not":             {"{when: {result: {not: [b, c]}}, outcome: answered}", "1,2026-03-02 00:00:00,0,1,a", "answered"},
		"parts":           {"{when: {result: {starts_with: 接, contains: 通, ends_with: 了}}, outcome: answered}", "1,2026-03-02 00:00:00,0,1,接通了", "answered"},
		"absent":          {"{when: {n: absent}, outcome: answered}", "1,2026-03-02 00:00:00,0,,a", "answered"},
		"bounds":          {"{when: {n: {at_least: 2, at_most: 2, above: 1, below: 3}}, outcome: answered}", "1,2026-03-02 00:00:00,0,2,a", "answered"},
		"below":           {"{when: {wait: {below: 2.5}}, outcome: open}, {outcome: blocked}", "1,2026-03-02 00:00:00,2.5,2,a", "blocked"},
		"nothing to test": {"{when: {n: {below: 9}}, outcome: open}, {outcome: blocked}", "1,2026-03-02 00:00:00,0,,a", "blocked"},
		"bad to test":     {"{when: {n: {below: 9}}, outcome: open}, {outcome: blocked}", "1,2026-03-02 00:00:00,0,x,a", `n: wrong_type: "x" is not a whole number`},
		"all_of":          {"{when: {all_of: [{n: '1'}, {result: b}]}, outcome: open}, {outcome: blocked}", "1,2026-03-02 00:00:00,0,1,a", "blocked"},
		"deleted":         {"{deleted: true}", "1,,,,", "deleted"},
		"ignored":         {"{ignore: leg}", ",,,,", "ignored leg"},
		"column":          {"{column: result}", "1,2026-03-02 00:00:00,0,1,timed_out", "timed_out"},
		"empty column":    {"{column: result}, {outcome: open}", "1,2026-03-02 00:00:00,0,1,", "open"},
		"unknown outcome": {"{column: result}", "1,2026-03-02 00:00:00,0,1,lost", `result: unknown_value: "lost" is not an outcome`},
		"number as such":  {"{column: result}", "1,2026-03-02 00:00:00,0,1,13812345678", "result: unknown_value: a value of 11 characters is not an outcome"},
		"no id":           {"{outcome: open}", ",2026-03-02 00:00:00,0,1,a", "id: missing_field: the identity of the call is empty"},
		"no time":         {"{outcome: open}", "1,,0,1,a", "started_at: missing_field: the arrival time is needed"},
		"year 1":          {"{outcome: open}", "1,0001-01-01 00:00:00,0,1,a", "at: out_of_range: year 1 is outside 1990 to 2099"},
		"year 9999":       {"{outcome: open}", "1,9999-06-01 00:00:00,0,1,a", "started_at: out_of_range: year 9999 is outside 1990 to 2099"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := parse("x.yaml", []byte(strings.Replace(small, "  - {column: result}", "  ["+tc.rules+"]", 1)), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			err = s.Read(t.Context(), strings.NewReader(head+tc.row+"\n"), Options{}, func(it *wire.Item) error {
				switch {
				case it.Rejected != nil:
					got = append(got, it.Rejected.Error())
				case it.Ignored != "":
					got = append(got, "ignored "+it.Ignored)
				case it.Call.Deleted:
					got = append(got, "deleted")
				default:
					got = append(got, string(it.Call.Outcome))
				}
				return nil
			})
			if err != nil || fmt.Sprint(got) != fmt.Sprint([]string{tc.want}) {
				t.Errorf("got %v, %v, want %s", got, err, tc.want)
			}
		})
	}
}
