package workflows

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// verdicts lists the verdicts that were settled, in order.
func (w *world) verdicts() []string {
	var out []string
	for _, e := range w.events {
		if e.Kind == "verdict" {
			out = append(out, e.Data["outcome"])
		}
	}
	return out
}

func TestDisputeVerdicts(t *testing.T) {
	t.Parallel()
	const (
		won, lost, closed = dispute.ProviderWon, dispute.ProviderLost, dispute.ProviderClosed
		review, open      = dispute.ProviderUnderReview, dispute.ProviderNeedsResponse
	)
	tests := []struct {
		name   string
		said   []dispute.ProviderStatus // one a day, from the second day
		accept bool
		want   []string
		status dispute.Status
	}{
		{name: "won", said: []dispute.ProviderStatus{won}, want: []string{"won"}, status: dispute.StatusWon},
		{name: "lost", said: []dispute.ProviderStatus{lost}, want: []string{"lost"}, status: dispute.StatusLost},
		{name: "accepted", said: []dispute.ProviderStatus{lost}, accept: true, want: []string{"accepted"}, status: dispute.StatusAccepted},
		{name: "closed", said: []dispute.ProviderStatus{closed}, want: []string{"closed"}, status: dispute.StatusClosed},
		{name: "prevented", said: []dispute.ProviderStatus{dispute.ProviderPrevented}, want: []string{"closed"}, status: dispute.StatusClosed},
		{name: "reviewed and won", said: []dispute.ProviderStatus{review, won}, want: []string{"won"}, status: dispute.StatusWon},
		{name: "won, then lost", said: []dispute.ProviderStatus{won, lost}, want: []string{"won", "lost"}, status: dispute.StatusLost},
		{name: "lost, then won", said: []dispute.ProviderStatus{lost, won}, want: []string{"lost", "won"}, status: dispute.StatusWon},
		{name: "won, lost, won", said: []dispute.ProviderStatus{won, lost, won}, want: []string{"won", "lost", "won"}, status: dispute.StatusWon},
		{name: "won twice", said: []dispute.ProviderStatus{won, won}, want: []string{"won"}, status: dispute.StatusWon},
		{name: "won, reviewed again, won", said: []dispute.ProviderStatus{won, review, won}, want: []string{"won", "won"}, status: dispute.StatusWon},
		{name: "lost, open again, won", said: []dispute.ProviderStatus{lost, open, won}, want: []string{"lost", "won"}, status: dispute.StatusWon},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if tc.accept {
				w.plan.Respond = dispute.ResponseAccept
			}
			for i, status := range tc.said {
				w.says(time.Duration(i+1)*day, status)
			}
			s := w.run(60 * day)
			if diff := cmp.Diff(tc.want, w.verdicts()); diff != "" {
				t.Errorf("verdicts (-want +got):\n%s", diff)
			}
			if !w.closed || s.Outcome != tc.status || s.Face.Status != tc.status {
				t.Errorf("closed %v as %s, shown as %s; want %s", w.closed, s.Outcome, s.Face.Status, tc.status)
			}
			if at, want := w.now(), s.SettleUntil.Sub(t0); at != want {
				t.Errorf("closed at %v, want when the last verdict has lingered, %v", at, want)
			}
			if len(w.closing) == 0 || w.closing[len(w.closing)-1].Outcome != tc.status {
				t.Errorf("closing states %+v", w.closing)
			}
		})
	}
}

// A verdict that is withdrawn is no longer shown.
func TestDisputeVerdictWithdrawn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.says(day, dispute.ProviderWon)
	w.says(2*day, dispute.ProviderUnderReview)
	s := w.run(3 * day)
	if s.Face.Status != dispute.StatusSubmitted || s.Face.Decided != "Submitted by rule:standard at 2026-03-02 09:00:00Z" {
		t.Errorf("face %+v", s.Face)
	}
}

