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
	"hotline12333/internal/kpi"
)

// The list is asked for now and then; while it cannot be read nothing is exported.
func TestCallbacks(t *testing.T) {
	asked, now := 0, time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	var fails error
	c := NewCallbacks(knowing(nil), func(context.Context) (map[string]callback.Figures, error) {
		asked++
		f := callback.Figures{Owed: 5, Taken: 2, Overdue: 1, Done: 7, Redialled: 3, Short: 4, Withheld: 6}
		return map[string]callback.Figures{"": f, "all": {Owed: 5}}, fails
	}, func() time.Time { return now }, nil)
	want := "# HELP hotline_callbacks " + callbacksHelp + `
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

const callbacksHelp = "Lost callers of the last days (callbacks.days) by state: owed, of these taken (somebody calls back) and overdue; done, redialled (called again and were answered); apart from these short (short abandons alone) and withheld (calls without a number). owed, taken and overdue are absent where nobody is known and a source does not tell of them. Work, not an indicator."

// knowing is a hotline whose calls are of sources that know so much; nil: everything.
type knowing kpi.Knows

func (k knowing) Snapshot(time.Time) (*kpi.Snapshot, bool) {
	calls := kpi.Counted{Tally: kpi.Tally{Calls: 9, Answered: 9}, Knows: kpi.Knows(k)}
	return &kpi.Snapshot{Windows: map[kpi.Window]kpi.WindowCounts{kpi.ThisYear: {Scopes: map[kpi.Scope]kpi.Counted{{}: calls}}}}, true
}

// Nobody is not to be called back where it is not told who should be; who is known counts.
func TestCallbacksNotConnected(t *testing.T) {
	for owed, want := range map[int][]string{
		0: {`state="done"} 7`, `state="redialled"} 0`, `state="short"} 0`, `state="withheld"} 0`},
		1: {`state="done"} 7`, `state="overdue"} 0`, `state="owed"} 1`, `state="redialled"} 0`, `state="short"} 0`, `state="taken"} 0`, `state="withheld"} 0`},
	} {
		for what, knows := range map[string]kpi.Knows{
			"who called": kpi.KnowsOnly([]kpi.Capability{kpi.CanRequests}), "who asked": kpi.KnowsOnly([]kpi.Capability{kpi.CanCallers}),
		} {
			c := NewCallbacks(knowing(knows), func(context.Context) (map[string]callback.Figures, error) {
				return map[string]callback.Figures{"": {Owed: owed, Done: 7}}, nil
			}, time.Now, nil)
			text := "# HELP hotline_callbacks " + callbacksHelp + "\n# TYPE hotline_callbacks gauge\n"
			for _, line := range want {
				text += `hotline_callbacks{centre="all",` + line + "\n"
			}
			if err := testutil.CollectAndCompare(c, strings.NewReader(text)); err != nil {
				t.Errorf("not told %s, %d known: %v", what, owed, err)
			}
		}
	}
}

// A list that takes long, or a database that hangs, holds up no scrape; what was read last
// holds until it has answered.
func TestCallbacksDoNotWaitForAHangingStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := new(atomic.Int32)
		c := NewCallbacks(knowing(nil), func(ctx context.Context) (map[string]callback.Figures, error) {
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
