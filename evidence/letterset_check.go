package evidence

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
)

// functions are what templates may call, beside those of text/template.
var functions = template.FuncMap{
	"date": factDate, "money": factMoney, "quote": factQuote, "network": networks.NetworkName,
}

// limitedBuilder refuses more text than a letter has.
type limitedBuilder struct{ strings.Builder }

func (b *limitedBuilder) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxLetterChars {
		return 0, fmt.Errorf("it writes more than %d characters", maxLetterChars)
	}
	return b.Builder.Write(p)
}

func execute(words *template.Template, name string, data any) (string, error) {
	var sb limitedBuilder
	if err := words.ExecuteTemplate(&sb, name, data); err != nil {
		return "", dispute.Errorf(dispute.Invalid, "evidence: write letter", "%w", err)
	}
	return oneLine(sb.String()), nil
}

// check writes every letter of the set once: for each family, network and code
// of which it has words, from a sale of which all is known and from one of which
// nothing is, at every stage.
func (s *LetterSet) check() error {
	errs := []error{s.checkAsked()}
	for _, key := range slices.Sorted(maps.Keys(s.wordings)) {
		if err := checkWording(key, s.wordings[key]); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(distinct(slices.DeleteFunc(errs, func(err error) bool { return err == nil }))...)
}

// distinct drops what was said before: words that families share have their
// faults in common.
func distinct(errs []error) []error {
	var out []error
	seen := map[string]bool{}
	for _, err := range errs {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			if !seen[line] {
				seen[line] = true
				out = append(out, errors.New(line))
			}
		}
	}
	return out
}

func checkWording(key string, words *template.Template) error {
	if err := checkCalls(words); err != nil {
		return err
	}
	c := sampleCase(scope(key))
	rich := newBook(c, append(sampleItems(), sampleRefund()))
	errs := []error{checkFacts(words)}
	all := Letter{Family: c.Family}
	for _, proof := range slices.Sorted(maps.Keys(proofs)) {
		all.Claims = append(all.Claims, Claim{Proof: proof})
		errs = append(errs, checkSentence(rich, words, proof))
	}
	for _, stage := range []dispute.Stage{dispute.StageInquiry, dispute.StageChargeback, dispute.StagePreArbitration} {
		c.View.Snapshot.Stage = stage
		for _, l := range []Letter{all, {Family: c.Family}} {
			data := newFrameData(newBook(c, nil), l, Checklist{})
			refunded := data
			refunded.Refunded = true
			errs = append(errs, checkFrame(words, key, data), checkFrame(words, key, refunded))
		}
	}
	return errors.Join(errs...)
}

// checkSentence writes a sentence from exhibits that show all, and from one that
// shows nothing, which takes the other branches.
func checkSentence(rich *book, words *template.Template, proof string) error {
	if words.Lookup(proof) == nil {
		return fmt.Errorf("claims.tmpl: there is no sentence %q: %s", proof, proofs[proof].name)
	}
	_, err := claim(rich, words, proof)
	_, bareErr := execute(words, proof, claimData{F: everyFact(nil)})
	return errors.Join(err, bareErr)
}

func checkFrame(words *template.Template, key string, data frameData) error {
	var errs []error
	for _, part := range []string{"opening", "closing"} {
		if words.Lookup(part) == nil {
			errs = append(errs, fmt.Errorf("%s.tmpl: it defines no %q", key, part))
			continue
		}
		text, err := execute(words, part, data)
		if err == nil && text == "" {
			err = fmt.Errorf("%s.tmpl: %s says nothing", key, part)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// checkCalls finds templates that ask for themselves, and would never end.
func checkCalls(words *template.Template) error {
	var errs []error
	for _, t := range defined(words) {
		if reaches(words, t.Name(), t.Name(), map[string]bool{}) {
			where, _ := t.ErrorContext(t.Root)
			errs = append(errs, fmt.Errorf("%s: %q asks for itself", where, t.Name()))
		}
	}
	return errors.Join(errs...)
}

func reaches(words *template.Template, from, to string, seen map[string]bool) bool {
	t := words.Lookup(from)
	if t == nil || t.Tree == nil || seen[from] {
		return false
	}
	seen[from] = true
	found := false
	walk(t.Root, func(n parse.Node) {
		if call, ok := n.(*parse.TemplateNode); ok && (call.Name == to || reaches(words, call.Name, to, seen)) {
			found = true
		}
	})
	return found
}

// checkFacts finds facts that do not exist, in branches that no sample takes too.
func checkFacts(words *template.Template) error {
	var errs []error
	for _, t := range defined(words) {
		walk(t.Root, func(n parse.Node) {
			field, ok := n.(*parse.FieldNode)
			if ok && len(field.Ident) > 1 && field.Ident[0] == "F" && !slices.Contains(factNames, field.Ident[1]) {
				where, _ := t.ErrorContext(n)
				errs = append(errs, fmt.Errorf("%s: there is no fact %q", where, field.Ident[1]))
			}
		})
	}
	return errors.Join(errs...)
}

// checkAsked finds definitions that no letter of the set asks for: their names
// are mistaken.
func (s *LetterSet) checkAsked() error {
	asked := map[string]bool{"opening": true, "closing": true}
	for key := range proofs {
		asked[key] = true
	}
	for _, words := range s.wordings {
		for _, t := range defined(words) {
			walk(t.Root, func(n parse.Node) {
				if call, ok := n.(*parse.TemplateNode); ok {
					asked[call.Name] = true
				}
			})
		}
	}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(s.wordings)) {
		for _, t := range defined(s.wordings[key]) {
			if !asked[t.Name()] && t.Name() != t.ParseName {
				where, _ := t.ErrorContext(t.Root)
				errs = append(errs, fmt.Errorf("%s: nothing asks for %q", where, t.Name()))
			}
		}
	}
	return errors.Join(errs...)
}

// defined are the templates of a wording, by name.
func defined(words *template.Template) []*template.Template {
	out := slices.DeleteFunc(words.Templates(), func(t *template.Template) bool { return t.Tree == nil })
	slices.SortFunc(out, func(a, b *template.Template) int { return strings.Compare(a.Name(), b.Name()) })
	return out
}

// walk visits a node of a template and all below it.
func walk(n parse.Node, visit func(parse.Node)) {
	visit(n)
	for _, below := range children(n) {
		walk(below, visit)
	}
}

func children(n parse.Node) []parse.Node {
	switch n := n.(type) {
	case *parse.ListNode:
		return n.Nodes
	case *parse.ActionNode:
		return pipeline(n.Pipe)
	case *parse.TemplateNode:
		return pipeline(n.Pipe)
	case *parse.IfNode:
		return branches(n.BranchNode)
	case *parse.WithNode:
		return branches(n.BranchNode)
	case *parse.RangeNode:
		return branches(n.BranchNode)
	case *parse.CommandNode:
		return n.Args
	case *parse.PipeNode:
		return pipeline(n)
	}
	return nil
}

func branches(n parse.BranchNode) []parse.Node {
	out := append(pipeline(n.Pipe), n.List)
	if n.ElseList != nil {
		out = append(out, n.ElseList)
	}
	return out
}

// pipeline are the commands of a pipe; a template may be asked for without one.
func pipeline(p *parse.PipeNode) []parse.Node {
	if p == nil {
		return nil
	}
	out := make([]parse.Node, 0, len(p.Cmds))
	for _, c := range p.Cmds {
		out = append(out, c)
	}
	return out
}
