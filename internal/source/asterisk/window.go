package asterisk

import "container/list"

// window keeps what is known of calls in bounded memory: what was touched longest ago
// leaves first, when it is too old or when there are too many.
//
// The age is measured by the log's own time. One line with a wrong date must not empty the
// window: time has passed when two lines in a row say so.
type window[T any] struct {
	most   int
	ages   [2]int64 // milliseconds, by class
	evict  func(*T) // may be nil
	byKey  map[string]*held[T]
	lists  [2]*list.List
	clock  int64
	latest int64
	fresh  []*held[T] // touched since the last tick, at a time that the next line confirms
}

// The classes: what may still change is kept longer than what has ended.
const (
	alive = iota
	ended
)

// unconfirmed is the time of what is fresh.
const unconfirmed = -1

type held[T any] struct {
	key     string
	class   int
	touched int64
	at      *list.Element
	value   *T
}

func newWindow[T any](most int, aliveFor, endedFor int64, evict func(*T)) *window[T] {
	return &window[T]{
		most: most, ages: [2]int64{aliveFor, endedFor}, evict: evict,
		byKey: make(map[string]*held[T]), lists: [2]*list.List{list.New(), list.New()},
	}
}

func (w *window[T]) get(key string) *T {
	if h := w.byKey[key]; h != nil {
		return h.value
	}
	return nil
}

// put keeps v, as the one touched last.
func (w *window[T]) put(key string, class int, v *T) {
	h := w.byKey[key]
	switch {
	case h == nil:
		h = &held[T]{key: key}
		w.byKey[key] = h
		h.at = w.lists[class].PushBack(h)
	case h.class == class:
		w.lists[class].MoveToBack(h.at)
	default:
		w.lists[h.class].Remove(h.at)
		h.at = w.lists[class].PushBack(h)
	}
	h.class, h.value = class, v
	w.touch(h)
}

func (w *window[T]) touch(h *held[T]) {
	if h.touched != unconfirmed {
		h.touched = unconfirmed
		w.fresh = append(w.fresh, h)
	}
}

func (w *window[T]) remove(key string) {
	if h := w.byKey[key]; h != nil {
		w.lists[h.class].Remove(h.at)
		delete(w.byKey, key)
	}
}

// tick tells the time of a line, in milliseconds, and lets go of what is too old.
func (w *window[T]) tick(now int64) {
	if w.latest == 0 {
		w.clock = now
	}
	w.clock = max(w.clock, min(now, w.latest))
	w.latest = now
	for _, h := range w.fresh {
		h.touched = w.clock
	}
	w.fresh = w.fresh[:0]
	for class, l := range w.lists {
		for e := l.Front(); e != nil; e = l.Front() {
			h := e.Value.(*held[T])
			if w.clock-h.touched <= w.ages[class] {
				break
			}
			w.drop(h)
		}
	}
	for len(w.byKey) > w.most {
		l := w.lists[ended]
		if l.Len() == 0 {
			l = w.lists[alive]
		}
		w.drop(l.Front().Value.(*held[T]))
	}
}

func (w *window[T]) drop(h *held[T]) {
	w.lists[h.class].Remove(h.at)
	delete(w.byKey, h.key)
	if w.evict != nil {
		w.evict(h.value)
	}
}

// each visits all, those touched longest ago first.
func (w *window[T]) each(fn func(*T)) {
	for _, l := range w.lists {
		for e := l.Front(); e != nil; e = e.Next() {
			fn(e.Value.(*held[T]).value)
		}
	}
}

// saved is a window as it is written down.
type saved[T any] struct {
	Clock, Latest int64
	Held          []savedItem[T]
}

type savedItem[T any] struct {
	Key     string
	Class   int
	Touched int64
	Value   *T
}

func (w *window[T]) save() saved[T] {
	s := saved[T]{Clock: w.clock, Latest: w.latest}
	for _, l := range w.lists {
		for e := l.Front(); e != nil; e = e.Next() {
			h := e.Value.(*held[T])
			s.Held = append(s.Held, savedItem[T]{h.key, h.class, h.touched, h.value})
		}
	}
	return s
}

func (w *window[T]) restore(s saved[T]) {
	w.byKey = make(map[string]*held[T], len(s.Held))
	w.lists = [2]*list.List{list.New(), list.New()}
	w.clock, w.latest, w.fresh = s.Clock, s.Latest, nil
	for _, it := range s.Held {
		if it.Value == nil || it.Class < 0 || it.Class >= len(w.lists) {
			continue
		}
		w.put(it.Key, it.Class, it.Value)
		w.byKey[it.Key].touched = it.Touched
	}
	w.fresh = nil
	for _, l := range w.lists {
		for e := l.Front(); e != nil; e = e.Next() {
			if h := e.Value.(*held[T]); h.touched == unconfirmed {
				w.fresh = append(w.fresh, h)
			}
		}
	}
}
