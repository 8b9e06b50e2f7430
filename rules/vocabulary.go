package rules

import (
	"slices"
	"sync"

	"cel.dev/cel-go/cel"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
	"github.com/rebuttal-hq/rebuttal/odds"
)

// Field is one word of the language of conditions.
type Field struct {
	Name string `json:"name"`
	Type string `json:"type"` // bool, int, double, string, money, map
	Doc  string `json:"doc"`
	// Label is the field in a sentence: "the amount". That of a bool is what is so
	// when it is true: "the payment was refunded".
	Label  string `json:"label"`
	denial string // the same of a bool that is false
	// Example is a condition that uses the field.
	Example string `json:"example"`
	// Values lists what a field can be, where that is a closed list. Comparing
	// it with anything else is a problem.
	Values []string `json:"values,omitempty"`
	// least and most bound a number that cannot be anything.
	least, most *int64
	// of is its value for one case.
	of func(*facts) any
}

// Vocabulary lists every field that a condition may use. Money is compared
// with money("500 USD"): amounts of one currency as they are, amounts of
// different currencies after conversion into the base currency at the rule
// set's own fx rates, rounded to the minor unit with halves away from zero.
func Vocabulary() []Field {
	out := slices.Clone(vocabulary)
	for i := range out {
		out[i].Values = slices.Clone(out[i].Values)
	}
	return out
}

var vocabulary = slices.Concat(disputeFields, customerFields, evidenceFields)

var disputeFields = []Field{
	{Name: "dispute.amount", Type: "money", Label: "the amount as disputed", Example: `dispute.amount >= money("500 EUR")`,
		Doc: "the disputed amount in its own currency",
		of:  func(f *facts) any { return amount{Money: f.in.snapshot().Amount, rates: f.set.rates} }},
	{Name: "dispute.amount_base", Type: "money", Label: "the amount", Example: `dispute.amount_base >= money("500 USD")`,
		Doc: "the disputed amount in the base currency; without a rate for its currency the condition cannot be judged",
		of:  func(f *facts) any { return f.baseAmount() }},
	{Name: "dispute.rate", Type: "double", Label: "the exchange rate", Example: `dispute.currency != "USD" && dispute.rate < 0.01`,
		Doc: "the rate that amount_base is made with: one unit of the disputed currency in the base currency; 1 when they are the same",
		of:  func(f *facts) any { return f.rate() }},
	{Name: "dispute.rate_date", Type: "string", Label: "the day of the exchange rate", Example: `dispute.rate_date < "2026-01-01"`,
		Doc: "the day of that rate, the rule set's fx_date, as 2026-11-01; empty when it is not said or none was needed",
		of:  func(f *facts) any { return f.rateDate() }},
	{Name: "dispute.currency", Type: "string", Label: "the currency", Example: `dispute.currency in ["EUR", "CHF"]`,
		Doc: "ISO 4217 code of the disputed amount, upper case",
		of:  func(f *facts) any { return f.in.snapshot().Amount.Currency }},
	{Name: "dispute.reason", Type: "string", Label: "the provider's reason", Example: `dispute.reason == "fraudulent"`,
		Doc: "the provider's own word for the reason",
		of:  func(f *facts) any { return f.in.snapshot().Reason }},
	{Name: "dispute.family", Type: "string", Label: "the claim", Example: `dispute.family == "product_not_received"`,
		Doc:    "the routing family of the reason, the same across networks and providers",
		Values: words(networks.Families()...),
		of:     func(f *facts) any { return string(f.in.family()) }},
	{Name: "dispute.network", Type: "string", Label: "the network", Example: `dispute.network == "visa"`,
		Doc: "visa, mastercard, amex, discover …; empty when there is none",
		of:  func(f *facts) any { return networks.Network(f.in.snapshot().Network) }},
	{Name: "dispute.network_code", Type: "string", Label: "the network's code", Example: `dispute.network_code.startsWith("10.")`,
		Doc: "the network's reason code in its usual form, as 13.1 or 4853; empty when there is none",
		of:  func(f *facts) any { return f.in.networkCode() }},
	{Name: "dispute.stage", Type: "string", Label: "the stage", Example: `dispute.stage == "pre_arbitration"`,
		Doc:    "how far the dispute has gone between the banks",
		Values: words(dispute.StageInquiry, dispute.StageChargeback, dispute.StagePreArbitration, dispute.StageArbitration),
		of:     func(f *facts) any { return string(f.in.snapshot().Stage) }},
	{Name: "dispute.provider", Type: "string", Label: "the provider", Example: `dispute.provider == "stripe"`,
		Doc: "the vendor of the connection, as stripe or adyen; empty when it is not known",
		of:  func(f *facts) any { return f.in.Provider }},
	{Name: "dispute.connection", Type: "string", Label: "the connection", Example: `dispute.connection == "stripe-us"`,
		Doc: "the connection that reports the dispute, as stripe-us",
		of:  func(f *facts) any { return f.in.Case.Ref.Connection }},
	{Name: "dispute.merchant", Type: "string", Label: "the merchant", Example: `dispute.merchant == "acme"`,
		Doc: "our id of the merchant",
		of:  func(f *facts) any { return f.in.Case.Merchant }},
	{Name: "days_left", Type: "double", Label: "the number of days left", Example: `days_left < 3`,
		Doc: "days until the deadline, with fractions; negative after it, 0 when no deadline is known",
		of:  func(f *facts) any { return f.in.daysLeft() }},
	{Name: "days_since_opened", Type: "double", Label: "the number of days since the opening", Example: `days_since_opened > 10`,
		Doc: "days since the provider opened the dispute, with fractions; 0 when that is not known",
		of:  func(f *facts) any { return f.in.daysOpen() }},
}

