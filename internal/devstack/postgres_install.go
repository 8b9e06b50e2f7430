package devstack

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

var errNoPostgres = errors.New("PostgreSQL was not found: install it (Debian and Ubuntu: apt-get install postgresql; macOS: brew install postgresql@16) or set DATABASE_URL")

// postgresFolders are where systems put the binaries that PATH does not name;
// the newest version of each line wins.
var postgresFolders = []string{
	"/usr/lib/postgresql/*/bin",                               // Debian
	"/usr/pgsql-*/bin",                                        // PostgreSQL's own packages for Red Hat
	"/opt/homebrew/opt/postgresql@*/bin",                      // Homebrew on Apple silicon
	"/usr/local/opt/postgresql@*/bin",                         // Homebrew on Intel
	"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",         // Homebrew on Linux
	"/Applications/Postgres.app/Contents/Versions/latest/bin", // Postgres.app
}

// postgresBinaries returns the folder with initdb and postgres, installing
// them when nothing has to be asked. Otherwise it returns errNoPostgres.
func postgresBinaries(ctx context.Context, progress func(string)) (string, error) {
	if dir := findPostgres(postgresFolders); dir != "" {
		return dir, nil
	}
	install := aptInstall(ctx)
	if install == nil {
		return "", errNoPostgres
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	lock, err := lockFile(filepath.Join(cache, "apt.lock"), true)
	if err != nil {
		return "", err
	}
	defer func() { _ = lock.Close() }()
	if dir := findPostgres(postgresFolders); dir != "" { // another process was quicker
		return dir, nil
	}
	progress("installing PostgreSQL with apt-get (once)")
	if err := runLong(ctx, install, "installing PostgreSQL", progress); err != nil {
		return "", errors.Join(errNoPostgres, err)
	}
	if dir := findPostgres(postgresFolders); dir != "" {
		return dir, nil
	}
	return "", errNoPostgres
}

// findPostgres looks on PATH, then in the folders.
func findPostgres(folders []string) string {
	if path, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil && hasPostgres(filepath.Dir(real)) {
			return filepath.Dir(real)
		}
	}
	for _, pattern := range folders {
		found, _ := filepath.Glob(pattern)
		slices.SortFunc(found, func(a, b string) int { return cmp.Compare(versionIn(b), versionIn(a)) })
		for _, dir := range found {
			if hasPostgres(dir) {
				return dir
			}
		}
	}
	return ""
}

func hasPostgres(dir string) bool {
	for _, name := range []string{"postgres", "initdb"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return true
}

var number = regexp.MustCompile(`\d+(\.\d+)?`)

// versionIn is the version that a folder's path names, 0 without one.
func versionIn(path string) float64 {
	v, _ := strconv.ParseFloat(number.FindString(path), 64)
	return v
}

// aptScript installs the server without Debian's own cluster, which would
// start at once and for good.
const aptScript = `set -e
export DEBIAN_FRONTEND=noninteractive
conf=/etc/postgresql-common/createcluster.conf
if [ ! -e "$conf" ]; then
	mkdir -p /etc/postgresql-common
	echo 'create_main_cluster = false' >"$conf"
fi
apt-get -o DPkg::Lock::Timeout=300 update
apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends postgresql </dev/null
`

// aptInstall returns the command that installs PostgreSQL without asking, nil
// where there is none.
func aptInstall(ctx context.Context) *exec.Cmd {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return nil
	}
	if os.Geteuid() == 0 {
		return exec.CommandContext(ctx, "sh", "-c", aptScript)
	}
	if exec.CommandContext(ctx, "sudo", "-n", "true").Run() != nil {
		return nil
	}
	return exec.CommandContext(ctx, "sudo", "-n", "sh", "-c", aptScript)
}
