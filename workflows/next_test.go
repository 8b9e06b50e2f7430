package workflows

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// ready is a case that would send its packet now: planned, gathered, composed
// and complete, due in ten days, cut-off six hours before.
func ready(change ...func(*State)) *State {
	s := &State{
		Ref: ref, Part: 1, Gathered: true, Composed: true, Packet: activities.PacketRef{Hash: "p", Complete: true},
		Known: &activities.Known{
			Status: dispute.ProviderNeedsResponse, RawStatus: "needs_response", Stage: dispute.StageChargeback,
			Deadline: dispute.Deadline{At: t0.Add(10 * day), Origin: dispute.OriginProvider},
		},
		Plan: &activities.Plan{
			Rule: "r", Respond: dispute.ResponseContest, AtCutOff: "submit", CutOff: t0.Add(10*day - 6*time.Hour),
			Rungs: []activities.Rung{{Kind: "remind", At: t0.Add(5 * day)}, {Kind: "escalate", At: t0.Add(8 * day)}},
		},
	}
	for _, c := range change {
		c(s)
	}
	return s
}

func with(changes ...func(*State)) []func(*State) { return changes }

func provider(p dispute.ProviderStatus) func(*State) {
	return func(s *State) { s.Known.Status, s.Known.RawStatus = p, string(p) }
}

func answered(outcome string, r dispute.Response) func(*State) {
	return func(s *State) { s.Answer = &activities.Responded{Outcome: outcome, Response: r, Detail: "why"} }
}

func settled(at time.Duration) func(*State) {
	return func(s *State) {
		s.Settled, s.Outcome, s.SettleUntil = verdict(s), outcome(s), t0.Add(at)
	}
}

func atCut(what string) func(*State) { return func(s *State) { s.Plan.AtCutOff = what } }
func approval(s *State)              { s.Plan.Approval = true }
func approved(s *State)              { s.ApprovedBy = "ana" }
func held(s *State)                  { s.HeldBy = "ana" }
func thin(s *State)                  { s.Packet.Complete = false }
func weak(s *State)                  { s.Packet.Strength, s.Plan.MinStrength = 1, 2 }
func rungsDone(s *State)             { s.RungsDone = 2 }
func pending(s *State) {
	s.Sources = []dispute.SourceResult{{Connection: "shop", Outcome: dispute.SourcePending}}
}

func chooses(r dispute.Response) func(*State) {
	return func(s *State) { s.Choice, s.ChosenBy = r, "ana" }
}

// late lets the provider listen for two days longer than the network's window.
func late(s *State) {
	s.Known.Deadline.Origin = dispute.OriginNetwork
	s.Known.Deadline.Considered = []dispute.Candidate{{Origin: dispute.OriginProvider, At: s.Known.Deadline.At.Add(2 * day)}}
}

func submitNow(s *State) {
	chooses(dispute.ResponseContest)(s)
	s.SubmitNow = "ana"
}

