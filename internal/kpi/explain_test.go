package kpi

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
)

// ratedCall is anyCall with a caller and a rating, some on a scale nobody has defined.
func ratedCall(t *rapid.T) *hotline.Call {
	c := anyCall(t)
	c.ID = rapid.StringMatching("[a-z]{6}").Draw(t, "id")
	c.CallerHash = rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "caller")
	c.Rating.Invited = rapid.Bool().Draw(t, "invited")
	if rapid.Bool().Draw(t, "rated") {
		c.Rating = hotline.Rating{Given: true, Value: uint8(rapid.IntRange(0, 6).Draw(t, "rating")), Scale: rapid.SampledFrom([]string{"3", "5", "9"}).Draw(t, "scale")}
	}
	c.Talk, c.Hold, c.Wrapup = hotline.Millis(rapid.Int64Range(0, 5000).Draw(t, "talk")), hotline.Millis(rapid.Int64Range(-5, 50).Draw(t, "hold")), hotline.Millis(30)
	return c
}

// around says whether other calls of the same caller lie within the window.
func around(c *hotline.Call, all []*hotline.Call) (preceded, followed bool) {
	if !c.Contact() {
		return false, false
	}
	for _, o := range all {
		if !o.Contact() || o.CallerHash != c.CallerHash || o.Centre != c.Centre {
			continue
		}
		later := o.StartedAt.Sub(c.StartedAt)
		followed = followed || later > 0 && later <= hotline.RepeatWindow && o.Repeats()
		preceded = preceded || later < 0 && later >= -hotline.RepeatWindow
	}
	return preceded, followed
}

// ofKind are so many calls that a figure sees alike, with the sums of their times where it
// looks at them.
type ofKind struct {
	Seen
	n int64
}

func gatherKind(kinds map[Seen]*ofKind, l Looks, s Seen) {
	of := l.Of(s)
	kind := of
	if l.Times {
		kind.Wait, kind.Talk, kind.Hold, kind.Wrapup = 0, 0, 0, 0
	}
	k := kinds[kind]
	if k == nil {
		kinds[kind] = &ofKind{of, 1}
		return
	}
	k.n++
	if l.Times {
		k.Wait, k.Talk, k.Hold, k.Wrapup = k.Wait+s.Wait, k.Talk+s.Talk, k.Hold+s.Hold, k.Wrapup+s.Wrapup
	}
}

func night(at time.Time) bool { return at.Hour() >= 18 || at.Hour() < 8 }

// checkExplained compares a figure as its tallies and as its calls give it, at every place.
func checkExplained(t *rapid.T, f Explained, calls []*hotline.Call, tallies map[Key]*Tally) {
	explainer := NewExplainer(f)
	type place struct {
		d    Dimension
		name string
	}
	want, got := map[place]Tally{}, map[place]Ratio{}
	for k, one := range tallies {
		sum, tally := want[place{k.Dimension, k.Name}], *one
		if night(k.Bucket) {
			tally.OutsideService()
		}
		sum.Merge(&tally)
		want[place{k.Dimension, k.Name}] = sum
	}
	sides := map[string]Role{}
	oneByOne, together := map[place]Standings{}, map[place]Standings{}
	kinds := map[place]map[Seen]*ofKind{}
	stand := func(at place, s Seen) {
		st := explainer.Stand(s)
		if kinds[at] == nil {
			kinds[at], oneByOne[at], together[at] = map[Seen]*ofKind{}, Standings{}, Standings{}
		}
		oneByOne[at].Add(st)
		gatherKind(kinds[at], f.Looks(), s)
		if st.Rule.Code == "" || st.Rule.ZH == "" || st.Rule.EN == "" {
			t.Fatalf("%s says nothing of %+v", f.Name, s)
		}
		if side, ok := sides[st.Rule.Code]; ok && side != st.Role {
			t.Fatalf("%s: %s puts calls into %s and %s", f.Name, st.Rule.Code, side, st.Role)
		}
		sides[st.Rule.Code] = st.Role
		r := got[at]
		r.Num, r.Den = r.Num+st.Num, r.Den+st.Den
		got[at] = r
	}
	for _, c := range calls {
		facts := c.Facts()
		s := See(c, &facts)
		s.Preceded, s.Followed = around(c, calls)
		s.OutsideService = night(facts.Bucket)
		stand(place{ByQueue, c.Queue}, s)
		for _, topic := range slices.Compact(slices.Sorted(slices.Values(c.Topics))) {
			stand(place{ByTopic, topic}, s)
		}
		for _, agent := range []string{"1", "2", "3"} {
			if at, stands := s.At(agent, facts.Legs); stands {
				stand(place{ByAgent, agent}, at)
			}
		}
	}
	for at, of := range kinds {
		for _, kind := range of {
			together[at].AddAll(explainer.StandAll(kind.Seen, kind.n), kind.n)
		}
		if diff := cmp.Diff(oneByOne[at], together[at]); diff != "" {
			t.Fatalf("%s at %v: calls one by one (-), by their kinds (+):\n%s", f.Name, at, diff)
		}
	}
	for at, tally := range want {
		if r := f.Of(&tally, nil); r != got[at] {
			t.Fatalf("%s at %v: %v by the tallies, %v by the calls", f.Name, at, r, got[at])
		}
	}
	for at := range got {
		if _, ok := want[at]; !ok {
			t.Fatalf("%s: calls stand at %v, and no tally", f.Name, at)
		}
	}
}

