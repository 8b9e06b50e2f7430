package rules

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// sizeLimit is the longest rule set, in bytes.
const sizeLimit = 1 << 20

// Parse reads and checks a rule set. name says what it is in errors. The error
// is a *dispute.Error of kind Invalid that wraps Problems (use errors.As), with
// everything that is wrong, by line: unknown keys, queues, ladders and fields,
// conditions that do not type-check or cost too much, rules that are never
// reached, and any way in which a case could end without queue, ladder or
// response.
func Parse(name string, src []byte) (*Set, error) {
	p := parser{set: &Set{
		Name: name, BaseCurrency: "USD", Queues: map[string]Queue{}, Ladders: map[string]Ladder{},
		source: canonical(src),
	}}
	if root := p.document(p.set.source); root != nil {
		p.read(root)
	}
	if err := p.problems.err("parse", name); err != nil {
		return nil, err
	}
	p.set.hash = hashOf(p.set.source)
	return p.set, nil
}

type parser struct {
	reader
	set *Set
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

// document reads the one YAML document there is.
func (p *parser) document(src []byte) *yaml.Node {
	if len(src) > sizeLimit {
		p.problem(1, "the rule set is larger than 1 MiB", "split it by merchant")
		return nil
	}
	var root, second yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(src))
	if err := dec.Decode(&root); err != nil && !errors.Is(err, io.EOF) {
		p.syntax(err)
		return nil
	}
	if len(root.Content) == 0 {
		p.problem(1, "the rule set is empty", "start from the default rules")
		return nil
	}
	switch err := dec.Decode(&second); {
	case err == nil:
		p.problem(second.Line, "there is a second document", "remove the line ---")
	case !errors.Is(err, io.EOF):
		p.syntax(err)
	}
	return root.Content[0]
}

func (p *parser) syntax(err error) {
	message, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = strings.Replace(message, m[0], "", 1)
	}
	p.problem(line, "this is no YAML: "+message, "look at the indentation, the quotes and the brackets")
}

func (p *parser) read(root *yaml.Node) {
	top := p.fields(root, "the rule set", "base_currency", "fx", "queues", "ladder", "ladders", "defaults", "rules")
	if root.Kind != yaml.MappingNode {
		return
	}
	p.currencies(top["base_currency"], top["fx"])
	if e, ok := top["queues"]; ok {
		p.queues(e)
	}
	for _, key := range []string{"ladder", "ladders"} {
		if e, ok := top[key]; ok {
			p.ladders(e)
		}
	}
	if e, ok := top["defaults"]; ok {
		p.set.Defaults = p.effects(p.fields(e.value, "defaults", "queue", "approval", "ladder", "respond", "min_strength"))
	}
	rules, ok := top["rules"]
	if !ok {
		p.problem(root.Line, "there are no rules", `add a rule with when: "true"`)
		return
	}
	p.rules(rules)
}

var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

func (p *parser) currencies(base, fx entry) {
	if code := p.text(base, "base_currency"); code != "" {
		p.set.BaseCurrency = code
		p.currency(base.value.Line, code)
	}
	p.set.rates = &rates{base: p.set.BaseCurrency, to: map[string]*big.Rat{}}
	if fx.value == nil {
		return
	}
	for _, e := range p.entries(fx.value, "fx") {
		word := p.text(e, "the rate of "+e.key)
		if !p.currency(e.line, e.key) || word == "" {
			continue
		}
		rate, err := parseRate(word)
		switch {
		case err != nil:
			p.problem(e.value.Line, "the rate of "+e.key+": "+err.Error(), `write one unit in the base currency, as in EUR: "1.08"`)
		case e.key == p.set.BaseCurrency:
			p.problem(e.line, e.key+" is the base currency", "remove its rate")
		default:
			p.set.rates.to[e.key] = rate
		}
	}
}

func (p *parser) currency(line int, code string) bool {
	if currencyCode.MatchString(code) {
		return true
	}
	p.problem(line, quote(code)+" is no currency", "write three capital letters, as in USD")
	return false
}

