package testkit

import (
	"os/exec"
	"syscall"
)

// dieWithParent ends the process with the test binary, were it killed.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
