package rules

import (
	"bytes"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Form is one rule as a form shows it, beside its text.
type Form struct {
	ID string
	// Builder are the lines of the condition. When is the condition itself where
	// it is more than lines can show; then there are no lines.
	Builder Builder
	When    string

	Queue, Approval, Respond, Ladder, MinStrength string
	Assign                                        string // a person, "by load", "by round_robin", "by skill NAME"; empty: nobody
	Tags                                          []string
	Hold, Continue, Shadow                        bool
	Notify                                        []Notify
	Ticket                                        *Ticket
	// Others are effects that the form only tells of, in words: they are written
	// in the text.
	Others []string
}

// NewRule is the text that a rule begins with.
const NewRule = "- id: \n  when: \"true\"\n  then: {}\n"

// FormOf reads the form of a rule's text, as RuleText gives it. What is wrong with
// the text comes as problems, their lines counted from its first; the form holds
// what could be read.
func FormOf(text string) (Form, Problems) {
	r, problems := readRule(text)
	f := Form{
		ID: r.ID, Queue: r.Then.Queue, Approval: string(r.Then.Approval), Respond: string(r.Then.Respond), Ladder: r.Then.Ladder,
		MinStrength: r.Then.MinStrength, Tags: r.Then.Tags, Hold: r.Then.Hold, Continue: r.Continue, Shadow: r.Shadow,
		Notify: r.Then.Notify, Ticket: r.Then.Ticket,
	}
	if r.Then.Assign != nil {
		f.Assign = r.Then.Assign.form()
	}
	ok := false
	if f.Builder, ok = BuilderOf(r.When); !ok {
		f.When = r.When
	}
	if len(r.Then.Sources) > 0 {
		f.Others = append(f.Others, "ask only "+strings.Join(r.Then.Sources, ", "))
	}
	for _, one := range r.Then.Reports {
		f.Others = append(f.Others, one.effect())
	}
	return f, problems
}

// readRule reads a rule alone: names that are declared elsewhere are taken as
// they are.
func readRule(text string) (Rule, Problems) {
	p := parser{alone: true, set: new(Set)}
	var doc yaml.Node
	if err := yaml.Unmarshal(canonical([]byte(text)), &doc); err != nil {
		p.syntax(err)
		return Rule{}, p.problems
	}
	n := onlyRule(&doc)
	if n == nil {
		p.problem(1, "this is not one rule", `write one rule, beginning with "- id:"`)
		return Rule{}, p.problems
	}
	r, _ := p.ruleAt(n)
	return r, p.problems.sorted()
}

func onlyRule(doc *yaml.Node) *yaml.Node {
	if len(doc.Content) == 1 && doc.Content[0].Kind == yaml.SequenceNode && len(doc.Content[0].Content) == 1 {
		if n := doc.Content[0].Content[0]; n.Kind == yaml.MappingNode {
			return n
		}
	}
	return nil
}

// form is the assignment as a form writes it.
func (a Assign) form() string {
	switch {
	case a.Person != "":
		return a.Person
	case a.Skill != "":
		return "by skill " + a.Skill
	}
	return "by " + string(a.By)
}

// Write puts the form into a rule's text: what it changes is written anew, the
// rest of the text stays. Where it changes nothing the text stays as it is. The error is of kind Invalid: a line of the condition
// that says nothing, or a text that is no rule.
func (f Form) Write(text string) (string, error) {
	var doc yaml.Node
	err := yaml.Unmarshal(canonical([]byte(text)), &doc)
	n := onlyRule(&doc)
	if err != nil || n == nil {
		return "", dispute.Errorf(dispute.Invalid, "rules: write the form", "the text is not one rule: mend it first, or begin anew")
	}
	before, err := encode(&doc)
	if err != nil {
		return "", err
	}
	was, _ := FormOf(text)
	when := f.When
	if when == "" {
		if when, err = f.Builder.CEL(); err != nil {
			return "", err
		}
	}
	if f.ID != was.ID {
		set(n, "id", scalar(f.ID))
	}
	if !sameCondition(when, valueAt(n, "when")) {
		set(n, "when", conditionNode(when))
	}
	then := childOf(n, "then")
	if then == nil || then.Kind != yaml.MappingNode {
		then = &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
		set(n, "then", then)
	}
	f.effects(then, was)
	f.switches(n, then, was)
	after, err := encode(&doc)
	if err != nil || after == before {
		return text, err
	}
	return after, nil
}

func encode(doc *yaml.Node) (string, error) {
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(doc); err != nil {
		return "", dispute.Errorf(dispute.Invalid, "rules: write the form", "%w", err)
	}
	return out.String(), enc.Close()
}

// sameCondition compares conditions by what a form shows of them, so that another
// way of writing the same stays as it is.
func sameCondition(a, b string) bool {
	left, okA := BuilderOf(a)
	right, okB := BuilderOf(b)
	return strings.TrimSpace(a) == strings.TrimSpace(b) || okA && okB && reflect.DeepEqual(left, right)
}

func (f Form) effects(then *yaml.Node, was Form) {
	for _, one := range []struct{ key, now, was string }{
		{"queue", f.Queue, was.Queue}, {"approval", f.Approval, was.Approval}, {"respond", f.Respond, was.Respond},
		{"ladder", f.Ladder, was.Ladder}, {"min_strength", f.MinStrength, was.MinStrength},
	} {
		if one.now != one.was {
			set(then, one.key, scalar(one.now))
		}
	}
	if f.Assign != was.Assign {
		set(then, "assign", assignNode(f.Assign))
	}
	if !slices.Equal(f.Tags, was.Tags) {
		set(then, "tags", tagsNode(f.Tags))
	}
	if !slices.Equal(f.Notify, was.Notify) {
		set(then, "notify", notifyNode(f.Notify))
	}
	if !reflect.DeepEqual(f.Ticket, was.Ticket) {
		set(then, "ticket", ticketNode(f.Ticket))
	}
}

// switches writes what is on or off; continue and shadow may stand in either
// place.
func (f Form) switches(rule, then *yaml.Node, was Form) {
	for _, one := range []struct {
		at       *yaml.Node
		key      string
		now, was bool
	}{{then, "hold", f.Hold, was.Hold}, {rule, "continue", f.Continue, was.Continue}, {rule, "shadow", f.Shadow, was.Shadow}} {
		if one.now == one.was {
			continue
		}
		set(then, one.key, nil)
		set(one.at, one.key, nil)
		if one.now {
			set(one.at, one.key, scalar("true"))
		}
	}
}

// set writes a key of a mapping, or takes it away when there is no value.
func set(n *yaml.Node, key string, value *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != key {
			continue
		}
		if value == nil {
			n.Content = slices.Delete(n.Content, i, i+2)
			return
		}
		value.LineComment, value.FootComment = n.Content[i+1].LineComment, n.Content[i+1].FootComment
		n.Content[i+1] = value
		return
	}
	if value != nil {
		n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, value)
	}
}

