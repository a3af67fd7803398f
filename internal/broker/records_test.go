package broker

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"hotline12333/internal/testkit"
)

func testRecords(t *testing.T, addr string) {
	for codec := range codecs() {
		t.Run(codec, func(t *testing.T) {
			c, ctx := testClient(t, addr), testCtx(t)
			c.codec = codecs()[codec]
			topic := testTopic(t, c, 1, nil)
			at := time.Date(2026, 2, 28, 23, 59, 59, 123e6, time.UTC)
			recs := []Record{
				{Key: []byte("full"), Value: []byte("값 value"), Time: at, Headers: []Header{
					{Key: "run", Value: []byte("01J")}, {Key: "run", Value: []byte("again")}, {Key: "nil"}, {Key: "empty", Value: []byte{}},
				}},
				{Key: []byte("earlier"), Value: []byte(strings.Repeat("a", 5000)), Time: at.Add(-time.Hour)},
				{Key: []byte("tombstone"), Time: at},
				{Key: []byte{}, Value: []byte{}, Time: at},
				{Value: []byte("no key"), Time: at},
			}
			if err := c.Produce(ctx, topic, recs); err != nil {
				t.Fatal(err)
			}
			for i := range recs {
				recs[i].Topic, recs[i].Offset = topic, int64(i)
			}
			if diff := cmp.Diff(recs, readAll(t, c, topic)); diff != "" {
				t.Errorf("read other records than produced (-want +got):\n%s", diff)
			}
			if v, ok := recs[0].Header("run"); !ok || string(v) != "01J" {
				t.Errorf("first header run is %q, %v", v, ok)
			}
		})
	}
	t.Run("time", func(t *testing.T) {
		c, ctx := testClient(t, addr), testCtx(t)
		topic := testTopic(t, c, 1, nil)
		before := time.Now().Truncate(time.Millisecond)
		if err := c.Produce(ctx, topic, numbered(1)); err != nil {
			t.Fatal(err)
		}
		got := readAll(t, c, topic)[0].Time
		if got.Before(before) || got.After(time.Now()) {
			t.Errorf("record without a time got %v, produced after %v", got, before)
		}
	})
}

// testKeys checks the partitions against those the Java client chooses.
func testKeys(t *testing.T, addr string) {
	c, ctx := testClient(t, addr), testCtx(t)
	topic := testTopic(t, c, 7, nil)
	java := map[string]int32{ // from Kafka's own UtilsTest.testMurmur2
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536,
		"a-little-bit-longer-string": -1486304829, "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
	}
	var recs []Record
	for key := range java {
		recs = append(recs, Record{Key: []byte(key), Value: []byte("v")})
	}
	for range 50 {
		recs = append(recs, Record{Value: []byte("no key")})
	}
	if err := c.Produce(ctx, topic, recs); err != nil {
		t.Fatal(err)
	}
	for _, r := range readAll(t, c, topic) {
		hash, ok := java[string(r.Key)]
		if want := int(uint32(hash)&0x7fffffff) % 7; ok && r.Partition != want {
			t.Errorf("key %q is in partition %d, Java puts it in %d", r.Key, r.Partition, want)
		}
	}
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // documented never to fail
	return b
}

func testTooLarge(t *testing.T, addr string) {
	c, ctx := testClient(t, addr), testCtx(t)
	c.cfg.MaxRecordBytes = 100_000
	topic := testTopic(t, c, 2, map[string]string{"max.message.bytes": "20000"})
	recs := numbered(200)
	recs[17].Value = randomBytes(30_000)  // refused by the broker
	recs[42].Value = randomBytes(200_000) // not even sent
	recs[199].Value = randomBytes(19_000) // just fits
	err := c.Produce(ctx, topic, recs)
	partial, ok := errors.AsType[*PartialError](err)
	if !ok || !errors.Is(err, ErrTooLarge) {
		t.Fatalf("got %v, want a PartialError with ErrTooLarge", err)
	}
	var failed []int
	for _, f := range partial.Failed {
		if failed = append(failed, f.Index); !errors.Is(f, ErrTooLarge) {
			t.Errorf("record %d: %v", f.Index, f.Err)
		}
	}
	if diff := cmp.Diff([]int{17, 42}, failed); diff != "" {
		t.Errorf("failed records (-want +got):\n%s", diff)
	}
	if got := readAll(t, c, topic); len(got) != 198 {
		t.Errorf("%d records arrived, want the 198 others", len(got))
	}
	if got := testutil.ToFloat64(c.metrics.produced.WithLabelValues(topic)); got != 198 {
		t.Errorf("hotline_broker_produced_records_total is %v, want 198", got)
	}
}