func TestNext(t *testing.T) {
	t.Parallel()
	const cutOff = 10*day - 6*time.Hour
	wait := func(st dispute.Status, at time.Duration, what, needs string) move {
		m := move{Act: actWait, Status: st, Next: what, Needs: needs}
		if at > 0 {
			m.At = t0.Add(at)
		}
		return m
	}
	const sends, sources = "sends the packet as it is at the cut-off", "sends by itself once all sources have answered, at the cut-off at the latest"
	tests := []struct {
		name  string
		given []func(*State)
		at    time.Duration
		want  move
	}{
		{"no plan", with(func(s *State) { s.Plan = nil }), 0, move{Act: actPlan}},
		{"the plan is void", with(func(s *State) { s.Replan = true }), 0, move{Act: actPlan}},
		{"a final status without a plan", with(provider(dispute.ProviderWon), func(s *State) { s.Plan = nil }), 0, move{Act: actPlan}},

		{"verdict", with(provider(dispute.ProviderWon)), 0, move{Act: actSettle}},
		{"verdict changed", with(provider(dispute.ProviderWon), settled(day), provider(dispute.ProviderLost)), 0, move{Act: actSettle}},
		{"settled", with(provider(dispute.ProviderLost), settled(day)), 0, wait(dispute.StatusLost, day, "stays open for late money movements, then closes", "")},
		{"settled and lingered", with(provider(dispute.ProviderLost), settled(day)), day, move{Act: actFinish}},

		{"sent", with(answered(dispute.AnswerSent, dispute.ResponseContest)), 0, wait(dispute.StatusSubmitted, 0, "evidence was sent; waits for the verdict", "")},
		{"accepted", with(answered(dispute.AnswerSent, dispute.ResponseAccept)), 0, wait(dispute.StatusAccepted, 0, "accepted; waits for the provider to close it", "")},
		{"answered elsewhere", with(answered(dispute.AnsweredElsewhere, dispute.ResponseContest)), 0, wait(dispute.StatusSubmitted, 0, "an answer was given outside Rebuttal; waits for the verdict", "")},
		{"too late", with(answered(dispute.AnsweredTooLate, dispute.ResponseContest)), 0, wait(dispute.StatusNeedsPerson, 0, "waits for the verdict", "the provider no longer listens: why")},
		{"sent, then a status nobody knows", with(answered(dispute.AnswerSent, dispute.ResponseContest), provider(dispute.ProviderUnknown)), 0, wait(dispute.StatusNeedsPerson, 0, "waits for the verdict", "the provider's status unknown is not known here")},

		{"the provider has an answer", with(func(s *State) { s.Known.Status = dispute.ProviderUnderReview }), 0, wait(dispute.StatusSubmitted, 0, "an answer was given outside Rebuttal; waits for the verdict", "")},
		{"a lost answer shows", with(func(s *State) { s.Asked, s.Known.Status = actSubmit, dispute.ProviderUnderReview }), 0, move{Act: actSubmit, By: "machine"}},
		{"a lost acceptance shows by the verdict", with(func(s *State) { s.Asked = actAccept }, provider(dispute.ProviderLost)), 0, move{Act: actAccept, By: "machine"}},
		{"no response allowed, status unknown", with(provider(dispute.ProviderUnknown), func(s *State) { s.Known.Deadline.NoResponse = true }), 0, wait(dispute.StatusNeedsPerson, 0, "the provider allows no response; waits for the verdict", "the provider's status unknown is not known here")},
		{"no response allowed", with(func(s *State) { s.Known.Deadline.NoResponse = true }), 0, wait(dispute.StatusOpen, 0, "the provider allows no response; waits for the verdict", "")},
		{"under review", with(provider(dispute.ProviderUnderReview)), 0, wait(dispute.StatusSubmitted, 0, "an answer was given outside Rebuttal; waits for the verdict", "")},
		{"past due by the provider's word", with(func(s *State) { s.Known.PastDue = true }), 0, wait(dispute.StatusNeedsPerson, 0, "waits for the verdict", "the deadline has passed without an answer")},
		{"past due by the clock", nil, 10 * day, wait(dispute.StatusNeedsPerson, 0, "waits for the verdict", "the deadline has passed without an answer")},

		{"beyond the network's window, the provider listens still", with(late, rungsDone), 10 * day, move{Act: actSubmit, By: "cut-off"}},
		{"beyond the provider's date", with(late), 12 * day, wait(dispute.StatusNeedsPerson, 0, "waits for the verdict", "the deadline has passed without an answer")},
		{"beyond the cut-off the provider's date counts", with(late, atCut("person")), 10 * day, wait(dispute.StatusNeedsPerson, 12*day, "nothing is sent by itself", "the cut-off has passed and the rule leaves the answer to a person")},

		{"failed", with(func(s *State) { s.Failure, s.RetryAt = "why", t0.Add(time.Hour) }), 0, wait(dispute.StatusNeedsPerson, time.Hour, "tries again", "why")},
		{"failed, tries again", with(func(s *State) { s.Failure, s.RetryAt = "why", t0.Add(time.Hour) }), time.Hour, move{Act: actSubmit, By: "rule:r"}},
		{"not gathered", with(func(s *State) { s.Gathered = false }), 0, move{Act: actGather}},
		{"not composed", with(func(s *State) { s.Composed = false }), 0, move{Act: actCompose}},
		{"an acceptance needs no packet", with(func(s *State) { s.Gathered, s.Composed = false, false }, chooses(dispute.ResponseAccept)), 0, move{Act: actAccept, By: "ana"}},

		{"a person accepts", with(approval, chooses(dispute.ResponseAccept)), 0, move{Act: actAccept, By: "ana"}},
		{"a person accepts, then holds", with(held, chooses(dispute.ResponseAccept)), 0, wait(dispute.StatusOnHold, cutOff, "accepts by itself at the cut-off", "held by ana")},
		{"a person submits", with(approval, thin, pending, submitNow), 0, move{Act: actSubmit, By: "ana"}},
		{"a person submits, then holds", with(held, atCut("accept"), submitNow), 0, wait(dispute.StatusOnHold, cutOff, sends, "held by ana")},
		{"complete", nil, 0, move{Act: actSubmit, By: "rule:r"}},
		{"complete while a source is asked", with(pending), 0, wait(dispute.StatusOpen, cutOff, sources, "")},
		{"complete and held", with(held), 0, wait(dispute.StatusOnHold, cutOff, sends, "held by ana")},
		{"approval needed", with(approval), 0, wait(dispute.StatusNeedsApproval, cutOff, sends, "waits for approval")},
		{"approval needed, accepts at the cut-off", with(approval, atCut("accept")), 0, wait(dispute.StatusNeedsApproval, cutOff, "accepts by itself at the cut-off", "waits for approval")},
		{"approval needed, nothing at the cut-off", with(approval, atCut("person")), 0, wait(dispute.StatusNeedsApproval, cutOff, "goes to a person at the cut-off", "waits for approval")},
		{"a person chose to contest, the ladder would accept", with(approval, atCut("accept"), chooses(dispute.ResponseContest)), 0, wait(dispute.StatusNeedsApproval, cutOff, sends, "waits for approval")},
		{"approved", with(approval, approved, thin), 0, move{Act: actSubmit, By: "ana"}},
		{"approved while a source is asked", with(approval, approved, pending), 0, wait(dispute.StatusOpen, cutOff, sources, "")},
		{"the rule accepts", with(func(s *State) { s.Plan.Respond = dispute.ResponseAccept }), 0, move{Act: actAccept, By: "rule:r"}},
		{"the rule accepts after approval", with(approval, approved, func(s *State) { s.Plan.Respond = dispute.ResponseAccept }), 0, move{Act: actAccept, By: "ana"}},
		{"a person overrules a rule that accepts", with(chooses(dispute.ResponseContest), func(s *State) { s.Plan.Respond = dispute.ResponseAccept }), 0, move{Act: actSubmit, By: "rule:r"}},
		{"incomplete", with(thin), 0, wait(dispute.StatusOpen, cutOff, sends, "evidence is incomplete")},
		{"weaker than the rule wants", with(weak), 0, wait(dispute.StatusNeedsPerson, cutOff, sends, "the evidence has strength 1 of 4 and the rule wants 2: add to it, or approve")},
		{"evidence that does not fit", with(func(s *State) { s.Packet.Problem = "too large" }), 0, wait(dispute.StatusNeedsPerson, cutOff, sends, "the evidence does not fit: too large")},
		{"weak and approved", with(weak, approved), 0, move{Act: actSubmit, By: "ana"}},
		{"weak at the cut-off", with(weak, rungsDone), cutOff, move{Act: actSubmit, By: "cut-off"}},
		{"as strong as the rule wants", with(weak, func(s *State) { s.Packet.Strength = 2 }), 0, move{Act: actSubmit, By: "rule:r"}},
		{"no deadline known", with(thin, func(s *State) { s.Known.Deadline.At, s.Plan.CutOff, s.Plan.Rungs = time.Time{}, time.Time{}, nil }), 0, wait(dispute.StatusOpen, 0, "waits for a person; no deadline is known", "evidence is incomplete")},
		{"no deadline known and sources asked", with(pending, func(s *State) { s.Known.Deadline.At, s.Plan.CutOff, s.Plan.Rungs = time.Time{}, time.Time{}, nil }), 0, wait(dispute.StatusOpen, 0, sources, "no deadline is known")},
		{"a status nobody knows", with(provider(dispute.ProviderUnknown)), 0, wait(dispute.StatusNeedsPerson, cutOff, sends, "the provider's status unknown is not known here")},
		{"a status nobody knows, approved", with(provider(dispute.ProviderUnknown), approved), 0, move{Act: actSubmit, By: "ana"}},

		{"first rung", with(thin), 5 * day, move{Act: actRung}},
		{"second rung not yet", with(thin, func(s *State) { s.RungsDone = 1 }), 5 * day, wait(dispute.StatusOpen, cutOff, sends, "evidence is incomplete")},
		{"second rung", with(thin, func(s *State) { s.RungsDone = 1 }), 8 * day, move{Act: actRung}},
		{"a rung of a held case", with(held), 5 * day, move{Act: actRung}},

		{"cut-off", with(thin, rungsDone), cutOff, move{Act: actSubmit, By: "cut-off"}},
		{"cut-off before rungs", with(thin), cutOff, move{Act: actSubmit, By: "cut-off"}},
		{"cut-off of a held case", with(held, approval), cutOff, move{Act: actSubmit, By: "cut-off"}},
		{"cut-off while sources are asked", with(pending), cutOff, move{Act: actSubmit, By: "cut-off"}},
		{"cut-off with a status nobody knows", with(provider(dispute.ProviderUnknown)), cutOff, move{Act: actSubmit, By: "cut-off"}},
		{"cut-off accepts", with(thin, atCut("accept")), cutOff, move{Act: actAccept, By: "cut-off"}},
		{"cut-off accepts, a person approved", with(approval, approved, pending, atCut("accept")), cutOff, move{Act: actSubmit, By: "ana"}},
		{"cut-off accepts, a person chose to contest", with(approval, atCut("accept"), chooses(dispute.ResponseContest)), cutOff, move{Act: actSubmit, By: "cut-off"}},
		{"cut-off submits, a person approved to accept", with(held, approved, func(s *State) { s.Plan.Respond = dispute.ResponseAccept }), cutOff, move{Act: actAccept, By: "ana"}},
		{"cut-off submits, a person accepted and holds", with(held, chooses(dispute.ResponseAccept)), cutOff, move{Act: actAccept, By: "ana"}},
		{"cut-off accepts, a person submitted and holds", with(held, atCut("accept"), submitNow), cutOff, move{Act: actSubmit, By: "ana"}},
		{"cut-off leaves it to a person", with(atCut("person"), thin), cutOff, wait(dispute.StatusNeedsPerson, 10*day, "nothing is sent by itself", "the cut-off has passed and the rule leaves the answer to a person")},
		{"cut-off leaves it to a person, who approves", with(atCut("person"), thin, approved), cutOff, move{Act: actSubmit, By: "ana"}},
		{"cut-off leaves it to a person, who submits", with(atCut("person"), submitNow), cutOff, move{Act: actSubmit, By: "ana"}},
		{"cut-off leaves it to a person, who accepts", with(atCut("person"), chooses(dispute.ResponseAccept)), cutOff, move{Act: actAccept, By: "ana"}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := ready(tc.given...)
			if diff := cmp.Diff(tc.want, next(s, t0.Add(tc.at))); diff != "" {
				t.Errorf("next (-want +got):\n%s", diff)
			}
		})
	}
}

