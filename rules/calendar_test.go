package rules_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/rules"
)

// office works by day in Zurich, is quiet by night and hands over on Mondays.
const office = `calendar:
  zurich:
    time_zone: Europe/Zurich
    business_hours: mon-fri 09:00-18:00
    holidays: [2026-12-25, 2026-12-26, 2027-01-01]
    quiet_hours: 20:00-07:00
    on_call: { people: [ana@example.com, ben@example.com, cem@example.com], hand_over: mon 09:00, from: 2026-11-02 }
`

func team(t testing.TB, calendar string) rules.Team {
	t.Helper()
	return mustParse(t, calendar+one("{ id: r, when: first_time, then: { respond: accept } }")).TeamOf("front")
}

func at(t testing.TB, text string) time.Time {
	t.Helper()
	out, err := time.Parse("2006-01-02 15:04 -0700", text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Where the clocks skip midnight, a day before the next midnight is still on
// that day.
func TestBusinessDaysBeforeASkippedMidnight(t *testing.T) {
	t.Parallel()
	for zone, tt := range map[string]struct{ from, want string }{
		"America/Havana":   {"2026-03-09 00:00 -0400", "2026-03-08 01:00 -0400"},
		"America/Santiago": {"2026-09-07 00:30 -0300", "2026-09-06 01:30 -0300"},
		"Africa/Cairo":     {"2026-04-25 00:00 +0300", "2026-04-24 01:00 +0300"},
	} {
		every := team(t, "calendar: { a: { time_zone: "+zone+", business_hours: sun-sat 09:00-18:00 } }\n")
		if got := every.Before(at(t, tt.from), 1); !got.Equal(at(t, tt.want)) {
			t.Errorf("%s: %s, want %s", zone, got.In(every.Zone), tt.want)
		}
	}
}

func TestBusinessDaysBefore(t *testing.T) {
	t.Parallel()
	zurich := team(t, office)
	for _, tt := range []struct {
		from, want string
		days       int
	}{
		{"2026-11-25 10:00 +0100", "2026-11-25 10:00 +0100", 0},
		{"2026-11-25 10:00 +0100", "2026-11-23 10:00 +0100", 2}, // Wednesday to Monday
		{"2026-11-23 10:00 +0100", "2026-11-20 10:00 +0100", 1}, // over a weekend
		{"2026-11-22 10:00 +0100", "2026-11-20 10:00 +0100", 1}, // from a Sunday
		{"2026-12-28 10:00 +0100", "2026-12-24 10:00 +0100", 1}, // over Christmas
		{"2026-12-28 10:00 +0100", "2026-12-22 10:00 +0100", 3},
		{"2026-10-26 10:00 +0100", "2026-10-23 10:00 +0200", 1}, // over the end of summer time
		{"2026-03-30 02:30 +0200", "2026-03-27 02:30 +0100", 1}, // over its beginning
	} {
		if got := zurich.Before(at(t, tt.from), tt.days); !got.Equal(at(t, tt.want)) {
			t.Errorf("%d before %s: %s, want %s", tt.days, tt.from, got, tt.want)
		}
	}
	nobody := rules.Team{Week: map[time.Weekday]rules.Hours{}}
	if got := nobody.Before(now, 2); !got.Equal(now.Add(-48 * time.Hour)) {
		t.Errorf("a team that never works: %s", got)
	}
	if got := (rules.Team{}).Before(now, 1); !got.Equal(now.Add(-48 * time.Hour)) { // a Sunday
		t.Errorf("nobody's calendar: %s", got)
	}
}

func TestAwake(t *testing.T) {
	t.Parallel()
	zurich := team(t, office)
	for _, tt := range []struct{ name, at, earliest, want string }{
		{"by day", "2026-11-25 10:00 +0100", "2026-11-20 10:00 +0100", "2026-11-25 10:00 +0100"},
		{"in the evening, not quiet yet", "2026-11-25 19:00 +0100", "2026-11-20 10:00 +0100", "2026-11-25 19:00 +0100"},
		{"at night", "2026-11-25 23:00 +0100", "2026-11-20 10:00 +0100", "2026-11-25 17:59 +0100"},
		{"early in the morning", "2026-11-25 05:00 +0100", "2026-11-20 10:00 +0100", "2026-11-24 17:59 +0100"},
		{"on Monday morning", "2026-11-23 05:00 +0100", "2026-11-19 10:00 +0100", "2026-11-20 17:59 +0100"},
		{"after Christmas", "2026-12-28 05:00 +0100", "2026-12-20 10:00 +0100", "2026-12-24 17:59 +0100"},
		{"the work has ended already", "2026-11-25 23:00 +0100", "2026-11-25 18:30 +0100", "2026-11-25 19:59 +0100"},
		{"it is night already", "2026-11-25 23:00 +0100", "2026-11-25 20:30 +0100", "2026-11-25 23:00 +0100"},
	} {
		if got := zurich.Awake(at(t, tt.at), at(t, tt.earliest)); !got.Equal(at(t, tt.want)) {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestOnCall(t *testing.T) {
	t.Parallel()
	zurich := team(t, office)
	for when, want := range map[string]string{
		"2026-11-02 08:59 +0100": "cem@example.com", // before the first hand-over
		"2026-11-02 09:00 +0100": "ana@example.com",
		"2026-11-09 08:59 +0100": "ana@example.com",
		"2026-11-09 09:00 +0100": "ben@example.com",
		"2026-11-22 23:59 +0100": "cem@example.com",
		"2026-11-23 09:00 +0100": "ana@example.com",
		"2027-03-29 08:59 +0200": "cem@example.com",
		"2026-10-26 09:00 +0100": "cem@example.com",
	} {
		if got := zurich.OnCall(at(t, when)); got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
	if got := (rules.Team{}).OnCall(now); got != "" {
		t.Errorf("nobody is on call, yet %s is", got)
	}
}

// Everybody is on call for a week, whatever the clocks do.
func TestOnCallTakesTurns(t *testing.T) {
	t.Parallel()
	zurich := team(t, office)
	people := []string{"ana@example.com", "ben@example.com", "cem@example.com"}
	rapid.Check(t, func(t *rapid.T) {
		week := rapid.IntRange(-200, 200).Draw(t, "week")
		minute := rapid.IntRange(0, 7*24*60-1).Draw(t, "minute")
		monday := time.Date(2026, 11, 2+7*week, 9, minute, 0, 0, zurich.Zone)
		if monday.Before(time.Date(2026, 11, 2+7*week, 9, 0, 0, 0, zurich.Zone)) || !monday.Before(time.Date(2026, 11, 9+7*week, 9, 0, 0, 0, zurich.Zone)) {
			t.Skip()
		}
		if got := zurich.OnCall(monday); got != people[(week%3+3)%3] {
			t.Fatalf("%s: %s", monday, got)
		}
	})
}

func TestEscalateTo(t *testing.T) {
	t.Parallel()
	set := mustParse(t, office+`queues:
  duty: { members: [m@example.com], escalate_to: on_call }
  boss: { members: [m@example.com], escalate_to: boss@example.com }
  flat: { members: [m@example.com, n@example.com] }
ladder: { std: { remind: [2bd, 24h], escalate: [1bd], cut_off: 1bd, at_cut_off: submit } }
defaults: { queue: duty, ladder: std, respond: contest }
rules: [{ id: rest, when: "true", then: {} }]
`)
	when := at(t, "2026-11-10 12:00 +0100")
	for queue, want := range map[string]int{"duty": 1, "boss": 1, "flat": 2} {
		if got := set.EscalateTo(queue, when); len(got) != want {
			t.Errorf("%s: %v", queue, got)
		}
	}
	if got := set.EscalateTo("duty", when)[0]; got != "ben@example.com" {
		t.Errorf("on call is %s", got)
	}
	l := set.Ladders["std"]
	if l.CutOffDays != 1 || l.CutOff != 0 || len(l.RemindDays) != 1 || len(l.Remind) != 1 || l.String() != "std: remind 2bd, 1d before the cut-off, escalate 1bd before the cut-off, cut off 1bd before the deadline, then submit" {
		t.Errorf("%+v: %s", l, l)
	}
	deadline := at(t, "2026-11-23 10:00 +0100")
	if got := l.CutOffBefore(deadline, set.TeamOf("duty")); !got.Equal(at(t, "2026-11-20 10:00 +0100")) {
		t.Errorf("cut-off at %s", got)
	}
}

func TestCalendarProblems(t *testing.T) {
	t.Parallel()
	calendar := func(lines string) string {
		return head + "calendar:\n  a: { time_zone: UTC, " + lines + " }\nrules: [{ id: rest, when: \"true\", then: { approval: none } }]\n"
	}
	for name, tt := range map[string]struct{ src, message string }{
		"no zone":        {head + "calendar: { a: {} }\nrules:" + rest, "team a has no time zone"},
		"odd zone":       {head + "calendar: { a: { time_zone: Mars/Base } }\nrules:" + rest, `"Mars/Base" is no time zone`},
		"odd days":       {calendar("business_hours: moon 09:00-18:00"), `business_hours: "moon" are no days`},
		"odd hours":      {calendar("business_hours: mon 9-18"), `business_hours: "9-18" are no hours`},
		"hours by night": {calendar("business_hours: mon 20:00-04:00"), "business_hours run over midnight"},
		"overlap":        {calendar("business_hours: mon 09:00-21:00, quiet_hours: 20:00-07:00"), "quiet_hours overlap the business_hours of mon"},
		"odd holiday":    {calendar("holidays: [christmas]"), `a holiday: "christmas" is no date`},
		"odd hand-over":  {calendar("on_call: { people: [a], hand_over: noon, from: 2026-01-05 }"), `hand_over: "noon" is no day and time`},
		"nobody on call": {calendar("on_call: { people: [], from: 2026-01-05 }"), "on_call has no people"},
		"no first":       {calendar("on_call: { people: [a] }"), "on_call does not say when the first takes over"},
	} {
		_, err := rules.Parse("test", []byte(tt.src))
		found := problems(t, err)
		if len(found) != 1 || found[0].Message != tt.message || found[0].Mend == "" || found[0].Line < 8 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
