package store_test

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
)

// TestSeenCallsHoldNoCalls tells two million calls of a year, week by week, in the memory
// that a thousand take.
func TestSeenCallsHoldNoCalls(t *testing.T) {
	if os.Getenv("HOTLINE_SOAK") != "1" {
		t.Skip("takes a minute: HOTLINE_SOAK=1 runs it")
	}
	s, cfg := newStore(t)
	const n = 2_000_000
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	sql := fmt.Sprintf(`INSERT INTO %s.calls (bucket, call_id, version, content_hash, centre, source, outcome, direction, queue, agent, started_at, wait_ms, queued, caller_masked, origin)
SELECT toDateTime(intDiv(%d + intDiv(number * 31536000, %d), 900) * 900, 'UTC'), concat('call-', toString(number)), 1, number, 'default', 'pbx',
    if(number %% 10 < 8, 'answered', 'abandoned_queue'), 'inbound', 'q', 'a', toDateTime64(%[2]d + intDiv(number * 31536000, %[3]d), 3, 'UTC'), number %% 90000, true, '138****5678', concat('a.csv:', toString(number))
FROM numbers(%[3]d) SETTINGS max_partitions_per_insert_block = 100`, cfg.Database, from.Unix(), n)
	if err := testkit.Exec(t.Context(), cfg, sql); err != nil {
		t.Fatal(err)
	}
	figure, err := kpi.LookupExplained("service_level_20", kpi.DefaultDefinitions())
	if err != nil {
		t.Fatal(err)
	}
	explainer, standings, sampler := kpi.NewExplainer(figure), kpi.Standings{}, kpi.NewSampler(kpi.Sample{Size: 100, Seed: 1})
	var most, now runtime.MemStats
	began, told := time.Now(), 0
	for at := from; at.Before(from.AddDate(1, 0, 0)); at = at.AddDate(0, 0, 7) {
		q := store.SeenQuery{From: at, To: at.AddDate(0, 0, 7)}
		err := s.SeenCalls(t.Context(), q, func() {}, func(c *store.SeenCall) error {
			stands := explainer.Stand(c.Seen)
			standings.Add(stands)
			sampler.Offer(stands.Role, c.CallID, func() kpi.ExplainedCall { return kpi.ExplainedCall{CallID: c.CallID} })
			if told++; told%50_000 == 0 {
				if runtime.ReadMemStats(&now); now.HeapInuse > most.HeapInuse {
					most = now
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	sum := standings.Sum()
	t.Logf("%d calls in %v, at most %d MB of heap in use; %d / %d", told, time.Since(began).Round(time.Millisecond), most.HeapInuse>>20, sum.Num, sum.Den)
	if told != n || sum.Den != n || len(sampler.Calls()) != 200 {
		t.Errorf("told %d of %d, %v, drawn %d", told, n, sum, len(sampler.Calls()))
	}
	if most.HeapInuse > 100<<20 {
		t.Errorf("%d MB of heap were in use", most.HeapInuse>>20)
	}
}
