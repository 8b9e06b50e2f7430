package rules

import (
	"fmt"
	"slices"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/operators"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

const (
	// costLimit bounds the work of one condition, in CEL's cost units. A
	// condition of the usual kind costs less than a hundred.
	costLimit = 10_000
	// conditionLimit is the longest condition, in characters.
	conditionLimit = 4_000
	// longestText is what the cost estimate takes for the longest text fact.
	longestText = 128
	// mostKeys is what it takes for the metadata of a payment; Stripe allows 50.
	mostKeys = 50
)

// condition is a compiled `when`.
type condition struct {
	program cel.Program
	uses    []string // fields, in the order of first use
	always  *bool    // the value of a condition that uses no field
	tree    *ast.AST // as checked
}

// flaw is a problem of a condition; its line counts from the condition's own
// first line.
type flaw struct {
	line          int
	message, mend string
}

// language is the CEL environment: CEL's own functions and macros, the
// vocabulary and money. It reaches nothing outside.
var language = sync.OnceValue(func() *cel.Env {
	options := append(moneyOptions(),
		cel.CrossTypeNumericComparisons(true),
		cel.ExtendedValidations(),
		cel.ParserExpressionSizeLimit(conditionLimit),
		cel.ParserRecursionLimit(50),
	)
	for _, f := range vocabulary {
		options = append(options, cel.VariableWithDoc(f.Name, f.celType(), f.Doc))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		panic("rules: " + err.Error())
	}
	return env
})

// compile checks a condition fully: syntax, types, fields, literals, cost.
func compile(text string, r *rates) (*condition, []flaw) {
	checked, issues := language().Compile(text)
	if issues.Err() != nil {
		return nil, explainIssues(text, issues)
	}
	if checked.OutputType() != cel.BoolType {
		return nil, []flaw{{1, "the condition yields " + checked.OutputType().String() + ", not yes or no", "compare it with something"}}
	}
	c := &condition{tree: checked.NativeRep()}
	flaws := c.inspect(checked, r)
	if estimate, err := language().EstimateCost(checked, estimator{}); err != nil || estimate.Max > costLimit {
		flaws = append(flaws, flaw{1, "the condition may cost too much to judge", "make it shorter, or split the rule"})
	}
	if len(flaws) > 0 {
		return nil, flaws
	}
	program, err := language().Program(checked, cel.CostLimit(costLimit))
	if err != nil {
		return nil, []flaw{{1, err.Error(), "write it differently"}}
	}
	c.program = program
	if len(c.uses) > 0 {
		return c, nil
	}
	holds, err := c.holds(cel.NoVars())
	if err != nil {
		return nil, []flaw{{1, "the condition can never be judged: " + err.Error(), "write it differently"}}
	}
	c.always = &holds
	return c, nil
}

// holds judges the condition. An error means that it cannot be judged.
func (c *condition) holds(facts any) (bool, error) {
	if c.always != nil {
		return *c.always, nil
	}
	value, _, err := c.program.Eval(facts)
	if err != nil {
		return false, err
	}
	holds, ok := value.Value().(bool)
	if !ok {
		return false, fmt.Errorf("it yields %s", value.Type().TypeName())
	}
	return holds, nil
}

// inspect collects the fields that a condition uses and finds literals that
// cannot mean what was meant.
func (c *condition) inspect(checked *cel.Ast, r *rates) (flaws []flaw) {
	native := checked.NativeRep()
	ast.PreOrderVisit(native.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.IdentKind:
			c.use(e.AsIdent())
		case ast.CallKind:
			for _, problem := range inspectCall(e.AsCall(), r) {
				problem.line = native.SourceInfo().GetStartLocation(e.ID()).Line()
				flaws = append(flaws, problem)
			}
		default:
		}
	}))
	return flaws
}

func (c *condition) use(name string) {
	if _, known := fieldNamed(name); known && !slices.Contains(c.uses, name) {
		c.uses = append(c.uses, name)
	}
}

func inspectCall(call ast.CallExpr, r *rates) []flaw {
	if call.FunctionName() == "money" {
		return inspectMoney(call.Args()[0], r)
	}
	var flaws []flaw
	for _, c := range comparedTexts(call) {
		flaws = append(flaws, inspectValue(c.field, c.text)...)
	}
	return flaws
}

// compared is a field that is held against a text.
type compared struct {
	field Field
	text  string
}

// comparedTexts are the texts that a call holds a field against, whole: by ==,
// != or in.
func comparedTexts(call ast.CallExpr) (out []compared) {
	take := func(subject, value ast.Expr) {
		f, isField := fieldOf(subject)
		if text, ok := literal(value); ok && isField {
			out = append(out, compared{f, text})
		}
	}
	args := call.Args()
	switch name := call.FunctionName(); {
	case name == operators.Equals, name == operators.NotEquals:
		take(args[0], args[1])
		take(args[1], args[0])
	case name == operators.In && args[1].Kind() == ast.ListKind:
		for _, element := range args[1].AsList().Elements() {
			take(args[0], element)
		}
	}
	return out
}

// inspectMoney wants a literal amount in a currency that has a rate.
func inspectMoney(arg ast.Expr, r *rates) []flaw {
	text, ok := literal(arg)
	if !ok {
		return []flaw{{message: "money takes a literal amount", mend: `write it out, as in money("500 USD")`}}
	}
	m, err := dispute.ParseMoney(text)
	if err != nil {
		return []flaw{{message: err.Error(), mend: `write it as in money("500 USD")`}}
	}
	if _, err := r.convert(m); err != nil {
		return []flaw{{message: err.Error(), mend: "add " + m.Currency + " under fx, or name the amount in " + r.base}}
	}
	return nil
}

// inspectValue wants a text that is compared with a field of closed values to
// be one of them; a typing error would never match, in silence.
func inspectValue(field Field, text string) []flaw {
	if field.Values == nil || slices.Contains(field.Values, text) {
		return nil
	}
	return []flaw{{message: field.Name + " is never " + quote(text), mend: suggest(text, field.Values, "")}}
}

func literal(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	text, ok := e.AsLiteral().Value().(string)
	return text, ok
}

// estimator bounds the size of the facts for CEL's cost estimate.
type estimator struct{}

func (estimator) EstimateSize(node cost.AstNode) *cost.SizeEstimate {
	switch {
	case node.Type() == moneyType:
		return &cost.SizeEstimate{Min: 1, Max: 1}
	case node.Type() == cel.StringType && len(node.Path()) > 0:
		return &cost.SizeEstimate{Min: 0, Max: longestText}
	case node.Type().Kind() == cel.MapKind && len(node.Path()) > 0:
		return &cost.SizeEstimate{Min: 0, Max: mostKeys}
	}
	return nil
}

func (estimator) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}
