package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"sync"
	"time"

	"hotline12333/internal/kpi"
)

const (
	settle  = 100 * time.Millisecond // changes that come together are one event
	pulse   = 3 * time.Second        // a stream that is silent for longer is broken
	drift   = 15 * time.Second       // sliding windows move without any record
	recheck = time.Minute            // how often a stream asks whether its viewer may still see it
)

// hub renders the board once per change and hands the same bytes to every viewer, so
// that two hundred screens cost little more than one.
type hub struct {
	cfg     Config
	deps    Deps
	errands *errands
	hello   []byte
	recheck time.Duration

	drawn drawn // of the goroutine in run alone

	mu      sync.Mutex
	day     []byte
	current []byte
	changed chan struct{} // closed and replaced when either is
}

func newHub(cfg Config, deps Deps) *hub {
	return &hub{cfg: cfg, deps: deps, errands: newErrands(deps), hello: event("hello", []byte(`"`+build()+`"`)), recheck: recheck, changed: make(chan struct{})}
}

func event(name string, body []byte) []byte {
	return fmt.Appendf(nil, "event: %s\ndata: %s\n\n", name, body)
}

// build names what pages are made of. A page that was made by another build loads itself
// anew, so that nobody has to go to a screen on a wall after an upgrade.
var build = sync.OnceValue(func() string {
	sum := sha256.New()
	sum.Write(catalogue)
	for _, files := range []fs.FS{page, templates} {
		err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			content, err := fs.ReadFile(files, path)
			sum.Write([]byte(path))
			sum.Write(content)
			return err
		})
		if err != nil { // what is compiled in can be read
			panic("web: " + err.Error())
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
})

func (h *hub) run(ctx context.Context) {
	figures, end := h.deps.Snapshots.Subscribe()
	defer end()
	var alarms <-chan struct{}
	if h.deps.Alarms != nil {
		var end func()
		alarms, end = h.deps.Alarms.Subscribe()
		defer end()
	}
	slide := time.NewTicker(drift)
	defer slide.Stop()
	for {
		h.render()
		select {
		case <-ctx.Done():
			return
		case <-slide.C:
			continue
		case <-figures:
			h.errands.changed()
		case <-alarms:
		case <-h.errands.tells():
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(settle):
		}
	}
}

func (h *hub) render() {
	now := h.deps.Now()
	snapshot, ok := h.deps.Snapshots.Snapshot(now)
	if !ok {
		return
	}
	v := newView(snapshot, h.cfg)
	v.Alarms, v.Callbacks = newAlarms(h.deps.Alarms, now), h.errands.callbacks(snapshot)
	body, err := json.Marshal(v)
	if err != nil {
		h.deps.Log.Error("rendering the board", "err", err)
		return
	}
	day, err := h.backdrop(snapshot)
	if err != nil {
		h.deps.Log.Error("rendering the board's day", "err", err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.day, h.current = day, event("board", body)
	close(h.changed)
	h.changed = make(chan struct{})
}

// drawn is the backdrop that was rendered last, and what it was made of.
type drawn struct {
	usual *kpi.UsualDay
	pace  *kpi.YearPace
	date  string
	event []byte
}

func (h *hub) backdrop(s *kpi.Snapshot) ([]byte, error) {
	date := s.At.In(s.Zone).Format(time.DateOnly)
	if d := &h.drawn; d.event != nil && d.usual == s.Usual && d.pace == s.Pace && d.date == date {
		return d.event, nil
	}
	body, err := json.Marshal(newBackdrop(s))
	if err != nil {
		return nil, err
	}
	h.drawn = drawn{usual: s.Usual, pace: s.Pace, date: date, event: event("day", body)}
	return h.drawn.event, nil
}

func (h *hub) state() (day, current []byte, changed <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.day, h.current, h.changed
}

// serve streams the board to one viewer until either side ends, or the viewer may no longer
// see it.
func (h *hub) serve(w http.ResponseWriter, r *http.Request, may func() bool) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(w)
	alive := event("alive", []byte("1"))
	beat, check := time.NewTicker(pulse), time.NewTicker(h.recheck)
	defer beat.Stop()
	defer check.Stop()
	if !h.write(w, out, h.hello) {
		return
	}
	var sentDay, sent []byte
	for {
		day, current, changed := h.state()
		if !same(day, sentDay) && !h.write(w, out, day) || !same(current, sent) && !h.write(w, out, current) {
			return
		}
		sentDay, sent = day, current
		select {
		case <-r.Context().Done():
			return
		case <-changed:
		case <-beat.C:
			if !h.write(w, out, alive) {
				return
			}
		case <-check.C:
			if !may() {
				return
			}
		}
	}
}

// same says whether two events are one: what is rendered is never changed afterwards.
func same(a, b []byte) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

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
