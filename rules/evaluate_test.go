package rules_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// input is an ordinary case: 129.00 USD, Visa 13.1, five and a half days left.
func input(change ...func(*rules.Input)) rules.Input {
	in := rules.Input{
		Now: now, EvidenceStrength: 2, CustomerDisputes: 1,
		Case: dispute.Case{
			ID: "cs_test", Ref: dispute.Ref{Connection: "stripe-us", ID: "du_1"}, Merchant: "acme", Part: 1,
			Family:   dispute.FamilyProductNotReceived,
			Deadline: dispute.Deadline{At: now.Add(132 * time.Hour)},
			View: dispute.View{Snapshot: dispute.Snapshot{
				ID: "du_1", Amount: dispute.Money{Minor: 12900, Currency: "USD"}, Reason: "product_not_received",
				Network: "visa", NetworkCode: "131", Stage: dispute.StageChargeback,
			}},
			Payment: &dispute.Payment{ID: "ch_1", Amount: dispute.Money{Minor: 12900, Currency: "USD"}},
		},
	}
	for _, c := range change {
		c(&in)
	}
	return in
}

// doubtful makes it a case that is won less often than lost: 0.4.
func doubtful(in *rules.Input) { in.Case.Family = dispute.FamilyFraudulent }

func amount(minor int64, currency string) func(*rules.Input) {
	return func(in *rules.Input) {
		in.Case.View.Snapshot.Amount = dispute.Money{Minor: minor, Currency: currency}
	}
}

