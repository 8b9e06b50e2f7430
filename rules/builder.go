package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Builder is a condition as a form shows it: all of its lines hold. No lines
// hold for every case.
type Builder struct {
	Conditions []Condition `json:"conditions"`
}

// Condition is one line: a field of the vocabulary, a comparison and a value as
// text: "500 USD", "3", "true", "fraudulent". For one_of and none_of it is
// several, with ", " between them.
type Condition struct {
	Field string     `json:"field"`
	Op    Comparison `json:"op"`
	Value string     `json:"value"`
}

// Comparison is how a line compares its field.
type Comparison string

// The comparisons.
const (
	Is         Comparison = "is"
	IsNot      Comparison = "is_not"
	AtLeast    Comparison = "at_least"
	MoreThan   Comparison = "more_than"
	AtMost     Comparison = "at_most"
	LessThan   Comparison = "less_than"
	OneOf      Comparison = "one_of"
	NoneOf     Comparison = "none_of"
	StartsWith Comparison = "starts_with"
	Contains   Comparison = "contains"
)

// Comparisons are those that make sense for a field; none for a map.
func (f Field) Comparisons() []Comparison {
	switch {
	case f.Type == "bool":
		return []Comparison{Is}
	case f.Type == "int", f.Type == "double", f.Type == "money":
		return []Comparison{AtLeast, MoreThan, AtMost, LessThan, Is, IsNot}
	case f.Type == "string" && f.Values != nil:
		return []Comparison{Is, IsNot, OneOf, NoneOf}
	case f.Type == "string":
		return []Comparison{Is, IsNot, OneOf, NoneOf, StartsWith, Contains}
	}
	return nil
}

var celOf = map[Comparison]string{
	Is: "==", IsNot: "!=", AtLeast: ">=", MoreThan: ">", AtMost: "<=", LessThan: "<",
}

const valueSeparator = ", "

// CEL is the condition as text. The error is of kind Invalid and names the line:
// a field that does not exist, a comparison that makes no sense for it, a value
// that is none.
func (b Builder) CEL() (string, error) {
	parts := make([]string, len(b.Conditions))
	for i, c := range b.Conditions {
		text, err := c.cel()
		if err != nil {
			return "", dispute.Errorf(dispute.Invalid, "rules: build a condition", "line %d: %w", i+1, err)
		}
		parts[i] = text
	}
	if len(parts) == 0 {
		return "true", nil
	}
	return strings.Join(parts, " && "), nil
}

func (c Condition) cel() (string, error) {
	f, ok := fieldNamed(c.Field)
	if !ok {
		return "", fmt.Errorf("%s is not a field; %s", quote(c.Field), suggest(c.Field, fieldsLike(c.Field), ""))
	}
	if !slices.Contains(f.Comparisons(), c.Op) {
		return "", fmt.Errorf("%s cannot be compared by %s", f.Name, quote(string(c.Op)))
	}
	var values []string
	for _, v := range c.values() {
		text, err := f.literal(v)
		if err != nil {
			return "", err
		}
		values = append(values, text)
	}
	switch c.Op {
	case OneOf:
		return f.Name + " in [" + strings.Join(values, ", ") + "]", nil
	case NoneOf:
		return "!(" + f.Name + " in [" + strings.Join(values, ", ") + "])", nil
	case StartsWith:
		return f.Name + ".startsWith(" + values[0] + ")", nil
	case Contains:
		return f.Name + ".contains(" + values[0] + ")", nil
	default:
		return f.compared(c.Op, values[0]), nil
	}
}

// compared is a comparison of the field with one literal.
func (f Field) compared(op Comparison, value string) string {
	if f.Type == "bool" {
		return map[string]string{"true": "", "false": "!"}[value] + f.Name
	}
	if f.Type == "double" && (op == Is || op == IsNot) && !strings.Contains(value, ".") {
		value += ".0" // equality wants one type
	}
	return f.Name + " " + celOf[op] + " " + value
}

func (c Condition) values() []string {
	if c.Op != OneOf && c.Op != NoneOf {
		return []string{c.Value}
	}
	var out []string
	for v := range strings.SplitSeq(c.Value, strings.TrimSpace(valueSeparator)) {
		out = append(out, strings.TrimSpace(v))
	}
	return out
}

