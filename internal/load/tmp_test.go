package load

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
)

func childCPU() time.Duration {
	// sum over children of this process
	entries, _ := os.ReadDir("/proc")
	var sum time.Duration
	for _, e := range entries {
		b, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		s := string(b)
		i := strings.LastIndex(s, ")")
		if i < 0 {
			continue
		}
		f := strings.Fields(s[i+1:])
		if f[1] != strconv.Itoa(os.Getpid()) {
			continue
		}
		u, _ := strconv.Atoi(f[11])
		k, _ := strconv.Atoi(f[12])
		sum += time.Duration(u+k) * 10 * time.Millisecond
	}
	return sum
}
func selfCPU() time.Duration {
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
func measure(t *testing.T, name string, f func() error) {
	t.Helper()
	a, b, w := childCPU(), selfCPU(), time.Now()
	if err := f(); err != nil {
		t.Error(name, err)
		return
	}
	t.Logf("%-30s wall %6dms engine %6dms self %6dms", name, time.Since(w).Milliseconds(), (childCPU() - a).Milliseconds(), (selfCPU() - b).Milliseconds())
}

func TestTmp(t *testing.T) {
	cfg := testkit.StoreConfig(t)
	s := testkit.OpenStore(t, cfg)
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := 50000
	recs := make([]record, 0, n)
	for i := range n {
		recs = append(recs, typical(i))
	}
	p := makePlan(recs, nil, nil)
	ids := make([]string, n)
	for i := range recs {
		ids[i] = recs[i].call.ID
	}
	for k := range 3 {
		measure(t, "lookup", func() error { _, err := s.Versions(t.Context(), ids); return err })
		measure(t, "calls", func() error { return s.InsertCalls(t.Context(), store.Batch{Topic: "x", First: int64(k)}, p.rows) })
		measure(t, "versions", func() error {
			return s.InsertVersions(t.Context(), store.Batch{Topic: "x", First: int64(k)}, p.versions)
		})
		measure(t, "ledger", func() error { return s.InsertLedger(t.Context(), store.Batch{Topic: "x", First: int64(k)}, p.ledger) })
	}
	q := func(name, sql string) {
		measure(t, name, func() error {
			res, err := http.Post("http://"+cfg.Address+"/?default_format=TSV&max_query_size=100000000&max_memory_usage=0", "text/plain", strings.NewReader(sql))
			if err != nil {
				return err
			}
			defer res.Body.Close()
			out, err := io.ReadAll(res.Body)
			if err != nil {
				return err
			}
			if res.StatusCode != 200 {
				return fmt.Errorf("%.300s", out)
			}
			t.Log(name, len(out))
			return nil
		})
	}
	db := cfg.Database
	quoted := "'" + strings.Join(ids, "','") + "'"
	quoted20 := "'" + strings.Join(ids[:20000], "','") + "'"
	joined := strings.Join(ids, ",")
	cols := "call_id, version, content_hash, toUnixTimestamp(bucket), deleted, toString(run)"
	for range 3 {
		q("select 1", "SELECT 1")
		q("in list 20k count", fmt.Sprintf("SELECT count() FROM %s.call_versions WHERE call_id IN (%s)", db, quoted20))
		q("in list 50k count", fmt.Sprintf("SELECT count() FROM %s.call_versions WHERE call_id IN (%s)", db, quoted))
		q("in list 50k full", fmt.Sprintf("SELECT %s FROM %s.call_versions WHERE call_id IN (%s)", cols, db, quoted))
		q("in split", fmt.Sprintf("SELECT count() FROM %s.call_versions WHERE call_id IN (SELECT arrayJoin(splitByChar(',', '%s')))", db, joined))
		q("in split full", fmt.Sprintf("SELECT %s FROM %s.call_versions WHERE call_id IN (SELECT arrayJoin(splitByChar(',', '%s')))", cols, db, joined))
		q("in splitByChar const", fmt.Sprintf("SELECT count() FROM %s.call_versions WHERE call_id IN splitByChar(',', '%s')", db, joined))
		q("has", fmt.Sprintf("SELECT count() FROM %s.call_versions WHERE has(splitByChar(',', '%s'), call_id)", db, joined))
		q("parse only", fmt.Sprintf("SELECT length('%s')", joined))
		q("split only", fmt.Sprintf("SELECT length(splitByChar(',', '%s'))", joined))
		q("count all", fmt.Sprintf("SELECT count(), sum(length(call_id)) FROM %s.call_versions", db))
	}
}

func BenchmarkInsertSelf(b *testing.B) {
	s := testkit.Store(b)
	n := 50000
	recs := make([]record, 0, n)
	for i := range n {
		recs = append(recs, typical(i))
	}
	p := makePlan(recs, nil, nil)
	a, c := childCPU(), selfCPU()
	k := int64(0)
	for b.Loop() {
		if err := s.InsertCalls(b.Context(), store.Batch{Topic: "x", First: k}, p.rows); err != nil {
			b.Fatal(err)
		}
		k++
	}
	b.ReportMetric(float64((childCPU()-a).Milliseconds())/float64(k), "engine-ms/op")
	b.ReportMetric(float64((selfCPU()-c).Milliseconds())/float64(k), "self-ms/op")
}
