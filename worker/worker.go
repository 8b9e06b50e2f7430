// Package worker runs the workflows and the activities: one task queue for the
// cases, and one for each connection's calls, so that a slow vendor fills only
// its own queue.
package worker

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/workflows"
)

// stickyWait is how long a case waits for the worker that remembers it before
// another takes over.
const stickyWait = 2 * time.Second

// callsPerConnection bounds one process's simultaneous calls to a connection.
const callsPerConnection = 20

// Worker polls every queue.
type Worker struct {
	workers []worker.Worker
	fatal   chan error
}

// New registers workflows and steps for the case queue and for each
// connection's queue.
func New(c client.Client, steps *activities.Steps, connections []string) *Worker {
	w := &Worker{fatal: make(chan error, 1)}
	cases := worker.New(c, workflows.CasesQueue, worker.Options{
		OnFatalError:                 w.failed,
		StickyScheduleToStartTimeout: stickyWait,
		WorkerStopTimeout:            10 * time.Second,
	})
	cases.RegisterWorkflowWithOptions(workflows.Dispute, workflow.RegisterOptions{Name: workflows.DisputeWorkflow})
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

// Run polls until ctx ends. When one queue cannot be polled any more, as after
// its namespace is gone, it stops all and returns why.
func (w *Worker) Run(ctx context.Context, log *slog.Logger) error {
	if err := w.Start(); err != nil {
		return err
	}
	log.Info("worker polls", "queues", len(w.workers))
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
