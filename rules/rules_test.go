package rules_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestDefault(t *testing.T) {
	t.Parallel()
	set := rules.Default()
	if err := set.Check([]string{}); err != nil {
		t.Error(err)
	}
	if set != rules.Default() {
		t.Error("Default is parsed more than once")
	}
	family := func(f dispute.Family) func(*rules.Input) { return func(in *rules.Input) { in.Case.Family = f } }
	refunded := func(in *rules.Input) { in.Case.Payment.Refunded = dispute.Money{Minor: 100, Currency: "USD"} }
	tests := []struct {
		name, rule, queue string
		approval          bool
		respond           dispute.Response
		in                rules.Input
	}{
		{"ordinary", "rest", "frontline", false, dispute.ResponseContest, input()},
		{"high and not received", "high-value-not-received", "senior", true, dispute.ResponseContest, input(amount(50000, "USD"))},
		{"high in euros", "high-value", "senior", true, dispute.ResponseContest, input(amount(50000, "EUR"), family(dispute.FamilyDuplicate))},
		{"tiny and doubtful", "tiny", "frontline", false, dispute.ResponseAccept, input(amount(1000, "USD"), doubtful)},
		{"tiny and hopeful", "rest", "frontline", false, dispute.ResponseContest, input(amount(1000, "USD"))},
		{"tiny and refunded", "refunded", "frontline", false, dispute.ResponseContest, input(amount(1000, "USD"), doubtful, refunded)},
		{"fraud", "fraud", "senior", false, dispute.ResponseContest, input(family(dispute.FamilyUnrecognized))},
		{"currency without a rate", "rest", "frontline", true, dispute.ResponseContest, input(amount(50000, "BRL"))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := mustEvaluate(t, set, tt.in)
			if r.Rule != tt.rule || r.Queue != tt.queue || r.Approval != tt.approval || r.Respond != tt.respond {
				t.Errorf("got %s: %s, approval %v, %s", r.Rule, r.Queue, r.Approval, r.Respond)
			}
			if _, ok := set.Queues[r.Queue]; !ok {
				t.Errorf("queue %q does not exist", r.Queue)
			}
		})
	}
}

