package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hotline12333/internal/app"
	"hotline12333/internal/config"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/wire"
)

// truth is the newest version of every call, kept by the test itself; what it counts is
// what the program must say.
type truth map[string]*hotline.Call

// learn keeps the call if it is newer than what is known.
func (m truth) learn(c *hotline.Call) {
	c.Centre, c.Direction = orElse(c.Centre, hotline.DefaultCentre), hotline.Direction(orElse(string(c.Direction), string(hotline.Inbound)))
	if known := m[c.ID]; known == nil || wire.Rank(known).Compare(wire.Rank(c)) < 0 {
		m[c.ID] = c
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func (m truth) statement(zone *time.Location, by kpi.By) *kpi.Statement {
	return m.statementFrom(time.Time{}, zone, by)
}

// statementFrom is what is said of the quarter hours from an instant on.
func (m truth) statementFrom(from time.Time, zone *time.Location, by kpi.By) *kpi.Statement {
	counted := map[kpi.Key]*kpi.Tally{}
	for _, c := range m {
		kpi.Count(counted, c)
	}
	kpi.CountRepeats(counted, slices.Collect(maps.Values(m)))
	entries := map[kpi.Dimension][]kpi.Entry{}
	for k, t := range counted {
		if k.Bucket.Before(from) {
			continue
		}
		entries[k.Dimension] = append(entries[k.Dimension], kpi.Entry{Key: k, Tally: *t})
	}
	build := kpi.Build{
		Zone: zone, Definitions: kpi.DefaultDefinitions(),
		Knows: func(string) kpi.Knows {
			return kpi.KnowsOnly([]kpi.Capability{kpi.CanRequests, kpi.CanIVR, kpi.CanQueueWait, kpi.CanRing, kpi.CanRatings, kpi.CanCallers})
		},
	}
	period := kpi.Period{Zone: zone.String()}
	if !from.IsZero() {
		period.From = &from
	}
	return build.Statement(period, entries[kpi.ByQueue], by, entries[by.Dimension()])
}

func shanghai(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// differs tells how the running program's figures differ from the truth, nil when they
// are the same to the last digit.
func (m truth) differs(ctx context.Context, cfg config.Root, zone *time.Location, by kpi.By) error {
	got, err := app.Figures(ctx, cfg, slog.New(slog.DiscardHandler), app.FigureQuery{Zone: zone, By: by})
	if err != nil {
		return err
	}
	texts := cmpopts.IgnoreFields(kpi.DefinitionState{}, "Formula", "Text") // which are the file's
	if diff := cmp.Diff(m.statement(zone, by), got, cmpopts.EquateEmpty(), texts); diff != "" {
		return fmt.Errorf("figures by %q differ (-want +got):\n%s", by, diff)
	}
	return nil
}

// exact fails the test when any figure, however divided, is not the truth.
func (m truth) exact(t *testing.T, w *world) {
	t.Helper()
	for _, by := range []kpi.By{kpi.Undivided, kpi.Day, kpi.Hour, kpi.Queue, kpi.Agent, kpi.Topic} {
		if err := m.differs(bounded(t), w.root(), shanghai(t), by); err != nil {
			t.Fatal(err)
		}
	}
}

// fixture is a file of calls with its truth.
type fixture struct {
	csv   string
	rows  int
	truth truth
}

// newFixture draws n calls of ten days, all of one version, as generic-csv takes them.
// Every tenth row stands twice. Another version draws other outcomes, queues and times
// for the same calls.
func newFixture(t *testing.T, n int, version uint64) fixture {
	t.Helper()
	r := rand.New(rand.NewPCG(version, uint64(n)))
	zone := shanghai(t)
	f := fixture{truth: truth{}}
	var b strings.Builder
	b.WriteString("call_id,version,started_at,queued_at,answered_at,ended_at,outcome,excluded,queue,agent,topics,wait_seconds,talk_seconds,rating_value,rating_scale,caller\n")
	for i := range n {
		c := drawCall(r, fmt.Sprintf("call-%06d", i), version, zone)
		caller := 13800000000 + r.Int64N(int64(n)) // some call again
		c.CallerHash = strconv.FormatInt(caller, 10)
		row := csvRow(c, zone, caller)
		b.WriteString(row)
		f.rows++
		if i%10 == 0 {
			b.WriteString(row)
			f.rows++
		}
		f.truth.learn(c)
	}
	f.csv = b.String()
	return f
}

func drawCall(r *rand.Rand, id string, version uint64, zone *time.Location) *hotline.Call {
	c := &hotline.Call{ID: id, Version: version, Source: "generic-csv"}
	c.StartedAt = time.Date(2026, 3, 1+r.IntN(10), 8+r.IntN(10), r.IntN(60), r.IntN(60), 0, zone).UTC()
	wait, talk := time.Duration(r.IntN(90))*time.Second, time.Duration(10+r.IntN(400))*time.Second
	queues, topics := []string{"社保卡", "养老", "失业"}, []string{"挂失", "补换卡", "查询"}
	queued := func() {
		c.QueuedAt = c.StartedAt.Add(10 * time.Second)
		c.Queue = queues[r.IntN(len(queues))]
		c.Wait = hotline.Millis(wait.Milliseconds())
	}
	switch n := r.IntN(100); {
	case n < 75:
		queued()
		c.Outcome, c.AnsweredAt = hotline.Answered, c.QueuedAt.Add(wait)
		c.EndedAt = c.AnsweredAt.Add(talk)
		c.Agent, c.Talk = "agent-"+strconv.Itoa(r.IntN(7)), hotline.Millis(talk.Milliseconds())
		c.Topics = topics[:r.IntN(len(topics))]
		if r.IntN(4) == 0 {
			c.Rating = hotline.Rating{Given: true, Value: uint8(1 + r.IntN(5)), Scale: "5"}
		}
	case n < 88:
		queued()
		c.Outcome, c.EndedAt = hotline.AbandonedQueue, c.QueuedAt.Add(wait)
	case n < 94:
		c.Outcome, c.EndedAt = hotline.SelfService, c.StartedAt.Add(talk)
	case n < 97:
		c.Outcome, c.EndedAt = hotline.AbandonedIVR, c.StartedAt.Add(5*time.Second)
	case n < 99:
		c.Outcome, c.Excluded, c.EndedAt = hotline.AbandonedIVR, "test", c.StartedAt.Add(time.Second)
	default:
		queued()
		c.Outcome = hotline.Open
	}
	return c
}

func csvRow(c *hotline.Call, zone *time.Location, caller int64) string {
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(zone).Format(time.DateTime)
	}
	span := func(s hotline.Span) string {
		if !s.Known {
			return ""
		}
		return strconv.FormatInt(s.Millis/1000, 10)
	}
	rating := ""
	if c.Rating.Given {
		rating = strconv.Itoa(int(c.Rating.Value))
	}
	return strings.Join([]string{
		c.ID, strconv.FormatUint(c.Version, 10), at(c.StartedAt), at(c.QueuedAt), at(c.AnsweredAt), at(c.EndedAt),
		string(c.Outcome), string(c.Excluded), c.Queue, c.Agent, strings.Join(c.Topics, ";"),
		span(c.Wait), span(c.Talk), rating, c.Rating.Scale, strconv.FormatInt(caller, 10),
	}, ",") + "\n"
}

// alike compares what a command printed with a statement: as JSON, to the last digit.
func alike(want, got *kpi.Statement) error {
	text := func(s *kpi.Statement) (map[string]any, error) {
		data, err := json.Marshal(s)
		if err != nil {
			return nil, err
		}
		var m map[string]any
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		return m, d.Decode(&m)
	}
	w, err := text(want)
	if err != nil {
		return err
	}
	g, err := text(got)
	if err != nil {
		return err
	}
	if diff := cmp.Diff(w, g, cmpopts.EquateEmpty()); diff != "" {
		return fmt.Errorf("figures differ (-want +got):\n%s", diff)
	}
	return nil
}
