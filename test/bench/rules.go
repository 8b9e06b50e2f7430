package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
	"github.com/rebuttal-hq/rebuttal/odds"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// rulesResult is the work of one case under a rule set of some length.
type rulesResult struct {
	Bench       string  `json:"bench"`
	Rules       int     `json:"rules"`
	Decided     string  `json:"decided"` // which rule decides: any, or always the last
	Nanoseconds int64   `json:"ns_per_case"`
	Allocations int64   `json:"allocations_per_case"`
	Bytes       int64   `json:"bytes_per_case"`
	CheckMillis float64 `json:"check_ms"` // reading and checking the set, once
}

// ruleEvaluation measures one case under 5, 50 and 300 rules.
func ruleEvaluation() error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "rules\tdecided by\tns a case\tallocations\tbytes\tcheck ms\t")
	var results []rulesResult
	for _, n := range []int{5, 50, 300} {
		began := time.Now()
		set, err := rules.Parse("bench", []byte(manyRules(n)))
		if err != nil {
			return err
		}
		check := float64(time.Since(began).Microseconds()) / 1000
		for _, decided := range []string{"any", "last"} {
			r := rulesResult{Bench: "rules", Rules: n, Decided: decided, CheckMillis: check}
			if err := r.measure(set); err != nil {
				return err
			}
			results = append(results, r)
			_, _ = fmt.Fprintf(table, "%d\t%s\t%d\t%d\t%d\t%.1f\t\n", r.Rules, r.Decided, r.Nanoseconds, r.Allocations, r.Bytes, r.CheckMillis)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range results {
		if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
			return err
		}
	}
	return nil
}

func (r *rulesResult) measure(set *rules.Set) error {
	inputs := ruleInputs(r.Decided == "last")
	var failed error
	did := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			if _, err := set.Evaluate(inputs[i%len(inputs)]); err != nil {
				failed = err
			}
		}
	})
	r.Nanoseconds, r.Allocations, r.Bytes = did.NsPerOp(), did.AllocsPerOp(), did.AllocedBytesPerOp()
	return failed
}

// manyRules is a rule set of n rules as people write them: no two alike, the
// last for the rest.
func manyRules(n int) string {
	kinds := []string{
		`dispute.amount_base >= money("%d USD") && dispute.family == "product_not_received"`,
		`dispute.family in ["fraudulent", "unrecognized"] && dispute.merchant == "merchant-%d"`,
		`days_left < %d.5 && customer.disputes > 1 && dispute.network == "visa"`,
		`dispute.connection == "stripe-%d" && win_probability < 0.3`,
		`"plan" in payment.metadata && payment.metadata["plan"] == "plan-%d"`,
	}
	var b strings.Builder
	b.WriteString(`fx: { EUR: "1.10" }
queues: { front: { members: [ana@example.com] }, senior: { members: [ben@example.com] } }
ladder: { std: { remind: [72h, 24h], cut_off: 6h, at_cut_off: submit } }
defaults: { queue: front, ladder: std, respond: contest }
rules:
`)
	for i := range n - 1 {
		condition := fmt.Sprintf(kinds[i%len(kinds)], 9000-i)
		if i%len(kinds) == 2 {
			condition = fmt.Sprintf(kinds[2], i) // wider than the one before
		}
		fmt.Fprintf(&b, "  - { id: rule-%d, when: '%s', then: { queue: senior } }\n", i, condition)
	}
	b.WriteString("  - { id: rest, when: 'true', then: { respond: by_value } }\n")
	return b.String()
}

// ruleInputs are a thousand cases, seeded; the plain ones match no rule but the
// last.
func ruleInputs(plain bool) []rules.Input {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // seeded on purpose
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	families := networks.Families()
	history := odds.NewHistory([]odds.Count{{Group: odds.Group{Family: dispute.FamilyFraudulent, Network: "visa", Provider: "stripe", Strength: 2}, Won: 40, Lost: 60}})
	out := make([]rules.Input, 1000)
	for i := range out {
		in := rules.Input{Now: now, Provider: "stripe", EvidenceStrength: i % 5, CustomerDisputes: i % 4}
		in.Case = dispute.Case{
			ID: fmt.Sprintf("cs_%d", i), Ref: dispute.Ref{Connection: fmt.Sprintf("stripe-%d", 8700+r.IntN(400)), ID: "du"}, Merchant: fmt.Sprintf("merchant-%d", 8700+r.IntN(400)),
			Family: families[r.IntN(len(families))], Deadline: dispute.Deadline{At: now.Add(time.Duration(1+r.IntN(40*24)) * time.Hour)},
			Payment: &dispute.Payment{Metadata: map[string]string{"plan": fmt.Sprintf("plan-%d", 8700+r.IntN(400))}},
		}
		in.Case.View.Snapshot = dispute.Snapshot{
			Amount: dispute.Money{Minor: 1 + r.Int64N(2_000_000), Currency: "EUR"}, Network: "visa", NetworkCode: "13.1", OpenedAt: now.AddDate(0, 0, -3), Stage: dispute.StageChargeback,
		}
		if plain {
			in.Case.Family, in.CustomerDisputes, in.Case.Ref.Connection, in.Case.Payment = dispute.FamilyDuplicate, 0, "adyen", nil
		}
		in.Chance = history.Chance(in.Group())
		out[i] = in
	}
	return out
}
