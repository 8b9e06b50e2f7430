package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/rebuttal-hq/rebuttal/networks"
)

func (p *parser) queues(e entry, lines map[string]int) {
	for _, q := range p.entries(e.value, "queues") {
		f := p.fields(q.value, "queue "+q.key, "members", "escalate_to", "team")
		queue := Queue{Name: q.key, EscalateTo: p.text(f["escalate_to"], "escalate_to"), Team: named(p, f["team"], "team", p.set.Teams)}
		for _, n := range p.list(f["members"], "members") {
			p.member(&queue, n)
		}
		if len(queue.Members) == 0 {
			p.problem(q.line, "queue "+q.key+" has no members", "name somebody: members: [person@example.com]")
		}
		p.set.Queues[q.key], lines["queue "+q.key] = queue, q.line
	}
}

// member reads a person, or { id: person, skills: [fraud] }.
func (p *parser) member(q *Queue, n *yaml.Node) {
	var skills []string
	who := entry{value: n}
	if n.Kind == yaml.MappingNode {
		f := p.fields(n, "a member", "id", "skills")
		who, skills = f["id"], p.names(f["skills"], "skills")
		if who.value == nil {
			p.problem(n.Line, "a member has no id", "write { id: person@example.com, skills: [fraud] }")
		}
	}
	name := p.text(who, "a member")
	if name == "" {
		return
	}
	q.Members = append(q.Members, name)
	if len(skills) == 0 {
		return
	}
	if q.Skills == nil {
		q.Skills = map[string][]string{}
	}
	q.Skills[name] = skills
}

func (p *parser) ladders(e entry, lines map[string]int) {
	for _, l := range p.entries(e.value, "ladder") {
		if _, twice := p.set.Ladders[l.key]; twice {
			p.problem(l.line, "ladder "+l.key+" is written twice", "remove one")
		}
		p.set.Ladders[l.key] = p.ladder(l, lines)
	}
}

func (p *parser) ladder(e entry, lines map[string]int) Ladder {
	what := "ladder " + e.key
	lines[what] = e.line
	f := p.fields(e.value, what, "remind", "escalate", "cut_off", "at_cut_off")
	l := Ladder{
		Name:     e.key,
		AtCutOff: AtCutOff(p.choice(f["at_cut_off"], "at_cut_off", string(AtCutOffSubmit), string(AtCutOffAccept), string(AtCutOffPerson))),
	}
	l.Remind, l.RemindDays = p.steps(f["remind"], "remind")
	l.Escalate, l.EscalateDays = p.steps(f["escalate"], "escalate")
	if _, ok := f["at_cut_off"]; !ok {
		p.problem(e.line, what+" does not say what happens at the cut-off", "add at_cut_off: submit, accept or person")
	}
	cut, ok := f["cut_off"]
	if !ok {
		p.problem(e.line, what+" has no cut-off", "add cut_off: 6h")
		return l
	}
	lines[what] = cut.value.Line
	d, days, ok := p.margin(cut.value, "cut_off")
	switch {
	case ok && d == 0 && days == 0:
		p.problem(cut.value.Line, "cut_off leaves no time to send before the deadline", "make it an hour or more, as in cut_off: 6h")
	case ok && p.strict && d < shortestCutOff && days == 0:
		p.problem(cut.value.Line, "cut_off "+showDuration(d)+" leaves too little time to send before the deadline", "make it an hour or more, as in cut_off: 6h")
	default:
		l.CutOff, l.CutOffDays = d, days
	}
	return l
}

// shortestCutOff is the least time that sending is given, with what goes wrong
// on the first tries.
const shortestCutOff = time.Hour

