package devstack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/log"
)

// Temporal is a Temporal service: a development server that is a child of this
// process, or the one that the environment names.
type Temporal struct {
	o        Options
	external bool
	connect  client.Options

	binary string
	folder *folder
	port   int
	uiPort int

	mu   sync.Mutex
	proc *process
}

// StartTemporal returns a Temporal that is healthy and serves its namespace.
// With TEMPORAL_ADDRESS the service is reached by the rules of the SDK's
// envconfig (TLS, API key, namespace); otherwise the development server of the
// pinned version is started, and built first if need be. ctx bounds the start
// only.
func StartTemporal(ctx context.Context, o Options) (*Temporal, error) {
	o = o.withDefaults()
	t := &Temporal{o: o}
	if os.Getenv("TEMPORAL_ADDRESS") != "" && !o.Own {
		return t, t.reach(ctx)
	}
	if !supported {
		return nil, errors.New("the embedded Temporal server needs Linux or macOS: set TEMPORAL_ADDRESS")
	}
	if err := t.prepare(ctx); err != nil {
		return nil, errors.Join(err, t.folder.release())
	}
	if err := t.Start(ctx); err != nil {
		return nil, errors.Join(err, t.Stop(context.WithoutCancel(ctx)))
	}
	return t, nil
}

// Address is the host and port of the gRPC frontend.
func (t *Temporal) Address() string { return t.connect.HostPort }

// Namespace is the namespace to work in.
func (t *Temporal) Namespace() string { return t.connect.Namespace }

// ClientOptions are what client.Dial needs to reach the service, with TLS and
// API key where the environment has them. The caller adds its logger,
// converters and interceptors.
func (t *Temporal) ClientOptions() client.Options { return t.connect }

// UIURL is the address of the web UI, empty when it is headless or not ours.
func (t *Temporal) UIURL() string {
	if t.external || t.o.Headless {
		return ""
	}
	return "http://127.0.0.1:" + strconv.Itoa(t.uiPort)
}

// Start starts the server again after Kill, or after Stop where Options.DataDir
// is set: on the same ports and, with Options.Persist, with all its workflows.
// It does nothing while the server runs and returns ErrNotOurs for a service
// that was not started here.
func (t *Temporal) Start(ctx context.Context) error {
	if t.external {
		return ErrNotOurs
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.proc.alive() {
		return nil
	}
	if _, err := os.Stat(t.folder.path); err != nil {
		return fmt.Errorf("devstack: Stop has removed Temporal's temporary folder, Kill keeps it: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for try := 1; ; try++ {
		err := t.runOnce(ctx)
		if err == nil || try == startTries || !errors.Is(err, errEnded) {
			return err
		}
		t.o.Log.Warn("Temporal ended while starting; trying again", "error", err)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Second):
		}
	}
}

// Stop ends the server and removes a temporary folder, for good. It does nothing to a
// service that was not started here, and may be called twice.
func (t *Temporal) Stop(ctx context.Context) error {
	if t.external {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.proc.stop(ctx, step{syscall.SIGTERM, 10 * time.Second})
	return t.folder.release()
}

// Kill ends the server with SIGKILL, as a crash would; the data stays. It
// returns ErrNotOurs for a service that was not started here.
func (t *Temporal) Kill() error {
	if t.external {
		return ErrNotOurs
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.proc.stop(context.Background())
	return nil
}

// reach connects to the service that the environment names.
func (t *Temporal) reach(ctx context.Context) (err error) {
	t.external = true
	if t.connect, err = envconfig.LoadDefaultClientOptions(); err != nil {
		return fmt.Errorf("the settings for Temporal in the environment: %w", err)
	}
	if t.connect.Namespace == "" {
		t.connect.Namespace = client.DefaultNamespace
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if err := t.healthy(ctx); err != nil {
		return fmt.Errorf("the service that TEMPORAL_ADDRESS names does not answer: %w", err)
	}
	return nil
}

// prepare finds the binary, makes the folder and picks the ports.
func (t *Temporal) prepare(ctx context.Context) (err error) {
	if t.binary, err = TemporalBinary(ctx, t.o.Progress); err != nil {
		return err
	}
	if t.folder, err = openFolder(t.o.DataDir, "temporal", nil); err != nil {
		return fmt.Errorf("the folder for Temporal: %w", err)
	}
	if t.port, err = orFree(t.o.TemporalPort); err != nil {
		return err
	}
	if t.uiPort, err = orFree(t.o.UIPort); err != nil {
		return err
	}
	t.connect = client.Options{
		HostPort:  net.JoinHostPort("127.0.0.1", strconv.Itoa(t.port)),
		Namespace: client.DefaultNamespace,
	}
	return nil
}

func orFree(port int) (int, error) {
	if port != 0 {
		return port, nil
	}
	return freePort()
}

func (t *Temporal) runOnce(ctx context.Context) error {
	args, err := t.args()
	if err != nil {
		return err
	}
	cmd := exec.Command(t.binary, args...) //nolint:gosec,noctx // it outlives the start's context
	cmd.Dir = t.folder.path
	cmd.Env = withoutTemporal(os.Environ())
	t.proc, err = startProcess("Temporal", cmd, filepath.Join(t.folder.path, "server.log"), syscall.SIGTERM, nil)
	if err != nil {
		return err
	}
	if err := t.proc.waitReady(ctx, t.listening); err != nil {
		return err
	}
	return t.proc.waitReady(ctx, t.healthy)
}

// args is the command line of the development server.
func (t *Temporal) args() ([]string, error) {
	args := []string{
		"server", "start-dev", "--ip", "127.0.0.1", "--port", strconv.Itoa(t.port),
		"--namespace", t.connect.Namespace, "--log-level", "error",
	}
	if t.o.Headless {
		args = append(args, "--headless")
	} else {
		args = append(args, "--ui-port", strconv.Itoa(t.uiPort))
		if t.o.CodecEndpoint != "" {
			args = append(args, "--ui-codec-endpoint", t.o.CodecEndpoint)
		}
	}
	if t.o.Persist {
		args = append(args, "--db-filename", filepath.Join(t.folder.path, "temporal.db"),
			"--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal")
	}
	config := map[string]any{
		// A namespace that was just registered is known everywhere at once.
		"system.namespaceCacheRefreshInterval": "1s",
	}
	maps.Copy(config, t.o.DynamicConfig)
	for _, key := range slices.Sorted(maps.Keys(config)) {
		value, err := json.Marshal(config[key])
		if err != nil {
			return nil, fmt.Errorf("dynamic configuration %s: %w", key, err)
		}
		args = append(args, "--dynamic-config-value", key+"="+string(value))
	}
	return args, nil
}

// withoutTemporal drops the settings that are meant for clients.
func withoutTemporal(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(kv string) bool { return strings.HasPrefix(kv, "TEMPORAL_") })
}

// listening looks whether the port is open, which is cheaper to ask than a
// gRPC client that backs off.
func (t *Temporal) listening(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", t.connect.HostPort)
	if err != nil {
		return err
	}
	return conn.Close()
}

func (t *Temporal) healthy(ctx context.Context) error {
	o := t.connect
	o.Logger = log.NewStructuredLogger(slog.New(slog.DiscardHandler))
	c, err := client.DialContext(ctx, o)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.CheckHealth(ctx, &client.CheckHealthRequest{})
	return err
}
