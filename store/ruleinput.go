package store

import (
	"context"
	"time"

	"github.com/rebuttal-hq/rebuttal/rules"
)

// RuleInput is what rules may look at in a case: the case itself, the chance to
// win that the caller knows, and the customer's earlier disputes. When those
// cannot be read the customer counts as unknown; a decision waits for nothing.
func (d *DB) RuleInput(ctx context.Context, row CaseRow, winProbability float64, now time.Time) rules.Input {
	in := rules.Input{Case: row.Case, Now: now, WinProbability: winProbability, EvidenceStrength: row.Strength}
	if row.Payment == nil || row.Payment.CustomerID == "" {
		return in
	}
	earlier, _, err := d.ListCases(ctx, CaseFilter{Connection: row.Ref.Connection, Text: row.Payment.CustomerID, Limit: 500})
	if err != nil {
		return in
	}
	for _, c := range earlier { // the search is by beginnings
		if c.ID != row.ID && c.Payment != nil && c.Payment.CustomerID == row.Payment.CustomerID {
			in.CustomerDisputes++
		}
	}
	return in
}
