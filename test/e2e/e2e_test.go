// Package e2e plays the demo's scripts against the whole system on a real
// Temporal and a real PostgreSQL, and breaks it on purpose.
package e2e

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/simulator/scenario"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// day is how long a policy day lasts in these tests.
const day = 3 * time.Second

// prepare makes a system of its own for the test, with payloads encrypted.
func prepare(t *testing.T, wrap func(string, http.Handler) http.Handler) *rehearsal.System {
	t.Helper()
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		t.Fatal(err)
	}
	address, namespace := testenv.Temporal(t)
	sys, err := rehearsal.Prepare(t.Context(), rehearsal.Options{
		Folder: t.TempDir(), Database: testenv.Postgres(t), TemporalAddress: address, Namespace: namespace,
		Day: day, Seed: 1, CodecKey: base64.StdEncoding.EncodeToString(key), Wrap: wrap,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sys.Close)
	return sys
}

func patience(t *testing.T) context.Context {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), scenario.Patience(day))
	t.Cleanup(stop)
	return ctx
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	sys := prepare(t, nil)
	if err := sys.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Run("all", func(t *testing.T) {
		for _, sc := range scenario.All {
			t.Run(sc.Name, func(t *testing.T) {
				t.Parallel()
				if r := sys.Play(patience(t), sc); !r.OK {
					t.Errorf("%s (%s) ended %s: %s", r.Dispute, sc.About, r.Status, r.Says)
				}
			})
		}
	})
	if err := sys.Balanced(t.Context()); err != nil {
		t.Error(err)
	}
}

// binary builds the program once per test.
func binary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rebuttal")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, "github.com/rebuttal-hq/rebuttal") // #nosec G204 -- our own program
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

// worker runs a worker as a process of its own.
func worker(t *testing.T, bin, config string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), bin, "worker", "--config", config) // #nosec G204 -- our own program
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd
}
