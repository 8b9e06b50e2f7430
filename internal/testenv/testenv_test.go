package testenv

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

func TestMain(m *testing.M) { Main(m) }

func TestPostgresGivesEachTestADatabase(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 3 {
		url := Postgres(t)
		if seen[url] {
			t.Fatalf("%s was given twice", url)
		}
		seen[url] = true
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		// Left open on purpose: the database must go all the same.
		if _, err := conn.Exec(t.Context(), "create table mine (id int)"); err != nil {
			t.Error(err)
		}
	}
}

func TestPostgresInParallel(t *testing.T) {
	t.Parallel()
	for range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			Postgres(t)
		})
	}
}

func TestTemporalNamespaceRunsAWorkflow(t *testing.T) {
	t.Parallel()
	for range 3 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			address, namespace := Temporal(t)
			t.Logf("usable after %s", time.Since(begin))
			c, err := client.DialContext(t.Context(), client.Options{HostPort: address, Namespace: namespace})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			w := worker.New(c, "queue", worker.Options{})
			w.RegisterWorkflowWithOptions(
				func(workflow.Context) (string, error) { return "done", nil },
				workflow.RegisterOptions{Name: "Answers"})
			if err := w.Start(); err != nil {
				t.Fatal(err)
			}
			defer w.Stop()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: "queue"}, "Answers")
			if err != nil {
				t.Fatal(err)
			}
			var answer string
			if err := run.Get(ctx, &answer); err != nil || answer != "done" {
				t.Errorf("the workflow answers %q, %v", answer, err)
			}
		})
	}
}

func TestSpecs(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("REBUTTAL_SPECS", dir)
	if got, ok := Specs(t); !ok || got != dir {
		t.Errorf("REBUTTAL_SPECS was not used: %q, %t", got, ok)
	}

	// A checkout alone, and one with the folder beside it.
	root := filepath.Join(dir, "checkout")
	inside := filepath.Join(root, "deep")
	if err := os.MkdirAll(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	module := []byte("module github.com/rebuttal-hq/rebuttal\n")
	if err := os.WriteFile(filepath.Join(root, "go.mod"), module, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("REBUTTAL_SPECS", "")
	t.Chdir(inside)
	if got, ok := Specs(t); ok {
		t.Errorf("nothing is there, and got %q", got)
	}
	want := filepath.Join(dir, "shared", "specs")
	if err := os.MkdirAll(want, 0o755); err != nil {
		t.Fatal(err)
	}
	if got, ok := Specs(t); !ok || got != want {
		t.Errorf("got %q, %t", got, ok)
	}
}
