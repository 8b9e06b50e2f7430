package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/rebuttal-hq/rebuttal/activities"
)

// SweepWorkflow is the workflow type of a sweep.
const SweepWorkflow = "Sweep"

// sweepRead: a look at all a provider has takes its time, and the next one
// comes anyway.
var sweepRead = policy{start: 30 * time.Minute, total: time.Hour, heartbeat: 30 * time.Second, first: 5 * time.Second, most: 5 * time.Minute}

// Sweep asks one connection for disputes whose webhook never came. A schedule
// per connection starts it.
func Sweep(ctx workflow.Context, in activities.SweepInput) (activities.Swept, error) {
	var got activities.Swept
	err := ordinary(ctx, sweepRead, VendorQueue(in.Connection), "sweep "+in.Connection, steps.Sweep, in, &got)
	return got, err
}
