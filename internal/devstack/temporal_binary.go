package devstack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// TemporalVersion is the Temporal CLI whose development server is used. The
// module in tools/temporal pins the same one.
const TemporalVersion = "1.5.1"

const (
	temporalPackage = "github.com/temporalio/cli/cmd/temporal"
	ourModule       = "module github.com/rebuttal-hq/rebuttal"
)

var errNoTemporal = errors.New("the Temporal development server is not there and cannot be built without Go: install Go, or the temporal CLI " + TemporalVersion + " or newer, or set TEMPORAL_ADDRESS")

// TemporalBinary returns the path of a `temporal` of the pinned version: the
// one built earlier, a suitable one on PATH, or a new one, which takes minutes.
// Processes that want it at the same time build it once. progress may be nil.
func TemporalBinary(ctx context.Context, progress func(string)) (string, error) {
	progress = Options{Progress: progress}.withDefaults().Progress
	dir, err := cacheDir()
	if err != nil {
		return "", err
	}
	target := filepath.Join(dir, "temporal-"+TemporalVersion)
	if isExecutable(target) {
		return target, nil
	}
	if path, err := exec.LookPath("temporal"); err == nil && recentEnough(ctx, path) {
		return path, nil
	}
	if _, err := exec.LookPath("go"); err != nil {
		return "", errNoTemporal
	}
	lock, err := lockFile(target+".lock", true)
	if err != nil {
		return "", err
	}
	defer func() { _ = lock.Close() }()
	if isExecutable(target) { // built while we waited for the lock
		return target, nil
	}
	return target, buildTemporal(ctx, target, progress)
}

// buildTemporal installs the CLI into a folder of its own and moves it to its
// place, so that a broken-off build leaves nothing.
func buildTemporal(ctx context.Context, target string, progress func(string)) error {
	progress("building the Temporal development server (once, takes a few minutes)")
	dir, err := os.MkdirTemp(filepath.Dir(target), "build-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()

	args := []string{"install"}
	what := temporalPackage + "@v" + TemporalVersion
	if root, ok := ModuleRoot(); ok { // its go.sum is checked
		args = append(args, "-C", filepath.Join(root, "tools", "temporal"))
		what = temporalPackage
	}
	args = append(args, "-ldflags=-s -w -X github.com/temporalio/cli/temporalcli.Version="+TemporalVersion, what)
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // nothing of it comes from outside
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOWORK=off", "GOOS=", "GOARCH=")
	if err := runLong(ctx, cmd, "building the Temporal development server", progress); err != nil {
		return err
	}
	return os.Rename(filepath.Join(dir, "temporal"), target)
}

// cacheDir is where built tools are kept: REBUTTAL_CACHE, the user's cache
// folder, or .cache in the project for a user without a home.
func cacheDir() (string, error) {
	dir := os.Getenv("REBUTTAL_CACHE")
	if dir == "" {
		if user, err := os.UserCacheDir(); err == nil {
			dir = filepath.Join(user, "rebuttal")
		} else {
			root, _ := ModuleRoot()
			dir = filepath.Join(root, ".cache")
		}
	}
	dir, err := filepath.Abs(filepath.Join(dir, "bin"))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // binaries are no secret
		return "", fmt.Errorf("the cache folder: %w (set REBUTTAL_CACHE to a folder that can be written)", err)
	}
	return dir, nil
}

// ModuleRoot returns the folder of this project's go.mod, looking upwards from
// the working directory, and false outside a checkout.
func ModuleRoot() (string, bool) {
	dir, err := os.Getwd()
	if err != nil {
		return "", false
	}
	for {
		b, err := os.ReadFile(filepath.Join(dir, "go.mod")) //nolint:gosec // a go.mod above us
		if first, _, _ := strings.Cut(string(b), "\n"); err == nil && strings.TrimSpace(first) == ourModule {
			return dir, true
		}
		if dir == filepath.Dir(dir) {
			return "", false
		}
		dir = filepath.Dir(dir)
	}
}

func isExecutable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

var cliVersion = regexp.MustCompile(`temporal version v?(\d+)\.(\d+)\.(\d+)`)

// recentEnough says whether a CLI is of the pinned major version and not older.
func recentEnough(ctx context.Context, path string) bool {
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	return err == nil && notOlder(string(out))
}

func notOlder(versionLine string) bool {
	m := cliVersion.FindStringSubmatch(versionLine)
	if m == nil {
		return false
	}
	want := strings.Split(TemporalVersion, ".")
	if m[1] != want[0] {
		return false
	}
	return cmp.Or(compareNumbers(m[2], want[1]), compareNumbers(m[3], want[2])) >= 0
}

func compareNumbers(a, b string) int {
	x, _ := strconv.Atoi(a)
	y, _ := strconv.Atoi(b)
	return cmp.Compare(x, y)
}
