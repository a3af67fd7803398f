package main

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/app"
	"hotline12333/internal/callback"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// TestLostCallsAsComputed sends versions of calls of few callers in any order, moves,
// deletions and all, and holds the list against one made of the newest versions in Go.
func TestLostCallsAsComputed(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t).with("callbacks.days=92", "rules.calendar=always")
	w.up()
	f, r, m := newFeed(t, w), seeded(t), truth{}
	zone := shanghai(t)
	day := time.Now().Add(-20 * 24 * time.Hour)
	for range 3 {
		for n := range 300 {
			c := lostDraw(r, fmt.Sprintf("c%03d", n), day, zone)
			m.learn(c)
			f.send(record(c))
		}
	}
	f.settle()
	want, err := callback.Build(callback.Facts{Calls: callsOf(m)}, callback.Rules{
		Short: time.Duration(kpi.DefaultDefinitions().ShortAbandon) * time.Second, Deadline: func(_ string, lost time.Time) time.Time { return lost.Add(4 * time.Hour) },
	})
	if err != nil {
		t.Fatal(err)
	}
	expect := []string{}
	for _, i := range want.Items {
		text := string(i.State)
		for _, c := range i.Calls {
			text += " " + c.ID
		}
		expect = append(expect, fmt.Sprintf("%s +%d %s %s %d", text, i.ShortCalls, i.Way, i.EndedBy, i.Deadline.UnixMilli()))
	}
	list, err := app.Callbacks(bounded(t), w.root(), slog.New(slog.DiscardHandler), app.CallbackQuery{Filter: callback.Filter{View: callback.All}, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for i := range list.Items {
		x := &list.Items[i]
		got = append(got, fmt.Sprintf("%s %s +%d %s %s %d", x.State, strings.Join(x.Calls, " "), x.ShortCalls, x.Way, x.EndedBy, x.Deadline.UnixMilli()))
	}
	if diff := cmp.Diff(expect, got); diff != "" || len(got) < 50 {
		t.Errorf("%d items; the list is not what the calls come to (-want +got):\n%s", len(got), diff)
	}
}

// lostDraw draws a version of a call of one of forty callers within ten days.
func lostDraw(r *rand.Rand, id string, day time.Time, zone *time.Location) *hotline.Call {
	c := drawCall(r, id, uint64(1+r.IntN(9)), zone)
	shift := day.Sub(time.Date(2026, 3, 1, 0, 0, 0, 0, zone)).Truncate(24 * time.Hour)
	for _, at := range []*time.Time{&c.StartedAt, &c.QueuedAt, &c.AnsweredAt, &c.EndedAt} {
		if !at.IsZero() {
			*at = at.Add(shift)
		}
	}
	if c.Outcome == hotline.AbandonedQueue || r.IntN(3) == 0 {
		c.Outcome = []hotline.Outcome{hotline.AbandonedQueue, hotline.AbandonedRinging, hotline.Voicemail, hotline.Blocked, hotline.CallbackRequested, hotline.TimedOut}[r.IntN(6)]
		c.AnsweredAt, c.EndedAt, c.Agent = time.Time{}, c.StartedAt.Add(time.Minute), ""
		c.Wait = hotline.Millis(int64(r.IntN(12)) * 1000)
	}
	if n := r.IntN(44); n < 40 {
		c.CallerHash = fmt.Sprintf("%064x", n+1)
	}
	switch r.IntN(20) {
	case 0:
		c.Direction = hotline.Callback
	case 1:
		c.Deleted = true
	}
	return c
}

// callsOf are the newest versions as the list wants them.
func callsOf(m truth) []callback.Call {
	var list []callback.Call
	for _, c := range m {
		if c.Deleted {
			continue
		}
		f := c.Facts()
		list = append(list, callback.Call{
			ID: c.ID, Centre: c.Centre, Source: c.Source, Queue: c.Queue, Direction: c.Direction, Outcome: c.Outcome, Excluded: f.Excluded,
			ArrivedAt: c.StartedAt, DecidedAt: f.DecidedAt, Wait: time.Duration(f.Wait) * time.Millisecond, Caller: c.Caller(), Before: c.CallerBefore(),
		})
	}
	return list
}
