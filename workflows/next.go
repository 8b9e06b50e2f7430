package workflows

import (
	"fmt"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// act is one thing a case does next.
type act string

const (
	actPlan    act = "plan"
	actGather  act = "gather"
	actCompose act = "compose"
	actSubmit  act = "submit"
	actAccept  act = "accept"
	actRung    act = "rung"
	actSettle  act = "settle"
	actFinish  act = "finish"
	actWait    act = "wait"
)

// move is what next decided: do Act now, or wait until At for Next. By says
// who or what caused it.
type move struct {
	Act    act
	By     string
	Status dispute.Status // how the case stands while it waits
	Next   string         // what happens by itself, one sentence
	At     time.Time      // zero: nothing is timed
	Needs  string         // why a person is needed
}

// next is the state machine of a case: a pure function of what is known and
// of the time. Everything that sends, accepts or ends is decided here.
func next(s *State, now time.Time) move {
	switch {
	case s.Plan == nil || s.Replan:
		return move{Act: actPlan}
	case s.Asked != "" && s.Answer == nil && (s.Known.Status.Answered() || s.Known.Status.Final()):
		return findOut(s, now)
	case s.Known.Status.Final():
		return afterVerdict(s, now)
	case s.Answer != nil:
		return afterAnswer(s)
	case s.Known.Status.Answered():
		return move{Act: actWait, Status: dispute.StatusSubmitted, Next: "an answer was given outside Rebuttal; waits for the verdict"}
	case s.Known.Deadline.NoResponse && s.Known.Status == dispute.ProviderUnknown:
		return move{Act: actWait, Status: dispute.StatusNeedsPerson, Next: "the provider allows no response; waits for the verdict", Needs: "the provider's status " + s.Known.RawStatus + " is not known here"}
	case s.Known.Deadline.NoResponse:
		return move{Act: actWait, Status: dispute.StatusOpen, Next: "the provider allows no response; waits for the verdict"}
	case s.Known.PastDue || passed(s.Known.Deadline.Last(), now):
		return move{Act: actWait, Status: dispute.StatusNeedsPerson, Next: "waits for the verdict", Needs: "the deadline has passed without an answer"}
	case waits(s.RetryAt, now):
		return move{Act: actWait, Status: dispute.StatusNeedsPerson, Next: "tries again", At: s.RetryAt, Needs: s.Failure}
	case s.Choice == dispute.ResponseAccept && s.HeldBy == "":
		return move{Act: actAccept, By: s.ChosenBy} // needs no packet
	case !s.Gathered:
		return move{Act: actGather}
	case !s.Composed:
		return move{Act: actCompose}
	default:
		return respond(s, now)
	}
}

// findOut runs a response again whose outcome got lost and that the provider
// shows by now: the protocol only reads then, and keeps the receipt.
func findOut(s *State, now time.Time) move {
	if waits(s.RetryAt, now) {
		return move{Act: actWait, Status: dispute.StatusNeedsPerson, Next: "reads what became of our answer", At: s.RetryAt, Needs: s.Failure}
	}
	return move{Act: s.Asked, By: "machine"}
}

func afterVerdict(s *State, now time.Time) move {
	if s.Settled != verdict(s) {
		return move{Act: actSettle}
	}
	if passed(s.SettleUntil, now) {
		return move{Act: actFinish}
	}
	return move{Act: actWait, Status: s.Outcome, Next: "stays open for late money movements, then closes", At: s.SettleUntil}
}

// verdict names the provider's decision, so that won, lost and won again are
// each settled once.
func verdict(s *State) string { return string(s.Known.Stage) + "/" + s.Known.RawStatus }

func afterAnswer(s *State) move {
	m := move{Act: actWait, Status: dispute.StatusSubmitted, Next: "evidence was sent; waits for the verdict"}
	switch {
	case s.Answer.Outcome == dispute.AnsweredTooLate:
		m.Status, m.Next = dispute.StatusNeedsPerson, "waits for the verdict"
		m.Needs = "the provider no longer listens: " + s.Answer.Detail
	case s.Known.Status == dispute.ProviderUnknown:
		m.Status, m.Next, m.Needs = dispute.StatusNeedsPerson, "waits for the verdict", unknownStatus(s)
	case s.Answer.Outcome == dispute.AnsweredElsewhere:
		m.Next = "an answer was given outside Rebuttal; waits for the verdict"
	case s.Answer.Response == dispute.ResponseAccept:
		m.Status, m.Next = dispute.StatusAccepted, "accepted; waits for the provider to close it"
	}
	return m
}

func unknownStatus(s *State) string {
	return "the provider's status " + s.Known.RawStatus + " is not known here"
}

func respond(s *State, now time.Time) move {
	switch {
	case s.SubmitNow != "" && s.HeldBy == "":
		return move{Act: actSubmit, By: s.SubmitNow}
	case passed(s.Plan.CutOff, now):
		return atCutOff(s)
	case s.RungsDone < len(s.Plan.Rungs) && passed(s.Plan.Rungs[s.RungsDone].At, now):
		return move{Act: actRung}
	case s.Known.Status == dispute.ProviderUnknown && s.ApprovedBy == "":
		return waitFor(s, dispute.StatusNeedsPerson, unknownStatus(s))
	case s.HeldBy != "":
		return waitFor(s, dispute.StatusOnHold, "held by "+strings.Replace(s.HeldBy, rulePrefix, "rule ", 1))
	case s.Again && s.ApprovedBy == "":
		return waitFor(s, dispute.StatusNeedsPerson, "the provider asks for an answer again")
	case s.Plan.Approval && s.ApprovedBy == "":
		return waitFor(s, dispute.StatusNeedsApproval, "waits for approval")
	case wanted(s) == dispute.ResponseAccept:
		return move{Act: actAccept, By: decider(s)}
	case s.sourcesPending():
		return waitFor(s, dispute.StatusOpen, "")
	case s.ApprovedBy != "":
		return move{Act: actSubmit, By: decider(s)}
	case s.Packet.Problem != "":
		return waitFor(s, dispute.StatusNeedsPerson, "the evidence does not fit: "+s.Packet.Problem)
	case s.Packet.Strength < s.Plan.MinStrength:
		return waitFor(s, dispute.StatusNeedsPerson, fmt.Sprintf("the evidence has strength %d of 4 and the rule wants %d: add to it, or approve", s.Packet.Strength, s.Plan.MinStrength))
	case s.Packet.Complete:
		return move{Act: actSubmit, By: decider(s)}
	default:
		return waitFor(s, dispute.StatusOpen, "evidence is incomplete")
	}
}

func wanted(s *State) dispute.Response {
	if s.Choice != "" {
		return s.Choice
	}
	return s.Plan.Respond
}

func decider(s *State) string {
	if s.ApprovedBy != "" {
		return s.ApprovedBy
	}
	return rulePrefix + s.Plan.Rule
}

// atCutOff does what the ladder says when nobody acted in time. A hold does
// not stop it: a missed deadline is worse than an early answer. What a person
// has decided goes before the ladder.
func atCutOff(s *State) move {
	by := answerer(s)
	switch {
	case by != "" && wanted(s) == dispute.ResponseAccept:
		return move{Act: actAccept, By: by}
	case by != "":
		return move{Act: actSubmit, By: by}
	case s.Plan.AtCutOff == "accept" && s.Choice != dispute.ResponseContest:
		return move{Act: actAccept, By: "cut-off"}
	case s.Plan.AtCutOff == "person":
		return move{
			Act: actWait, Status: dispute.StatusNeedsPerson, At: s.Known.Deadline.Last(),
			Next: "nothing is sent by itself", Needs: "the cut-off has passed and the rule leaves the answer to a person",
		}
	default:
		return move{Act: actSubmit, By: "cut-off"}
	}
}

// answerer is the person who has decided that the case is answered; empty when
// nobody has.
func answerer(s *State) string {
	switch {
	case s.Choice == dispute.ResponseAccept:
		return s.ChosenBy
	case s.SubmitNow != "":
		return s.SubmitNow
	default:
		return s.ApprovedBy
	}
}

// waitFor waits for a person or for evidence, until the next rung or the
// cut-off, and says what the cut-off will do.
func waitFor(s *State, status dispute.Status, needs string) move {
	m := move{Act: actWait, Status: status, At: s.Plan.CutOff, Needs: needs}
	switch cut := atCutOff(s); {
	case s.Plan.CutOff.IsZero():
		m.Next = "waits for a person; no deadline is known"
		if m.Needs == "" {
			m.Needs = "no deadline is known"
		}
	case cut.Act == actAccept:
		m.Next = "accepts by itself at the cut-off"
	case cut.Act == actWait:
		m.Next = "goes to a person at the cut-off"
	default:
		m.Next = "sends the packet as it is at the cut-off"
	}
	if status == dispute.StatusOpen && s.sourcesPending() {
		m.Next = "sends by itself once all sources have answered, at the cut-off at the latest"
	}
	return m
}

// passed reports whether a known time has come.
func passed(at, now time.Time) bool { return !at.IsZero() && !at.After(now) }

// waits reports whether a known time is still to come.
func waits(at, now time.Time) bool { return at.After(now) }
