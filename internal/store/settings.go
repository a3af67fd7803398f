package store

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// maxStatement is the longest statement in bytes: look-ups and recomputations carry
// their keys in the text.
const maxStatement = 64 << 20

// readSettings make a query independent of the server's and the user's profile.
func (s *Store) readSettings() clickhouse.Settings {
	settings := clickhouse.Settings{
		"max_query_size":   maxStatement,
		"final":            0,
		"join_use_nulls":   0,
		"session_timezone": "UTC",
	}
	if s.cfg.Cluster != "" {
		settings["select_sequential_consistency"] = 1
	}
	return settings
}

// writeSettings are for statements that write without a token: they may be repeated
// freely and are never dropped as duplicates.
func (s *Store) writeSettings() clickhouse.Settings {
	settings := s.readSettings()
	maps.Copy(settings, clickhouse.Settings{
		"async_insert":                    0,
		"insert_deduplicate":              0,
		"max_partitions_per_insert_block": 2000,
		"date_time_input_format":          "basic",
		// Rows of one insert have distinct keys already; looking for equal ones costs
		// twice what writing them does. FINAL knows that such parts are unmerged.
		"optimize_on_insert": 0,
	})
	if s.cfg.Cluster != "" {
		maps.Copy(settings, clickhouse.Settings{
			"insert_quorum":                 "auto",
			"insert_quorum_parallel":        0,
			"insert_quorum_timeout":         s.cfg.InsertTimeout.Milliseconds(),
			"distributed_foreground_insert": 1,
		})
	}
	return settings
}

// wholeSettings are writeSettings for an INSERT … SELECT whose rows must show together, and
// be there all or not at all: one block for each month or year of the table, which is one part.
// By themselves a million rows make one, and a kill would come between two.
func (s *Store) wholeSettings() clickhouse.Settings {
	settings := s.writeSettings()
	maps.Copy(settings, clickhouse.Settings{
		"max_insert_threads":          1,
		"min_insert_block_size_rows":  1 << 40,
		"min_insert_block_size_bytes": 0, // the rows alone decide
	})
	return settings
}

// insertSettings are for inserts that a retry or a replay may send again. The token saves
// work on a cluster, where it and the rows are committed as one. A single server notes the
// token before it commits the rows: killed in between, it would drop the rows of every
// retry as a repetition and acknowledge them. There the rank of the rows is enough, as it
// is everywhere.
func (s *Store) insertSettings(token string) clickhouse.Settings {
	settings := s.writeSettings()
	if s.cfg.Cluster == "" {
		return settings
	}
	settings["insert_deduplicate"] = 1
	settings["insert_deduplication_token"] = token
	return settings
}

// Token is the deduplication token of the batch's rows for a table. The topic's epoch is
// in it because a topic made again starts at offset 0 with other records.
func (b Batch) Token(table string) string {
	token := table + ":" + b.Topic + "-" + strconv.Itoa(int(b.Epoch)) + "-" + strconv.Itoa(b.Partition) +
		"-" + strconv.FormatInt(b.First, 10) + "-" + strconv.FormatInt(b.Last, 10)
	if b.Part != "" {
		token += "/" + b.Part
	}
	return token
}

func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

var literal = strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`)

func quote(text string) string { return "'" + literal.Replace(text) + "'" }

func unixList(times []time.Time) string {
	b := make([]byte, 0, 11*len(times))
	for i, t := range times {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, t.Unix(), 10)
	}
	return string(b)
}

// seconds and millis are the stored forms of an instant; unknown is 0.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromSeconds(s uint32) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(int64(s), 0).UTC()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
