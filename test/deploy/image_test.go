package deploy

import (
	"crypto/sha256"
	"debug/elf"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// command is the Dockerfile's own command that builds the program, or a quick
// one that shares what the other tests have compiled.
func command(t *testing.T, asInImage bool) string {
	t.Helper()
	if !asInImage {
		return "go build -o /out/rebuttal ."
	}
	file, err := os.ReadFile(filepath.Join(root(t), "Dockerfile"))
	check(t, err)
	found := regexp.MustCompile(`CGO_ENABLED=0 go build .* -o /out/rebuttal \.`).FindString(string(file))
	if found == "" {
		t.Fatal("the Dockerfile does not build /out/rebuttal, or not without cgo")
	}
	return found
}

// build runs a command that builds the program in a folder of sources.
func build(t *testing.T, command, source, target string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", strings.Replace(command, "/out/rebuttal", target, 1)) // #nosec G204 -- our own Dockerfile
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "VERSION=test")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

// The image holds one static program, the same bytes from whatever folder it
// was built in.
func TestImageIsStaticAndReproducible(t *testing.T) {
	t.Parallel()
	how := command(t, true)
	for _, flag := range []string{"-trimpath", "-buildvcs=false"} {
		if !strings.Contains(how, flag) {
			t.Errorf("the Dockerfile builds without %s", flag)
		}
	}
	if *server == "" {
		t.Log("the program is not built twice here; make deploy-test does it")
		return
	}
	dir := t.TempDir()
	here, elsewhere := filepath.Join(dir, "here"), filepath.Join(dir, "some", "where", "else")
	copySources(t, root(t), here)
	copySources(t, here, elsewhere)
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	build(t, how, here, first)
	build(t, how, elsewhere, second)
	one, two := sum(t, first), sum(t, second)
	t.Logf("sha256 %x", one)
	if one != two {
		t.Errorf("another folder gives another program: %x", two)
	}
	if out, err := exec.CommandContext(t.Context(), first, "--version").CombinedOutput(); err != nil || !strings.Contains(string(out), "test") { // #nosec G204 -- just built
		t.Errorf("--version: %s %v", out, err)
	}
	if runtime.GOOS != "linux" {
		return
	}
	program, err := elf.Open(first)
	check(t, err)
	defer func() { check(t, program.Close()) }()
	for _, part := range program.Progs {
		if part.Type == elf.PT_INTERP {
			t.Error("the program needs a dynamic loader, which the image does not have")
		}
	}
}

func sum(t *testing.T, path string) [sha256.Size]byte {
	t.Helper()
	b, err := os.ReadFile(path)
	check(t, err)
	return sha256.Sum256(b)
}

// copySources copies what a program is built from.
func copySources(t *testing.T, from, to string) {
	t.Helper()
	check(t, filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		name := entry.Name()
		switch {
		case entry.IsDir() && inside != "." && (strings.HasPrefix(name, ".") || slices.Contains([]string{"bin", "test", "tools"}, inside)):
			return filepath.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, inside), 0o750)
		case !entry.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, inside), text, 0o600)
	}))
}
