// Package worker runs the workflows and the activities: one task queue for the
// cases, and one for each connection's calls, so that a slow vendor fills only
// its own queue.
package worker

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/workflows"
)

// stickyWait is how long a case waits for the worker that remembers it before
// another takes over.
const stickyWait = 2 * time.Second

// callsPerConnection bounds one process's simultaneous calls to a connection.
const callsPerConnection = 20

// tasksPerCore bounds the cases that one process thinks about at the same time:
// after an outage all of them are due at once, and tasks that starve each other
// time out and are repeated. Each may ask several sources inside its task.
const (
	tasksPerCore = 8
	stepsPerCore = 4 * tasksPerCore
)

// Worker polls every queue.
type Worker struct {
	client  client.Client
	workers []worker.Worker
	fatal   chan error
}

// New registers workflows and steps for the case queue and for each
// connection's queue.
func New(c client.Client, steps *activities.Steps, connections []string) *Worker {
	w := &Worker{client: c, fatal: make(chan error, 1)}
	cores := runtime.GOMAXPROCS(0)
	cases := worker.New(c, workflows.CasesQueue, worker.Options{
		OnFatalError:                 w.failed,
		StickyScheduleToStartTimeout: stickyWait,
		WorkerStopTimeout:            10 * time.Second,

		MaxConcurrentWorkflowTaskExecutionSize:  tasksPerCore * cores,
		MaxConcurrentLocalActivityExecutionSize: stepsPerCore * cores,
	})
	workflows.Register(cases)
	cases.RegisterActivity(steps)
	w.workers = append(w.workers, cases)
	for _, name := range connections {
		calls := worker.New(c, workflows.VendorQueue(name), worker.Options{
			OnFatalError:                       w.failed,
			DisableWorkflowWorker:              true,
			MaxConcurrentActivityExecutionSize: callsPerConnection,
			MaxConcurrentActivityTaskPollers:   2,
			WorkerStopTimeout:                  10 * time.Second,
		})
		calls.RegisterActivity(steps)
		w.workers = append(w.workers, calls)
	}
	return w
}

// Start begins to poll.
func (w *Worker) Start() error {
	for i, one := range w.workers {
		if err := one.Start(); err != nil {
			for _, started := range w.workers[:i] {
				started.Stop()
			}
			return fmt.Errorf("worker: %w", err)
		}
	}
	return nil
}

// Stop lets running steps finish, for a while, and stops polling.
func (w *Worker) Stop() {
	for _, one := range w.workers {
		one.Stop()
	}
}

// waitEvery is how often a worker that starts looks whether Temporal answers.
const waitEvery = 2 * time.Second

// await waits until Temporal answers: a worker that gave up would take down the
// starter that runs beside it, and with it the webhooks.
func (w *Worker) await(ctx context.Context, log *slog.Logger) error {
	for said := false; ; said = true {
		_, err := w.client.CheckHealth(ctx, &client.CheckHealthRequest{})
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		if !said {
			log.WarnContext(ctx, "the worker waits for Temporal", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(waitEvery):
		}
	}
}

// Run polls until ctx ends. When one queue cannot be polled any more, as after
// its namespace is gone, it stops all and returns why.
func (w *Worker) Run(ctx context.Context, log *slog.Logger) error {
	if err := w.await(ctx, log); err != nil {
		return nil //nolint:nilerr // stopped before there was anything to stop
	}
	if err := w.Start(); err != nil {
		return err
	}
	log.InfoContext(ctx, "worker polls", "queues", len(w.workers))
	defer w.Stop()
	select {
	case <-ctx.Done():
		return nil
	case err := <-w.fatal:
		return fmt.Errorf("worker: %w", err)
	}
}

// failed keeps the first fatal error for Run.
func (w *Worker) failed(err error) {
	select {
	case w.fatal <- err:
	default:
	}
}
