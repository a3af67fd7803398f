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

// codec is one of the records that are no calls, for tests that hold of all.
type codec struct {
	schema    string
	decode    func(d *Decoder, data []byte) (any, error)
	encode    func(v any) []byte
	rank      func(v any) hotline.Rank
	full      any    // a value in every field
	canonical string // and how it is written
	examples  []example
}

func codecs() map[string]codec {
	return map[string]codec{
		"supplement": {
			schema:   "supplement.schema.json",
			decode:   func(d *Decoder, data []byte) (any, error) { return decoded(d.Supplement(data)) },
			encode:   func(v any) []byte { return AppendSupplement(nil, v.(*hotline.Supplement)) },
			rank:     func(v any) hotline.Rank { return RankSupplement(v.(*hotline.Supplement)) },
			full:     fullSupplement(),
			examples: supplementExamples(),
			canonical: `{"call_id":"c-1","version":3,"kind":"rating","centre":"xianyang","source":"ratings","rating":{"invited":true,"value":5,"scale":"5"},` +
				`"ivr_seconds":12.500,"ivr_path":["1","9"],"topics":["工伤认定"],"deleted":true}`,
		},
		"agent state": {
			schema:    "agent-state.schema.json",
			decode:    func(d *Decoder, data []byte) (any, error) { return decoded(d.AgentState(data)) },
			encode:    func(v any) []byte { return AppendAgentState(nil, v.(*hotline.AgentState)) },
			rank:      func(v any) hotline.Rank { return RankAgentState(v.(*hotline.AgentState)) },
			full:      fullAgentState(),
			examples:  agentStateExamples(),
			canonical: `{"agent":"8001","centre":"xianyang","since":"2026-03-02T01:30:00.000Z","version":7,"state":"paused","reason":"午餐","source":"pbx"}`,
		},
		"ticket": {
			schema:   "ticket.schema.json",
			decode:   func(d *Decoder, data []byte) (any, error) { return decoded(d.Ticket(data)) },
			encode:   func(v any) []byte { return AppendTicket(nil, v.(*hotline.Ticket)) },
			rank:     func(v any) hotline.Rank { return RankTicket(v.(*hotline.Ticket)) },
			full:     fullTicket(),
			examples: ticketExamples(),
			canonical: `{"ticket_id":"t-1","version":2,"centre":"xianyang","call_id":"c-1","kind":"consultation","opened_at":"2026-03-02T01:30:00.000Z",` +
				`"respond_by":"2026-03-04T01:30:00.000Z","responded_at":"2026-03-03T01:30:00.000Z","resolve_by":"2026-03-09T01:30:00.000Z","resolved_at":"2026-03-02T02:30:00.000Z",` +
				`"on_the_spot":true,"topics":["工伤认定"],"agent":"8001","source":"desk","deleted":true}`,
		},
	}
}

// decoded keeps a nil pointer from becoming a value that is not nil.
func decoded[T any](v *T, err error) (any, error) {
	if v == nil {
		return nil, err
	}
	return v, err
}

// fullSupplement has a value in every field, more than a valid one may have.
func fullSupplement() *hotline.Supplement {
	return &hotline.Supplement{
		CallID: "c-1", Version: 3, Kind: hotline.SupplementRating, Centre: "xianyang", Source: "ratings",
		Rating: hotline.Rating{Invited: true, Given: true, Value: 5, Scale: "5"},
		IVR:    hotline.Millis(12_500), IVRPath: []string{"1", "9"}, Topics: []string{"工伤认定"}, Deleted: true,
	}
}

func fullAgentState() *hotline.AgentState {
	return &hotline.AgentState{
		Agent: "8001", Centre: "xianyang", State: hotline.Paused, Reason: "午餐",
		Since: time.Date(2026, 3, 2, 1, 30, 0, 0, time.UTC), Version: 7, Source: "pbx",
	}
}

func fullTicket() *hotline.Ticket {
	at := time.Date(2026, 3, 2, 1, 30, 0, 0, time.UTC)
	return &hotline.Ticket{
		ID: "t-1", Version: 2, Centre: "xianyang", CallID: "c-1", Kind: hotline.TicketConsultation,
		OpenedAt: at, RespondBy: at.Add(48 * time.Hour), RespondedAt: at.Add(24 * time.Hour),
		ResolveBy: at.Add(168 * time.Hour), ResolvedAt: at.Add(time.Hour), OnTheSpot: true,
		Topics: []string{"工伤认定"}, Agent: "8001", Source: "desk", Deleted: true,
	}
}

