package rules

import (
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
)

var (
	// dottedName is a field or function as it is written.
	dottedName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*`)
	undeclared = regexp.MustCompile(`^undeclared reference to '([^']+)'`)
)

// explainIssues puts CEL's complaints into the words of the vocabulary. Only
// the first complaint about syntax is kept: the others follow from it.
func explainIssues(text string, issues *cel.Issues) []flaw {
	lines := strings.Split(text, "\n")
	var flaws []flaw
	for _, e := range issues.Errors() {
		f := flaw{line: max(e.Location.Line(), 1), message: e.Message}
		switch root := undeclared.FindStringSubmatch(e.Message); {
		case root != nil:
			f.message, f.mend = explainUndeclared(root[1], textAt(lines, f.line, e.Location.Column()))
		case strings.HasPrefix(e.Message, "Syntax error"):
			f.message, _, _ = strings.Cut(e.Message, " expecting ")
			f.mend = `write it as in dispute.family == "fraudulent" && days_left < 3`
			return append(flaws, f)
		case strings.HasPrefix(e.Message, "found no matching overload") && strings.Contains(e.Message, "money"):
			f.mend = `compare money with money, as in dispute.amount_base >= money("500 USD")`
		case strings.HasPrefix(e.Message, "found no matching overload"):
			f.mend = "compare values of one type: text in quotes, double as 1.0, int as 1"
		default:
			f.mend = "write it differently"
		}
		flaws = append(flaws, f)
	}
	return flaws
}

// explainUndeclared names the whole field, where CEL may complain only of the
// part before the dot. CEL points at the bracket of an unknown function.
func explainUndeclared(root, at string) (message, mend string) {
	if strings.HasPrefix(at, "(") {
		return root + " is not a function", "use money, in, startsWith, endsWith, contains, matches or size"
	}
	name := root
	if whole := dottedName.FindString(at); strings.HasPrefix(whole, root) {
		name = whole
	}
	if slices.Contains(fieldNames(), name) {
		return name + " cannot be used like this", "leave has() out: it always has a value"
	}
	return name + " is not a field", suggest(name, fieldsLike(name), "")
}

// fieldsLike are the fields with the same first word, else all.
func fieldsLike(name string) []string {
	first, _, _ := strings.Cut(name, ".")
	var like []string
	for _, field := range fieldNames() {
		if strings.HasPrefix(field, first+".") {
			like = append(like, field)
		}
	}
	if like == nil {
		return fieldNames()
	}
	return like
}

// textAt is what is left of a line from a place; columns count characters from 0.
func textAt(lines []string, line, column int) string {
	if line > len(lines) {
		return ""
	}
	runes := []rune(lines[line-1])
	if column < 0 || column > len(runes) {
		return ""
	}
	return string(runes[column:])
}
