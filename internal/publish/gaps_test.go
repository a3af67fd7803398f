package publish

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/kpi"
)

// What the sources cannot tell is noted once. A store that takes nothing in holds up no
// figure, and is tried again.
func TestGapsAreNoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.full = errors.New("no space left on device")
		cannot := map[string][]kpi.Capability{"pbx": {kpi.CanIVR}}
		f, err := New(DefaultConfig(), Deps{Store: m, Cannot: cannot})
		if err != nil {
			t.Fatal(err)
		}
		poll := func() {
			t.Helper()
			if err := f.poll(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		poll()
		if _, ok := f.Snapshot(time.Now()); !ok {
			t.Error("nothing is published")
		}
		m.full = nil
		if poll(); m.cannot != nil {
			t.Error("it is tried again at once")
		}
		time.Sleep(notingEvery)
		poll()
		if diff := cmp.Diff(cannot, m.cannot); diff != "" {
			t.Error(diff)
		}
		m.cannot = nil
		time.Sleep(notingEvery)
		if poll(); m.cannot != nil {
			t.Error("it is noted twice")
		}
	})
}
