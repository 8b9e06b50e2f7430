package testenv

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
)

// handedOut are the addresses that some service was given.
var handedOut sync.Map

// FreeAddress is an address of this machine for a service that listens later. Its
// port is below 32768, the most that Temporal's membership table holds, and
// outside of what the kernel hands out to others meanwhile.
func FreeAddress(t testing.TB) string {
	t.Helper()
	var lc net.ListenConfig
	for range 100 {
		ln, err := lc.Listen(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000))) // #nosec G404 -- no secret
		if err != nil {
			continue
		}
		if err := ln.Close(); err != nil {
			t.Fatal(err)
		}
		if _, taken := handedOut.LoadOrStore(ln.Addr().String(), true); !taken {
			return ln.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

// reserved stands for a listener that a process of its own will open.
type reserved struct{ addr net.Addr }

func (r reserved) Accept() (net.Conn, error) { return nil, errors.New("another process listens here") }
func (r reserved) Close() error              { return nil }
func (r reserved) Addr() net.Addr            { return r.addr }

// Reserve stands for a listener at a free address, which another process opens.
func Reserve(t testing.TB) net.Listener {
	t.Helper()
	addr, err := net.ResolveTCPAddr("tcp", FreeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	return reserved{addr}
}
