package rules

import (
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
)

// Describe is a rule in plain words: "When the amount is at least 500.00 USD and
// the claim is product not received: queue senior, approval, tell
// #disputes-high". What has no plain words stays as it is written.
func Describe(r Rule) string {
	text := DescribeWhen(r) + ": " + strings.Join(DescribeThen(r), ", ")
	switch {
	case r.Shadow:
		return "In shadow. " + text
	case r.Continue:
		return text + "; then the rules below"
	}
	return text
}

// DescribeWhen is a rule's condition in plain words: "Always", or "When …".
func DescribeWhen(r Rule) string {
	switch {
	case r.condition == nil:
		return "When " + r.When
	case r.always():
		return "Always"
	}
	return "When " + (&teller{r.condition.tree.SourceInfo()}).phrase(r.condition.tree.Expr(), false)
}

// DescribeThen are a rule's effects in plain words; there is at least one.
func DescribeThen(r Rule) []string {
	if effects := r.Then.plain(); len(effects) > 0 {
		return effects
	}
	return []string{"nothing of its own"}
}

// plain are the effects in words.
func (e Effects) plain() []string {
	var out []string
	say := func(said bool, words string) {
		if said {
			out = append(out, words)
		}
	}
	say(e.Queue != "", "queue "+e.Queue)
	if e.Assign != nil {
		out = append(out, "assign "+e.Assign.plain())
	}
	say(e.Approval == ApprovalRequired, "approval")
	say(e.Approval == ApprovalNone, "no approval")
	say(e.Respond == dispute.ResponseContest, "contest")
	say(e.Respond == dispute.ResponseAccept, "accept")
	say(e.Respond == RespondByValue, "contest or accept, whichever is worth more")
	say(e.Ladder != "", "ladder "+e.Ladder)
	say(e.MinStrength != "", "evidence of at least "+e.MinStrength+" of 4")
	say(e.Hold, "hold until a person releases it")
	say(len(e.Sources) > 0, "ask only "+strings.Join(e.Sources, ", "))
	say(len(e.Tags) > 0, "tag "+strings.Join(e.Tags, ", "))
	for _, n := range e.Notify {
		out = append(out, "tell "+n.Channel)
	}
	if e.Ticket != nil {
		out = append(out, "ticket at "+e.Ticket.Connection+" ("+e.Ticket.Priority+")")
	}
	for _, r := range e.Reports {
		out = append(out, r.effect())
	}
	return out
}

func (a Assign) plain() string {
	if a.Person != "" {
		return "to " + a.Person
	}
	return a.String()
}

// teller puts a condition into words.
type teller struct{ info *ast.SourceInfo }

// verbs are the words of the operators, and of what holds when they do not.
var verbs = map[string][2]string{
	operators.Equals: {"is", "is not"}, operators.NotEquals: {"is not", "is"},
	operators.Less: {"is less than", "is at least"}, operators.LessEquals: {"is at most", "is more than"},
	operators.Greater: {"is more than", "is at most"}, operators.GreaterEquals: {"is at least", "is less than"},
	"startsWith": {"starts with", "does not start with"}, "endsWith": {"ends with", "does not end with"},
	"contains": {"contains", "does not contain"}, "matches": {"matches", "does not match"},
}

func (t *teller) phrase(e ast.Expr, not bool) string {
	if f, ok := fieldOf(e); ok && f.Type == "bool" {
		if not {
			return f.denial
		}
		return f.Label
	}
	if e.Kind() != ast.CallKind {
		return t.asWritten(e, not)
	}
	call := e.AsCall()
	args := call.Args()
	if call.IsMemberFunction() {
		args = append([]ast.Expr{call.Target()}, args...)
	}
	switch op := call.FunctionName(); op {
	case operators.LogicalNot:
		return t.phrase(args[0], !not)
	case operators.LogicalAnd, operators.LogicalOr:
		return t.joined(args, op, not)
	case operators.In:
		return t.membership(e, args, not)
	default:
		verb, known := verbs[op]
		subject, field, ok := t.subject(args[0])
		if !known || !ok {
			return t.asWritten(e, not)
		}
		word := verb[0]
		if not {
			word = verb[1]
		}
		return subject + " " + word + " " + t.object(field, args[1])
	}
}

// joined puts an alternative that is part of a conjunction into brackets.
func (t *teller) joined(args []ast.Expr, op string, not bool) string {
	all := (op == operators.LogicalAnd) != not
	parts := make([]string, len(args))
	for i, arg := range args {
		parts[i] = t.phrase(arg, not)
		if all && t.alternative(arg, not) {
			parts[i] = "(" + parts[i] + ")"
		}
	}
	if all {
		return strings.Join(parts, " and ")
	}
	return strings.Join(parts, " or ")
}

func (t *teller) alternative(e ast.Expr, not bool) bool {
	if e.Kind() != ast.CallKind {
		return false
	}
	switch op := e.AsCall().FunctionName(); op {
	case operators.LogicalNot:
		return t.alternative(e.AsCall().Args()[0], !not)
	case operators.LogicalAnd, operators.LogicalOr:
		return (op == operators.LogicalOr) != not
	}
	return false
}

func (t *teller) membership(e ast.Expr, args []ast.Expr, not bool) string {
	if key, ok := literal(args[0]); ok {
		if f, ok := fieldOf(args[1]); ok {
			if not {
				return f.Label + " has no " + key
			}
			return f.Label + " has " + key
		}
	}
	subject, field, ok := t.subject(args[0])
	if !ok || args[1].Kind() != ast.ListKind {
		return t.asWritten(e, not)
	}
	var values []string
	for _, element := range args[1].AsList().Elements() {
		values = append(values, t.object(field, element))
	}
	if not {
		return subject + " is none of " + strings.Join(values, ", ")
	}
	return subject + " is " + strings.Join(values, " or ")
}

// subject is a field, or one key of the payment's metadata.
func (t *teller) subject(e ast.Expr) (string, Field, bool) {
	if f, ok := fieldOf(e); ok {
		return f.Label, f, true
	}
	if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.Index {
		f, ok := fieldOf(e.AsCall().Args()[0])
		key, plain := literal(e.AsCall().Args()[1])
		return key + " of " + f.Label, Field{Type: "string"}, ok && plain
	}
	return "", Field{}, false
}

func (t *teller) object(subject Field, e ast.Expr) string {
	if f, ok := fieldOf(e); ok {
		return f.Label
	}
	v, ok := valueOf(e)
	if !ok {
		return t.asWritten(e, false)
	}
	if v.currency != "" {
		return dispute.Money{Minor: v.number.Num().Int64(), Currency: v.currency}.String()
	}
	text, isText := literal(e)
	switch {
	case !isText:
		return t.asWritten(e, false)
	case text == "":
		return "empty"
	case subject.Name == "dispute.network":
		return networks.NetworkName(text)
	case subject.Values != nil:
		return strings.ReplaceAll(text, "_", " ")
	}
	return text
}

func (t *teller) asWritten(e ast.Expr, not bool) string {
	text, err := cel.ExprToString(e, t.info)
	if err != nil {
		text = "something that has no words"
	}
	if not {
		return "not " + text
	}
	return text
}
