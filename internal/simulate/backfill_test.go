package simulate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/hotline"
)

func TestBackfillIsTheEndOfLife(t *testing.T) {
	unread(t)
	o := week(t, 11, 2)
	life := map[string]*hotline.Call{}
	for _, e := range collect(t, begin(t, o).Events(time.Time{})) {
		life[e.Call.ID] = e.Call
	}
	s := begin(t, o)
	filled := map[string]*hotline.Call{}
	for _, e := range collect(t, s.Backfill(time.Time{})) {
		if filled[e.Call.ID] != nil {
			t.Fatalf("%s is told twice", e.Call.ID)
		}
		filled[e.Call.ID] = e.Call
	}
	if diff := cmp.Diff(life, filled); diff != "" {
		t.Errorf("backfill and life end differently (-life +backfill):\n%s", diff)
	}
	again := begin(t, o)
	collect(t, again.Events(time.Time{}))
	if diff := cmp.Diff(s.Truth(), again.Truth()); diff != "" {
		t.Errorf("and so do their truths:\n%s", diff)
	}
}

func TestBackfillThenLife(t *testing.T) {
	unread(t)
	o := week(t, 11, 1)
	now := o.From.Add(10*time.Hour + 7*time.Minute)
	s := begin(t, o)
	filled := collect(t, s.Backfill(now))
	states := map[string]hotline.Outcome{}
	inProgress := map[string]*hotline.Call{}
	for _, e := range filled {
		if e.At.After(now) {
			t.Errorf("%s of %s is told before %s", e.Call.ID, e.At, now)
		}
		states[e.Call.ID] = e.Call.Outcome
		if e.Call.EndedAt.IsZero() {
			inProgress[e.Call.ID] = e.Call
		}
	}
	if len(inProgress) < 3 {
		t.Fatalf("%d calls in progress in mid-morning", len(inProgress))
	}
	if open := sumByQueue(s.Truth()).Open; open == 0 {
		t.Error("the truth at this moment knows no open call")
	}
	for _, e := range collect(t, s.Events(time.Time{})) {
		if e.At.Before(now) {
			t.Fatalf("%s v%d happens at %s, which was filled", e.Call.ID, e.Call.Version, e.At)
		}
		if before := inProgress[e.Call.ID]; before != nil {
			if e.Call.Version != before.Version+1 {
				t.Fatalf("%s: version %d after %d", e.Call.ID, e.Call.Version, before.Version)
			}
			inProgress[e.Call.ID] = e.Call
		}
	}
	for id, c := range inProgress {
		if c.EndedAt.IsZero() {
			t.Errorf("%s was in progress and never ended", id)
		}
	}
	whole := begin(t, o)
	collect(t, whole.Backfill(time.Time{}))
	if diff := cmp.Diff(whole.Truth(), s.Truth()); diff != "" {
		t.Errorf("stopping on the way changed the truth:\n%s", diff)
	}
}

// A restart tells the calls in progress once more: the same version must be the same
// content, or it would be a conflict.
func TestCallsInProgressAreAsLastTold(t *testing.T) {
	unread(t)
	o := week(t, 13, 1)
	life, filled := begin(t, o), begin(t, o)
	told := map[string]*hotline.Call{}
	seen := map[hotline.Outcome]int{}
	for now := o.From; now.Before(o.To); now = now.Add(97 * time.Second) {
		for _, e := range collect(t, life.Events(now)) {
			told[e.Call.ID] = e.Call
		}
		for _, e := range collect(t, filled.Backfill(now)) {
			if diff := cmp.Diff(told[e.Call.ID], e.Call); diff != "" {
				t.Fatalf("at %s (-last told +backfill):\n%s", now, diff)
			}
			if e.Call.EndedAt.IsZero() {
				seen[e.Call.Outcome]++
			}
		}
	}
	if seen[hotline.Open] == 0 || seen[hotline.Answered] == 0 {
		t.Errorf("in progress: %v", seen)
	}
}

func TestStoppingAnywhereLosesNothing(t *testing.T) {
	unread(t)
	o := week(t, 5, 1)
	want := collect(t, begin(t, o).Events(time.Time{}))
	s := begin(t, o)
	var got []Event
	for len(got) < len(want) {
		before := len(got)
		for e, err := range s.Events(time.Time{}) {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, e); len(got)%7 == 0 {
				break
			}
		}
		if len(got) == before {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
