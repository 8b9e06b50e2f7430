package cli

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/rebuttal-hq/rebuttal/internal/boot"
	"github.com/rebuttal-hq/rebuttal/starter"
	"github.com/rebuttal-hq/rebuttal/worker"
)

func (e *env) starterCommand() *cobra.Command {
	return e.role("starter", "Take webhooks, the API and the console, and start workflows", func(ctx context.Context, app *boot.App) error {
		return runStarter(ctx, app)
	})
}

func (e *env) workerCommand() *cobra.Command {
	return e.role("worker", "Execute workflows and activities", func(ctx context.Context, app *boot.App) error {
		return runWorker(ctx, app)
	})
}

func (e *env) allCommand() *cobra.Command {
	return e.role("all", "Starter and worker in one process, for one machine", runAll)
}

func (e *env) role(use, short string, run func(context.Context, *boot.App) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.withApp(cmd.Context(), e.log(), func(app *boot.App) error { return run(cmd.Context(), app) })
		},
	}
}

func runAll(ctx context.Context, app *boot.App) error {
	// One client for both: a workflow that the relay starts then runs at once
	// in this process's worker.
	if _, err := app.Temporal(); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return runWorker(ctx, app) })
	g.Go(func() error { return runStarter(ctx, app) })
	return g.Wait()
}

func runStarter(ctx context.Context, app *boot.App) error {
	c, err := app.Temporal()
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", app.Config.Listen)
	if err != nil {
		return fmt.Errorf("starter: %w", err)
	}
	return starter.Run(ctx, ln, starter.Deps{
		DB: app.DB, Set: app.Set, Desk: app.Desk, Temporal: c, Codec: app.Codec,
		TemporalUI: app.Config.Temporal.UI, Log: app.Log,
	})
}

func runWorker(ctx context.Context, app *boot.App) error {
	c, err := app.Temporal()
	if err != nil {
		return err
	}
	return worker.New(c, app.Steps(), app.Set.Names()).Run(ctx, app.Log)
}

func (e *env) migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Bring the database, the first rules and Temporal's search attributes up to date",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.withApp(cmd.Context(), e.log(), func(app *boot.App) error {
				if err := app.Migrate(cmd.Context()); err != nil {
					return err
				}
				return e.print(map[string]bool{"migrated": true}, func(w io.Writer) {
					_, _ = fmt.Fprintln(w, "database, rules and search attributes are up to date")
				})
			})
		},
	}
}
