package workflows

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// decision is a human act on its way into the state.
type decision struct {
	dispute.Decision
	anyStage bool             // it was let in for a stage and holds for any
	wanted   dispute.Response // the answer that it was let in for
	stored   bool             // its effect is in the database
	err      error            // it was overtaken on its way
}

// handleDecisions registers one update per kind of decision. An update is
// answered once its effect is in the database.
func (d *run) handleDecisions(ctx workflow.Context) error {
	for _, kind := range dispute.Decisions {
		handle := func(ctx workflow.Context, in dispute.Decision) (dispute.Face, error) {
			return d.takeDecision(ctx, in)
		}
		opts := workflow.UpdateHandlerOptions{
			Description: "A person's decision: " + string(kind),
			Validator: func(ctx workflow.Context, in dispute.Decision) error {
				return d.mayDecide(ctx, kind, in)
			},
		}
		if err := workflow.SetUpdateHandlerWithOptions(ctx, string(kind), handle, opts); err != nil {
			return err
		}
	}
	return nil
}

func (d *run) takeDecision(ctx workflow.Context, in dispute.Decision) (dispute.Face, error) {
	if d.seen(in.ID) {
		err := workflow.Await(ctx, func() bool { return len(d.unstored) == 0 })
		return d.Face, err
	}
	own := &decision{Decision: in}
	if in.Stage == "" && d.Known != nil {
		own.Stage = d.Known.Stage // the one it was let in for
		own.anyStage = in.Kind == dispute.DecideChangePlan && in.RuleSet != "" && in.Response == ""
	}
	if d.Plan != nil {
		own.wanted = wanted(&d.State)
	}
	d.decisions = append(d.decisions, own)
	if err := workflow.Await(ctx, func() bool { return own.stored }); err != nil {
		return d.Face, err
	}
	return d.Face, own.err
}

// mayDecide refuses what came too late or was meant for another stage. Rights
// were checked by desk before the update was sent.
func (d *run) mayDecide(ctx workflow.Context, kind dispute.DecisionKind, in dispute.Decision) error {
	switch {
	case in.ID == "" || in.By == "":
		return errors.New("a decision needs an id and an author")
	case in.Kind != kind:
		return fmt.Errorf("decision %s sent as %s", in.Kind, kind)
	case d.seen(in.ID), kind == dispute.DecideNote, kind == dispute.DecideAssign:
		return nil
	case d.Known == nil || d.Plan == nil:
		return errors.New("the case has just begun; try again in a moment")
	case in.Stage != "" && in.Stage != d.Known.Stage:
		return fmt.Errorf("the case has moved on from %s to %s: look at it again", in.Stage, d.Known.Stage)
	case kind == dispute.DecideAttach, kind == dispute.DecideRevise:
		return nil
	case d.Known.Status.Final():
		return fmt.Errorf("the provider has decided: %s", d.Known.RawStatus)
	case d.Answer != nil:
		return fmt.Errorf("already answered: %s by %s at %s", d.Answer.Response, d.Answer.By, stamp(d.Answer.At))
	case d.Known.Status.Answered():
		return errors.New("the provider already has an answer for this stage")
	}
	return d.mayAnswer(ctx, kind)
}

func (d *run) mayAnswer(ctx workflow.Context, kind dispute.DecisionKind) error {
	sends := kind == dispute.DecideSubmit || kind == dispute.DecideApprove || kind == dispute.DecideAccept
	switch {
	case sends && d.Known.Deadline.NoResponse:
		return errors.New("the provider allows no response to this dispute")
	case sends && (d.Known.PastDue || passed(d.Known.Deadline.Last(), workflow.Now(ctx))):
		return fmt.Errorf("the deadline passed at %s", stamp(d.Known.Deadline.Last()))
	}
	return nil
}

// decide takes every waiting decision into the state; the next publish answers
// them. What was let in a while ago may no longer hold: a stage may have begun
// or an answer been given since.
func (d *run) decide(ctx workflow.Context) {
	for _, dec := range d.decisions {
		if d.seen(dec.ID) {
			continue
		}
		if dec.err = d.stillHolds(ctx, dec); dec.err != nil {
			continue
		}
		d.apply(ctx, dec.Decision)
		d.remember(dec.ID)
	}
	d.unstored, d.decisions = append(d.unstored, d.decisions...), nil
}

