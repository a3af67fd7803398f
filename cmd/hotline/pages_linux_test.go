package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

// get asks the pages of the world for a path.
func get(t *testing.T, w *world, path string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(bounded(t), http.MethodGet, "http://"+w.settings["web.listen"]+path, nil)
	if err != nil {
		return "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusOK {
		return string(body), fmt.Errorf("%s: %s: %s", path, res.Status, body)
	}
	return string(body), nil
}

// metric finds the value of a series in the text of /metrics; empty when it is not there.
func metric(page, series string) string {
	for line := range strings.Lines(page) {
		if value, ok := strings.CutPrefix(line, series+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// number is a series that must be there.
func number(t *testing.T, page, series string) float64 {
	t.Helper()
	text := metric(page, series)
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatalf("/metrics has no number for %s: %q", series, text)
	}
	return v
}

// board is what the tests read of /api/board.
type board struct {
	Now    time.Time  `json:"now"`
	DataTo *time.Time `json:"data_to"`
	Today  struct {
		Rate, Composite, Timeliness, ASA boardFigure
		Offered                          int64
	} `json:"today"`
	Waiting struct{ Count int }
	Month   boardFigure
	Year    struct {
		Answered int64
		Rate     boardFigure
	}
	Queues []struct {
		Name string
		Rate boardFigure
	}
}

type boardFigure struct {
	Num, Den int64
	Value    *float64
	Text     string
}

// today draws calls that have arrived and ended today, as the centre's zone has it.
func today(r *rand.Rand, zone *time.Location, n int) []*hotline.Call {
	now := time.Now().In(zone)
	y, m, d := now.Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, zone)
	span := now.Sub(midnight)
	calls := make([]*hotline.Call, n)
	for i := range calls {
		c := drawCall(r, fmt.Sprintf("today-%04d", i), 1, zone)
		c.Source = "centre-pbx"
		// Squeezed between midnight and now, however short that is.
		at := midnight.Add(time.Duration(r.Int64N(int64(span/2) + 1))).UTC().Truncate(time.Millisecond)
		c.StartedAt = at
		for _, t := range []*time.Time{&c.QueuedAt, &c.AnsweredAt, &c.EndedAt} {
			if !t.IsZero() {
				*t = at
			}
		}
		calls[i] = c
	}
	return calls
}

// TestPages holds page, metrics and command line against each other, and all of them
// against the truth.
func TestPages(t *testing.T) {
	t.Parallel()
	needEngine(t)
	w := newWorld(t)
	up := w.up()
	f := newFeed(t, w)
	m := truth{}
	events := w.events(t)
	first := <-events
	if first.Today.Offered != 0 || first.Today.Rate.Value != nil {
		t.Errorf("a board without calls says %+v", first.Today)
	}
	for _, c := range today(seeded(t), shanghai(t), 500) {
		m.learn(c)
		f.send(record(c))
	}
	f.settle()
	want := m.statement(shanghai(t), kpi.Queue)
	w.seesBoard(t, events, func(b board) bool { return b.Today.Offered == want.Counts.Offered })

	for path, word := range map[string]string{"/": "<title>", "/healthz": "ok", "/readyz": "ready"} {
		body, err := get(t, w, path)
		if err != nil || !strings.Contains(body, word) {
			t.Errorf("%s: %v, want %q in:\n%s", path, err, word, tail(body))
		}
	}
	if _, err := get(t, w, "/nothing"); err == nil {
		t.Error("/nothing is there")
	}
	if out := w.must("healthcheck"); out != "ready\n" {
		t.Errorf("healthcheck said %q", out)
	}

	page, err := get(t, w, "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	body, err := get(t, w, "/api/board")
	if err != nil {
		t.Fatal(err)
	}
	var b board
	if err := json.Unmarshal([]byte(body), &b); err != nil {
		t.Fatal(err)
	}
	day := b.Now.In(shanghai(t)).Format(time.DateOnly)
	got := statement(t, w.must("kpi", "--from", day, "--by", "queue", "--format", "json"))
	want.Period = got.Period
	if err := alike(want, got); err != nil {
		t.Fatal(err)
	}
	agree(t, page, b, got)
	up.stops(t) // with a stream open
}

// agree compares the three outputs of one moment.
func agree(t *testing.T, page string, b board, s *kpi.Statement) {
	t.Helper()
	if b.DataTo == nil || s.DataTo == nil || !b.DataTo.Equal(*s.DataTo) {
		t.Errorf("data to %v on the board, %v on the command line", b.DataTo, s.DataTo)
	} else if got := number(t, page, "hotline_data_to_timestamp_seconds"); got != float64(s.DataTo.UnixMilli())/1000 {
		t.Errorf("data to %v in the metrics, %v on the command line", got, s.DataTo)
	}
	for _, f := range []struct {
		series string
		board  boardFigure
		kpi    *float64
	}{
		{`hotline_answer_rate_ratio{centre="all",definition="agent",queue="all",window="today"}`, b.Today.Rate, s.Rates.AnswerRateAgent},
		{`hotline_answer_rate_ratio{centre="all",definition="composite",queue="all",window="today"}`, b.Today.Composite, s.Rates.AnswerRateComposite},
		{`hotline_response_timeliness_ratio{centre="all",definition="wait",queue="all",window="today"}`, b.Today.Timeliness, s.Rates.ResponseTimeliness},
	} {
		if f.board.Value == nil || f.kpi == nil || *f.board.Value != *f.kpi || number(t, page, f.series) != *f.kpi {
			t.Errorf("%s is %s in the metrics, %+v on the board, %v on the command line", f.series, metric(page, f.series), f.board, f.kpi)
		}
	}
	for _, q := range b.Queues {
		series := fmt.Sprintf(`hotline_answer_rate_ratio{centre="default",definition="agent",queue="%s",window="today"}`, q.Name)
		i := slices.IndexFunc(s.Groups, func(g kpi.Group) bool { return g.Key == q.Name })
		if i < 0 {
			t.Errorf("the command line has no queue %q", q.Name)
			continue
		}
		if g := s.Groups[i]; *q.Rate.Value != *g.Rates.AnswerRateAgent || number(t, page, series) != *g.Rates.AnswerRateAgent || q.Rate.Num != g.Counts.Answered {
			t.Errorf("queue %s: %s in the metrics, %+v on the board, %+v on the command line", q.Name, metric(page, series), q.Rate, g.Counts)
		}
	}
	if len(b.Queues) != 3 {
		t.Errorf("%d queues on the board, want 3", len(b.Queues))
	}
	for series, n := range map[string]int64{
		`hotline_calls_population{centre="all",population="offered",queue="all",window="today"}`:   s.Counts.Offered,
		`hotline_calls_population{centre="all",population="requested",queue="all",window="today"}`: s.Counts.Requested,
		`hotline_calls{centre="all",outcome="answered",queue="all",window="today"}`:                s.Counts.Answered,
		`hotline_calls{centre="all",outcome="answered",queue="all",window="year"}`:                 b.Year.Answered,
		`hotline_calls{centre="all",outcome="abandoned_queue",queue="all",window="today"}`:         s.Counts.AbandonedQueue,
		`hotline_calls{centre="all",outcome="open",queue="all",window="today"}`:                    s.Counts.Open,
		`hotline_calls_excluded{centre="all",queue="all",reason="test",window="today"}`:            s.Counts.Excluded["test"],
		`hotline_calls_waiting{centre="all",queue="all"}`:                                          int64(b.Waiting.Count),
	} {
		if got := number(t, page, series); got != float64(n) {
			t.Errorf("%s is %v, want %d", series, got, n)
		}
	}
	if b.Today.Rate.Num != s.Counts.Answered || b.Today.Rate.Den != s.Counts.Requested || b.Today.Offered != s.Counts.Offered || b.Year.Answered != s.Counts.Answered {
		t.Errorf("the board counts %+v of the year %+v, the command line %+v", b.Today, b.Year, s.Counts)
	}
	asa := number(t, page, `hotline_answer_wait_mean_seconds{centre="all",queue="all",window="today"}`)
	if s.Rates.ASASeconds == nil || asa != *s.Rates.ASASeconds {
		t.Errorf("asa is %v in the metrics, %v on the command line", asa, s.Rates.ASASeconds)
	}
}

// events follows /api/events until the test ends.
func (w *world) events(t *testing.T) <-chan board {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.settings["web.listen"]+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("/api/events is %s", got)
	}
	boards := make(chan board, 1000)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(boards)
		lines := bufio.NewScanner(res.Body)
		lines.Buffer(nil, 1<<20)
		kind := ""
		for lines.Scan() {
			if k, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				kind = k
			}
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && kind == "board" {
				var b board
				if err := json.Unmarshal([]byte(data), &b); err != nil {
					t.Errorf("an event that is no board: %v", err)
					return
				}
				boards <- b
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		_ = res.Body.Close() // the stream is cut
		<-done
	})
	return boards
}

// seesBoard waits for an event that fits.
func (w *world) seesBoard(t *testing.T, events <-chan board, fits func(board) bool) {
	t.Helper()
	ctx := bounded(t)
	for {
		select {
		case b, ok := <-events:
			if !ok {
				t.Fatal("the stream of events ended")
			}
			if fits(b) {
				return
			}
		case <-ctx.Done():
			t.Fatal("the board has not come to show the calls")
		}
	}
}
