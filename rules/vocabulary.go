package rules

import (
	"slices"
	"strconv"

	"cel.dev/cel-go/cel"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
)

// Field is one word of the language of conditions.
type Field struct {
	Name string `json:"name"`
	Type string `json:"type"` // bool, int, double, string, money
	Doc  string `json:"doc"`
	// Values lists what a field can be, where that is a closed list. Comparing
	// it with anything else is a problem.
	Values []string `json:"values,omitempty"`
	// of is its value for one case.
	of func(*Set, Input) any
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

var vocabulary = []Field{
	{Name: "dispute.amount", Type: "money", Doc: "the disputed amount in its own currency",
		of: func(s *Set, in Input) any { return amount{in.snapshot().Amount, s.rates} }},
	{Name: "dispute.amount_base", Type: "money", Doc: "the disputed amount in the base currency; without a rate for its currency the condition cannot be judged",
		of: func(s *Set, in Input) any { return amount{s.baseAmount(in), s.rates} }},
	{Name: "dispute.currency", Type: "string", Doc: "ISO 4217 code of the disputed amount, upper case",
		of: func(_ *Set, in Input) any { return in.snapshot().Amount.Currency }},
	{Name: "dispute.reason", Type: "string", Doc: "the provider's own word for the reason",
		of: func(_ *Set, in Input) any { return in.snapshot().Reason }},
	{Name: "dispute.family", Type: "string", Doc: "the routing family of the reason, the same across networks and providers",
		Values: words(
			dispute.FamilyFraudulent, dispute.FamilyUnrecognized, dispute.FamilyProductNotReceived,
			dispute.FamilyProductUnacceptable, dispute.FamilySubscription, dispute.FamilyDuplicate,
			dispute.FamilyCreditNotProcessed, dispute.FamilyAuthorization, dispute.FamilyProcessing,
			dispute.FamilyGeneral),
		of: func(_ *Set, in Input) any { return string(in.family()) }},
	{Name: "dispute.network", Type: "string", Doc: "visa, mastercard, amex, discover …; empty when there is none",
		of: func(_ *Set, in Input) any { return networks.Network(in.snapshot().Network) }},
	{Name: "dispute.network_code", Type: "string", Doc: "the network's reason code in its usual form, as 13.1 or 4853; empty when there is none",
		of: func(_ *Set, in Input) any { return in.networkCode() }},
	{Name: "dispute.stage", Type: "string", Doc: "how far the dispute has gone between the banks",
		Values: words(dispute.StageInquiry, dispute.StageChargeback, dispute.StagePreArbitration, dispute.StageArbitration),
		of:     func(_ *Set, in Input) any { return string(in.snapshot().Stage) }},
	{Name: "dispute.connection", Type: "string", Doc: "the connection that reports the dispute, as stripe-us",
		of: func(_ *Set, in Input) any { return in.Case.Ref.Connection }},
	{Name: "dispute.merchant", Type: "string", Doc: "our id of the merchant",
		of: func(_ *Set, in Input) any { return in.Case.Merchant }},
	{Name: "days_left", Type: "double", Doc: "days until the deadline, with fractions; negative after it, 0 when no deadline is known",
		of: func(_ *Set, in Input) any { return in.daysLeft() }},
	{Name: "customer.disputes", Type: "int", Doc: "earlier disputes of this customer, without this one",
		of: func(_ *Set, in Input) any { return int64(in.CustomerDisputes) }},
	{Name: "first_time", Type: "bool", Doc: "no earlier dispute of this customer is known",
		of: func(_ *Set, in Input) any { return in.CustomerDisputes == 0 }},
	{Name: "payment.known", Type: "bool", Doc: "the provider told us the payment",
		of: func(_ *Set, in Input) any { return in.Case.Payment != nil }},
	{Name: "payment.refunded", Type: "bool", Doc: "some or all of the payment was refunded; false when it is not known",
		of: func(_ *Set, in Input) any { return in.Case.Payment != nil && in.Case.Payment.Refunded.Minor > 0 }},
	{Name: "evidence_strength", Type: "int", Doc: "how complete the evidence is, from 0 (nothing) to 4 (everything asked for); 0 at the first decision, which comes before any evidence, so it counts when a case is planned anew",
		of: func(_ *Set, in Input) any { return int64(in.EvidenceStrength) }},
	{Name: "win_probability", Type: "double", Doc: "the chance of winning when contested, from 0 to 1; a rough figure for the family",
		of: func(_ *Set, in Input) any { return networks.Prior(in.family()) }},
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

func fieldNamed(name string) (Field, bool) {
	i := slices.IndexFunc(vocabulary, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return vocabulary[i], true
}

// celType is the CEL type of a field.
func (f Field) celType() *cel.Type {
	return map[string]*cel.Type{
		"bool": cel.BoolType, "int": cel.IntType, "double": cel.DoubleType,
		"string": cel.StringType, "money": moneyType,
	}[f.Type]
}

// facts are the values of the vocabulary for one input.
func (s *Set) facts(in Input) map[string]any {
	facts := make(map[string]any, len(vocabulary))
	for _, f := range vocabulary {
		facts[f.Name] = f.of(s, in)
	}
	return facts
}

// baseAmount stays in its own currency when there is no rate: comparing it is
// then a CEL error that names the missing rate.
func (s *Set) baseAmount(in Input) dispute.Money {
	own := in.snapshot().Amount
	if base, err := s.rates.convert(own); err == nil {
		return base
	}
	return own
}

// show writes a fact as an explanation quotes it.
func show(fact any) string {
	switch v := fact.(type) {
	case string:
		return quote(v)
	case amount:
		return v.String()
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}
