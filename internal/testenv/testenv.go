// Package testenv gives tests the real things: a fresh PostgreSQL database, a
// fresh Temporal namespace, the vendors' contracts.
//
// The servers are those of DATABASE_URL and TEMPORAL_ADDRESS, which `make test`
// starts once for all packages. Without them each test process starts its own
// with its first call; they end with the process, or earlier through Main.
// What cannot be had fails the test: nothing here skips.
package testenv

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/internal/devstack"
)

// startLimit bounds the start of a server. Building Temporal's development
// server, which happens once on a machine, takes most of it.
const startLimit = 15 * time.Minute

// shared is a server that is started by the first test that needs it.
type shared[S any] struct {
	mu      sync.Mutex
	started bool
	server  S
	err     error
}

var (
	postgres shared[*devstack.Postgres]
	temporal shared[*devstack.Temporal]
)

func (s *shared[S]) get(t testing.TB, start func(context.Context, devstack.Options) (S, error)) S {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.started {
		ctx, cancel := context.WithTimeout(context.Background(), startLimit)
		defer cancel()
		s.server, s.err = start(ctx, devstack.Options{Unsafe: true, Headless: true, Progress: progress})
		s.started = true
	}
	if s.err != nil {
		t.Fatalf("testenv: %v", s.err)
	}
	return s.server
}

// stop ends the server if it was started, and forgets it.
func (s *shared[S]) stop(end func(S) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.started || s.err != nil {
		return nil
	}
	s.started = false
	return end(s.server)
}

// progress goes to standard error, because a test's log is shown too late for
// somebody who waits for a build.
func progress(s string) { fmt.Fprintln(os.Stderr, "testenv:", s) }

// Main runs a package's tests and then stops the servers they started; a
// package calls it from TestMain. It is not needed for correctness: without it
// the servers end with the process and leave a temporary folder, which the next
// start sweeps away.
func Main(m *testing.M) { os.Exit(run(m)) }

// MainWithoutLeaks is Main for a package that runs what a process runs: it also
// fails when the tests leave a goroutine behind.
func MainWithoutLeaks(m *testing.M) {
	code := run(m)
	http.DefaultClient.CloseIdleConnections()
	if err := leaks(); err != nil {
		fmt.Fprintln(os.Stderr, "testenv:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func run(m *testing.M) int {
	code := m.Run()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for _, err := range []error{
		temporal.stop(func(s *devstack.Temporal) error { return s.Stop(ctx) }),
		postgres.stop(func(s *devstack.Postgres) error { return s.Stop(ctx) }),
	} {
		if err != nil {
			fmt.Fprintln(os.Stderr, "testenv:", err)
			code = max(code, 1)
		}
	}
	return code
}

// Postgres returns the URL of an empty database of its own, which is dropped
// when the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	server := postgres.get(t, devstack.StartPostgres)
	name := "test_" + suffix()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	url, err := server.NewDatabase(ctx, name)
	if err != nil {
		t.Fatalf("testenv: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := server.DropDatabase(ctx, name); err != nil {
			t.Errorf("testenv: drop the test's database: %v", err)
		}
	})
	return url
}

// suffix tells databases and namespaces of one run apart.
func suffix() string { return strings.ToLower(rand.Text()[:12]) }

// Specs returns the folder of the vendors' published contracts: REBUTTAL_SPECS,
// or specs in the folder `shared` beside the checkout. When there is none it
// says so in the test's log and returns false; the test then checks what it can
// without. A REBUTTAL_SPECS that is not a folder fails the test.
func Specs(t testing.TB) (dir string, ok bool) {
	t.Helper()
	if dir := os.Getenv("REBUTTAL_SPECS"); dir != "" {
		if !isDir(dir) {
			t.Fatalf("testenv: REBUTTAL_SPECS is %q, which is not a folder", dir)
		}
		return dir, true
	}
	if root, found := devstack.ModuleRoot(); found {
		if dir := filepath.Join(root, "..", "shared", "specs"); isDir(dir) {
			return dir, true
		}
	}
	t.Log("the vendors' contracts are not checked, because their folder is absent; REBUTTAL_SPECS names it")
	return "", false
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
