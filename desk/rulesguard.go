package desk

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// Approval says whether a second person agrees to a change of the rules before
// it is published, and why.
type Approval struct {
	Needed  bool     `json:"needed"`
	Why     []string `json:"why"`     // the reasons, when it is needed
	Loosens []string `json:"loosens"` // the guards of money that the change loosens, needed or not
}

// approval weighs a change from one set to another. Live is the version that the
// first set was published as; the very first version needs nobody, whatever the
// configuration says: whoever installs the system brings it.
func (d *Desk) approval(from, to *rules.Set, live int64) Approval {
	a := Approval{Why: []string{}, Loosens: Loosened(from, to)}
	always := d.RulesApproval != nil && *d.RulesApproval
	never := d.RulesApproval != nil && !*d.RulesApproval
	switch {
	case never || live == 0:
		return a
	case always:
		a.Why = append(a.Why, "the configuration asks for a second person at every change")
	}
	for _, what := range a.Loosens {
		a.Why = append(a.Why, "it loosens a guard: "+what)
	}
	a.Needed = len(a.Why) > 0
	return a
}

// guard is how one rule watches over money.
type guard struct {
	rule     rules.Rule
	place    int
	respond  dispute.Response
	gives    bool // gives money up by itself, now or at the cut-off
	atCutOff bool // at the cut-off
	approval bool
	hold     bool
	strength int
}

// guards are those of a set's rules that decide something, by their ids.
func guards(s *rules.Set) (order []guard, byID map[string]guard) {
	byID = map[string]guard{}
	for i, r := range s.Rules {
		if r.Shadow {
			continue
		}
		g := guardOf(s, r)
		g.place = i
		order, byID[r.ID] = append(order, g), g
	}
	return order, byID
}

func guardOf(s *rules.Set, r rules.Rule) guard {
	e := r.Then
	if !r.Continue { // what it leaves open, the defaults say
		e.Approval = cmp.Or(e.Approval, s.Defaults.Approval)
		e.Respond = cmp.Or(e.Respond, s.Defaults.Respond)
		e.Ladder = cmp.Or(e.Ladder, s.Defaults.Ladder)
		e.MinStrength = cmp.Or(e.MinStrength, s.Defaults.MinStrength)
		e.Hold = e.Hold || s.Defaults.Hold
	}
	g := guard{rule: r, respond: e.Respond, approval: e.Approval == rules.ApprovalRequired, hold: e.Hold}
	g.strength, _ = strconv.Atoi(e.MinStrength) // empty is no guard
	g.atCutOff = s.Ladders[e.Ladder].AtCutOff == rules.AtCutOffAccept
	g.gives = e.Respond != "" && e.Respond != dispute.ResponseContest
	return g
}

func (g guard) weighs() bool { return g.respond == rules.RespondByValue }

func (g guard) watches() bool { return g.approval || g.hold || g.strength > 0 }

// same reports whether two rules hold for the same cases, as far as their words
// tell.
func (g guard) same(other guard) bool {
	return strings.Join(strings.Fields(g.rule.When), " ") == strings.Join(strings.Fields(other.rule.When), " ")
}

// Loosened says in words which guards of money a rule set loosens that another
// has: disputes accepted, or left to arithmetic, that were contested before; an
// approval, a hold or a wanted strength of the evidence that is gone; a cut-off
// that gives in. Whether a changed condition is wider cannot be known from its
// words, so it counts.
func Loosened(from, to *rules.Set) []string {
	_, old := guards(from)
	now, kept := guards(to)
	out := []string{}
	for _, g := range now {
		was, had := old[g.rule.ID]
		out = append(out, g.givesMore(was, had)...)
		if had {
			out = append(out, g.watchesLess(was)...)
		}
		out = append(out, g.overtakes(was, had, now, old)...)
	}
	if to.HandlingCost.Minor > from.HandlingCost.Minor && slices.ContainsFunc(now, guard.weighs) {
		out = append(out, fmt.Sprintf("handling_cost is %s instead of %s, so respond: by_value accepts more", to.HandlingCost, from.HandlingCost))
	}
	before, _ := guards(from)
	for _, g := range before {
		if _, still := kept[g.rule.ID]; !still && g.watches() {
			out = append(out, fmt.Sprintf("rule %s is gone, which %s", g.rule.ID, g.words()))
		}
	}
	return out
}

func (g guard) givesMore(was guard, had bool) []string {
	var out []string
	changed := had && !g.same(was)
	switch {
	case g.gives && !had:
		out = append(out, fmt.Sprintf("rule %s is new and says respond: %s", g.rule.ID, g.respond))
	case g.gives && (!was.gives || g.respond != was.respond):
		out = append(out, fmt.Sprintf("rule %s says respond: %s instead of %s", g.rule.ID, g.respond, was.respond))
	case g.gives && changed:
		out = append(out, fmt.Sprintf("rule %s says respond: %s, and its condition changed", g.rule.ID, g.respond))
	}
	if g.atCutOff && !g.gives && (!had || !was.atCutOff || changed) {
		out = append(out, fmt.Sprintf("rule %s gives in at the cut-off", g.rule.ID))
	}
	return out
}

func (g guard) watchesLess(was guard) []string {
	var out []string
	if was.approval && !g.approval {
		out = append(out, fmt.Sprintf("rule %s no longer asks for approval", g.rule.ID))
	}
	if was.hold && !g.hold {
		out = append(out, fmt.Sprintf("rule %s no longer holds its cases", g.rule.ID))
	}
	if g.strength < was.strength {
		out = append(out, fmt.Sprintf("rule %s asks for strength %d instead of %d", g.rule.ID, g.strength, was.strength))
	}
	if len(out) == 0 && was.watches() && !g.same(was) {
		out = append(out, fmt.Sprintf("the condition of rule %s changed, which %s", g.rule.ID, was.words()))
	}
	return out
}

// overtakes tells of a rule that asks for less than one behind it and takes cases
// from it that it did not take before.
func (g guard) overtakes(was guard, had bool, now []guard, old map[string]guard) []string {
	if g.rule.Continue {
		return nil
	}
	for _, behind := range now[placeOf(now, g):] {
		before, known := old[behind.rule.ID]
		if !known || !before.watches() || g.covers(before) {
			continue
		}
		if took := had && was.place < before.place && g.same(was) && !was.rule.Continue; !took {
			return []string{fmt.Sprintf("rule %s takes cases before rule %s, which %s", g.rule.ID, behind.rule.ID, before.words())}
		}
	}
	return nil
}

func placeOf(all []guard, g guard) int {
	for i := range all {
		if all[i].place == g.place {
			return i + 1
		}
	}
	return len(all)
}

// covers reports whether the rule watches at least as much as another.
func (g guard) covers(other guard) bool {
	return (g.approval || !other.approval) && (g.hold || !other.hold) && g.strength >= other.strength
}

func (g guard) words() string {
	var parts []string
	if g.approval {
		parts = append(parts, "asks for approval")
	}
	if g.hold {
		parts = append(parts, "holds its cases")
	}
	if g.strength > 0 {
		parts = append(parts, fmt.Sprintf("asks for strength %d", g.strength))
	}
	return strings.Join(parts, " and ")
}
