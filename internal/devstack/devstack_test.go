//go:build unix

package devstack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/sdk/client"
)

// helperEnv makes the test binary a process that starts a stack and waits to
// be killed.
const helperEnv = "REBUTTAL_DEVSTACK_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(helperEnv) != "" {
		helper()
		return
	}
	m.Run()
}

func helper() {
	s, err := Start(context.Background(), Options{Own: true, Unsafe: true, Headless: true})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println(s.Postgres.proc.cmd.Process.Pid, s.Temporal.proc.cmd.Process.Pid, s.Postgres.folder.path, s.Temporal.folder.path)
	select {}
}

func testOptions(t *testing.T) Options {
	return Options{Own: true, Unsafe: true, Progress: func(s string) { t.Log(s) }}
}

func startPostgres(t *testing.T, o Options) *Postgres {
	t.Helper()
	p, err := StartPostgres(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var answer string
	if err := conn.QueryRow(t.Context(), sql).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func gone(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

func waitGone(t *testing.T, pids ...int) {
	t.Helper()
	for _, pid := range pids {
		for begin := time.Now(); !gone(pid); time.Sleep(20 * time.Millisecond) {
			if time.Since(begin) > 20*time.Second {
				t.Fatalf("process %d is still there", pid)
			}
		}
	}
}

func TestPostgresSurvivesACrashAndLeavesNothing(t *testing.T) {
	t.Parallel()
	p := startPostgres(t, testOptions(t))
	url, err := p.NewDatabase(t.Context(), `odd "name"`)
	if err != nil {
		t.Fatal(err)
	}
	query(t, url, "with made as (select 1) select 'made'")
	if err := p.exec(t.Context(), url, "create table kept as select 'kept' as word"); err != nil {
		t.Fatal(err)
	}

	pid := p.proc.cmd.Process.Pid
	if err := p.StopImmediate(); err != nil {
		t.Fatal(err)
	}
	waitGone(t, pid)
	if err := p.ping(t.Context()); err == nil {
		t.Fatal("the stopped server answers")
	}
	for range 2 { // once after the crash, once while it runs
		if err := p.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := query(t, url, "select word from kept"); got != "kept" {
			t.Fatalf("after the restart the table says %q", got)
		}
	}

	if _, err := p.NewDatabase(t.Context(), `odd "name"`); err == nil {
		t.Error("a taken name was accepted")
	}
	if err := p.DropDatabase(t.Context(), `odd "name"`); err != nil {
		t.Error(err)
	}
	pid = p.proc.cmd.Process.Pid
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	waitGone(t, pid)
	if _, err := os.Stat(p.folder.path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the temporary folder is still there: %v", err)
	}
}

func TestPostgresKeepsItsDataDir(t *testing.T) {
	t.Parallel()
	open, closed := t.TempDir(), t.TempDir()
	for _, dir := range []string{open, filepath.Dir(open)} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// As root, the server's user cannot enter this one, and /var/tmp is used.
	closed = filepath.Join(closed, "private")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"open": open, "closed": closed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := testOptions(t)
			o.DataDir = dir
			p := startPostgres(t, o)
			t.Cleanup(func() { _ = os.RemoveAll(p.folder.path) })
			if err := p.exec(t.Context(), p.URL(), "create table kept as select 'kept' as word"); err != nil {
				t.Fatal(err)
			}
			if err := p.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			again := startPostgres(t, o)
			if got := query(t, again.URL(), "select word from kept"); got != "kept" {
				t.Fatalf("the second run found %q", got)
			}
			if inside := strings.HasPrefix(p.folder.path, dir); !inside && (name == "open" || os.Geteuid() != 0) {
				t.Errorf("the data went to %s", p.folder.path)
			}
		})
	}
}

func TestTemporalKeepsWorkflowsAcrossAKill(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.Persist, o.Headless = true, true
	o.DynamicConfig = map[string]any{"limit.maxIDLength": 500, "matching.useNewMatcher": true}
	s, err := StartTemporal(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	c, err := client.Dial(s.ClientOptions())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "kept", TaskQueue: "nobody"}, "Waits")
	if err != nil {
		t.Fatal(err)
	}

	pid := s.proc.cmd.Process.Pid
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	waitGone(t, pid)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	found, err := c.DescribeWorkflowExecution(t.Context(), "kept", run.GetRunID())
	if err != nil {
		t.Fatal(err)
	}
	if got := found.GetWorkflowExecutionInfo().GetStatus().String(); got != "Running" {
		t.Errorf("after the kill the workflow is %s", got)
	}

	pid = s.proc.cmd.Process.Pid
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	waitGone(t, pid)
}

func TestStackServesTheTemporalUI(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.CodecEndpoint = "http://127.0.0.1:8080/codec"
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	for _, path := range []string{"/", "/api/v1/settings"} {
		answer, err := http.Get(s.Temporal.UIURL() + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s answers %s", path, answer.Status)
		}
	}
	pids := []int{s.Postgres.proc.cmd.Process.Pid, s.Temporal.proc.cmd.Process.Pid}
	for range 2 {
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	waitGone(t, pids...)
}

func TestServersOfTheEnvironment(t *testing.T) {
	o := testOptions(t)
	o.Headless = true
	own, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = own.Stop(context.Background()) })

	t.Setenv("DATABASE_URL", own.Postgres.URL())
	t.Setenv("TEMPORAL_ADDRESS", own.Temporal.Address())
	t.Setenv("TEMPORAL_NAMESPACE", "elsewhere")
	given, err := Start(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if given.Postgres.URL() != own.Postgres.URL() || given.Temporal.Address() != own.Temporal.Address() {
		t.Error("the servers of the environment were not used")
	}
	if given.Temporal.Namespace() != "elsewhere" || given.Temporal.UIURL() != "" {
		t.Errorf("namespace %q, UI %q", given.Temporal.Namespace(), given.Temporal.UIURL())
	}
	url, err := given.Postgres.NewDatabase(t.Context(), "made")
	if err != nil {
		t.Fatal(err)
	}
	if got := query(t, url, "select current_database()"); got != "made" {
		t.Errorf("the new database's URL leads to %q", got)
	}
	for name, err := range map[string]error{
		"StopImmediate": given.Postgres.StopImmediate(),
		"Restart":       given.Postgres.Restart(t.Context()),
		"Kill":          given.Temporal.Kill(),
		"Start":         given.Temporal.Start(t.Context()),
	} {
		if !errors.Is(err, ErrNotOurs) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := given.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if err := own.Postgres.ping(t.Context()); err != nil {
		t.Errorf("Stop ended somebody else's server: %v", err)
	}

	t.Setenv("DATABASE_URL", "postgres://127.0.0.1:1/none?sslmode=disable&connect_timeout=2")
	if _, err := Start(t.Context(), Options{}); err == nil || !strings.Contains(err.Error(), "DATABASE_URL") {
		t.Errorf("a dead DATABASE_URL gives %v", err)
	}
}
