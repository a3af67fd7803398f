package store_test

import (
	"testing"

	"hotline12333/internal/kpi"
	"hotline12333/internal/testkit"
)

// TestSourceGaps: what is noted last holds, a source that is not described any more lacks
// nothing, and what has not changed is not written again.
func TestSourceGaps(t *testing.T) {
	cfg := testkit.StoreConfig(t)
	s := testkit.OpenStore(t, cfg)
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	type gaps = map[string][]kpi.Capability
	for _, c := range []struct {
		cannot gaps
		want   string
	}{
		{nil, ""},
		{gaps{"pbx": {kpi.CanTickets, kpi.CanIVR}, "whole": nil}, "pbx\t['ivr','tickets']"},
		{gaps{"pbx": {kpi.CanIVR}, "cdr": {kpi.CanQueueWait}}, "cdr\t['queue_wait']\npbx\t['ivr']"},
		{gaps{"cdr": {kpi.CanQueueWait}}, "cdr\t['queue_wait']\npbx\t[]"},
	} {
		written := ""
		for range 2 {
			if err := s.NoteSourceGaps(t.Context(), c.cannot); err != nil {
				t.Fatal(err)
			}
			if got := query(t, cfg, "SELECT source, cannot FROM {db}.source_gaps FINAL ORDER BY source FORMAT TSV"); got != c.want {
				t.Errorf("%v: %q, want %q", c.cannot, got, c.want)
			}
			at := query(t, cfg, "SELECT source, noted_at FROM {db}.source_gaps FINAL ORDER BY source FORMAT TSV")
			if written != "" && at != written {
				t.Errorf("%v is written twice: %q, then %q", c.cannot, written, at)
			}
			written = at
		}
	}
}
