package aggregate

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"hotline12333/internal/hotline"
)

// maxMonths bounds the partitions one statement writes to; ClickHouse refuses more than
// a hundred in one insert.
const maxMonths = 48

// ParseMark reads the key of a mark: the start of a bucket in unix seconds, decimal.
func ParseMark(key []byte) (time.Time, error) {
	sec, err := strconv.ParseInt(string(key), 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("mark %.32q is not a number of unix seconds", key)
	}
	at := time.Unix(sec, 0).UTC()
	if !at.Equal(hotline.BucketOf(at)) {
		return time.Time{}, fmt.Errorf("mark %d is not the start of a quarter hour", sec)
	}
	if at.Before(hotline.Earliest) || !at.Before(hotline.Latest) {
		return time.Time{}, fmt.Errorf("mark %d is outside the years 1990 to 2099", sec)
	}
	return at, nil
}

// MarkKey is the key of a bucket's mark.
func MarkKey(bucket time.Time) []byte { return strconv.AppendInt(nil, bucket.Unix(), 10) }

// chunks sorts the buckets and cuts them into statements.
func chunks(buckets map[time.Time]struct{}, size int) [][]time.Time {
	var out [][]time.Time
	var chunk []time.Time
	months, month := 0, -1
	for _, b := range slices.SortedFunc(maps.Keys(buckets), time.Time.Compare) {
		m := b.Year()*12 + int(b.Month())
		if len(chunk) == size || (m != month && months == maxMonths) {
			out = append(out, chunk)
			chunk, months, month = nil, 0, -1
		}
		if m != month {
			months, month = months+1, m
		}
		chunk = append(chunk, b)
	}
	if len(chunk) > 0 {
		out = append(out, chunk)
	}
	return out
}
