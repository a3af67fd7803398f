package main

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"regexp"
	"testing"
	"time"

	"hotline12333/internal/app"
	"hotline12333/internal/hotline"
	"hotline12333/internal/wire"
)

// TestEveryFigureLeads walks the pages, follows what stands behind every figure, and wants
// the page behind it to count what the cell says, and the calls to add up to the tallies. A
// number that leads nowhere must be one of notOfCalls.
func TestEveryFigureLeads(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	w.settings["web.loopback_role"], w.settings["rules.calendar"] = "administrator", "cn-2026"
	w.up()
	f := newFeed(t, w)
	sendTraced(t, w, f)
	// The exchange has counted something else on a day, a record could not be read, and a
	// report of the week was closed before a call of it was corrected.
	w.must("control-totals", "add", "2026-03-04", "--offered", "1", "--answered", "1", "--evidence", "日报", "--by", "王芳")
	w.run("import", w.write("bad.jsonl", "{}\n"), "--source", "hotline-tickets")
	const week = "2026-03-02..2026-03-08"
	closed := (&closer{w: w, now: time.Date(2026, 10, 1, 1, 0, 0, 0, time.UTC)}).query(t, week)
	for _, item := range app.Checks() {
		closed.Accept[item] = "试点"
	}
	if _, err := app.CloseReport(bounded(t), w.root(), slog.New(slog.DiscardHandler), closed); err != nil {
		t.Fatal(err)
	}
	corrected := drawCall(rand.New(rand.NewPCG(1, 1)), "traced-000", 9, shanghai(t))
	corrected.Source, corrected.Queue, corrected.StartedAt = "centre-pbx", "社保卡", time.Date(2026, 3, 5, 3, 0, 0, 0, time.UTC)
	corrected.QueuedAt, corrected.AnsweredAt, corrected.EndedAt = corrected.StartedAt, time.Time{}, corrected.StartedAt.Add(time.Minute)
	corrected.Outcome, corrected.Agent, corrected.Wait, corrected.Talk, corrected.Rating = hotline.AbandonedQueue, "", hotline.Span{}, hotline.Span{}, hotline.Rating{}
	f.send(record(corrected))
	f.settle()
	walk := &figureWalk{w: w, seen: map[string]*behind{}, used: map[string]bool{}}
	for _, page := range []struct {
		path  string
		cells int  // at least
		rows  bool // of indicators are all followed
	}{
		{"/report?period=" + week, 600, true},
		{"/report?period=2026-03-05&lang=en", 400, false},
		{"/history?by=day&period=" + week, 20, false},
		{"/history?by=hour&period=2026-03-05", 20, false},
		{"/history?by=queue&period=" + week, 20, false},
		{"/history?by=agent&period=" + week, 20, false},
		{"/history?by=topic&period=" + week, 20, false},
		{"/history?by=none&period=" + week, 6, false},
		{walk.difference(t), 4, true},
	} {
		walk.page(t, page.path, page.cells, page.rows)
	}
	for at, why := range notOfCalls {
		if !walk.used[at] {
			t.Errorf("no page has a number at %s (%s)", at, why)
		}
	}
}

// sendTraced brings calls of two weeks with all that tables tell apart: outcomes, transfers,
// ratings, blank names, times that run backwards, calls at night; and tickets.
func sendTraced(t *testing.T, w *world, f *feed) {
	t.Helper()
	zone, r := shanghai(t), rand.New(rand.NewPCG(12333, 1))
	for i := range 90 {
		c := drawCall(r, fmt.Sprintf("traced-%03d", i), 1, zone)
		c.Source = "centre-pbx"
		c.StartedAt = time.Date(2026, 2, 24+r.IntN(14), 8+r.IntN(12), r.IntN(60), r.IntN(60), 0, zone).UTC()
		shift := c.StartedAt.Add(10 * time.Second)
		for _, at := range []*time.Time{&c.QueuedAt, &c.AnsweredAt, &c.EndedAt} {
			if !at.IsZero() {
				*at, shift = shift, shift.Add(time.Duration(1+r.IntN(40))*time.Second)
			}
		}
		c.CallerHash = fmt.Sprintf("%064x", r.IntN(30))
		switch i % 9 {
		case 0:
			c.Queue = ""
		case 1:
			c.Agent = ""
		case 2:
			c.Outcome, c.AnsweredAt, c.Agent, c.Talk = hotline.Voicemail, time.Time{}, "", hotline.Span{}
			c.QueuedAt, c.Wait = time.Time{}, hotline.Span{}
		case 3:
			if c.Outcome == hotline.Answered {
				end := c.AnsweredAt.Add(90 * time.Second)
				c.Transfers, c.EndedAt, c.Talk = 1, end, hotline.Span{}
				c.Legs = []hotline.Leg{
					{Agent: c.Agent, Queue: c.Queue, AnsweredAt: c.AnsweredAt, EndedAt: c.AnsweredAt.Add(30 * time.Second)},
					{Agent: "agent-9", Queue: c.Queue, AnsweredAt: c.AnsweredAt.Add(40 * time.Second), EndedAt: end},
				}
			}
		case 4:
			if c.Outcome == hotline.Answered {
				c.EndedAt, c.Talk = c.AnsweredAt.Add(-time.Second), hotline.Span{}
			}
		}
		f.send(record(c))
	}
	var lines []byte
	for i := range 12 {
		opened := time.Date(2026, 3, 2+i%4, 1+i%5, 7, 0, 0, time.UTC)
		ticket := &hotline.Ticket{ID: fmt.Sprintf("ticket-%02d", i), Version: 1, Source: "centre-crm", Kind: hotline.TicketKinds()[i%4], OpenedAt: opened}
		if i%3 > 0 {
			ticket.RespondedAt = opened.Add(time.Duration(i) * 7 * time.Hour)
		}
		lines = append(wire.AppendTicket(lines, ticket), '\n')
	}
	w.must("import", w.write("traced.jsonl", string(lines)), "--source", "hotline-tickets")
	f.settle()
}

// notOfCalls are the numbers that lead nowhere, by sheet and column or the label before them,
// and why: they are no number of calls or tickets.
var notOfCalls = map[string]string{
	`^form-.*/(年度指标值|Target)`:                             "a target",
	`^form-.*/(分值|Weight)`:                                "points",
	`^form-.*/(得分|Score)`:                                 "points",
	`^form-[^/]*///`:                                      "money, and the points of its execution",
	`^summary/.*(年度指标值|Target)`:                           "a target",
	`^summary/.*(时序进度|Expected)`:                          "the target by working days: no call has a part in it",
	`^comparison/.*/(Change|增减)/`:                         "the difference of two figures that lead to their calls",
	`^quality/.*(小时|Hours|hours|占比|With records|Without)`: "hours of service, not calls",
	`^quality/.*(条数|Records)`:                             "records that could not be read: of no time, listed by hotline rejected list",
	`^quality/.*(通数|Calls)/(更正|移入|移出|corrected|moved)`:    "calls of a closed report that changed: named by the page of its difference",
	`^lost/.*(等待|Wait)`:                                   "the wait of one call, which the line is about",
}

// figureCell is a number on a page.
type figureCell struct{ at, text, href, title string }

var numeric = regexp.MustCompile(`^(▲ |▼ )?[0-9][0-9,]*(\.[0-9]+)?%?$`)
