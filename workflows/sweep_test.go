package workflows

import (
	"log/slog"
	"testing"
	"time"

	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestSweep(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fail func(call) error
		ok   bool
	}{
		"at once":          {nil, true},
		"after an outage":  {first(2, dispute.Transient), true},
		"refused for good": {always(dispute.Auth), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.hooks["Sweep"] = tc.fail
			var suite testsuite.WorkflowTestSuite
			suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
			w.env = suite.NewTestWorkflowEnvironment()
			w.env.SetStartTime(t0)
			w.env.SetTestTimeout(10 * time.Second)
			w.env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // a busy machine is no deadlock
			w.env.RegisterWorkflowWithOptions(Sweep, workflow.RegisterOptions{Name: SweepWorkflow})
			w.env.RegisterActivity(&fakes{w})
			w.env.ExecuteWorkflow(SweepWorkflow, activities.SweepInput{Connection: "stripe", Whole: true})
			if err := w.env.GetWorkflowError(); (err == nil) != tc.ok {
				t.Errorf("error %v", err)
			}
			calls := w.of("Sweep", false)
			if len(calls) == 0 || calls[0].queue != VendorQueue("stripe") || !calls[0].in.(activities.SweepInput).Whole {
				t.Errorf("calls %+v", calls)
			}
		})
	}
}
