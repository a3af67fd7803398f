package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
	"hotline12333/pipelines"
)

func TestDecode(t *testing.T) {
	d := NewDecoder() // one for all: nothing of a record may be left for the next
	for _, tt := range examples() {
		t.Run(tt.name, func(t *testing.T) {
			c, err := d.Call([]byte(tt.json))
			if tt.reason == "" {
				if err != nil {
					t.Fatal(err)
				}
				if c.ID == "" {
					t.Errorf("call_id %q", c.ID)
				}
				return
			}
			var reject *hotline.RejectError
			if !errors.As(err, &reject) {
				t.Fatalf("got %v, want %s of %q", err, tt.reason, tt.field)
			}
			if reject.Reason != tt.reason || reject.Field != tt.field && tt.field != "*" || reject.Detail == "" || c != nil {
				t.Errorf("got %v, want %s of %q", err, tt.reason, tt.field)
			}
			if !utf8.ValidString(err.Error()) || len(err.Error()) > 500 {
				t.Errorf("an error of %d bytes: %.600q", len(err.Error()), err.Error())
			}
		})
	}
}

// The schema is the contract others read: it must accept what the decoder accepts and
// refuse what it refuses, as far as it can see.
func TestSchemaAgreesWithDecoder(t *testing.T) {
	data, err := pipelines.Schema.ReadFile("schema/call.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	schema := compiled(t, "call.schema.json", data)
	for _, tt := range examples() {
		if tt.beyondSchema {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			value, err := jsonschema.UnmarshalJSON(strings.NewReader(tt.json))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(value); (err == nil) != (tt.reason == "") {
				t.Errorf("the schema says %v, the decoder %q of %q", err, tt.reason, tt.field)
			}
		})
	}
	t.Run("every field", func(t *testing.T) {
		var contract struct {
			Properties map[string]any `json:"properties"`
		}
		if err := json.Unmarshal(data, &contract); err != nil {
			t.Fatal(err)
		}
		var written map[string]any
		if err := json.Unmarshal(AppendCall(nil, fullCall()), &written); err != nil {
			t.Fatal(err)
		}
		for name := range written {
			if _, ok := contract.Properties[name]; !ok {
				t.Errorf("%s is written and not in the schema", name)
			}
		}
		for name := range contract.Properties {
			if _, ok := written[name]; !ok {
				t.Errorf("%s is in the schema and not written", name)
			}
		}
	})
}

// fullCall has a value in every field.
func fullCall() *hotline.Call {
	at := time.Date(2026, 3, 2, 1, 30, 0, 0, time.UTC)
	return &hotline.Call{
		ID: "c-1", Version: 3, Centre: "xianyang",
		StartedAt: at, QueuedAt: at.Add(20500 * time.Millisecond), AnsweredAt: at.Add(30 * time.Second), EndedAt: at.Add(5 * time.Minute),
		Direction: hotline.Inbound, Outcome: hotline.Answered, Excluded: hotline.ExcludedTest,
		Queue: "养老待遇", Agent: "8001", Topics: []string{"工伤认定", "其他"},
		Wait: hotline.Millis(9500), Talk: hotline.Seconds(100), Hold: hotline.Seconds(0), Wrapup: hotline.Millis(30_025), IVR: hotline.Millis(-5),
		Legs:      []hotline.Leg{{Agent: "8001", Queue: "q", AnsweredAt: at, EndedAt: at.Add(time.Millisecond), Hold: hotline.Millis(-1001)}, {Agent: "8002"}},
		Transfers: 1, CallerHash: "ab12", CallerMasked: "138****5678", CallerSealed: "xyz", Region: "陕西咸阳",
		Rating: hotline.Rating{Invited: true, Given: true, Value: 5, Scale: "5"}, Source: "pbx",
		Attributes: map[string]string{"trunk": "7", "a": `"quoted" \ <b>`}, Deleted: true,
	}
}

func TestCanonicalEncoding(t *testing.T) {
	want := `{"call_id":"c-1","version":3,"centre":"xianyang","started_at":"2026-03-02T01:30:00.000Z","queued_at":"2026-03-02T01:30:20.500Z",` +
		`"answered_at":"2026-03-02T01:30:30.000Z","ended_at":"2026-03-02T01:35:00.000Z","direction":"inbound","outcome":"answered","excluded":"test",` +
		`"queue":"养老待遇","agent":"8001","topics":["工伤认定","其他"],"wait_seconds":9.500,"talk_seconds":100,"hold_seconds":0,"wrapup_seconds":30.025,"ivr_seconds":-0.005,` +
		`"legs":[{"agent":"8001","queue":"q","answered_at":"2026-03-02T01:30:00.000Z","ended_at":"2026-03-02T01:30:00.001Z","hold_seconds":-1.001},{"agent":"8002"}],` +
		`"transfers":1,"caller_hash":"ab12","caller_masked":"138****5678","caller_sealed":"xyz","region":"陕西咸阳","rating":{"invited":true,"value":5,"scale":"5"},` +
		`"source":"pbx","attributes":{"a":"\"quoted\" \\ <b>","trunk":"7"},"deleted":true}`
	if diff := cmp.Diff(want, string(AppendCall(nil, fullCall()))); diff != "" {
		t.Errorf("this changes the hash of every record ever stored:\n%s", diff)
	}
	if got := string(AppendCall([]byte("before "), &hotline.Call{ID: "c", Version: 1})); got != `before {"call_id":"c","version":1}` {
		t.Error(got)
	}
}

