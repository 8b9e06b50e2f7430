package rules_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/odds"
	"github.com/rebuttal-hq/rebuttal/rules"
)

const people = `
fx: { EUR: "1.10" }
fx_date: 2026-11-01
handling_cost: 8 USD
products_from: product
countries_from: shipping_country
queues:
  front: { members: [a@example.com, { id: b@example.com, skills: [fraud, french] }] }
  senior: { members: [{ id: c@example.com, skills: [fraud] }] }
ladder:
  std: { cut_off: 6h, at_cut_off: submit }
defaults: { queue: front, ladder: std, respond: by_value, assign: { by: load } }
rules:
  - id: watch
    when: dispute.amount_base > money("1 USD")
    then: { shadow: true, queue: senior, respond: accept, tags: [watched] }
  - id: tagged
    when: payment.country == "CH"
    then: { continue: true, tags: [swiss, vip], sources: [shop], hold: true }
  - id: vip
    when: '"plan" in payment.metadata && payment.metadata["plan"] == "pro"'
    then: { continue: true, tags: [vip], sources: [ship], assign: b@example.com }
  - id: fraud
    when: dispute.family == "fraudulent"
    then: { queue: senior, assign: { by: skill, skill: fraud } }
  - id: large
    when: dispute.amount_base >= money("500 USD")
    then: { queue: senior }
  - { id: rest, when: "true", then: { approval: none } }
`

func metadata(pairs ...string) func(*rules.Input) {
	return func(in *rules.Input) {
		in.Case.Payment.Metadata = map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			in.Case.Payment.Metadata[pairs[i]] = pairs[i+1]
		}
	}
}

func stripe(in *rules.Input) {
	in.Provider = "stripe"
	in.Case.View.Snapshot.OpenedAt = in.Now.AddDate(0, 0, -2)
}

func TestEffectsOfPeopleAndSources(t *testing.T) {
	t.Parallel()
	set := mustParse(t, people)
	tests := map[string]struct {
		in   rules.Input
		want rules.Route
		told string
	}{
		"by the defaults": {input(), rules.Route{Queue: "front", Assign: &rules.Assign{By: "load"}}, "assign by load by default"},
		"tags and sources add up or stay": {input(metadata("shipping_country", "CH", "plan", "pro")), rules.Route{
			Queue: "front", Assign: &rules.Assign{Person: "b@example.com"}, Tags: []string{"swiss", "vip"}, Sources: []string{"shop"}, Hold: true,
		}, "sources ship in vain: tagged said shop"},
		"by skill": {input(doubtful), rules.Route{Queue: "senior", Assign: &rules.Assign{By: "skill", Skill: "fraud"}}, "assign by skill fraud"},
		"nobody like that": {input(amount(60000, "USD"), metadata("plan", "pro")), rules.Route{Queue: "senior", Tags: []string{"vip"}, Sources: []string{"ship"}},
			"assign b@example.com in vain: nobody like that in queue senior"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := mustEvaluate(t, set, tt.in)
			if diff := cmp.Diff(tt.want, rules.Route{Queue: got.Queue, Assign: got.Assign, Tags: got.Tags, Sources: got.Sources, Hold: got.Hold}); diff != "" {
				t.Error(diff)
			}
			var told []string
			for _, m := range got.Explanation {
				told = append(told, m.Effects...)
			}
			if !strings.Contains(strings.Join(told, "\n"), tt.told) {
				t.Errorf("%q is not told: %q", tt.told, told)
			}
		})
	}
}

// A shadow is judged and told of, and decides nothing.
func TestShadow(t *testing.T) {
	t.Parallel()
	set := mustParse(t, people)
	got := mustEvaluate(t, set, input(stripe))
	m := got.Explanation[0]
	if !m.Matched || !m.Shadow || got.Rule != "rest" || got.Queue != "front" || len(got.Tags) != 0 {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff([]string{"would say: queue senior, respond accept, tag watched"}, m.Effects); diff != "" {
		t.Error(diff)
	}
	shadowOnly := one("{ id: r, when: dispute.amount_base > money(\"1 USD\"), shadow: true, then: { respond: accept } }")
	if got := mustEvaluate(t, mustParse(t, shadowOnly), input(amount(100, "BRL"))); got.Approval || got.Explanation[0].Error == "" {
		t.Errorf("a shadow that cannot be judged: %+v", got)
	}
}

func TestByValue(t *testing.T) {
	t.Parallel()
	set := mustParse(t, people)
	won := odds.NewHistory([]odds.Count{{Group: odds.Group{Family: dispute.FamilyProductNotReceived, Network: "visa", Provider: "stripe", Strength: 2}, Won: 90, Lost: 10}})
	learned := func(in *rules.Input) { in.Chance = won.Chance(in.Group()) }
	for name, tt := range map[string]struct {
		in       rules.Input
		respond  dispute.Response
		approval bool
		told     string
	}{
		"worth it":         {input(stripe), "contest", false, "respond contest: contesting is worth more: contesting 62.35 USD, accepting 0.00 USD; send by 2026-12-01 12:00 UTC, then it costs more"},
		"not worth it":     {input(stripe, amount(2000, "USD")), "accept", false, "respond accept: accepting is worth more: contesting -3.05 USD, accepting 0.00 USD"},
		"with own history": {input(stripe, amount(2000, "USD"), learned), "contest", false, "respond contest: contesting is worth more"},
		"cannot be known":  {input(stripe, amount(2000, "BRL")), "contest", true, `respond contest: it cannot be weighed`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := mustEvaluate(t, set, tt.in)
			told := strings.Join(got.Explanation[len(got.Explanation)-1].Effects, "\n")
			if got.Respond != tt.respond || got.Approval != tt.approval || !strings.Contains(told, tt.told) || (got.Advice == nil) != tt.approval {
				t.Errorf("%s, approval %v, told:\n%s", got.Respond, got.Approval, told)
			}
		})
	}
	text, err := rules.Explain(set, input(stripe, amount(10000, "EUR"), metadata("shipping_country", "CH", "plan", "pro")))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "explain_value.txt", text)
}

