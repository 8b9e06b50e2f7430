package workflows

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

func seenAt(st dispute.Stage) func(*dispute.Decision) {
	return func(d *dispute.Decision) { d.Stage = st }
}

func TestDecisionRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		given  func(w *world)
		kind   dispute.DecisionKind
		change func(*dispute.Decision)
		at     time.Duration
		want   string
	}{
		{name: "without an id", kind: dispute.DecideHold, change: func(d *dispute.Decision) { d.ID = "" }, want: "needs an id and an author"},
		{name: "without an author", kind: dispute.DecideHold, change: func(d *dispute.Decision) { d.By = "" }, want: "needs an id and an author"},
		{name: "sent as another", kind: dispute.DecideHold, change: func(d *dispute.Decision) { d.Kind = dispute.DecideAccept }, want: "decision accept sent as hold"},
		{name: "for another stage", kind: dispute.DecideApprove, change: seenAt(dispute.StageInquiry), want: "moved on from inquiry to chargeback"},
		{name: "before the case is planned", given: func(w *world) { w.hooks["Plan"] = down(0, time.Hour) }, kind: dispute.DecideHold, at: time.Minute, want: "has just begun"},
		{name: "after our answer", given: func(w *world) { w.plan.Approval = false }, kind: dispute.DecideAccept, want: "already answered: contest by rule:standard at 2026-03-02 09:00:00Z"},
		{name: "after another's answer", given: func(w *world) { w.says(time.Minute, dispute.ProviderUnderReview) }, kind: dispute.DecideAccept, want: "already has an answer"},
		{name: "after the verdict", given: func(w *world) { w.says(time.Minute, dispute.ProviderLost) }, kind: dispute.DecideSubmit, want: "the provider has decided: lost"},
		{name: "submit after the deadline", kind: dispute.DecideSubmit, at: 10*day + time.Second, given: func(w *world) { w.plan.AtCutOff = "person" }, want: "the deadline passed at 2026-03-12 09:00:00Z"},
		{name: "approve when past due", kind: dispute.DecideApprove, given: func(w *world) { w.first.Snapshot.PastDue = true }, want: "the deadline passed"},
		{name: "accept where no response is allowed", kind: dispute.DecideAccept, given: func(w *world) { w.first.Snapshot.NoResponse = true }, want: "allows no response"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.waiting()
			if tc.given != nil {
				tc.given(w)
			}
			if tc.at == 0 {
				tc.at = time.Hour
			}
			in := dispute.Decision{ID: "click", Kind: tc.kind, By: "ana", Stage: dispute.StageChargeback}
			if tc.change != nil {
				tc.change(&in)
			}
			got := w.updates(tc.at, string(tc.kind), "click", in)
			w.run(tc.at + time.Hour)
			if got.refused == nil || !strings.Contains(got.refused.Error(), tc.want) {
				t.Errorf("refused with %v, want %q", got.refused, tc.want)
			}
			if slices.ContainsFunc(w.kinds(), func(k string) bool { return strings.HasPrefix(k, "decided:") }) {
				t.Errorf("events %v", w.kinds())
			}
		})
	}
}

// Notes and assignments are welcome at any time.
func TestDecisionWelcomeAtAnyTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.says(day, dispute.ProviderWon)
	replies := []*reply{
		w.decides(time.Hour, dispute.DecideNote, seenAt(dispute.StageInquiry)),
		w.decides(2*day, dispute.DecideNote),
		w.decides(2*day, dispute.DecideAssign),
		w.decides(2*day+time.Hour, dispute.DecideAssign, func(d *dispute.Decision) { d.Assignee = "ben" }),
	}
	s := w.run(30 * day)
	for i, r := range replies {
		if r.refused != nil || !r.done || r.err != nil {
			t.Errorf("decision %d: %+v", i, r)
		}
	}
	if replies[2].face.Assignee != "ana" || s.Assignee != "ben" {
		t.Errorf("assigned to %q, then %q", replies[2].face.Assignee, s.Assignee)
	}
}

func TestDecisionAttachMakesANewPacket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.waiting()
	w.decides(time.Hour, dispute.DecideAttach, func(d *dispute.Decision) { d.Item = "item-1" })
	w.run(2 * time.Hour)
	if n := len(w.of("Compose", true)); n != 2 {
		t.Errorf("composed %d times, want again with the file", n)
	}
	if e, _ := w.event("decided:attach"); e.Actor != "ana" || e.Data["item"] != "item-1" {
		t.Errorf("event %+v", e)
	}
}

