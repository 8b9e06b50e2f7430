package workflows

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Dispute is the life of one dispute, or of one part of it when a closed case
// came back. It returns how the dispute ended; the state from which a next part
// starts is kept with the case.
func Dispute(ctx workflow.Context, s State) (dispute.Status, error) {
	d := &run{State: s, notices: workflow.GetSignalChannel(ctx, NoticeSignal)}
	if err := d.setup(ctx); err != nil {
		return "", err
	}
	err := d.live(ctx)
	return d.Outcome, err
}

// run is one execution: the state and what only this execution needs.
type run struct {
	State
	notices   workflow.ReceiveChannel
	decisions []*decision        // not yet in the state
	unstored  []*decision        // in the state, not yet in the database
	news      bool               // something was said that people should see at once
	events    []activities.Event // not yet published
	timers    timers
	tellers   []*teller // one per place where people see the case
	books     bookkeeper
	filed     dispute.Face // what the search attributes of this execution say
	busy      int          // coroutines that are asking a vendor
	dirty     bool         // something changed: look again
}

// steps names the activities; the struct is nil on purpose, the worker has the
// real one.
var steps *activities.Steps

func (d *run) setup(ctx workflow.Context) error {
	if err := workflow.SetQueryHandler(ctx, StateQuery, func() (State, error) { return d.State, nil }); err != nil {
		return err
	}
	if d.Plan != nil {
		d.places(*d.Plan)
		if d.RuleHeld && d.HeldRule == "" {
			d.HeldRule = holder(*d.Plan) // a state from before it was kept
		}
	}
	return d.handleDecisions(ctx)
}

func (d *run) live(ctx workflow.Context) error {
	for {
		d.dirty = false
		if err := d.absorb(ctx); err != nil {
			return err
		}
		d.decide(ctx)
		d.books.settle(ctx, d)
		done, err := d.do(ctx, next(&d.State, workflow.Now(ctx)))
		if done || err != nil {
			return err
		}
	}
}

// do performs one move and reports whether the case is done. The only error is
// the workflow's own end, cancelled or continued as new; a vendor's failure
// becomes a case that needs a person.
func (d *run) do(ctx workflow.Context, m move) (done bool, err error) {
	switch m.Act {
	case actPlan:
		err = d.plan(ctx)
	case actGather:
		d.gather(ctx)
	case actCompose:
		d.compose(ctx)
	case actSubmit, actAccept:
		d.respond(ctx, m)
	case actRung:
		d.rung(ctx)
	case actSettle:
		d.settle(ctx)
	case actFinish:
		return d.finish(ctx)
	case actWait:
		err = d.rest(ctx, m)
	}
	return false, err
}

// absorb records every notice that has come, in one step.
func (d *run) absorb(ctx workflow.Context) error {
	for {
		var a Arrival
		if !d.notices.ReceiveAsync(&a) {
			break
		}
		d.Pending = append(d.Pending, a.Event)
	}
	if len(d.Pending) == 0 {
		return nil
	}
	in := activities.RecordInput{Ref: d.Ref, Part: d.Part, Events: d.Pending}
	var got activities.Recorded
	if err := own(ctx, fmt.Sprintf("record %d notice(s)", len(d.Pending)), steps.Record, in, &got); err != nil {
		return err
	}
	d.Pending, d.Entries = nil, got.Entries
	d.learn(got.Known)
	return nil
}

// learn takes a fresh view of the dispute: a new stage or a dispute that was
// reopened begins again, a moved date moves the timers.
func (d *run) learn(k activities.Known) {
	old := d.Known
	d.Known = &k
	switch {
	case old == nil:
		d.Baseline = k.Submissions
		return
	case old.Stage != k.Stage, old.Status.Final() && k.Status == dispute.ProviderNeedsResponse:
		d.begin(false)
	case k.Status == dispute.ProviderNeedsResponse && d.answerSeen():
		d.begin(true)
	case !old.Deadline.At.Equal(k.Deadline.At):
		d.event("deadline_moved", "machine", "from", stamp(old.Deadline.At), "to", stamp(k.Deadline.At))
		d.Replan = true
		d.retryNow() // the next try may lie behind the new date
		if d.Answer != nil && d.Answer.Outcome == dispute.AnsweredTooLate {
			d.Answer = nil // there may be time again
			d.Attempt++
		}
	}
	if old.Status.Final() && !k.Status.Final() {
		d.Settled, d.Outcome = "", ""
	}
	if old.RawStatus != k.RawStatus {
		d.event("provider_status", "machine", "from", old.RawStatus, "to", k.RawStatus)
	}
}

