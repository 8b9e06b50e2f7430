package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// How a step is called:
//
//	own       on our own database, until it succeeds
//	quick     inside the workflow task; when slow or failing, as ordinary
//	ordinary  an activity on a task queue: whatever is sent to a vendor and matters
//	local     the first half of quick, for who wants to go on before the second
//
// What runs inside the workflow task may run again with other input, when the
// task is lost: it must be safe then. What is written once, under a key made of
// its input, is ordinary.

// policy says how long a step may take and how it is tried again.
type policy struct {
	start     time.Duration // one attempt
	total     time.Duration // all attempts; zero: without end
	heartbeat time.Duration
	first     time.Duration // wait before the second attempt
	most      time.Duration // longest wait between attempts
}

// The policies. Every activity call names one.
var (
	// quickStore: our own database. It is tried until it answers: without the
	// database nothing can be known or remembered.
	quickStore = policy{start: 10 * time.Second, first: 200 * time.Millisecond, most: 30 * time.Second}
	// vendorRead: a question to a vendor; total is set to what the case can wait.
	vendorRead = policy{start: 60 * time.Second, heartbeat: 15 * time.Second, first: time.Second, most: 5 * time.Minute}
	// vendorWrite: a change at a vendor that matters; total ends at the deadline.
	vendorWrite = policy{start: 2 * time.Minute, heartbeat: 15 * time.Second, first: time.Second, most: 2 * time.Minute}
	// notify: words for people; stale after an hour.
	notify = policy{start: 20 * time.Second, total: time.Hour, first: time.Second, most: 2 * time.Minute}
	// tellSystem: a moment for a sheet, a CRM, a fraud list or a mailbox.
	tellSystem = policy{start: 60 * time.Second, heartbeat: 15 * time.Second, total: 3 * 24 * time.Hour, first: 2 * time.Second, most: 15 * time.Minute}
	// postMoney: entries for the books; late is better than never.
	postMoney = policy{start: 60 * time.Second, heartbeat: 15 * time.Second, total: 30 * 24 * time.Hour, first: 2 * time.Second, most: 15 * time.Minute}
)

// quickLimit is how long a step may take inside the workflow task before it
// falls through to an ordinary activity.
const quickLimit = 2 * time.Second

// within bounds all attempts; at least one attempt is always possible.
func (p policy) within(total time.Duration) policy {
	p.total = max(total, p.start)
	return p
}

// ordinary runs a step as an activity on a task queue.
func ordinary(ctx workflow.Context, p policy, queue, summary string, fn, in, out any) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              queue,
		StartToCloseTimeout:    p.start,
		ScheduleToCloseTimeout: p.total,
		HeartbeatTimeout:       p.heartbeat,
		Summary:                summary,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: p.first, MaximumInterval: p.most, BackoffCoefficient: 2},
	})
	return workflow.ExecuteActivity(ctx, fn, in).Get(ctx, out)
}

// quick runs a step inside the workflow task and, when it is slow, limited or
// failing, once more as an ordinary activity with its whole policy. A failure
// that trying again cannot mend is returned as it is.
func quick(ctx workflow.Context, p policy, queue, summary string, fn, in, out any) error {
	err := local(ctx, summary, fn, in, out)
	if !mayPass(err) {
		return err
	}
	return ordinary(ctx, p, queue, summary, fn, in, out)
}

// local tries a step once inside the workflow task.
func local(ctx workflow.Context, summary string, fn, in, out any) error {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout:    quickLimit,
		ScheduleToCloseTimeout: quickLimit,
		Summary:                summary,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	return workflow.ExecuteLocalActivity(ctx, fn, in).Get(ctx, out)
}

// mayPass reports whether an error may be gone at the next try.
func mayPass(err error) bool {
	return err != nil && !final(err) && !temporal.IsCanceledError(err)
}

// mendEvery is how long a step of our own that was refused waits for a person
// to mend what refuses it.
const mendEvery = 10 * time.Minute

// own runs a step on our own database until it succeeds. Even what is refused
// for good is tried again, rarely: a case outlives a bug that the next release
// mends. Only the workflow's cancellation is an error.
func own(ctx workflow.Context, summary string, fn, in, out any) error {
	for {
		err := quick(ctx, quickStore, CasesQueue, summary, fn, in, out)
		if err == nil || temporal.IsCanceledError(err) {
			return err
		}
		workflow.GetLogger(ctx).Error("a step of our own was refused; it will be tried again", "step", summary, "error", err)
		if err := workflow.Sleep(ctx, mendEvery); err != nil {
			return err
		}
	}
}
