package broker

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func drawRecord(t *rapid.T) Record {
	field := rapid.OneOf(rapid.Just([]byte(nil)), rapid.Just([]byte{}), rapid.SliceOfN(rapid.Byte(), 1, 200))
	r := Record{
		Key:   field.Draw(t, "key"),
		Value: field.Draw(t, "value"),
		Time:  time.UnixMilli(rapid.Int64Range(1, 4e12).Draw(t, "ms")).UTC(),
	}
	for range rapid.IntRange(0, 3).Draw(t, "headers") {
		r.Headers = append(r.Headers, Header{Key: rapid.String().Draw(t, "header"), Value: field.Draw(t, "header value")})
	}
	return r
}

func encodeBatch(t interface{ Fatal(...any) }, recs []Record, codec string, base int64) []byte {
	e := newEncoder(time.UnixMilli(0), 100)
	for i := range recs {
		e.add(&recs[i])
	}
	b, err := e.bytes(codecs()[codec])
	if err != nil {
		t.Fatal(err)
	}
	binary.BigEndian.PutUint64(b, uint64(base)) // as the broker does; not under the checksum
	return b
}

// TestRoundTrip writes batches and reads them, from every offset.
func TestRoundTrip(t *testing.T) {
	names := []string{"none", "gzip", "snappy", "lz4", "zstd"}
	rapid.Check(t, func(t *rapid.T) {
		var raw []byte
		var want []Record
		base := rapid.Int64Range(0, 1<<40).Draw(t, "base")
		for range rapid.IntRange(1, 4).Draw(t, "batches") {
			recs := rapid.SliceOfN(rapid.Custom(drawRecord), 1, 20).Draw(t, "records")
			raw = append(raw, encodeBatch(t, recs, rapid.SampledFrom(names).Draw(t, "codec"), base+int64(len(want)))...)
			want = append(want, recs...)
		}
		for i := range want {
			want[i].Topic, want[i].Partition, want[i].Offset = "t", 3, base+int64(i)
		}
		skip := rapid.IntRange(0, len(want)).Draw(t, "skip")
		cut := rapid.SliceOfN(rapid.Byte(), 0, 10).Draw(t, "cut off")
		got, err := decodeBatches(append(raw, cut...), decodeTarget{topic: "t", partition: 3, from: base + int64(skip)})
		if err != nil {
			t.Fatal(err)
		}
		if got.next != base+int64(len(want)) || len(got.records) != len(want)-skip {
			t.Fatalf("%d records up to %d, want %d up to %d", len(got.records), got.next, len(want)-skip, base+int64(len(want)))
		}
		if diff := cmp.Diff(want[skip:], got.records); len(got.records) > 0 && diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func TestDecodeBatches(t *testing.T) {
	recs := numbered(10)
	good := encodeBatch(t, recs, "none", 100)
	checked := func(change func(b []byte)) []byte {
		b := slices.Clone(good)
		change(b)
		binary.BigEndian.PutUint32(b[17:], crc32.Checksum(b[batchCRCStart:], castagnoli()))
		return b
	}
	flip := func(i int) []byte {
		b := slices.Clone(good)
		b[i] ^= 0x40
		return b
	}
	for name, tc := range map[string]struct {
		raw       []byte
		from      int64
		next      int64
		count     int
		truncated bool
		err       string
	}{
		"whole":              {raw: good, from: 100, next: 110, count: 10},
		"from the middle":    {raw: good, from: 104, next: 110, count: 6},
		"all before":         {raw: good, from: 110, next: 110},
		"damaged but before": {raw: flip(80), from: 110, next: 110},
		"nothing":            {from: 5, next: 5},
		"first cut off":      {raw: good[:len(good)-1], from: 100, next: 100, truncated: true},
		"head cut off":       {raw: good[:5], from: 100, next: 100, truncated: true},
		"second cut off":     {raw: append(slices.Clone(good), good[:40]...), from: 100, next: 110, count: 10},
		"damaged":            {raw: flip(80), from: 100, next: 100, err: "is damaged"},
		"damaged checksum":   {raw: flip(17), from: 100, next: 100, err: "is damaged"},
		"control batch":      {raw: checked(func(b []byte) { b[22] |= attrControl }), from: 100, next: 110},
		"old format":         {raw: checked(func(b []byte) { b[16] = 1 }), from: 100, next: 100, err: "format 1"},
		"unknown codec":      {raw: checked(func(b []byte) { b[22] |= 7 }), from: 100, next: 100, err: "unknown compression 7"},
		"not that codec":     {raw: checked(func(b []byte) { b[22] |= 4 }), from: 100, next: 100, err: "decompressing"},
		"too many records":   {raw: checked(func(b []byte) { binary.BigEndian.PutUint32(b[57:], 1<<30) }), from: 100, next: 100, err: "records in"},
		"one too many":       {raw: checked(func(b []byte) { b[60]++ }), from: 100, next: 100, err: "is cut off"},
		"negative length":    {raw: checked(func(b []byte) { b[8] = 0xff }), from: 100, next: 100, err: "record batch at offset 100 of"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := decodeBatches(tc.raw, decodeTarget{topic: "t", from: tc.from})
			if tc.err == "" && err != nil || tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err)) {
				t.Fatalf("error %v, want %q", err, tc.err)
			}
			if err == nil && (got.next != tc.next || len(got.records) != tc.count || got.truncated != tc.truncated) {
				t.Errorf("%d records up to %d, truncated %v; want %d up to %d, %v", len(got.records), got.next, got.truncated, tc.count, tc.next, tc.truncated)
			}
		})
	}
}

// TestAppendTime reads the broker's time where the topic says so.
func TestAppendTime(t *testing.T) {
	b := encodeBatch(t, []Record{{Time: time.UnixMilli(1000)}, {Time: time.UnixMilli(2000)}}, "none", 0)
	b[22] |= attrAppendTime
	binary.BigEndian.PutUint64(b[35:], 5000)
	binary.BigEndian.PutUint32(b[17:], crc32.Checksum(b[batchCRCStart:], castagnoli()))
	got, err := decodeBatches(b, decodeTarget{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got.records {
		if r.Time.UnixMilli() != 5000 {
			t.Errorf("time %v, want the append time", r.Time)
		}
	}
}

// FuzzDecode feeds rubbish past the checksum.
func FuzzDecode(f *testing.F) {
	for codec := range codecs() {
		f.Add(encodeBatch(f, numbered(5), codec, 7))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) >= batchHeader {
			raw[16] = 2
			binary.BigEndian.PutUint32(raw[8:], uint32(len(raw)-batchPrefix))
			binary.BigEndian.PutUint32(raw[17:], crc32.Checksum(raw[batchCRCStart:], castagnoli()))
		}
		got, err := decodeBatches(raw, decodeTarget{from: 7})
		if err != nil {
			return
		}
		for _, r := range got.records {
			if r.Offset < 7 {
				t.Errorf("record at offset %d before the one asked for", r.Offset)
			}
		}
	})
}

func FuzzFrameTags(f *testing.F) {
	f.Add([]byte{0})
	f.Add([]byte{1, 0, 2, 9, 9, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if rest, err := skipTags(b); err == nil && len(rest) >= len(b) {
			t.Errorf("%d bytes left of %d", len(rest), len(b))
		}
	})
}
