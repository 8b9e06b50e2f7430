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

// applies has the case follow another version of the rules, as desk does.
func (w *world) applies(at time.Duration, set string, change func(*activities.Plan)) *reply {
	r := newReply()
	w.at(at, func() {
		w.mu.Lock()
		change(&w.plan)
		w.mu.Unlock()
		in := following(set)
		w.update(r, string(in.Kind), in.ID, in)
	})
	return r
}

func following(set string) dispute.Decision {
	return dispute.Decision{ID: "rules/" + set, Kind: dispute.DecideChangePlan, By: "mo", RuleSet: set}
}

func accepts(p *activities.Plan) { p.Rule, p.Respond = "small", dispute.ResponseAccept }

func (w *world) times(kind string) int {
	kinds := w.kinds()
	return len(kinds) - len(slices.DeleteFunc(kinds, func(k string) bool { return k == kind }))
}

// Who approved a contest did not approve an acceptance.
func TestApprovalHoldsForOneAnswer(t *testing.T) {
	t.Parallel()
	slow := func(w *world) { // a source keeps the approved answer back
		w.waiting()
		w.hooks["Gather"] = hangs
		w.decides(time.Hour, dispute.DecideApprove)
	}
	atCutOff := 10*day - 6*time.Hour
	tests := map[string]struct {
		given  func(w *world)
		want   []answer
		asked  dispute.Status // how it stands before the cut-off, by its last face
		undone int
	}{
		"a version that accepts": {
			given: func(w *world) { w.applies(2*time.Hour, "set-8", accepts) },
			want:  []answer{{dispute.ResponseContest, "cut-off", atCutOff}}, asked: dispute.StatusNeedsApproval, undone: 1,
		},
		"approved once more": {
			given: func(w *world) {
				w.applies(2*time.Hour, "set-8", accepts)
				w.decides(3*time.Hour, dispute.DecideApprove)
			},
			want: []answer{{dispute.ResponseAccept, "ana", 3 * time.Hour}}, undone: 1,
		},
		"a moved date": {
			given: func(w *world) {
				w.at(2*time.Hour, func() {
					w.mu.Lock()
					defer w.mu.Unlock()
					accepts(&w.plan)
				})
				w.says(3*time.Hour, dispute.ProviderNeedsResponse, due(9*day))
			},
			want: []answer{{dispute.ResponseContest, "cut-off", atCutOff - day}}, asked: dispute.StatusNeedsApproval, undone: 1,
		},
		"the same answer": {
			given: func(w *world) { w.applies(2*time.Hour, "set-8", func(p *activities.Plan) { p.Rule = "other" }) },
			want:  []answer{{dispute.ResponseContest, "ana", atCutOff}},
		},
		"a person's choice": {
			given: func(w *world) {
				w.decides(90*time.Minute, dispute.DecideChangePlan, func(d *dispute.Decision) { d.Response = dispute.ResponseContest })
				w.applies(2*time.Hour, "set-8", accepts)
			},
			want: []answer{{dispute.ResponseContest, "ana", atCutOff}},
		},
		"a case from before": {
			given: func(w *world) {
				w.old = []string{changeApproval}
				w.applies(2*time.Hour, "set-8", accepts)
			},
			want: []answer{{dispute.ResponseAccept, "ana", 2 * time.Hour}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			slow(w)
			tc.given(w)
			w.run(12 * day)
			got := w.answers()
			for i := range got {
				got[i].At = got[i].At.Truncate(time.Minute)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
			if n := w.times("approval_taken_back"); n != tc.undone {
				t.Errorf("taken back %d times, want %d", n, tc.undone)
			}
			if tc.asked != "" && !slices.ContainsFunc(w.faces, func(s shown) bool { return s.at >= 2*time.Hour && s.face.Status == tc.asked }) {
				t.Errorf("never stood as %s", tc.asked)
			}
		})
	}
}

// An approval that comes while the case is planned anew was given to what was
// shown before.
func TestApprovalOvertakenByAPlan(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]bool{"now": false, "a case from before": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.waiting()
			if before {
				w.old = []string{changeApproval}
			}
			got := newReply()
			w.hooks["Plan"] = func(c call) error {
				if c.n == 2 {
					w.interrupts(got, dispute.Decision{ID: "click", Kind: dispute.DecideApprove, By: "ana", Stage: dispute.StageChargeback})
				}
				return nil
			}
			w.applies(time.Hour, "set-8", accepts)
			s := w.run(day)
			switch {
			case before && (got.err != nil || len(w.sent) != 1):
				t.Errorf("%+v, sent %+v", got, w.sent)
			case !before && (!got.accepted || got.err == nil || !strings.Contains(got.err.Error(), "has become accept instead of contest") || len(w.sent) != 0 || s.ApprovedBy != ""):
				t.Errorf("%+v, sent %+v", got, w.sent)
			}
		})
	}
}