// A provider that asks for more after an answer gets another one when a person
// says so, or at the cut-off.
func TestDisputeAskedAgain(t *testing.T) {
	t.Parallel()
	for name, approves := range map[string]bool{"approved": true, "cut-off": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.says(day, dispute.ProviderUnderReview)
			w.says(2*day, dispute.ProviderNeedsResponse)
			want := append(byRule(0), byCutOff(cutOff)...)
			if approves {
				w.decides(3*day, dispute.DecideApprove)
				want = append(byRule(0), answer{dispute.ResponseContest, "ana", 3 * day})
			}
			w.says(9*day+20*time.Hour, dispute.ProviderUnderReview)
			w.run(12 * day)
			if diff := cmp.Diff(want, w.answers()); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
			asked := slices.ContainsFunc(w.faces, func(f shown) bool {
				return f.at == 2*day && f.face.Status == dispute.StatusNeedsPerson && f.face.Needs == "the provider asks for an answer again"
			})
			if !asked {
				t.Errorf("nobody was told: %+v", w.faces)
			}
		})
	}
}

// What the provider shows between two looks, or calls by a word nobody knows,
// does not hide that it asks again.
func TestDisputeAskedAgainUnseen(t *testing.T) {
	t.Parallel()
	for name, between := range map[string]func(w *world){
		"both told at once": func(w *world) { w.sends(3*day, w.notice(2*day, dispute.ProviderUnderReview)) },
		"an unknown word": func(w *world) {
			w.says(2*day, dispute.ProviderUnderReview)
			w.says(2*day+time.Hour, dispute.ProviderUnknown)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			between(w)
			w.sends(3*day, w.notice(3*day, dispute.ProviderNeedsResponse))
			w.says(9*day+20*time.Hour, dispute.ProviderUnderReview)
			w.run(12 * day)
			if diff := cmp.Diff(append(byRule(0), byCutOff(cutOff)...), w.answers()); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
		})
	}
}