func mustParse(t testing.TB, src string) *rules.Set {
	t.Helper()
	set, err := rules.Parse("test", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func mustEvaluate(t testing.TB, set *rules.Set, in rules.Input) rules.Route {
	t.Helper()
	route, err := set.Evaluate(in)
	if err != nil {
		t.Fatal(err)
	}
	return route
}

func TestConditions(t *testing.T) {
	t.Parallel()
	noPayment := func(in *rules.Input) { in.Case.Payment = nil }
	refunded := func(in *rules.Input) { in.Case.Payment.Refunded = dispute.Money{Minor: 1, Currency: "USD"} }
	tests := []struct {
		condition string
		in        rules.Input
		want      bool
	}{
		// The two conditions of the documentation, word for word.
		{`dispute.amount_base >= money("500 USD") && dispute.family == "product_not_received"`, input(amount(50000, "USD")), true},
		{`dispute.amount_base >= money("500 USD") && dispute.family == "product_not_received"`, input(amount(49999, "USD")), false},
		{`dispute.amount_base < money("15 USD") && win_probability < 0.5`, input(amount(1499, "USD"), doubtful), true},
		{`dispute.amount_base < money("15 USD") && win_probability < 0.5`, input(amount(1500, "USD"), doubtful), false},
		{`dispute.amount_base < money("15 USD") && win_probability < 0.5`, input(amount(1499, "USD")), false},

		// Money across currencies: 1 EUR is 1.10 USD.
		{`dispute.amount_base > money("110 USD")`, input(amount(10000, "EUR")), false},
		{`dispute.amount_base >= money("110 USD")`, input(amount(10000, "EUR")), true},
		{`dispute.amount_base == money("110 USD")`, input(amount(10000, "EUR")), true},
		{`dispute.amount_base != money("110 USD")`, input(amount(10000, "EUR")), false},
		{`dispute.amount == money("100 EUR")`, input(amount(10000, "EUR")), true},
		{`dispute.amount <= money("110 USD")`, input(amount(10000, "EUR")), true},
		{`dispute.amount < money("100 EUR")`, input(amount(10999, "USD")), true},
		{`dispute.amount_base in [money("110 USD"), money("5 USD")]`, input(amount(10000, "EUR")), true},
		{`money("1 EUR") > dispute.amount`, input(amount(109, "USD")), true},
		{`dispute.amount != money("1 USD")`, input(amount(100, "BRL")), true},
		// 150 JPY at 0.0067 is 1.005 USD, which rounds away from zero.
		{`dispute.amount_base == money("1.01 USD")`, input(amount(150, "JPY")), true},

		{`dispute.currency == "USD" && dispute.reason == "product_not_received"`, input(), true},
		{`dispute.network == "visa" && dispute.network_code == "13.1"`, input(), true},
		{`dispute.network_code.startsWith("13.")`, input(), true},
		{`dispute.network == "mastercard"`, input(func(in *rules.Input) { in.Case.View.Snapshot.Network = "MC" }), true},
		{`dispute.network_code == "X9"`, input(func(in *rules.Input) { in.Case.View.Snapshot.NetworkCode = "X9" }), true},
		{`dispute.family == "product_not_received"`, input(func(in *rules.Input) { in.Case.Family = "" }), true},
		{`dispute.stage == "chargeback" && dispute.stage in ["inquiry", "chargeback"]`, input(), true},
		{`dispute.connection == "stripe-us" && dispute.merchant == "acme"`, input(), true},
		{`days_left == 5.5`, input(), true},
		{`days_left < 5`, input(), false},
		{`days_left < 0`, input(func(in *rules.Input) { in.Now = now.Add(1000 * time.Hour) }), true},
		{`days_left == 0.0`, input(func(in *rules.Input) { in.Case.Deadline = dispute.Deadline{} }), true},
		{`customer.disputes == 1 && !first_time`, input(), true},
		{`first_time`, input(func(in *rules.Input) { in.CustomerDisputes = 0 }), true},
		{`payment.known && !payment.refunded`, input(), true},
		{`payment.refunded`, input(refunded), true},
		{`payment.known || payment.refunded`, input(noPayment), false},
		{`evidence_strength >= 2 && win_probability > 0.5`, input(), true},
		{`win_probability == 0.6`, input(func(in *rules.Input) { in.Case.Family = "" }), true},
		{`win_probability == 0.4`, input(doubtful), true},
		{`[1, 2, 3].exists(n, n == evidence_strength)`, input(), true},
	}
	for _, tt := range tests {
		t.Run(tt.condition, func(t *testing.T) {
			t.Parallel()
			src := strings.Replace(one("id: r\n    when: |\n      "+tt.condition+"\n    then: { queue: front }"), `EUR: "1.10"`, `EUR: "1.10", JPY: 0.0067`, 1)
			route := mustEvaluate(t, mustParse(t, src), tt.in)
			if got := route.Rule == "r"; got != tt.want {
				t.Errorf("got %v, want %v: %+v", got, tt.want, route.Explanation)
			}
			if e := route.Explanation[0].Error; e != "" {
				t.Errorf("could not be judged: %s", e)
			}
		})
	}
}

// 1 USD is 149.5 JPY; a yen has no minor unit, a dinar a thousand.
func TestConversionKnowsEveryCurrencysDecimals(t *testing.T) {
	t.Parallel()
	set := mustParse(t, `
base_currency: JPY
fx: { USD: 149.5, KWD: "487.25" }
queues: { front: { members: [a@example.com] } }
ladder: { std: { cut_off: 6h, at_cut_off: submit } }
defaults: { queue: front, ladder: std, respond: contest }
rules:
  - { id: rest, when: 'dispute.amount_base > money("0 JPY") || true', then: {}, continue: true }
  - { id: end, when: "true", then: {} }
`)
	tests := []struct {
		minor    int64
		currency string
		want     string
	}{
		{100, "USD", "150 JPY at 149.5"},   // 149.5, away from zero
		{-100, "USD", "-150 JPY at 149.5"}, // the same below zero
		{99, "USD", "148 JPY at 149.5"},    // 148.005
		{1000, "KWD", "487 JPY at 487.25"}, // 487.25
		{7, "JPY", "7 JPY"},                // nothing to convert
		{math.MaxInt64, "JPY", "9223372036854775807 JPY"},
		{math.MaxInt64, "USD", "92233720368547758.07 USD"}, // too large: stays as it was
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			t.Parallel()
			m := mustEvaluate(t, set, input(amount(tt.minor, tt.currency))).Explanation[0]
			if want := "dispute.amount_base = " + tt.want; m.Why != want {
				t.Errorf("got %q, want %q", m.Why, want)
			}
		})
	}
}

