package rules

import (
	"fmt"
	"strings"
	"time"
)

// Explain routes a case and tells the outcome and every rule that was looked
// at in plain text. Its error is Evaluate's.
func Explain(s *Set, in Input) (string, error) {
	route, err := s.Evaluate(in)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Case %s by rule set %s (%.12s)\n\n", in.Case.ID, s.Name, route.SetHash)
	for _, m := range route.Explanation {
		writeMatch(&b, m)
	}
	writeRoute(&b, route)
	return b.String(), nil
}

func writeMatch(b *strings.Builder, m Match) {
	mark := "–"
	switch {
	case m.Error != "":
		mark = "!"
	case m.Matched:
		mark = "✓"
	}
	fmt.Fprintf(b, "%s %s (line %d)\n", mark, m.Rule, m.Line)
	fmt.Fprintf(b, "    when  %s\n", strings.ReplaceAll(m.Condition, "\n", "\n          "))
	if m.Why != "" {
		fmt.Fprintf(b, "    with  %s\n", m.Why)
	}
	if m.Error != "" {
		fmt.Fprintf(b, "    could not be judged: %s\n", m.Error)
	}
	for _, effect := range m.Effects {
		fmt.Fprintf(b, "    then  %s\n", effect)
	}
}

func writeRoute(b *strings.Builder, r Route) {
	approval := ApprovalNone
	if r.Approval {
		approval = ApprovalRequired
	}
	fmt.Fprintf(b, "\n%-10s%s\n", "decided by", " "+r.Rule)
	fmt.Fprintf(b, "%-10s %s\n", "queue", r.Queue)
	fmt.Fprintf(b, "%-10s %s\n", "respond", r.Respond)
	fmt.Fprintf(b, "%-10s %s\n", "approval", approval)
	fmt.Fprintf(b, "%-10s %s\n", "ladder", r.Ladder)
	if r.MinStrength > 0 {
		fmt.Fprintf(b, "%-10s at least %d of 4, or a person, before the cut-off\n", "evidence", r.MinStrength)
	}
	for _, n := range r.Notify {
		fmt.Fprintf(b, "%-10s %s %s\n", "notify", n.Connection, n.Channel)
	}
	for _, one := range r.Reports {
		fmt.Fprintf(b, "%-10s %s, when %s\n", "report", one.Connection, strings.Join(words(one.On...), ", "))
	}
	if r.Ticket != nil {
		fmt.Fprintf(b, "%-10s %s %s\n", "ticket", r.Ticket.Connection, r.Ticket.Priority)
	}
}

// String is the ladder in one line.
func (l Ladder) String() string {
	parts := []string{l.Name + ":"}
	if len(l.Remind) > 0 {
		parts = append(parts, "remind "+showDurations(l.Remind)+" before the cut-off,")
	}
	if len(l.Escalate) > 0 {
		parts = append(parts, "escalate "+showDurations(l.Escalate)+" before the cut-off,")
	}
	return strings.Join(parts, " ") + fmt.Sprintf(" cut off %s before the deadline, then %s", showDuration(l.CutOff), l.AtCutOff)
}

func showDurations(ds []time.Duration) string {
	out := make([]string, len(ds))
	for i, d := range ds {
		out[i] = showDuration(d)
	}
	return strings.Join(out, ", ")
}

// showDuration is "5d", "72h" as "3d", "30m", "1h30m".
func showDuration(d time.Duration) string {
	if d >= 24*time.Hour && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}
