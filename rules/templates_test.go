package rules_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// Every template goes into the default rules, with the others and with other
// names, and changes nothing of what they decide.
func TestTemplatesMerge(t *testing.T) {
	t.Parallel()
	before, err := rules.Default().Evaluate(input())
	if err != nil {
		t.Fatal(err)
	}
	source := rules.Default().Source()
	for _, tmpl := range rules.Templates() {
		if source, err = tmpl.Merge("draft", source, nil); err != nil {
			t.Fatalf("%s: %v", tmpl.Name, err)
		}
		if _, err := tmpl.Merge("draft", source, nil); dispute.KindOf(err) != dispute.Conflict {
			t.Errorf("%s twice: %v", tmpl.Name, err)
		}
		named := map[string]string{}
		for _, n := range tmpl.Needs {
			named[n.Role] = "the-" + n.Role
		}
		other, err := tmpl.Merge("draft", rules.Default().Source(), named)
		if err != nil {
			t.Fatalf("%s: %v", tmpl.Name, err)
		}
		for _, n := range tmpl.Needs {
			if text := string(other); !strings.Contains(text, "the-"+n.Role) || strings.Contains(text, "<") && strings.Contains(text, "<"+n.Role+">") {
				t.Errorf("%s does not use %s", tmpl.Name, n.Role)
			}
		}
	}
	set, err := rules.Parse("draft", source)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Rules) != len(rules.Default().Rules)+len(rules.Templates()) || !strings.HasSuffix(string(source), lastLines(rules.Default().Source())) {
		t.Error("the rules that were there are not as they were")
	}
	after, err := set.Evaluate(input())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{before.Rule, before.Queue, before.Approval, before.Respond}, []any{after.Rule, after.Queue, after.Approval, after.Respond}); diff != "" {
		t.Errorf("another decision (-before +after):\n%s", diff)
	}
}

// lastLines are those of the default rules below the line `rules:`.
func lastLines(source []byte) string {
	_, rest, _ := strings.Cut(string(source), "\nrules:\n")
	return rest
}

func TestTemplateNeeds(t *testing.T) {
	t.Parallel()
	if n := len(rules.Templates()); n != 6 {
		t.Errorf("%d templates, want six", n)
	}
	for _, tmpl := range rules.Templates() {
		if tmpl.About == "" || len(tmpl.Needs) == 0 || !strings.Contains(tmpl.Rules, "continue: true") {
			t.Errorf("%s does not say what it does, or decides", tmpl.Name)
		}
		for _, n := range tmpl.Needs {
			if n.Role == "" || n.Capability == "" || n.Usual == "" {
				t.Errorf("%s: %+v", tmpl.Name, n)
			}
		}
	}
}

func TestTemplateRefusals(t *testing.T) {
	t.Parallel()
	if _, err := rules.TemplateNamed("reason-codes-to-sheets"); dispute.KindOf(err) != dispute.NotFound || !strings.Contains(err.Error(), "reason-codes-to-sheet") {
		t.Errorf("%v", err)
	}
	tmpl, err := rules.TemplateNamed("reason-codes-to-sheet")
	if err != nil {
		t.Fatal(err)
	}
	good := string(rules.Default().Source())
	flow := "queues: { a: { members: [a@b.example] } }\nladder: { l: { cut_off: 6h, at_cut_off: submit } }\ndefaults: { queue: a, ladder: l, respond: contest }\n" +
		`rules: [{ id: all, when: "true", then: { queue: a } }]`
	for name, tt := range map[string]struct {
		source string
		named  map[string]string
		want   string
	}{
		"unknown role":   {good, map[string]string{"sheets": "x"}, "sheet"},
		"no name":        {good, map[string]string{"sheet": "x, optional: true }"}, "is no name of a connection"},
		"a broken set":   {"rules: []", nil, "there are no rules"},
		"in one line":    {flow, nil, "below each other"},
		"not even YAML":  {"{", nil, "this is no YAML"},
		"a foreign rate": {strings.Replace(good, "base_currency: USD", "base_currency: usd", 1), nil, "usd"},
	} {
		if _, err := tmpl.Merge("draft", []byte(tt.source), tt.named); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	euro := "base_currency: EUR\n" + strings.Replace(flow, "rules: [{ id: all, when: \"true\", then: { queue: a } }]", "rules:\n- id: all\n  when: \"true\"\n  then: { queue: a }", 1)
	if high, err := rules.TemplateNamed("high-value-zendesk-and-manager"); err != nil {
		t.Error(err)
	} else if merged, err := high.Merge("draft", []byte(euro), nil); err != nil || !strings.Contains(string(merged), `money("500 EUR")`) {
		t.Errorf("%v\n%s", err, merged)
	}
}

func FuzzMerge(f *testing.F) {
	f.Add(string(rules.Default().Source()))
	f.Add("rules:\n# x\n- id: a\n  when: \"true\"\n")
	f.Add("a: &a [1]\nrules: *a")
	f.Fuzz(func(t *testing.T, source string) {
		tmpl := rules.Templates()[0]
		before, err := rules.Parse("draft", []byte(source))
		merged, mergeErr := tmpl.Merge("draft", []byte(source), nil)
		if mergeErr != nil {
			return
		}
		after, parseErr := rules.Parse("draft", merged)
		if err != nil || parseErr != nil || len(after.Rules) <= len(before.Rules) {
			t.Errorf("%v, %v", err, parseErr)
		}
	})
}
