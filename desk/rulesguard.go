package desk

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
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
// configuration says: whoever installs the system brings it. A nil first set is
// one that this release cannot read: it may guard anything.
func (d *Desk) approval(from, to *rules.Set, live int64) Approval {
	a := Approval{Why: []string{}, Loosens: []string{}}
	if from != nil {
		a.Loosens = Loosened(from, to)
	}
	always := d.RulesApproval != nil && *d.RulesApproval
	never := d.RulesApproval != nil && !*d.RulesApproval
	switch {
	case never || live == 0:
		return a
	case always:
		a.Why = append(a.Why, "the configuration asks for a second person at every change")
	}
	if from == nil {
		a.Why = append(a.Why, fmt.Sprintf("version %d in force cannot be read by this release, so its guards are not known", live))
	}
	for _, what := range a.Loosens {
		a.Why = append(a.Why, "it loosens a guard: "+what)
	}
	a.Needed = len(a.Why) > 0
	return a
}

// guard is how one rule watches over money: what it says itself and, where it
// decides, what the defaults say for it.
type guard struct {
	rule     rules.Rule
	place    int
	approval rules.Approval
	respond  dispute.Response
	strength string
	hold     bool
	ladder   rules.Ladder // without a name where a contributing rule leaves it open
}

// guards are those of a set's rules that are not mere shadows, by their ids.
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
	return guard{rule: r, approval: e.Approval, respond: e.Respond, strength: e.MinStrength, hold: e.Hold, ladder: s.Ladders[e.Ladder]}
}

func (g guard) weighs() bool { return g.respond == rules.RespondByValue }

// gives reports whether the rule gives money up, or leaves that to arithmetic.
func (g guard) gives() bool { return g.respond != "" && g.respond != dispute.ResponseContest }

func (g guard) givesIn() bool { return g.ladder.AtCutOff == rules.AtCutOffAccept }

func (g guard) approves() bool { return g.approval == rules.ApprovalRequired }

// wants is the strength of the evidence that the rule asks for; 0 for none.
func (g guard) wants() int {
	n, _ := strconv.Atoi(g.strength) // a digit, or open
	return n
}

func (g guard) watches() bool { return g.approves() || g.hold || g.wants() > 0 }

// silent reports whether the rule says nothing of money: it tags, tells or
// chooses a queue, and another one decides.
func (g guard) silent() bool {
	return g.rule.Continue && g.approval == "" && g.respond == "" && g.strength == "" && !g.hold && g.ladder.Name == ""
}

// leaves reports whether the rule leaves a matter to others that it does not say.
func (g guard) leaves(said string) bool { return g.rule.Continue && said == "" }

// covers reports whether a case is guarded as well by this rule as by another. A
// contributing rule takes nothing away by what it leaves open; what it says stays,
// whatever the rules behind it say.
func (g guard) covers(other guard) bool {
	approval := !other.approves() || g.approves() || g.leaves(string(g.approval))
	hold := !other.hold || g.hold || g.rule.Continue
	strength := g.wants() >= other.wants() || g.leaves(g.strength)
	respond := fight[g.respond] >= fight[other.respond] || g.leaves(string(g.respond))
	return approval && hold && strength && respond && g.coversCutOff(other)
}

// fight orders the responses, and wait what happens at the cut-off, by how little
// money goes by itself.
var (
	fight = map[dispute.Response]int{dispute.ResponseContest: 2, rules.RespondByValue: 1, dispute.ResponseAccept: 0}
	wait  = map[rules.AtCutOff]int{rules.AtCutOffPerson: 2, rules.AtCutOffSubmit: 1, rules.AtCutOffAccept: 0}
)

func (g guard) coversCutOff(other guard) bool {
	mine, its := wait[g.ladder.AtCutOff], wait[other.ladder.AtCutOff]
	switch {
	case other.ladder.Name == "" || g.leaves(g.ladder.Name):
		return true
	case mine != its:
		return mine > its
	}
	return !other.watches() || cutOff(g.ladder) == cutOff(other.ladder)
}