func TestEqualContentEqualBytes(t *testing.T) {
	d := NewDecoder()
	one := `{"call_id":"c","version":1,"outcome":"open","started_at":"2026-03-02T09:30:00.0004+08:00","topics":[],"wait_seconds":1.5,"attributes":{"b":"2","a":"1"},"rating":{},"transfers":0}`
	for _, other := range []string{
		`{"version":1,"call_id":"c","started_at":"2026-03-02T01:30:00Z","outcome":"open","attributes":{"a":"1","b":"2"},"wait_seconds":1.50,"queue":""}`,
		`{"call_id":"\u0063","version":1,"centre":"default","direction":"inbound","outcome":"open","started_at":"2026-03-01T22:00:00.000999-03:30","wait_seconds":15e-1,"attributes":{"\u0061":"1","b":"2"},"unknown":1,"excluded":null}`,
	} {
		a, err := d.Call([]byte(one))
		if err != nil {
			t.Fatal(err)
		}
		b, err := d.Call([]byte(other))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(AppendCall(nil, a)), string(AppendCall(nil, b))); diff != "" {
			t.Error(diff)
		}
		if Rank(a) != Rank(b) {
			t.Error("and the ranks differ")
		}
	}
}

func TestSpansToTheMillisecond(t *testing.T) {
	d := NewDecoder()
	for in, want := range map[string]int64{
		"0": 0, "-0": 0, "1": 1000, "0.001": 1, "0.0004": 0, "0.0005": 1, "-0.0005": -1, "-0.0004": 0, "12.3456": 12346, "1e-3": 1,
		"604799.999": 604_799_999, "-604800": -604_800_000, "0.1": 100, "1.005": 1005, "2.675": 2675, "599.9996": 600_000,
	} {
		c, err := d.Call([]byte(record(`"talk_seconds":` + in)))
		if err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		if c.Talk != hotline.Millis(want) {
			t.Errorf("%s s is %v, want %d ms", in, c.Talk, want)
		}
	}
}

func TestRank(t *testing.T) {
	c := fullCall()
	first := Rank(c)
	if first.Version != c.Version || first.Hash == 0 {
		t.Errorf("%+v", first)
	}
	c.ID, c.Version = "other", 9
	if again := Rank(c); again.Hash != first.Hash || again.Version != 9 {
		t.Error("identity and version are part of the content's hash")
	}
	for name, change := range map[string]func(*hotline.Call){
		"queue":     func(c *hotline.Call) { c.Queue = "q" },
		"unknown":   func(c *hotline.Call) { c.Hold = hotline.Span{} },
		"attribute": func(c *hotline.Call) { c.Attributes["trunk"] = "8" },
		"leg":       func(c *hotline.Call) { c.Legs = c.Legs[:1] },
		"moved":     func(c *hotline.Call) { c.Queue, c.Agent = c.Agent, c.Queue },
		"deleted":   func(c *hotline.Call) { c.Deleted = false },
	} {
		c := fullCall()
		change(c)
		if Rank(c).Hash == first.Hash {
			t.Errorf("%s: other content, the same hash", name)
		}
	}
}

func TestErrorsStayShort(t *testing.T) {
	d := NewDecoder()
	long := strings.Repeat("键", 100_000)
	for _, in := range []string{
		record(`"attributes":{"` + long + `":5}`),
		record(`"` + long + `":{"a":1,"a":1}`),
		record(`"` + long + `":` + "\"\xff\""),
		record(`"excluded":"` + long + `"`),
		without("version", strings.Repeat("9", 100_000)),
		without("version", "1."+strings.Repeat("9", 100_000)),
		started(long),
	} {
		_, err := d.Call([]byte(in))
		if err == nil {
			t.Fatalf("%.80s… is accepted", in)
		}
		if len(err.Error()) > 500 || !utf8.ValidString(err.Error()) {
			t.Errorf("an error of %d bytes: %.200q", len(err.Error()), err.Error())
		}
	}
}

func started(text string) string { return without("started_at", `"`+text+`"`) }

