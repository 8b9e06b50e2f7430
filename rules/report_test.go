package rules_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

const reporting = `
base_currency: USD
queues: { senior: { members: [ana@acme.example], escalate_to: mo@acme.example } }
ladder: { standard: { cut_off: 6h, at_cut_off: submit } }
defaults: { queue: senior, ladder: standard, respond: contest, min_strength: 2 }
rules:
  - id: all
    when: "true"
    continue: true
    then: { report: [{ connection: sheet, on: [opened, decided, opened] }] }
  - id: rest
    when: "true"
    then: { report: [{ connection: mail, on: [escalated], to: escalate_to, optional: true }] }
`

func TestReportsAddUp(t *testing.T) {
	t.Parallel()
	set, err := rules.Parse("test", []byte(reporting))
	if err != nil {
		t.Fatal(err)
	}
	route, err := set.Evaluate(input())
	if err != nil {
		t.Fatal(err)
	}
	want := []rules.Report{
		{Connection: "sheet", On: []dispute.Moment{dispute.MomentOpened, dispute.MomentDecided}},
		{Connection: "mail", On: []dispute.Moment{dispute.MomentEscalated}, To: rules.ToEscalation, Optional: true},
	}
	if diff := cmp.Diff(want, route.Reports); diff != "" {
		t.Error(diff)
	}
	if route.MinStrength != 2 {
		t.Errorf("min_strength %d, want 2 by default", route.MinStrength)
	}
	if err := set.Check([]string{"sheet"}); err != nil {
		t.Error(err)
	}
	if err := set.Check([]string{"mail"}); err == nil || !strings.Contains(err.Error(), `there is no connection "sheet"`) {
		t.Errorf("a report to nowhere: %v", err)
	}
}

func TestBadReports(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ from, to, want string }{
		"no moment":       {"on: [escalated], ", "", "the report says nothing of when"},
		"unknown moment":  {"[escalated]", "[paid]", "paid"},
		"unknown people":  {"to: escalate_to", "to: everybody", "everybody"},
		"no connection":   {"connection: mail, ", "", "no connection is named"},
		"unknown setting": {"optional: true", "maybe: true", "maybe"},
		"odd strength":    {"min_strength: 2", "min_strength: 7", "7"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := rules.Parse("test", []byte(strings.Replace(reporting, tt.from, tt.to, 1)))
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "line ") {
				t.Errorf("%v, want a line and %q", err, tt.want)
			}
		})
	}
}
