package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
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
