package simulate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/wire"
)

// days are so many from a date in Shanghai.
func days(t *testing.T, scenario, from string, n int) Options {
	t.Helper()
	at, err := time.ParseInLocation(time.DateOnly, from, shanghai(t))
	if err != nil {
		t.Fatal(err)
	}
	return Options{Scenario: named(t, scenario), Seed: 12333, From: at, To: at.AddDate(0, 0, n), Truth: true, Stories: true}
}

func tally(events []Event) kpi.Tally {
	var sum kpi.Tally
	for _, e := range events {
		if e.Call != nil {
			one := kpi.One(e.Call)
			sum.Merge(&one)
		}
	}
	return sum
}

func rateOf(t kpi.Tally) float64 { return float64(t.Answered) / float64(t.Requested()) }

func TestBenefitSurge(t *testing.T) {
	unread(t)
	o := days(t, "benefit-surge", "2026-03-16", 5)
	calls := collect(t, begin(t, o).Backfill(time.Time{}))
	surge := tally(calls)
	o.Scenario = named(t, NormalYear)
	usual := tally(collect(t, begin(t, o).Backfill(time.Time{})))
	t.Logf("answer rate %.3f, usually %.3f; %d calls, usually %d", rateOf(surge), rateOf(usual), surge.Calls, usual.Calls)
	if float64(surge.Calls) < 1.5*float64(usual.Calls) || rateOf(surge) > rateOf(usual)-0.15 {
		t.Error("it is no surge")
	}
	asked, made, overflowed, about := 0, 0, 0, 0
	byID := map[string]*hotline.Call{}
	for _, e := range calls {
		byID[e.Call.ID] = e.Call
	}
	for _, e := range calls {
		c := e.Call
		if err := c.Validate(); err != nil {
			t.Fatalf("%s: %v", c.ID, err)
		}
		if n := len(e.Story.Stays); n > 1 {
			overflowed++
			if c.Queue != e.Story.Stays[n-1].Queue {
				t.Fatalf("%s was last in %s and is counted in %s", c.ID, e.Story.Stays[n-1].Queue, c.Queue)
			}
		}
		if len(c.Topics) > 0 && c.Topics[0] == "失业保险金" {
			about++
		}
		switch {
		case c.Outcome == hotline.CallbackRequested:
			asked++
		case c.Direction == hotline.Callback:
			made++
			of := byID[e.Story.CallbackOf]
			if c.Outcome != hotline.Answered || of == nil || of.Outcome != hotline.CallbackRequested || c.StartedAt.Before(of.EndedAt) || c.Facts().Wait != 0 {
				t.Fatalf("%+v calls back %+v", c, of)
			}
		}
	}
	t.Logf("%d asked to be called back, %d were; %d overflowed; %d of %d about the benefit", asked, made, overflowed, about, len(calls))
	if asked < 50 || made < asked/3 || made > asked || overflowed < 50 || about < len(calls)/5 {
		t.Error("too few, or too many")
	}
	if surge.Excluded["outbound"] == 0 {
		t.Error("nobody is called in vain")
	}
}

func TestFiveLeave(t *testing.T) {
	unread(t)
	s := days(t, "five-leave", "2026-03-30", 70)
	talks := map[string]map[string]*[2]float64{} // by agent and month: calls, seconds
	for _, e := range collect(t, begin(t, s).Backfill(time.Time{})) {
		c := e.Call
		if c.Outcome != hotline.Answered || c.Direction == hotline.Outbound {
			continue
		}
		at := c.StartedAt.In(shanghai(t))
		for _, a := range s.Scenario.Agents {
			if day := at.Format(time.DateOnly); c.Agent == a.ID && (a.From != "" && day < a.From || a.Until != "" && day > a.Until) {
				t.Fatalf("%s answers on %s", a.ID, day)
			}
		}
		if talks[c.Agent] == nil {
			talks[c.Agent] = map[string]*[2]float64{}
		}
		month := at.Format("2006-01")
		if talks[c.Agent][month] == nil {
			talks[c.Agent][month] = new([2]float64)
		}
		talks[c.Agent][month][0]++
		talks[c.Agent][month][1] += float64(c.Facts().Talk) / 1000
	}
	mean := func(agent, month string) float64 { return talks[agent][month][1] / talks[agent][month][0] }
	april, june := mean("8021", "2026-04"), mean("8021", "2026-06")
	t.Logf("8021 talks for %.0f s in April, %.0f s in June", april, june)
	if april < 1.3*june {
		t.Error("they were not slower when they were new")
	}
	if talks["8011"]["2026-05"] != nil || talks["8015"]["2026-04"] == nil {
		t.Error("who left answers, or who stayed does not")
	}
}

