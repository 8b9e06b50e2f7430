package store

import (
	"context"
	"time"

	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store/db"
)

// RuleInput is what rules may look at in a case: the case itself, the strength
// of its evidence and the customer's earlier disputes. When those cannot be
// counted the customer counts as unknown; a decision waits for nothing.
func (d *DB) RuleInput(ctx context.Context, row CaseRow, now time.Time) rules.Input {
	in := rules.Input{Case: row.Case, Now: now, EvidenceStrength: row.Strength}
	if row.Payment == nil || row.Payment.CustomerID == "" {
		return in
	}
	customer := row.Payment.CustomerID
	earlier, err := d.q.CountOfCustomer(ctx, db.CountOfCustomerParams{
		Words: searchQuery(customer), Connection: row.Ref.Connection, CustomerID: customer, But: row.ID,
	})
	if err != nil {
		return in
	}
	in.CustomerDisputes = int(earlier)
	return in
}
