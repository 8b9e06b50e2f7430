package rules_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	describe := func(condition, then string) string {
		src := one("id: r\n    when: |\n      " + condition + "\n    then: " + then)
		set, err := rules.Read("test", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		return rules.Describe(set.Rules[0])
	}
	for _, tt := range []struct{ condition, then, want string }{
		{`dispute.amount_base >= money("500 USD") && dispute.family == "product_not_received"`,
			`{ queue: front, approval: required, notify: [{ connection: alerts, channel: "#disputes-high" }] }`,
			"When the amount is at least 500.00 USD and the claim is product not received: queue front, approval, tell #disputes-high"},
		{"true", "{ approval: none, respond: by_value }", "Always: no approval, contest or accept, whichever is worth more"},
		{"first_time", "{ continue: true, tags: [new, vip] }", "When the customer never disputed before: tag new, vip; then the rules below"},
		{"!first_time && !(payment.known || days_left < 2)", "{ shadow: true, assign: a@example.com, hold: true }",
			"In shadow. When the customer disputed before and the payment is not known and the number of days left is at least 2: assign to a@example.com, hold until a person releases it"},
		{`(first_time || payment.refunded) && dispute.network == "visa"`, "{ assign: { by: round_robin }, sources: [shop, ship] }",
			"When (the customer never disputed before or some of the payment was refunded) and the network is Visa: assign by round robin, ask only shop, ship"},
		{`!(dispute.stage in ["inquiry", "pre_arbitration"]) || dispute.currency in ["EUR", "CHF"]`, "{ min_strength: 2 }",
			"When the stage is none of inquiry, pre arbitration or the currency is EUR or CHF: evidence of at least 2 of 4"},
		{`dispute.network_code.startsWith("10.") && "plan" in payment.metadata && payment.metadata["plan"] != "pro"`, "{ ticket: { connection: help } }",
			"When the network's code starts with 10. and the payment's metadata has plan and plan of the payment's metadata is not pro: ticket at help (normal)"},
		{"value.accept > value.contest && 3 <= evidence_strength", "{ report: [{ connection: sheet, on: [opened] }] }",
			"When the worth of accepting is more than the worth of contesting and 3 <= evidence_strength: report opened to sheet"},
		{"dispute.merchant == ''", "{}", "When the merchant is empty: nothing of its own"},
	} {
		if got := describe(tt.condition, tt.then); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.condition, got, tt.want)
		}
	}
	if got := rules.Describe(rules.Rule{When: "first_time", Then: rules.Effects{Queue: "front"}}); got != "When first_time: queue front" {
		t.Errorf("a rule that was not parsed: %s", got)
	}
	for _, r := range rules.Default().Rules {
		if rules.Describe(r) == "" {
			t.Errorf("%s has no words", r.ID)
		}
	}
}

