package rules

import (
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// effectKeys are what rules and defaults may both say.
var effectKeys = []string{"queue", "approval", "ladder", "respond", "min_strength", "assign"}

// effects reads what rules and defaults may both say.
func (p *parser) effects(f map[string]entry) Effects {
	return Effects{
		Queue:    named(p, f["queue"], "queue", p.set.Queues),
		Approval: Approval(p.choice(f["approval"], "approval", string(ApprovalNone), string(ApprovalRequired))),
		Ladder:   named(p, f["ladder"], "ladder", p.set.Ladders),
		Respond: dispute.Response(p.choice(f["respond"], "respond",
			string(dispute.ResponseContest), string(dispute.ResponseAccept), string(RespondByValue))),
		MinStrength: p.choice(f["min_strength"], "min_strength", "0", "1", "2", "3", "4"),
		Assign:      p.assign(f["assign"]),
	}
}

// assign reads a person, or how one is found.
func (p *parser) assign(e entry) *Assign {
	if e.value == nil {
		return nil
	}
	if e.value.Kind != yaml.MappingNode {
		return &Assign{Person: p.text(e, "assign")}
	}
	f := p.fields(e.value, "assign", "by", "skill")
	a := &Assign{
		By:    AssignBy(p.choice(f["by"], "by", string(AssignByLoad), string(AssignByRoundRobin), string(AssignBySkill))),
		Skill: p.text(f["skill"], "skill"),
	}
	if a.By == "" {
		a.By = AssignBySkill
	}
	switch {
	case a.Skill == "" && a.By == AssignBySkill:
		p.problem(e.value.Line, "assign does not say how", "write { by: load }, { by: round_robin } or { by: skill, skill: fraud }")
	case a.Skill != "" && a.By != AssignBySkill:
		p.problem(e.value.Line, "assign by "+string(a.By)+" asks for no skill", "write by: skill, or leave the skill out")
	}
	return a
}

// assignable finds assignments that no member of the queue can take. Where a
// rule leaves the queue to others, any queue will do.
func (p *parser) assignable(e Effects, line int) {
	if p.alone || e.Assign == nil || e.Assign.By != "" && e.Assign.By != AssignBySkill {
		return
	}
	where, from := "any queue", sorted(p.set.Queues)
	if e.Queue != "" {
		where, from = "queue "+e.Queue, []string{e.Queue}
	}
	var people, skills []string
	for _, name := range from {
		q := p.set.Queues[name]
		people = append(people, q.Members...)
		for _, has := range q.Skills {
			skills = append(skills, has...)
		}
	}
	slices.Sort(skills)
	a := e.Assign
	switch {
	case a.Person != "" && !slices.Contains(people, a.Person):
		p.problem(line, a.Person+" is not a member of "+where, suggest(a.Person, people, "add them to its members"))
	case a.Skill != "" && !slices.Contains(skills, a.Skill):
		p.problem(line, "nobody of "+where+" has the skill "+quote(a.Skill), suggest(a.Skill, slices.Compact(skills), "write { id: person, skills: ["+a.Skill+"] } among the members"))
	}
}

// names reads a list of words.
func (p *parser) names(e entry, what string) []string {
	var out []string
	for _, n := range p.list(e, what) {
		if name := p.text(entry{value: n}, "one of "+what); name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	if e.value != nil && len(out) == 0 && e.value.Kind == yaml.SequenceNode && len(e.value.Content) == 0 {
		p.problem(e.value.Line, what+" names nothing", "name something, or leave it out")
	}
	return out
}

// more reads what only a rule may say.
func (p *parser) more(out *Effects, f map[string]entry) {
	out.Hold = p.yes(f["hold"], "hold")
	out.Tags = p.names(f["tags"], "tags")
	out.Sources = p.names(f["sources"], "sources")
	for _, source := range out.Sources {
		p.set.references = append(p.set.references, reference{p.rule, source, f["sources"].value.Line, false, "leave it out"})
	}
	for _, one := range p.list(f["notify"], "notify") {
		out.Notify = append(out.Notify, p.notify(one))
	}
	for _, one := range p.list(f["report"], "report") {
		out.Reports = append(out.Reports, p.report(one))
	}
	if t, ok := f["ticket"]; ok {
		ticket := p.ticket(t)
		out.Ticket = &ticket
	}
}
