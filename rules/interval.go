package rules

import (
	"math/big"
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// value is a literal: a number, or a text or a truth. Money is a number with a
// currency.
type value struct {
	number   *big.Rat
	currency string
	truth    string // a text in quotes, "true" or "false"
}

func (v value) equal(w value) bool {
	if v.number != nil && w.number != nil {
		return v.number.Cmp(w.number) == 0
	}
	return v.number == nil && w.number == nil && v.truth == w.truth
}

// valueOf reads a literal, or money of one.
func valueOf(e ast.Expr) (value, bool) {
	if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == "money" {
		text, ok := literal(e.AsCall().Args()[0])
		m, err := dispute.ParseMoney(text)
		return value{number: new(big.Rat).SetInt64(m.Minor), currency: m.Currency}, ok && err == nil
	}
	if e.Kind() != ast.LiteralKind {
		return value{}, false
	}
	switch v := e.AsLiteral().Value().(type) {
	case int64:
		return value{number: new(big.Rat).SetInt64(v)}, true
	case float64:
		number := new(big.Rat).SetFloat64(v)
		return value{number: number}, number != nil
	case string:
		return value{truth: quote(v)}, true
	case bool:
		return value{truth: show(v)}, true
	}
	return value{}, false
}

// span is what the atoms of one way leave of one field.
type span struct {
	low, high         *big.Rat // nil when open
	lowOpen, highOpen bool     // the end itself is out
	only              []value  // what it can be; nil when anything
	never             []value
	comparable        bool // an amount that has a rate: it was compared by more than !=
	whole             bool // there is nothing between two whole numbers
	work              *int // the comparisons that were made
}

// spanOf starts with what the vocabulary knows of a field, and counts what is
// compared.
func spanOf(f Field, work *int) *span {
	s := &span{whole: f.Type == "int", work: work}
	if f.least != nil {
		s.low = new(big.Rat).SetInt64(*f.least)
	}
	if f.most != nil {
		s.high = new(big.Rat).SetInt64(*f.most)
	}
	if s.whole && f.least != nil && f.most != nil {
		for n := *f.least; n <= *f.most; n++ {
			s.only = append(s.only, value{number: new(big.Rat).SetInt64(n)})
		}
	}
	for _, v := range f.Values {
		s.only = append(s.only, value{truth: quote(v)})
	}
	if f.Type == "bool" {
		s.only = []value{{truth: "true"}, {truth: "false"}}
	}
	return s
}

// narrow adds one atom.
func (s *span) narrow(a atom) {
	*s.work++
	s.comparable = s.comparable || a.op != operators.NotEquals && a.op != operators.In
	switch a.op {
	case operators.Equals:
		s.keep(a.values)
	case operators.NotEquals:
		s.never = append(s.never, a.values...)
	case operators.In:
		if a.not {
			s.never = append(s.never, a.values...)
		} else {
			s.keep(a.values)
		}
	case operators.Less, operators.LessEquals:
		v, open := s.most(a.values[0].number, a.op == operators.Less)
		if s.high == nil || v.Cmp(s.high) < 0 || v.Cmp(s.high) == 0 && open {
			s.high, s.highOpen = v, open
		}
	case operators.Greater, operators.GreaterEquals:
		v, open := s.least(a.values[0].number, a.op == operators.Greater)
		if s.low == nil || v.Cmp(s.low) > 0 || v.Cmp(s.low) == 0 && open {
			s.low, s.lowOpen = v, open
		}
	}
}

// most is an upper end: of whole numbers, the last that is in.
func (s *span) most(v *big.Rat, open bool) (end *big.Rat, isOpen bool) {
	if !s.whole {
		return v, open
	}
	n := new(big.Int).Div(v.Num(), v.Denom()) // rounds down
	if open && v.IsInt() {
		n.Sub(n, big.NewInt(1))
	}
	return new(big.Rat).SetInt(n), false
}

// least is a lower end: of whole numbers, the first that is in.
func (s *span) least(v *big.Rat, open bool) (end *big.Rat, isOpen bool) {
	end, isOpen = s.most(new(big.Rat).Neg(v), open)
	return end.Neg(end), isOpen
}

// among reports whether a value is one of several.
func (s *span) among(v value, values []value) bool {
	return slices.ContainsFunc(values, func(one value) bool {
		*s.work++
		return v.equal(one)
	})
}

func (s *span) keep(values []value) {
	if s.only == nil {
		s.only = slices.Clone(values)
		return
	}
	s.only = slices.DeleteFunc(slices.Clone(s.only), func(v value) bool { return !s.among(v, values) })
}

// left are the values that are still possible, where they can be listed.
func (s *span) left() []value {
	return slices.DeleteFunc(slices.Clone(s.only), func(v value) bool { return !s.admits(v) })
}

// admits reports whether one value fits; only is not asked.
func (s *span) admits(v value) bool {
	if s.among(v, s.never) {
		return false
	}
	if v.number == nil {
		return true
	}
	below := s.low != nil && (v.number.Cmp(s.low) < 0 || v.number.Cmp(s.low) == 0 && s.lowOpen)
	above := s.high != nil && (v.number.Cmp(s.high) > 0 || v.number.Cmp(s.high) == 0 && s.highOpen)
	return !below && !above
}

func (s *span) empty() bool {
	if s.only != nil {
		return len(s.left()) == 0
	}
	if s.low == nil || s.high == nil {
		return false
	}
	c := s.low.Cmp(s.high)
	return c > 0 || c == 0 && (s.lowOpen || s.highOpen || !s.admits(value{number: s.low}))
}

// implies reports whether every value that is left satisfies an atom.
func (s *span) implies(a atom) bool {
	*s.work++
	if s.only != nil {
		one := &span{whole: s.whole, work: s.work}
		one.narrow(a)
		return !slices.ContainsFunc(s.left(), func(v value) bool {
			return !one.admits(v) || one.only != nil && !one.among(v, one.only)
		})
	}
	switch a.op {
	case operators.Less, operators.LessEquals:
		return s.high != nil && (s.high.Cmp(a.values[0].number) < 0 || s.high.Cmp(a.values[0].number) == 0 && (s.highOpen || a.op == operators.LessEquals))
	case operators.Greater, operators.GreaterEquals:
		return s.low != nil && (s.low.Cmp(a.values[0].number) > 0 || s.low.Cmp(a.values[0].number) == 0 && (s.lowOpen || a.op == operators.GreaterEquals))
	case operators.NotEquals, operators.In:
		return (a.op == operators.NotEquals || a.not) && !slices.ContainsFunc(a.values, func(v value) bool {
			return s.admits(v)
		})
	}
	return false
}