func testLargerThanFetch(t *testing.T, addr string) {
	c, ctx := testClient(t, addr), testCtx(t)
	topic := testTopic(t, c, 1, map[string]string{"max.message.bytes": "9000000"})
	big := randomBytes(8 << 20)
	recs := []Record{{Value: []byte("before")}, {Value: big}, {Value: []byte("after")}}
	for i := range recs { // a batch each
		if err := c.Produce(ctx, topic, recs[i:i+1]); err != nil {
			t.Fatal(err)
		}
	}
	r, _, err := c.openReader(ctx, topic, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got [][]byte
	for len(got) < 3 {
		recs, err := r.fetch(ctx, FetchConfig{MaxBytes: 1000, MaxWait: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		for _, rec := range recs {
			got = append(got, rec.Value)
		}
	}
	if !bytes.Equal(got[1], big) || string(got[0]) != "before" || string(got[2]) != "after" {
		t.Errorf("the 8 MiB record or its neighbours came out different: %d, %d, %d bytes", len(got[0]), len(got[1]), len(got[2]))
	}
}

func testRange(t *testing.T, addr string) {
	c, ctx := testClient(t, addr), testCtx(t)
	c.cfg.BatchRecords = 7 // ranges begin and end within batches
	topic := testTopic(t, c, 1, nil)
	if err := c.Produce(ctx, topic, numbered(100)); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ from, to, first, count int64 }{
		{0, -1, 0, 100}, {10, 20, 10, 10}, {95, 1000, 95, 5}, {100, -1, 0, 0}, {500, -1, 0, 0}, {-5, 1, 0, 1}, {33, 33, 0, 0},
	} {
		var got []Record
		err := c.ReadRange(ctx, topic, 0, tc.from, tc.to, func(recs []Record) error {
			got = append(got, recs...)
			return nil
		})
		if err != nil || int64(len(got)) != tc.count || tc.count > 0 && got[0].Offset != tc.first {
			t.Errorf("range %d to %d gave %d records, %v; want %d from %d", tc.from, tc.to, len(got), err, tc.count, tc.first)
		}
		for i, r := range got {
			if want := strconv.FormatInt(tc.first+int64(i), 10); string(r.Key) != want {
				t.Fatalf("range %d to %d: record %d has key %s, want %s", tc.from, tc.to, i, r.Key, want)
			}
		}
	}
	stop := errors.New("stop")
	if err := c.ReadRange(ctx, topic, 0, 0, -1, func([]Record) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the callback's error came back as %v", err)
	}
}

// testConcurrentProduce has many callers share few requests and keep order.
func testConcurrentProduce(t *testing.T, addr string) {
	c, ctx := testClient(t, addr), testCtx(t)
	topic := testTopic(t, c, 2, nil)
	const callers, each = 50, 20
	errs := make(chan error, callers)
	for i := range callers {
		go func() {
			var err error
			for n := range each {
				key := fmt.Appendf(nil, "caller-%d", i)
				err = errors.Join(err, c.Produce(ctx, topic, []Record{{Key: key, Value: []byte(strconv.Itoa(n))}}))
			}
			errs <- err
		}()
	}
	for range callers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	next := map[string]int{}
	for _, r := range readAll(t, c, topic) {
		if want := strconv.Itoa(next[string(r.Key)]); string(r.Value) != want {
			t.Fatalf("%s: record %s where %s was due", r.Key, r.Value, want)
		}
		next[string(r.Key)]++
	}
	if len(next) != callers {
		t.Errorf("records of %d callers arrived, want %d", len(next), callers)
	}
	// Senders end with their work.
	testkit.Eventually(t, testkit.Patience, func() error {
		c.mu.Lock()
		defer c.mu.Unlock()
		if len(c.lanes) != 0 {
			return fmt.Errorf("%d senders are left", len(c.lanes))
		}
		return nil
	})
}