// The calls behind every figure add up to it, whatever the calls: as a whole, by queue, by
// topic and by agent.
func TestExplainedEqualsComputed(t *testing.T) {
	for _, leading := range AnswerRates() {
		d := DefaultDefinitions()
		d.AnswerRate, d.ServiceLevels = leading, []int{1, 15, 600}
		rapid.Check(t, func(t *rapid.T) {
			calls := rapid.SliceOfN(rapid.Custom(ratedCall), 0, 25).Draw(t, "calls")
			tallies := make(map[Key]*Tally)
			for _, c := range calls {
				Count(tallies, c)
			}
			CountRepeats(tallies, calls)
			for _, name := range ExplainedNames(d) {
				f, err := LookupExplained(name, d)
				if err != nil {
					t.Fatal(err)
				}
				checkExplained(t, f, calls, tallies)
			}
		})
	}
}

// The golden vector of the definitions, call by call.
func TestExplainGoldenVector(t *testing.T) {
	var seen []Seen
	add := func(n int, outcome hotline.Outcome, seconds int64) {
		for range n {
			seen = append(seen, Seen{Outcome: outcome, Direction: hotline.Inbound, Queued: true, Wait: 1000 * seconds})
		}
	}
	add(70, hotline.Answered, 20)
	add(13, hotline.Answered, 21)
	add(5, hotline.AbandonedQueue, 4)
	add(5, hotline.AbandonedQueue, 5)
	add(7, hotline.AbandonedRinging, 45)
	for _, tt := range []struct {
		figure   string
		num, den int64
		rules    map[string]int // of those that are in the denominator alone, or left out
	}{
		{"answer_rate", 83, 100, map[string]int{"denominator abandoned_queue": 10, "denominator abandoned_ringing": 7}},
		{"answer_rate_agent_excluding_short", 83, 95, map[string]int{"left_out short_abandon": 5, "denominator abandoned_queue": 5, "denominator abandoned_ringing": 7}},
		{"service_level_20", 70, 100, map[string]int{"denominator answered_later": 13, "denominator abandoned_queue": 10, "denominator abandoned_ringing": 7}},
		{"service_level_of_answered_20", 70, 83, map[string]int{"denominator answered_later": 13, "left_out abandoned_queue": 10, "left_out abandoned_ringing": 7}},
		{"short_abandoned", 5, 0, map[string]int{"left_out answered": 83, "left_out abandoned_queue": 5, "left_out abandoned_ringing": 7}},
		{"asa_seconds", 70*20_000 + 13*21_000, 83, map[string]int{"left_out abandoned_queue": 10, "left_out abandoned_ringing": 7}},
	} {
		f, err := LookupExplained(tt.figure, DefaultDefinitions())
		if err != nil {
			t.Fatal(err)
		}
		e, rules := NewExplainer(f), map[string]int{}
		var num, den int64
		for _, s := range seen {
			at := e.Stand(s)
			num, den = num+at.Num, den+at.Den
			if at.Role != Numerator {
				rules[string(at.Role)+" "+at.Rule.Code]++
			}
		}
		if num != tt.num || den != tt.den {
			t.Errorf("%s: %d / %d, want %d / %d", tt.figure, num, den, tt.num, tt.den)
		}
		for rule, n := range tt.rules {
			if rules[rule] != n {
				t.Errorf("%s: %d calls are %s, want %d (%v)", tt.figure, rules[rule], rule, n, rules)
			}
		}
	}
}

