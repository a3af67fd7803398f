package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	settle = 100 * time.Millisecond // changes that come together are one event
	pulse  = 3 * time.Second        // a stream that is silent for longer is broken
	drift  = 15 * time.Second       // sliding windows move without any record
)

// hub renders the board once per change and hands the same bytes to every viewer, so
// that two hundred screens cost little more than one.
type hub struct {
	cfg  Config
	deps Deps

	mu      sync.Mutex
	current []byte
	changed chan struct{} // closed and replaced when current is
}

func newHub(cfg Config, deps Deps) *hub {
	return &hub{cfg: cfg, deps: deps, changed: make(chan struct{})}
}

func (h *hub) run(ctx context.Context) {
	signal, end := h.deps.Snapshots.Subscribe()
	defer end()
	slide := time.NewTicker(drift)
	defer slide.Stop()
	for {
		h.render()
		select {
		case <-ctx.Done():
			return
		case <-slide.C:
		case <-signal:
			select {
			case <-ctx.Done():
				return
			case <-time.After(settle):
			}
		}
	}
}

func (h *hub) render() {
	snapshot, ok := h.deps.Snapshots.Snapshot(h.deps.Now())
	if !ok {
		return
	}
	body, err := json.Marshal(newView(snapshot, h.cfg))
	if err != nil {
		h.deps.Log.Error("rendering the board", "err", err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.current = fmt.Appendf(nil, "event: board\ndata: %s\n\n", body)
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *hub) state() ([]byte, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.current, h.changed
}

// serve streams the board to one viewer until either side ends.
func (h *hub) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(w)
	alive := []byte("event: alive\ndata: 1\n\n")
	beat := time.NewTicker(pulse)
	defer beat.Stop()
	var sent []byte
	for {
		body, changed := h.state()
		if !bytes.Equal(body, sent) {
			if !h.write(w, out, body) {
				return
			}
			sent = body
		}
		select {
		case <-r.Context().Done():
			return
		case <-changed:
		case <-beat.C:
			if !h.write(w, out, alive) {
				return
			}
		}
	}
}

// write is false when the viewer is gone, or too slow to be worth a place.
func (h *hub) write(w http.ResponseWriter, out *http.ResponseController, b []byte) bool {
	if err := out.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return false
	}
	if _, err := w.Write(b); err != nil {
		return false
	}
	return out.Flush() == nil
}
