package workflows

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// reports lists the first attempts at reports, in order.
func (w *world) reports() []string {
	var out []string
	for _, c := range w.calls {
		in, ok := c.in.(activities.ReportInput)
		if ok && !c.retry {
			out = append(out, fmt.Sprintf("%s %s %s", in.Connection, in.Moment, in.Which))
		}
	}
	return out
}

func reporting(w *world) {
	w.plan.Reports = []activities.ReportTarget{
		{Connection: "sheet", On: []dispute.Moment{dispute.MomentOpened, dispute.MomentDecided}},
		{Connection: "mail", On: []dispute.Moment{dispute.MomentEscalated}, To: "escalate_to"},
	}
	w.escalate = []time.Duration{2 * day}
}

func TestEveryMomentIsReportedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reporting(w)
	w.waiting()
	w.says(day, dispute.ProviderNeedsResponse, due(9*day)) // planned anew
	w.says(12*day, dispute.ProviderLost)
	w.says(13*day, dispute.ProviderWon)
	w.run(60 * day)
	want := []string{
		"sheet opened chargeback", "mail escalated chargeback/48h0m0s before the cut-off",
		"sheet decided chargeback/lost", "sheet decided chargeback/won",
	}
	if diff := cmp.Diff(want, w.reports()); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
	if !w.closed {
		t.Error("the case did not close")
	}
}

// A system that is down holds up neither the answer nor the verdict.
func TestReportsHoldUpNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reporting(w)
	w.hooks["Report"] = func(call) error { return errors.New("down") }
	w.says(2*day, dispute.ProviderWon)
	s := w.run(60 * day)
	if len(w.sent) != 1 || w.sent[0].At.Sub(t0) > time.Minute || s.Outcome != dispute.StatusWon || !w.closed {
		t.Errorf("sent %v, outcome %s, closed %v", w.sent, s.Outcome, w.closed)
	}
	failed := 0
	for _, e := range w.events {
		if e.Kind == "report_failed" {
			failed++
		}
	}
	if failed != 2 {
		t.Errorf("%d reports are told to have failed, want 2", failed)
	}
}
