//go:build unix && !linux

package devstack

import "syscall"

// childAttr puts a child in its own process group, so that Ctrl-C reaches this
// process alone. This kernel cannot end a child whose parent died; PostgreSQL
// ends by itself once the next start has swept its folder.
func childAttr(_ syscall.Signal, as *account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: as.credential()}
}