// What a rule holds is held as long as the case's plan holds it, and another
// rule's hold is a new one.
func TestHoldFollowsTheRules(t *testing.T) {
	t.Parallel()
	free := func(p *activities.Plan) { p.Rule, p.Hold = "free", false }
	careful := func(p *activities.Plan) { p.Rule, p.Hold = "careful", true }
	atCutOff := []answer{{dispute.ResponseContest, "cut-off", 10*day - 6*time.Hour}}
	tests := map[string]struct {
		given func(w *world)
		held  string
		want  []answer
	}{
		"holds no more": {
			given: func(w *world) { w.applies(2*time.Hour, "set-8", free) },
			want:  []answer{{dispute.ResponseContest, "rule:free", 2 * time.Hour}},
		},
		"holds no more, and again": {
			given: func(w *world) {
				w.incomplete = true
				w.applies(2*time.Hour, "set-8", free)
				w.applies(3*time.Hour, "set-9", func(p *activities.Plan) { p.Rule, p.Hold = "standard", true })
			},
			held: "rule:standard", want: atCutOff,
		},
		"another rule holds": {
			given: func(w *world) { w.applies(2*time.Hour, "set-8", careful) },
			held:  "rule:careful", want: atCutOff,
		},
		"released, and another rule holds": {
			given: func(w *world) {
				w.incomplete = true
				w.decides(time.Hour, dispute.DecideRelease)
				w.applies(2*time.Hour, "set-8", careful)
			},
			held: "rule:careful", want: atCutOff,
		},
		"a person's hold stays": {
			given: func(w *world) {
				w.decides(time.Hour, dispute.DecideHold)
				w.applies(2*time.Hour, "set-8", careful)
				w.applies(3*time.Hour, "set-9", free)
			},
			held: "ana", want: atCutOff,
		},
		"a person's word goes before a hold": {
			given: func(w *world) {
				w.hooks["Submit"] = down(0, day)
				w.decides(time.Hour, dispute.DecideSubmit)
				w.applies(90*time.Minute, "set-8", careful)
			},
			want: []answer{{dispute.ResponseContest, "ana", day}},
		},
		"a case from before, holds no more": {
			given: func(w *world) {
				w.old = []string{changeHold}
				w.applies(2*time.Hour, "set-8", free)
			},
			held: "rule:standard", want: atCutOff,
		},
		"a case from before, released": {
			given: func(w *world) {
				w.old, w.incomplete = []string{changeHold}, true
				w.decides(time.Hour, dispute.DecideRelease)
				w.applies(2*time.Hour, "set-8", careful)
			},
			want: atCutOff,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.plan.Hold = true
			tc.given(w)
			s := w.run(12 * day)
			got := w.answers()
			for i := range got {
				got[i].At = got[i].At.Truncate(time.Hour)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || s.HeldBy != tc.held {
				t.Errorf("held by %q, want %q; answers (-want +got):\n%s", s.HeldBy, tc.held, diff)
			}
		})
	}
}

// A state that only says that a rule held goes on as it was: what was released
// stays released, and another rule's hold is seen.
func TestHoldOfAnOlderState(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]string{"standard": "", "careful": "rule:careful"} {
		w := newWorld(t)
		w.plan.Hold, w.incomplete = true, true
		w.decides(time.Hour, dispute.DecideRelease)
		s := w.run(2 * time.Hour)
		s.HeldRule = ""
		set := s.Plan.RuleSet
		w.applies(3*time.Hour, set, func(p *activities.Plan) { p.Rule = rule })
		if s = w.resume(s, day); s.HeldBy != want || s.HeldRule != set+"/"+rule {
			t.Errorf("rule %s: held by %q, want %q; by rule %s", rule, s.HeldBy, want, s.HeldRule)
		}
	}
}

// A version of the rules is asked of a case under one id: a stage that begins
// meanwhile follows it, too.
func TestApplyIsNotOvertakenByAStage(t *testing.T) {
	t.Parallel()
	moves := func(change ...func(*dispute.Decision)) (*world, *reply) {
		w, got := newWorld(t), newReply()
		w.waiting()
		in := following("set-8")
		for _, c := range change {
			c(&in)
		}
		w.hooks["Record"] = func(c call) error {
			if c.n == 2 {
				w.interrupts(got, in)
			}
			return nil
		}
		w.says(day, dispute.ProviderNeedsResponse, stage(dispute.StagePreArbitration))
		return w, got
	}
	w, got := moves()
	if s := w.run(2 * day); got.err != nil || !got.done || s.Plan.RuleSet != "set-8" || s.Known.Stage != dispute.StagePreArbitration {
		t.Errorf("%+v, planned by %s", got, s.Plan.RuleSet)
	}
	refused := func(name string, w *world, got *reply) {
		s := w.run(2 * day)
		if got.err == nil || !strings.Contains(got.err.Error(), "moved on") || s.Plan.RuleSet != "set-1" {
			t.Errorf("%s: %+v, planned by %s", name, got, s.Plan.RuleSet)
		}
	}
	w, got = moves(func(d *dispute.Decision) { d.Response = dispute.ResponseAccept })
	refused("with an answer", w, got)
	w, got = moves(seenAt(dispute.StageChargeback))
	refused("for a stage that is named", w, got)
	w, got = moves()
	w.old = []string{changeAnyStage}
	refused("a case from before", w, got)
}
