package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func (p *parser) calendar(e entry) {
	for _, t := range p.entries(e.value, "calendar") {
		p.set.Teams[t.key] = p.team(t)
	}
}

func (p *parser) team(e entry) Team {
	what := "team " + e.key
	f := p.fields(e.value, what, "time_zone", "business_hours", "holidays", "quiet_hours", "on_call")
	t := Team{Name: e.key, Zone: p.zone(e, f["time_zone"]), Holidays: map[string]bool{}}
	if hours, ok := f["business_hours"]; ok {
		t.Week = p.week(hours)
	}
	for _, n := range p.list(f["holidays"], "holidays") {
		if day, ok := p.day(n, "a holiday"); ok {
			t.Holidays[day.Format(time.DateOnly)] = true
		}
	}
	if quiet, ok := f["quiet_hours"]; ok {
		t.Quiet = p.hours(quiet.value, p.text(quiet, "quiet_hours"), "quiet_hours")
		p.overlap(quiet.value.Line, t)
	}
	if duty, ok := f["on_call"]; ok {
		t.Duty = p.duty(duty)
	}
	return t
}

func (p *parser) zone(team, e entry) *time.Location {
	if e.value == nil {
		p.problem(team.line, "team "+team.key+" has no time zone", "add time_zone: Europe/Zurich")
		return time.UTC
	}
	name := p.text(e, "time_zone")
	zone, err := time.LoadLocation(name)
	if name == "" || err != nil || name == "Local" {
		p.problem(e.value.Line, quote(name)+" is no time zone", "write a name of the IANA list, as in time_zone: Europe/Zurich")
		return time.UTC
	}
	return zone
}

// week reads "mon-fri 09:00-18:00", or a list of such.
func (p *parser) week(e entry) map[time.Weekday]Hours {
	const mend = "write it as in mon-fri 09:00-18:00"
	parts := []*yaml.Node{e.value}
	if e.value.Kind == yaml.SequenceNode {
		parts = p.list(e, "business_hours")
	}
	week := map[time.Weekday]Hours{}
	for _, n := range parts {
		days, clock, _ := strings.Cut(p.text(entry{value: n}, "business_hours"), " ")
		hours := p.hours(n, strings.TrimSpace(clock), "business_hours")
		if hours.From > hours.To {
			p.problem(n.Line, "business_hours run over midnight", mend)
		}
		chosen := weekdaysOf(days)
		if chosen == nil {
			p.problem(n.Line, "business_hours: "+quote(days)+" are no days", mend)
		}
		p.dayTwice(n, week, chosen, hours)
		for _, day := range chosen {
			week[day] = hours
		}
	}
	if len(week) == 0 {
		return nil
	}
	return week
}

// dayTwice finds a day that has other hours already: only one span of a day
// would count.
func (p *parser) dayTwice(n *yaml.Node, week map[time.Weekday]Hours, chosen []time.Weekday, hours Hours) {
	for _, day := range chosen {
		if first, twice := week[day]; p.strict && twice && first != hours {
			p.problem(n.Line, "business_hours name "+weekdays[day]+" twice", "write one span for a day, from its first hour to its last")
			return
		}
	}
}

// weekdaysOf reads "mon-fri" or "mon,wed"; nil when it is neither.
func weekdaysOf(text string) []time.Weekday {
	var out []time.Weekday
	for part := range strings.SplitSeq(strings.ToLower(text), ",") {
		first, last, span := strings.Cut(part, "-")
		from, to := slices.Index(weekdays, first), slices.Index(weekdays, last)
		if !span {
			to = from
		}
		if from < 0 || to < 0 {
			return nil
		}
		for day := from; ; day = (day + 1) % 7 {
			out = append(out, time.Weekday(day))
			if day == to {
				break
			}
		}
	}
	return out
}

