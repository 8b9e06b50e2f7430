//go:build !unix

package devstack

import (
	"errors"
	"os"
	"syscall"
)

// supported says whether this system can run the embedded stack.
const supported = false

var errSystem = errors.New("devstack: the embedded stack needs Linux or macOS")

func childAttr(syscall.Signal, *account) *syscall.SysProcAttr { return nil }
func killGroup(int) error                                     { return errSystem }
func lockFile(string, bool) (*os.File, error)                 { return nil, errSystem }
func reachable(string, *account) bool                         { return true }
func ownedBy(os.FileInfo, *account) bool                      { return true }
