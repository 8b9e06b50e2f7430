package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/rebuttal-hq/rebuttal/activities"
)

// bookkeeper posts journal entries to the accounting systems, one run at a
// time, beside the main loop.
type bookkeeper struct {
	working bool
}

func (b *bookkeeper) settle(ctx workflow.Context, d *run) {
	if b.working || !d.owesBooks() {
		return
	}
	b.working = true
	d.spawn(ctx, func(ctx workflow.Context) {
		for d.owesBooks() {
			told := d.Entries
			all := workflow.NewWaitGroup(ctx) // one that refuses holds up no other
			for _, connection := range d.Plan.Accounting {
				all.Add(1)
				workflow.Go(ctx, func(ctx workflow.Context) {
					b.push(ctx, d, connection)
					all.Done()
				})
			}
			all.Wait(ctx)
			d.Pushed = told
		}
		b.working = false
	})
}

func (b *bookkeeper) push(ctx workflow.Context, d *run, connection string) {
	in := activities.PushInput{Ref: d.Ref, Connection: connection}
	err := ordinary(ctx, postMoney, VendorQueue(connection), "post entries to "+connection, steps.Push, in, nil)
	if err != nil {
		d.event("push_failed", "machine", "connection", connection, "error", reason(err))
	}
}
