package wire

// words keeps one copy of texts that come again and again: names of fields, queues,
// agents. It is bounded, whatever a source sends.
type words map[string]string

const (
	maxWords = 4096
	maxWord  = 64 // bytes
)

func (w words) get(b []byte) string {
	if s, ok := w[string(b)]; ok { // does not allocate
		return s
	}
	s := string(b)
	if len(s) <= maxWord {
		if len(w) >= maxWords {
			clear(w)
		}
		w[s] = s
	}
	return s
}
