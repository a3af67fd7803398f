package hotline

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestValidateApart(t *testing.T) {
	rated := Supplement{CallID: "c", Version: 1, Kind: SupplementRating, Rating: Rating{Invited: true}}
	state := AgentState{Agent: "a", Version: 1, State: Free, Since: noon}
	ticket := Ticket{ID: "t", Version: 1, Kind: TicketComplaint, OpenedAt: noon}
	for _, tt := range []struct {
		name   string
		record interface{ Validate() error }
		reason Reason
		field  string
	}{
		{"a supplement", &rated, "", ""},
		{"a state", &state, "", ""},
		{"a ticket", &ticket, "", ""},
		{"withdrawn facts need nothing else", &Supplement{CallID: "c", Version: 1, Kind: SupplementIVR, Deleted: true}, "", ""},
		{"a deleted ticket needs nothing else", &Ticket{ID: "t", Version: 1, Deleted: true}, "", ""},
		{"facts of no call", &Supplement{Version: 1, Kind: SupplementRating, Rating: rated.Rating}, Missing, "call_id"},
		{"a call of 129 bytes", &Supplement{CallID: strings.Repeat("x", 129), Version: 1}, TooLong, "call_id"},
		{"version 0", &Ticket{ID: "t", Kind: TicketComplaint, OpenedAt: noon}, OutOfRange, "version"},
		{"version 2^53", &AgentState{Agent: "a", Version: MaxVersion + 1}, OutOfRange, "version"},
		{"a negative time in the IVR is a clock's fault", &Supplement{CallID: "c", Version: 1, Kind: SupplementIVR, IVR: Millis(-5)}, "", ""},
		{"a reason of no pause", &AgentState{Agent: "a", Version: 1, State: Talking, Reason: "x", Since: noon}, UnknownValue, "reason"},
		{"not UTF-8", &AgentState{Agent: "a", Version: 1, State: Paused, Reason: "\xff", Since: noon}, InvalidUTF8, "reason"},
		{"a topic of 129 bytes", &Ticket{ID: "t", Version: 1, Kind: TicketComplaint, OpenedAt: noon, Topics: []string{"", strings.Repeat("x", 129)}}, TooLong, "topics[1]"},
		{"opened in 1989", &Ticket{ID: "t", Version: 1, Kind: TicketComplaint, OpenedAt: Earliest.Add(-1)}, OutOfRange, "opened_at"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.record.Validate()
			var reject *RejectError
			switch {
			case tt.reason == "" && err != nil:
				t.Error(err)
			case tt.reason != "" && (!errors.As(err, &reject) || reject.Reason != tt.reason || reject.Field != tt.field):
				t.Errorf("got %v, want %s of %s", err, tt.reason, tt.field)
			}
		})
	}
	if rated.Centre != DefaultCentre || state.Centre != DefaultCentre || ticket.Centre != DefaultCentre {
		t.Error("the centre's default is not set")
	}
	if got := state.Key(); got != "default/a" {
		t.Errorf("key %q", got)
	}
}

func TestWith(t *testing.T) {
	call := func(change ...func(*Call)) *Call {
		c := answeredCall()
		c.Rating, c.Topics = Rating{}, slices.Clone(c.Topics)
		for _, f := range change {
			f(&c)
		}
		return &c
	}
	rating := func(r Rating) Supplement { return Supplement{CallID: "c-1", Kind: SupplementRating, Rating: r} }
	five := Rating{Given: true, Value: 5, Scale: "5"}
	for _, tt := range []struct {
		name string
		call *Call
		with []Supplement
		want *Call
	}{
		{"nothing", call(), nil, call()},
		{"a rating", call(), []Supplement{rating(five)}, call(func(c *Call) { c.Rating = five })},
		{
			"a rating of one who was invited", call(func(c *Call) { c.Rating.Invited = true }),
			[]Supplement{rating(five)},
			call(func(c *Call) { c.Rating = Rating{Invited: true, Given: true, Value: 5, Scale: "5"} }),
		},
		{
			"the call's own rating stands", call(func(c *Call) { c.Rating = Rating{Given: true, Value: 1, Scale: "5"} }),
			[]Supplement{rating(Rating{Invited: true, Given: true, Value: 5, Scale: "5"})},
			call(func(c *Call) { c.Rating = Rating{Invited: true, Given: true, Value: 1, Scale: "5"} }),
		},
		{"IVR", call(), []Supplement{{Kind: SupplementIVR, IVR: Seconds(9)}}, call(func(c *Call) { c.IVR = Seconds(9) })},
		{
			"the call's own IVR stands, zero too", call(func(c *Call) { c.IVR = Seconds(0) }),
			[]Supplement{{Kind: SupplementIVR, IVR: Seconds(9)}},
			call(func(c *Call) { c.IVR = Seconds(0) }),
		},
		{
			"topics join", call(),
			[]Supplement{{Kind: SupplementTopics, Topics: []string{"养老金待遇核定", "失业", "失业"}}},
			call(func(c *Call) { c.Topics = []string{"养老金待遇核定", "失业"} }),
		},
		{"withdrawn", call(), []Supplement{{Kind: SupplementTopics, Topics: []string{"失业"}, Deleted: true}}, call()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := *tt.call
			if diff := cmp.Diff(tt.want, tt.call.With(tt.with)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(&before, tt.call); diff != "" {
				t.Errorf("the call was changed: %s", diff)
			}
		})
	}
}

// What IVRMissing promises is what happens when the time comes to be known: others use it
// to keep facts right that they have stored.
func TestIVRMissing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		instant := rapid.Custom(func(t *rapid.T) time.Time {
			if rapid.Bool().Draw(t, "unknown") {
				return time.Time{}
			}
			return noon.Add(time.Duration(rapid.Int64Range(-5, 30).Draw(t, "s")) * time.Second)
		})
		span := rapid.Custom(func(t *rapid.T) Span {
			return Span{Known: rapid.Bool().Draw(t, "known"), Millis: rapid.Int64Range(-5000, 30_000).Draw(t, "span")}
		})
		c := Call{
			ID: "c", Version: 1, StartedAt: noon, Outcome: rapid.SampledFrom(append(FinalOutcomes(), Open)).Draw(t, "outcome"),
			QueuedAt: instant.Draw(t, "queued"), AnsweredAt: instant.Draw(t, "answered"), EndedAt: instant.Draw(t, "ended"),
			Wait: span.Draw(t, "wait"), IVR: span.Draw(t, "ivr"),
		}
		if !c.IVR.Known {
			c.IVR = Span{}
		}
		ivr := rapid.Int64Range(-5000, 40_000).Draw(t, "supplement")
		want := c.With([]Supplement{{Kind: SupplementIVR, IVR: Millis(ivr)}}).Facts()
		got, taken := c.Facts(), max(ivr, 0)
		effect := c.IVRMissing()
		if effect != IVRKnown {
			got.IVR, got.Skewed = taken, got.Skewed || ivr < 0
		}
		switch effect {
		case IVRWaits:
			got.Skewed = got.Skewed || taken > got.Wait
			got.Wait = max(got.Wait-taken, 0)
			got.Queued = got.Wait > 0
		case IVRDecision:
			got.DecidedAt = got.DecidedAt.Add(time.Duration(taken) * time.Millisecond)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s (-facts with it +stored facts mended):\n%s", effect, diff)
		}
	})
}
