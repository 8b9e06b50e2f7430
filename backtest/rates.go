package backtest

import (
	"math/big"

	"go.yaml.in/yaml/v3"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// rates bring amounts into a rule set's base currency as the set itself does.
type rates struct {
	base string
	to   map[string]*big.Rat // minor units into minor units
}

func ratesOf(set *rules.Set) (*rates, error) {
	var written struct {
		FX map[string]string `yaml:"fx"`
	}
	if err := yaml.Unmarshal(set.Source(), &written); err != nil {
		return nil, dispute.Errorf(dispute.Invalid, "backtest: rates of "+set.Name, "%w", err)
	}
	r := &rates{base: set.BaseCurrency, to: map[string]*big.Rat{}}
	for currency, text := range written.FX {
		rate, ok := new(big.Rat).SetString(text)
		if !ok {
			return nil, dispute.Errorf(dispute.Invalid, "backtest: rates of "+set.Name, "the rate of %s is no number", currency)
		}
		r.to[currency] = rate.Mul(rate, tenTo(dispute.Exponent(r.base)-dispute.Exponent(currency)))
	}
	return r, nil
}

func tenTo(n int) *big.Rat {
	power := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n, -n))), nil))
	if n < 0 {
		return power.Inv(power)
	}
	return power
}

// convert rounds to the minor unit, halves away from zero. A currency without a
// rate is Invalid.
func (r *rates) convert(m dispute.Money) (dispute.Money, error) {
	if m.Currency == r.base {
		return m, nil
	}
	rate, ok := r.to[m.Currency]
	if !ok {
		return dispute.Money{}, dispute.Errorf(dispute.Invalid, "backtest: convert", "no rate from %s to %s", m.Currency, r.base)
	}
	exact := new(big.Rat).Mul(new(big.Rat).SetInt64(m.Minor), rate)
	twice := new(big.Int).Mul(exact.Num(), big.NewInt(2))
	round := exact.Denom()
	if exact.Sign() < 0 {
		round = new(big.Int).Neg(round)
	}
	minor := twice.Add(twice, round)
	minor.Quo(minor, new(big.Int).Mul(exact.Denom(), big.NewInt(2)))
	if !minor.IsInt64() {
		return dispute.Money{}, dispute.Errorf(dispute.Invalid, "backtest: convert", "the amount is too large")
	}
	return dispute.Money{Minor: minor.Int64(), Currency: r.base}, nil
}