// Each stage is answered once, under an intent of its own.
func TestDisputeStages(t *testing.T) {
	t.Parallel()
	const open = dispute.ProviderNeedsResponse
	tests := []struct {
		name  string
		given func(w *world)
		want  []answer
	}{
		{"an inquiry becomes a chargeback", func(w *world) {
			w.first = w.notice(0, open, stage(dispute.StageInquiry))
			w.says(3*day, open, due(15*day))
		}, append(byRule(0), byRule(3*day)...)},
		{"a closed inquiry becomes a chargeback", func(w *world) {
			w.first = w.notice(0, open, stage(dispute.StageInquiry))
			w.says(2*day, dispute.ProviderClosed, stage(dispute.StageInquiry))
			w.says(3*day, open, due(15*day))
		}, append(byRule(0), byRule(3*day)...)},
		{"a won chargeback goes to pre-arbitration", func(w *world) {
			w.says(2*day, dispute.ProviderWon)
			w.says(3*day, open, stage(dispute.StagePreArbitration), due(15*day))
		}, append(byRule(0), byRule(3*day)...)},
		{"a won chargeback is opened again", func(w *world) {
			w.says(2*day, dispute.ProviderWon)
			w.says(3*day, open, due(15*day), func(s *dispute.Snapshot) { s.SubmissionCount = 1 })
		}, append(byRule(0), byRule(3*day)...)},
		{"open again after a refusal and an answer", func(w *world) {
			w.hooks["Submit"] = first(1, dispute.Invalid)
			w.says(2*day, dispute.ProviderWon)
			w.says(3*day, open, due(15*day))
		}, append(byRule(time.Hour), byRule(3*day)...)},
		{"still open by a late notice", func(w *world) {
			w.says(time.Hour, open)
			w.says(2*time.Hour, open, due(11*day))
		}, byRule(0)},
		{"a hold ends with its stage", func(w *world) {
			w.first = w.notice(0, open, stage(dispute.StageInquiry))
			w.decides(time.Second, dispute.DecideNote)
			w.plan.Approval = true
			w.decides(time.Hour, dispute.DecideHold, seenAt(dispute.StageInquiry))
			w.says(3*day, open, due(15*day))
			w.decides(4*day, dispute.DecideApprove)
		}, byAna(dispute.ResponseContest, 4*day)},
		{"an approval ends with its stage", func(w *world) {
			w.first = w.notice(0, open, stage(dispute.StageInquiry))
			w.plan.Approval = true
			w.decides(time.Hour, dispute.DecideApprove, seenAt(dispute.StageInquiry))
			w.says(3*day, open, due(15*day))
		}, append(byAna(dispute.ResponseContest, time.Hour), byCutOff(15*day-6*time.Hour)...)},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tc.given(w)
			w.run(30 * day)
			if diff := cmp.Diff(tc.want, w.answers()); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDisputeStageBaseline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.first = w.notice(0, dispute.ProviderNeedsResponse, stage(dispute.StageInquiry))
	w.says(3*day, dispute.ProviderNeedsResponse, due(15*day), func(s *dispute.Snapshot) { s.SubmissionCount = 1 })
	w.run(5 * day)
	var got []int
	for _, c := range w.of("Submit", false) {
		got = append(got, c.in.(activities.RespondInput).Baseline)
	}
	if diff := cmp.Diff([]int{0, 1}, got); diff != "" {
		t.Errorf("baselines (-want +got):\n%s", diff)
	}
}

// A closed case that comes back starts its next part where the last ended.
func TestDisputeNextPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.says(day, dispute.ProviderWon)
	end := w.run(30 * day)
	if !w.closed {
		t.Fatal("part 1 is not closed")
	}
	if diff := cmp.Diff(w.closing[len(w.closing)-1], end, cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "Face" }, cmp.Ignore())); diff != "" {
		t.Errorf("what is stored at the end (-) is not what is returned (+):\n%s", diff)
	}
	told := len(w.announced())

	lost := w.notice(4*day, dispute.ProviderLost)
	w.says(5*day, dispute.ProviderNeedsResponse, stage(dispute.StagePreArbitration), due(30*day))
	w.says(6*day, dispute.ProviderLost, stage(dispute.StagePreArbitration))
	s := w.resume(w.closing[len(w.closing)-1].NextPart(lost.EventID), 60*day)
	if !w.closed || s.Part != 2 || s.Outcome != dispute.StatusLost {
		t.Errorf("closed %v, part %d, %s", w.closed, s.Part, s.Outcome)
	}
	if diff := cmp.Diff([]string{"won", "lost", "lost"}, w.verdicts()); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
	if n := len(w.sent); n != 2 {
		t.Errorf("%d answers, want one of each stage", n)
	}
	if len(w.announced()) == told {
		t.Error("nobody was told")
	}
	keys := map[string]bool{}
	for _, e := range w.events {
		if keys[e.Key] {
			t.Errorf("event key %s twice", e.Key)
		}
		keys[e.Key] = true
	}
	parts := map[int]bool{}
	for _, c := range w.of("Record", true) {
		parts[c.in.(activities.RecordInput).Part] = true
	}
	if len(parts) != 2 {
		t.Errorf("recorded for the parts %v, want two", parts)
	}
}