func TestOutage(t *testing.T) {
	unread(t)
	o := days(t, "pbx-outage", "2026-03-18", 2)
	down := time.Date(2026, 3, 18, 9, 40, 0, 0, shanghai(t))
	up := down.Add(50 * time.Minute)
	cut, open := 0, 0
	s := begin(t, o)
	calls := collect(t, s.Backfill(time.Time{}))
	for _, e := range calls {
		c := e.Call
		if !c.StartedAt.Before(down) && c.StartedAt.Before(up) {
			t.Fatalf("%s gets in at %s", c.ID, c.StartedAt)
		}
		if !c.EndedAt.IsZero() && c.EndedAt.After(down) && c.StartedAt.Before(down) {
			t.Fatalf("%s goes on to %s", c.ID, c.EndedAt)
		}
		if c.EndedAt.Equal(down) {
			cut++
		}
		if c.EndedAt.IsZero() {
			open++
		}
	}
	t.Logf("%d cut off, %d never ended", cut, open)
	if cut < 5 || open < 2 {
		t.Error("hardly anybody was on the line")
	}
	life, tallies := map[string]*hotline.Call{}, map[kpi.Key]*kpi.Tally{}
	for _, e := range collect(t, begin(t, o).Events(time.Time{})) {
		life[e.Call.ID] = e.Call
	}
	for _, e := range calls {
		kpi.Count(tallies, e.Call)
		if diff := cmp.Diff(life[e.Call.ID], e.Call); diff != "" {
			t.Fatalf("life and backfill end differently (-life +backfill):\n%s", diff)
		}
	}
	if diff := cmp.Diff(tallies, s.Truth()); diff != "" {
		t.Errorf("the truth is not the count of what was told last:\n%s", diff)
	}
}

func TestClockSkew(t *testing.T) {
	unread(t)
	skewed, other := 0, 0
	for _, e := range collect(t, begin(t, days(t, "clock-skew", "2026-03-12", 5)).Backfill(time.Time{})) {
		if e.Story.Plain.Facts().Skewed {
			t.Fatalf("%s is skewed by a right clock", e.Call.ID)
		}
		if !e.Call.Facts().Skewed {
			continue
		}
		if day := e.Call.StartedAt.In(shanghai(t)).Format(time.DateOnly); day > "2026-03-13" {
			other++
		}
		skewed++
	}
	if skewed < 20 || other > 0 {
		t.Errorf("%d times run backwards, %d of them after the clocks were right", skewed, other)
	}
}

func TestDelivery(t *testing.T) {
	unread(t)
	for _, scenario := range []string{"duplicate-storm", "late-delivery"} {
		t.Run(scenario, func(t *testing.T) {
			o := days(t, scenario, "2026-03-02", 2)
			s := begin(t, o)
			sent := collect(t, s.Events(time.Time{}))
			got := collect(t, o.Scenario.Delivery.Deliver(begin(t, o).Events(time.Time{}), o.Seed))
			again := collect(t, o.Scenario.Delivery.Deliver(begin(t, o).Events(time.Time{}), o.Seed))
			for i := range got {
				if len(again) != len(got) || !again[i].At.Equal(got[i].At) || wire.Rank(again[i].Call) != wire.Rank(got[i].Call) {
					t.Fatal("the same seed delivers otherwise")
				}
			}
			newest, seen, disorder, before := map[string]*hotline.Call{}, map[hotline.Rank]int{}, 0, time.Time{}
			for _, e := range got {
				if e.At.Before(before) {
					t.Fatal("what arrives later comes sooner")
				}
				before = e.At
				rank := wire.Rank(e.Call)
				known := newest[e.Call.ID]
				if known != nil && rank.Compare(wire.Rank(known)) < 0 {
					disorder++
				}
				if known == nil || rank.Compare(wire.Rank(known)) > 0 {
					newest[e.Call.ID] = e.Call
				}
				seen[rank]++
			}
			tallies := map[kpi.Key]*kpi.Tally{}
			for _, c := range newest {
				kpi.Count(tallies, c)
			}
			if diff := cmp.Diff(s.Truth(), tallies); diff != "" {
				t.Errorf("what arrives is not what is true:\n%s", diff)
			}
			latest := got[len(got)-1].At.Sub(sent[len(sent)-1].At)
			t.Logf("%d records sent, %d arrived, %d after a newer one, the last %s after the last was sent", len(sent), len(got), disorder, latest)
			if len(got) < len(sent)+len(sent)/60 || len(seen) != len(sent) || disorder < 50 || scenario == "late-delivery" && latest < 48*time.Hour {
				t.Error("it is delivered too well")
			}
		})
	}
}

