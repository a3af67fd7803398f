package aggregate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
)

func TestMarksRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bucket := hotline.BucketOf(time.Unix(rapid.Int64Range(hotline.Earliest.Unix(), hotline.Latest.Unix()-1).Draw(t, "at"), 0))
		got, err := ParseMark(MarkKey(bucket))
		if err != nil || !got.Equal(bucket) || got != bucket {
			t.Fatalf("%v becomes %v, %v", bucket, got, err)
		}
	})
}

func TestChunks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		buckets := make(map[time.Time]struct{})
		for range rapid.IntRange(0, 300).Draw(t, "buckets") {
			at := rapid.Int64Range(hotline.Earliest.Unix(), hotline.Latest.Unix()-1).Draw(t, "at")
			buckets[hotline.BucketOf(time.Unix(at, 0))] = struct{}{}
		}
		size := rapid.IntRange(1, 100).Draw(t, "size")
		back := make(map[time.Time]struct{})
		last := time.Time{}
		for _, chunk := range chunks(buckets, size) {
			months := make(map[string]bool)
			for _, b := range chunk {
				if !b.After(last) {
					t.Fatalf("%v after %v", b, last)
				}
				last = b
				back[b] = struct{}{}
				months[b.Format("2006-01")] = true
			}
			if len(chunk) == 0 || len(chunk) > size || len(months) > maxMonths {
				t.Fatalf("chunk of %d buckets in %d months, at most %d", len(chunk), len(months), size)
			}
		}
		if diff := cmp.Diff(buckets, back); diff != "" {
			t.Fatalf("(-given +chunked):\n%s", diff)
		}
	})
}

// A later mark outranks an earlier one, and a later topic every mark of an earlier.
func TestVersionOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		offset := rapid.Int64Range(0, 1<<48-1)
		a, b := offset.Draw(t, "a"), offset.Draw(t, "b")
		e, f := rapid.Uint16().Draw(t, "e"), rapid.Uint16().Draw(t, "f")
		if e == f && a < b && Version(e, a) >= Version(f, b) {
			t.Fatal("an earlier mark outranks a later one")
		}
		if e < f && Version(e, a) >= Version(f, b) {
			t.Fatal("an earlier topic outranks a later one")
		}
	})
}