// scalar is a word as YAML; nil when it is empty.
func scalar(word string) *yaml.Node {
	if word == "" {
		return nil
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: word}
}

// conditionNode is a condition as YAML: in quotes where YAML would read it as
// something else.
func conditionNode(when string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: when}
	var read yaml.Node
	err := yaml.Unmarshal([]byte("when: "+when), &read)
	if err != nil || valueAt(read.Content[0], "when") != when || when == "true" || when == "false" {
		n.Style = yaml.SingleQuotedStyle
		if !strings.Contains(when, `"`) {
			n.Style = yaml.DoubleQuotedStyle
		}
	}
	return n
}

func assignNode(text string) *yaml.Node {
	by, isWay := strings.CutPrefix(text, "by ")
	if !isWay {
		return scalar(text)
	}
	if skill, ok := strings.CutPrefix(by, "skill "); ok {
		return pairs("by", "skill", "skill", skill)
	}
	return pairs("by", by)
}

func notifyNode(all []Notify) *yaml.Node {
	if len(all) == 0 {
		return nil
	}
	n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, one := range all {
		n.Content = append(n.Content, pairs("connection", one.Connection, "channel", one.Channel, "optional", ifTrue(one.Optional)))
	}
	return n
}

func ticketNode(t *Ticket) *yaml.Node {
	if t == nil {
		return nil
	}
	return pairs("connection", t.Connection, "priority", t.Priority, "optional", ifTrue(t.Optional))
}

func tagsNode(tags []string) *yaml.Node {
	if len(tags) == 0 {
		return nil
	}
	n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, tag := range tags {
		n.Content = append(n.Content, scalar(tag))
	}
	return n
}

func ifTrue(b bool) string {
	if b {
		return "true"
	}
	return ""
}

// pairs is a mapping in one line, without the keys whose value is empty.
func pairs(of ...string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	for i := 0; i+1 < len(of); i += 2 {
		set(n, of[i], scalar(of[i+1]))
	}
	return n
}
