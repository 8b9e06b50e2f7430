package rules

import "strings"

// complete finds every way in which a case could end without queue, ladder or
// response. Along each way, what certainly was said counts: the defaults, the
// contributions of rules that always hold, and the deciding rule itself.
func (p *parser) complete() {
	certain := p.set.Defaults
	for _, r := range p.set.Rules {
		said := certain.or(r.Then)
		if r.Shadow {
			continue
		}
		if r.Continue {
			if r.always() {
				certain = said
			}
			continue
		}
		if missing := said.missing(); len(missing) > 0 {
			p.rule = r.ID
			p.problem(r.Line, "a case that this rule decides has no "+strings.Join(missing, ", no "),
				"name it in then, or under defaults")
		}
	}
	p.rule = ""
	last := p.set.Rules[len(p.set.Rules)-1]
	if last.When != "" && last.condition == nil {
		return // its condition is a problem already
	}
	if !last.alwaysDecides() {
		p.rule = last.ID
		p.problem(last.Line, "a case may match no rule and have no owner", `end with a rule with when: "true" that does not continue`)
		p.rule = ""
	}
}

// always reports whether the condition holds for every case.
func (r Rule) always() bool {
	return r.condition != nil && r.condition.always != nil && *r.condition.always
}

func (r Rule) alwaysDecides() bool { return r.always() && r.decides() }

// decides reports whether a case that matches goes no further.
func (r Rule) decides() bool { return !r.Continue && !r.Shadow }

// or fills what is open with what others say; notices and tickets aside.
func (e Effects) or(other Effects) Effects {
	if e.Queue == "" {
		e.Queue = other.Queue
	}
	if e.Approval == "" {
		e.Approval = other.Approval
	}
	if e.Ladder == "" {
		e.Ladder = other.Ladder
	}
	if e.Respond == "" {
		e.Respond = other.Respond
	}
	if e.MinStrength == "" {
		e.MinStrength = other.MinStrength
	}
	if e.Assign == nil {
		e.Assign = other.Assign
	}
	if e.Sources == nil {
		e.Sources = other.Sources
	}
	e.Hold = e.Hold || other.Hold
	return e
}

func (e Effects) missing() []string {
	var out []string
	if e.Queue == "" {
		out = append(out, "queue")
	}
	if e.Ladder == "" {
		out = append(out, "ladder")
	}
	if e.Respond == "" {
		out = append(out, "response")
	}
	return out
}