func supplementExamples() []example {
	of := func(kind, members string) string {
		if members != "" {
			members = "," + members
		}
		return `{"call_id":"c-1","version":1,"kind":"` + kind + `"` + members + `}`
	}
	return []example{
		{name: "a rating", json: of("rating", `"rating":{"invited":true,"value":5,"scale":"5"},"centre":"x","source":"s"`)},
		{name: "only the invitation", json: of("rating", `"rating":{"invited":true}`)},
		{name: "a rating of zero", json: of("rating", `"rating":{"value":0,"scale":"0-10"}`)},
		{name: "IVR", json: of("ivr", `"ivr_seconds":0,"ivr_path":["1","3","0"]`)},
		{name: "topics", json: of("topics", `"topics":["a","b"]`)},
		{name: "unknown fields and nulls", json: of("topics", `"topics":["a"],"rating":null,"ivr_seconds":null,"ivr_path":null,"mood":[1]`)},
		{name: "empty payloads of other kinds", json: of("ivr", `"ivr_seconds":1,"rating":{},"topics":[]`)},
		{name: "withdrawn", json: of("ivr", `"deleted":true`)},

		{name: "not JSON", json: "hello", reason: hotline.NotJSON, beyondSchema: true},
		{name: "a key twice", json: of("topics", `"topics":["a"],"topics":["b"]`), reason: hotline.DuplicateKey, field: "topics", beyondSchema: true},
		{name: "not UTF-8", json: of("topics", "\"topics\":[\"\xff\"]"), reason: hotline.InvalidUTF8, field: "topics[0]", beyondSchema: true},
		{name: "null", json: "null", reason: hotline.WrongType},
		{name: "no id", json: `{"version":1,"kind":"ivr","ivr_seconds":1}`, reason: hotline.Missing, field: "call_id"},
		{name: "no version", json: `{"call_id":"c","kind":"ivr","ivr_seconds":1}`, reason: hotline.OutOfRange, field: "version"},
		{name: "no kind", json: `{"call_id":"c","version":1,"ivr_seconds":1}`, reason: hotline.Missing, field: "kind"},
		{name: "unknown kind", json: of("mood", `"deleted":true`), reason: hotline.UnknownValue, field: "kind"},
		{name: "a rating without one", json: of("rating", ""), reason: hotline.Missing, field: "rating"},
		{name: "a rating that says nothing", json: of("rating", `"rating":{}`), reason: hotline.Missing, field: "rating"},
		{name: "a rating without a scale", json: of("rating", `"rating":{"value":5}`), reason: hotline.Missing, field: "rating.scale"},
		{name: "a rating that is a number", json: of("rating", `"rating":5`), reason: hotline.WrongType, field: "rating"},
		{name: "IVR without seconds", json: of("ivr", `"ivr_path":["1"]`), reason: hotline.Missing, field: "ivr_seconds"},
		{name: "IVR of a week and more", json: of("ivr", `"ivr_seconds":604801`), reason: hotline.OutOfRange, field: "ivr_seconds"},
		{name: "no topics", json: of("topics", `"topics":[]`), reason: hotline.Missing, field: "topics"},
		{name: "17 topics", json: of("topics", `"topics":["`+strings.Repeat(`a","`, 16)+`a"]`), reason: hotline.TooLong, field: "topics"},
		{name: "a way of 65 steps", json: of("ivr", `"ivr_seconds":1,"ivr_path":["`+strings.Repeat(`a","`, 64)+`a"]`), reason: hotline.TooLong, field: "ivr_path"},
		{name: "a rating beside topics", json: of("topics", `"topics":["a"],"rating":{"invited":true}`), reason: hotline.UnknownValue, field: "rating"},
		{name: "topics beside a rating", json: of("rating", `"rating":{"invited":true},"topics":["a"]`), reason: hotline.UnknownValue, field: "topics"},
		{name: "seconds beside a rating", json: of("rating", `"rating":{"invited":true},"ivr_seconds":0`), reason: hotline.UnknownValue, field: "ivr_seconds"},
		{name: "a control character", json: of("topics", `"topics":["a\u0007"]`), reason: hotline.OutOfRange, field: "topics[0]"},
	}
}

