package activities

import (
	"fmt"
	"slices"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// climb turns a ladder into absolute times: the cut-off, ahead of the deadline,
// and the rungs that are still to come, ahead of the cut-off and outside the
// team's quiet hours unless there is no other moment. Durations pass scale.
func climb(l rules.Ladder, team rules.Team, d dispute.Deadline, now time.Time, scale func(time.Duration) time.Duration) (time.Time, []Rung) {
	if d.At.IsZero() {
		return time.Time{}, nil
	}
	cut := cutOff(d, scale(d.At.Sub(l.CutOffBefore(d.At, team))), scale(tooLittle), now)
	var out []Rung
	add := func(kind, name string, at time.Time) {
		if !at.After(now) || !at.Before(cut) {
			return
		}
		out = append(out, Rung{Kind: kind, Name: name, At: team.Awake(at, now)})
	}
	steps := func(kind string, days []int, durations []time.Duration) {
		for _, n := range days {
			add(kind, businessDays(n)+" before the cut-off", cut.Add(-scale(cut.Sub(team.Before(cut, n)))))
		}
		for _, before := range durations {
			add(kind, hours(before)+" before the cut-off", cut.Add(-scale(before)))
		}
	}
	steps(RungRemind, l.RemindDays, l.Remind)
	steps(RungEscalate, l.EscalateDays, l.Escalate)
	slices.SortStableFunc(out, func(a, b Rung) int { return a.At.Compare(b.At) })
	// Quiet hours may bring several to one moment; one of a kind is enough.
	return cut, slices.CompactFunc(out, func(a, b Rung) bool { return a.Kind == b.Kind && a.At.Equal(b.At) })
}

// onCall names who is told at each escalation.
func onCall(rungs []Rung, team rules.Team) {
	for i := range rungs {
		if rungs[i].Kind == RungEscalate {
			rungs[i].To = team.OnCall(rungs[i].At)
		}
	}
}

// tooLittle is what may be left until the deadline when nothing is waited for
// any more.
const tooLittle = 15 * time.Minute

// cutOff is the moment we stop waiting. When the rule's margin has passed
// already, half of what is left is used, so that sources get their chance; when
// less than the least is left, it is now: halves of halves would never end.
func cutOff(d dispute.Deadline, margin, least time.Duration, now time.Time) time.Time {
	if d.At.IsZero() {
		return time.Time{}
	}
	at, end := d.At.Add(-margin), d.At
	if !end.After(now) {
		end = d.Last()
	}
	switch left := end.Sub(now); {
	case at.After(now) || left <= 0:
		return at
	case left < least:
		return now
	default:
		return now.Add(left / 2)
	}
}

func businessDays(n int) string {
	if n == 1 {
		return "1 business day"
	}
	return fmt.Sprintf("%d business days", n)
}

func hours(d time.Duration) string {
	if d >= 48*time.Hour && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	}
	return fmt.Sprintf("%g h", d.Hours())
}
