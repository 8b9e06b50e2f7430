package devstack

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Only Linux tells a child that its parent died.
func TestChildrenDieWithTheirParent(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	var postgres, temporal int
	var folder1, folder2 string
	if _, err := fmt.Sscan(line, &postgres, &temporal, &folder1, &folder2); err != nil {
		t.Fatalf("the helper said %q: %v", line, err)
	}
	if gone(postgres) || gone(temporal) {
		t.Fatal("the helper's servers do not run")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	waitGone(t, postgres, temporal)

	// The next temporary folder sweeps those away that nobody holds.
	as, err := unprivileged()
	if err != nil {
		t.Fatal(err)
	}
	mine, err := tempFolder(as)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{folder1, folder2} {
		awaitSwept(t, path, as)
	}
	sweep(filepath.Dir(mine.path), as)
	if _, err := os.Stat(mine.path); err != nil {
		t.Errorf("a folder in use was swept: %v", err)
	}
	if err := mine.release(); err != nil {
		t.Error(err)
	}
}

// awaitSwept sweeps until a folder is gone. The last children of a killed server
// hold it for a moment, and so does whoever else is sweeping it right now.
func awaitSwept(t *testing.T, path string, as *account) {
	t.Helper()
	for give := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return
		}
		if time.Now().After(give) {
			t.Fatalf("%s was not swept", path)
		}
		sweep(filepath.Dir(path), as)
	}
}