// drawState is any state that the workflow can be in at t0: dates fit each
// other, whatever else is the case.
func drawState(t *rapid.T) *State {
	pick := func(name string, odds int) bool { return rapid.IntRange(0, odds).Draw(t, name) == 0 }
	minutes := func(name string, lo, hi int) time.Duration {
		return time.Duration(rapid.IntRange(lo, hi).Draw(t, name)) * time.Minute
	}
	s := ready(provider(rapid.SampledFrom(statuses).Draw(t, "status")))
	s.Known.PastDue, s.Known.Deadline.NoResponse = pick("past due", 9), pick("no response", 9)
	left := minutes("left", -60, 3*24*60)
	s.Known.Deadline.At = t0.Add(left)
	s.Plan.CutOff = t0.Add(left - minutes("margin", 1, 24*60))
	s.Plan.Rungs[0].At = s.Plan.CutOff.Add(-minutes("first rung", 60, 24*60))
	s.Plan.Rungs[1].At = s.Plan.CutOff.Add(-minutes("second rung", 0, 60))
	s.RungsDone = rapid.IntRange(0, 2).Draw(t, "rungs done")
	s.Plan.AtCutOff = rapid.SampledFrom([]string{"submit", "accept", "person"}).Draw(t, "at cut-off")
	s.Plan.Approval = pick("approval", 1)
	s.Plan.Respond = rapid.SampledFrom([]dispute.Response{dispute.ResponseContest, dispute.ResponseAccept}).Draw(t, "respond")
	if pick("no deadline", 9) {
		s.Known.Deadline.At, s.Plan.CutOff, s.Plan.Rungs, s.RungsDone = time.Time{}, time.Time{}, nil, 0
	} else if pick("late", 3) {
		late(s)
	}
	rapid.SampledFrom([]func(*State){
		func(*State) {}, func(*State) {}, submitNow, chooses(dispute.ResponseAccept), chooses(dispute.ResponseContest),
	}).Draw(t, "choice")(s)
	for _, change := range []func(*State){held, pending, thin, approved} {
		if pick("change", 2) {
			change(s)
		}
	}
	s.Gathered = !pick("not gathered", 9)
	s.Composed = s.Gathered && !pick("not composed", 4)
	s.Replan = pick("replan", 19)
	if left > time.Minute && pick("failed", 3) {
		s.Failure, s.RetryAt = "why", t0.Add(rapid.SampledFrom([]time.Duration{-time.Second, 0, time.Second, left / 2}).Draw(t, "retry"))
	}
	if pick("answered", 5) {
		answered(rapid.SampledFrom([]string{dispute.AnswerSent, dispute.AnsweredElsewhere, dispute.AnsweredTooLate}).Draw(t, "outcome"), dispute.ResponseContest)(s)
	}
	if s.Known.Status.Final() && pick("settled", 1) {
		settled(minutes("linger", -5, 60))(s)
	}
	return s
}