// A late movement of money is booked by the next part, which then closes
// without a word; the Temporal UI still tells what the part is about.
func TestDisputeNextPartForALateMovement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.Accounting = []string{"books"}
	w.says(day, dispute.ProviderWon)
	end := w.run(30 * day)
	told := len(w.announced())
	late := w.notice(20*day, dispute.ProviderWon, func(s *dispute.Snapshot) {
		s.Movements = []dispute.Movement{{ID: "txn_9", Category: "dispute_reversal", Amount: 12900, Net: 12900, Currency: "USD", At: t0.Add(20 * day)}}
	})
	s := w.resume(end.NextPart(late.EventID), 60*day)
	if !w.closed || s.Outcome != dispute.StatusWon || len(w.verdicts()) != 1 {
		t.Errorf("closed %v, %s, verdicts %v", w.closed, s.Outcome, w.verdicts())
	}
	if len(w.of("Push", false)) != 1 {
		t.Errorf("pushed %d times", len(w.of("Push", false)))
	}
	if n := len(w.announced()); n != told {
		t.Errorf("told %d times more", n-told)
	}
	for run, status := range map[string]dispute.Status{"1": dispute.StatusWon, "2": dispute.StatusWon} {
		if got, _ := w.attrs[run].GetKeyword(AttrStatus); got != string(status) {
			t.Errorf("run %s is listed as %q, want %s", run, got, status)
		}
		if got, _ := w.attrs[run].GetKeyword(AttrMerchant); got != "acme" {
			t.Errorf("run %s is listed under merchant %q", run, got)
		}
	}
}

// Notices may come while any step runs; each is recorded, in the end the case
// stands where the provider does.
func TestDisputeNoticeDuringEveryStep(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"Record", "Plan", "Gather", "Compose", "Publish", "Announce", "Submit"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			n := w.notice(time.Hour, dispute.ProviderUnderReview)
			w.hooks[step] = func(c call) error {
				if c.n == 1 {
					w.arrives(n)
				}
				return nil
			}
			s := w.run(2 * day)
			if s.Known.Status != dispute.ProviderUnderReview || s.Face.Status != dispute.StatusSubmitted {
				t.Errorf("%s, shown as %s", s.Known.Status, s.Face.Status)
			}
			if len(w.sent) > 1 {
				t.Errorf("sent %+v", w.sent)
			}
			if early := slices.Contains([]string{"Record", "Plan", "Gather", "Compose"}, step); early && len(w.sent) != 0 {
				t.Errorf("sent %+v although somebody had answered", w.sent)
			}
		})
	}
}

// What comes at the very end is not lost.
func TestDisputeDrainsBeforeItCloses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	note := newReply()
	lost := w.notice(2*day, dispute.ProviderLost)
	w.hooks["Publish"] = func(c call) error {
		if c.in.(activities.PublishInput).Closing == nil || note.accepted {
			return nil
		}
		w.arrives(lost)
		w.interrupts(note, dispute.Decision{ID: "click", Kind: dispute.DecideNote, By: "ana"})
		return nil
	}
	w.says(day, dispute.ProviderWon)
	s := w.run(30 * day)
	if !note.done || note.err != nil {
		t.Errorf("note %+v", note)
	}
	if !w.closed || s.Outcome != dispute.StatusLost {
		t.Errorf("closed %v as %s, want with the last word", w.closed, s.Outcome)
	}
	if diff := cmp.Diff([]string{"won", "lost"}, w.verdicts()); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

func TestDisputeCancelled(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]func(w *world){
		"while it waits":          func(w *world) { w.waiting() },
		"while it sends":          func(w *world) { w.hooks["Submit"] = always(dispute.Transient) },
		"while sources are asked": func(w *world) { w.hooks["Gather"] = always(dispute.Transient) },
		"while it is planned":     func(w *world) { w.hooks["Plan"] = always(dispute.Transient) },
		"while it is recorded":    func(w *world) { w.hooks["Record"] = always(dispute.Invalid) },
		"while it is published":   func(w *world) { w.hooks["Publish"] = always(dispute.Transient) },
		"while the chat is down":  func(w *world) { w.hooks["Announce"] = always(dispute.Transient) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			given(w)
			w.run(30 * time.Minute) // cancels, and fails the test on any other end
			if w.closed {
				t.Error("closed by itself")
			}
			if at := w.now(); at != 30*time.Minute {
				t.Errorf("ended at %v", at)
			}
		})
	}
}
