package rules

import (
	"bytes"
	"errors"
	"io"
	"regexp"
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
func Parse(name string, src []byte) (*Set, error) { return parse(name, src, true) }

// Read is Parse for a text that was published: it leaves out the checks of what
// a rule set brings about (rules that never match or are never reached, cut-offs
// past a deadline), which grow with every release and with the facts. A case
// keeps the rules that decided it.
func Read(name string, src []byte) (*Set, error) { return parse(name, src, false) }

func parse(name string, src []byte, strict bool) (*Set, error) {
	p := read(name, src, strict)
	if err := p.problems.err("parse", name); err != nil {
		return nil, err
	}
	p.set.hash = hashOf(p.set.source)
	return p.set, nil
}

// read reads what can be read of a text, and collects what is wrong.
func read(name string, src []byte, strict bool) *parser {
	p := &parser{strict: strict, conditions: map[string]outcome{}, set: &Set{
		Name: name, BaseCurrency: "USD", Teams: map[string]Team{}, Queues: map[string]Queue{}, Ladders: map[string]Ladder{},
		source: canonical(src),
	}}
	if root := p.document(p.set.source); root != nil {
		p.read(root)
	}
	return p
}

type parser struct {
	reader
	set    *Set
	strict bool
	alone  bool // one rule without its set: what it names is not looked up

	conditions map[string]outcome
	work       int // comparisons made to find rules that are never reached
	limit      int // of work
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
	top := p.fields(root, "the rule set", "base_currency", "fx", "fx_date", "handling_cost", "products_from", "countries_from",
		"calendar", "queues", "ladder", "ladders", "defaults", "rules")
	if root.Kind != yaml.MappingNode {
		return
	}
	p.currencies(top["base_currency"], top["fx"])
	p.sums(top)
	if e, ok := top["calendar"]; ok {
		p.calendar(e)
	}
	lines := map[string]int{}
	if e, ok := top["queues"]; ok {
		p.queues(e, lines)
	}
	for _, key := range []string{"ladder", "ladders"} {
		if e, ok := top[key]; ok {
			p.ladders(e, lines)
		}
	}
	p.teams(lines)
	p.punctual(lines)
	if e, ok := top["defaults"]; ok {
		f := p.fields(e.value, "defaults", effectKeys...)
		p.set.Defaults = p.effects(f)
		p.assignable(p.set.Defaults, lineOf(f["assign"], e.line))
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
	p.set.rates = &rates{base: p.set.BaseCurrency, to: map[string]rate{}}
	if fx.value == nil {
		return
	}
	for _, e := range p.entries(fx.value, "fx") {
		word := p.text(e, "the rate of "+e.key)
		if !p.currency(e.line, e.key) || word == "" {
			continue
		}
		exact, err := parseRate(word)
		switch {
		case err != nil:
			p.problem(e.value.Line, "the rate of "+e.key+": "+err.Error(), `write one unit in the base currency, as in EUR: "1.08"`)
		case e.key == p.set.BaseCurrency:
			p.problem(e.line, e.key+" is the base currency", "remove its rate")
		default:
			p.set.rates.to[e.key] = rate{exact, word}
		}
	}
}

// sums reads what amounts are converted and weighed with.
func (p *parser) sums(top map[string]entry) {
	if e, ok := top["fx_date"]; ok {
		if day, ok := p.day(e.value, "fx_date"); ok {
			p.set.rates.date = day.Format(time.DateOnly)
		}
	}
	p.set.ProductsFrom = p.text(top["products_from"], "products_from")
	p.set.CountriesFrom = p.text(top["countries_from"], "countries_from")
	word := p.text(top["handling_cost"], "handling_cost")
	if word == "" {
		return
	}
	cost, err := dispute.ParseMoney(word)
	if err == nil {
		_, err = p.set.rates.convert(cost)
	}
	switch line := top["handling_cost"].value.Line; {
	case err != nil:
		p.problem(line, "handling_cost: "+err.Error(), "write what the work on one answer costs, as in 8 "+p.set.BaseCurrency)
	case cost.Minor < 0:
		p.problem(line, "handling_cost is negative: "+word, "write it without a sign")
	default:
		p.set.HandlingCost = cost
	}
}

func (p *parser) currency(line int, code string) bool {
	if currencyCode.MatchString(code) {
		return true
	}
	p.problem(line, quote(code)+" is no currency", "write three capital letters, as in USD")
	return false
}

// named reads the name of something declared above.
func named[T any](p *parser, e entry, what string, declared map[string]T) string {
	name := p.text(e, what)
	if name == "" || p.alone {
		return name
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
