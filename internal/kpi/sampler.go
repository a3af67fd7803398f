package kpi

import (
	"cmp"
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Sampler keeps, of the calls it is shown, at most so many of each role: those whose ids
// hash lowest under the seed. So each is as likely as any other, the order of the calls
// does not matter, and a call stays in the sample when others are added or corrected.
type Sampler struct {
	Sample
	kept map[Role]*drawn
}

// NewSampler makes one.
func NewSampler(s Sample) *Sampler { return &Sampler{Sample: s, kept: make(map[Role]*drawn)} }

// Offer shows it a call or a ticket by its id; make is asked for the rest of it when it is kept.
func (s *Sampler) Offer(role Role, id string, make func() ExplainedCall) {
	if s.Size < 1 {
		return
	}
	d := s.kept[role]
	if d == nil {
		d = new(drawn)
		s.kept[role] = d
	}
	at := Drawn(s.Seed, id)
	if d.Len() == s.Size {
		if at >= (*d)[0].at {
			return
		}
		heap.Pop(d)
	}
	heap.Push(d, lot{at: at, id: id, call: make()})
}

// Merge offers it what another one of the same seed has kept.
func (s *Sampler) Merge(other *Sampler) {
	for role, d := range other.kept {
		for _, l := range *d {
			s.Offer(role, l.id, func() ExplainedCall { return l.call })
		}
	}
}

// Calls are those kept, by role and arrival.
func (s *Sampler) Calls() []ExplainedCall {
	var list []ExplainedCall
	for _, role := range Roles() {
		if s.kept[role] == nil {
			continue
		}
		from := len(list)
		for _, l := range *s.kept[role] {
			list = append(list, l.call)
		}
		slices.SortFunc(list[from:], func(a, b ExplainedCall) int {
			return cmp.Or(a.ArrivedAt.Compare(b.ArrivedAt), cmp.Compare(a.CallID, b.CallID))
		})
	}
	return list
}

// Kept is how many of a role it has kept.
func (s *Sampler) Kept(role Role) int {
	if s.kept[role] == nil {
		return 0
	}
	return s.kept[role].Len()
}

// Replace puts what another one has kept of a role in the place of its own.
func (s *Sampler) Replace(role Role, other *Sampler) { s.kept[role] = other.kept[role] }

// Drawn is what calls are drawn by: the first eight bytes of the SHA-256 of the seed and the
// id, the lowest first.
func Drawn(seed uint64, callID string) uint64 {
	h := sha256.New()
	var key [8]byte
	binary.BigEndian.PutUint64(key[:], seed)
	h.Write(key[:])
	h.Write([]byte(callID))
	var sum [sha256.Size]byte
	return binary.BigEndian.Uint64(h.Sum(sum[:0]))
}

type lot struct {
	at   uint64
	id   string
	call ExplainedCall
}

// drawn is a heap with the greatest lot on top: the next to go.
type drawn []lot

func (d drawn) Len() int           { return len(d) }
func (d drawn) Less(i, j int) bool { return d[i].at > d[j].at }
func (d drawn) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *drawn) Push(x any)        { *d = append(*d, x.(lot)) }
func (d *drawn) Pop() any {
	last := len(*d) - 1
	l := (*d)[last]
	*d = (*d)[:last]
	return l
}
