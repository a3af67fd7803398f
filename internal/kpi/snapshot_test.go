package kpi_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestWindowBounds(t *testing.T) {
	for _, tc := range []struct {
		zone     string
		now      string
		window   kpi.Window
		from, to string
	}{
		{"Asia/Shanghai", "2026-11-23T15:59:59.999Z", kpi.Today, "2026-11-22T16:00:00Z", "2026-11-23T16:00:00Z"},
		{"Asia/Shanghai", "2026-11-23T16:00:00Z", kpi.Today, "2026-11-23T16:00:00Z", "2026-11-24T16:00:00Z"},
		{"Asia/Shanghai", "2026-12-31T16:00:00Z", kpi.ThisMonth, "2026-12-31T16:00:00Z", "2027-01-31T16:00:00Z"},
		{"Asia/Shanghai", "2026-03-31T15:59:59Z", kpi.ThisQuarter, "2025-12-31T16:00:00Z", "2026-03-31T16:00:00Z"},
		{"Asia/Shanghai", "2026-11-23T00:00:00Z", kpi.ThisQuarter, "2026-09-30T16:00:00Z", "2026-12-31T16:00:00Z"},
		{"Asia/Shanghai", "2026-11-23T00:00:00Z", kpi.ThisYear, "2025-12-31T16:00:00Z", "2026-12-31T16:00:00Z"},
		{"UTC", "2026-11-23T10:07:30Z", kpi.Last15Minutes, "2026-11-23T09:52:30Z", "2026-11-23T10:07:30Z"},
		{"UTC", "2026-11-23T10:07:30Z", kpi.LastHour, "2026-11-23T09:07:30Z", "2026-11-23T10:07:30Z"},
		// 23 and 25 hours.
		{"Europe/Berlin", "2026-03-29T12:00:00Z", kpi.Today, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},
		{"Europe/Berlin", "2026-10-25T12:00:00Z", kpi.Today, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},
		// Half an hour of daylight saving, and an offset of three quarters.
		{"Australia/Lord_Howe", "2026-10-03T20:00:00Z", kpi.Today, "2026-10-03T13:30:00Z", "2026-10-04T13:00:00Z"},
		{"Asia/Kathmandu", "2026-10-03T20:00:00Z", kpi.Today, "2026-10-03T18:15:00Z", "2026-10-04T18:15:00Z"},
		// No midnight: the day begins at one o'clock.
		{"America/Sao_Paulo", "2018-11-04T12:00:00Z", kpi.Today, "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"},
		// Two midnights: the day begins at the first.
		{"America/Havana", "2026-11-01T12:00:00Z", kpi.Today, "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, tc.now)
		if err != nil {
			t.Fatal(err)
		}
		from, to := tc.window.Bounds(now, zone(t, tc.zone))
		got := [2]string{from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339)}
		if diff := cmp.Diff([2]string{tc.from, tc.to}, got); diff != "" {
			t.Errorf("%s at %s in %s (-want +got):\n%s", tc.window, tc.now, tc.zone, diff)
		}
	}
}

// Every day of a zone ends where the next begins, and every instant lies in its day.
func TestDaysTileTime(t *testing.T) {
	zones := []*time.Location{}
	for _, name := range []string{
		"Asia/Shanghai", "Europe/Berlin", "America/Sao_Paulo", "America/Havana", "Australia/Lord_Howe",
		"Asia/Tehran", "Africa/Cairo", "America/Santiago", "Atlantic/Azores", "Asia/Gaza",
	} {
		zones = append(zones, zone(t, name))
	}
	rapid.Check(t, func(t *rapid.T) {
		loc := rapid.SampledFrom(zones).Draw(t, "zone")
		at := time.Unix(rapid.Int64Range(946684800, 2208988800).Draw(t, "at"), 0)
		bucket := hotline.BucketOf(at)
		from, to := kpi.Today.Bounds(bucket, loc)
		if bucket.Before(from) || !bucket.Before(to) {
			t.Fatalf("%v is not within its day [%v, %v)", bucket.In(loc), from, to)
		}
		if next, _ := kpi.Today.Bounds(to, loc); !next.Equal(to) {
			t.Fatalf("the day of %v ends at %v, the next begins at %v", bucket.In(loc), to, next)
		}
	})
}

func TestScopesOrder(t *testing.T) {
	all := kpi.Scopes("a", "q")
	other := kpi.Scopes("b", "")
	order := []kpi.Scope{all[0], all[1], all[2], other[1], other[2]}
	for i, a := range order {
		for j, b := range order {
			if got := a.Compare(b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%v compared with %v is %d", a, b, got)
			}
		}
	}
}

func TestCountedMergeKeepsWhatBothKnow(t *testing.T) {
	some := kpi.Counted{Tally: kpi.Tally{Calls: 1, Answered: 1}, Knows: kpi.KnowsOnly([]kpi.Capability{kpi.CanRequests, kpi.CanQueueWait})}
	var sum kpi.Counted
	sum.Merge(&kpi.Counted{Knows: kpi.KnowsOnly(nil)}) // no calls: says nothing
	sum.Merge(&some)
	if !sum.Knows[kpi.CanQueueWait] || sum.Knows[kpi.CanIVR] {
		t.Errorf("knows %v", sum.Knows)
	}
	if r := sum.Figures(kpi.DefaultDefinitions()).AnswerRateComposite; r.NotConnected != kpi.CanIVR {
		t.Errorf("composite rate %+v is given although the source knows no IVR", r)
	}
}