// cutOff is when a ladder stops waiting, in words.
func cutOff(l rules.Ladder) string {
	if l.CutOffDays > 0 {
		return fmt.Sprintf("%dbd", l.CutOffDays)
	}
	text := l.CutOff.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// Loosened says in words which guards of money a rule set loosens that another
// has, or may loosen: what is neither known to be harmless nor to guard more
// counts. Harmless are comments, tags, notices, tickets, reports, reminders,
// queues and their people, a rule that newly asks for more, and one that guards at
// least as well as the rules it takes cases from. Rates, the base currency, where
// products and countries are read from, conditions and cut-offs count at every
// change: what they bring about cannot be known from their words.
func Loosened(from, to *rules.Set) []string {
	before, old := guards(from)
	now, kept := guards(to)
	out := []string{}
	for _, g := range now {
		was, had := old[g.rule.ID]
		if had {
			out = append(out, g.changes(was)...)
		} else {
			out = append(out, g.begins()...)
		}
		out = append(out, g.overtakes(was, had, now, old)...)
	}
	for _, g := range before {
		if _, still := kept[g.rule.ID]; !still && g.missed(now, old) {
			out = append(out, fmt.Sprintf("rule %s is gone, which %s", g.rule.ID, g.words()))
		}
	}
	out = append(out, ladders(from, to, before)...)
	out = append(out, calendars(from, to, before)...)
	return append(out, settings(from, to, now)...)
}

// begins tells of a new rule that gives money up.
func (g guard) begins() []string {
	switch {
	case g.gives():
		return []string{fmt.Sprintf("rule %s is new and says respond: %s", g.rule.ID, g.respond)}
	case g.givesIn():
		return []string{fmt.Sprintf("rule %s gives in at the cut-off", g.rule.ID)}
	}
	return nil
}

// changes tells what a rule guards less than it did, or for other cases.
func (g guard) changes(was guard) []string {
	var out []string
	say := func(loose bool, format string, args ...any) {
		if loose {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	id := g.rule.ID
	say(g.gives() && g.respond != was.respond, "rule %s says respond: %s instead of %s", id, g.respond, orElse(string(was.respond), "nothing"))
	say(g.respond == "" && fight[was.respond] > 0, "rule %s no longer says respond: %s", id, was.respond)
	say(was.approves() && !g.approves(), "rule %s no longer asks for approval", id)
	say(was.hold && !g.hold, "rule %s no longer holds its cases", id)
	say(g.wants() < was.wants(), "rule %s asks for strength %d instead of %d", id, g.wants(), was.wants())
	say(g.ladder.Name == "" && was.ladder.Name != "", "rule %s no longer says ladder: %s", id, was.ladder.Name)
	if both := g.ladder.Name != "" && was.ladder.Name != ""; both && g.ladder.Name != was.ladder.Name {
		out = append(out, cutOffs("rule "+id, was.ladder, g.ladder)...)
	}
	say(g.rule.Continue != was.rule.Continue, "rule %s says continue: %t instead of %t", id, g.rule.Continue, was.rule.Continue)
	tells := !g.silent() || !was.silent()
	say(len(out) == 0 && tells && !same(g.rule.When, was.rule.When), "the condition of rule %s changed, which %s", id, was.words())
	return out
}

// cutOffs tells what else happens at the end of a ladder. That it is left to a
// person is no loss.
func cutOffs(whose string, was, is rules.Ladder) []string {
	var out []string
	switch is.AtCutOff {
	case was.AtCutOff, rules.AtCutOffPerson:
	case rules.AtCutOffAccept:
		out = append(out, whose+" gives in at the cut-off")
	default:
		out = append(out, fmt.Sprintf("at_cut_off of %s is %s instead of %s", whose, is.AtCutOff, was.AtCutOff))
	}
	if cutOff(is) != cutOff(was) {
		out = append(out, fmt.Sprintf("cut_off of %s is %s instead of %s", whose, cutOff(is), cutOff(was)))
	}
	return out
}

// ladders tells of the ladders that the rules before used and that end otherwise.
func ladders(from, to *rules.Set, before []guard) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(from.Ladders)) {
		is, still := to.Ladders[name]
		used := slices.ContainsFunc(before, func(g guard) bool { return g.ladder.Name == name })
		if still && used {
			out = append(out, cutOffs("ladder "+name, from.Ladders[name], is)...)
		}
	}
	return out
}

// calendars tells of teams that work other days, where a cut-off counts by them.
func calendars(from, to *rules.Set, before []guard) []string {
	var out []string
	if !slices.ContainsFunc(before, func(g guard) bool { return g.ladder.CutOffDays > 0 }) {
		return out
	}
	for _, name := range slices.Sorted(maps.Keys(to.Teams)) {
		if was, had := from.Teams[name]; !had || !sameDays(was, to.Teams[name]) {
			out = append(out, fmt.Sprintf("the calendar has other days for team %s, by which a cut-off in business days counts", name))
		}
	}
	return out
}

// sameDays reports whether two teams work on the same days, at whatever hours.
func sameDays(a, b rules.Team) bool {
	week := maps.EqualFunc(a.Week, b.Week, func(_, _ rules.Hours) bool { return true })
	return week && (a.Week == nil) == (b.Week == nil) && a.Zone.String() == b.Zone.String() && maps.Equal(a.Holidays, b.Holidays)
}

// overtakes tells of a rule that stands before one it did not stand before, or
// says for the rules behind it what it did not say, and guards less.
func (g guard) overtakes(was guard, had bool, now []guard, old map[string]guard) []string {
	speaks := !had || g.rule.Continue && !g.sameWords(was)
	for _, behind := range now {
		before, known := old[behind.rule.ID]
		if !known || behind.place <= g.place || g.covers(before) {
			continue
		}
		if speaks || was.place > before.place {
			return []string{fmt.Sprintf("rule %s takes cases before rule %s, which %s", g.rule.ID, behind.rule.ID, before.words())}
		}
	}
	return nil
}

// sameWords reports whether a rule says the same of money as it did.
func (g guard) sameWords(was guard) bool {
	return g.approval == was.approval && g.respond == was.respond && g.strength == was.strength && g.hold == was.hold && g.ladder.Name == was.ladder.Name
}

// missed reports whether some case of a rule that is gone may go to one that
// guards it less: any that is new or stood behind it.
func (g guard) missed(now []guard, old map[string]guard) bool {
	return slices.ContainsFunc(now, func(next guard) bool {
		was, had := old[next.rule.ID]
		return (!had || was.place > g.place) && !next.covers(g)
	})
}

// words say what a rule guards, after "which".
func (g guard) words() string {
	var parts []string
	if g.approves() {
		parts = append(parts, "asks for approval")
	}
	if g.rule.Continue && g.approval == rules.ApprovalNone {
		parts = append(parts, "says approval: none")
	}
	if g.hold {
		parts = append(parts, "holds its cases")
	}
	if g.wants() > 0 {
		parts = append(parts, fmt.Sprintf("asks for strength %d", g.wants()))
	}
	if g.gives() {
		parts = append(parts, fmt.Sprintf("says respond: %s", g.respond))
	}
	if g.ladder.AtCutOff == rules.AtCutOffPerson {
		parts = append(parts, "leaves it to a person at the cut-off")
	}
	if len(parts) == 0 && g.respond == "" {
		return "contributes"
	}
	return orElse(strings.Join(parts, " and "), "contests")
}

var (
	quoted  = regexp.MustCompile(`"[^"]*"|'[^']*'`)
	tangled = regexp.MustCompile(`//|\\|"""|'''`) // a comment, an escape, a long string: where spaces tell
	ofValue = regexp.MustCompile(`\bvalue\b`)
)

// same reports whether two conditions differ in nothing but spaces between words.
func same(a, b string) bool {
	if a == b || tangled.MatchString(a+b) {
		return a == b
	}
	return slices.Equal(strings.Fields(a), strings.Fields(b)) && slices.Equal(quoted.FindAllString(a, -1), quoted.FindAllString(b, -1))
}
