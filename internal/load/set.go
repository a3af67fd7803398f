package load

import "slices"

// set holds what one call brings: mostly one or two things, so it searches a slice, but
// nobody keeps a source from sending a hundred thousand versions of one call.
type set[K comparable] struct {
	few  []K
	many map[K]struct{}
}

const fewest = 32

// add says whether k is new.
func (s *set[K]) add(k K) bool {
	if s.many != nil {
		if _, ok := s.many[k]; ok {
			return false
		}
		s.many[k] = struct{}{}
		return true
	}
	if slices.Contains(s.few, k) {
		return false
	}
	s.few = append(s.few, k)
	if len(s.few) > fewest {
		s.many = make(map[K]struct{}, 4*fewest)
		for _, k := range s.few {
			s.many[k] = struct{}{}
		}
	}
	return true
}

func (s *set[K]) reset() { s.few, s.many = s.few[:0], nil }
