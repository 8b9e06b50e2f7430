package rules_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/rules"
)

// genCondition draws a condition over few fields and few values, so that
// contradictions and overlaps are frequent.
func genCondition(t *rapid.T, depth int) string {
	pick := func(from ...string) string { return rapid.SampledFrom(from).Draw(t, "pick") }
	if depth > 0 {
		switch rapid.IntRange(0, 3).Draw(t, "shape") {
		case 0:
			return genCondition(t, depth-1) + " && " + genCondition(t, depth-1)
		case 1:
			return "(" + genCondition(t, depth-1) + " || " + genCondition(t, depth-1) + ")"
		case 2:
			return "!(" + genCondition(t, depth-1) + ")"
		}
	}
	order := []string{"<", "<=", ">", ">=", "==", "!="}
	switch rapid.IntRange(0, 9).Draw(t, "atom") {
	case 0:
		return pick("first_time", "payment.known", "true", "1 > 2")
	case 1:
		return "evidence_strength " + pick(order...) + " " + pick("0", "1", "2", "4", "5")
	case 2:
		return pick("0", "2", "4") + " " + pick(order...) + " evidence_strength"
	case 3:
		return "dispute.amount_base " + pick(order...) + " money(\"" + pick("1 USD", "5 USD", "5 EUR") + "\")"
	case 4:
		return "dispute.network " + pick("==", "!=") + " " + pick(`"visa"`, `"amex"`)
	case 5:
		return "dispute.stage in [" + pick(`"inquiry"`, `"inquiry", "chargeback"`, `"chargeback", "pre_arbitration", "arbitration", "inquiry"`) + "]"
	case 8:
		return "customer.disputes " + pick(order...) + " " + pick("0", "1", "2", "3")
	case 9:
		return pick("payment.refunded", `payment.refund == "none"`, `payment.refund in ["partial", "full"]`)
	case 6:
		return "dispute.network in [" + pick(`"visa"`, `"visa", "amex"`, `"mastercard", "other"`) + "]"
	}
	return `dispute.network.startsWith(` + pick(`"v"`, `"a"`) + ")"
}

// A rule that is refused because it never matches or is never reached indeed
// never decides, whatever the case.
func TestRefusedRulesNeverDecide(t *testing.T) {
	t.Parallel()
	refused := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		b.WriteString(head + "rules:\n")
		for i := range 4 {
			fmt.Fprintf(&b, "  - { id: r%d, when: '%s', then: { respond: accept }, continue: %v }\n", i, genCondition(t, 2), rapid.IntRange(0, 4).Draw(t, "continue") == 0)
		}
		b.WriteString("  - { id: rest, when: 'true', then: {} }\n")
		_, err := rules.Parse("drawn", []byte(b.String()))
		set, readErr := rules.Read("drawn", []byte(b.String()))
		if readErr != nil {
			t.Fatal(readErr)
		}
		never, unreached := map[string]bool{}, map[string]bool{}
		if err != nil {
			for _, p := range drawnProblems(t, err) {
				never[p.Rule] = never[p.Rule] || strings.Contains(p.Message, "never holds")
				unreached[p.Rule] = unreached[p.Rule] || strings.Contains(p.Message, "never reached")
				if strings.Contains(p.Message, "together") {
					refused["together"]++
				}
			}
		}
		for range 20 {
			in := genInput(t)
			in.Case.View.Snapshot.Amount.Minor %= 1000
			in.CustomerDisputes %= 4
			in.Case.View.Snapshot.Stage = "chargeback" // one of the known
			route, err := set.Evaluate(in)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range route.Explanation {
				if m.Matched && never[m.Rule] {
					t.Fatalf("%s matched: %+v\n%s", m.Rule, m, b.String())
				}
			}
			if unreached[route.Rule] {
				t.Fatalf("%s decided: %+v\n%s", route.Rule, in.Case.View.Snapshot, b.String())
			}
		}
		for rule := range never {
			if never[rule] {
				refused["never"]++
			}
			if unreached[rule] {
				refused["unreached"]++
			}
		}
	})
	if refused["never"] == 0 || refused["unreached"] == 0 || refused["together"] == 0 {
		t.Errorf("the property was not tried: %v", refused)
	}
}

func drawnProblems(t *rapid.T, err error) rules.Problems {
	var found rules.Problems
	if !errors.As(err, &found) {
		t.Fatalf("error %v holds no problems", err)
	}
	return found
}