func TestLookupExplained(t *testing.T) {
	d := DefaultDefinitions()
	seen := map[string]bool{}
	for _, name := range ExplainedNames(d) {
		f, err := LookupExplained(name, d)
		if err != nil || f.Name != name || f.ZH == "" || f.EN == "" || f.Formula == "" || f.FormulaZH == "" || seen[name] {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
		seen[name] = true
	}
	if f, err := LookupExplained("service_level_45", d); err != nil || f.ZH != "45秒接通率(占请求)" {
		t.Errorf("a threshold nobody prints: %+v, %v", f, err)
	}
	for name, wants := range map[string]string{
		"answer_rat": "known are answer_rate,", "service_level_0": "1 to 600", "service_level_601": "1 to 600", "service_level_15s": "1 to 600", "service_level_015": "1 to 600",
	} {
		if _, err := LookupExplained(name, d); err == nil || !strings.Contains(err.Error(), wants) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTicketsAddUp: what single tickets add to a figure sums up to the figure of their
// tallies, whatever the period, and a rule puts tickets on one side only.
func TestTicketsAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := DefaultDefinitions()
		b := &Build{Zone: time.UTC, Definitions: d, WorkingDays: office}
		b.DataTo = local(rapid.SampledFrom([]string{"2026-10-09 16:00:00.000", "2026-10-12 16:07:00.000", "2026-12-01 00:00:00.000"}).Draw(rt, "data to"))
		from, to := local(rapid.SampledFrom([]string{"2026-09-01 00:00:00.000", "2026-10-01 00:00:00.000", "2026-10-09 16:00:00.000"}).Draw(rt, "from")), local("2026-12-15 00:00:00.000")
		period := Period{From: &from, To: &to, Zone: "UTC"}
		view := &TicketView{Build: b, Period: period, Kept: rapid.SampledFrom([]time.Time{{}, local("2026-10-01 00:00:00.000")}).Draw(rt, "kept")}
		view.Place = Place{Hour: rapid.SampledFrom([]string{"", "09", "16"}).Draw(rt, "hour"), Weekday: rapid.SampledFrom([]string{"", "fri"}).Draw(rt, "weekday")}
		tallies := make(map[TicketKey]*TicketTally)
		var tickets []*hotline.Ticket
		for range rapid.IntRange(0, 12).Draw(rt, "tickets") {
			ticket := genTicket(rt)
			tickets = append(tickets, ticket)
			CountTicket(tallies, ticket)
		}
		var list []TicketEntry
		for k, tally := range tallies {
			if k.Dimension == ByKind && !k.Bucket.Before(view.Kept) {
				list = append(list, TicketEntry{Key: k, Tally: *tally})
			}
		}
		var all Tally
		for _, e := range b.Settled(period, list) {
			if view.Place.At(e.Key.Bucket, b.Zone) {
				all.Merge(&e.Tally)
			}
		}
		for _, f := range ticketFigures() {
			f.definitions = d
			standings, sides := Standings{}, map[string]Role{}
			for _, ticket := range tickets {
				at, here := f.StandTicket(view, ticket)
				if !here && (at.Num != 0 || at.Den != 0) {
					rt.Fatalf("%+v is not here and counts %d / %d", ticket, at.Num, at.Den)
				}
				if !here {
					continue
				}
				if side, seen := sides[at.Rule.Code]; seen && side != at.Role {
					rt.Fatalf("rule %s puts tickets in %s and in %s", at.Rule.Code, side, at.Role)
				}
				sides[at.Rule.Code] = at.Role
				standings.Add(at)
			}
			want := f.Of(&all, nil)
			if got := standings.Sum(); got.Num != want.Num || got.Den != want.Den {
				rt.Fatalf("%s: the tickets give %+v, the tallies %+v", f.Name, got, want)
			}
		}
	})
}
