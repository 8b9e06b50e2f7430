package devstack

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	tempPrefix = "rebuttal-devstack-"
	ownerFile  = "owner.lock"
)

// errLocked says that another process holds the lock.
var errLocked = errors.New("devstack: locked by another process")

// account is an unprivileged user to run a child as.
type account struct {
	name     string
	uid, gid uint32
}

// unprivileged returns the account for servers that refuse to run as root, and
// nil when we are not root.
func unprivileged() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil && uid != 0 {
			return &account{name: name, uid: uint32(uid), gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is neither a user postgres nor a user nobody to run it as: create one, or set DATABASE_URL")
}

// folder is where a server keeps its files.
type folder struct {
	path string
	lock *os.File // held for a temporary folder, so that a sweep leaves it alone
}

// openFolder makes the folder dir/name for the account, or a temporary one
// when dir is empty. A dir that the account cannot reach is replaced by a
// folder of /var/tmp, the same one each time.
func openFolder(dir, name string, as *account) (*folder, error) {
	if dir == "" {
		return tempFolder(as)
	}
	path, err := filepath.Abs(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // the account must pass through
		return nil, err
	}
	if as != nil && !reachable(path, as) {
		sum := sha256.Sum256([]byte(path))
		path = filepath.Join("/var/tmp", "rebuttal-"+name+"-"+hex.EncodeToString(sum[:6]))
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() || !ownedBy(info, as) {
		return nil, fmt.Errorf("%s belongs to somebody else", path)
	}
	return &folder{path: path}, giveTo(path, as)
}

// tempFolder makes a locked temporary folder and sweeps away those whose
// process has died.
func tempFolder(as *account) (*folder, error) {
	parent := os.TempDir()
	if as != nil && !reachable(filepath.Join(parent, "x"), as) {
		parent = "/var/tmp"
	}
	sweep(parent, as)
	// Until it is locked, the folder has a name that no sweep looks at.
	fresh, err := os.MkdirTemp(parent, ".rebuttal-new-")
	if err != nil {
		return nil, err
	}
	lock, err := lockFile(filepath.Join(fresh, ownerFile), true)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(fresh))
	}
	f := &folder{path: strings.Replace(fresh, ".rebuttal-new-", tempPrefix, 1), lock: lock}
	if err := os.Rename(fresh, f.path); err != nil {
		return nil, errors.Join(err, os.RemoveAll(fresh))
	}
	return f, giveTo(f.path, as)
}

// sweep removes the temporary folders that no living process holds.
func sweep(parent string, as *account) {
	stale, _ := filepath.Glob(filepath.Join(parent, tempPrefix+"*"))
	for _, path := range stale {
		info, err := os.Lstat(path)
		if err != nil || !info.IsDir() || !ownedBy(info, as) {
			continue
		}
		if _, err := os.Stat(filepath.Join(path, ownerFile)); err != nil {
			continue
		}
		lock, err := lockFile(filepath.Join(path, ownerFile), false)
		if err != nil {
			continue
		}
		_ = os.RemoveAll(path)
		_ = lock.Close()
	}
}

// release removes a temporary folder and leaves any other as it is.
func (f *folder) release() error {
	if f == nil || f.lock == nil {
		return nil
	}
	err := os.RemoveAll(f.path)
	_ = f.lock.Close()
	f.lock = nil
	return err
}

// giveTo makes the account the owner of a file; nil leaves it ours.
func giveTo(path string, as *account) error {
	if as == nil {
		return nil
	}
	return os.Chown(path, int(as.uid), int(as.gid))
}
