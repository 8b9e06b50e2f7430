package console

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// conditionLine is one line of the condition with what may be chosen in it.
type conditionLine struct {
	At, Nth int // from 0, and from 1
	rules.Condition
	Ops     []link
	Values  []string // of a field that can be a few things only
	Hint    string
	Example string
	Strange bool // there is no such field
}

// choices fills in what may be chosen.
func (e *editorView) choices(f desk.DraftFile, connections []string) {
	set := rules.ReadSketch("draft", []byte(f.Source)).Set
	e.Fields, e.Connections, e.Tags = wordGroups(), connections, strings.Join(e.Form.Tags, ", ")
	e.Queues = orOpen(e.Form.Queue, slices.Sorted(maps.Keys(set.Queues)))
	e.Ladders = orOpen(e.Form.Ladder, slices.Sorted(maps.Keys(set.Ladders)))
	e.Approvals = options(e.Form.Approval, "", asItIs, "required", "a person approves first", "none", "not needed")
	e.Responses = options(e.Form.Respond, "", asItIs, "contest", "contest", "accept", "accept", "by_value", "whichever is worth more")
	e.Strengths = options(e.Form.MinStrength, "", asItIs, "0", "any", "1", "at least 1 of 4", "2", "at least 2 of 4", "3", "at least 3 of 4", "4", "4 of 4")
	priority := "normal"
	if e.Form.Ticket != nil {
		priority = e.Form.Ticket.Priority
	}
	e.Priorities = options(priority, "low", "low", "normal", "normal", "high", "high", "urgent", "urgent")
	e.Assignees = assignees(set)
	e.Form.Notify = append(slices.Clone(e.Form.Notify), rules.Notify{}) // one more to fill in
	for i, line := range e.Form.Builder.Conditions {
		e.Lines = append(e.Lines, conditionLineOf(i, line))
	}
}

// asItIs stands for what a rule leaves to others.
const asItIs = "as it is"

// options are pairs of a value and its words, and the current value where it is
// none of them.
func options(current string, of ...string) []link {
	var out []link
	found := false
	for i := 0; i+1 < len(of); i += 2 {
		out = append(out, link{Value: of[i], Name: of[i+1], Current: of[i] == current})
		found = found || of[i] == current
	}
	if !found {
		out = append(out, link{Value: current, Name: current, Current: true})
	}
	return out
}

// orOpen are options whose values are their own words, after leaving it open.
func orOpen(current string, names []string) []link {
	of := []string{"", asItIs}
	for _, name := range names {
		of = append(of, name, name)
	}
	return options(current, of...)
}

func assignees(set *rules.Set) []string {
	var out []string
	for _, q := range set.Queues {
		for _, member := range q.Members {
			out = append(out, member)
			for _, skill := range q.Skills[member] {
				out = append(out, "by skill "+skill)
			}
		}
	}
	slices.Sort(out)
	return append([]string{"by load", "by round_robin"}, slices.Compact(out)...)
}

func conditionLineOf(at int, line rules.Condition) conditionLine {
	out := conditionLine{At: at, Nth: at + 1, Condition: line}
	f, known := fieldNamed(line.Field)
	out.Strange, out.Hint = !known, capital(f.Doc)
	for _, op := range f.Comparisons() {
		out.Ops = append(out.Ops, link{Value: string(op), Name: comparisonWords[op], Current: op == line.Op})
	}
	switch {
	case line.Op == rules.OneOf || line.Op == rules.NoneOf:
		out.Example = "several, with commas"
		if len(f.Values) > 0 {
			out.Hint += ": " + strings.Join(f.Values, ", ")
		}
	case f.Type == "bool":
		out.Values = []string{"true", "false"}
	case len(f.Values) > 0:
		out.Values = f.Values
	default:
		out.Example = map[string]string{"money": "500 USD", "int": "3", "double": "0.5"}[f.Type]
	}
	return out
}

func fieldNamed(name string) (rules.Field, bool) {
	all := rules.Vocabulary()
	i := slices.IndexFunc(all, func(f rules.Field) bool { return f.Name == name })
	if i < 0 {
		return rules.Field{}, false
	}
	return all[i], true
}

var comparisonWords = map[rules.Comparison]string{
	rules.Is: "is", rules.IsNot: "is not", rules.AtLeast: "is at least", rules.MoreThan: "is more than", rules.AtMost: "is at most",
	rules.LessThan: "is less than", rules.OneOf: "is one of", rules.NoneOf: "is none of", rules.StartsWith: "starts with", rules.Contains: "contains",
}

// postedForm reads the form's side.
func postedForm(v *visit) rules.Form {
	f := rules.Form{
		ID: strings.TrimSpace(v.PostForm("id")), When: strings.TrimSpace(v.PostForm("when")),
		Queue: v.PostForm("queue"), Approval: v.PostForm("approval"), Respond: v.PostForm("respond"), Ladder: v.PostForm("ladder"),
		MinStrength: v.PostForm("min_strength"), Assign: strings.TrimSpace(v.PostForm("assign")),
		Hold: v.PostForm("hold") != "", Continue: v.PostForm("continue") != "", Shadow: v.PostForm("shadow") != "",
	}
	for tag := range strings.SplitSeq(v.PostForm("tags"), ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			f.Tags = append(f.Tags, tag)
		}
	}
	for i := range most {
		field, given := v.GetPostForm(fmt.Sprintf("field.%d", i))
		if !given {
			break
		}
		line := rules.Condition{Field: field, Op: rules.Comparison(v.PostForm(fmt.Sprintf("op.%d", i))), Value: v.PostForm(fmt.Sprintf("value.%d", i))}
		f.Builder.Conditions = append(f.Builder.Conditions, fitting(line, v.PostForm(fmt.Sprintf("was.%d", i))))
	}
	for i := range most {
		one := rules.Notify{
			Connection: strings.TrimSpace(v.PostForm(fmt.Sprintf("notify.%d.connection", i))), Channel: strings.TrimSpace(v.PostForm(fmt.Sprintf("notify.%d.channel", i))),
			Optional: v.PostForm(fmt.Sprintf("notify.%d.optional", i)) != "",
		}
		if one.Connection != "" || one.Channel != "" {
			f.Notify = append(f.Notify, one)
		}
	}
	if connection := strings.TrimSpace(v.PostForm("ticket.connection")); connection != "" {
		f.Ticket = &rules.Ticket{Connection: connection, Priority: v.PostForm("ticket.priority"), Optional: v.PostForm("ticket.optional") != ""}
	}
	return f
}

// most bounds the lines of a form.
const most = 50

// fitting gives a line whose field was another before a comparison that the new
// field has, and takes away a value of another kind.
func fitting(line rules.Condition, before string) rules.Condition {
	f, _ := fieldNamed(line.Field)
	if was, known := fieldNamed(before); known && (was.Type != f.Type || len(was.Values) != len(f.Values)) {
		line.Value = ""
	}
	if ops := f.Comparisons(); len(ops) > 0 && !slices.Contains(ops, line.Op) {
		line.Op = ops[0]
	}
	if values := conditionLineOf(0, line).Values; len(values) > 0 && !slices.Contains(values, line.Value) {
		line.Value = values[0]
	}
	return line
}
