package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// longestDuration is the longest step of a ladder; no dispute runs longer.
const longestDuration = 366 * 24 * time.Hour

// reader takes YAML nodes apart and collects every problem with its line.
type reader struct {
	problems Problems
	rule     string // the rule that is being read
}

func (r *reader) problem(line int, message, mend string) {
	r.problems = append(r.problems, Problem{Line: line, Rule: r.rule, Message: message, Mend: mend})
}

// entry is one key of a mapping.
type entry struct {
	key   string
	line  int
	value *yaml.Node
}

// follow replaces an alias by what it stands for.
func follow(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// entries reads a mapping whose keys are the user's own names.
func (r *reader) entries(n *yaml.Node, what string) []entry {
	n = follow(n)
	if n.Kind != yaml.MappingNode {
		r.problem(n.Line, what+" is no mapping", "write it as name: value")
		return nil
	}
	var out []entry
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := follow(n.Content[i]), follow(n.Content[i+1])
		if key.Kind != yaml.ScalarNode {
			r.problem(key.Line, what+" has a key that is no word", "write it as name: value")
			continue
		}
		if first, twice := seen[key.Value]; twice {
			r.problem(key.Line, fmt.Sprintf("%s has %s twice", what, quote(key.Value)), fmt.Sprintf("remove it here or on line %d", first))
			continue
		}
		seen[key.Value] = key.Line
		out = append(out, entry{key.Value, key.Line, value})
	}
	return out
}

// fields reads a mapping whose keys are ours; any other key is a problem.
func (r *reader) fields(n *yaml.Node, what string, known ...string) map[string]entry {
	out := map[string]entry{}
	for _, e := range r.entries(n, what) {
		if !slices.Contains(known, e.key) {
			r.problem(e.line, fmt.Sprintf("%s has no setting %s", what, quote(e.key)), suggest(e.key, known, ""))
			continue
		}
		out[e.key] = e
	}
	return out
}

// list reads a sequence.
func (r *reader) list(e entry, what string) []*yaml.Node {
	if e.value == nil {
		return nil
	}
	if e.value.Kind != yaml.SequenceNode {
		r.problem(e.value.Line, what+" is no list", "write it as [a, b]")
		return nil
	}
	out := make([]*yaml.Node, len(e.value.Content))
	for i, n := range e.value.Content {
		out[i] = follow(n)
	}
	return out
}

// text reads a word that must not be empty; a missing entry is "".
func (r *reader) text(e entry, what string) string {
	if e.value == nil {
		return ""
	}
	n := e.value
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || strings.TrimSpace(n.Value) == "" {
		r.problem(n.Line, what+" is empty or no single value", "write one value")
		return ""
	}
	return strings.TrimSpace(n.Value)
}

// choice reads one of a few words; a missing entry is "".
func (r *reader) choice(e entry, what string, known ...string) string {
	word := r.text(e, what)
	if word == "" || slices.Contains(known, word) {
		return word
	}
	r.problem(e.value.Line, what+" cannot be "+quote(word), "use one of "+strings.Join(known, ", "))
	return ""
}

// yes reads true or false; a missing entry is false.
func (r *reader) yes(e entry, what string) bool {
	return r.choice(e, what, "true", "false") == "true"
}

// duration reads "5d", "72h" or "30m"; ok is false when it is none.
func (r *reader) duration(n *yaml.Node, what string) (d time.Duration, ok bool) {
	word := r.text(entry{value: n}, what)
	if word == "" {
		return 0, false
	}
	d, err := parseDuration(word)
	switch {
	case err != nil:
		r.problem(n.Line, what+": "+quote(word)+" is no duration", "write it as 5d, 72h or 30m")
	case d < 0:
		r.problem(n.Line, what+" is negative: "+word, "write how long before, without a sign")
	case d > longestDuration:
		r.problem(n.Line, what+" is longer than a year: "+word, "make it shorter")
	default:
		return d, true
	}
	return 0, false
}

// parseDuration is time.ParseDuration with whole days.
func parseDuration(s string) (time.Duration, error) {
	days, whole := strings.CutSuffix(s, "d")
	if !whole {
		return time.ParseDuration(s)
	}
	n, err := strconv.ParseInt(days, 10, 32)
	if err != nil {
		return 0, err
	}
	if n > 366 || n < -366 {
		n = max(min(n, 367), -367)
	}
	return time.Duration(n) * 24 * time.Hour, nil
}
