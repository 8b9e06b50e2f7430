package rules

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Sketch is the text of a rule set that is being written: what can be read of
// it, and everything that is wrong with it.
type Sketch struct {
	// Set is right when there are no problems; otherwise it holds what could be
	// read, and nothing may be decided by it.
	Set      *Set
	Problems Problems
}

// ReadSketch reads a text, right or wrong. name says what it is in problems.
func ReadSketch(name string, src []byte) Sketch {
	p := read(name, src, true)
	return Sketch{p.set, p.problems.sorted()}
}

// Lines are where a rule stands in its text, from 1, its own comment included.
type Lines struct{ First, Last int }

// RuleText is a rule as it is written in a text, at the left margin, with the
// comment above it. A rule that is not there is NotFound.
func RuleText(src []byte, id string) (string, Lines, error) {
	t, err := readText(src)
	if err != nil {
		return "", Lines{}, err
	}
	at, err := t.find(id)
	if err != nil {
		return "", Lines{}, err
	}
	b := t.blocks[at]
	var out strings.Builder
	for _, line := range t.lines[b.first:b.end] {
		out.WriteString(strings.TrimPrefix(line, t.margin))
	}
	return out.String(), Lines{b.first + 1, b.end}, nil
}

// PutRule writes a rule into a text, in the place of the one called id. With an
// empty id it is added: before the first rule that always holds and decides, or
// at the end. The text around it stays as it is.
func PutRule(src []byte, id, rule string) ([]byte, error) {
	t, err := readText(src)
	if err != nil {
		return nil, err
	}
	lines := t.indent(rule)
	if id != "" {
		at, err := t.find(id)
		if err != nil {
			return nil, err
		}
		b := t.blocks[at]
		return t.replace(b.first, b.end, lines), nil
	}
	if at := slices.IndexFunc(t.blocks, func(b block) bool { return b.catchAll }); at >= 0 {
		first := t.blocks[at].first
		return t.replace(first, first, append(lines, "\n")), nil
	}
	end := t.blocks[len(t.blocks)-1].end
	return t.replace(end, end, append([]string{"\n"}, lines...)), nil
}

// RemoveRule takes a rule out of a text, with the comment above it.
func RemoveRule(src []byte, id string) ([]byte, error) {
	t, err := readText(src)
	if err != nil {
		return nil, err
	}
	at, err := t.find(id)
	if err != nil {
		return nil, err
	}
	b := t.blocks[at]
	return t.replace(b.first, t.blankAfter(b.end), nil), nil
}

// MoveRule puts a rule at another place among the rules, from 0; places beyond
// either end are the end. Its comment goes along.
func MoveRule(src []byte, id string, place int) ([]byte, error) {
	t, err := readText(src)
	if err != nil {
		return nil, err
	}
	at, err := t.find(id)
	if err != nil {
		return nil, err
	}
	order := make([]block, 0, len(t.blocks))
	order = append(append(order, t.blocks[:at]...), t.blocks[at+1:]...)
	order = slices.Insert(order, max(0, min(place, len(order))), t.blocks[at])
	out := slices.Clone(t.lines[:t.blocks[0].first])
	for i, b := range order {
		out = append(out, t.lines[b.first:b.end]...)
		if i+1 < len(t.blocks) { // what stood between the places stays there
			out = append(out, t.lines[t.blocks[i].end:t.blocks[i+1].first]...)
		}
	}
	out = append(out, t.lines[t.blocks[len(t.blocks)-1].end:]...)
	return []byte(strings.Join(out, "")), nil
}

// text is a rule set as lines, with the places of its rules.
type text struct {
	lines  []string // each with its end
	blocks []block
	margin string // before the dash of a rule
}

// block is one rule: lines[first:end], with the comment directly above it.
type block struct {
	id         string
	first, end int
	catchAll   bool
}

