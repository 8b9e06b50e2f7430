package rules

import (
	"fmt"
	"slices"
)

const (
	// mostWork bounds the comparisons that are made for a whole set to find rules
	// that never match or are never reached. Beyond it nothing more is said: a set
	// is not refused for being large.
	mostWork = 2_000_000
	// mostJointWork is the same for one rule and all of those above it together.
	mostJointWork = 2_000
)

// candidate is a rule, and the ways in which it can match.
type candidate struct {
	rule    *Rule
	ways    ways
	refused bool
}

// reachable finds rules that never match, and rules that those above leave
// nothing to.
func (p *parser) reachable() {
	if !p.strict {
		return
	}
	defer func() { p.rule = "" }()
	p.limit = mostWork
	all := p.candidates()
	p.eachBelow(all, p.shadowed)
	p.eachBelow(all, p.jointly)
}

// candidates are the rules whose ways are known. One that has none is a problem,
// and so is one below a rule that always holds.
func (p *parser) candidates() []*candidate {
	var out []*candidate
	var last *Rule                 // takes all that comes to it
	known := map[*condition]ways{} // many rules may have the same
	for i := range p.set.Rules {
		r := &p.set.Rules[i]
		if r.condition == nil {
			continue
		}
		own, done := known[r.condition]
		if !done && !p.tired() {
			own = p.possible(r.condition)
			known[r.condition] = own
		}
		p.rule = r.ID
		switch {
		case own != nil && len(own) == 0:
			p.problem(r.Line, "the condition never holds"+p.contradiction(r.condition), "take one side of the contradiction out, or remove the rule")
		case last != nil:
			p.unreached(r, fmt.Sprintf("%s on line %d always holds", last.ID, last.Line))
		case own != nil:
			out = append(out, &candidate{rule: r, ways: own})
		}
		if last == nil && r.alwaysDecides() {
			last = r
		}
	}
	return out
}

// eachBelow shows every rule those above it that decide, until one look says
// that it is refused or there was too much to compare.
func (p *parser) eachBelow(all []*candidate, refuses func(c *candidate, above []*candidate) bool) {
	var above []*candidate
	for _, c := range all {
		if p.work > mostWork {
			return
		}
		p.rule = c.rule.ID
		c.refused = c.refused || refuses(c, above)
		if c.rule.decides() && !c.refused {
			above = append(above, c)
		}
	}
}

// shadowed finds one rule above that takes everything.
func (p *parser) shadowed(c *candidate, above []*candidate) bool {
	if c.rule.always() {
		return false // the last resort is asked for, and may be idle
	}
	left := make([]way, len(c.ways))
	for i, atoms := range c.ways {
		if left[i] = p.wayOf(atoms); p.tired() {
			return false
		}
	}
	for _, e := range above {
		if !slices.ContainsFunc(left, func(w way) bool { return !p.covered(w, e.ways) }) {
			return p.unreached(c.rule, fmt.Sprintf("%s on line %d takes every case that it matches", e.rule.ID, e.rule.Line))
		}
		if p.tired() {
			return false
		}
	}
	return false
}

// jointly finds a rule to which all the rules above together leave nothing.
func (p *parser) jointly(c *candidate, above []*candidate) bool {
	if c.rule.always() {
		return false
	}
	p.limit = min(mostWork, p.work+mostJointWork)
	var others ways
	for _, e := range above {
		others = append(others, e.ways...)
	}
	if slices.ContainsFunc(c.ways, func(atoms []atom) bool { return !p.taken(atoms, others) }) {
		return false
	}
	if len(above) == 1 {
		return p.unreached(c.rule, fmt.Sprintf("%s on line %d takes every case that it matches", above[0].rule.ID, above[0].rule.Line))
	}
	return p.unreached(c.rule, "the rules above it together take every case that it matches")
}

func (p *parser) unreached(r *Rule, why string) bool {
	p.problem(r.Line, "the rule is never reached: "+why, "move it up, or remove it")
	return true
}

// tired reports whether enough was compared.
func (p *parser) tired() bool { return p.work > p.limit }

