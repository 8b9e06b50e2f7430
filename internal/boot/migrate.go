package boot

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/rebuttal-hq/rebuttal/desk"
)

const (
	// DefaultRetention is how long a namespace that Migrate makes keeps closed
	// cases for the Temporal UI. PostgreSQL keeps them for good.
	DefaultRetention = 30 * 24 * time.Hour
	// DefaultPatience is how long Migrate waits for a Temporal that is away.
	DefaultPatience = 2 * time.Minute
)

// Setup says how MigrateTemporal goes about it. The zero value is right for
// all but the command line.
type Setup struct {
	// Retention is how long the namespace keeps closed cases. Zero leaves a
	// namespace that is there as it is, and is DefaultRetention for a new one.
	Retention time.Duration
	// Patience bounds the wait for a Temporal that does not answer; zero is
	// DefaultPatience.
	Patience time.Duration
	// Progress receives a sentence for each change and while it waits; nil
	// discards them.
	Progress func(string)
}

// Migrate brings the database schema, the first rule set and Temporal's
// namespace and search attributes up to date. It may be run any number of
// times, and by several processes at once.
func (a *App) Migrate(ctx context.Context) error {
	if err := a.MigrateDatabase(ctx); err != nil {
		return err
	}
	return a.MigrateTemporal(ctx, Setup{})
}

// MigrateDatabase brings the database schema and the first rule set up to date.
func (a *App) MigrateDatabase(ctx context.Context) error {
	if err := a.DB.Migrate(ctx); err != nil {
		return err
	}
	return a.importRules(ctx)
}

// importRules publishes the configured rules as version 1 when the database
// has none; afterwards versions live in the database.
func (a *App) importRules(ctx context.Context) error {
	if a.Config.Rules == "" {
		return nil
	}
	history, err := a.DB.RuleHistory(ctx)
	if err != nil || len(history) > 0 {
		return err
	}
	source, err := os.ReadFile(a.Config.Rules)
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	_, err = a.Desk.PublishRules(ctx, desk.System, a.Config.Rules, source, "imported at the first start")
	return err
}

// MigrateTemporal waits for Temporal, makes the namespace where it is missing,
// adds the search attributes that are missing, and returns when cases can be
// started. Where these may not be made from here, as on Temporal Cloud, the
// error holds the commands that make them.
func (a *App) MigrateTemporal(ctx context.Context, s Setup) error {
	opts, err := a.clientOptions()
	if err != nil {
		return err
	}
	c, err := a.Temporal()
	if err != nil {
		return err
	}
	s.Patience = cmp.Or(s.Patience, DefaultPatience)
	if s.Progress == nil {
		s.Progress = func(string) {}
	}
	m := &cluster{
		Setup: s, address: cmp.Or(opts.HostPort, client.DefaultHostPort), namespace: a.Namespace(),
		service: c.WorkflowService(), operator: c.OperatorService(),
	}
	return m.bring(ctx)
}
