package rules

import (
	"fmt"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/odds"
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
	shadow := ""
	if m.Shadow {
		shadow = ", in shadow"
	}
	fmt.Fprintf(b, "%s %s (line %d%s)\n", mark, m.Rule, m.Line, shadow)
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
	if r.Assign != nil {
		fmt.Fprintf(b, "%-10s %s\n", "assign", r.Assign)
	}
	if r.Hold {
		fmt.Fprintf(b, "%-10s until a person releases it, or the cut-off comes\n", "hold")
	}
	if len(r.Sources) > 0 {
		fmt.Fprintf(b, "%-10s only %s\n", "sources", strings.Join(r.Sources, ", "))
	}
	if len(r.Tags) > 0 {
		fmt.Fprintf(b, "%-10s %s\n", "tags", strings.Join(r.Tags, ", "))
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
	if r.Advice != nil {
		writeOption(b, "contesting", r.Advice.Contest)
		writeOption(b, "accepting", r.Advice.Accept)
	}
}

// writeOption writes the sum of one answer, each line with its origin.
func writeOption(b *strings.Builder, what string, o odds.Option) {
	fmt.Fprintf(b, "\n%s is worth %s\n", what, o.Total)
	for _, line := range o.Lines {
		fmt.Fprintf(b, "  %12s  %s: %s\n", line.Amount, line.What, line.Origin)
	}
}

// String is the ladder in one line.
func (l Ladder) String() string {
	parts := []string{l.Name + ":"}
	if steps := showSteps(l.Remind, l.RemindDays); steps != "" {
		parts = append(parts, "remind "+steps+" before the cut-off,")
	}
	if steps := showSteps(l.Escalate, l.EscalateDays); steps != "" {
		parts = append(parts, "escalate "+steps+" before the cut-off,")
	}
	return strings.Join(parts, " ") + fmt.Sprintf(" cut off %s before the deadline, then %s", showMargin(l.CutOff, l.CutOffDays), l.AtCutOff)
}

func showSteps(durations []time.Duration, days []int) string {
	var out []string
	for _, n := range days {
		out = append(out, showMargin(0, n))
	}
	for _, d := range durations {
		out = append(out, showDuration(d))
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
