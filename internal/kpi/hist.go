package kpi

import (
	"maps"
	"slices"
)

// Hist counts waits by class. Classes 0 to 600 are whole seconds, so any whole-second
// threshold up to 600 is exact; longer waits fall into the coarse classes named by
// their upper edge: 900, 1800, 3600, 7200 and 65535 (longer still).
type Hist map[uint16]int64

// FineSeconds is the longest wait kept to the second.
const FineSeconds = 600

var coarse = [...]uint16{900, 1800, 3600, 7200, 65535}

// Class returns the class of a wait in whole seconds.
func Class(seconds int64) uint16 {
	if seconds <= 0 {
		return 0
	}
	if seconds <= FineSeconds {
		return uint16(seconds)
	}
	for _, edge := range coarse[:len(coarse)-1] {
		if seconds <= int64(edge) {
			return edge
		}
	}
	return coarse[len(coarse)-1]
}

// Add counts n waits of a class.
func (h *Hist) Add(class uint16, n int64) {
	if *h == nil {
		*h = make(Hist)
	}
	(*h)[class] += n
}

// Merge adds g to h.
func (h *Hist) Merge(g Hist) {
	for class, n := range g {
		if n != 0 {
			h.Add(class, n)
		}
	}
}

// AtMost counts the waits of at most so many whole seconds. It is exact for thresholds
// up to FineSeconds; beyond, coarse classes count once their upper edge is reached.
func (h Hist) AtMost(seconds int) int64 {
	var sum int64
	for class, n := range h {
		if int(class) <= seconds {
			sum += n
		}
	}
	return sum
}

// Total is the number of waits.
func (h Hist) Total() int64 {
	var sum int64
	for _, n := range h {
		sum += n
	}
	return sum
}

// Quantile is the smallest class that at least the share q (0 to 1) of the waits do
// not exceed, in seconds (nearest rank). ok is false when there are no waits, or when
// the answer lies in the open last class.
func (h Hist) Quantile(q float64) (seconds int, ok bool) {
	total := h.Total()
	if total == 0 {
		return 0, false
	}
	rank := max(int64(1), ceil(q*float64(total)))
	var sum int64
	for _, class := range slices.Sorted(maps.Keys(h)) {
		if sum += h[class]; sum >= rank {
			return int(class), class != coarse[len(coarse)-1]
		}
	}
	return 0, false
}

// ceil forgives the last bits of a product, so that the 95th percentile of 20 waits is
// the 19th, not the 20th.
func ceil(x float64) int64 {
	n := int64(x)
	if x-float64(n) > 1e-9 {
		n++
	}
	return n
}