const policy = `
fx: { EUR: "1.10" }
queues:
  front: { members: [a@example.com] }
  senior: { members: [b@example.com], escalate_to: c@example.com }
ladder:
  std: { remind: [24h, 5d, 72h], escalate: [12h], cut_off: 6h, at_cut_off: submit }
  fast: { cut_off: 1h, at_cut_off: person }
defaults: { queue: front, ladder: std, respond: contest, approval: none }
rules:
  - id: everywhere
    when: "true"
    continue: true
    then: { notify: [{ connection: alerts, channel: "#all" }] }
  - id: refunded
    when: payment.refunded
    then: { respond: contest, continue: true, ticket: { connection: helpdesk, priority: low } }
  - id: large
    when: dispute.amount_base >= money("500 USD")
    continue: true
    then:
      queue: senior
      approval: required
      notify: [{ connection: alerts, channel: "#large" }, { connection: alerts, channel: "#all" }]
      ticket: { connection: helpdesk, priority: urgent }
  - id: urgent
    when: days_left < 1
    then: { queue: front, ladder: fast }
  - id: tiny
    when: dispute.amount_base < money("15 USD")
    then: { respond: accept }
  - id: rest
    when: "true"
    then: { approval: none }
`

func TestEvaluate(t *testing.T) {
	t.Parallel()
	set := mustParse(t, policy)
	std := rules.Ladder{
		Name: "std", Remind: []time.Duration{120 * time.Hour, 72 * time.Hour, 24 * time.Hour},
		Escalate: []time.Duration{12 * time.Hour}, CutOff: 6 * time.Hour, AtCutOff: rules.AtCutOffSubmit,
	}
	all := rules.Notify{Connection: "alerts", Channel: "#all"}
	everywhere := rules.Match{Rule: "everywhere", Line: 11, Matched: true, Condition: "true", Effects: []string{"notify alerts #all"}}
	notRefunded := rules.Match{Rule: "refunded", Line: 15, Condition: "payment.refunded", Why: "payment.refunded = false"}
	const large, tiny = `dispute.amount_base >= money("500 USD")`, `dispute.amount_base < money("15 USD")`
	tests := map[string]struct {
		in   rules.Input
		want rules.Route
	}{
		"the last rule, and defaults": {input(), rules.Route{
			Rule: "rest", Queue: "front", Respond: dispute.ResponseContest, Ladder: std, Notify: []rules.Notify{all},
			Explanation: []rules.Match{
				everywhere, notRefunded,
				{Rule: "large", Line: 18, Condition: large, Why: "dispute.amount_base = 129.00 USD"},
				{Rule: "urgent", Line: 26, Condition: "days_left < 1", Why: "days_left = 5.5"},
				{Rule: "tiny", Line: 29, Condition: tiny, Why: "dispute.amount_base = 129.00 USD"},
				{Rule: "rest", Line: 32, Matched: true, Condition: "true", Effects: []string{
					"approval none", "queue front by default", "respond contest by default", "ladder std by default"}},
			},
		}},
		"what was said first stays": {input(amount(60000, "EUR"), func(in *rules.Input) {
			in.Case.Payment.Refunded = dispute.Money{Minor: 1, Currency: "EUR"}
			in.Now = now.Add(120 * time.Hour)
		}), rules.Route{
			Rule: "urgent", Queue: "senior", Approval: true, Respond: dispute.ResponseContest,
			Ladder: rules.Ladder{Name: "fast", CutOff: time.Hour, AtCutOff: rules.AtCutOffPerson},
			Notify: []rules.Notify{all, {Connection: "alerts", Channel: "#large"}},
			Ticket: &rules.Ticket{Connection: "helpdesk", Priority: "low"},
			Explanation: []rules.Match{
				everywhere,
				{Rule: "refunded", Line: 15, Matched: true, Condition: "payment.refunded", Why: "payment.refunded = true",
					Effects: []string{"respond contest", "ticket helpdesk low"}},
				{Rule: "large", Line: 18, Matched: true, Condition: large, Why: "dispute.amount_base = 660.00 USD at 1.10", Effects: []string{
					"queue senior", "approval required", "notify alerts #large",
					"ticket helpdesk urgent in vain: refunded said helpdesk low"}},
				{Rule: "urgent", Line: 26, Matched: true, Condition: "days_left < 1", Why: "days_left = 0.5", Effects: []string{
					"queue front in vain: large said senior", "ladder fast"}},
			},
		}},
		"accept": {input(amount(1499, "USD")), rules.Route{
			Rule: "tiny", Queue: "front", Respond: dispute.ResponseAccept, Ladder: std, Notify: []rules.Notify{all},
			Explanation: []rules.Match{
				everywhere, notRefunded,
				{Rule: "large", Line: 18, Condition: large, Why: "dispute.amount_base = 14.99 USD"},
				{Rule: "urgent", Line: 26, Condition: "days_left < 1", Why: "days_left = 5.5"},
				{Rule: "tiny", Line: 29, Matched: true, Condition: tiny, Why: "dispute.amount_base = 14.99 USD", Effects: []string{
					"respond accept", "queue front by default", "approval none by default", "ladder std by default"}},
			},
		}},
		"what cannot be judged makes a person approve": {input(amount(1499, "BRL")), rules.Route{
			Rule: "rest", Queue: "front", Approval: true, Respond: dispute.ResponseContest, Ladder: std, Notify: []rules.Notify{all},
			Explanation: []rules.Match{
				everywhere, notRefunded,
				{Rule: "large", Line: 18, Condition: large, Why: "dispute.amount_base = 14.99 BRL", Error: `no rate from "BRL" to USD`},
				{Rule: "urgent", Line: 26, Condition: "days_left < 1", Why: "days_left = 5.5"},
				{Rule: "tiny", Line: 29, Condition: tiny, Why: "dispute.amount_base = 14.99 BRL", Error: `no rate from "BRL" to USD`},
				{Rule: "rest", Line: 32, Matched: true, Condition: "true", Effects: []string{
					"approval none", "queue front by default", "respond contest by default", "ladder std by default",
					"approval required because a rule could not be judged"}},
			},
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.want.SetHash = set.Hash()
			got := mustEvaluate(t, set, tt.in)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			raw, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			var back rules.Route
			if err := json.Unmarshal(raw, &back); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, back); diff != "" {
				t.Errorf("the route does not survive JSON: %s", diff)
			}
		})
	}
}