// possible are the ways in which a condition can hold; nil when they are too
// many to look at.
func (p *parser) possible(c *condition) ways {
	if c.always != nil {
		if *c.always {
			return ways{{}}
		}
		return ways{}
	}
	own := slices.DeleteFunc(slices.Clone(c.waysOf()), func(w []atom) bool { return !p.tired() && p.impossible(w) != "" })
	if p.tired() {
		return nil
	}
	return own
}

// way is what one way leaves of every field, and the texts that hold in it.
type way struct {
	spans map[string]*span
	keys  map[string]bool
}

func (p *parser) wayOf(atoms []atom) way {
	w := way{map[string]*span{}, map[string]bool{}}
	p.work++
	for _, a := range atoms {
		if a.subject == "" {
			p.work++
			w.keys[a.key()] = true
			continue
		}
		if w.spans[a.subject] == nil {
			w.spans[a.subject] = spanOf(a.field, &p.work)
		}
		w.spans[a.subject].narrow(a)
	}
	return w
}

// impossible names what a way leaves nothing of; empty when there is nothing such.
func (p *parser) impossible(atoms []atom) string {
	w := p.wayOf(atoms)
	for _, a := range atoms {
		if a.subject == "" && w.keys[a.denied().key()] {
			return a.text
		}
		s := w.spans[a.subject]
		if s != nil && s.empty() {
			return a.name
		}
		delete(w.spans, a.subject) // it was looked at
	}
	return ""
}

// contradiction says what cannot be, where all ways fail for it.
func (p *parser) contradiction(c *condition) string {
	if p.tired() {
		return ""
	}
	var of []string
	for _, w := range c.waysOf() {
		if p.tired() {
			return ""
		}
		if name := p.impossible(w); name != "" && !slices.Contains(of, name) {
			of = append(of, name)
		}
	}
	if len(of) != 1 {
		return ""
	}
	return ": " + of[0] + " cannot be all of that at once"
}

// covered reports whether what matches this way matches one of the others too.
func (p *parser) covered(w way, others ways) bool {
	return slices.ContainsFunc(others, func(other []atom) bool {
		return !slices.ContainsFunc(other, func(a atom) bool { return !p.implies(w, a) })
	})
}

// implies reports whether an atom holds in a way, as far as that was looked at.
func (p *parser) implies(w way, a atom) bool {
	if p.work++; p.tired() {
		return false
	}
	if a.subject == "" {
		return w.keys[a.key()]
	}
	s := w.spans[a.subject]
	if s == nil && a.field.certain() && (a.field.Values != nil || a.field.least != nil) {
		s = spanOf(a.field, &p.work)
	}
	return s != nil && s.implies(a)
}

// taken reports whether all that matches this way matches one of the others.
// What one of them leaves of it is looked for in the rest.
func (p *parser) taken(atoms []atom, others ways) bool {
	if p.impossible(atoms) != "" {
		return true
	}
	w := p.wayOf(atoms)
	for i, other := range others {
		if p.tired() {
			return false
		}
		if left, ok := p.without(atoms, w, other); ok {
			return !slices.ContainsFunc(left, func(piece []atom) bool { return !p.taken(piece, others[i+1:]) })
		}
	}
	return false
}

// without is what another way leaves of one; ok is false when it takes nothing,
// or nothing for certain.
func (p *parser) without(atoms []atom, w way, other []atom) (left ways, ok bool) {
	meet := slices.Clone(atoms)
	for _, a := range other {
		if !w.judges(a) {
			return nil, false
		}
		if p.implies(w, a) {
			continue
		}
		left = append(left, slices.Concat(meet, []atom{a.denied()}))
		meet = append(meet, a)
	}
	return left, p.impossible(meet) == ""
}

// judges reports whether an atom holds or does not in all that matches a way:
// there is no case in which it cannot be judged.
func (w way) judges(a atom) bool {
	if a.subject == "" {
		return w.keys[a.key()] || w.keys[a.denied().key()]
	}
	s := w.spans[a.subject]
	if s == nil {
		return a.field.certain()
	}
	return s.comparable || a.field.Type != "money"
}

// certain reports whether a field is known for every case, and is never what its
// vocabulary does not list. Money may lack a rate, and a provider may leave the
// stage open.
func (f Field) certain() bool {
	return f.Type != "money" && f.Name != "dispute.rate" && (f.Values == nil || f.Name == "payment.refund")
}
