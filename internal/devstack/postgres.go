package devstack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	pgUser     = "rebuttal"
	pgDatabase = "rebuttal"
	// startTries is how often a server that ends while starting is started
	// anew, a second apart: long enough for a predecessor to leave.
	startTries = 10
)

// Postgres is a PostgreSQL server: a child of this process, or the one that
// DATABASE_URL names.
type Postgres struct {
	o        Options
	external string // DATABASE_URL, when it is used

	bin    string // folder with initdb and postgres
	as     *account
	folder *folder
	port   int
	pass   string

	mu   sync.Mutex
	proc *process
}

// StartPostgres returns a PostgreSQL that accepts connections. DATABASE_URL is
// used when it is set; otherwise local binaries are started on a free loopback
// port, installed first when the system's package manager can be used without
// a question. Without any of these the error is one sentence that says what to
// install. ctx bounds the start only.
func StartPostgres(ctx context.Context, o Options) (*Postgres, error) {
	o = o.withDefaults()
	if given := os.Getenv("DATABASE_URL"); given != "" && !o.Own {
		return connectPostgres(ctx, o, given)
	}
	if !supported {
		return nil, errors.New("the embedded PostgreSQL needs Linux or macOS: set DATABASE_URL")
	}
	p := &Postgres{o: o}
	if err := p.prepare(ctx); err != nil {
		return nil, errors.Join(err, p.folder.release())
	}
	if err := p.run(ctx); err != nil {
		return nil, errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
	}
	if err := p.ensureDatabase(ctx); err != nil {
		return nil, errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
	}
	o.Log.Info("PostgreSQL is up", "port", p.port, "folder", p.folder.path)
	return p, nil
}

func connectPostgres(ctx context.Context, o Options, given string) (*Postgres, error) {
	p := &Postgres{o: o, external: given}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if err := p.ping(ctx); err != nil {
		return nil, fmt.Errorf("the server that DATABASE_URL names does not answer: %w", err)
	}
	o.Log.Info("PostgreSQL from DATABASE_URL")
	return p, nil
}

// URL is the address of the database "rebuttal", or DATABASE_URL as given. It
// stays the same across Restart.
func (p *Postgres) URL() string {
	if p.external != "" {
		return p.external
	}
	return p.databaseURL(pgDatabase)
}

func (p *Postgres) databaseURL(name string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(pgUser, p.pass),
		Host:     "127.0.0.1:" + strconv.Itoa(p.port),
		Path:     "/" + name,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// NewDatabase creates an empty database on the server and returns its URL. It
// fails when the name is taken or the server's user may not create databases.
func (p *Postgres) NewDatabase(ctx context.Context, name string) (string, error) {
	// template0 is never connected to, so that creating in parallel works.
	create := "create database " + pgx.Identifier{name}.Sanitize() + " template template0"
	if err := p.exec(ctx, p.URL(), create); err != nil {
		return "", fmt.Errorf("create database %s: %w", name, err)
	}
	if p.external == "" {
		return p.databaseURL(name), nil
	}
	return withDatabase(p.external, name)
}

// DropDatabase removes a database and ends its connections. A database that is
// not there is no error.
func (p *Postgres) DropDatabase(ctx context.Context, name string) error {
	drop := "drop database if exists " + pgx.Identifier{name}.Sanitize() + " with (force)"
	return p.exec(ctx, p.URL(), drop)
}

// withDatabase returns the connection string with another database in it.
func withDatabase(dsn, name string) (string, error) {
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		quoted := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(name)
		return dsn + " dbname='" + quoted + "'", nil // the last one counts
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return "", errors.New("DATABASE_URL is not a URL")
	}
	u.Path = "/" + name
	return u.String(), nil
}

