package activities

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// drawnPolicy draws a rule set with a calendar and a ladder; some do not publish.
func drawnPolicy(t *rapid.T) string {
	list := func(name string, units ...string) string {
		var out []string
		for _, unit := range units {
			if n := rapid.IntRange(0, 9).Draw(t, name+unit); n > 0 {
				out = append(out, fmt.Sprint(n, unit))
			}
		}
		return strings.Join(out, ", ")
	}
	hour := func(name string, from, to int) int { return rapid.IntRange(from, to).Draw(t, name) }
	zones := []string{"UTC", "Europe/Zurich", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns", "Africa/Casablanca"}
	var holidays []string
	for range rapid.IntRange(0, 5).Draw(t, "holidays") {
		holidays = append(holidays, time.Date(2026, 10, rapid.IntRange(1, 200).Draw(t, "holiday"), 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
	}
	return fmt.Sprintf(`calendar:
  a:
    time_zone: %s
    business_hours: %s %02d:00-%02d:30
    holidays: [%s]
    quiet_hours: %02d:45-%02d:15
queues: { q: { members: [m] } }
ladder: { l: { remind: [%s], escalate: [%s], cut_off: %s, at_cut_off: submit } }
defaults: { queue: q, ladder: l, respond: contest }
rules: [{ id: all, when: "true", then: {} }]
`, rapid.SampledFrom(zones).Draw(t, "zone"), rapid.SampledFrom([]string{"mon-fri", "sun-thu", "wed", "sat,sun"}).Draw(t, "days"),
		hour("open", 7, 10), hour("close", 11, 18), strings.Join(holidays, ", "), hour("quiet from", 18, 23), hour("quiet to", 0, 6),
		list("remind", "d", "h", "bd", "m"), list("escalate", "h", "bd"), rapid.SampledFrom([]string{"6h", "30m", "1bd", "2bd", "4d"}).Draw(t, "cut-off"))
}

// Whatever the zone, the holidays and the change of the clocks: rungs come in
// order, after now and before the cut-off, the cut-off before the deadline, and
// nobody is woken when there is another moment.
func TestNothingIsEverLate(t *testing.T) {
	t.Parallel()
	published, moved := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		src := drawnPolicy(t)
		set, err := rules.Parse("drawn", []byte(src))
		if err != nil {
			return
		}
		published++
		now := time.Date(2026, 10, 1, 0, rapid.IntRange(0, 200*24*60).Draw(t, "now"), 0, 0, time.UTC)
		deadline := now.Add(time.Duration(rapid.IntRange(1, 45*24*60).Draw(t, "left")) * time.Minute)
		team, ladder := set.TeamOf("q"), set.Ladders["l"]
		same := func(d time.Duration) time.Duration { return d }
		cut, rungs := climb(ladder, team, dispute.Deadline{At: deadline}, now, same)
		if !cut.Before(deadline) || cut.Before(now) || cut.Equal(now) != (deadline.Sub(now) < tooLittle && !ladder.CutOffBefore(deadline, team).After(now)) {
			t.Fatalf("now %s, cut-off %s, deadline %s\n%s", now, cut, deadline, src)
		}
		for i, r := range rungs {
			if !r.At.After(now) || !r.At.Before(cut) || i > 0 && r.At.Before(rungs[i-1].At) {
				t.Fatalf("now %s, rungs %v, cut-off %s\n%s", now, rungs, cut, src)
			}
			if !team.IsQuiet(r.At) {
				moved++
				continue
			}
			for at := r.At; at.After(now); at = at.Add(-time.Minute) {
				if !team.IsQuiet(at) {
					t.Fatalf("%s is quiet and %s is not, now is %s\n%s", r.At, at, now, src)
				}
			}
		}
	})
	if published == 0 || moved == 0 {
		t.Errorf("%d policies published, %d rungs by day: the property was not tried", published, moved)
	}
}

func TestClimbWithoutADeadline(t *testing.T) {
	t.Parallel()
	cut, rungs := climb(rules.Ladder{Remind: []time.Duration{time.Hour}, CutOff: time.Hour}, rules.Team{}, dispute.Deadline{}, noon, nil)
	if !cut.IsZero() || rungs != nil {
		t.Errorf("%s, %v", cut, rungs)
	}
}

// Two reminders that the night brings to one moment are one.
func TestQuietHoursBringRungsTogether(t *testing.T) {
	t.Parallel()
	team := rules.Team{Quiet: rules.Hours{From: 20 * 60, To: 7 * 60}}
	l := rules.Ladder{Remind: []time.Duration{14 * time.Hour, 13 * time.Hour, 2 * time.Hour}, Escalate: []time.Duration{13 * time.Hour}, CutOff: time.Hour}
	same := func(d time.Duration) time.Duration { return d }
	_, rungs := climb(l, team, dispute.Deadline{At: noon.Add(day)}, noon, same)
	var got []string
	for _, r := range rungs {
		got = append(got, r.Kind+" "+r.At.Format("02 15:04"))
	}
	if want := "remind 04 19:59, escalate 04 19:59, remind 05 09:00"; strings.Join(got, ", ") != want {
		t.Errorf("%v, want %s", got, want)
	}
}
