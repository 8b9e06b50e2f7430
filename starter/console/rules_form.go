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
		ID: word(v, "id"), When: unix(word(v, "when")), Builder: rules.Builder{Conditions: postedConditions(v)},
		Queue: word(v, "queue"), Approval: word(v, "approval"), Respond: word(v, "respond"), Ladder: word(v, "ladder"),
		MinStrength: word(v, "min_strength"), Assign: word(v, "assign"), Notify: postedNotify(v),
		Hold: v.PostForm("hold") != "", Continue: v.PostForm("continue") != "", Shadow: v.PostForm("shadow") != "",
	}
	for tag := range strings.SplitSeq(v.PostForm("tags"), ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			f.Tags = append(f.Tags, tag)
		}
	}
	if connection := word(v, "ticket.connection"); connection != "" {
		f.Ticket = &rules.Ticket{Connection: connection, Priority: word(v, "ticket.priority"), Optional: v.PostForm("ticket.optional") != ""}
	}
	return f
}

// word is a field of the form without the spaces around it.
func word(v *visit, name string, of ...any) string {
	return strings.TrimSpace(v.PostForm(fmt.Sprintf(name, of...)))
}

func postedConditions(v *visit) []rules.Condition {
	var out []rules.Condition
	for i := range mostLines {
		if _, given := v.GetPostForm(fmt.Sprintf("field.%d", i)); !given {
			break
		}
		line := rules.Condition{Field: word(v, "field.%d", i), Op: rules.Comparison(word(v, "op.%d", i)), Value: word(v, "value.%d", i)}
		out = append(out, fitting(line, word(v, "was.%d", i)))
	}
	return out
}

func postedNotify(v *visit) []rules.Notify {
	var out []rules.Notify
	for i := range mostLines {
		one := rules.Notify{
			Connection: word(v, "notify.%d.connection", i), Channel: word(v, "notify.%d.channel", i), Optional: word(v, "notify.%d.optional", i) != "",
		}
		if one.Connection != "" || one.Channel != "" {
			out = append(out, one)
		}
	}
	return out
}

// mostLines bounds the lines of a form; a condition's text is full before.
const mostLines = 500

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