// calls draws valid calls as decoding gives them: to the millisecond, in UTC, defaults set.
func calls() *rapid.Generator[*hotline.Call] {
	return rapid.Custom(func(t *rapid.T) *hotline.Call {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab9 养老\"\\/<>&\u2028\U0001F4DE{}[],:")), 0, 20, hotline.MaxName)
		name := func(label string) string { return text.Draw(t, label) }
		instant := rapid.Custom(func(t *rapid.T) time.Time {
			if rapid.Bool().Draw(t, "unknown") {
				return time.Time{}
			}
			low, high := hotline.Earliest.UnixMilli(), hotline.Latest.UnixMilli()-1
			return time.UnixMilli(rapid.Int64Range(low, high).Draw(t, "ms")).UTC()
		})
		span := rapid.Custom(func(t *rapid.T) hotline.Span {
			if rapid.Bool().Draw(t, "unknown") {
				return hotline.Span{}
			}
			return hotline.Millis(rapid.Int64Range(-hotline.MaxSpan, hotline.MaxSpan).Draw(t, "span"))
		})
		c := &hotline.Call{
			ID: "x" + name("id"), Version: rapid.Uint64Range(1, hotline.MaxVersion).Draw(t, "version"), Centre: name("centre"),
			StartedAt: hotline.Earliest, QueuedAt: instant.Draw(t, "queued"), AnsweredAt: instant.Draw(t, "answered"), EndedAt: instant.Draw(t, "ended"),
			Direction: rapid.SampledFrom([]hotline.Direction{"", hotline.Inbound, hotline.Outbound, hotline.Callback}).Draw(t, "direction"),
			Outcome:   rapid.SampledFrom(append(hotline.FinalOutcomes(), hotline.Open)).Draw(t, "outcome"),
			Excluded:  rapid.SampledFrom(append(hotline.Exclusions(), hotline.NotExcluded)).Draw(t, "excluded"),
			Queue:     name("queue"), Agent: name("agent"),
			Wait: span.Draw(t, "wait"), Talk: span.Draw(t, "talk"), Hold: span.Draw(t, "hold"), Wrapup: span.Draw(t, "wrapup"), IVR: span.Draw(t, "ivr"),
			Transfers:  uint32(rapid.IntRange(0, hotline.MaxTransfers).Draw(t, "transfers")),
			CallerHash: name("hash"), CallerMasked: name("mask"), CallerSealed: name("sealed"), Region: name("region"), Source: name("source"),
			Rating:  hotline.Rating{Invited: rapid.Bool().Draw(t, "invited"), Scale: name("scale")},
			Deleted: rapid.Bool().Draw(t, "deleted"),
		}
		if at := instant.Draw(t, "started"); !at.IsZero() {
			c.StartedAt = at
		}
		for range rapid.IntRange(0, 3).Draw(t, "topics") {
			c.Topics = append(c.Topics, name("topic"))
		}
		for range rapid.IntRange(0, 3).Draw(t, "legs") {
			c.Legs = append(c.Legs, hotline.Leg{
				Agent: name("leg agent"), Queue: name("leg queue"),
				AnsweredAt: instant.Draw(t, "from"), EndedAt: instant.Draw(t, "to"), Hold: span.Draw(t, "leg hold"),
			})
		}
		if n := rapid.IntRange(0, 4).Draw(t, "attributes"); n > 0 {
			c.Attributes = make(map[string]string)
			for range n {
				c.Attributes[name("key")] = name("value")
			}
		}
		if c.Rating.Scale != "" && rapid.Bool().Draw(t, "given") {
			c.Rating.Given, c.Rating.Value = true, rapid.Uint8().Draw(t, "value")
		}
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		return c
	})
}

func TestRoundTrip(t *testing.T) {
	d := NewDecoder()
	rapid.Check(t, func(t *rapid.T) {
		c := calls().Draw(t, "call")
		data := AppendCall(nil, c)
		if !json.Valid(data) {
			t.Fatalf("not JSON: %s", data)
		}
		got, err := d.Call(data)
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if diff := cmp.Diff(c, got); diff != "" {
			t.Fatal(diff)
		}
		if Rank(c) != Rank(got) {
			t.Fatal("the rank changed on the way")
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, e := range examples() {
		if len(e.json) < 4096 {
			f.Add([]byte(e.json))
		}
	}
	f.Add(AppendCall(nil, fullCall()))
	d := NewDecoder()
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := d.Call(data)
		again, err2 := NewDecoder().Call(data)
		if fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("a used decoder says %v, a new one %v", err, err2)
		}
		if err != nil {
			var reject *hotline.RejectError
			if !errors.As(err, &reject) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		encoded := AppendCall(nil, c)
		if !bytes.Equal(encoded, AppendCall(nil, again)) {
			t.Fatal("two decodings differ")
		}
		back, err := d.Call(encoded)
		if err != nil {
			t.Fatalf("%s\nis written as\n%s\nwhich is refused: %v", data, encoded, err)
		}
		if diff := cmp.Diff(c, back); diff != "" {
			t.Fatalf("%s\n%s", data, diff)
		}
		if !back.Deleted {
			back.Facts()
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	data := AppendCall(nil, fullCall())
	d := NewDecoder()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Call(data); err != nil {
			b.Fatal(err)
		}
	}
}
