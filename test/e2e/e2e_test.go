// Package e2e plays the demo's scripts against the whole system on a real
// Temporal and a real PostgreSQL, and breaks it on purpose.
package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/ledger"
	"github.com/rebuttal-hq/rebuttal/simulator/scenario"
	"github.com/rebuttal-hq/rebuttal/store"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// day is how long a policy day lasts in these tests.
const day = 3 * time.Second

// prepare makes a system of its own for the test, with payloads encrypted.
func prepare(t *testing.T, wrap func(string, http.Handler) http.Handler) *rehearsal.System {
	t.Helper()
	return prepareWith(t, rehearsal.Options{Day: day, Wrap: wrap})
}

// prepareWith fills in what every system here has.
func prepareWith(t *testing.T, o rehearsal.Options) *rehearsal.System {
	t.Helper()
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		t.Fatal(err)
	}
	o.Folder, o.Database, o.Seed, o.CodecKey = t.TempDir(), testenv.Postgres(t), 1, base64.StdEncoding.EncodeToString(key)
	o.TemporalAddress, o.Namespace = testenv.Temporal(t)
	o.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	sys, err := rehearsal.Prepare(t.Context(), o)
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
	hledger(t, sys)
	encrypted(t, sys)
}

// hledger lets another program check the journal of all scripts.
func hledger(t *testing.T, sys *rehearsal.System) {
	t.Helper()
	path, err := exec.LookPath("hledger")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Error("hledger is not installed; make test installs it")
		}
		t.Log("hledger is not installed: the export is not checked by it")
		return
	}
	entries, _, err := sys.App.Desk.Entries(t.Context(), desk.System, store.EntryFilter{Limit: 500})
	if err != nil || len(entries) == 0 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	var book bytes.Buffer
	if err := ledger.Export(&book, ledger.FormatHledger, entries); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "-f", "-", "check") // #nosec G204 -- found on PATH
	cmd.Stdin = &book
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("hledger check: %v\n%s", err, out)
	}
}

// encrypted looks for what must not be readable in what Temporal keeps.
func encrypted(t *testing.T, sys *rehearsal.System) {
	t.Helper()
	c, err := sys.App.Temporal()
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err := sys.App.DB.ListCases(t.Context(), store.CaseFilter{Limit: 500})
	if err != nil || len(rows) == 0 {
		t.Fatalf("%d cases, %v", len(rows), err)
	}
	for _, r := range rows {
		it := c.GetWorkflowHistory(t.Context(), r.WorkflowID, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for it.HasNext() {
			e, err := it.Next()
			if err != nil {
				t.Fatal(err)
			}
			if text := e.String(); strings.Contains(text, "shopper.example") || strings.Contains(text, "needs_response") {
				t.Errorf("%s: event %d is readable: %s", r.WorkflowID, e.GetEventId(), e.GetEventType())
			}
		}
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