// stillHolds refuses a decision that was overtaken since it was let in. A
// version of the rules is followed at whatever stage: it is asked under one id,
// so a refusal would be for good.
func (d *run) stillHolds(ctx workflow.Context, dec *decision) error {
	if dec.anyStage && dec.Stage != d.Known.Stage && changed(ctx, changeAnyStage) {
		dec.Stage = ""
	}
	if err := d.mayDecide(ctx, dec.Kind, dec.Decision); err != nil {
		return err
	}
	if dec.Kind == dispute.DecideApprove && dec.wanted != wanted(&d.State) && changed(ctx, changeApproval) {
		return fmt.Errorf("the answer has become %s instead of %s: look at it again", wanted(&d.State), dec.wanted)
	}
	return nil
}

// answerDecisions lets the updates return whose effects are stored.
func (d *run) answerDecisions() {
	for _, dec := range d.unstored {
		dec.stored = true
	}
	d.unstored = nil
}

func (d *run) apply(ctx workflow.Context, in dispute.Decision) {
	switch in.Kind {
	case dispute.DecideAssign:
		d.Assignee = cmp.Or(in.Assignee, in.By)
	case dispute.DecideNote:
	case dispute.DecideAttach, dispute.DecideRevise:
		d.Composed = false
	case dispute.DecideApprove:
		d.ApprovedBy = in.By
		d.retryNow()
	case dispute.DecideAccept:
		d.Choice, d.ChosenBy, d.SubmitNow, d.HeldBy = dispute.ResponseAccept, in.By, "", ""
		d.answeredElsewhere(ctx, in)
		d.retryNow()
	case dispute.DecideSubmit:
		d.Choice, d.ChosenBy, d.SubmitNow, d.HeldBy = dispute.ResponseContest, in.By, in.By, ""
		d.answeredElsewhere(ctx, in)
		d.retryNow()
	case dispute.DecideHold:
		d.HeldBy = in.By
	case dispute.DecideRelease:
		d.HeldBy = ""
	case dispute.DecideChangePlan:
		d.changePlan(in)
	}
	d.event("decided:"+string(in.Kind), in.By, "decision", in.ID, "assignee", in.Assignee, "item", in.Item, "queue", in.Queue, "response", string(in.Response), "rule_set", in.RuleSet)
}

// retryNow lets a person's decision act at once after a failure.
func (d *run) retryNow() {
	d.Failure, d.RetryAt = "", time.Time{}
}

func (d *run) answeredElsewhere(ctx workflow.Context, in dispute.Decision) {
	if !in.Elsewhere {
		return
	}
	d.Answer = &activities.Responded{
		Response: d.Choice, Outcome: dispute.AnsweredByHand, By: in.By, At: workflow.Now(ctx),
		Detail: "done by hand at the provider",
	}
}

func (d *run) changePlan(in dispute.Decision) {
	if in.Queue != "" {
		d.Queue = in.Queue
	}
	if in.Response != "" {
		d.Choice, d.ChosenBy = in.Response, in.By
	}
	if in.RuleSet != "" || in.Queue == "" && in.Response == "" {
		d.Plan.RuleSet, d.Replan, d.Gathered = in.RuleSet, true, false
	}
}

// reason is an activity's failure as one line for people: the error's own
// text holds ids and kinds only.
func reason(err error) string {
	var app *temporal.ApplicationError
	var late *temporal.TimeoutError
	switch {
	case errors.As(err, &late):
		if cause := errors.Unwrap(late); cause != nil {
			return "no answer in time; last: " + reason(cause)
		}
		return "no answer in time"
	case errors.As(err, &app):
		return app.Message()
	default:
		return err.Error()
	}
}

// refused reports whether the next try needs an intent of its own: the provider
// refused what was sent, or another answer was begun under this one.
func refused(err error) bool {
	var app *temporal.ApplicationError
	return errors.As(err, &app) && (app.Type() == string(dispute.Invalid) || app.Type() == string(dispute.Conflict))
}

// final reports whether trying again cannot help without a person.
func final(err error) bool {
	var app *temporal.ApplicationError
	return errors.As(err, &app) && app.NonRetryable()
}
