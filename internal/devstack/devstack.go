// Package devstack starts a real PostgreSQL and a real Temporal development
// server as children of this process, for `rebuttal demo`, `rebuttal dev` and
// the tests. Servers that the environment already names (DATABASE_URL,
// TEMPORAL_ADDRESS) are used instead. On Linux the children die with this
// process, however it ends.
package devstack

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"golang.org/x/sync/errgroup"
)

// ErrNotOurs is returned when a server that the environment named is asked to
// stop, restart or die: only children of this process can be.
var ErrNotOurs = errors.New("devstack: this server was not started here")

// Options says how the stack runs. The zero value is a private stack in a
// temporary folder that Stop removes.
type Options struct {
	// DataDir keeps the servers' data between runs. Empty means a temporary
	// folder that Stop removes.
	DataDir string
	// Log receives what is worth keeping; nil discards it.
	Log *slog.Logger
	// Progress receives short sentences for the person who waits; nil discards
	// them. Start never calls it from two goroutines at once.
	Progress func(string)
	// Own starts children even when DATABASE_URL or TEMPORAL_ADDRESS is set,
	// for tests that stop and kill them.
	Own bool

	// Unsafe runs PostgreSQL without fsync: quicker, and committed work still
	// survives a killed server, but not a machine that loses power.
	Unsafe bool

	// Persist keeps Temporal's state in a file, so that Start after Stop or
	// Kill finds every workflow again.
	Persist bool
	// Headless leaves Temporal's web UI out.
	Headless bool
	// TemporalPort and UIPort are fixed ports; 0 picks free ones.
	TemporalPort, UIPort int
	// CodecEndpoint is where Temporal's web UI decodes payloads.
	CodecEndpoint string
	// DynamicConfig are Temporal's dynamic configuration values, by key; the
	// values must be what encoding/json can write.
	DynamicConfig map[string]any
}

// Stack is a running PostgreSQL and a running Temporal.
type Stack struct {
	Postgres *Postgres
	Temporal *Temporal
}

// Start brings both servers up in parallel and returns when both answer. When
// one fails, the other is stopped and the first error is returned. ctx bounds
// the start only; the servers run until Stop.
func Start(ctx context.Context, o Options) (*Stack, error) {
	o = o.withDefaults()
	var s Stack
	group, startCtx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		s.Postgres, err = StartPostgres(startCtx, o)
		return err
	})
	group.Go(func() (err error) {
		s.Temporal, err = StartTemporal(startCtx, o)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
	}
	return &s, nil
}

// Stop ends both servers, Temporal first, and removes temporary folders. It is
// safe to call twice.
func (s *Stack) Stop(ctx context.Context) error {
	var errs []error
	if s.Temporal != nil {
		errs = append(errs, s.Temporal.Stop(ctx))
	}
	if s.Postgres != nil {
		errs = append(errs, s.Postgres.Stop(ctx))
	}
	return errors.Join(errs...)
}

// withDefaults fills the callbacks, so that nothing below tests for nil, and
// makes Progress safe for the two starters that share it.
func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	report := o.Progress
	if report == nil {
		report = func(string) {}
	}
	var mu sync.Mutex
	o.Progress = func(s string) {
		mu.Lock()
		defer mu.Unlock()
		report(s)
	}
	return o
}