func TestEvaluateIsACopy(t *testing.T) {
	t.Parallel()
	set := mustParse(t, policy)
	in := input(amount(60000, "EUR"))
	want := mustEvaluate(t, set, in)
	spoilt := mustEvaluate(t, set, in)
	spoilt.Ladder.Remind[0], spoilt.Notify[0].Channel, spoilt.Ticket.Priority = 0, "spoilt", "spoilt"
	set.Source()[0] = 'X'
	if diff := cmp.Diff(want, mustEvaluate(t, set, in)); diff != "" {
		t.Error(diff)
	}
}

func TestEvaluateRefusesBadInput(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*rules.Input){
		"no time":           func(in *rules.Input) { in.Now = time.Time{} },
		"evidence strength": func(in *rules.Input) { in.EvidenceStrength = 5 },
		"disputes":          func(in *rules.Input) { in.CustomerDisputes = -1 },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := rules.Default().Evaluate(input(change))
			if err == nil || dispute.KindOf(err) != dispute.Invalid || !strings.Contains(err.Error(), "cs_test") {
				t.Errorf("got %v, want an error of kind invalid that names the case", err)
			}
			if _, err := rules.Explain(rules.Default(), input(change)); err == nil {
				t.Error("Explain gave no error")
			}
		})
	}
}

func TestRuntimeCostIsBounded(t *testing.T) {
	t.Parallel()
	set := mustParse(t, one(`id: r
    when: dispute.reason.matches("(a|b)+c") || dispute.reason.matches("(a|c)+d")
    then: { queue: front }`))
	route := mustEvaluate(t, set, input(func(in *rules.Input) {
		in.Case.View.Snapshot.Reason = strings.Repeat("a", 1_000_000)
	}))
	if !route.Approval || !strings.Contains(route.Explanation[0].Error, "cost limit exceeded") {
		t.Errorf("a giant text was judged: %+v", route.Explanation[0].Error)
	}
}

func BenchmarkEvaluate(b *testing.B) {
	set, in := rules.Default(), input()
	for b.Loop() {
		if _, err := set.Evaluate(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	src := rules.Default().Source()
	for b.Loop() {
		if _, err := rules.Parse("default", src); err != nil {
			b.Fatal(err)
		}
	}
}
