package publish

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

const (
	// agentReach is how old an agent's newest state may be: beyond, it is that of someone
	// whose signing out was never told.
	agentReach = 24 * time.Hour
	// agentsEvery is how often the store is asked what agents do. No tally tells of it, so
	// there is no mark to wait for.
	agentsEvery = time.Second
	// dutyEvery is how often it is asked who was on duty since the morning, of which only
	// rules know, which look no more often.
	dutyEvery = 15 * time.Second
)

// readAgents asks what agents do, now and then.
func (f *Follower) readAgents(ctx context.Context, now time.Time) error {
	if since := now.Sub(f.askedAgents); since >= 0 && since < agentsEvery {
		return nil
	}
	list, ever, err := f.deps.Store.Agents(ctx, now.Add(-agentReach), now)
	if err != nil {
		return fmt.Errorf("reading what agents do: %w", err)
	}
	f.askedAgents = now
	if ever {
		if err := f.readDuty(ctx, now); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if ever != f.agentsTold || !slices.Equal(list, f.agents) {
		f.agents, f.agentsTold = list, ever
		f.tell()
	}
	return nil
}

// readDuty asks who was on duty today, now and then. Some came last night.
func (f *Follower) readDuty(ctx context.Context, now time.Time) error {
	if since := now.Sub(f.askedDuty); since >= 0 && since < dutyEvery {
		return nil
	}
	list, err := f.deps.Store.Duty(ctx, dateOf(now, f.zone).start(f.zone).Add(-agentReach), now)
	if err != nil {
		return fmt.Errorf("reading who was on duty: %w", err)
	}
	f.askedDuty = now
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Equal(list, f.openings.duty) {
		f.openings.duty = list
		f.openings.changed()
	}
	return nil
}

// agentsAt counts who is in which state; nil when no source has ever told any.
func agentsAt(list []hotline.AgentState, told bool, now time.Time) map[kpi.Scope]kpi.Agents {
	if !told {
		return nil
	}
	out := map[kpi.Scope]kpi.Agents{{Level: kpi.AllCentres}: {}}
	for i := range list {
		a := &list[i]
		centre := kpi.Scope{Level: kpi.OneCentre, Centre: a.Centre}
		if out[centre] == nil { // a centre whose agents have all gone home is there, with nobody
			out[centre] = kpi.Agents{}
		}
		if a.State == hotline.SignedOut || a.Since.After(now) || now.Sub(a.Since) >= agentReach {
			continue
		}
		out[centre][a.State]++
		out[kpi.Scope{Level: kpi.AllCentres}][a.State]++
	}
	return out
}

func (m *Metrics) collectAgents(to sink, s *kpi.Snapshot) {
	for scope, agents := range s.Agents {
		centre := labelAll
		if scope.Level == kpi.OneCentre {
			centre = scope.Centre
		}
		for _, state := range hotline.States() {
			if state != hotline.SignedOut {
				to.gauge(m.descs.agents, float64(agents[state]), string(state), centre)
			}
		}
	}
}