func agentStateExamples() []example {
	const since = `"since":"2026-03-02T09:30:00+08:00"`
	of := func(members string) string { return `{"agent":"8001","version":1,` + members + `}` }
	return []example{
		{name: "minimal", json: of(since + `,"state":"free"`)},
		{name: "a pause with its reason", json: of(since + `,"state":"paused","reason":"午餐","centre":"x","source":"s"`)},
		{name: "a pause without", json: of(since + `,"state":"paused","reason":null`)},
		{name: "unknown fields", json: of(since + `,"state":"signed_out","seat":{"floor":3}`)},

		{name: "not JSON", json: "{", reason: hotline.NotJSON, beyondSchema: true},
		{name: "no agent", json: `{"version":1,` + since + `,"state":"free"}`, reason: hotline.Missing, field: "agent"},
		{name: "no state", json: of(since), reason: hotline.Missing, field: "state"},
		{name: "no instant", json: of(`"state":"free"`), reason: hotline.Missing, field: "since"},
		{name: "no version", json: `{"agent":"8001",` + since + `,"state":"free"}`, reason: hotline.OutOfRange, field: "version"},
		{name: "unknown state", json: of(since + `,"state":"lunch"`), reason: hotline.UnknownValue, field: "state"},
		{name: "a reason of none", json: of(since + `,"state":"free","reason":"午餐"`), reason: hotline.UnknownValue, field: "reason"},
		{name: "the year 2100", json: of(`"since":"2100-01-01T00:00:00Z","state":"free"`), reason: hotline.OutOfRange, field: "since"},
		{name: "an agent of 129 bytes", json: `{"agent":"` + strings.Repeat("x", 129) + `","version":1,` + since + `,"state":"free"}`, reason: hotline.TooLong, field: "agent"},
	}
}

func ticketExamples() []example {
	const opened = `"opened_at":"2026-03-02T09:30:00+08:00"`
	of := func(members string) string { return `{"ticket_id":"t-1","version":1,` + members + `}` }
	return []example{
		{name: "minimal", json: of(`"kind":"complaint",` + opened)},
		{name: "everything", json: of(`"kind":"consultation",` + opened + `,"centre":"x","call_id":"c-1","respond_by":"2026-03-04T09:30:00+08:00","responded_at":null,` +
			`"resolve_by":"2026-03-09T09:30:00+08:00","resolved_at":"2026-03-03T09:30:00Z","on_the_spot":false,"topics":["a"],"agent":"8001","source":"s","deleted":false`)},
		{name: "deleted", json: of(`"deleted":true`)},

		{name: "not JSON", json: "hello", reason: hotline.NotJSON, beyondSchema: true},
		{name: "no id", json: `{"version":1,"kind":"complaint",` + opened + `}`, reason: hotline.Missing, field: "ticket_id"},
		{name: "no version", json: `{"ticket_id":"t","kind":"complaint",` + opened + `}`, reason: hotline.OutOfRange, field: "version"},
		{name: "no kind", json: of(opened), reason: hotline.Missing, field: "kind"},
		{name: "unknown kind", json: of(`"kind":"fax",` + opened), reason: hotline.UnknownValue, field: "kind"},
		{name: "not opened", json: of(`"kind":"complaint"`), reason: hotline.Missing, field: "opened_at"},
		{name: "a deadline without an offset", json: of(`"kind":"complaint",` + opened + `,"respond_by":"2026-03-04T09:30:00"`), reason: hotline.WrongType, field: "respond_by"},
		{name: "resolved in 2100", json: of(`"kind":"complaint",` + opened + `,"resolved_at":"2100-03-04T09:30:00Z"`), reason: hotline.OutOfRange, field: "resolved_at"},
		{name: "a call of 129 bytes", json: of(`"kind":"complaint",` + opened + `,"call_id":"` + strings.Repeat("x", 129) + `"`), reason: hotline.TooLong, field: "call_id"},
		{name: "on the spot is a text", json: of(`"kind":"complaint",` + opened + `,"on_the_spot":"yes"`), reason: hotline.WrongType, field: "on_the_spot"},
	}
}

