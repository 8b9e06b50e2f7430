package rules_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

func Example() {
	set, err := rules.Parse("acme", []byte(`
queues:
  senior: { members: [senior@acme.example] }
  frontline: { members: [team@acme.example] }
ladder:
  standard: { remind: [5d, 24h], cut_off: 6h, at_cut_off: submit }
defaults: { queue: frontline, ladder: standard, respond: contest }
rules:
  - id: high-value
    when: dispute.amount_base >= money("500 USD")
    then: { queue: senior, approval: required }
  - id: rest
    when: "true"
    then: { approval: none }
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	var c dispute.Case
	c.View.Snapshot.Amount = dispute.Money{Minor: 75000, Currency: "USD"}
	route, err := set.Evaluate(rules.Input{Case: c, Now: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(route.Rule, route.Queue, route.Respond, route.Approval)
	fmt.Println(route.Explanation[0].Why)
	// Output:
	// high-value senior contest true
	// dispute.amount_base = 750.00 USD
}

func ExampleParse_problems() {
	_, err := rules.Parse("acme", []byte(`
queues:
  frontline: { members: [team@acme.example] }
rules:
  - id: rest
    when: dispute.amout_base > money("5 USD")
    then: { queue: frontlin, respond: contest }
`))
	var problems rules.Problems
	if errors.As(err, &problems) {
		for _, p := range problems {
			fmt.Println(p)
		}
	}
	// Output:
	// line 5: rule rest: a case that this rule decides has no ladder; name it in then, or under defaults
	// line 6: rule rest: dispute.amout_base is not a field; did you mean dispute.amount_base?
	// line 7: rule rest: there is no queue "frontlin"; did you mean frontline? Otherwise declare it at the top
}