// steps reads durations and business days before the cut-off, longest first.
func (p *parser) steps(e entry, what string) (durations []time.Duration, days []int) {
	for _, n := range p.list(e, what) {
		d, business, ok := p.margin(n, what)
		switch {
		case !ok:
		case d == 0 && business == 0:
			p.problem(n.Line, "a step of "+what+" is not before the cut-off", "write how long before, as in 24h")
		case business == 0 && slices.Contains(durations, d), business > 0 && slices.Contains(days, business):
			p.problem(n.Line, what+" has "+showMargin(d, business)+" twice", "remove one")
		case business > 0:
			days = append(days, business)
		default:
			durations = append(durations, d)
		}
	}
	slices.SortFunc(durations, func(a, b time.Duration) int { return cmp.Compare(b, a) })
	slices.SortFunc(days, func(a, b int) int { return cmp.Compare(b, a) })
	return durations, days
}

// margin reads a duration, or business days as in 2bd.
func (p *parser) margin(n *yaml.Node, what string) (d time.Duration, days int, ok bool) {
	count, business := strings.CutSuffix(strings.TrimSpace(n.Value), "bd")
	if !business || n.Kind != yaml.ScalarNode {
		d, ok = p.duration(n, what)
		return d, 0, ok
	}
	days, err := strconv.Atoi(count)
	switch {
	case err != nil:
		p.problem(n.Line, what+": "+quote(n.Value)+" is no duration", "write business days as 2bd")
	case days < 0:
		p.problem(n.Line, what+" is negative: "+n.Value, "write how long before, without a sign")
	case days > 250:
		p.problem(n.Line, what+" is longer than a year: "+n.Value, "make it shorter")
	default:
		return 0, days, true
	}
	return 0, 0, false
}

// punctual finds cut-offs that can come before there is anything to answer: as
// long as the shortest time that a network gives, weekends and holidays counted.
func (p *parser) punctual(lines map[string]int) {
	window, ok := shortestWindow()
	if !p.strict || !ok {
		return
	}
	limit := time.Duration(window.Days) * 24 * time.Hour
	for _, name := range sorted(p.set.Ladders) {
		l, longest, around := p.set.Ladders[name], time.Duration(0), ""
		longest = l.CutOff
		for _, team := range sorted(p.set.Teams) {
			if d, day := p.set.Teams[team].longest(l.CutOffDays); d > longest {
				longest, around = d, " (team "+team+", before "+day+")"
			}
		}
		if longest <= limit {
			continue
		}
		p.problem(lines["ladder "+name],
			fmt.Sprintf("cut_off %s can be %s before the deadline%s, and %s gives only %s at the stage %s", showMargin(l.CutOff, l.CutOffDays), showDuration(longest.Round(time.Hour)), around,
				networks.NetworkName(window.Network), showDuration(limit), window.Stage),
			"make it shorter, as in cut_off: 6h")
	}
}

// longest is the most that business days stretch to, over weekends and the
// holidays, and the day before which they do.
func (t Team) longest(days int) (most time.Duration, day string) {
	starts := []time.Time{time.Date(2026, 1, 5, 12, 0, 0, 0, t.zone())}
	for holiday := range t.Holidays {
		if at, err := time.ParseInLocation(time.DateOnly, holiday, t.zone()); err == nil {
			starts = append(starts, at.Add(12*time.Hour))
		}
	}
	for _, start := range starts {
		for i := range 8 + 2*days {
			at := onDay(start, i, 12*60)
			d := at.Sub(t.Before(at, days))
			if text := at.Format(time.DateOnly); d > most || d == most && text < day {
				most, day = d, text
			}
		}
	}
	return most, day
}

// shortestWindow is the least time that a known network leaves a merchant. The
// days are what acquirers leave where that is known.
func shortestWindow() (networks.WindowFact, bool) {
	var least networks.WindowFact
	for _, network := range []string{"visa", "mastercard", "amex", "discover", "diners", "jcb", "unionpay"} {
		for _, w := range networks.Windows(network) {
			if w.Merchant > 0 {
				w.Days = min(w.Days, w.Merchant)
			}
			if w.Days > 0 && (least.Days == 0 || w.Days < least.Days) {
				least = w
			}
		}
	}
	return least, least.Days > 0
}

func showMargin(d time.Duration, days int) string {
	if days > 0 {
		return strconv.Itoa(days) + "bd"
	}
	return showDuration(d)
}
