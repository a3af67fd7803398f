package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"testing"
	"time"

	"hotline12333/internal/testkit"
)

// TestDataToOnEveryPage: a record whose clock runs ahead takes no page into the future; all
// have the same instant.
func TestDataToOnEveryPage(t *testing.T) {
	t.Parallel()
	needEngine(t)
	w := newWorld(t).with("web.loopback_role=administrator", "rules.calendar=always")
	w.up()
	now := time.Now()
	w.lostFile(now, lostLine{id: "before", ago: 12, outcome: "answered"}, lostLine{id: "ahead", ago: -26 * 60, outcome: "answered"})
	var b struct {
		DataTo *time.Time `json:"data_to"`
	}
	p := w.stranger()
	testkit.Eventually(t, steps, func() error {
		_, body := p.get("/api/board")
		if err := json.Unmarshal([]byte(body), &b); err != nil {
			return err
		}
		if b.DataTo == nil {
			return fmt.Errorf("the board has no data yet: %s", tail(body))
		}
		return nil
	})
	if b.DataTo.After(now) {
		t.Fatalf("data to %v on the board, at %v", b.DataTo, now)
	}
	want := b.DataTo.In(shanghai(t)).Format("2006-01-02 15:04:05")
	shown := regexp.MustCompile(`数据截至 (?:<[^>]*>)?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)`)
	year := now.In(shanghai(t)).Year()
	for _, path := range []string{
		fmt.Sprintf("/history?from=%d-01-01&to=%d-12-31", year-1, year+1), fmt.Sprintf("/report?period=%d", year), "/morning",
		fmt.Sprintf("/calls?figure=answered&period=%d", year),
	} {
		status, body := p.get(path)
		text := shownText(t, body)
		m := shown.FindStringSubmatch(text)
		if status != http.StatusOK || m == nil || m[1] != want {
			t.Errorf("%s: %d, data to %v, want %s: %s", path, status, m, want, tail(text))
		}
	}
	if s := statement(t, w.must("kpi", "--from", fmt.Sprint(year-1, "-01-01"), "--format", "json")); s.DataTo == nil || !s.DataTo.Equal(*b.DataTo) {
		t.Errorf("data to %v by kpi, %v on the board", s.DataTo, b.DataTo)
	}
}
