package workflows

import (
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// rulePrefix begins HeldBy where a rule holds the case.
const rulePrefix = "rule:"

// asksAgain takes an approval back that was given for another answer than the
// one the case is planned for now. A person's own choice of the answer stands,
// whatever the plan says.
func (d *run) asksAgain(ctx workflow.Context, old *activities.Plan, p activities.Plan) {
	if old == nil || d.ApprovedBy == "" || d.Choice != "" || old.Respond == p.Respond || !changed(ctx, changeApproval) {
		return
	}
	d.event("approval_taken_back", "machine", "by", d.ApprovedBy, "from", string(old.Respond), "to", string(p.Respond))
	d.ApprovedBy = ""
	d.retryNow() // what is tried again was approved
}

// holds does what the plan says about a hold. A rule of a set holds once: what
// a person released stays released. Its hold ends when the plan holds no more,
// and another rule or set holds anew.
func (d *run) holds(ctx workflow.Context, p activities.Plan) {
	once := d.HeldBy // as it was before versions
	if p.Hold && !d.RuleHeld {
		once = rulePrefix + p.Rule
	}
	by, rule := d.held(p)
	if by != once && !changed(ctx, changeHold) {
		by, rule = once, d.HeldRule
	}
	if by == "" && d.HeldBy != "" {
		d.event("hold_taken_back", "machine", "by", d.HeldBy)
	}
	d.HeldBy, d.HeldRule, d.RuleHeld = by, rule, d.RuleHeld || p.Hold
}

// held is who holds the case under a plan, and which rule did last. A person's
// hold goes before a rule's, and so does a person's word to answer now.
func (s *State) held(p activities.Plan) (by, rule string) {
	ruled := strings.HasPrefix(s.HeldBy, rulePrefix)
	switch rule = holder(p); {
	case rule == "" && ruled:
		return "", ""
	case rule == "" || rule == s.HeldRule || s.SubmitNow != "" || s.Choice == dispute.ResponseAccept:
		return s.HeldBy, s.HeldRule
	case s.HeldBy != "" && !ruled:
		return s.HeldBy, rule
	default:
		return rulePrefix + p.Rule, rule
	}
}

// holder names the rule that holds a case, and its set; empty when none does.
func holder(p activities.Plan) string {
	if !p.Hold {
		return ""
	}
	return p.RuleSet + "/" + p.Rule
}