func TestDecodeApart(t *testing.T) {
	d := NewDecoder()
	for name, c := range codecs() {
		for _, tt := range c.examples {
			t.Run(name+"/"+tt.name, func(t *testing.T) {
				v, err := c.decode(d, []byte(tt.json))
				if tt.reason == "" {
					if err != nil {
						t.Fatal(err)
					}
					back, err := c.decode(d, c.encode(v))
					if err != nil {
						t.Fatalf("its own encoding %s is refused: %v", c.encode(v), err)
					}
					if diff := cmp.Diff(v, back); diff != "" {
						t.Error(diff)
					}
					return
				}
				var reject *hotline.RejectError
				if !errors.As(err, &reject) {
					t.Fatalf("got %v, want %s of %q", err, tt.reason, tt.field)
				}
				if reject.Reason != tt.reason || reject.Field != tt.field || reject.Detail == "" || v != nil {
					t.Errorf("got %v, want %s of %q", err, tt.reason, tt.field)
				}
			})
		}
	}
}

func TestSchemasAgreeWithDecoder(t *testing.T) {
	for name, c := range codecs() {
		data, err := pipelines.Schema.ReadFile("schema/" + c.schema)
		if err != nil {
			t.Fatal(err)
		}
		schema := compiled(t, c.schema, data)
		for _, tt := range c.examples {
			if tt.beyondSchema {
				continue
			}
			t.Run(name+"/"+tt.name, func(t *testing.T) {
				value, err := jsonschema.UnmarshalJSON(strings.NewReader(tt.json))
				if err != nil {
					t.Fatal(err)
				}
				if err := schema.Validate(value); (err == nil) != (tt.reason == "") {
					t.Errorf("the schema says %v, the decoder %q of %q", err, tt.reason, tt.field)
				}
			})
		}
		t.Run(name+"/every field", func(t *testing.T) {
			var contract struct {
				Properties map[string]any `json:"properties"`
			}
			var written map[string]any
			if err := errors.Join(json.Unmarshal(data, &contract), json.Unmarshal(c.encode(c.full), &written)); err != nil {
				t.Fatal(err)
			}
			for name := range contract.Properties {
				if _, ok := written[name]; !ok {
					t.Errorf("%s is in the schema and not written", name)
				}
				delete(written, name)
			}
			if len(written) > 0 {
				t.Errorf("written and not in the schema: %v", written)
			}
		})
	}
}

