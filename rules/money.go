package rules

import (
	"fmt"
	"math/big"
	"reflect"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// rates are exact prices of one major unit of a currency in the base currency.
type rates struct {
	base string
	to   map[string]rate
	date string // of the rates, as 2026-11-01; empty when not said
}

type rate struct {
	exact *big.Rat
	text  string // as written
}

// told says which rate brought an amount of a currency into the base currency:
// " at 1.10 of 2026-11-01"; empty when none did.
func (r *rates) told(currency string) string {
	used, ok := r.to[currency]
	switch {
	case !ok:
		return ""
	case r.date == "":
		return " at " + used.text
	}
	return " at " + used.text + " of " + r.date
}

// parseRate reads a plain decimal such as "1.0842" exactly.
func parseRate(s string) (*big.Rat, error) {
	whole, frac, dotted := strings.Cut(s, ".")
	plain := whole != "" && strings.Trim(whole+frac, "0123456789") == "" && (!dotted || frac != "")
	if !plain || len(s) > 32 {
		return nil, fmt.Errorf("%q is not a plain decimal number", s)
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok || r.Sign() <= 0 {
		return nil, fmt.Errorf("%q is not above zero", s)
	}
	return r, nil
}

// convert gives an amount in the base currency, rounded to its minor unit with
// halves away from zero.
func (r *rates) convert(m dispute.Money) (dispute.Money, error) {
	if m.Currency == r.base {
		return m, nil
	}
	used, ok := r.to[m.Currency]
	if !ok {
		return dispute.Money{}, fmt.Errorf("no rate from %q to %s", m.Currency, r.base)
	}
	x := new(big.Rat).Mul(new(big.Rat).SetInt64(m.Minor), used.exact)
	x.Mul(x, tenTo(dispute.Exponent(r.base)-dispute.Exponent(m.Currency)))
	minor := roundHalfAway(x)
	if !minor.IsInt64() {
		return dispute.Money{}, fmt.Errorf("the amount is too large in %s", r.base)
	}
	return dispute.Money{Minor: minor.Int64(), Currency: r.base}, nil
}

// Convert gives an amount in the set's base currency, at its own rates. A currency
// without a rate is Invalid.
func (s *Set) Convert(m dispute.Money) (dispute.Money, error) {
	out, err := s.rates.convert(m)
	if err != nil {
		return out, dispute.Errorf(dispute.Invalid, "rules: convert", "%w", err)
	}
	return out, nil
}

func (r *rates) convertBoth(x, y dispute.Money) (bx, by dispute.Money, err error) {
	if r == nil {
		return bx, by, fmt.Errorf("%s and %s do not compare", x.Currency, y.Currency)
	}
	if bx, err = r.convert(x); err != nil {
		return bx, by, err
	}
	by, err = r.convert(y)
	return bx, by, err
}

func tenTo(exp int) *big.Rat {
	if exp < 0 {
		return new(big.Rat).Inv(tenTo(-exp))
	}
	return new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(exp)), nil))
}

func roundHalfAway(x *big.Rat) *big.Int {
	twice := new(big.Int).Mul(big.NewInt(2), new(big.Int).Abs(x.Num()))
	twice.Add(twice, x.Denom())
	n := twice.Div(twice, new(big.Int).Mul(big.NewInt(2), x.Denom()))
	if x.Sign() < 0 {
		n.Neg(n)
	}
	return n
}

// amount is dispute.Money as a CEL value of type money. Amounts of one currency
// compare as they are, amounts of different currencies in the base currency.
type amount struct {
	dispute.Money
	rates  *rates // nil in a literal: the other side brings them
	origin string // of a converted amount: which rate, for explanations
}

var moneyType = cel.ObjectType("money", traits.ComparerType)

// moneyOptions declare the type money, the function money("500 USD") and the
// four order relations. Equality is CEL's own.
func moneyOptions() []cel.EnvOption {
	parse := cel.UnaryBinding(func(v ref.Val) ref.Val {
		s, ok := v.(types.String)
		if !ok {
			return types.MaybeNoSuchOverloadErr(v)
		}
		m, err := dispute.ParseMoney(string(s))
		if err != nil {
			return types.WrapErr(err)
		}
		return amount{Money: m}
	})
	options := []cel.EnvOption{
		cel.Function("money", cel.Overload("money_string", []*cel.Type{cel.StringType}, moneyType, parse)),
	}
	for name, operator := range map[string]string{
		"less": operators.Less, "less_equals": operators.LessEquals,
		"greater": operators.Greater, "greater_equals": operators.GreaterEquals,
	} {
		overload := cel.Overload(name+"_money", []*cel.Type{moneyType, moneyType}, cel.BoolType)
		options = append(options, cel.Function(operator, overload))
	}
	return options
}

// Compare implements traits.Comparer; without a rate it is a CEL error.
func (a amount) Compare(other ref.Val) ref.Val {
	b, ok := other.(amount)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	x, y := a.Money, b.Money
	if x.Currency != y.Currency {
		r := a.rates
		if r == nil {
			r = b.rates
		}
		var err error
		if x, y, err = r.convertBoth(x, y); err != nil {
			return types.WrapErr(err)
		}
	}
	switch {
	case x.Minor < y.Minor:
		return types.IntNegOne
	case x.Minor > y.Minor:
		return types.IntOne
	}
	return types.IntZero
}

// Equal implements ref.Val. Amounts that cannot be compared are not equal.
func (a amount) Equal(other ref.Val) ref.Val { return types.Bool(a.Compare(other) == types.IntZero) }

// ConvertToNative implements ref.Val: the Go value is dispute.Money.
func (a amount) ConvertToNative(t reflect.Type) (any, error) {
	if t == reflect.TypeFor[dispute.Money]() {
		return a.Money, nil
	}
	return nil, fmt.Errorf("money is no %s", t)
}

// ConvertToType implements ref.Val; money converts to nothing but its type.
func (a amount) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.TypeType:
		return moneyType
	case moneyType:
		return a
	}
	return types.NewErr("money does not convert to %s", t.TypeName())
}

// Type implements ref.Val.
func (a amount) Type() ref.Type { return moneyType }

// Value implements ref.Val.
func (a amount) Value() any { return a.Money }
