package broker

import (
	"testing"
	"time"
)

// testTrim removes the beginning of a partition, up to a time.
func testTrim(t *testing.T, addr string) {
	c, ctx := testClient(t, addr), testCtx(t)
	topic := testTopic(t, c, 1, map[string]string{"retention.ms": "-1"}) // by the records' own time
	began := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	recs := numbered(100)
	for i := range recs {
		recs[i].Time = began.Add(time.Duration(i) * time.Minute)
	}
	for i := 0; i < len(recs); i += 10 { // in batches of their own, as records come
		if err := c.Produce(ctx, topic, recs[i:i+10]); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		at   time.Time
		want int64
	}{{began.Add(-time.Hour), 0}, {began.Add(37 * time.Minute), 37}, {began.Add(37*time.Minute - time.Second), 37}, {began.Add(24 * time.Hour), 100}} {
		got, err := c.OffsetsAt(ctx, topic, tc.at)
		if err != nil || len(got) != 1 || got[0] != tc.want {
			t.Errorf("from %s on: %v, %v; want %d", tc.at, got, err, tc.want)
		}
	}
	first := func() int64 {
		t.Helper()
		extents, err := c.Offsets(ctx, topic)
		if err != nil {
			t.Fatal(err)
		}
		return extents[0].First
	}
	for _, before := range []int64{37, 37, 99} {
		if err := c.DeleteBefore(ctx, topic, 0, before); err != nil || first() != before {
			t.Errorf("removed before %d: begins at %d, %v", before, first(), err)
		}
	}
	if err := c.DeleteBefore(ctx, topic, 0, 1000); err == nil {
		t.Error("more was removed than there is")
	}
	if err := c.Produce(ctx, topic, numbered(1)); err != nil {
		t.Fatal(err)
	}
	n := 0
	err := c.ReadRange(ctx, topic, 0, 0, -1, func(recs []Record) error {
		n += len(recs)
		return nil
	})
	if err != nil || n != 2 {
		t.Errorf("%d records are left, not 2, %v", n, err)
	}
}
