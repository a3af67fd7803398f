package publish

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"hotline12333/internal/callback"
)

// The list is asked for now and then; while it cannot be read nothing is exported.
func TestCallbacks(t *testing.T) {
	asked, now := 0, time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	var fails error
	c := NewCallbacks(func(context.Context) (map[string]callback.Figures, error) {
		asked++
		f := callback.Figures{Owed: 5, Taken: 2, Overdue: 1, Done: 7, Redialled: 3, Short: 4, Withheld: 6}
		return map[string]callback.Figures{"": f, "all": {Owed: 5}}, fails
	}, func() time.Time { return now }, nil)
	want := `# HELP hotline_callbacks Lost callers of the last days (callbacks.days) by state: owed, of these taken (somebody calls back) and overdue; done, redialled (called again and were answered); apart from these short (short abandons alone) and withheld (calls without a number). Work, not an indicator.
# TYPE hotline_callbacks gauge
`
	for _, centre := range []string{"=all", "all"} {
		for _, s := range []string{"done 7", "overdue 1", "owed 5", "redialled 3", "short 4", "taken 2", "withheld 6"} {
			state, n, _ := strings.Cut(s, " ")
			if centre == "=all" && state != "owed" {
				n = "0"
			}
			want += `hotline_callbacks{centre="` + centre + `",state="` + state + `"} ` + n + "\n"
		}
	}
	for range 2 {
		if err := testutil.CollectAndCompare(c, strings.NewReader(want)); err != nil {
			t.Error(err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times in one moment", asked)
	}
	now, fails = now.Add(time.Minute), errors.New("away")
	if n := testutil.CollectAndCount(c); n != 0 {
		t.Errorf("%d series of a list that cannot be read", n)
	}
}

// A list that takes long, or a database that hangs, holds up no scrape; what was read last
// holds until it has answered.
func TestCallbacksDoNotWaitForAHangingStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := new(atomic.Int32)
		c := NewCallbacks(func(ctx context.Context) (map[string]callback.Figures, error) {
			if asked.Add(1) > 1 {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return map[string]callback.Figures{"": {Owed: 5}}, nil
		}, time.Now, nil)
		if len(c.figures.current(time.Now())) != 1 {
			t.Error("not read at first")
		}
		time.Sleep(callbacksEvery)
		began := time.Now()
		for range 3 {
			if len(c.figures.current(time.Now())) != 1 {
				t.Error("forgotten")
			}
		}
		if took := time.Since(began); took > 3*asidePatience || asked.Load() != 2 {
			t.Errorf("three scrapes took %v and asked %d times", took, asked.Load()-1)
		}
		time.Sleep(callbacksTimeout)
		if len(c.figures.current(time.Now())) != 0 {
			t.Error("what could not be read is still told")
		}
		time.Sleep(2 * callbacksTimeout) // until the last reading has ended
	})
}
