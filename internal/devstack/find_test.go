package devstack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFindPostgres(t *testing.T) {
	root := t.TempDir()
	put := func(dir string, mode os.FileMode, names ...string) string {
		dir = filepath.Join(root, dir)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(dir, name), nil, mode); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	put("lib/9.6/bin", 0o755, "postgres", "initdb")
	newest := put("lib/16/bin", 0o755, "postgres", "initdb")
	put("lib/17/bin", 0o755, "postgres") // a client's package, without initdb
	put("lib/18/bin", 0o644, "postgres", "initdb")
	onPath := put("path", 0o755, "postgres", "initdb")
	pattern := []string{filepath.Join(root, "none/*"), filepath.Join(root, "lib/*/bin")}

	t.Setenv("PATH", "")
	if got := findPostgres(pattern); got != newest {
		t.Errorf("the newest complete version: got %q, want %q", got, newest)
	}
	if got := findPostgres(nil); got != "" {
		t.Errorf("nothing there: got %q", got)
	}
	t.Setenv("PATH", onPath)
	if got := findPostgres(pattern); got != onPath {
		t.Errorf("PATH comes first: got %q", got)
	}
}

func TestNoPostgresIsOneSentence(t *testing.T) {
	t.Setenv("PATH", "") // no apt-get either
	before := postgresFolders
	postgresFolders = nil
	defer func() { postgresFolders = before }()
	_, err := postgresBinaries(t.Context(), func(string) {})
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "apt-get install postgresql") {
		t.Errorf("got %v", err)
	}
}

func TestNoTemporalIsOneSentence(t *testing.T) {
	t.Setenv("PATH", "")
	t.Setenv("REBUTTAL_CACHE", t.TempDir())
	_, err := TemporalBinary(t.Context(), nil)
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "TEMPORAL_ADDRESS") {
		t.Errorf("got %v", err)
	}
}

func TestNotOlder(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)":     true,
		"temporal version 1.5.2 (Server 1.29.2, UI 2.42.1)":     true,
		"temporal version 1.10.0 (Server 1.31.0, UI 2.50.0)":    true,
		"temporal version 1.5.0 (Server 1.29.1, UI 2.42.1)":     false,
		"temporal version 1.4.9 (Server 1.28.0, UI 2.39.0)":     false,
		"temporal version 2.0.0 (Server 2.0.0, UI 3.0.0)":       false,
		"temporal version 0.0.0-DEV (Server 1.29.1, UI 2.42.1)": false,
		"something else": false,
	} {
		if got := notOlder(line); got != want {
			t.Errorf("%s: got %t", line, got)
		}
	}
}

// The version in the code and the one in the tools module must be the same.
func TestTemporalVersionIsPinned(t *testing.T) {
	t.Parallel()
	root, ok := ModuleRoot()
	if !ok {
		t.Fatal("the tests run outside the module")
	}
	b, err := os.ReadFile(filepath.Join(root, "tools", "temporal", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "github.com/temporalio/cli v" + TemporalVersion + " "; !strings.Contains(string(b), want) {
		t.Errorf("tools/temporal/go.mod does not have %q", want)
	}
}

func TestWithDatabase(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"postgres://u:p@h:1/old?sslmode=disable": "postgres://u:p@h:1/new?sslmode=disable",
		"postgresql://h":                         "postgresql://h/new",
		"host=h dbname=old":                      "host=h dbname=old dbname='new'",
	} {
		got, err := withDatabase(dsn, "new")
		if err != nil || got != want {
			t.Errorf("%s: got %s, %v", dsn, got, err)
		}
	}
}
