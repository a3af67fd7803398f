package intake_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"hotline12333/internal/broker"
	"hotline12333/internal/testkit"
)

// weighing is a Kafka that keeps nothing, and looks from time to time at how much memory is
// held while it is written to.
type weighing struct {
	*broker.Client
	records, batches, most atomic.Uint64
}

func (w *weighing) Produce(_ context.Context, _ string, recs []broker.Record) error {
	w.records.Add(uint64(len(recs)))
	if w.batches.Add(1)%8 == 0 {
		w.most.Store(max(w.most.Load(), heap()))
	}
	return nil
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestFollowConstantMemory follows a file that is large when it is met, and goes on growing
// while it is read. HOTLINE_BYTES makes it as large as wanted.
func TestFollowConstantMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("is about memory, which the race detector multiplies")
	}
	size := int64(24 << 20)
	if v := os.Getenv("HOTLINE_BYTES"); v != "" {
		var err error
		if size, err = strconv.ParseInt(v, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	b := newBench(t)
	path := filepath.Join(b.dir, "calls.csv")
	file, err := os.Create(path)
	must(t, err)
	defer func() { must(t, file.Close()) }()
	out := bufio.NewWriterSize(file, 1<<20)
	rows, written := 0, int64(0)
	until := func(size int64) {
		t.Helper()
		for written < size {
			line := fmt.Sprintf("c%d,2026-03-02 09:30:00,2026-03-02 09:30:31,2026-03-02 09:34:02,answered,社保卡,1001,138%08d\n", rows, rows%1000) // of regions that lie in one table: those are read when first needed
			rows, written = rows+1, written+int64(len(line))
			_, err := out.WriteString(line)
			must(t, err)
		}
		must(t, out.Flush())
	}
	_, err = out.WriteString(header)
	must(t, err)
	until(size * 3 / 4)
	w := &weighing{Client: b.client}
	before := heap()
	f := b.follow(w, b.followJob("generic-csv", path))
	for part := range int64(8) {
		until(size*3/4 + size*(part+1)/32)
	}
	testkit.Eventually(t, testkit.Patience+time.Duration(size/1e6)*time.Second, func() error {
		if n := w.records.Load(); n < uint64(rows) {
			return fmt.Errorf("%d of %d rows", n, rows)
		}
		return nil
	})
	f.stop()
	if n := w.records.Load(); n != uint64(rows) {
		t.Errorf("%d records of %d rows", n, rows)
	}
	held := w.most.Load() - min(before, w.most.Load())
	t.Logf("%d MB, %d rows, %d KB held", written>>20, rows, held>>10)
	if held > 28<<20 {
		t.Errorf("%d MB held", held>>20)
	}
}