// The rule set of the documentation, with the queue and the defaults that it
// leaves to the reader.
func TestDocumentedExample(t *testing.T) {
	t.Parallel()
	const src = `
queues:
  senior: { members: [disputes@acme.example], escalate_to: payments@acme.example }
  frontline: { members: [disputes@acme.example] }
ladder:                      # before the cut-off; names are reused by rules
  standard: { remind: [5d, 72h, 24h], escalate: [12h], cut_off: 6h, at_cut_off: submit }
defaults: { queue: frontline, ladder: standard, respond: contest }
rules:                       # first match wins unless continue: true; every match is explained
  - id: high-value-not-received
    when: dispute.amount_base >= money("500 USD") && dispute.family == "product_not_received"
    then: { queue: senior, approval: required, ladder: standard,
            notify: [{ connection: alerts, channel: "#disputes-high" }],
            ticket: { connection: helpdesk, priority: urgent } }
  - id: tiny
    when: dispute.amount_base < money("15 USD") && win_probability < 0.5
    then: { respond: accept }
  - id: rest
    when: "true"
    then: { queue: frontline, approval: none, respond: contest }
`
	set := mustParse(t, src)
	want := map[string]rules.Queue{
		"senior":    {Name: "senior", Members: []string{"disputes@acme.example"}, EscalateTo: "payments@acme.example"},
		"frontline": {Name: "frontline", Members: []string{"disputes@acme.example"}},
	}
	if diff := cmp.Diff(want, set.Queues); diff != "" {
		t.Error(diff)
	}
	if set.BaseCurrency != "USD" {
		t.Errorf("base currency is %s", set.BaseCurrency)
	}
	if err := set.Check([]string{"alerts", "helpdesk"}); err != nil {
		t.Error(err)
	}
	got := mustEvaluate(t, set, input(amount(50000, "USD")))
	if got.Rule != "high-value-not-received" || !got.Approval || got.Ticket.Priority != "urgent" || got.Notify[0].Channel != "#disputes-high" {
		t.Errorf("got %+v", got)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		src string
		in  rules.Input
	}{
		"continue": {policy, input(amount(60000, "EUR"))},
		"unjudged": {policy, input(amount(60000, "BRL"))},
		"block": {strings.Replace(one("id: r\n    when: |\n      first_time ||\n      days_left > 1 && dispute.merchant == \"acme\"\n    then: { queue: front }"),
			"cut_off: 6h", "cut_off: 90m", 1), input()},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := rules.Explain(mustParse(t, tt.src), tt.in)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "explain_"+name+".txt", text)
		})
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	set := mustParse(t, policy)
	if want := fmt.Sprintf("%x", sha256.Sum256(set.Source())); set.Hash() != want {
		t.Errorf("hash is %s, want %s", set.Hash(), want)
	}
	same := map[string]string{
		"line ends":    strings.ReplaceAll(policy, "\n", "\r\n"),
		"old line end": strings.ReplaceAll(policy, "\n", "\r"),
		"byte order":   "\ufeff" + policy,
		"blank end":    policy + "  \n\n\t\n",
		"no last line": strings.TrimRight(policy, "\n"),
		"own source":   string(set.Source()),
	}
	for name, src := range same {
		if got := mustParse(t, src).Hash(); got != set.Hash() {
			t.Errorf("%s: changed the hash", name)
		}
	}
	if mustParse(t, policy+"# a word\n").Hash() == set.Hash() {
		t.Error("another text has the same hash")
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	tests := map[string]time.Duration{
		"5d": 120 * time.Hour, "72h": 72 * time.Hour, "30m": 30 * time.Minute, "1h30m": 90 * time.Minute,
		"366d": 366 * 24 * time.Hour, "1.5h": 90 * time.Minute,
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			set := mustParse(t, strings.Replace(head, "24h", text, 1)+"rules:"+rest)
			if got := set.Ladders["std"].Remind[0]; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestLaddersMayBeCalledLadders(t *testing.T) {
	t.Parallel()
	set := mustParse(t, head+"ladders:\n  other: { cut_off: 1h, at_cut_off: accept }\nrules:"+rest)
	if len(set.Ladders) != 2 || set.Ladders["other"].AtCutOff != rules.AtCutOffAccept {
		t.Errorf("got %+v", set.Ladders)
	}
}

func TestAliasesWork(t *testing.T) {
	t.Parallel()
	src := strings.Replace(head, "std: {", "std: &s {", 1) + "ladders: { other: *s }\nrules:" + rest
	set := mustParse(t, src)
	if set.Ladders["other"].CutOff != 6*time.Hour {
		t.Errorf("got %+v", set.Ladders)
	}
}

// The guide lists the vocabulary as it is; -update writes it.
func TestDocumentedFields(t *testing.T) {
	t.Parallel()
	const guide, begin, end = "../docs/rules.md", "<!-- fields -->\n", "<!-- end of fields -->"
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	before, after, opens := strings.Cut(string(text), begin)
	got, after, closes := strings.Cut(after, end)
	if !opens || !closes {
		t.Fatalf("%s has no list of fields between %s and %s", guide, begin, end)
	}
	want := "| Field | Type | What it is |\n|---|---|---|\n"
	for _, f := range rules.Vocabulary() {
		want += fmt.Sprintf("| `%s` | %s | %s", f.Name, f.Type, f.Doc)
		if f.Values != nil {
			want += ": `" + strings.Join(f.Values, "`, `") + "`"
		}
		want += " |\n"
	}
	if *update {
		got = want
		if err := os.WriteFile(guide, []byte(before+begin+want+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is behind the vocabulary; -update writes it (-want +got):\n%s", guide, diff)
	}
}

// The guide's examples publish: the whole set, and the settings around one.
func TestDocumentedSets(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for i, part := range strings.Split(string(text), "```") {
		if yaml, ok := strings.CutPrefix(part, "yaml\n"); ok && i%2 == 1 {
			blocks = append(blocks, yaml)
		}
	}
	if len(blocks) != 3 {
		t.Fatalf("%d examples, want the set, its settings and its calendar", len(blocks))
	}
	mustParse(t, blocks[0])
	set := mustParse(t, blocks[1]+blocks[2]+"rules: [{ id: rest, when: 'true', then: { queue: senior, ladder: standard, respond: by_value, assign: { by: skill, skill: fraud } } }]\n")
	if set.TeamOf("senior").Name != "zurich" || set.HandlingCost.Minor != 800 {
		t.Errorf("%+v", set)
	}
}

// Every field of the vocabulary has a value, a type that the value has, and
// words for the person who writes rules.
func TestVocabulary(t *testing.T) {
	t.Parallel()
	literals := map[string]string{"bool": "true", "int": "1", "double": "1.0", "string": `"x"`, "money": `money("1 USD")`, "map": `{"a": "b"}`}
	seen := map[string]bool{}
	for _, f := range rules.Vocabulary() {
		if seen[f.Name] || f.Doc == "" || f.Label == "" || !strings.Contains(f.Example, f.Name) || literals[f.Type] == "" {
			t.Errorf("%s is listed twice, has no words or an unknown type: %+v", f.Name, f)
		}
		seen[f.Name] = true
		literal := literals[f.Type]
		switch {
		case f.Values != nil:
			literal = `"` + f.Values[0] + `"`
		case f.Name == "dispute.currency":
			literal = `"USD"`
		}
		const keys = "products_from: product\ncountries_from: country\n"
		set := mustParse(t, keys+one("id: r\n    when: '"+f.Name+" == "+literal+"'\n    then: { queue: front }"))
		route := mustEvaluate(t, set, input())
		if m := route.Explanation[0]; m.Error != "" || !strings.HasPrefix(m.Why, f.Name+" = ") || strings.HasSuffix(m.Why, "= ") {
			t.Errorf("%s: %+v", f.Name, m)
		}
		example := mustParse(t, keys+one("id: r\n    when: '"+f.Example+"'\n    then: { queue: front }"))
		if m := mustEvaluate(t, example, input()).Explanation[0]; m.Error != "" {
			t.Errorf("the example of %s cannot be judged: %s", f.Name, m.Error)
		}
	}
	rules.Vocabulary()[0].Name = "spoilt"
	if rules.Vocabulary()[0].Name == "spoilt" {
		t.Error("a caller wrote into the vocabulary")
	}
}