func readText(src []byte) (*text, error) {
	const op = "rules: read the text"
	src = canonical(src)
	var doc yaml.Node
	if err := yaml.Unmarshal(src, &doc); err != nil {
		return nil, dispute.Errorf(dispute.Invalid, op, "this is no YAML: %s; mend it in the text", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	list, err := ruleList(&doc)
	if err != nil {
		return nil, dispute.Errorf(dispute.Invalid, op, "%w", err)
	}
	t := &text{lines: slices.Collect(strings.Lines(string(src))), margin: strings.Repeat(" ", list.Column-1)}
	for _, n := range list.Content {
		b := t.blockAt(n.Line - 1)
		b.id = valueAt(n, "id")
		b.catchAll = valueAt(n, "when") == "true" && valueAt(n, "continue") != "true" && valueAt(n, "shadow") != "true"
		t.blocks = append(t.blocks, b)
	}
	return t, nil
}

// ruleList finds the list of rules, which has to be written with a dash for each.
func ruleList(doc *yaml.Node) (*yaml.Node, error) {
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("there are no rules")
	}
	top := doc.Content[0].Content
	for i := 0; i+1 < len(top); i += 2 {
		key, list := top[i], top[i+1]
		switch {
		case key.Value != "rules":
		case list.Kind != yaml.SequenceNode || list.Style&yaml.FlowStyle != 0 || list.Line == key.Line:
			return nil, fmt.Errorf("line %d: write the rules below each other, as in \"- id: …\"", key.Line)
		case len(list.Content) > 0:
			return list, nil
		}
	}
	return nil, fmt.Errorf("there are no rules")
}

// valueAt is the plain value of a key; empty when there is none.
func valueAt(n *yaml.Node, key string) string {
	if v := childOf(n, key); v != nil && v.Kind == yaml.ScalarNode {
		return v.Value
	}
	return ""
}

func childOf(n *yaml.Node, key string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// blockAt is the rule whose dash is on a line: everything below that is farther
// from the margin belongs to it, comments between wherever they stand, and the
// comment directly above.
func (t *text) blockAt(dash int) block {
	for dash > 0 && !strings.HasPrefix(t.lines[dash], t.margin+"-") { // a dash may stand alone
		dash--
	}
	b := block{first: dash, end: dash + 1}
	for at := b.end; at < len(t.lines); at++ {
		line := t.lines[at]
		if strings.TrimSpace(line) == "" {
			continue
		}
		switch {
		case strings.HasPrefix(line, t.margin+" "):
			b.end = at + 1
		case strings.HasPrefix(strings.TrimSpace(line), "#"): // the rule may go on below
		default:
			return t.withComment(b)
		}
	}
	return t.withComment(b)
}

// withComment is a block with the comment directly above.
func (t *text) withComment(b block) block {
	for b.first > 0 && strings.HasPrefix(t.lines[b.first-1], t.margin+"#") {
		b.first--
	}
	return b
}

func (t *text) find(id string) (int, error) {
	at := slices.IndexFunc(t.blocks, func(b block) bool { return b.id == id })
	if id == "" || at < 0 {
		return 0, dispute.Errorf(dispute.NotFound, "rules: find a rule", "there is no rule %s", quote(id))
	}
	return at, nil
}

// indent brings a rule to the margin of the others.
func (t *text) indent(rule string) []string {
	var out []string
	for line := range strings.Lines(strings.TrimRight(string(canonical([]byte(rule))), "\n") + "\n") {
		if strings.TrimSpace(line) != "" {
			line = t.margin + line
		}
		out = append(out, line)
	}
	return out
}

func (t *text) replace(first, end int, by []string) []byte {
	return []byte(strings.Join(slices.Concat(t.lines[:first], by, t.lines[end:]), ""))
}

// blankAfter is behind the blank lines at a place.
func (t *text) blankAfter(at int) int {
	for at < len(t.lines) && strings.TrimSpace(t.lines[at]) == "" {
		at++
	}
	return at
}
