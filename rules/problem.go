package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Problem is one thing that is wrong with a rule set, and how to mend it.
type Problem struct {
	Line    int    `json:"line"`           // in the source, from 1
	Rule    string `json:"rule,omitempty"` // the rule's id, when it is inside a rule
	Message string `json:"message"`
	Mend    string `json:"mend"`
}

// String is "line 12: rule tiny: message; mend".
func (p Problem) String() string {
	head := "line " + strconv.Itoa(p.Line) + ": "
	if p.Rule != "" {
		head += "rule " + p.Rule + ": "
	}
	return head + p.Message + "; " + p.Mend
}

// Problems are everything that is wrong with a rule set, by line.
type Problems []Problem

// Error implements error with one problem a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// err is nil without problems, else a *dispute.Error of kind Invalid around
// them, by line.
func (p Problems) err(op, name string) error {
	if len(p) == 0 {
		return nil
	}
	return &dispute.Error{Kind: dispute.Invalid, Op: fmt.Sprintf("rules: %s %s", op, name), Err: p.sorted()}
}

func (p Problems) sorted() Problems {
	slices.SortStableFunc(p, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return p
}

func quote(s string) string { return strconv.Quote(s) }

// suggest is the mend for a word that is not known: the nearest known one when
// there is a likely one, else the whole list, else what to do.
func suggest(word string, known []string, otherwise string) string {
	known = slices.Sorted(slices.Values(known))
	last := word[strings.LastIndexByte(word, '.')+1:]
	best, bestAt := "", len(last)/3+2
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < bestAt {
			best, bestAt = k, d
		}
	}
	switch {
	case best != "" && otherwise != "":
		return "did you mean " + best + "? Otherwise " + otherwise
	case best != "":
		return "did you mean " + best + "?"
	case len(known) > 0 && otherwise != "":
		return otherwise + " (there is " + strings.Join(known, ", ") + ")"
	case len(known) > 0:
		return "use one of " + strings.Join(known, ", ")
	}
	return otherwise
}

// distance counts the edits (insert, delete, replace) between two words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
