//go:build unix

package access

import (
	"os/exec"
	"syscall"
)

// endWithChildren makes the end of a command's context end the programs, too, that the
// command has started.
func endWithChildren(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
}
