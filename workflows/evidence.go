package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// gather asks every source at the same time. It returns once each has answered
// or has taken longer than the quick path allows; late answers arrive in their
// own time and make a new packet.
func (d *run) gather(ctx workflow.Context) {
	d.Gathered, d.Composed = true, false
	d.Sources = make([]dispute.SourceResult, len(d.Plan.Sources))
	prompt := workflow.NewWaitGroup(ctx)
	for i, source := range d.Plan.Sources {
		d.Sources[i] = dispute.SourceResult{Connection: source, Outcome: dispute.SourcePending}
		prompt.Add(1)
		d.spawn(ctx, func(ctx workflow.Context) { d.ask(ctx, i, source, prompt.Done) })
	}
	prompt.Wait(ctx)
}

// ask puts one question, first quickly, then with patience on the
// connection's own queue.
func (d *run) ask(ctx workflow.Context, i int, source string, prompt func()) {
	in := activities.GatherInput{Ref: d.Ref, Connection: source}
	results := d.Sources // of this round; a new stage asks anew
	var got dispute.SourceResult
	err := local(ctx, "ask "+source, steps.Gather, in, &got)
	prompt()
	if mayPass(err) {
		patience := d.Plan.SourcesUntil.Sub(workflow.Now(ctx))
		err = ordinary(ctx, vendorRead.within(patience), VendorQueue(source), "ask "+source+" again", steps.Gather, in, &got)
	}
	if err != nil {
		got = dispute.SourceResult{Connection: source, Outcome: dispute.SourceFailed, Detail: reason(err)}
	}
	results[i] = got
	d.event("source", "machine", "source", source, "outcome", got.Outcome, "items", fmt.Sprint(got.Items), "detail", got.Detail)
	d.Composed = false
}

func (d *run) compose(ctx workflow.Context) {
	var p activities.PacketRef
	d.Composed = true // a source that answers meanwhile unsets it
	err := quick(ctx, vendorRead.within(2*time.Minute), CasesQueue, "compose the packet", steps.Compose, activities.ComposeInput{Ref: d.Ref}, &p)
	if err != nil && d.goesWithout(ctx) {
		d.event("compose_failed", "machine", "error", reason(err), "packet", d.Packet.Hash)
		return
	}
	if err != nil {
		d.Composed = false
		d.fails(ctx, "the packet cannot be composed: "+reason(err))
		return
	}
	d.Packet = p
	d.event("composed", "machine", "packet", p.Hash, "strength", fmt.Sprint(p.Strength), "complete", fmt.Sprint(p.Complete))
}

// goesWithout reports whether the answer does not wait for a new packet: at
// the cut-off and at a person's word the one before goes, and an acceptance
// needs none.
func (d *run) goesWithout(ctx workflow.Context) bool {
	now := workflow.Now(ctx)
	switch respond(&d.State, now).Act {
	case actAccept:
		return true
	case actSubmit:
		return d.Packet.Hash != "" && (d.SubmitNow != "" || passed(d.Plan.CutOff, now))
	default:
		return false
	}
}
