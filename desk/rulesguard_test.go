package desk

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/rules"
)

// guarded has one rule with an approval and one without.
const guarded = `queues:
  all: { members: [a@acme.example] }
ladder:
  l: { cut_off: 6h, at_cut_off: submit }
  g: { cut_off: 6h, at_cut_off: accept }
defaults: { queue: all, ladder: l, respond: contest }
rules:
  - { id: high, when: dispute.amount_base >= money("500 USD"), then: { approval: required, min_strength: 2 } }
  - { id: rest, when: "true", then: { queue: all } }
`

func parsed(t *testing.T, source string) *rules.Set {
	t.Helper()
	set, err := rules.Parse("test", []byte(source))
	ok(t, err)
	return set
}

func TestLoosened(t *testing.T) {
	t.Parallel()
	const high, rest = `when: dispute.amount_base >= money("500 USD"), then: { approval: required, min_strength: 2 }`, `{ id: rest, when: "true", then: { queue: all } }`
	for name, tc := range map[string]struct {
		from, to string // replaced in the guarded set
		want     string // part of the only word; empty for none
	}{
		"nothing":                    {"", "", ""},
		"spaces in a condition":      {"when: dispute.amount_base >=", "when: dispute.amount_base  >=", ""},
		"more approval":              {`then: { queue: all } }`, `then: { queue: all, approval: required } }`, ""},
		"more strength":              {"min_strength: 2", "min_strength: 3", ""},
		"a contesting rule, guarded": {"rules:\n", "rules:\n  - { id: eu, when: dispute.currency == \"EUR\", then: { approval: required, min_strength: 2 } }\n", ""},
		"a rule that contributes":    {"rules:\n", "rules:\n  - { id: eu, when: dispute.currency == \"EUR\", then: { queue: all, continue: true } }\n", ""},
		"a rule behind":              {"  - " + rest, "  - { id: eu, when: dispute.currency == \"EUR\", then: { queue: all } }\n  - " + rest, ""},
		"accepts":                    {rest, `{ id: rest, when: "true", then: { respond: accept } }`, "rule rest says respond: accept instead of contest"},
		"leaves it to arithmetic":    {rest, `{ id: rest, when: "true", then: { respond: by_value } }`, "rule rest says respond: by_value instead of contest"},
		"a new rule accepts":         {"  - " + rest, "  - { id: eu, when: dispute.currency == \"EUR\", then: { respond: accept } }\n  - " + rest, "rule eu is new and says respond: accept"},
		"defaults accept":            {"respond: contest }", "respond: accept }", "rule high says respond: accept instead of contest"},
		"gives in at the cut-off":    {rest, `{ id: rest, when: "true", then: { ladder: g } }`, "rule rest gives in at the cut-off"},
		"the ladder gives in":        {"l: { cut_off: 6h, at_cut_off: submit }", "l: { cut_off: 6h, at_cut_off: accept }", "gives in at the cut-off"},
		"no approval":                {"approval: required, ", "", "rule high no longer asks for approval"},
		"less strength":              {"min_strength: 2", "min_strength: 1", "rule high asks for strength 1 instead of 2"},
		"another threshold":          {"500 USD", "900 USD", "the condition of rule high changed, which asks for approval and asks for strength 2"},
		"the rule is gone":           {"  - { id: high, " + high + " }\n", "", "rule high is gone, which asks for approval"},
		"a rule before it":           {"rules:\n", "rules:\n  - { id: eu, when: dispute.currency == \"EUR\", then: { queue: all } }\n", "rule eu takes cases before rule high"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(guarded, tc.from) {
				t.Fatalf("%q is not in the set", tc.from)
			}
			to := strings.Replace(guarded, tc.from, tc.to, 1)
			got := Loosened(parsed(t, guarded), parsed(t, to))
			if tc.want == "" && len(got) > 0 || tc.want != "" && !strings.Contains(strings.Join(got, "; "), tc.want) {
				t.Errorf("loosens %q, want %q", got, tc.want)
			}
			if back := Loosened(parsed(t, to), parsed(t, to)); len(back) > 0 {
				t.Errorf("beside itself it loosens %q", back)
			}
		})
	}
}

func TestDearerWorkLoosens(t *testing.T) {
	t.Parallel()
	weighing := "handling_cost: 5 USD\n" + strings.Replace(guarded, "then: { queue: all }", "then: { respond: by_value }", 1)
	dearer := strings.Replace(weighing, "5 USD", "9 USD", 1)
	got := Loosened(parsed(t, weighing), parsed(t, dearer))
	if diff := cmp.Diff([]string{"handling_cost is 9.00 USD instead of 5.00 USD, so respond: by_value accepts more"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := Loosened(parsed(t, dearer), parsed(t, weighing)); len(got) > 0 {
		t.Errorf("cheaper work loosens %q", got)
	}
	if got := Loosened(parsed(t, "handling_cost: 5 USD\n"+guarded), parsed(t, "handling_cost: 9 USD\n"+guarded)); len(got) > 0 {
		t.Errorf("where nothing is weighed: %q", got)
	}
}