// hours reads "09:00-18:00".
func (p *parser) hours(n *yaml.Node, text, what string) Hours {
	first, last, _ := strings.Cut(text, "-")
	from, okFrom := minuteOf(first)
	to, okTo := minuteOf(last)
	if !okFrom || !okTo || from == to {
		p.problem(n.Line, what+": "+quote(text)+" are no hours", "write them as in 09:00-18:00")
		return Hours{}
	}
	return Hours{from, to}
}

// minuteOf reads "09:30" up to "24:00".
func minuteOf(text string) (int, bool) {
	h, m, ok := strings.Cut(strings.TrimSpace(text), ":")
	hour, errHour := strconv.ParseUint(h, 10, 8)
	minute, errMinute := strconv.ParseUint(m, 10, 8)
	at := int(hour*60 + minute)
	return at, ok && errHour == nil && errMinute == nil && minute < 60 && at <= 24*60
}

// overlap wants working hours that are not quiet: a reminder could go nowhere.
func (p *parser) overlap(line int, t Team) {
	for _, day := range []time.Weekday{1, 2, 3, 4, 5, 6, 0} {
		h, ok := t.Week[day]
		if ok && t.Quiet != (Hours{}) && (t.Quiet.holds(h.From) || t.Quiet.holds(h.To-1) || h.holds(t.Quiet.From)) {
			p.problem(line, "quiet_hours overlap the business_hours of "+weekdays[day], "let them begin when the work ends")
			return
		}
	}
}

func (p *parser) day(n *yaml.Node, what string) (time.Time, bool) {
	text := p.text(entry{value: n}, what)
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		p.problem(n.Line, what+": "+quote(text)+" is no date", "write it as in 2026-12-25")
	}
	return day, err == nil
}

func (p *parser) duty(e entry) Duty {
	f := p.fields(e.value, "on_call", "people", "hand_over", "from")
	d := Duty{Weekday: time.Monday, Minute: 9 * 60}
	for _, n := range p.list(f["people"], "people") {
		if person := p.text(entry{value: n}, "a person"); person != "" {
			d.People = append(d.People, person)
		}
	}
	if len(d.People) == 0 {
		p.problem(e.line, "on_call has no people", "name somebody: people: [ana@example.com]")
	}
	if at, ok := f["hand_over"]; ok {
		text := p.text(at, "hand_over")
		day, clock, _ := strings.Cut(text, " ")
		weekday := slices.Index(weekdays, strings.ToLower(day))
		minute, ok := minuteOf(clock)
		if weekday < 0 || !ok || minute == 24*60 {
			p.problem(at.value.Line, "hand_over: "+quote(text)+" is no day and time", "write it as in mon 09:00")
		}
		d.Weekday, d.Minute = time.Weekday(max(weekday, 0)), minute
	}
	from, ok := f["from"]
	if !ok {
		p.problem(e.line, "on_call does not say when the first takes over", "add from: 2026-01-05")
		return d
	}
	d.From, _ = p.day(from.value, "from")
	return d
}

// teams gives every queue its team, and finds what counts business days or
// escalates to whoever is on call without one.
func (p *parser) teams(lines map[string]int) {
	for _, name := range sorted(p.set.Queues) {
		q := p.set.Queues[name]
		if q.Team == "" && len(p.set.Teams) == 1 {
			q.Team = sorted(p.set.Teams)[0]
			p.set.Queues[name] = q
		}
		if q.EscalateTo == OnCall && len(p.set.Teams[q.Team].Duty.People) == 0 {
			p.problem(lines["queue "+name], fmt.Sprintf("queue %s escalates to whoever is on call, and nobody is", name), "give its team an on_call list under calendar")
		}
	}
	for _, ladder := range sorted(p.set.Ladders) {
		l := p.set.Ladders[ladder]
		if l.CutOffDays == 0 && len(l.RemindDays) == 0 && len(l.EscalateDays) == 0 {
			continue
		}
		for _, name := range sorted(p.set.Queues) {
			if p.set.Queues[name].Team == "" {
				p.problem(lines["ladder "+ladder], fmt.Sprintf("ladder %s counts business days, and queue %s has no team", ladder, name), "add a team under calendar, and team: to the queue")
				break
			}
		}
	}
}
