package workflows

import (
	"fmt"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"
	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// TestDisputeModel throws random notices, decisions and failures at whole
// cases and looks whether the promises hold whatever happens.
func TestDisputeModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		drawWorld(t, w)
		replies := drawStimuli(t, w)
		s := w.run(25 * day)
		checkOneAnswerPerStage(t, w)
		checkCutOffActed(t, w, s)
		for i, r := range replies {
			if r.accepted && !r.done {
				t.Errorf("decision %d was let in and never answered", i)
			}
		}
		if last := len(w.faces) - 1; last >= 0 && w.faces[last].face.Status != s.Face.Status {
			t.Errorf("published %s, is %s", w.faces[last].face.Status, s.Face.Status)
		}
	})
}

func drawWorld(t *rapid.T, w *world) {
	hours := func(name string, lo, hi int) time.Duration {
		return time.Duration(rapid.IntRange(lo, hi).Draw(t, name)) * time.Hour
	}
	w.margin, w.patience = hours("margin", 1, 48), hours("patience", 1, 12)
	w.remind = []time.Duration{hours("remind", 1, 200)}
	w.incomplete = rapid.Bool().Draw(t, "incomplete")
	w.plan.Approval = rapid.Bool().Draw(t, "approval")
	w.plan.AtCutOff = rapid.SampledFrom([]string{"submit", "accept", "person"}).Draw(t, "at cut-off")
	w.plan.Respond = rapid.SampledFrom([]dispute.Response{dispute.ResponseContest, dispute.ResponseContest, dispute.ResponseAccept}).Draw(t, "respond")
	w.plan.RetryEvery = hours("retry", 1, 30)
	kinds := []dispute.Kind{"", "", dispute.Transient, dispute.Auth, dispute.Invalid, dispute.UnknownOutcome}
	for _, step := range []string{"Gather", "Compose", "Submit", "Accept", "Announce", "Claim"} {
		fails := rapid.SliceOfN(rapid.SampledFrom(kinds), 0, 4).Draw(t, step)
		w.hooks[step] = func(c call) error {
			if c.n > len(fails) || fails[c.n-1] == "" {
				return nil
			}
			return failure(fails[c.n-1])
		}
	}
	for _, step := range []string{"Record", "Plan", "Publish"} { // the database: slow at times, always back
		from, lasts := hours(step+" down from", 0, 240), hours(step+" down for", 0, 1)
		w.hooks[step] = down(from, from+lasts)
	}
}

// drawStimuli makes up to ten things happen in the first two weeks. Due dates
// are told at least a day ahead.
func drawStimuli(t *rapid.T, w *world) []*reply {
	var replies []*reply
	stages := []dispute.Stage{dispute.StageChargeback, dispute.StageChargeback, dispute.StagePreArbitration}
	var told []dispute.Notice
	for i := range rapid.IntRange(0, 10).Draw(t, "stimuli") {
		at := time.Duration(rapid.IntRange(0, 14*24*60).Draw(t, "at"))*time.Minute + time.Second
		switch rapid.IntRange(0, 4).Draw(t, "what") {
		case 0, 1:
			n := w.notice(at, rapid.SampledFrom(statuses).Draw(t, "status"),
				due(at+day+time.Duration(rapid.IntRange(0, 10*24).Draw(t, "due"))*time.Hour), stage(rapid.SampledFrom(stages).Draw(t, "stage")))
			told = append(told, n)
			w.sends(at, n)
		case 2:
			if len(told) > 0 { // again, or late
				w.sends(at, rapid.SampledFrom(told).Draw(t, "again"))
			}
		default:
			kind := rapid.SampledFrom(dispute.Decisions).Draw(t, "decision")
			replies = append(replies, w.decides(at, kind, func(d *dispute.Decision) {
				d.ID = fmt.Sprintf("model-%d", i)
				d.Stage = rapid.SampledFrom([]dispute.Stage{"", dispute.StageChargeback, dispute.StagePreArbitration}).Draw(t, "seen at")
				d.Response = rapid.SampledFrom([]dispute.Response{"", dispute.ResponseContest, dispute.ResponseAccept}).Draw(t, "response")
			}))
		}
	}
	return replies
}

// checkOneAnswerPerStage reads the case's history: between two answers a stage
// must have begun, and every answer that reached the provider is told.
func checkOneAnswerPerStage(t *rapid.T, w *world) {
	open, told := true, 0
	for _, e := range w.events {
		switch {
		case e.Kind == "stage_began":
			open = true
		case e.Kind == "responded" && e.Data["outcome"] == dispute.AnswerSent:
			if told++; !open {
				t.Errorf("a second answer to one stage: %v", w.kinds())
			}
			open = false
		}
	}
	if told != len(w.sent) {
		t.Errorf("%d answers reached the provider, %d are told", len(w.sent), told)
	}
}

// checkCutOffActed sees that a case whose deadline passed without an answer at
// least tried, unless the rule leaves it to a person.
func checkCutOffActed(t *rapid.T, w *world, s State) {
	if s.Known == nil || s.Plan == nil || !owesAnswer(&s) || s.Plan.AtCutOff == "person" || s.Known.Status == dispute.ProviderUnderReview {
		return
	}
	deadline := s.Known.Deadline.At
	if deadline.IsZero() || deadline.After(w.env.Now()) {
		return
	}
	for _, c := range w.calls {
		if tried := c.step == "Submit" || c.step == "Accept" || c.step == "Compose"; tried && c.at >= s.Plan.CutOff.Sub(t0) {
			return
		}
	}
	t.Errorf("due %v, cut-off %v, nothing was tried: %v", deadline, s.Plan.CutOff, w.kinds())
}

func TestReason(t *testing.T) {
	t.Parallel()
	app := failure(dispute.Auth)
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"ours":            {app, "vendor: auth"},
		"timeout":         {temporal.NewTimeoutError(2, nil), "no answer in time"},
		"timeout, caused": {temporal.NewTimeoutError(2, app), "no answer in time; last: vendor: auth"},
	} {
		if got := reason(tc.err); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}
