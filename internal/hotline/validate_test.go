package hotline

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// answeredCall is a valid call that was answered.
func answeredCall() Call {
	return Call{
		ID: "c-1", Version: 3, Centre: DefaultCentre, Direction: Inbound, Outcome: Answered,
		StartedAt: noon, QueuedAt: noon.Add(20 * time.Second), AnsweredAt: noon.Add(32 * time.Second), EndedAt: noon.Add(4 * time.Minute),
		Queue: "养老待遇", Agent: "8001", Topics: []string{"养老金待遇核定"},
		Legs:   []Leg{{Agent: "8001", AnsweredAt: noon.Add(32 * time.Second), EndedAt: noon.Add(4 * time.Minute)}},
		Rating: Rating{Invited: true, Given: true, Value: 5, Scale: "5"}, Attributes: map[string]string{"trunk": "7"},
	}
}

func TestValidate(t *testing.T) {
	long := strings.Repeat("长", MaxName) // in bytes three times too long
	week := Millis(MaxSpan)
	for _, tt := range []struct {
		name   string
		change func(*Call)
		reason Reason // empty: valid
		field  string
	}{
		{"valid", func(*Call) {}, "", ""},
		{"no id", func(c *Call) { c.ID = "" }, Missing, "call_id"},
		{"longest id", func(c *Call) { c.ID = strings.Repeat("x", MaxID) }, "", ""},
		{"id too long", func(c *Call) { c.ID = strings.Repeat("x", MaxID+1) }, TooLong, "call_id"},
		{"id not UTF-8", func(c *Call) { c.ID = "a\xffb" }, InvalidUTF8, "call_id"},
		{"id with a control character", func(c *Call) { c.ID = "a\nb" }, OutOfRange, "call_id"},
		{"the replacement character itself", func(c *Call) { c.ID = "a\uFFFDb" }, "", ""},
		{"version 0", func(c *Call) { c.Version = 0 }, OutOfRange, "version"},
		{"version 1", func(c *Call) { c.Version = 1 }, "", ""},
		{"largest version", func(c *Call) { c.Version = MaxVersion }, "", ""},
		{"version above", func(c *Call) { c.Version = MaxVersion + 1 }, OutOfRange, "version"},
		{"no arrival", func(c *Call) { c.StartedAt = time.Time{} }, Missing, "started_at"},
		{"first instant", func(c *Call) { c.StartedAt = Earliest }, "", ""},
		{"arrival before it", func(c *Call) { c.StartedAt = Earliest.Add(-time.Millisecond) }, OutOfRange, "started_at"},
		{"last instant", func(c *Call) { c.EndedAt = Latest.Add(-time.Millisecond) }, "", ""},
		{"queued after it", func(c *Call) { c.QueuedAt = Latest }, OutOfRange, "queued_at"},
		{"answered in year 9999", func(c *Call) { c.AnsweredAt = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }, OutOfRange, "answered_at"},
		{"ended in year 1", func(c *Call) { c.EndedAt = time.Date(1, 1, 1, 0, 0, 0, 1e6, time.UTC) }, OutOfRange, "ended_at"},
		{"longest wait", func(c *Call) { c.Wait = week }, "", ""},
		{"wait too long", func(c *Call) { c.Wait = Millis(MaxSpan + 1) }, OutOfRange, "wait_seconds"},
		{"negative talk", func(c *Call) { c.Talk = Millis(-MaxSpan) }, "", ""},
		{"talk too negative", func(c *Call) { c.Talk = Millis(-MaxSpan - 1) }, OutOfRange, "talk_seconds"},
		{"hold", func(c *Call) { c.Hold = Millis(MaxSpan + 1) }, OutOfRange, "hold_seconds"},
		{"wrap-up", func(c *Call) { c.Wrapup = Millis(MaxSpan + 1) }, OutOfRange, "wrapup_seconds"},
		{"IVR", func(c *Call) { c.IVR = Millis(MaxSpan + 1) }, OutOfRange, "ivr_seconds"},
		{"no outcome", func(c *Call) { c.Outcome = "" }, Missing, "outcome"},
		{"unknown outcome", func(c *Call) { c.Outcome = "lost" }, UnknownValue, "outcome"},
		{"outcome in capitals", func(c *Call) { c.Outcome = "Answered" }, UnknownValue, "outcome"},
		{"open", func(c *Call) { c.Outcome = Open }, "", ""},
		{"unknown exclusion", func(c *Call) { c.Excluded = "spam" }, UnknownValue, "excluded"},
		{"unknown direction", func(c *Call) { c.Direction = "sideways" }, UnknownValue, "direction"},
		{"centre", func(c *Call) { c.Centre = long }, TooLong, "centre"},
		{"queue", func(c *Call) { c.Queue = long }, TooLong, "queue"},
		{"agent", func(c *Call) { c.Agent = long }, TooLong, "agent"},
		{"source", func(c *Call) { c.Source = "a\x00" }, OutOfRange, "source"},
		{"region", func(c *Call) { c.Region = "\x80" }, InvalidUTF8, "region"},
		{"caller hash", func(c *Call) { c.CallerHash = long }, TooLong, "caller_hash"},
		{"caller mask", func(c *Call) { c.CallerMasked = long }, TooLong, "caller_masked"},
		{"sealed number", func(c *Call) { c.CallerSealed = strings.Repeat("x", MaxAttribute+1) }, TooLong, "caller_sealed"},
		{"sealed number not UTF-8", func(c *Call) { c.CallerSealed = "\xc3" }, InvalidUTF8, "caller_sealed"},
		{"rating's scale", func(c *Call) { c.Rating.Scale = long }, TooLong, "rating.scale"},
		{"rating without a scale", func(c *Call) { c.Rating.Scale = "" }, Missing, "rating.scale"},
		{"invitation without a scale", func(c *Call) { c.Rating = Rating{Invited: true} }, "", ""},
		{"most topics", func(c *Call) { c.Topics = make([]string, MaxTopics) }, "", ""},
		{"too many topics", func(c *Call) { c.Topics = make([]string, MaxTopics+1) }, TooLong, "topics"},
		{"a topic too long", func(c *Call) { c.Topics = []string{"a", long} }, TooLong, "topics[1]"},
		{"too many transfers", func(c *Call) { c.Transfers = MaxTransfers + 1 }, OutOfRange, "transfers"},
		{"most legs", func(c *Call) { c.Legs = make([]Leg, MaxLegs) }, "", ""},
		{"too many legs", func(c *Call) { c.Legs = make([]Leg, MaxLegs+1) }, TooLong, "legs"},
		{"a leg's agent", func(c *Call) { c.Legs[0].Agent = long }, TooLong, "legs[0].agent"},
		{"a leg's queue", func(c *Call) { c.Legs[0].Queue = long }, TooLong, "legs[0].queue"},
		{"a leg's answer", func(c *Call) { c.Legs[0].AnsweredAt = Latest }, OutOfRange, "legs[0].answered_at"},
		{"a leg's end", func(c *Call) { c.Legs[0].EndedAt = Latest }, OutOfRange, "legs[0].ended_at"},
		{"a leg's hold", func(c *Call) { c.Legs[0].Hold = Millis(MaxSpan + 1) }, OutOfRange, "legs[0].hold_seconds"},
		{"too many attributes", func(c *Call) {
			for i := range MaxAttributes {
				c.Attributes[fmt.Sprint("k", i)] = ""
			}
		}, TooLong, "attributes"},
		{"an attribute's name", func(c *Call) { c.Attributes[long] = "v" }, TooLong, "attributes"},
		{"an attribute's value", func(c *Call) { c.Attributes["k"] = strings.Repeat("x", MaxAttribute+1) }, TooLong, "attributes.k"},
		{"two bad attributes: the first by name", func(c *Call) {
			for _, k := range []string{"e", "d", "b", "c", "f"} {
				c.Attributes[k] = "\xff"
			}
		}, InvalidUTF8, "attributes.b"},
		{"deleted needs id and version only", func(c *Call) { *c = Call{ID: "c", Version: 1, Deleted: true} }, "", ""},
		{"deleted without id", func(c *Call) { *c = Call{Version: 1, Deleted: true} }, Missing, "call_id"},
		{"deleted without version", func(c *Call) { *c = Call{ID: "c", Deleted: true} }, OutOfRange, "version"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := answeredCall()
			tt.change(&c)
			err := c.Validate()
			if tt.reason == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var reject *RejectError
			if !errors.As(err, &reject) {
				t.Fatalf("got %v, want %s of %s", err, tt.reason, tt.field)
			}
			if reject.Reason != tt.reason || reject.Field != tt.field || reject.Detail == "" {
				t.Errorf("got %v, want %s of %s", err, tt.reason, tt.field)
			}
			if len(reject.Error()) > 400 {
				t.Errorf("an error of %d bytes", len(reject.Error()))
			}
		})
	}
}

