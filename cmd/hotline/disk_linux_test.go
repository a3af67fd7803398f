package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hotline12333/internal/testkit"
)

// smallDisk puts a file system of so many MiB under the data directory.
func smallDisk(t *testing.T, w *world, size string) {
	t.Helper()
	dir := w.settings["data.dir"]
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("a small file system cannot be mounted here (it takes root): %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmounting %s: %v", dir, err)
		}
	})
}

// fill takes all but so many bytes of the disk, and gives what frees them again.
func fill(t *testing.T, w *world, leave int64) (empty func()) {
	t.Helper()
	dir := w.settings["data.dir"]
	path := w.path("data", "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	chunk := make([]byte, 64<<10)
	for {
		var s unix.Statfs_t
		if err := unix.Statfs(dir, &s); err != nil {
			t.Fatal(err)
		}
		free := int64(s.Bavail)*s.Bsize - leave
		if free <= 0 {
			break
		}
		if _, err := f.Write(chunk[:min(free, int64(len(chunk)))]); err != nil {
			break // full, which is what is asked for
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}

func TestFullDisk(t *testing.T) {
	sequential(t)
	t.Parallel()
	needEngine(t)
	w := newWorld(t).with("embedded_broker.reserve_bytes=16MiB", "intake.give_up=1s", "intake.stall=2s", "intake.batch_records=200")
	smallDisk(t, w, "192m")
	up := w.up()
	m := truth{}
	learn := func(f fixture) {
		for _, c := range f.truth {
			m.learn(c)
		}
	}
	first := newFixture(t, 2000, 1)
	learn(first)
	w.must("import", w.write("first.csv", first.csv), "--source", "generic-csv")
	m.exact(t, w)

	// Below the reserve nothing more is taken, and what was taken can be read.
	empty := fill(t, w, 8<<20)
	second := newFixture(t, 2000, 2)
	file := w.write("second.csv", second.csv)
	p := w.start("import", file, "--source", "generic-csv")
	if code := p.wait(steps); code != exitTempFail {
		t.Errorf("exit code %d, want %d", code, exitTempFail)
	}
	sentence(t, p.err.String(), "has acknowledged nothing for 2s", "full", "goes on where it was")
	m.exact(t, w)
	empty()
	learn(second)
	again := w.start("import", file, "--source", "generic-csv", "--format", "json")
	if code := again.wait(steps); code != 0 {
		t.Fatalf("after space was freed: exit code %d\n%s", code, again.err.String())
	}
	m.exact(t, w)

	// A disk that fills up to the last byte in the middle of an import.
	third := newFixture(t, 6000, 3)
	learn(third)
	file = w.write("third.csv", third.csv)
	p = w.start("import", file, "--source", "generic-csv")
	testkit.Eventually(t, steps, func() error {
		page, err := get(t, w, "/metrics")
		if err == nil && metric(page, `hotline_load_records_total{topic="hotline.calls"}`) == "" {
			t.Fatal("no count of what is loaded")
		}
		return err
	})
	empty = fill(t, w, 0)
	pause(t, time.Second) // time for everybody to run into it
	empty()
	t.Logf("the import in whose midst the disk was full for a second ended with exit code %d", p.wait(steps))
	if !up.running() {
		t.Fatal("the program ended with the disk full")
	}
	w.must("import", file, "--source", "generic-csv")
	m.exact(t, w)
	pollUntilLive(t, w)

	// What is on the disk is whole, too.
	up.kill()
	up = w.up()
	m.exact(t, w)
	if n := strings.Count(up.err.String(), `"level":"ERROR"`); n > 0 {
		t.Errorf("%d errors after the restart:\n%s", n, up.err.String())
	}
	up.stops(t)
}
