package main

import (
	"bytes"
	"encoding/csv"
	"testing"
	"time"
)

// correct makes an answered call of March a lost one, in the truth and as a file to import.
func (y *simulatedYear) correct() (file, id string) {
	y.t.Helper()
	for i := range y.truth.calls {
		c := &y.truth.calls[i]
		if c.outcome != "answered" || c.at.In(y.truth.zone).Month() != time.March || c.invited || c.transfers > 0 || !y.truth.serves(c.at) {
			continue
		}
		c.outcome, c.talk, c.hold, c.wrapup = "abandoned_queue", 0, 0, 0
		for _, row := range readRows(y.t, y.path("simulated", "calls.csv")) {
			if row["call_id"] == c.id {
				return y.write("correction.csv", corrected(y.t, row)), c.id
			}
		}
	}
	y.t.Fatal("no call of March was answered")
	return "", ""
}

// corrected is the row of an answered call as that of a lost one, of a newer version.
func corrected(t *testing.T, row map[string]string) string {
	t.Helper()
	row["version"], row["outcome"], row["ended_at"] = "99", "abandoned_queue", row["answered_at"]
	for _, column := range []string{"answered_at", "agent", "talk_seconds", "hold_seconds", "wrapup_seconds", "rating_invited"} {
		row[column] = ""
	}
	var head, line []string
	for name, v := range row {
		head, line = append(head, name), append(line, v)
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := w.WriteAll([][]string{head, line}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
