package publish

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

func TestAgentsAt(t *testing.T) {
	now := time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	state := func(centre, agent string, s hotline.State, ago time.Duration) hotline.AgentState {
		return hotline.AgentState{Centre: centre, Agent: agent, State: s, Since: now.Add(-ago)}
	}
	list := []hotline.AgentState{
		state("a", "1", hotline.Talking, time.Minute),
		state("a", "2", hotline.Free, 0),
		state("a", "3", hotline.Free, 23*time.Hour),
		state("a", "4", hotline.Paused, 24*time.Hour), // forgot to sign out
		state("a", "5", hotline.SignedOut, time.Minute),
		state("a", "6", hotline.Free, -time.Second), // of a clock that runs ahead
		state("b", "1", hotline.SignedOut, time.Hour),
	}
	all, a, b := kpi.Scope{}, kpi.Scope{Level: kpi.OneCentre, Centre: "a"}, kpi.Scope{Level: kpi.OneCentre, Centre: "b"}
	here := kpi.Agents{hotline.Talking: 1, hotline.Free: 2}
	if diff := cmp.Diff(map[kpi.Scope]kpi.Agents{all: here, a: here, b: {}}, agentsAt(list, true, now)); diff != "" {
		t.Error(diff)
	}
	if here.Total() != 3 {
		t.Errorf("%d signed in", here.Total())
	}
	if got := agentsAt(nil, true, now); got == nil || got[all].Total() != 0 {
		t.Errorf("at night: %v", got)
	}
	if got := agentsAt(nil, false, now); got != nil {
		t.Errorf("where no source tells: %v", got)
	}
}

// Agents show within moments, without any call.
func TestAgentsAreFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		f, err := New(DefaultConfig(), Deps{Store: m})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		changes, cancel := f.Subscribe()
		defer cancel()
		shown := func() map[kpi.Scope]kpi.Agents {
			s, ok := f.Snapshot(time.Now())
			if !ok {
				t.Fatal("no snapshot")
			}
			return s.Agents
		}
		if got := shown(); got != nil {
			t.Fatalf("before any was told: %v", got)
		}
		m.agents = []hotline.AgentState{{Centre: "a", Agent: "1", State: hotline.Free, Since: time.Now()}}
		time.Sleep(agentsEvery)
		if err := f.poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		select {
		case <-changes:
		default:
			t.Error("nobody was told")
		}
		if got := shown()[kpi.Scope{}]; got[hotline.Free] != 1 {
			t.Errorf("%v", got)
		}
		out := exposition(t, NewMetrics(DefaultConfig(), f, time.Now, nil))
		if diff := cmp.Diff([]string{
			`hotline_agents{centre="a",state="free"} 1`, `hotline_agents{centre="all",state="free"} 1`,
		}, lines(out, `state="free"`)); diff != "" {
			t.Error(diff)
		}
		if n := len(lines(out, "hotline_agents{")); n != 12 {
			t.Errorf("%d series", n)
		}
	})
}
