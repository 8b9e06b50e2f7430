package rules

import (
	"fmt"
	"slices"
	"strings"
)

// apply fills what is open and tells what it did. The suffix marks defaults.
func (e *evaluation) apply(from Effects, rule, suffix string) []string {
	var done []string
	say := func(what, already, value string) {
		switch {
		case value == "":
		case already == "":
			e.by[what] = rule
			done = append(done, what+" "+value+suffix)
		case suffix == "" && already != value:
			done = append(done, fmt.Sprintf("%s %s in vain: %s said %s", what, value, e.by[what], already))
		}
	}
	already, values := e.said.single(), from.single()
	for i, v := range values {
		say(v.what, already[i].value, v.value)
	}
	e.said = e.said.or(from)
	done = append(done, e.add(from)...)
	say("ticket", e.said.Ticket.words(), from.Ticket.words())
	if from.Ticket != nil && e.said.Ticket == nil {
		own := *from.Ticket
		e.said.Ticket = &own
	}
	return done
}

// add takes over what adds up.
func (e *evaluation) add(from Effects) []string {
	var done []string
	for _, tag := range from.Tags {
		if !slices.Contains(e.said.Tags, tag) {
			e.said.Tags = append(e.said.Tags, tag)
			done = append(done, "tag "+tag)
		}
	}
	for _, n := range from.Notify {
		if !slices.Contains(e.said.Notify, n) {
			e.said.Notify = append(e.said.Notify, n)
			done = append(done, n.effect())
		}
	}
	for _, r := range from.Reports {
		e.said.Reports = append(e.said.Reports, r)
		done = append(done, r.effect())
	}
	return done
}

// saying is an effect that one rule decides.
type saying struct{ what, value string }

// single lists what one rule decides, always in the same order; what is open has
// no value.
func (e Effects) single() []saying {
	out := []saying{
		{"queue", e.Queue}, {"approval", string(e.Approval)}, {"respond", strings.ReplaceAll(string(e.Respond), "_", " ")},
		{"ladder", e.Ladder}, {"min_strength", e.MinStrength}, {"assign", ""}, {"hold", ""},
		{"sources", strings.Join(e.Sources, ", ")},
	}
	if e.Assign != nil {
		out[5].value = e.Assign.String()
	}
	if e.Hold {
		out[6].value = "until a person releases it"
	}
	return out
}

// list are the effects, one each.
func (e Effects) list() []string {
	var out []string
	for _, s := range e.single() {
		if s.value != "" {
			out = append(out, s.what+" "+s.value)
		}
	}
	for _, tag := range e.Tags {
		out = append(out, "tag "+tag)
	}
	for _, n := range e.Notify {
		out = append(out, n.effect())
	}
	for _, r := range e.Reports {
		out = append(out, r.effect())
	}
	if e.Ticket != nil {
		out = append(out, "ticket "+e.Ticket.words())
	}
	return out
}

// words are the ticket in an explanation; empty without one.
func (t *Ticket) words() string {
	if t == nil {
		return ""
	}
	return t.Connection + " " + t.Priority
}

func (n Notify) effect() string { return "notify " + n.Connection + " " + n.Channel }

func (r Report) effect() string {
	return "report " + strings.Join(words(r.On...), ", ") + " to " + r.Connection
}

// has reports whether somebody of the queue can be found like this.
func (q Queue) has(a Assign) bool {
	switch {
	case a.Person != "":
		return slices.Contains(q.Members, a.Person)
	case a.By == AssignBySkill:
		return len(q.Skilled(a.Skill)) > 0
	}
	return true
}

// Skilled are the members who have a skill; everybody has the empty one.
func (q Queue) Skilled(skill string) []string {
	if skill == "" {
		return q.Members
	}
	var out []string
	for _, m := range q.Members {
		if slices.Contains(q.Skills[m], skill) {
			out = append(out, m)
		}
	}
	return out
}

func (l Ladder) clone() Ladder {
	l.Remind, l.Escalate = slices.Clone(l.Remind), slices.Clone(l.Escalate)
	l.RemindDays, l.EscalateDays = slices.Clone(l.RemindDays), slices.Clone(l.EscalateDays)
	return l
}
