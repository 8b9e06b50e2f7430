package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

var ruleID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

func (p *parser) rules(e entry) {
	first := map[string]int{}
	for _, n := range p.list(e, "rules") {
		r, ok := p.ruleAt(n)
		p.rule = ""
		if !ok {
			continue
		}
		if line, twice := first[r.ID]; twice && r.ID != "" {
			p.problem(r.Line, "two rules are called "+r.ID, fmt.Sprintf("rename this one or the one on line %d", line))
		} else {
			first[r.ID] = r.Line
		}
		p.set.Rules = append(p.set.Rules, r)
	}
	if len(p.set.Rules) == 0 {
		p.problem(e.line, "there are no rules", `add a rule with when: "true"`)
		return
	}
	p.complete()
	p.reachable()
}

func (p *parser) ruleAt(n *yaml.Node) (Rule, bool) {
	r := Rule{Line: n.Line}
	f := p.fields(n, "a rule", "id", "when", "then", "continue", "shadow")
	if n.Kind != yaml.MappingNode {
		return r, false
	}
	r.ID = p.text(f["id"], "id")
	p.rule = r.ID
	if !ruleID.MatchString(r.ID) {
		p.problem(r.Line, "the rule has no id of letters, digits and dashes", "write id: what-it-is-for")
	}
	r.When, r.condition = p.when(f["when"], r.Line)
	r.Continue = p.yes(f["continue"], "continue")
	r.Shadow = p.yes(f["shadow"], "shadow")
	then, ok := f["then"]
	if !ok {
		p.problem(r.Line, "the rule says nothing", "add then: { queue: … }")
		return r, true
	}
	known := append([]string{"hold", "tags", "sources", "notify", "ticket", "report", "continue", "shadow"}, effectKeys...)
	g := p.fields(then.value, "then", known...)
	r.Continue = r.Continue || p.yes(g["continue"], "continue")
	r.Shadow = r.Shadow || p.yes(g["shadow"], "shadow")
	r.Then = p.effects(g)
	p.more(&r.Then, g)
	p.assignable(r.Then, lineOf(g["assign"], r.Line))
	return r, true
}

func lineOf(e entry, otherwise int) int {
	if e.value == nil {
		return otherwise
	}
	return e.value.Line
}

func (p *parser) when(e entry, ruleLine int) (string, *condition) {
	if e.value == nil {
		p.problem(ruleLine, "the rule has no condition", `add when: "true" if it always holds`)
		return "", nil
	}
	n := e.value
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		p.problem(n.Line, "YAML reads the leading ! as something else", "put the condition in quotes")
		return "", nil
	}
	text := p.text(e, "when")
	if text == "" || p.alone {
		return text, nil
	}
	c, flaws := p.compiled(n.Value)
	for _, f := range flaws {
		p.problem(conditionLine(n, f.line), f.message, f.mend)
	}
	return text, c
}

// compiled compiles a condition once, however many rules have it.
func (p *parser) compiled(text string) (*condition, []flaw) {
	if done, ok := p.conditions[text]; ok {
		return done.condition, done.flaws
	}
	c, flaws := compile(text, p.set.rates)
	if p.strict && c != nil {
		flaws = c.slips(p.set)
	}
	p.conditions[text] = outcome{c, flaws}
	return c, flaws
}

// outcome is what came of compiling a condition.
type outcome struct {
	condition *condition
	flaws     []flaw
}

// conditionLine is the source line of a line of a condition. A block (| or >)
// begins on the line after its mark; any other condition is taken to be one line.
func conditionLine(n *yaml.Node, line int) int {
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return n.Line + line
	}
	return n.Line
}

func (p *parser) notify(n *yaml.Node) Notify {
	f := p.fields(n, "notify", "connection", "channel", "optional")
	out := Notify{
		Connection: p.text(f["connection"], "connection"),
		Channel:    p.text(f["channel"], "channel"),
		Optional:   p.yes(f["optional"], "optional"),
	}
	if out.Channel == "" {
		p.problem(n.Line, "the notice has no channel", `add channel: "#disputes"`)
	}
	p.refer(f["connection"], n.Line, out.Connection, out.Optional)
	return out
}

func (p *parser) ticket(e entry) Ticket {
	f := p.fields(e.value, "ticket", "connection", "priority", "optional")
	out := Ticket{
		Connection: p.text(f["connection"], "connection"),
		Priority:   p.choice(f["priority"], "priority", "low", "normal", "high", "urgent"),
		Optional:   p.yes(f["optional"], "optional"),
	}
	if out.Priority == "" {
		out.Priority = "normal"
	}
	p.refer(f["connection"], e.value.Line, out.Connection, out.Optional)
	return out
}

func (p *parser) report(n *yaml.Node) Report {
	f := p.fields(n, "report", "connection", "on", "to", "optional")
	out := Report{
		Connection: p.text(f["connection"], "connection"),
		To:         Recipients(p.choice(f["to"], "to", string(ToMembers), string(ToEscalation), string(ToAssignee))),
		Optional:   p.yes(f["optional"], "optional"),
	}
	for _, one := range p.list(f["on"], "on") {
		moment := dispute.Moment(p.choice(entry{"on", one.Line, one}, "on", words(dispute.Moments...)...))
		if moment != "" && !slices.Contains(out.On, moment) {
			out.On = append(out.On, moment)
		}
	}
	if len(out.On) == 0 {
		p.problem(n.Line, "the report says nothing of when", "add on: [opened, decided]")
	}
	p.refer(f["connection"], n.Line, out.Connection, out.Optional)
	return out
}

func (p *parser) refer(e entry, line int, connection string, optional bool) {
	if connection == "" {
		p.problem(line, "no connection is named", "add connection: and its name in the configuration")
		return
	}
	p.set.references = append(p.set.references, reference{p.rule, connection, e.value.Line, optional, "write optional: true beside it"})
}
