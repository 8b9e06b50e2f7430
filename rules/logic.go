package rules

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// A condition as alternatives of atoms: it holds when all the atoms of one way
// hold. It serves to find conditions that never hold and rules that another one
// leaves nothing to.
type (
	ways [][]atom
	// atom compares one field with literals. An atom that is more than that has
	// only its text.
	atom struct {
		text    string
		name    string // the field as it is written
		subject string // what is compared, and the currency of money; empty when only the text is known
		field   Field
		op      string // one of operators.Less … Equals, NotEquals, In
		values  []value
		not     bool // turns In and the text round
	}
)

// mostWays bounds the alternatives that are looked at; beyond it nothing is said.
const mostWays = 64

// waysOf takes a condition apart; nil when that would be too much.
func (c *condition) waysOf() ways {
	return (&splitter{info: c.tree.SourceInfo()}).split(c.tree.Expr(), false)
}

type splitter struct{ info *ast.SourceInfo }

func (s *splitter) split(e ast.Expr, not bool) ways {
	if value, ok := boolLiteral(e); ok {
		if value == not {
			return ways{}
		}
		return ways{{}}
	}
	if e.Kind() == ast.CallKind {
		call := e.AsCall()
		switch op := call.FunctionName(); {
		case op == operators.LogicalNot:
			return s.split(call.Args()[0], !not)
		case op == operators.LogicalAnd && !not, op == operators.LogicalOr && not:
			return both(s.split(call.Args()[0], not), s.split(call.Args()[1], not))
		case op == operators.LogicalOr, op == operators.LogicalAnd:
			return either(s.split(call.Args()[0], not), s.split(call.Args()[1], not))
		}
	}
	a := s.atom(e, not)
	return ways{{a}}
}

func both(a, b ways) ways {
	if a == nil || b == nil || len(a)*len(b) > mostWays {
		return nil
	}
	out := ways{}
	for _, x := range a {
		for _, y := range b {
			out = append(out, slices.Concat(x, y))
		}
	}
	return out
}

func either(a, b ways) ways {
	if a == nil || b == nil || len(a)+len(b) > mostWays {
		return nil
	}
	return append(append(ways{}, a...), b...)
}

// opposite is what holds when an operator does not.
var opposite = map[string]string{
	operators.Less: operators.GreaterEquals, operators.GreaterEquals: operators.Less,
	operators.Greater: operators.LessEquals, operators.LessEquals: operators.Greater,
	operators.Equals: operators.NotEquals, operators.NotEquals: operators.Equals,
}

// swapped is an operator with its sides exchanged.
var swapped = map[string]string{
	operators.Less: operators.Greater, operators.Greater: operators.Less,
	operators.LessEquals: operators.GreaterEquals, operators.GreaterEquals: operators.LessEquals,
	operators.Equals: operators.Equals, operators.NotEquals: operators.NotEquals,
}

func (s *splitter) atom(e ast.Expr, not bool) atom {
	text, err := cel.ExprToString(e, s.info)
	if err != nil {
		text = fmt.Sprintf("#%d", e.ID()) // like nothing else
	}
	a := atom{text: text, not: not}
	if f, ok := fieldOf(e); ok && f.Type == "bool" {
		return a.comparing(f, operators.Equals, []value{{truth: "true"}})
	}
	if e.Kind() != ast.CallKind {
		return a
	}
	call := e.AsCall()
	args := call.Args()
	if call.FunctionName() == operators.In {
		f, ok := fieldOf(args[0])
		values, plain := listOf(args[1])
		if !ok || !plain {
			return a
		}
		return a.comparing(f, operators.In, values)
	}
	op := call.FunctionName()
	if _, known := swapped[op]; !known {
		return a
	}
	left, right := args[0], args[1]
	if _, ok := fieldOf(left); !ok {
		left, right, op = right, left, swapped[op]
	}
	f, ok := fieldOf(left)
	v, plain := valueOf(right)
	if !ok || !plain {
		return a
	}
	return a.comparing(f, op, []value{v})
}

// comparing makes an atom one of a field; values of several currencies leave it
// a text.
func (a atom) comparing(f Field, op string, values []value) atom {
	for _, v := range values {
		if v.currency != values[0].currency || v.number == nil && op != operators.Equals && op != operators.NotEquals && op != operators.In {
			return a
		}
	}
	if len(values) == 0 {
		return a
	}
	if a.not && op != operators.In {
		a.not, op = false, opposite[op]
	}
	a.name = f.Name
	f, op, values = meaning(f, op, values)
	a.field, a.subject, a.op, a.values = f, strings.TrimSpace(f.Name+" "+values[0].currency), op, values
	return a
}

// meaning puts a field that only says something of another one in that one's
// terms: first_time is customer.disputes == 0.
func meaning(f Field, op string, values []value) (Field, string, []value) {
	to, op2, v := "", operators.Equals, value{}
	switch f.Name {
	case "first_time":
		to, v = "customer.disputes", value{number: new(big.Rat)}
	case "payment.refunded":
		to, op2, v = "payment.refund", operators.NotEquals, value{truth: quote(refundNone)}
	}
	if to == "" || op == operators.In {
		return f, op, values
	}
	if (op == operators.Equals) != (values[0].truth == "true") {
		op2 = opposite[op2]
	}
	other, _ := fieldNamed(to)
	return other, op2, []value{v}
}

// denied is the atom that holds when this one does not.
func (a atom) denied() atom {
	if a.subject == "" || a.op == operators.In {
		a.not = !a.not
		return a
	}
	a.op = opposite[a.op]
	return a
}

// key tells atoms apart that are only texts.
func (a atom) key() string {
	if a.not {
		return "!" + a.text
	}
	return a.text
}

func fieldOf(e ast.Expr) (Field, bool) {
	if e.Kind() != ast.IdentKind {
		return Field{}, false
	}
	return fieldNamed(e.AsIdent())
}

func boolLiteral(e ast.Expr) (value, ok bool) {
	if e.Kind() != ast.LiteralKind {
		return false, false
	}
	value, ok = e.AsLiteral().Value().(bool)
	return value, ok
}

func listOf(e ast.Expr) ([]value, bool) {
	if e.Kind() != ast.ListKind {
		return nil, false
	}
	var out []value
	for _, element := range e.AsList().Elements() {
		v, ok := valueOf(element)
		if !ok {
			return nil, false
		}
		out = append(out, v)
	}
	return out, true
}