func TestFactsOfTheRest(t *testing.T) {
	t.Parallel()
	refund := func(minor int64, currency string) func(*rules.Input) {
		return func(in *rules.Input) {
			in.Case.Payment.Refunded = dispute.Money{Minor: minor, Currency: currency}
		}
	}
	spent := func(in *rules.Input) {
		in.CustomerSpent = []dispute.Money{{Minor: 10000, Currency: "EUR"}, {Minor: 500, Currency: "USD"}}
	}
	for _, tt := range []struct {
		condition string
		in        rules.Input
		want      bool
		unjudged  bool
	}{
		{condition: `dispute.provider == "stripe" && days_since_opened == 2.0`, in: input(stripe), want: true},
		{condition: `days_since_opened == 0.0`, in: input(), want: true},
		{condition: `dispute.rate == 1.1 && dispute.rate_date == "2026-11-01"`, in: input(amount(1, "EUR")), want: true},
		{condition: `dispute.rate == 1.0 && dispute.rate_date == ""`, in: input(), want: true},
		{condition: `dispute.rate > 0`, in: input(amount(1, "BRL")), unjudged: true},
		{condition: `payment.refund == "none"`, in: input(func(in *rules.Input) { in.Case.Payment = nil }), want: true},
		{condition: `payment.refund == "partial"`, in: input(refund(12899, "USD")), want: true},
		{condition: `payment.refund == "partial"`, in: input(refund(12900, "EUR")), want: true},
		{condition: `payment.refund == "full"`, in: input(refund(12900, "USD")), want: true},
		{condition: `payment.product == "annual" && payment.country == ""`, in: input(metadata("product", "annual")), want: true},
		{condition: `payment.metadata["plan"] == "pro"`, in: input(metadata("product", "annual")), unjudged: true},
		{condition: `has(payment.metadata.plan) && payment.metadata.plan == "pro"`, in: input(metadata("plan", "pro")), want: true},
		{condition: `payment.metadata.exists(key, key.startsWith("pl"))`, in: input(metadata("plan", "pro")), want: true},
		{condition: `"plan" in payment.metadata`, in: input(func(in *rules.Input) { in.Case.Payment = nil })},
		{condition: `customer.spent == money("115 USD")`, in: input(spent), want: true},
		{condition: `customer.spent == money("0 USD")`, in: input(), want: true},
		{condition: `customer.spent > money("0 USD")`, in: input(func(in *rules.Input) { in.CustomerSpent = []dispute.Money{{Minor: 1, Currency: "BRL"}} }), unjudged: true},
		{condition: `alerts > 1 && evidence_complete && compelling_evidence`, in: input(func(in *rules.Input) {
			in.Alerts, in.EvidenceComplete, in.CompellingEvidence = 2, true, true
		}), want: true},
		{condition: `value.contest > value.accept`, in: input(stripe), want: true},
		{condition: `value.accept >= money("0 USD")`, in: input(stripe), want: true},
		{condition: `value.contest > value.accept`, in: input(stripe, amount(1, "BRL")), unjudged: true},
	} {
		t.Run(tt.condition, func(t *testing.T) {
			t.Parallel()
			src := strings.Replace(people, "  - id: watch\n", "  - id: r\n    when: '"+tt.condition+"'\n    then: { queue: front, continue: true }\n  - id: watch\n", 1)
			m := mustEvaluate(t, mustParse(t, src), tt.in).Explanation[0]
			if m.Matched != tt.want || (m.Error != "") != tt.unjudged || strings.HasSuffix(m.Why, "= ") {
				t.Errorf("%+v", m)
			}
		})
	}
}