func (p *parser) queues(e entry) {
	for _, q := range p.entries(e.value, "queues") {
		f := p.fields(q.value, "queue "+q.key, "members", "escalate_to")
		queue := Queue{Name: q.key, EscalateTo: p.text(f["escalate_to"], "escalate_to")}
		for _, n := range p.list(f["members"], "members") {
			if member := p.text(entry{value: n}, "a member"); member != "" {
				queue.Members = append(queue.Members, member)
			}
		}
		if len(queue.Members) == 0 {
			p.problem(q.line, "queue "+q.key+" has no members", "name somebody: members: [person@example.com]")
		}
		p.set.Queues[q.key] = queue
	}
}

func (p *parser) ladders(e entry) {
	for _, l := range p.entries(e.value, "ladder") {
		if _, twice := p.set.Ladders[l.key]; twice {
			p.problem(l.line, "ladder "+l.key+" is written twice", "remove one")
		}
		p.set.Ladders[l.key] = p.ladder(l)
	}
}

func (p *parser) ladder(e entry) Ladder {
	what := "ladder " + e.key
	f := p.fields(e.value, what, "remind", "escalate", "cut_off", "at_cut_off")
	l := Ladder{
		Name:     e.key,
		Remind:   p.steps(f["remind"], "remind"),
		Escalate: p.steps(f["escalate"], "escalate"),
		AtCutOff: AtCutOff(p.choice(f["at_cut_off"], "at_cut_off", string(AtCutOffSubmit), string(AtCutOffAccept), string(AtCutOffPerson))),
	}
	if _, ok := f["at_cut_off"]; !ok {
		p.problem(e.line, what+" does not say what happens at the cut-off", "add at_cut_off: submit, accept or person")
	}
	cut, ok := f["cut_off"]
	if !ok {
		p.problem(e.line, what+" has no cut-off", "add cut_off: 6h")
		return l
	}
	if d, ok := p.duration(cut.value, "cut_off"); ok && d == 0 {
		p.problem(cut.value.Line, "cut_off leaves no time to send before the deadline", "make it an hour or more, as in cut_off: 6h")
	} else {
		l.CutOff = d
	}
	return l
}

// steps reads durations before the cut-off, longest first.
func (p *parser) steps(e entry, what string) []time.Duration {
	var out []time.Duration
	for _, n := range p.list(e, what) {
		d, ok := p.duration(n, what)
		switch {
		case !ok:
		case d == 0:
			p.problem(n.Line, "a step of "+what+" is not before the cut-off", "write how long before, as in 24h")
		case slices.Contains(out, d):
			p.problem(n.Line, what+" has "+showDuration(d)+" twice", "remove one")
		default:
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b time.Duration) int { return cmp.Compare(b, a) })
	return out
}

// effects reads everything but notices and the ticket.
func (p *parser) effects(f map[string]entry) Effects {
	return Effects{
		Queue:    named(p, f["queue"], "queue", p.set.Queues),
		Approval: Approval(p.choice(f["approval"], "approval", string(ApprovalNone), string(ApprovalRequired))),
		Ladder:   named(p, f["ladder"], "ladder", p.set.Ladders),
		Respond: dispute.Response(p.choice(f["respond"], "respond",
			string(dispute.ResponseContest), string(dispute.ResponseAccept))),
		MinStrength: p.choice(f["min_strength"], "min_strength", "0", "1", "2", "3", "4"),
	}
}

// named reads the name of something declared above.
func named[T any](p *parser, e entry, what string, declared map[string]T) string {
	name := p.text(e, what)
	if name == "" {
		return ""
	}
	if _, ok := declared[name]; !ok {
		var known []string
		for k := range declared {
			known = append(known, k)
		}
		p.problem(e.value.Line, "there is no "+what+" "+quote(name), suggest(name, known, "declare it at the top"))
	}
	return name
}