// What is told beside the calls changes nothing about them.
func TestBesideTheCalls(t *testing.T) {
	unread(t)
	o := days(t, "benefit-surge", "2026-03-16", 3)
	want := map[string]*hotline.Call{}
	for _, e := range collect(t, begin(t, o).Backfill(time.Time{})) {
		want[e.Call.ID] = e.Call
	}
	o.Tickets, o.States, o.RatingsApart = true, true, true
	got := map[string]*hotline.Call{}
	tickets, kinds := map[string]*hotline.Ticket{}, map[hotline.TicketKind]int{}
	doing, states := map[string]*hotline.AgentState{}, map[hotline.State]int{}
	rated := 0
	for _, e := range collect(t, begin(t, o).Backfill(time.Time{})) {
		switch {
		case e.Call != nil:
			got[e.Call.ID] = e.Call
		case e.Rating != nil:
			if err := e.Rating.Validate(); err != nil {
				t.Fatal(err)
			}
			rated++
			got[e.Rating.CallID].Rating = e.Rating.Rating
		case e.Ticket != nil:
			if err := e.Ticket.Validate(); err != nil {
				t.Fatal(err)
			}
			if before := tickets[e.Ticket.ID]; before != nil && e.Ticket.Version != before.Version+1 || before == nil && e.Ticket.Version != 1 {
				t.Fatalf("version %d follows %+v", e.Ticket.Version, before)
			}
			tickets[e.Ticket.ID] = e.Ticket
		case e.Agent != nil:
			if err := e.Agent.Validate(); err != nil {
				t.Fatal(err)
			}
			if before := doing[e.Agent.Agent]; before != nil && (e.Agent.Since.Before(before.Since) || e.Agent.State == before.State && e.Agent.Reason == before.Reason ||
				e.Agent.Since.Equal(before.Since) && e.Agent.Version <= before.Version) {
				t.Fatalf("%+v follows %+v", e.Agent, before)
			}
			doing[e.Agent.Agent] = e.Agent
			states[e.Agent.State]++
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the calls are others:\n%.2000s", diff)
	}
	for _, ticket := range tickets {
		kinds[ticket.Kind]++
	}
	for _, kind := range hotline.TicketKinds() {
		if kinds[kind] == 0 {
			t.Errorf("no ticket of kind %s", kind)
		}
	}
	for _, state := range []hotline.State{hotline.Free, hotline.Ringing, hotline.Talking, hotline.Wrapup, hotline.Paused, hotline.SignedOut} {
		if states[state] < 3 {
			t.Errorf("%d times %s", states[state], state)
		}
	}
	if rated == 0 {
		t.Error("no rating came apart")
	}
}

func TestSeedsShareNoID(t *testing.T) {
	unread(t)
	ids := map[string]uint64{}
	for _, seed := range []uint64{0, 1, 36, 12333, 1<<64 - 1} {
		o := week(t, seed, 1)
		for _, e := range collect(t, begin(t, o).Backfill(time.Time{})) {
			if other, taken := ids[e.Call.ID]; taken && other != seed || len(e.Call.ID) > 40 {
				t.Fatalf("%s is a call of the seeds %d and %d", e.Call.ID, other, seed)
			}
			ids[e.Call.ID] = seed
		}
	}
}

func TestIllnessDoesNotDependOnTheBeginning(t *testing.T) {
	unread(t)
	s := named(t, NormalYear)
	s.Sick = Sick{Share: 0.02, Days: 4}
	p, err := s.compile()
	if err != nil {
		t.Fatal(err)
	}
	ill, runs, before := 0, 0, false
	const n = 4000
	for i := range n {
		day := time.Date(2020, 1, 1+i, 0, 0, 0, 0, p.zone)
		now := p.sick(3, day, 9)
		if now {
			ill++
			if !before {
				runs++
			}
		}
		before = now
	}
	// Renewal: a day is free of illness when none of those before reaches it, about exp(-0.08).
	share, mean := float64(ill)/n, float64(ill)/float64(max(runs, 1))
	t.Logf("ill on %.3f of the days, %.1f days at a time", share, mean)
	if share < 0.05 || share > 0.11 || mean < 3 || mean > 5.5 {
		t.Error("not two illnesses in a hundred days, of four days")
	}
}
