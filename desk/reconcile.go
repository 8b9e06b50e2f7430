package desk

import (
	"context"
	"errors"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

// Reconciliations are the newest comparisons of providers' disputes with our
// cases, one a connection.
func (d *Desk) Reconciliations(ctx context.Context, by Actor) ([]store.Reconciliation, error) {
	if err := by.need(MayReadCases); err != nil {
		return nil, err
	}
	return d.DB.Reconciliations(ctx)
}

// Reconcile has a connection's provider asked for all it has, now instead of at
// its time. A connection that cannot be asked is NotFound.
func (d *Desk) Reconcile(ctx context.Context, by Actor, connection string) error {
	if err := by.need(MayRedeliver); err != nil {
		return err
	}
	op := "reconcile " + connection
	err := d.Temporal.ScheduleClient().GetHandle(ctx, "reconcile/"+connection).Trigger(ctx, client.ScheduleTriggerOptions{})
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
		return dispute.Errorf(dispute.NotFound, op, "no schedule of this name: the connection is not configured, it can neither list nor read, or no worker has run yet")
	case err != nil:
		return dispute.Errorf(dispute.Transient, op, "Temporal did not answer: %w", err)
	}
	return nil
}
