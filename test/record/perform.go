package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"time"

	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/boot"
	"github.com/rebuttal-hq/rebuttal/internal/config"
	"github.com/rebuttal-hq/rebuttal/internal/devstack"
	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/simulator/scenario"
	"github.com/rebuttal-hq/rebuttal/worker"

	_ "embed"
)

//go:embed rules.yaml
var rules []byte

// renewAfter is how many events a history may have before Temporal suggests to
// continue as new: more than an ordinary case has, and little enough that a
// busy one gets there.
const renewAfter = 300

// atOnce bounds the disputes that are played at the same time, so that a small
// machine keeps their deadlines.
const atOnce = 8

// mostDays is how many policy days a script may take: each ends long before.
const mostDays = 30

// perform plays every script and returns the recordings.
func perform(ctx context.Context, day time.Duration) (takes []take, err error) {
	folder, err := os.MkdirTemp("", "rebuttal-record-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	stack, err := devstack.Start(ctx, devstack.Options{
		Own: true, Unsafe: true, Headless: true, Progress: func(s string) { say("%s", s) },
		DynamicConfig: map[string]any{"limit.historyCount.suggestContinueAsNew": renewAfter},
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stack.Stop(context.WithoutCancel(ctx))) }()
	url, err := stack.Postgres.NewDatabase(ctx, "rebuttal_record")
	if err != nil {
		return nil, err
	}
	sys, err := rehearsal.Prepare(ctx, rehearsal.Options{
		Folder: folder, Database: url, Day: day, Seed: 1, Rules: rules,
		TemporalAddress: stack.Temporal.Address(), Namespace: stack.Temporal.Namespace(), Log: errorLog(),
	})
	if err != nil {
		return nil, err
	}
	defer sys.Close()
	c, err := sys.App.Temporal()
	if err != nil {
		return nil, err
	}
	if err := sys.Serve(ctx); err != nil {
		return nil, err
	}
	stages, err := playAll(ctx, sys, c)
	if err != nil {
		return nil, err
	}
	return takeAll(ctx, sys, c, stages)
}

func errorLog() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
}

// played is a script's name and its case.
type played struct {
	name string
	ref  dispute.Ref
}

// playAll plays all scripts at the same time, with a worker in this process,
// and then the one that needs a worker to be killed.
func playAll(ctx context.Context, sys *rehearsal.System, c client.Client) ([]played, error) {
	w := worker.New(c, sys.App.Steps(), sys.App.Set.Names())
	if err := w.Start(); err != nil {
		return nil, err
	}
	scripts := all()
	done := make([]played, len(scripts), len(scripts)+1)
	g, playing := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, sc := range scripts {
		g.Go(func() (err error) {
			done[i], err = playOne(playing, sys, c, sc)
			return err
		})
	}
	err := g.Wait()
	w.Stop()
	if err != nil {
		return nil, err
	}
	killed, err := playOne(ctx, sys, c, script{name: "worker-killed", end: dispute.StatusSubmitted, open: true, steps: []step{outliveWorker}})
	return append(done, killed), err
}

func playOne(ctx context.Context, sys *rehearsal.System, c client.Client, sc script) (played, error) {
	began := time.Now()
	ctx, stop := context.WithTimeout(ctx, mostDays*sys.Simulator.World.Day())
	defer stop()
	s := &stage{Stage: scenario.Stage{Simulator: sys.Simulator}, sys: sys, temporal: c}
	if err := s.play(ctx, sc); err != nil {
		return played{}, fmt.Errorf("%s: %w", sc.name, errors.Join(err, sys.Err()))
	}
	say("played %-34s %5.1f s", sc.name, time.Since(began).Seconds())
	return played{sc.name, s.ref()}, nil
}

// outliveWorker kills the worker that remembers the case while a notice comes,
// and lets another take over.
func outliveWorker(ctx context.Context, s *stage) error {
	stop, err := startWorker(ctx, s.sys.File)
	if err != nil {
		return err
	}
	if err := asks(thenSubmits, long)(ctx, s); err != nil {
		stop()
		return err
	}
	stop()
	if err := s.Stripe.MoveDue(s.Dispute, s.World.Now().Add(long/2*s.World.Day())); err != nil {
		return err
	}
	if err := s.Days(ctx, 1); err != nil {
		return err
	}
	if stop, err = startWorker(ctx, s.sys.File); err != nil {
		return err
	}
	defer stop()
	if err := decides(dispute.Decision{Kind: dispute.DecideApprove})(ctx, s); err != nil {
		return err
	}
	return stands(dispute.StatusSubmitted)(ctx, s)
}

// startWorker runs a worker as a process of its own; stop kills it.
func startWorker(ctx context.Context, file string) (stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-work", file) // #nosec G204 -- this program
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}, nil
}

// runWorker is that process.
func runWorker(ctx context.Context, file string) error {
	cfg, err := config.Load(file)
	if err != nil {
		return err
	}
	app, err := boot.Open(ctx, cfg, errorLog())
	if err != nil {
		return err
	}
	defer app.Close()
	app.SDKLog = slog.New(slog.DiscardHandler)
	c, err := app.Temporal()
	if err != nil {
		return err
	}
	return worker.New(c, app.Steps(), app.Set.Names()).Run(ctx, app.Log)
}
