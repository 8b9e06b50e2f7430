package cli

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/rebuttal-hq/rebuttal/internal/boot"
	"github.com/rebuttal-hq/rebuttal/internal/telemetry"
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
		g, ctx := errgroup.WithContext(ctx)
		g.Go(func() error { return runWorker(ctx, app) })
		g.Go(func() error { return runMetrics(ctx, app) })
		return g.Wait()
	})
}

func (e *env) allCommand() *cobra.Command {
	return e.role("all", "Starter and worker in one process, for one machine", runAll)
}

func (e *env) role(use, short string, run func(context.Context, *boot.App) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.withApp(cmd.Context(), e.serviceLog(), func(app *boot.App) error { return run(cmd.Context(), app) })
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
		TemporalUI: app.Config.Temporal.UI, Secret: app.Config.CodecKey, PublicURL: app.Config.PublicURL, OIDC: app.Config.OIDC, Log: app.Log, Metrics: app.Metrics, Tracing: app.Tracing,
	})
}

// quickestSweep spares providers the haste of a rehearsal.
const quickestSweep = 10 * time.Second

func runWorker(ctx context.Context, app *boot.App) error {
	c, err := app.Temporal()
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		policy := app.Config.Policy
		worker.KeepSchedules(ctx, c, app.Sweepable(), worker.Sweeps{
			Every:    max(app.Config.Scale(policy.SweepEvery), quickestSweep),
			Whole:    max(app.Config.Scale(policy.ReconcileEvery), quickestSweep),
			Database: app.Config.Database,
		}, app.Log)
		return nil
	})
	g.Go(func() error { return worker.New(c, app.Steps(), app.Set.Names()).Run(ctx, app.Log) })
	return g.Wait()
}

// runMetrics serves a worker's metrics and health where the configuration says;
// the starter has them on its own door.
func runMetrics(ctx context.Context, app *boot.App) error {
	if app.Config.MetricsListen == "" {
		return nil
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", app.Config.MetricsListen)
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	app.Log.InfoContext(ctx, "worker serves metrics", "address", ln.Addr().String())
	return telemetry.Serve(ctx, ln, app.Metrics.Registry, app.WorkerLacks)
}
