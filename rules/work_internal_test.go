package rules

import (
	"fmt"
	"strings"
	"testing"
)

// frame is a sound set without its rules.
const frame = `queues: { all: { members: [a@acme.example] } }
ladder: { l: { cut_off: 6h, at_cut_off: submit } }
defaults: { queue: all, ladder: l, respond: contest }
rules:
`

const lastRule = `  - { id: rest, when: "true", then: { queue: all } }
`

// sixPairs is a condition of 64 ways, like no other of another number.
func sixPairs(i int) string {
	pairs := make([]string, 6)
	for k := range pairs {
		pairs[k] = fmt.Sprintf("(alerts!=%d||alerts!=%d)", i*12+2*k, i*12+2*k+1)
	}
	return strings.Join(pairs, "&&")
}

// However many ways the rules have, and however the text repeats them, a set is
// looked at for a bounded number of comparisons.
func TestTheSearchIsBounded(t *testing.T) {
	t.Parallel()
	long := "first_time && alerts in [" + strings.Repeat("1,", 1000) + "2]" + strings.Repeat(" && (alerts>=5||first_time)", 6) + strings.Repeat(" && alerts != 7", 30)
	for name, tt := range map[string]struct {
		rules int
		when  func(i int) string
	}{
		"many ways":        {100, sixPairs},
		"many rules":       {2100, func(i int) string { return fmt.Sprintf("alerts == %d", i) }},
		"one condition":    {10_000, func(int) string { return sixPairs(1) }},
		"many values":      {40, func(i int) string { return fmt.Sprintf("%s && alerts != %d", long, i) }},
		"the same values":  {10_000, func(int) string { return long }},
		"it never holds":   {10_000, func(int) string { return long + " && alerts > 2 && alerts < 2" }},
		"a union of twos":  {200, func(i int) string { return fmt.Sprintf("alerts != %d && customer.disputes != %d", i, i) }},
		"two of each kind": {300, func(i int) string { return fmt.Sprintf("days_left < %d || days_left > %d", i, 2*i) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			b.WriteString(frame)
			b.WriteString("  - { id: first, when: &c '" + tt.when(0) + "', then: &t { tags: [x] } }\n")
			for i := range tt.rules {
				when := "'" + tt.when(i) + "'"
				if when == "'"+tt.when(0)+"'" {
					when = "*c"
				}
				fmt.Fprintf(&b, "  - { id: r%d, when: %s, then: *t }\n", i, when)
			}
			b.WriteString(lastRule)
			p := read("large", []byte(b.String()), true)
			// What was begun with one way or one list is finished.
			if p.work > mostWork+mostWork/4 {
				t.Errorf("%d comparisons", p.work)
			}
		})
	}
}
