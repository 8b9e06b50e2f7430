//go:build unix

package devstack

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// supported says whether this system can run the embedded stack.
const supported = true

// credential is how exec changes to the account; nil stays as we are.
func (a *account) credential() *syscall.Credential {
	if a == nil {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid}
}

// killGroup kills a child and all that it started.
func killGroup(pid int) error { return syscall.Kill(-pid, syscall.SIGKILL) }

// lockFile takes the exclusive lock of a file, which it creates, and waits for
// it if asked to. The lock is held until the file is closed or this process
// ends. Without wait, a lock held elsewhere is errLocked.
func lockFile(path string, wait bool) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // our own lock file
	if err != nil {
		return nil, err
	}
	how := syscall.LOCK_EX
	if !wait {
		how |= syscall.LOCK_NB
	}
	for {
		err = syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errLocked
	}
	return nil, err
}

// reachable says whether the account may enter every folder above path.
func reachable(path string, a *account) bool {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err == nil && !mayEnter(info, a) {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

func mayEnter(info os.FileInfo, a *account) bool {
	mode := info.Mode().Perm()
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case ok && st.Uid == a.uid:
		return mode&0o100 != 0
	case ok && st.Gid == a.gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}

// ownedBy says whether a file belongs to us or to the account.
func ownedBy(info os.FileInfo, a *account) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && (int(st.Uid) == os.Geteuid() || a != nil && st.Uid == a.uid)
}
