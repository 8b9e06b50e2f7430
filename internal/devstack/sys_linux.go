package devstack

import "syscall"

// childAttr puts a child in its own process group, so that Ctrl-C reaches this
// process alone, and has the kernel signal it when this process ends.
func childAttr(onDeath syscall.Signal, as *account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: onDeath, Credential: as.credential()}
}
