// Package cli is the command line: one file a command group, thin over desk
// and the two roles.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/internal/boot"
	"github.com/rebuttal-hq/rebuttal/internal/config"
	"github.com/rebuttal-hq/rebuttal/internal/telemetry"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a call whose words are off.
type usageError struct{ error }

// Main runs the command line and returns the process's exit code.
func Main(version string, args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	e := &env{out: stdout, err: stderr}
	root := e.root()
	root.Version = version
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage):
		_, _ = fmt.Fprintln(stderr, "rebuttal:", err)
		_, _ = fmt.Fprintln(stderr, "Run with --help to see how to call it.")
		return exitUsage
	default:
		_, _ = fmt.Fprintln(stderr, "rebuttal:", err)
		return exitFailed
	}
}

// env is what every command shares.
type env struct {
	out, err io.Writer
	file     string // configuration file
	asJSON   bool
	verbose  bool
}

func (e *env) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "rebuttal",
		Short:         "Fights payment disputes: from the webhook to the journal",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.PersistentFlags().StringVar(&e.file, "config", "rebuttal.yaml", "configuration file")
	root.PersistentFlags().BoolVar(&e.asJSON, "json", false, "print JSON")
	root.PersistentFlags().BoolVarP(&e.verbose, "verbose", "v", false, "log everything")
	root.AddCommand(
		e.demoCommand(), e.devCommand(), e.starterCommand(), e.workerCommand(), e.allCommand(),
		e.migrateCommand(), e.probeCommand(), e.doctorCommand(), e.connectCommand(), e.vendorsCommand(), e.configCommand(), e.simulatorCommand(),
		e.casesCommand(), e.noticesCommand(), e.rulesCommand(), e.importCommand(), e.lettersCommand(), e.reasonsCommand(), e.booksCommand(), e.tokensCommand(), e.replayCommand(),
	)
	wrapArgs(root)
	return root
}

// wrapArgs makes a wrong number of arguments a usage error, everywhere.
func wrapArgs(c *cobra.Command) {
	check := c.Args
	if check == nil {
		check = cobra.NoArgs
		if c.HasSubCommands() {
			check = cobra.ArbitraryArgs
		}
	}
	c.Args = func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		if cmd.HasSubCommands() && len(args) > 0 {
			return usageError{fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())}
		}
		return nil
	}
	if c.HasSubCommands() && c.Run == nil && c.RunE == nil {
		c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	for _, sub := range c.Commands() {
		wrapArgs(sub)
	}
}

func (e *env) log() *slog.Logger { return telemetry.NewTextLog(e.err, e.level()) }

// serviceLog is for the roles, whose lines a machine collects.
func (e *env) serviceLog() *slog.Logger {
	log := telemetry.NewLog(e.err, e.level())
	slog.SetDefault(log) // libraries and the store's listener use it
	return log
}

func (e *env) level() slog.Level {
	if e.verbose {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// quiet logs errors only, for commands whose output is for people.
func (e *env) quiet() *slog.Logger {
	if e.verbose {
		return e.log()
	}
	return telemetry.NewTextLog(e.err, slog.LevelError)
}

// withApp opens the configured system for one command.
func (e *env) withApp(ctx context.Context, log *slog.Logger, f func(*boot.App) error) error {
	cfg, err := config.Load(e.file)
	if err != nil {
		return err
	}
	app, err := boot.Open(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer app.Close()
	return f(app)
}

// withDesk opens the configured system for one use case, decided by whoever
// runs the command.
func (e *env) withDesk(cmd *cobra.Command, f func(context.Context, *desk.Desk) error) error {
	return e.withApp(cmd.Context(), e.quiet(), func(app *boot.App) error {
		if _, err := app.Temporal(); err != nil {
			return err
		}
		return f(cmd.Context(), app.Desk)
	})
}

// print writes v as JSON when asked for, and otherwise what people reads.
func (e *env) print(v any, people func(io.Writer)) error {
	if !e.asJSON {
		people(e.out)
		return nil
	}
	enc := json.NewEncoder(e.out)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
