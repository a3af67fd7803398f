//go:build !linux

package engine

import (
	"os"
	"syscall"
)

// childAttributes gives the child a process group of its own, because the
// engine signals its whole group on SYSTEM SHUTDOWN. The child notices its
// parent's end by the pipe.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// residentBytes is not known here.
func residentBytes(int) float64 { return 0 }

// selfPath is the running program.
func selfPath() (string, error) { return os.Executable() }