// Stop ends the server after its running transactions were rolled back, and
// removes a temporary folder. It does nothing to a server that was not started
// here, and may be called twice.
func (p *Postgres) Stop(ctx context.Context) error {
	if p.external != "" {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shutdown(ctx)
	return p.folder.release()
}

// StopImmediate ends the server as a crash would: nothing is written any more,
// and the next Restart recovers from the log. The data stays. It returns
// ErrNotOurs for a server that was not started here.
func (p *Postgres) StopImmediate() error {
	if p.external != "" {
		return ErrNotOurs
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.proc.stop(context.Background(), step{syscall.SIGQUIT, 10 * time.Second})
	return nil
}

// Restart stops the server if it runs and starts it with the same data, port
// and URL; a temporary folder is gone after Stop, so use it after
// StopImmediate. It returns ErrNotOurs for a server that was not started here.
func (p *Postgres) Restart(ctx context.Context) error {
	if p.external != "" {
		return ErrNotOurs
	}
	p.mu.Lock()
	p.shutdown(ctx)
	p.mu.Unlock()
	return p.run(ctx)
}

func (p *Postgres) shutdown(ctx context.Context) {
	p.proc.stop(ctx, step{syscall.SIGINT, 20 * time.Second}, step{syscall.SIGQUIT, 5 * time.Second})
}

// prepare finds the binaries, makes the folder, its password and its cluster,
// and picks the port.
func (p *Postgres) prepare(ctx context.Context) (err error) {
	if p.bin, err = postgresBinaries(ctx, p.o.Progress); err != nil {
		return err
	}
	if p.as, err = unprivileged(); err != nil {
		return err
	}
	if p.folder, err = openFolder(p.o.DataDir, "postgres", p.as); err != nil {
		return fmt.Errorf("the folder for PostgreSQL: %w", err)
	}
	if err := p.password(); err != nil {
		return fmt.Errorf("the password for PostgreSQL: %w", err)
	}
	if err := p.initdb(ctx); err != nil {
		return err
	}
	p.port, err = freePort()
	return err
}

func (p *Postgres) path(name string) string { return filepath.Join(p.folder.path, name) }

// password reads the superuser's password, or makes one up the first time.
func (p *Postgres) password() error {
	file := p.path("password")
	b, err := os.ReadFile(file)
	if err == nil {
		p.pass = strings.TrimSpace(string(b))
		return nil
	}
	p.pass = rand.Text()
	if err := os.WriteFile(file, []byte(p.pass+"\n"), 0o600); err != nil {
		return err
	}
	return giveTo(file, p.as)
}

// initdb makes the cluster unless it is there. It is made beside its place and
// moved, so that an interrupted initdb leaves nothing half done.
func (p *Postgres) initdb(ctx context.Context) error {
	if _, err := os.Stat(p.path("data/PG_VERSION")); err == nil {
		return nil
	}
	fresh := p.path("data.new")
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	args := []string{"-D", fresh, "-U", pgUser, "-A", "scram-sha-256", "--pwfile", p.path("password"), "-E", "UTF8", "--locale", "C"}
	if p.o.Unsafe {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, filepath.Join(p.bin, "initdb"), args...) //nolint:gosec // the binary was looked up
	cmd.Dir = p.folder.path
	cmd.SysProcAttr = childAttr(syscall.SIGKILL, p.as)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return os.Rename(fresh, p.path("data"))
}

// run starts the server and waits until it answers. A server that ends by
// itself is started again a few times: its port may have been taken, or its
// predecessor may still be leaving the folder.
func (p *Postgres) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for try := 1; ; try++ {
		err := p.runOnce(ctx)
		if err == nil || try == startTries || !errors.Is(err, errEnded) {
			return err
		}
		p.o.Log.Warn("PostgreSQL ended while starting; trying again", "error", err)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Second):
		}
	}
}

func (p *Postgres) runOnce(ctx context.Context) error {
	socket, err := p.socketFolder()
	if err != nil {
		return err
	}
	args := []string{
		"-D", p.path("data"), "-p", strconv.Itoa(p.port), "-k", socket,
		"-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300", "-c", "timezone=UTC",
	}
	if p.o.Unsafe {
		args = append(args, "-c", "fsync=off", "-c", "full_page_writes=off")
	}
	cmd := exec.Command(filepath.Join(p.bin, "postgres"), args...) //nolint:gosec,noctx // it outlives the start's context
	cmd.Dir = p.folder.path
	proc, err := startProcess("PostgreSQL", cmd, p.path("server.log"), syscall.SIGINT, p.as)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.proc = proc
	p.mu.Unlock()
	return proc.waitReady(ctx, p.ping)
}

// socketFolder is a private folder for the unix socket, or nothing where its
// path would be longer than a socket's may be.
func (p *Postgres) socketFolder() (string, error) {
	const longest = 103 // of sun_path on macOS, the shorter of the two
	dir := p.path("socket")
	if len(dir)+len("/.s.PGSQL.65535") > longest {
		return "", nil
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	return dir, giveTo(dir, p.as)
}

// ping connects to the database that is always there.
func (p *Postgres) ping(ctx context.Context) error {
	return p.exec(ctx, p.maintenanceURL(), "select 1")
}

func (p *Postgres) maintenanceURL() string {
	if p.external != "" {
		return p.external
	}
	return p.databaseURL("postgres")
}

// ensureDatabase makes the database of URL the first time.
func (p *Postgres) ensureDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.maintenanceURL())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var there bool
	err = conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", pgDatabase).Scan(&there)
	if err != nil || there {
		return err
	}
	_, err = conn.Exec(ctx, "create database "+pgDatabase)
	return err
}

// exec runs one statement over a connection of its own.
func (p *Postgres) exec(ctx context.Context, dsn, sql string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	return err
}