func compiled(t *testing.T, name string, data []byte) *jsonschema.Schema {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestCanonicalEncodingApart(t *testing.T) {
	for name, c := range codecs() {
		if diff := cmp.Diff(c.canonical, string(c.encode(c.full))); diff != "" {
			t.Errorf("%s: this changes the hash of every record ever stored:\n%s", name, diff)
		}
	}
}

// Identity and version are no part of the hash, all the rest is.
func TestRankApart(t *testing.T) {
	d := NewDecoder()
	for name, tt := range map[string]struct {
		rank        func(data string) (hotline.Rank, error)
		base        string
		same, other []string
	}{
		"supplement": {
			rank: func(data string) (hotline.Rank, error) {
				s, err := d.Supplement([]byte(data))
				if err != nil {
					return hotline.Rank{}, err
				}
				return RankSupplement(s), nil
			},
			base:  `{"call_id":"c","version":1,"kind":"topics","topics":["a"]}`,
			same:  []string{`{"call_id":"d","version":1,"kind":"topics","topics":["a"],"centre":"default"}`},
			other: []string{`{"call_id":"c","version":1,"kind":"topics","topics":["b"]}`, `{"call_id":"c","version":1,"kind":"topics","deleted":true}`},
		},
		"agent state": {
			rank: func(data string) (hotline.Rank, error) {
				a, err := d.AgentState([]byte(data))
				if err != nil {
					return hotline.Rank{}, err
				}
				return RankAgentState(a), nil
			},
			base:  `{"agent":"a","version":1,"state":"paused","since":"2026-03-02T09:30:00Z"}`,
			same:  []string{`{"agent":"b","version":1,"state":"paused","since":"2026-03-02T09:30:01Z"}`},
			other: []string{`{"agent":"a","version":1,"state":"free","since":"2026-03-02T09:30:00Z"}`, `{"agent":"a","version":1,"state":"paused","reason":"x","since":"2026-03-02T09:30:00Z"}`},
		},
		"ticket": {
			rank: func(data string) (hotline.Rank, error) {
				tk, err := d.Ticket([]byte(data))
				if err != nil {
					return hotline.Rank{}, err
				}
				return RankTicket(tk), nil
			},
			base:  `{"ticket_id":"a","version":1,"kind":"complaint","opened_at":"2026-03-02T09:30:00Z"}`,
			same:  []string{`{"ticket_id":"b","version":1,"kind":"complaint","opened_at":"2026-03-02T17:30:00+08:00"}`},
			other: []string{`{"ticket_id":"a","version":1,"kind":"callback","opened_at":"2026-03-02T09:30:00Z"}`},
		},
	} {
		base, err := tt.rank(tt.base)
		if err != nil || base.Hash == 0 || base.Version != 1 {
			t.Fatalf("%s: %v %v", name, base, err)
		}
		for i, data := range append(tt.same, tt.other...) {
			got, err := tt.rank(data)
			if err != nil {
				t.Fatal(err)
			}
			if same := i < len(tt.same); (got == base) != same {
				t.Errorf("%s: %s against %s: same %v, want %v", name, data, tt.base, got == base, same)
			}
		}
	}
}

// supplements draws valid supplements as decoding gives them.
func supplements() *rapid.Generator[*hotline.Supplement] {
	return rapid.Custom(func(t *rapid.T) *hotline.Supplement {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab9 养老\"\\/<>&\u2028\U0001F4DE{}[],:")), 0, 20, hotline.MaxName)
		s := &hotline.Supplement{
			CallID: "x" + text.Draw(t, "id"), Version: rapid.Uint64Range(1, hotline.MaxVersion).Draw(t, "version"),
			Kind: rapid.SampledFrom(hotline.SupplementKinds()).Draw(t, "kind"), Centre: text.Draw(t, "centre"), Source: text.Draw(t, "source"),
			Deleted: rapid.Bool().Draw(t, "deleted"),
		}
		switch s.Kind {
		case hotline.SupplementRating:
			s.Rating = hotline.Rating{Invited: true, Scale: text.Draw(t, "scale")}
			if s.Rating.Scale != "" && rapid.Bool().Draw(t, "given") {
				s.Rating.Given, s.Rating.Value = true, rapid.Uint8().Draw(t, "value")
			}
		case hotline.SupplementIVR:
			s.IVR = hotline.Millis(rapid.Int64Range(-hotline.MaxSpan, hotline.MaxSpan).Draw(t, "ivr"))
			for range rapid.IntRange(0, 3).Draw(t, "steps") {
				s.IVRPath = append(s.IVRPath, text.Draw(t, "step"))
			}
		case hotline.SupplementTopics:
			for range rapid.IntRange(1, 3).Draw(t, "topics") {
				s.Topics = append(s.Topics, text.Draw(t, "topic"))
			}
		}
		if err := s.Validate(); err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestSupplementRoundTrip(t *testing.T) {
	d := NewDecoder()
	rapid.Check(t, func(t *rapid.T) {
		s := supplements().Draw(t, "supplement")
		data := AppendSupplement(nil, s)
		got, err := d.Supplement(data)
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if diff := cmp.Diff(s, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzSupplement(f *testing.F) { fuzzApart(f, "supplement") }

func FuzzAgentState(f *testing.F) { fuzzApart(f, "agent state") }

func FuzzTicket(f *testing.F) { fuzzApart(f, "ticket") }

func fuzzApart(f *testing.F, name string) {
	c := codecs()[name]
	for _, e := range c.examples {
		f.Add([]byte(e.json))
	}
	f.Add(c.encode(c.full))
	d := NewDecoder()
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := c.decode(d, data)
		again, err2 := c.decode(NewDecoder(), data)
		if fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("a used decoder says %v, a new one %v", err, err2)
		}
		if err != nil {
			var reject *hotline.RejectError
			if !errors.As(err, &reject) || !utf8.ValidString(err.Error()) || len(err.Error()) > 1000 {
				t.Fatalf("%T of %d bytes: %.200v", err, len(err.Error()), err)
			}
			return
		}
		encoded := c.encode(v)
		if !bytes.Equal(encoded, c.encode(again)) {
			t.Fatal("two decodings differ")
		}
		back, err := c.decode(d, encoded)
		if err != nil {
			t.Fatalf("%s\nis written as\n%s\nwhich is refused: %v", data, encoded, err)
		}
		if diff := cmp.Diff(v, back); diff != "" || c.rank(v) != c.rank(back) {
			t.Fatalf("%s\n%s", data, diff)
		}
	})
}