func TestDecisionChangePlan(t *testing.T) {
	t.Parallel()
	t.Run("through the rules in force now", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.waiting()
		w.says(time.Minute, dispute.ProviderNeedsResponse, due(9*day)) // plans again by the pinned rules
		w.decides(time.Hour, dispute.DecideChangePlan)
		w.run(2 * time.Hour)
		var asked []string
		for _, c := range w.of("Plan", true) {
			asked = append(asked, c.in.(activities.PlanInput).RuleSet)
		}
		if diff := cmp.Diff([]string{"", "set-1", ""}, asked); diff != "" {
			t.Errorf("rule sets (-want +got):\n%s", diff)
		}
	})
	t.Run("through a version that is named", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.waiting()
		named := func(d *dispute.Decision) { d.RuleSet = "set-9" }
		w.decides(time.Hour, dispute.DecideChangePlan, named)
		w.decides(2*time.Hour, dispute.DecideChangePlan, named, func(d *dispute.Decision) { d.Queue = "fraud" })
		s := w.run(3 * time.Hour)
		var asked []string
		for _, c := range w.of("Plan", true) {
			asked = append(asked, c.in.(activities.PlanInput).RuleSet)
		}
		if diff := cmp.Diff([]string{"", "set-9", "set-9"}, asked); diff != "" {
			t.Errorf("rule sets (-want +got):\n%s", diff)
		}
		if e, ok := w.event("decided:change_plan"); !ok || e.Data["rule_set"] != "set-9" || s.Queue != "fraud" {
			t.Errorf("event %+v, queue %q", e, s.Queue)
		}
	})
	t.Run("to another queue", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.waiting()
		got := w.decides(time.Hour, dispute.DecideChangePlan, func(d *dispute.Decision) { d.Queue = "fraud" })
		s := w.run(2 * time.Hour)
		if got.face.Queue != "fraud" || s.Queue != "fraud" || len(w.of("Plan", true)) != 1 {
			t.Errorf("queue %q, then %q; planned %d times", got.face.Queue, s.Queue, len(w.of("Plan", true)))
		}
	})
}

// An update is answered when its effect is in the database, not before.
func TestDecisionAnsweredAfterPublish(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.waiting()
	w.hooks["Publish"] = down(time.Minute, 3*time.Hour)
	got := w.decides(time.Hour, dispute.DecideHold)
	w.run(4 * time.Hour)
	if !got.accepted || !got.done || got.err != nil || got.at < 3*time.Hour {
		t.Errorf("%+v, want an answer after 3h", got)
	}
	if got.face.Status != dispute.StatusOnHold {
		t.Errorf("face %+v", got.face)
	}
}

func TestDecisionToldTwiceIsTakenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.waiting()
	assign := dispute.Decision{ID: "click", Kind: dispute.DecideAssign, By: "ana"}
	replies := []*reply{
		w.updates(time.Hour, "assign", "click", assign),
		w.updates(time.Hour, "assign", "click", assign),       // the same update
		w.updates(time.Hour, "assign", "redelivered", assign), // another, at the same moment
		w.updates(2*time.Hour, "assign", "again", assign),     // another, later
	}
	w.run(3 * time.Hour)
	for i, r := range replies {
		if !r.done || r.err != nil || r.face.Assignee != "ana" {
			t.Errorf("reply %d: %+v", i, r)
		}
	}
	times := 0
	for _, k := range w.kinds() {
		if k == "decided:assign" {
			times++
		}
	}
	if times != 1 {
		t.Errorf("taken %d times: %v", times, w.kinds())
	}
}

// A decision that was let in and is overtaken by a new stage is not carried
// out on what nobody looked at.
func TestDecisionOvertakenByAStage(t *testing.T) {
	t.Parallel()
	for name, st := range map[string]dispute.Stage{"named stage": dispute.StageChargeback, "no stage": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.waiting()
			got := newReply()
			w.hooks["Record"] = func(c call) error {
				if c.n == 2 {
					w.interrupts(got, dispute.Decision{ID: "click", Kind: dispute.DecideSubmit, By: "ana", Stage: st})
				}
				return nil
			}
			w.says(day, dispute.ProviderNeedsResponse, stage(dispute.StagePreArbitration))
			s := w.run(2 * day)
			if !got.accepted || !got.done || got.err == nil || !strings.Contains(got.err.Error(), "moved on") {
				t.Errorf("%+v, want let in and then refused", got)
			}
			if len(w.sent) != 0 || s.SubmitNow != "" {
				t.Errorf("sent %+v", w.sent)
			}
		})
	}
}

// A decision that comes while the answer is under way is told so.
func TestDecisionOvertakenByTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hooks["Submit"] = down(0, time.Hour)
	accept := w.decides(10*time.Minute, dispute.DecideAccept)
	elsewhere := w.decides(20*time.Minute, dispute.DecideSubmit, func(d *dispute.Decision) { d.Elsewhere = true })
	s := w.run(day)
	for name, r := range map[string]*reply{"accept": accept, "elsewhere": elsewhere} {
		if !r.done || r.err == nil || !strings.Contains(r.err.Error(), "already answered") {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if s.Answer == nil || s.Answer.Outcome != dispute.AnswerSent || s.Answer.PacketHash == "" || s.Choice != "" {
		t.Errorf("answer %+v, choice %q", s.Answer, s.Choice)
	}
}

func TestDecisionsOfOneMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.waiting()
	hand := w.decides(time.Hour, dispute.DecideAccept, func(d *dispute.Decision) { d.Elsewhere = true })
	other := w.decides(time.Hour, dispute.DecideSubmit)
	s := w.run(day)
	if hand.err != nil || other.refused == nil && other.err == nil {
		t.Errorf("by hand %+v, other %+v", hand, other)
	}
	if s.Answer == nil || s.Answer.Outcome != dispute.AnsweredByHand || len(w.sent) != 0 {
		t.Errorf("answer %+v, sent %+v", s.Answer, w.sent)
	}
}