// answerSeen reports whether the provider has shown our answer at some time.
func (d *run) answerSeen() bool {
	return d.Answer.Given() != "" && !d.Known.AnsweredAt.Before(d.Answer.At.Truncate(time.Second))
}

// begin starts a stage, or the same one again when the provider asks for more
// after an answer; what is sent again, a person decides first.
func (d *run) begin(again bool) {
	d.event("stage_began", "machine", "stage", string(d.Known.Stage), "status", d.Known.RawStatus)
	d.stageBegins()
	d.Baseline, d.Again = d.Known.Submissions, again
}

func (d *run) plan(ctx workflow.Context) error {
	in := activities.PlanInput{Ref: d.Ref}
	if d.Plan != nil {
		in.RuleSet = d.Plan.RuleSet
	}
	var p activities.Plan
	if err := own(ctx, "plan: rule, queue, ladder, sources", steps.Plan, in, &p); err != nil {
		return err
	}
	old := d.Plan
	d.Plan, d.Replan, d.RungsDone = &p, false, 0
	d.event("planned", "machine", "rule", p.Rule, "rule_set", p.RuleSet, "queue", p.Queue, "cut_off", stamp(p.CutOff))
	if d.Assignee == "" {
		d.Assignee = p.Assignee
	}
	d.asksAgain(ctx, old, p)
	d.holds(ctx, p)
	d.places(p)
	d.report(ctx, dispute.MomentOpened, string(d.Known.Stage), "")
	d.claim(ctx)
	return nil
}

// claim tells a provider that answers by itself that we answer.
func (d *run) claim(ctx workflow.Context) {
	if d.Auto != nil || d.Known.AutoAnswer == "" || d.Known.Status.Final() {
		return
	}
	d.Auto = &activities.Claimed{Method: d.Known.AutoAnswer}
	d.spawn(ctx, func(ctx workflow.Context) {
		var got activities.Claimed
		err := ordinary(ctx, vendorWrite.within(d.left(ctx)), VendorQueue(d.Ref.Connection), "claim the answer as ours", steps.Claim, activities.ClaimInput{Ref: d.Ref}, &got)
		if err != nil {
			d.event("claim_failed", "machine", "error", reason(err))
			return
		}
		got.Method = cmp.Or(got.Method, d.Auto.Method)
		d.Auto = &got
		d.event("auto_answer", "machine", "method", got.Method, "claimed", fmt.Sprint(got.Claimed))
	})
}

// respond sends the one answer of the stage, or accepts. One round of attempts
// is bounded, so that a provider that is down for hours becomes a case that
// needs a person while the tries go on.
func (d *run) respond(ctx workflow.Context, m move) {
	in := activities.RespondInput{
		Ref: d.Ref, Part: d.Part, Stage: d.Known.Stage, Attempt: d.Attempt, Baseline: d.Baseline, By: m.By,
	}
	fn, word := any(steps.Submit), "submit the packet"
	if m.Act == actAccept {
		fn, word = steps.Accept, "accept the dispute"
	}
	d.tell(ctx, move{Act: actWait, Status: dispute.StatusOpen, Next: word + ": under way", At: d.Known.Deadline.At})
	d.Asked = m.Act
	var got activities.Responded
	round := min(d.left(ctx), d.Plan.RetryEvery)
	err := ordinary(ctx, vendorWrite.within(round), VendorQueue(d.Ref.Connection), word+", decided by "+m.By, fn, in, &got)
	if err != nil {
		if refused(err) {
			d.Attempt++ // a mended packet gets an intent of its own
			d.Asked = ""
		}
		d.fails(ctx, word+" failed: "+reason(err))
		if soon := workflow.Now(ctx).Add(vendorWrite.most); !final(err) && soon.Before(d.RetryAt) {
			d.RetryAt = soon // the round has waited long enough
		}
		return
	}
	d.Answer, d.Asked, d.Failure, d.RetryAt = &got, "", "", time.Time{}
}

