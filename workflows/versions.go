package workflows

import "go.temporal.io/sdk/workflow"

// Behaviour versions. A change to the commands that a workflow issues goes
// behind workflow.GetVersion with a change id from this file, both branches
// tested, until the last case started before it has ended.
const (
	// changeApproval: an approval holds for the answer it was given for.
	changeApproval = "approval-of-one-answer"
	// changeHold: a rule's hold goes with its rule, and another rule's is new.
	changeHold = "hold-of-one-rule"
	// changeAnyStage: a version of the rules is followed at whatever stage.
	changeAnyStage = "rule-set-at-any-stage"
)

// changed reports whether this run does a thing the new way. It is asked only
// where the two ways part, so that a case which has not come there yet gets the
// new one.
func changed(ctx workflow.Context, change string) bool {
	return workflow.GetVersion(ctx, change, workflow.DefaultVersion, 1) != workflow.DefaultVersion
}
