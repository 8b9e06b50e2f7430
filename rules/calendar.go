package rules

import (
	"time"
	_ "time/tzdata" // the zones are the same on every machine
)

// Team is how a group of people works. The zero Team works from Monday to
// Friday around the clock, in UTC.
type Team struct {
	Name     string
	Zone     *time.Location
	Week     map[time.Weekday]Hours // the days that are worked
	Holidays map[string]bool        // by day, as 2026-12-25
	// Quiet is when nobody is told anything; it may run over midnight. An empty
	// one is none.
	Quiet Hours
	Duty  Duty
}

// Hours are a part of a day, in minutes after midnight on the clock of the wall.
type Hours struct{ From, To int }

// holds reports whether a minute is inside; To is not.
func (h Hours) holds(minute int) bool {
	if h.From <= h.To {
		return h.From <= minute && minute < h.To
	}
	return minute >= h.From || minute < h.To
}

// Duty is the order in which people are on call, a week each.
type Duty struct {
	People  []string
	Weekday time.Weekday // of the hand-over
	Minute  int          // of the hand-over, after midnight
	From    time.Time    // the day on which the first takes over; only the date counts
}

func (t Team) zone() *time.Location {
	if t.Zone == nil {
		return time.UTC
	}
	return t.Zone
}

// works reports whether a day is worked, and its hours.
func (t Team) works(local time.Time) (Hours, bool) {
	if t.Holidays[local.Format(time.DateOnly)] {
		return Hours{}, false
	}
	if t.Week == nil {
		weekend := local.Weekday() == time.Saturday || local.Weekday() == time.Sunday
		return Hours{0, 24 * 60}, !weekend
	}
	h, ok := t.Week[local.Weekday()]
	return h, ok
}

// farthest bounds every walk through the calendar, in days.
const farthest = 5 * 366

// Before is so many business days before a moment, at the same time of the day;
// never the moment itself when there is at least one. A calendar without working
// days counts every day.
func (t Team) Before(at time.Time, days int) time.Time {
	local := at.In(t.zone())
	for i := 1; days > 0 && i < farthest; i++ {
		earlier := onDay(local, -i, local.Hour()*60+local.Minute())
		if _, works := t.works(earlier); !works {
			continue
		}
		if days--; days == 0 {
			// A change of the clocks may move it by an hour, never past the moment.
			return earlier.UTC()
		}
	}
	return at.Add(-time.Duration(days) * 24 * time.Hour)
}

// onDay is a minute of the day that is so many days away. Where the clocks leave
// the minute out, it is one of that day all the same.
func onDay(local time.Time, days, minute int) time.Time {
	at := time.Date(local.Year(), local.Month(), local.Day()+days, 0, minute, 0, 0, local.Location())
	if noon := time.Date(local.Year(), local.Month(), local.Day()+days, 12, 0, 0, 0, local.Location()); at.Day() != noon.Day() {
		return at.Add(time.Hour)
	}
	return at
}

// IsQuiet reports whether nobody is told anything at a moment.
func (t Team) IsQuiet(at time.Time) bool {
	local := at.In(t.zone())
	return t.Quiet != Hours{} && t.Quiet.holds(local.Hour()*60+local.Minute())
}

// Awake is a moment itself or, in quiet hours, the last working minute before
// it. Where that is not after the earliest moment, it is the last minute before
// the quiet hours, and where even that is not, the moment stays.
func (t Team) Awake(at, earliest time.Time) time.Time {
	if !t.IsQuiet(at) {
		return at
	}
	for _, better := range []time.Time{t.lastWorked(at), t.beforeQuiet(at)} {
		if better.After(earliest) && !better.After(at) && !t.IsQuiet(better) {
			return better
		}
	}
	return at
}

// lastWorked is the last minute of the working hours before a moment; zero when
// there is none within a fortnight.
func (t Team) lastWorked(at time.Time) time.Time {
	local := at.In(t.zone())
	for i := range 15 {
		day := onDay(local, -i, 12*60)
		hours, works := t.works(day)
		if !works {
			continue
		}
		if last := onDay(local, -i, hours.To-1); last.Before(at) {
			return last.UTC()
		}
	}
	return time.Time{}
}

// beforeQuiet is the last minute before the quiet hours that hold a moment.
func (t Team) beforeQuiet(at time.Time) time.Time {
	const day = 24 * 60
	back := at.Truncate(time.Minute)
	for range day {
		if back = back.Add(-time.Minute); !t.IsQuiet(back) {
			break
		}
	}
	return back
}

// OnCall is who is on call at a moment; empty when the team has no such list.
func (t Team) OnCall(at time.Time) string {
	if len(t.Duty.People) == 0 {
		return ""
	}
	y, m, d := t.Duty.From.Date()
	first := time.Date(y, m, d, 0, t.Duty.Minute, 0, 0, t.zone())
	week := t.Duty.week(at.In(t.zone())) - t.Duty.week(first)
	n := len(t.Duty.People)
	return t.Duty.People[(week%n+n)%n]
}

// week numbers the weeks between hand-overs.
func (d Duty) week(local time.Time) int {
	days := int(time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
	if local.Weekday() == d.Weekday && local.Hour()*60+local.Minute() < d.Minute {
		days--
	}
	// 1 January 1970 was a Thursday.
	sinceHandOver := days + int(time.Thursday) - int(d.Weekday)
	if sinceHandOver < 0 {
		return (sinceHandOver - 6) / 7
	}
	return sinceHandOver / 7
}

// CutOffBefore is when a ladder stops waiting for people, ahead of a deadline.
func (l Ladder) CutOffBefore(deadline time.Time, t Team) time.Time {
	if l.CutOffDays > 0 {
		return t.Before(deadline, l.CutOffDays)
	}
	return deadline.Add(-l.CutOff)
}

// TeamOf is the team whose calendar counts for a queue; the zero Team when none
// is named.
func (s *Set) TeamOf(queue string) Team { return s.Teams[s.Queues[queue].Team] }

// EscalateTo are the people to whom a queue escalates at a moment: whoever is on
// call, the one who is named, or else the members.
func (s *Set) EscalateTo(queue string, at time.Time) []string {
	q := s.Queues[queue]
	to := q.EscalateTo
	if to == OnCall {
		to = s.TeamOf(queue).OnCall(at)
	}
	if to == "" {
		return q.Members
	}
	return []string{to}
}
