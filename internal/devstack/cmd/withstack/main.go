// Command withstack runs another command beside one PostgreSQL and one Temporal
// development server, which it names in DATABASE_URL and TEMPORAL_ADDRESS, and
// exits as the command did:
//
//	go run ./internal/devstack/cmd/withstack -- go test ./...
//
// So that every test process of a run shares the two.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/rebuttal-hq/rebuttal/internal/devstack"
)

func main() {
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: withstack -- COMMAND [ARGUMENT]...")
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	code, err := run(flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "withstack:", err)
	}
	os.Exit(code)
}

// run starts the stack and the command, and returns the command's exit code.
func run(command []string) (code int, err error) {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	begin := time.Now()
	stack, err := devstack.Start(ctx, devstack.Options{
		Unsafe:   true,
		Headless: true,
		Log:      slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Progress: func(s string) { fmt.Fprintln(os.Stderr, "==>", s) },
	})
	if err != nil {
		return 1, err
	}
	defer func() {
		stopCtx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		err = errors.Join(err, stack.Stop(stopCtx))
	}()
	fmt.Fprintf(os.Stderr, "==> PostgreSQL and Temporal are up after %s\n", time.Since(begin).Round(100*time.Millisecond))

	cmd := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // running it is the purpose
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(),
		"DATABASE_URL="+stack.Postgres.URL(),
		"TEMPORAL_ADDRESS="+stack.Temporal.Address())
	err = cmd.Run()
	var failed *exec.ExitError
	if errors.As(err, &failed) && failed.ExitCode() > 0 {
		return failed.ExitCode(), nil
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}