var statuses = []dispute.ProviderStatus{
	dispute.ProviderNeedsResponse, dispute.ProviderNeedsResponse, dispute.ProviderNeedsResponse, dispute.ProviderUnderReview,
	dispute.ProviderWon, dispute.ProviderLost, dispute.ProviderClosed, dispute.ProviderPrevented, dispute.ProviderUnknown,
}

func TestNextNeverAnswersWhatIsNotToBeAnswered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawState(t)
		m := next(s, t0)
		if m.Act != actSubmit && m.Act != actAccept {
			return
		}
		k := s.Known
		switch {
		case s.Answer != nil, k.Status.Final(), k.Deadline.NoResponse, k.PastDue, passed(k.Deadline.Last(), t0), k.Status == dispute.ProviderUnderReview:
			t.Errorf("%s by %s", m.Act, m.By)
		case m.By == "":
			t.Error("nobody answers")
		case m.Act == actAccept && s.Choice == dispute.ResponseContest:
			t.Error("accepts what a person chose to contest")
		case m.Act == actSubmit && s.Choice == dispute.ResponseAccept:
			t.Error("contests what a person accepted")
		case s.HeldBy != "" && !passed(s.Plan.CutOff, t0):
			t.Error("a hold is passed before the cut-off")
		}
	})
}