var customerFields = []Field{
	{Name: "customer.disputes", Type: "int", Label: "the number of the customer's earlier disputes", Example: `customer.disputes >= 2`, least: new(int64(0)),
		Doc: "earlier disputes of this customer, without this one",
		of:  func(f *facts) any { return int64(f.in.CustomerDisputes) }},
	{Name: "first_time", Type: "bool", Label: "the customer never disputed before", denial: "the customer disputed before", Example: `first_time`,
		Doc: "no earlier dispute of this customer is known",
		of:  func(f *facts) any { return f.in.CustomerDisputes == 0 }},
	{Name: "customer.spent", Type: "money", Label: "what the customer spent before", Example: `customer.spent > money("1000 USD")`,
		Doc: "the sum of the customer's earlier payments that the evidence tells of and nobody disputed, in the base currency; 0 at the first decision",
		of:  func(f *facts) any { return f.spent() }},
	{Name: "payment.known", Type: "bool", Label: "the payment is known", denial: "the payment is not known", Example: `!payment.known`,
		Doc: "the provider told us the payment",
		of:  func(f *facts) any { return f.in.Case.Payment != nil }},
	{Name: "payment.refunded", Type: "bool", Label: "some of the payment was refunded", denial: "nothing was refunded", Example: `payment.refunded`,
		Doc: "some or all of the payment was refunded; false when it is not known",
		of:  func(f *facts) any { return f.in.refund() != refundNone }},
	{Name: "payment.refund", Type: "string", Label: "the refund", Example: `payment.refund == "full"`,
		Doc: "how much of the payment was refunded; none when it is not known", Values: []string{refundNone, refundPartial, refundFull},
		of: func(f *facts) any { return f.in.refund() }},
	{Name: "payment.metadata", Type: "map", Label: "the payment's metadata", Example: `"plan" in payment.metadata && payment.metadata["plan"] == "pro"`,
		Doc: "the words that the shop gave the payment; ask whether a key is there first, or the condition cannot be judged",
		of:  func(f *facts) any { return f.in.metadata() }},
	{Name: "payment.product", Type: "string", Label: "the product", Example: `payment.product == "annual plan"`,
		Doc: "the payment's metadata under the key that the rule set names by products_from; empty without it",
		of:  func(f *facts) any { return f.in.metadataAt(f.set.ProductsFrom) }},
	{Name: "payment.country", Type: "string", Label: "the country", Example: `payment.country in ["CH", "DE"]`,
		Doc: "the payment's metadata under the key that the rule set names by countries_from; empty without it",
		of:  func(f *facts) any { return f.in.metadataAt(f.set.CountriesFrom) }},
	{Name: "alerts", Type: "int", Label: "the number of fraud warnings", Example: `alerts > 0`, least: new(int64(0)),
		Doc: "fraud warnings that the provider sent for the payment",
		of:  func(f *facts) any { return int64(f.in.Alerts) }},
}

