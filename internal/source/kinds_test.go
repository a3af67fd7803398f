package source

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const ratingsText = `name: ratings
kind: supplement
zone: Asia/Shanghai
format: {type: delimited}
columns:
  id: text
  at: {type: datetime, optional: true}
  grade: {optional: true}
  asked: {optional: true}
  path: {optional: true}
  ivr: {type: duration, optional: true}
  topics: {optional: true}
  state: {optional: true}
identity: {prefix: pbx, columns: [id]}
version: {column: at}
rows:
  - {when: {state: 测试}, ignore: test}
  - {when: {state: 撤销}, deleted: true}
fields:
  rating:
    value: {column: grade, translate: {满意: "3", 基本满意: "2", 不满意: "1"}, unlisted: reject}
    scale: {value: "3"}
    invited: {asked: "1"}
`

func TestSupplements(t *testing.T) {
	want := []string{
		`2: {"call_id":"pbx-a","version":1772415000000,"kind":"rating","centre":"default","source":"ratings","rating":{"invited":true,"value":3,"scale":"3"}}`,
		`3: {"call_id":"pbx-b","version":7,"kind":"rating","centre":"default","source":"ratings","rating":{"invited":true}}`,
		`4: ignored nothing_told`,
		`5: ignored test`,
		`6: {"call_id":"pbx-e","version":7,"kind":"rating","centre":"default","source":"ratings","deleted":true}`,
		`7: grade: unknown_value: "很好" is not in the table of translations`,
		`8: id: missing_field: the identity of the call is empty`,
	}
	in := "id,at,grade,asked,state\na,2026-03-02 09:30:00,满意,1,\nb,,,1,\nc,,,0,\nd,,满意,1,测试\ne,,,,撤销\nf,,很好,1,\n,,满意,1,\n"
	got, err := items(t, ratingsText, strings.NewReader(in), Options{Revision: 7})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	head, _, _ := strings.Cut(ratingsText, "fields:")
	for fields, want := range map[string]string{
		"  ivr: ivr\n  ivr_path: {column: path, split: '>'}\n": `2: {"call_id":"pbx-a","version":1,"kind":"ivr","centre":"default","source":"ratings","ivr_seconds":12.500,"ivr_path":["1","1","2"]}`,
		"  topics: {column: topics, split: ;}\n":               `2: {"call_id":"pbx-a","version":1,"kind":"topics","centre":"default","source":"ratings","topics":["社保卡","养老"]}`,
	} {
		got, err := items(t, head+"fields:\n"+fields, strings.NewReader("id,path,ivr,topics\na,1>1>2,12.5,社保卡;养老;社保卡\n"), Options{})
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%v, %v", got, err)
		}
	}
}

const statesText = `name: states
kind: agent_state
zone: Asia/Shanghai
format: {type: delimited}
columns: {who: {header: 工号}, what: {header: 状态}, why: {header: 原因}, when: {header: 时间, type: datetime}}
rows:
  - {when: {what: [心跳]}, ignore: heartbeat}
fields:
  agent: who
  state: {column: what, translate: {签入: signed_in, 空闲: free, 小休: paused, 签出: signed_out}, unlisted: reject}
  reason: why
  since: when
`

func TestAgentStates(t *testing.T) {
	in := "工号,状态,原因,时间\n1003,签入,,2026-03-02 08:30:00\n1003,小休,吃饭,2026-03-02 12:00:00\n1003,空闲,吃饭,2026-03-02 12:00:00\n1003,心跳,,\n1003,喝茶,,2026-03-02 12:00:00\n"
	want := []string{
		`2: {"agent":"1003","centre":"default","since":"2026-03-02T00:30:00.000Z","version":4294967298,"state":"signed_in","source":"states"}`,
		`3: {"agent":"1003","centre":"default","since":"2026-03-02T04:00:00.000Z","version":4294967299,"state":"paused","reason":"吃饭","source":"states"}`,
		`4: {"agent":"1003","centre":"default","since":"2026-03-02T04:00:00.000Z","version":4294967300,"state":"free","source":"states"}`,
		`5: ignored heartbeat`,
		`6: 状态: unknown_value: "喝茶" is not in the table of translations`,
	}
	got, err := items(t, statesText, strings.NewReader(in), Options{Revision: 2})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestKindFaults(t *testing.T) {
	for name, tc := range map[string]struct{ text, old, new, want string }{
		"kind":          {ratingsText, "kind: supplement", "kind: rating", `"rating" is none of call, supplement, agent_state`},
		"outcome":       {ratingsText, "rows:", "outcome:", "outcome: means nothing in a description of kind supplement"},
		"two kinds":     {ratingsText, "fields:\n", "fields:\n  topics: topics\n", "here are rating and topics: write one description for each"},
		"no kind":       {ratingsText, "fields:\n", "fields: {centre: id}\nattributes:\n", "a supplement tells rating, ivr or topics"},
		"path alone":    {ratingsText, "  rating:\n    value: {column: grade, translate: {满意: \"3\", 基本满意: \"2\", 不满意: \"1\"}, unlisted: reject}\n    scale: {value: \"3\"}\n    invited: {asked: \"1\"}\n", "  ivr_path: path\n", "ivr_path goes with ivr"},
		"rows decide":   {ratingsText, "ignore: test", "outcome: answered", "outcomes are of calls"},
		"outcomes":      {statesText, "reason: why", "reason: {column: why, outcomes: [answered]}", "outcomes are of calls, not of a description of kind agent_state"},
		"no since":      {statesText, "  since: when\n", "", "since is missing"},
		"state":         {statesText, "空闲: free", "空闲: idle", `"空闲" becomes "idle", which is no state of an agent`},
		"taken back":    {statesText, "ignore: heartbeat", "deleted: true", "cannot be taken back"},
		"format key":    {ratingsText, "{type: delimited}", "{type: xlsx, delimiter: comma}", "format.delimiter: means nothing in the format xlsx"},
		"json header":   {ratingsText, "{type: delimited}\ncolumns:\n  id: text", "{type: jsonl}\ncolumns:\n  id: {header: x}", "neither header nor position: give the path"},
		"path of text":  {ratingsText, "  id: text", "  id: {path: a.b}", "a path is for JSON"},
		"bad path":      {ratingsText, "{type: delimited}\ncolumns:\n  id: text", "{type: jsonl}\ncolumns:\n  id: {path: a..b}", "a key is empty"},
		"records":       {ratingsText, "{type: delimited}", "{type: json, records: 'a[0]'}", "keys alone lead to the list of records"},
		"settings":      {ratingsText, "zone:", "settings: {a: b}\nzone:", "settings"},
		"native":        {ratingsText, "zone:", "native: x\nzone:", "built without native formats"},
		"header rows":   {ratingsText, "{type: delimited}", "{header: false, header_rows: 2}", "header_rows is for files with a header"},
		"no identity":   {ratingsText, "identity: {prefix: pbx, columns: [id]}\n", "", "identity is missing"},
		"no such field": {statesText, "  reason: why", "  reasn: why", `unknown key "reasn", did you mean reason?`},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(tc.text, tc.old, tc.new, 1)
			if text == tc.text {
				t.Fatal("the test changes nothing")
			}
			if _, err := parse("x.yaml", []byte(text), nil, nil); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
		})
	}
}
