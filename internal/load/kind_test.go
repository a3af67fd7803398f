package load

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/broker"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
	"hotline12333/internal/wire"
)

func supplement(call string, version uint64, topics ...string) *hotline.Supplement {
	return &hotline.Supplement{
		CallID: call, Version: version, Kind: hotline.SupplementTopics, Centre: hotline.DefaultCentre, Topics: topics,
	}
}

func sentApart(s *hotline.Supplement) broker.Record {
	return broker.Record{Key: []byte(s.CallID), Value: wire.AppendSupplement(nil, s), Headers: []broker.Header{{Key: "run", Value: []byte("r1")}}}
}

// Supplements go the same way as calls, whatever dies when, and mark the bucket of their
// call when it is known.
func TestSupplementsDieAtEachStep(t *testing.T) {
	t.Parallel()
	topics := DefaultTopics()
	for _, step := range []string{
		"", "announce after", topics.Rejected + " after", "records before", "records after", "lookup",
		"ledger before", "ledger after", topics.Touched + " before", topics.Touched + " after", "commit before", "commit after",
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.part.append(sent(made("a", 1, 3, "x")), sent(made("a", 2, 5, "x")), sent(made("b", 1, 3, "x")))
				if err := r.drain(); err != nil {
					t.Fatal(err)
				}
				r.loader, r.part = r.loader.others[0], newFakePartition()
				r.part.append(
					sentApart(supplement("a", 1, "t")), sentApart(supplement("a", 2, "u")), sentApart(supplement("b", 1, "t")),
					sentApart(supplement("later", 1, "t")), sentApart(supplement("a", 1, "t")),
					bad("a", `{"call_id":"a","version":1,"kind":"mood"}`), bad("b", `{"call_id":"a","version":1,"kind":"ivr","ivr_seconds":1}`),
				)
				refused := supplement("c", 1, "t")
				refused.Source = refusedQueue
				r.part.append(sentApart(refused), sentApart(supplement("b", 2, "u")))
				if step != "" {
					ctx, kill := context.WithCancel(t.Context())
					defer kill()
					r.failAt(step, 1, kill)
					if err := r.work(ctx); err != nil {
						t.Fatal(err)
					}
					if r.part.done() {
						t.Fatal("it did not die")
					}
					r.heal()
				}
				if err := r.drain(); err != nil {
					t.Fatal(err)
				}
				if len(r.model.dirty) > 0 {
					t.Errorf("buckets changed and not marked after: %v", r.model.dirty)
				}
				want := map[string]bool{}
				for _, s := range []*hotline.Supplement{supplement("a", 1, "t"), supplement("a", 2, "u"), supplement("b", 1, "t"), supplement("later", 1, "t"), supplement("b", 2, "u")} {
					want[fmt.Sprint(s.CallID, " ", s.Kind, " ", wire.RankSupplement(s))] = true
				}
				if diff := cmp.Diff(want, r.model.apart); diff != "" {
					t.Error(diff)
				}
				reasons := map[hotline.Reason]int{}
				for _, l := range r.letters() {
					reasons[l.Reason]++
					if l.Topic != topics.Supplements {
						t.Errorf("a letter of topic %s", l.Topic)
					}
				}
				if diff := cmp.Diff(map[hotline.Reason]int{hotline.UnknownValue: 1, hotline.KeyMismatch: 1, hotline.Refused: 1}, reasons); diff != "" {
					t.Error(diff)
				}
				var records int64
				for at, l := range r.model.ledger {
					if r.model.ranges[at].Topic == topics.Supplements {
						records += l.Accepted + l.Rejected
					}
				}
				if records != 9 {
					t.Errorf("%d records in the ledger, not 9", records)
				}
			})
		})
	}
}

// TestApartOnTheStack loads supplements and agents' states with everything real.
func TestApartOnTheStack(t *testing.T) {
	t.Parallel()
	s := newStack(t, 1)
	stop := s.start(t.Context(), s.deps())
	defer stop()
	ctx := t.Context()
	early, late := supplement("a", 1, "t"), supplement("a", 2, "u")
	produce := func(topic string, recs ...broker.Record) {
		t.Helper()
		if err := s.client.Produce(ctx, topic, recs); err != nil {
			t.Fatal(err)
		}
	}
	settled := func() {
		t.Helper()
		testkit.Eventually(t, testkit.Patience, func() error {
			for topic, group := range s.cfg.Groups(s.topics) {
				ends, err := s.client.Offsets(ctx, topic)
				if err != nil {
					return err
				}
				committed, err := s.client.Committed(ctx, group, topic)
				if err != nil {
					return err
				}
				if ends[0].Next != committed[0] {
					return fmt.Errorf("%s is committed to %d of %d", topic, committed[0], ends[0].Next)
				}
			}
			return nil
		})
	}
	produce(s.topics.Supplements, sentApart(early))
	settled()
	s.produce(sent(made("a", 1, 0, "x")))
	settled()
	marks := func() int64 {
		ends, err := s.client.Offsets(ctx, s.topics.Touched)
		if err != nil {
			t.Fatal(err)
		}
		return ends[0].Next
	}
	before := marks()
	produce(s.topics.Supplements, sentApart(late))
	state := &hotline.AgentState{Agent: "8001", Centre: hotline.DefaultCentre, State: hotline.Paused, Reason: "午餐", Since: noon, Version: 1}
	free := &hotline.AgentState{Agent: "8001", Centre: hotline.DefaultCentre, State: hotline.Free, Since: noon.Add(-time.Minute), Version: 9}
	for _, a := range []*hotline.AgentState{state, free, state} { // out of order, and twice
		produce(s.topics.Agents, broker.Record{Key: []byte(a.Key()), Value: wire.AppendAgentState(nil, a)})
	}
	produce(s.topics.Agents, broker.Record{Key: []byte("8001"), Value: wire.AppendAgentState(nil, state)}) // the wrong key
	settled()
	if n := marks() - before; n != 1 {
		t.Errorf("the supplement marked %d buckets, not 1", n)
	}
	list, ever, err := s.store.Agents(ctx, noon.Add(-time.Hour), noon.Add(time.Hour))
	if err != nil || !ever {
		t.Fatalf("ever %v, %v", ever, err)
	}
	if diff := cmp.Diff([]hotline.AgentState{*state}, list); diff != "" {
		t.Error(diff)
	}
	if list, _, err = s.store.Agents(ctx, noon.Add(-time.Hour), noon.Add(-time.Second)); err != nil || len(list) != 1 || list[0].State != hotline.Free {
		t.Errorf("before noon: %v, %v", list, err)
	}
	duty, err := s.store.Duty(ctx, noon.Add(-time.Hour), noon.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]kpi.DutyChange{
		{Centre: free.Centre, Agent: free.Agent, Since: free.Since, Able: true},
		{Centre: free.Centre, Agent: free.Agent, Since: state.Since, Able: false},
	}, duty); diff != "" {
		t.Error(diff)
	}
	if err := s.store.Recompute(ctx, []time.Time{noon}, 2); err != nil {
		t.Fatal(err)
	}
	tallies, err := s.store.Tallies(ctx, store.TallyQuery{From: noon, To: noon.Add(time.Hour), Dimension: "topic", Names: true})
	if err != nil || len(tallies) != 1 || tallies[0].Key.Name != "u" {
		t.Errorf("topics: %v, %v", tallies, err)
	}
	if letters := s.letters(); letters.Total != 1 || letters.Entries[0].Letter.Topic != s.topics.Agents {
		t.Errorf("%d letters", letters.Total)
	}
}
