package rules

import (
	"fmt"
	"slices"
)

// reachable finds rules that never match, and rules that an earlier one leaves
// nothing to.
func (p *parser) reachable() {
	if !p.strict {
		return
	}
	defer func() { p.rule = "" }()
	var before []earlier
	for _, r := range p.set.Rules {
		if r.condition == nil {
			continue
		}
		p.rule = r.ID
		own, known := r.possible()
		if known && len(own) == 0 {
			p.problem(r.Line, "the condition never holds"+contradiction(r.condition.waysOf()), "take one side of the contradiction out, or remove the rule")
			continue
		}
		if known {
			p.shadowed(r, own, before)
		}
		if r.decides() && known {
			before = append(before, earlier{r, own})
		}
	}
}

// earlier is a rule above that decides, and its ways.
type earlier struct {
	rule Rule
	ways ways
}

func (p *parser) shadowed(r Rule, own ways, before []earlier) {
	left := make([]way, len(own))
	for i, atoms := range own {
		left[i] = wayOf(atoms)
	}
	for _, e := range before {
		switch {
		case e.rule.always():
			p.problem(r.Line, fmt.Sprintf("the rule is never reached: %s on line %d always holds", e.rule.ID, e.rule.Line), "move it up, or remove it")
			return
		case !slices.ContainsFunc(left, func(w way) bool { return !w.covered(e.ways) }):
			p.problem(r.Line, fmt.Sprintf("the rule is never reached: %s on line %d takes every case that it matches", e.rule.ID, e.rule.Line), "move it up, or remove it")
			return
		}
	}
}

// possible are the ways in which a rule can match; known is false when they are
// too many.
func (r Rule) possible() (own ways, known bool) {
	if always := r.condition.always; always != nil {
		if *always {
			return ways{{}}, true
		}
		return ways{}, true
	}
	all := r.condition.waysOf()
	return slices.DeleteFunc(slices.Clone(all), func(w []atom) bool { return impossible(w) != "" }), all != nil
}

// way is what one way leaves of every field, and the texts that hold in it.
type way struct {
	spans map[string]*span
	keys  map[string]bool
}

func wayOf(atoms []atom) way {
	w := way{map[string]*span{}, map[string]bool{}}
	for _, a := range atoms {
		if a.subject == "" {
			w.keys[a.key()] = true
			continue
		}
		if w.spans[a.subject] == nil {
			w.spans[a.subject] = spanOf(a.field)
		}
		w.spans[a.subject].narrow(a)
	}
	return w
}

// impossible names the subject that a way leaves nothing of; empty when there is
// none.
func impossible(atoms []atom) string {
	w := wayOf(atoms)
	for _, a := range atoms {
		if a.subject != "" && w.spans[a.subject].empty() {
			return a.field.Name
		}
		if a.not = !a.not; a.subject == "" && w.keys[a.key()] {
			return a.text
		}
	}
	return ""
}

// contradiction says what cannot be, where all ways fail for it.
func contradiction(all ways) string {
	var of []string
	for _, w := range all {
		if name := impossible(w); name != "" && !slices.Contains(of, name) {
			of = append(of, name)
		}
	}
	if len(of) != 1 {
		return ""
	}
	return ": " + of[0] + " cannot be all of that at once"
}

// covered reports whether what matches this way matches one of the others too.
func (w way) covered(others ways) bool {
	return slices.ContainsFunc(others, func(other []atom) bool {
		return !slices.ContainsFunc(other, func(a atom) bool {
			if a.subject == "" {
				return !w.keys[a.key()]
			}
			s := w.spans[a.subject]
			return s == nil || !s.implies(a)
		})
	})
}