var evidenceFields = []Field{
	{Name: "evidence_strength", Type: "int", Label: "the strength of the evidence", Example: `evidence_strength >= 3`, least: new(int64(0)), most: new(int64(4)),
		Doc: "how complete the evidence is, from 0 (nothing) to 4 (everything asked for); 0 at the first decision, which comes before any evidence, so it counts when a case is planned anew",
		of:  func(f *facts) any { return int64(f.in.EvidenceStrength) }},
	{Name: "evidence_complete", Type: "bool", Label: "the evidence is complete", denial: "the evidence is not complete", Example: `evidence_complete`,
		Doc: "the newest packet has everything its checklist asks for, and nothing speaks against it; false at the first decision",
		of:  func(f *facts) any { return f.in.EvidenceComplete }},
	{Name: "compelling_evidence", Type: "bool", Label: "Visa's Compelling Evidence 3.0 is met", denial: "Visa's Compelling Evidence 3.0 is not met", Example: `compelling_evidence`,
		Doc: "the newest packet meets Visa's Compelling Evidence 3.0; false at the first decision",
		of:  func(f *facts) any { return f.in.CompellingEvidence }},
	{Name: "win_probability", Type: "double", Label: "the chance to win", Example: `win_probability < 0.3`, least: new(int64(0)), most: new(int64(1)),
		Doc: "the chance of winning when contested, from 0 to 1, learned from your own outcomes; the catalogue's rough figure for the family while there are none",
		of:  func(f *facts) any { return f.in.chance().P }},
	{Name: "value.contest", Type: "money", Label: "the worth of contesting", Example: `value.contest > money("20 USD")`,
		Doc: "what contesting is worth on average: the amount times the chance, less fees and handling_cost, in the base currency",
		of:  func(f *facts) any { return f.worth(func(a odds.Advice) odds.Option { return a.Contest }) }},
	{Name: "value.accept", Type: "money", Label: "the worth of accepting", Example: `value.accept > value.contest`,
		Doc: "what accepting is worth: the network's fee for it, below zero, in the base currency",
		of:  func(f *facts) any { return f.worth(func(a odds.Advice) odds.Option { return a.Accept }) }},
}

func words[S ~string](of ...S) []string {
	out := make([]string, len(of))
	for i, w := range of {
		out[i] = string(w)
	}
	return out
}

func fieldNames() []string {
	names := make([]string, len(vocabulary))
	for i, f := range vocabulary {
		names[i] = f.Name
	}
	return names
}

var fieldsByName = sync.OnceValue(func() map[string]Field {
	byName := make(map[string]Field, len(vocabulary))
	for _, f := range vocabulary {
		byName[f.Name] = f
	}
	return byName
})

func fieldNamed(name string) (Field, bool) {
	f, ok := fieldsByName()[name]
	return f, ok
}

// celType is the CEL type of a field.
func (f Field) celType() *cel.Type {
	return map[string]*cel.Type{
		"bool": cel.BoolType, "int": cel.IntType, "double": cel.DoubleType, "string": cel.StringType,
		"money": moneyType, "map": cel.MapType(cel.StringType, cel.StringType),
	}[f.Type]
}