// fails keeps the case alive for a person and for the next try by itself,
// which never comes later than half the time that is left.
func (d *run) fails(ctx workflow.Context, why string) {
	wait := d.Plan.RetryEvery
	if half := d.left(ctx) / 2; half < wait {
		wait = max(half, time.Second)
	}
	d.Failure, d.RetryAt = why, workflow.Now(ctx).Add(wait)
	d.event("failed", "machine", "why", why)
}

// left is the time until the deadline, or a day where none is known.
func (d *run) left(ctx workflow.Context) time.Duration {
	if d.Known.Deadline.At.IsZero() {
		return 24 * time.Hour
	}
	return d.Known.Deadline.Last().Sub(workflow.Now(ctx))
}

func (d *run) rung(ctx workflow.Context) {
	r := d.Plan.Rungs[d.RungsDone]
	d.RungsDone++
	d.event(r.Kind, "machine", "rung", r.Name)
	d.say(fmt.Sprintf("%s: %s", r.Kind, r.Name))
	if r.Kind == activities.RungEscalate {
		d.report(ctx, dispute.MomentEscalated, string(d.Known.Stage)+"/"+r.Name, r.Name)
	}
}

func (d *run) settle(ctx workflow.Context) {
	d.Settled = verdict(&d.State)
	d.Outcome = outcome(&d.State)
	d.SettleUntil = workflow.Now(ctx).Add(d.Plan.Linger)
	d.event("verdict", "machine", "outcome", string(d.Outcome), "provider_status", d.Known.RawStatus)
	d.say("verdict: " + string(d.Outcome))
	d.report(ctx, dispute.MomentDecided, d.Settled, "")
}

// outcome is how the case ended; a dispute counts as accepted only when we gave
// it up, here or by hand.
func outcome(s *State) dispute.Status {
	return dispute.OutcomeOf(s.Known.Status, s.Answer.Given() == dispute.ResponseAccept)
}

// finish ends the execution once nothing is under way. It reports false when
// something came in the meantime.
func (d *run) finish(ctx workflow.Context) (bool, error) {
	if err := workflow.Await(ctx, func() bool { return d.stirred() || d.idle(ctx) }); err != nil {
		return false, err
	}
	if d.stirred() {
		return false, nil
	}
	d.timers.stop()
	m := move{Act: actWait, Status: d.Outcome, Next: "closed"}
	if err := d.publish(ctx, m, true); err != nil {
		return false, err
	}
	return !d.stirred() && d.idle(ctx), nil
}

// rest shows how the case stands and sleeps until something happens.
func (d *run) rest(ctx workflow.Context, m move) error {
	if err := d.publish(ctx, m, false); err != nil {
		return err
	}
	if next(&d.State, workflow.Now(ctx)) != m {
		return nil // what it waits for came while it was shown
	}
	d.timers.arm(ctx, m, &d.State)
	err := workflow.Await(ctx, func() bool { return d.stirred() || d.timers.rang() || d.canRenew(ctx) })
	if err != nil {
		return err
	}
	if d.canRenew(ctx) && !d.stirred() {
		return workflow.NewContinueAsNewError(ctx, DisputeWorkflow, d.State)
	}
	return nil
}

func (d *run) canRenew(ctx workflow.Context) bool {
	return workflow.GetInfo(ctx).GetContinueAsNewSuggested() && d.idle(ctx)
}

// stirred reports whether there is something to look at.
func (d *run) stirred() bool {
	return d.dirty || d.notices.Len() > 0 || len(d.decisions) > 0
}

// idle reports whether nothing is under way that would be lost.
func (d *run) idle(ctx workflow.Context) bool {
	if d.busy > 0 || d.owesBooks() || len(d.decisions) > 0 || len(d.Pending) > 0 || !workflow.AllHandlersFinished(ctx) {
		return false
	}
	return !slices.ContainsFunc(d.tellers, func(t *teller) bool { return !t.idle() })
}

// spawn runs something beside the main loop and wakes the loop when it ends.
func (d *run) spawn(ctx workflow.Context, f func(workflow.Context)) {
	d.busy++
	workflow.Go(ctx, func(ctx workflow.Context) {
		f(ctx)
		d.busy--
		d.dirty = true
	})
}
