package main

import (
	"slices"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/simulator/faults"
	"github.com/rebuttal-hq/rebuttal/simulator/scenario"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// script plays one dispute that is then recorded.
type script struct {
	name  string
	steps []step
	end   dispute.Status // how the case must stand afterwards
	open  bool           // its workflow is recorded while it runs
}

// Reasons whose rules wait for a person, by what their cut-off does.
const (
	thenSubmits = "product_unacceptable"
	thenAccepts = "duplicate"
	thenNothing = "subscription_canceled"
)

// long is a due date in days that no script lives to see.
const long = 400

// all are the demo's scripts and those for everything they do not touch.
func all() []script {
	var out []script
	for _, sc := range scenario.All {
		out = append(out, script{name: sc.Name, end: dispute.Status(sc.End.Status), steps: []step{plays(sc)}})
	}
	return slices.Concat(out, decisions, ladders, verdicts, ends)
}

// decisions are what people do.
var decisions = []script{
	{name: "worked-on-and-approved", end: dispute.StatusWon, steps: []step{
		asks(thenSubmits, long),
		decides(dispute.Decision{Kind: dispute.DecideAssign, Assignee: "ana"}), notes, attaches,
		decides(dispute.Decision{Kind: dispute.DecideRevise}),
		decides(dispute.Decision{Kind: dispute.DecideApprove}), verdict(true),
	}},
	{name: "accepted-by-person", end: dispute.StatusAccepted, steps: []step{
		asks(thenSubmits, long), decides(dispute.Decision{Kind: dispute.DecideAccept}),
	}},
	{name: "submitted-by-person", end: dispute.StatusLost, steps: []step{
		asks(thenSubmits, long), decides(dispute.Decision{Kind: dispute.DecideSubmit}), verdict(false),
	}},
	{name: "held-and-released", end: dispute.StatusSubmitted, open: true, steps: []step{
		asks(thenSubmits, long), decides(dispute.Decision{Kind: dispute.DecideHold}), stands(dispute.StatusOnHold),
		decides(dispute.Decision{Kind: dispute.DecideRelease}), decides(dispute.Decision{Kind: dispute.DecideApprove}),
	}},
	{name: "on-hold", end: dispute.StatusOnHold, open: true, steps: []step{
		asks(thenSubmits, long), decides(dispute.Decision{Kind: dispute.DecideHold}),
	}},
	{name: "plan-changed", end: dispute.StatusAccepted, steps: []step{
		asks(thenSubmits, long),
		decides(dispute.Decision{Kind: dispute.DecideChangePlan, Queue: "senior"}),
		decides(dispute.Decision{Kind: dispute.DecideChangePlan}),
		decides(dispute.Decision{Kind: dispute.DecideChangePlan, Response: dispute.ResponseAccept}),
	}},
}

// ladders are what happens by itself when nobody comes.
var ladders = []script{
	{name: "ladder-then-submits", end: dispute.StatusWon, steps: []step{asks(thenSubmits, 7), verdict(true)}},
	{name: "ladder-then-submits-although-held", end: dispute.StatusSubmitted, open: true, steps: []step{
		asks(thenSubmits, 5), decides(dispute.Decision{Kind: dispute.DecideHold}),
	}},
	{name: "ladder-then-accepts", end: dispute.StatusAccepted, steps: []step{asks(thenAccepts, 4)}},
	{name: "ladder-then-person", end: dispute.StatusSubmitted, open: true, steps: []step{
		asks(thenNothing, 12), stands(dispute.StatusNeedsPerson), decides(dispute.Decision{Kind: dispute.DecideSubmit}),
	}},
	{name: "ladder-then-too-late", end: dispute.StatusNeedsPerson, open: true, steps: []step{
		asks(thenNothing, 8), needs("the deadline has passed without an answer"),
	}},
}

// verdicts are what providers say, and take back.
var verdicts = []script{
	{name: "prevented", end: dispute.StatusClosed, steps: []step{
		opens(world.OrderOptions{}, stripe.DisputeOptions{Reason: thenSubmits, Inquiry: true, DueIn: time.Hour}),
		stands(dispute.StatusNeedsApproval), says("prevented"),
	}},
	{name: "verdict-withdrawn", end: dispute.StatusLost, steps: []step{
		opens(world.OrderOptions{}, stripe.DisputeOptions{Reason: "product_not_received", NetworkCode: "13.1"}),
		answered(1), says("won"), stands(dispute.StatusWon), says("under_review"), stands(dispute.StatusSubmitted), verdict(false),
	}},
	{name: "reopened", end: dispute.StatusWon, steps: []step{
		asks(thenSubmits, long), says("lost"), stands(dispute.StatusLost), says("needs_response"), stands(dispute.StatusNeedsApproval),
		decides(dispute.Decision{Kind: dispute.DecideApprove}), verdict(true),
	}},
	{name: "inquiry-escalated", end: dispute.StatusWon, steps: []step{
		opens(world.OrderOptions{CardBrand: "amex"}, stripe.DisputeOptions{Reason: "product_not_received", Inquiry: true}),
		answered(1), escalates, answered(2), verdict(true),
	}},
	{name: "appealed-and-answered-by-hand", end: dispute.StatusSubmitted, open: true, steps: []step{
		asks(thenSubmits, long), says("appeal_needs_response"), reaches(dispute.StagePreArbitration), stands(dispute.StatusNeedsApproval),
		decides(dispute.Decision{Kind: dispute.DecideApprove}), stands(dispute.StatusNeedsPerson),
		decides(dispute.Decision{Kind: dispute.DecideSubmit, Elsewhere: true}),
	}},
	{name: "unknown-status", end: dispute.StatusNeedsPerson, open: true, steps: []step{asks(thenSubmits, long), says("under_mediation")}},
}

// ends are executions that end before their case does, and vendors that slow
// one down.
var ends = []script{
	{name: "renewed", end: dispute.StatusSubmitted, open: true, steps: []step{
		asks(thenSubmits, long), renews, decides(dispute.Decision{Kind: dispute.DecideApprove}),
	}},
	{name: "cancelled", end: dispute.StatusNeedsApproval, steps: []step{asks(thenSubmits, long), cancels}},
	{name: "vendors-slow-and-failing", end: dispute.StatusSubmitted, open: true, steps: []step{
		fails(faults.Fault{Vendor: "hubspot", Mode: faults.Error, Times: 6}),
		fails(faults.Fault{Vendor: "shopify", Mode: faults.Latency, Delay: 3 * time.Second, Times: 3}),
		fails(faults.Fault{Vendor: "slack", Mode: faults.RateLimit, Delay: time.Second, Times: 2}),
		opens(world.OrderOptions{}, stripe.DisputeOptions{Reason: "product_not_received", NetworkCode: "13.1", DueIn: time.Hour}),
	}},
}
