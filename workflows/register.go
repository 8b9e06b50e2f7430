package workflows

import "go.temporal.io/sdk/workflow"

// Register names every workflow to whoever runs or replays them.
func Register(r interface {
	RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions)
}) {
	r.RegisterWorkflowWithOptions(Dispute, workflow.RegisterOptions{Name: DisputeWorkflow})
	r.RegisterWorkflowWithOptions(Sweep, workflow.RegisterOptions{Name: SweepWorkflow})
}
