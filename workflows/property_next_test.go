package workflows

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// drawAsked is any state, also one in which an answer got lost on its way.
func drawAsked(t *rapid.T) *State {
	s := drawState(t)
	if s.Answer == nil {
		s.Asked = rapid.SampledFrom([]act{"", "", actSubmit, actAccept}).Draw(t, "asked")
	}
	return s
}

func copied(t rapid.TB, s *State) *State {
	t.Helper()
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	out := new(State)
	if err := json.Unmarshal(raw, out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNextChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawAsked(t)
		before := copied(t, s)
		first, again := next(s, t0), next(s, t0)
		if diff := cmp.Diff(before, s); diff != "" || first != again {
			t.Errorf("next is not a pure function: %+v, then %+v:\n%s", first, again, diff)
		}
	})
}

// What the provider shows by itself is only read: an answer that got lost is
// looked for by the protocol that sent it, and never turned into another one.
func TestNextLooksForALostAnswer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawAsked(t)
		if s.Asked == "" || s.Replan || !s.Known.Status.Answered() && !s.Known.Status.Final() {
			return
		}
		switch m := next(s, t0); {
		case m.Act == actWait && waits(s.RetryAt, t0) && m.At.Equal(s.RetryAt):
		case m.Act != s.Asked || m.By != "machine":
			t.Errorf("asked to %s, shown as %s: %+v", s.Asked, s.Known.Status, m)
		}
	})
}

// wakes is when the timers of a waiting case wake it; zero when none is armed.
func wakes(s *State, m move, now time.Time) time.Time {
	var first time.Time
	add := func(at time.Time) {
		if waits(at, now) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	add(m.At)
	if owesAnswer(s) {
		add(s.Plan.CutOff)
		add(s.Known.Deadline.Last())
		if s.RungsDone < len(s.Plan.Rungs) {
			add(s.Plan.Rungs[s.RungsDone].At)
		}
	}
	return first
}

// Between now and the next timer nothing falls due: a case that waits would
// decide the same at any moment before it is woken.
func TestNextSleepsThroughNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawAsked(t)
		m := next(s, t0)
		if m.Act != actWait {
			return
		}
		until := wakes(s, m, t0)
		if until.IsZero() {
			until = t0.Add(200 * day)
		}
		asleep := until.Sub(t0)
		for _, at := range []time.Time{
			until.Add(-time.Nanosecond), t0.Add(time.Duration(rapid.Int64Range(0, int64(asleep)-1).Draw(t, "asleep"))),
		} {
			if later := next(s, at); later.Act != actWait {
				t.Fatalf("waits at %s until %s, and misses %s at %s", t0, until, later.Act, at)
			}
		}
	})
}

// life is a case that is driven by next alone: the provider takes answers, or
// loses what became of them, or is away, and has its own mind about the rest.
type life struct {
	*State
	now     time.Time
	stage   int
	sent    map[int]int // answers that reached the provider, by stage
	settled int
}

// TestNextLives drives cases through random failures, verdicts and reopenings:
// one answer for each stage, a timer whenever one is owed, and no standstill.
func TestNextLives(t *testing.T) {
	t.Parallel()
	answered := 0
	rapid.Check(t, func(t *rapid.T) {
		l := &life{State: drawState(t), now: t0, sent: map[int]int{}}
		for range 60 {
			m := next(l.State, l.now)
			if m.Act == actFinish {
				break
			}
			l.does(t, m)
		}
		for stage, n := range l.sent {
			answered++
			if n > 1 {
				t.Errorf("stage %d was answered %d times", stage, n)
			}
		}
	})
	if answered == 0 {
		t.Error("no case ever sent an answer: nothing was tried")
	}
}

func (l *life) does(t *rapid.T, m move) {
	switch m.Act {
	case actPlan:
		l.Replan = false
	case actGather:
		l.Gathered, l.Composed = true, false
	case actCompose:
		l.Composed = true
	case actRung:
		l.RungsDone++
	case actSettle:
		settled(0)(l.State)
		l.SettleUntil = l.now.Add(day)
		l.settled++
	case actSubmit, actAccept:
		l.answers(t, m)
	case actWait:
		l.waits(t, m)
	case actFinish:
	}
}

// answers is the protocol of a response, trusting: it looks for an earlier
// answer only when it was told that one got lost.
func (l *life) answers(t *rapid.T, m move) {
	k := l.Known
	there := l.Asked != "" && l.sent[l.stage] > 0
	if !there && (k.Status.Answered() || k.Status.Final()) {
		l.Answer = &activities.Responded{Outcome: dispute.AnsweredElsewhere, Response: dispute.ResponseContest}
		return
	}
	if !there && (k.Deadline.NoResponse || k.PastDue || passed(k.Deadline.Last(), l.now)) {
		t.Errorf("%s by %s at %s, when nobody listens", m.Act, m.By, l.now)
	}
	switch rapid.SampledFrom([]string{"taken", "taken", "lost", "away"}).Draw(t, "answer") {
	case "away":
		l.Asked, l.Failure, l.RetryAt = m.Act, "away", l.now.Add(time.Hour)
	case "lost":
		if !there {
			l.sent[l.stage]++
		}
		l.Asked, l.Failure, l.RetryAt = m.Act, "lost", l.now.Add(time.Hour)
	default:
		if !there {
			l.sent[l.stage]++
		}
		response := dispute.ResponseContest
		if m.Act == actAccept {
			response = dispute.ResponseAccept
		}
		l.Asked, l.Answer = "", &activities.Responded{Outcome: dispute.AnswerSent, Response: response}
	}
}

// waits sees that a case which owes an answer is woken in time, and lets time
// pass, or the provider say something.
func (l *life) waits(t *rapid.T, m move) {
	until, last := wakes(l.State, m, l.now), l.Known.Deadline.Last()
	if owesAnswer(l.State) && waits(last, l.now) && !l.Known.PastDue && (until.IsZero() || until.After(last)) {
		t.Errorf("an answer is owed until %s, and the next timer is at %s: %+v", last, until, m)
	}
	if until.IsZero() || rapid.IntRange(0, 3).Draw(t, "provider speaks") == 0 {
		l.now = l.now.Add(time.Minute)
		l.hears(rapid.SampledFrom(statuses).Draw(t, "status"))
		return
	}
	l.now = until
}

// hears does with a notice what the workflow does with it.
func (l *life) hears(p dispute.ProviderStatus) {
	old := l.Known.Status
	provider(p)(l.State)
	switch {
	case old.Final() && p == dispute.ProviderNeedsResponse:
		l.stage++
		l.stageBegins()
		left := l.now.Add(5 * day)
		l.Known.Deadline, l.Known.PastDue = dispute.Deadline{At: left}, false
		l.Plan.CutOff, l.Plan.Rungs = left.Add(-6*time.Hour), nil
	case old.Final() && !p.Final():
		l.Settled, l.Outcome = "", ""
	}
}