func TestNextAlwaysActsOrWaitsWithATimer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawState(t)
		m := next(s, t0)
		if m.Act != actWait {
			return
		}
		if m.Status == "" || m.Next == "" {
			t.Error("nobody can see how the case stands")
		}
		if !m.At.IsZero() && !m.At.After(t0) {
			t.Errorf("waits for %v, which has passed", m.At)
		}
		k := s.Known
		over := !owesAnswer(s) || k.PastDue || passed(k.Deadline.Last(), t0) // documented: nothing is left to do but to listen
		unknown := k.Deadline.At.IsZero()                                    // documented: a person is asked for
		if over && !k.Status.Final() || unknown {
			return
		}
		if m.At.IsZero() || (owesAnswer(s) && m.At.After(k.Deadline.Last())) {
			t.Errorf("waits until %v with a deadline of %v", m.At, k.Deadline.Last())
		}
	})
}

func TestNextNothingPassesTheCutOff(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawState(t)
		at := s.Plan.CutOff
		owes := owesAnswer(s) && !s.Known.PastDue && s.Known.Status != dispute.ProviderUnderReview
		if at.IsZero() || !owes || s.Replan || waits(s.RetryAt, at) || passed(s.Known.Deadline.Last(), at) {
			return
		}
		s.Gathered, s.Composed = true, true
		m := next(s, at)
		decided := s.ApprovedBy != "" || s.SubmitNow != "" || s.Choice == dispute.ResponseAccept
		if m.Act == actWait && s.Plan.AtCutOff == "person" && !decided {
			return
		}
		if m.Act != actSubmit && m.Act != actAccept {
			t.Errorf("at the cut-off: %+v", m)
		}
	})
}

// TestNextComesToRest lets every act succeed and looks whether the case then
// waits: no two acts may call for each other forever.
func TestNextComesToRest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawState(t)
		for range 10 {
			switch m := next(s, t0); m.Act {
			case actWait, actFinish:
				return
			case actPlan:
				s.Replan = false
			case actGather:
				s.Gathered, s.Composed = true, false
			case actCompose:
				s.Composed = true
			case actRung:
				s.RungsDone++
			case actSettle:
				settled(0)(s)
			case actSubmit:
				answered(dispute.AnswerSent, dispute.ResponseContest)(s)
			case actAccept:
				answered(dispute.AnswerSent, dispute.ResponseAccept)(s)
			}
		}
		t.Error("does not come to rest")
	})
}
