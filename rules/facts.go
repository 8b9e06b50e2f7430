package rules

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/odds"
)

// facts are the values of the vocabulary for one input, each found when it is
// first asked for. They are a CEL activation.
type facts struct {
	set    *Set
	in     Input
	known  map[string]any
	quoted map[string]string
	advice *odds.Advice
	unsure error // why there is no advice
}

func factsOf(s *Set, in Input) *facts {
	return &facts{set: s, in: in, known: map[string]any{}, quoted: map[string]string{}}
}

// ResolveName implements cel.Activation.
func (f *facts) ResolveName(name string) (any, bool) {
	if v, ok := f.known[name]; ok {
		return v, true
	}
	field, ok := fieldNamed(name)
	if !ok {
		return nil, false
	}
	v := field.of(f)
	f.known[name] = v
	return v, true
}

// Parent implements cel.Activation.
func (f *facts) Parent() cel.Activation { return nil }

// quote is a field with its value, as an explanation writes it.
func (f *facts) quote(name string) string {
	text, ok := f.quoted[name]
	if !ok {
		value, _ := f.ResolveName(name)
		text = name + " = " + show(value)
		f.quoted[name] = text
	}
	return text
}

// baseAmount stays in its own currency when there is no rate: comparing it is
// then a CEL error that names the missing rate.
func (f *facts) baseAmount() amount {
	own := f.in.snapshot().Amount
	if base, err := f.set.rates.convert(own); err == nil {
		return amount{Money: base, rates: f.set.rates, origin: f.set.rates.told(own.Currency)}
	}
	return amount{Money: own, rates: f.set.rates}
}

func (f *facts) rate() any {
	currency := f.in.snapshot().Amount.Currency
	if currency == f.set.BaseCurrency {
		return 1.0
	}
	used, ok := f.set.rates.to[currency]
	if !ok {
		return types.NewErr("no rate from %q to %s", currency, f.set.BaseCurrency)
	}
	v, _ := used.exact.Float64()
	return v
}

func (f *facts) rateDate() string {
	if _, ok := f.set.rates.to[f.in.snapshot().Amount.Currency]; !ok {
		return ""
	}
	return f.set.rates.date
}

// spent is the sum in the base currency.
func (f *facts) spent() any {
	sum := dispute.Money{Currency: f.set.BaseCurrency}
	for _, m := range f.in.CustomerSpent {
		base, err := f.set.rates.convert(m)
		if err != nil {
			return types.WrapErr(err)
		}
		sum.Minor += base.Minor
	}
	return amount{Money: sum, rates: f.set.rates}
}

// weigh makes the sums of both answers, once.
func (f *facts) weigh() (odds.Advice, error) {
	if f.advice == nil {
		snap := f.in.snapshot()
		advice, err := odds.Advise(odds.Case{
			Amount: snap.Amount, Network: snap.Network, Provider: f.in.Provider, OpenedAt: snap.OpenedAt, Now: f.in.Now,
			Handling: f.set.HandlingCost, Convert: f.set.rates.convert,
		}, f.in.chance())
		f.advice, f.unsure = &advice, err
	}
	return *f.advice, f.unsure
}

func (f *facts) worth(of func(odds.Advice) odds.Option) any {
	advice, err := f.weigh()
	if err != nil {
		return types.WrapErr(err)
	}
	total := of(advice).Total
	if total.Currency == "" {
		total.Currency = f.set.BaseCurrency
	}
	return amount{Money: total, rates: f.set.rates}
}

// show writes a fact as an explanation quotes it.
func show(fact any) string {
	switch v := fact.(type) {
	case string:
		return quote(v)
	case amount:
		return v.String() + v.origin
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case map[string]string:
		return showKeys(v)
	case ref.Val:
		return "not known"
	}
	return ""
}

// showKeys names a few keys of a payment's metadata; its values may be personal.
func showKeys(m map[string]string) string {
	const few = 8
	keys := slices.Sorted(maps.Keys(m))
	more := ""
	if len(keys) > few {
		keys, more = keys[:few], ", …"
	}
	return "{" + strings.Join(keys, ", ") + more + "}"
}
