package testkit

import (
	"os"
	"testing"
	"time"

	"github.com/prometheus/procfs"
)

// CPU is the processor time that this process and those it has started have used, to a hundredth
// of a second: the time that passes tells of what else the machine does, too.
func CPU(t testing.TB) time.Duration {
	t.Helper()
	all, err := procfs.AllProcs()
	if err != nil {
		t.Skip("/proc tells what processes use: ", err)
	}
	var used float64
	for _, p := range all {
		if stat, err := p.Stat(); err == nil && (p.PID == os.Getpid() || stat.PPID == os.Getpid()) { // else it has ended
			used += stat.CPUTime()
		}
	}
	return time.Duration(used * float64(time.Second))
}
