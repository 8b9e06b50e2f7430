package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// timers holds the two timers a case may have armed: the cut-off, which is
// there for as long as an answer is owed, and whatever else comes first.
type timers struct {
	cutOff timer
	next   timer
}

type timer struct {
	at     time.Time
	future workflow.Future
	cancel workflow.CancelFunc
}

// arm sets both timers to what the case waits for and leaves alone what is
// right already.
func (t *timers) arm(ctx workflow.Context, m move, s *State) {
	now, cutOff := workflow.Now(ctx), time.Time{}
	if owesAnswer(s) {
		cutOff = s.Plan.CutOff
		if passed(cutOff, now) {
			cutOff = s.Known.Deadline.Last()
		}
	}
	t.cutOff.set(ctx, cutOff, "cut-off: "+s.Plan.AtCutOff)
	at, label := m.At, m.Next
	if owesAnswer(s) && s.RungsDone < len(s.Plan.Rungs) {
		if r := s.Plan.Rungs[s.RungsDone]; waits(r.At, now) && (at.IsZero() || r.At.Before(at)) {
			at, label = r.At, r.Kind+" "+r.Name
		}
	}
	if at.Equal(cutOff) {
		at = time.Time{}
	}
	t.next.set(ctx, at, label)
}

func owesAnswer(s *State) bool {
	return s.Answer == nil && !s.Known.Status.Final() && !s.Known.Status.Answered() && !s.Known.Deadline.NoResponse
}

func (t *timers) rang() bool { return t.cutOff.rang() || t.next.rang() }

func (t *timers) stop() {
	t.cutOff.stop()
	t.next.stop()
}

func (t *timer) rang() bool { return t.future != nil && t.future.IsReady() }

func (t *timer) stop() {
	if t.future != nil && !t.future.IsReady() {
		t.cancel()
	}
	*t = timer{}
}

func (t *timer) set(ctx workflow.Context, at time.Time, label string) {
	now := workflow.Now(ctx)
	if t.future != nil && !t.rang() && t.at.Equal(at) {
		return
	}
	t.stop()
	if !waits(at, now) {
		return
	}
	ctx, t.cancel = workflow.WithCancel(ctx)
	t.at = at
	t.future = workflow.NewTimerWithOptions(ctx, at.Sub(now), workflow.TimerOptions{Summary: label})
}