// literal is a value of the field as CEL writes it.
func (f Field) literal(text string) (string, error) {
	text = strings.TrimSpace(text)
	switch f.Type {
	case "money":
		m, err := dispute.ParseMoney(text)
		if err != nil {
			return "", fmt.Errorf("%s is an amount such as 500 USD, not %s", f.Name, quote(text))
		}
		return "money(" + quote(m.String()) + ")", nil
	case "bool":
		if text != "true" && text != "false" {
			return "", fmt.Errorf("%s is true or false, not %s", f.Name, quote(text))
		}
		return text, nil
	case "int":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return "", fmt.Errorf("%s is a whole number, not %s", f.Name, quote(text))
		}
		return strconv.FormatInt(n, 10), nil
	case "double":
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || x != x || x > 1e15 || x < -1e15 {
			return "", fmt.Errorf("%s is a number, not %s", f.Name, quote(text))
		}
		return strconv.FormatFloat(x, 'f', -1, 64), nil
	}
	if f.Values != nil && !slices.Contains(f.Values, text) {
		return "", fmt.Errorf("%s is never %s; %s", f.Name, quote(text), suggest(text, f.Values, ""))
	}
	return quote(text), nil
}

// BuilderOf is the form of a condition; ok is false when it does not compile or
// is more than a form can show.
func BuilderOf(when string) (b Builder, ok bool) {
	checked, issues := language().Compile(when)
	if issues.Err() != nil {
		return Builder{}, false
	}
	if !b.take(checked.NativeRep().Expr()) {
		return Builder{}, false
	}
	again, err := b.CEL()
	if err != nil {
		return Builder{}, false
	}
	_, issues = language().Compile(again)
	return b, issues.Err() == nil
}

func (b *Builder) take(e ast.Expr) bool {
	if truth, ok := boolLiteral(e); ok {
		return truth
	}
	if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.LogicalAnd {
		return b.take(e.AsCall().Args()[0]) && b.take(e.AsCall().Args()[1])
	}
	c, ok := line(e)
	b.Conditions = append(b.Conditions, c)
	return ok
}

// line reads one comparison of a field with literals.
func line(e ast.Expr) (Condition, bool) {
	if f, ok := fieldOf(e); ok {
		return Condition{f.Name, Is, "true"}, f.Type == "bool"
	}
	if e.Kind() != ast.CallKind {
		return Condition{}, false
	}
	call := e.AsCall()
	args := call.Args()
	if call.IsMemberFunction() {
		args = append([]ast.Expr{call.Target()}, args...)
	}
	f, isField := fieldOf(args[0])
	switch name := call.FunctionName(); {
	case name == operators.LogicalNot:
		return denied(args[0])
	case !isField || len(args) != 2:
		return Condition{}, false
	case name == operators.In:
		value, ok := joinTexts(args[1])
		return Condition{f.Name, OneOf, value}, ok
	case name == "startsWith" || name == "contains":
		value, ok := literal(args[1])
		op := map[string]Comparison{"startsWith": StartsWith, "contains": Contains}[name]
		return Condition{f.Name, op, value}, ok && value == strings.TrimSpace(value)
	default:
		op, known := comparisons[name]
		value, ok := formText(args[1])
		return Condition{f.Name, op, value}, known && ok
	}
}

var comparisons = map[string]Comparison{
	operators.Equals: Is, operators.NotEquals: IsNot, operators.GreaterEquals: AtLeast,
	operators.Greater: MoreThan, operators.LessEquals: AtMost, operators.Less: LessThan,
}

// denied is the line of what must not hold.
func denied(e ast.Expr) (Condition, bool) {
	c, ok := line(e)
	_, isBool := fieldOf(e)
	switch {
	case ok && isBool:
		c.Value = "false"
	case ok && c.Op == OneOf:
		c.Op = NoneOf
	default:
		return Condition{}, false
	}
	return c, true
}

// formText is a literal as a form shows it.
func formText(e ast.Expr) (string, bool) {
	v, ok := valueOf(e)
	if !ok {
		return "", false
	}
	if v.currency != "" {
		return dispute.Money{Minor: v.number.Num().Int64(), Currency: v.currency}.String(), true
	}
	if text, ok := literal(e); ok {
		return text, text == strings.TrimSpace(text)
	}
	return show(e.AsLiteral().Value()), true
}

// joinTexts are the texts of a list; texts with a comma do not fit a form.
func joinTexts(e ast.Expr) (string, bool) {
	if e.Kind() != ast.ListKind || e.AsList().Size() == 0 {
		return "", false
	}
	var out []string
	for _, element := range e.AsList().Elements() {
		text, ok := literal(element)
		if !ok || strings.Contains(text, ",") || text != strings.TrimSpace(text) {
			return "", false
		}
		out = append(out, text)
	}
	return strings.Join(out, valueSeparator), true
}
