package workflows

import (
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// A rule's hold is set once: what a person released stays released when the case
// is planned anew. The cut-off acts all the same.
func TestHeldByRule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.Hold = true
	w.says(2*day, dispute.ProviderNeedsResponse, due(9*day)) // planned anew, still held
	s := w.run(60 * day)
	if len(w.sent) != 1 || w.sent[0].By != "cut-off" || s.HeldBy != "rule:standard" {
		t.Errorf("sent %+v, held by %q", w.sent, s.HeldBy)
	}

	w = newWorld(t)
	w.plan.Hold = true
	w.decides(day, dispute.DecideRelease)
	w.says(2*day, dispute.ProviderNeedsResponse, due(9*day))
	s = w.run(60 * day)
	if len(w.sent) != 1 || w.sent[0].At.Sub(t0) > day+time.Minute || s.HeldBy != "" {
		t.Errorf("released: sent %+v, held by %q", w.sent, s.HeldBy)
	}
}

// The rules give a case to somebody while nobody has it.
func TestAssignedByRule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.Assignee = "ana"
	w.waiting()
	if s := w.run(time.Hour); s.Assignee != "ana" {
		t.Errorf("assigned to %q", s.Assignee)
	}
	w = newWorld(t)
	w.plan.Assignee = "ana"
	w.waiting()
	w.decides(time.Hour, dispute.DecideAssign, func(d *dispute.Decision) { d.Assignee = "ben" })
	w.says(2*day, dispute.ProviderNeedsResponse, due(9*day))
	if s := w.run(3 * day); s.Assignee != "ben" {
		t.Errorf("a person's choice became %q", s.Assignee)
	}
}
