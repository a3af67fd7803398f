package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// readPlainYear reads the files that a simulation has written.
func readPlainYear(t *testing.T, zone *time.Location, calls, tickets, ratings string) *plainYear {
	t.Helper()
	y := &plainYear{zone: zone, tickets: map[string]plainTicket{}}
	at := map[string]int{}
	for _, row := range readRows(t, calls) {
		at[row["call_id"]] = len(y.calls)
		y.calls = append(y.calls, plainCallOf(t, row))
	}
	for _, line := range readLines(t, tickets) {
		var k plainTicket
		if err := json.Unmarshal(line, &k); err != nil {
			t.Fatal(err)
		}
		if y.tickets[k.ID].Version < k.Version {
			y.tickets[k.ID] = k
		}
	}
	for _, line := range readLines(t, ratings) {
		var s struct {
			CallID string `json:"call_id"`
			Rating struct {
				Invited bool
				Value   int64
			}
		}
		if err := json.Unmarshal(line, &s); err != nil {
			t.Fatal(err)
		}
		c := &y.calls[at[s.CallID]]
		c.invited, c.rating = s.Rating.Invited, s.Rating.Value
	}
	return y
}

func readLines(t *testing.T, path string) [][]byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(b), []byte("\n"))
}

// readRows reads a file of comma-separated values by the names of its columns.
func readRows(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]map[string]string, 0, len(all)-1)
	for _, r := range all[1:] {
		row := make(map[string]string, len(r))
		for i, name := range all[0] {
			row[name] = r[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func plainCallOf(t *testing.T, row map[string]string) plainCall {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04:05.000Z07:00", row["started_at"])
	if err != nil {
		t.Fatal(err)
	}
	millis := func(column string) int64 {
		n, err := strconv.ParseInt(strings.Replace(row[column], ".", "", 1), 10, 64)
		if row[column] != "" && err != nil {
			t.Fatal(err)
		}
		return n
	}
	excluded := row["excluded"]
	if row["direction"] == "outbound" {
		excluded = "outbound"
	}
	return plainCall{
		id: row["call_id"], outcome: row["outcome"], excluded: excluded, caller: row["caller"], at: at, queued: row["queued_at"] != "",
		wait: millis("wait_seconds"), talk: millis("talk_seconds"), hold: millis("hold_seconds"), wrapup: millis("wrapup_seconds"),
		transfers: millis("transfers"),
	}
}