func TestBuilder(t *testing.T) {
	t.Parallel()
	type lines = []rules.Condition
	for cel, want := range map[string]lines{
		"true": nil,
		`dispute.amount_base >= money("500.00 USD")`: {{Field: "dispute.amount_base", Op: rules.AtLeast, Value: "500.00 USD"}},
		`first_time && !payment.known`:               {{Field: "first_time", Op: rules.Is, Value: "true"}, {Field: "payment.known", Op: rules.Is, Value: "false"}},
		`dispute.family in ["fraudulent", "general"] && !(dispute.merchant in ["a"])`: {
			{Field: "dispute.family", Op: rules.OneOf, Value: "fraudulent, general"}, {Field: "dispute.merchant", Op: rules.NoneOf, Value: "a"}},
		`days_left < 2.5 && evidence_strength != 0`: {{Field: "days_left", Op: rules.LessThan, Value: "2.5"}, {Field: "evidence_strength", Op: rules.IsNot, Value: "0"}},
		`dispute.reason.contains("lost \"parcel\"") && dispute.network_code.startsWith("10.")`: {
			{Field: "dispute.reason", Op: rules.Contains, Value: `lost "parcel"`}, {Field: "dispute.network_code", Op: rules.StartsWith, Value: "10."}},
	} {
		b, simple := rules.BuilderOf(cel)
		if diff := cmp.Diff(want, b.Conditions); diff != "" || !simple {
			t.Errorf("%s: simple %v %s", cel, simple, diff)
		}
		if back, err := (rules.Builder{Conditions: want}).CEL(); back != cel || err != nil {
			t.Errorf("%s: %s, %v", cel, back, err)
		}
	}
	for _, cel := range []string{
		"false", "first_time || payment.known", "!(first_time && payment.known)", "days_left <", "days_left < evidence_strength + 1",
		"3 < days_left", `dispute.merchant in ["a, b"]`, `dispute.merchant in []`, `"plan" in payment.metadata`, `!(dispute.merchant == "true")`,
		`dispute.family == "nonsense"`, `dispute.reason.endsWith("x")`, "value.accept > value.contest", `payment.metadata["plan"] == "pro"`,
	} {
		if b, simple := rules.BuilderOf(cel); simple {
			t.Errorf("%s is simple: %+v", cel, b)
		}
	}
	for _, c := range []rules.Condition{
		{Field: "dispute.amout", Op: rules.Is, Value: "1"}, {Field: "days_left", Op: rules.OneOf, Value: "1"},
		{Field: "days_left", Op: rules.Is, Value: "soon"}, {Field: "alerts", Op: rules.Is, Value: "1.5"},
		{Field: "dispute.amount", Op: rules.AtLeast, Value: "500"}, {Field: "first_time", Op: rules.Is, Value: "maybe"},
		{Field: "dispute.stage", Op: rules.Is, Value: "late"}, {Field: "payment.metadata", Op: rules.Is, Value: "x"},
	} {
		_, err := rules.Builder{Conditions: []rules.Condition{c}}.CEL()
		if dispute.KindOf(err) != dispute.Invalid || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// What a form says comes back from the condition that is made of it.
func TestBuilderComesBack(t *testing.T) {
	t.Parallel()
	fields := rules.Vocabulary()
	rapid.Check(t, func(t *rapid.T) {
		var b rules.Builder
		for range rapid.IntRange(0, 4).Draw(t, "lines") {
			f := rapid.SampledFrom(fields).Draw(t, "field")
			if f.Type == "map" {
				continue
			}
			c := rules.Condition{Field: f.Name, Op: rapid.SampledFrom(f.Comparisons()).Draw(t, "op")}
			switch {
			case f.Values != nil:
				c.Value = rapid.SampledFrom(f.Values).Draw(t, "value")
			case f.Type == "string":
				c.Value = strings.TrimSpace(strings.ReplaceAll(rapid.String().Draw(t, "text"), ",", ""))
			case f.Type == "bool":
				c.Value = strconv.FormatBool(rapid.Bool().Draw(t, "bool"))
			case f.Type == "money":
				c.Value = dispute.Money{Minor: rapid.Int64Range(0, 1e9).Draw(t, "money"), Currency: "USD"}.String()
			default:
				c.Value = strconv.Itoa(rapid.IntRange(-5, 500).Draw(t, "number"))
			}
			b.Conditions = append(b.Conditions, c)
		}
		cel, err := b.CEL()
		if err != nil {
			t.Fatal(err)
		}
		back, simple := rules.BuilderOf(cel)
		if diff := cmp.Diff(b, back); diff != "" || !simple {
			t.Fatalf("%s: simple %v %s", cel, simple, diff)
		}
	})
}

func FuzzBuilder(f *testing.F) {
	for _, c := range sampleConditions {
		f.Add(c)
	}
	f.Add(`!(dispute.family in ["general"]) && dispute.reason.contains("\u00e9\n")`)
	f.Fuzz(func(t *testing.T, cel string) {
		b, simple := rules.BuilderOf(cel)
		if !simple {
			return
		}
		again, err := b.CEL()
		if err != nil {
			t.Fatalf("%q became %+v: %v", cel, b, err)
		}
		back, simple := rules.BuilderOf(again)
		if diff := cmp.Diff(b, back); diff != "" || !simple {
			t.Errorf("%q, %q: %s", cel, again, diff)
		}
	})
}
