package workflows

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// renews suggests to continue as new, and wakes the case with a note so that
// it looks.
func (w *world) renews(at time.Duration) {
	w.at(at, func() { w.env.SetContinueAsNewSuggested(true) })
	w.decides(at, dispute.DecideNote)
}

func TestRenewedCaseGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.waiting()
	w.remind = []time.Duration{24 * time.Hour, 2 * time.Hour}
	w.decides(time.Hour, dispute.DecideAssign)
	w.renews(2 * day)
	w.renews(cutOff - 3*time.Hour) // after the first reminder
	w.says(12*day, dispute.ProviderWon)
	s := w.run(60 * day)
	if w.runs != 3 {
		t.Errorf("%d runs, want 3", w.runs)
	}
	if diff := cmp.Diff(byCutOff(cutOff), w.answers()); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if s.Assignee != "ana" || s.Outcome != dispute.StatusWon || !w.closed || s.RungsDone != 2 {
		t.Errorf("assignee %q, %s, closed %v, %d rungs", s.Assignee, s.Outcome, w.closed, s.RungsDone)
	}
	for _, step := range []string{"Plan", "Compose"} {
		if n := len(w.of(step, true)); n != 1 {
			t.Errorf("%s ran %d times", step, n)
		}
	}
	if n := len(w.of("Gather", true)); n != 2 {
		t.Errorf("asked sources %d times", n)
	}
	var reminders []time.Duration
	for _, c := range w.announced() {
		if in := c.in.(activities.AnnounceInput); in.Say != "" && in.Face.Status != dispute.StatusWon {
			reminders = append(reminders, c.at)
		}
	}
	if diff := cmp.Diff([]time.Duration{cutOff - day, cutOff - 2*time.Hour}, reminders); diff != "" {
		t.Errorf("reminders (-want +got):\n%s", diff)
	}
}

func TestRenewalLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.waiting()
	w.at(day, func() { w.env.SetContinueAsNewSuggested(true) })
	w.says(day, dispute.ProviderNeedsResponse, due(8*day))
	hold := w.decides(day, dispute.DecideHold)
	w.says(day, dispute.ProviderNeedsResponse, due(7*day))
	s := w.run(2 * day)
	if w.runs != 2 {
		t.Errorf("%d runs, want 2", w.runs)
	}
	if !hold.done || hold.err != nil || s.HeldBy != "ana" {
		t.Errorf("hold %+v, held by %q", hold, s.HeldBy)
	}
	if got := s.Known.Deadline.At; !got.Equal(t0.Add(7 * day)) {
		t.Errorf("due %v, want the last date told", got)
	}
}

func TestRenewalWaitsForWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]func(w *world){
		"a source":  func(w *world) { w.hooks["Gather"] = down(0, 3*time.Hour) },
		"the chat":  func(w *world) { w.hooks["Announce"] = down(0, 50*time.Minute) },
		"the books": func(w *world) { w.hooks["Push"] = down(0, 3*time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.waiting()
			w.plan.Accounting = []string{"books"}
			w.first = w.notice(0, dispute.ProviderNeedsResponse, func(s *dispute.Snapshot) {
				s.Movements = []dispute.Movement{{ID: "txn_1", Category: "dispute", Amount: -1, Net: -1, Currency: "USD", At: t0}}
			})
			given(w)
			w.renews(10 * time.Minute)
			s := w.run(day)
			if w.runs != 2 {
				t.Errorf("%d runs, want 2", w.runs)
			}
			for _, r := range s.Sources {
				if r.Outcome != dispute.SourceAnswered {
					t.Errorf("source %+v", r)
				}
			}
			for _, k := range []string{"announce_failed", "push_failed"} {
				if e, ok := w.event(k); ok {
					t.Errorf("event %+v", e)
				}
			}
		})
	}
}

func TestRenewedCaseKnowsItsDecisions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.waiting()
	hold := dispute.Decision{ID: "click", Kind: dispute.DecideHold, By: "ana", Stage: dispute.StageChargeback}
	w.updates(time.Hour, "hold", "click", hold)
	w.decides(2*time.Hour, dispute.DecideRelease)
	w.renews(day)
	again := w.updates(2*day, "hold", "click", hold)
	s := w.run(3 * day)
	if w.runs != 2 || !again.done || again.err != nil {
		t.Errorf("%d runs, reply %+v", w.runs, again)
	}
	if s.HeldBy != "" {
		t.Error("the same click was taken twice")
	}
}

func TestRememberIsBounded(t *testing.T) {
	t.Parallel()
	var s State
	for i := range 3 * seenLimit {
		s.remember(time.Duration(i).String())
	}
	if len(s.Seen) != seenLimit || !s.seen(time.Duration(3*seenLimit-1).String()) || s.seen(time.Duration(2*seenLimit-1).String()) {
		t.Errorf("remembers %d: %v", len(s.Seen), s.Seen)
	}
}