func TestValidateSetsDefaults(t *testing.T) {
	c := answeredCall()
	c.Centre, c.Direction = "", ""
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if c.Centre != DefaultCentre || c.Direction != Inbound {
		t.Errorf("centre %q, direction %q", c.Centre, c.Direction)
	}
}

func TestValidateWithoutError(t *testing.T) {
	c := answeredCall()
	if err := c.Validate(); err != nil { // a nil *RejectError in an error would not be nil
		t.Errorf("%T %v", err, err)
	}
}

func TestRejectError(t *testing.T) {
	if got := Reject(Missing, "call_id", "every call needs %s", "an id").Error(); got != "call_id: missing_field: every call needs an id" {
		t.Error(got)
	}
	if got := Reject(TooLarge, "", "5 bytes").Error(); got != "too_large: 5 bytes" {
		t.Error(got)
	}
}

func TestSetsOfWords(t *testing.T) {
	if n := len(FinalOutcomes()); n != 9 {
		t.Errorf("%d final outcomes", n)
	}
	for _, o := range append(FinalOutcomes(), Open) {
		if !o.Valid() {
			t.Errorf("outcome %q is not valid", o)
		}
	}
	for _, e := range append(Exclusions(), NotExcluded) {
		if !e.Valid() {
			t.Errorf("exclusion %q is not valid", e)
		}
	}
	seen := map[Reason]bool{}
	for _, r := range Reasons() {
		if seen[r] || r == "" {
			t.Errorf("reason %q twice or empty", r)
		}
		seen[r] = true
	}
}

func TestRank(t *testing.T) {
	order := []Rank{{1, 9}, {2, 1}, {2, 2}, {3, 0}}
	for i, a := range order {
		for j, b := range order {
			if got := a.Compare(b); got < 0 != (i < j) || got > 0 != (i > j) {
				t.Errorf("%v against %v: %d", a, b, got)
			}
		}
	}
}
