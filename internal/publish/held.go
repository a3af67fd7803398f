package publish

import (
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
)

// held knows which calls the follower keeps, and in which state. A busy quarter hour changes
// every second and has a hundred thousand calls: of those it holds only what has changed is
// read again. It is of the goroutine in Run alone.
type held struct {
	lines   map[uint64]*heldLine // by the hash of the call's id
	buckets map[int64]map[uint64]struct{}
	look    uint64 // the latest
}

type heldLine struct {
	bucket int64
	state  uint64
	seen   uint64 // in which look
}

func newHeld() *held {
	return &held{lines: make(map[uint64]*heldLine), buckets: make(map[int64]map[uint64]struct{})}
}

// difference is what is not held as the marks of whole quarter hours say it is: calls to read,
// and calls that are not there any more.
func (h *held) difference(buckets []time.Time, marks []store.LiveMark) (read, gone []uint64) {
	h.look++
	for _, m := range marks {
		l := h.lines[m.Call]
		if l == nil || l.bucket != m.Bucket || l.state != m.State {
			read = append(read, m.Call)
		}
		if l != nil && l.bucket == m.Bucket {
			l.seen = h.look
		}
	}
	for _, b := range buckets {
		for call := range h.buckets[b.Unix()] {
			if h.lines[call].seen != h.look {
				gone = append(gone, call)
			}
		}
	}
	return read, gone
}

// change replaces calls: without those that are gone, and with others as they are now,
// wherever they were.
func (h *held) change(gone []uint64, fresh []store.Live) {
	for _, call := range gone {
		h.remove(call)
	}
	for i := range fresh {
		m := &fresh[i].Mark
		h.remove(m.Call)
		h.lines[m.Call] = &heldLine{bucket: m.Bucket, state: m.State}
		in := h.buckets[m.Bucket]
		if in == nil {
			in = make(map[uint64]struct{})
			h.buckets[m.Bucket] = in
		}
		in[m.Call] = struct{}{}
	}
}

func (h *held) remove(call uint64) {
	if l := h.lines[call]; l != nil {
		delete(h.buckets[l.bucket], call)
		delete(h.lines, call)
	}
}

// forget drops what arrived before a quarter hour.
func (h *held) forget(before time.Time) {
	for b, calls := range h.buckets {
		if b < hotline.BucketOf(before).Unix() {
			for call := range calls {
				delete(h.lines, call)
			}
			delete(h.buckets, b)
		}
	}
}
