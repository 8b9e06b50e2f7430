package desk

import (
	"context"
	"slices"

	"github.com/rebuttal-hq/rebuttal/store"
)

// Troubles are what is wrong now with the connections and the machine, the
// worst first. A connection that is no longer configured is not asked by sweeps,
// and that is no trouble.
func (d *Desk) Troubles(ctx context.Context, by Actor) ([]store.Trouble, error) {
	if err := by.need(MayReadCases); err != nil {
		return nil, err
	}
	found, err := d.DB.Troubles(ctx, d.Now())
	return slices.DeleteFunc(found, func(t store.Trouble) bool {
		return t.Kind == store.TroubleSweep && d.Connections != nil && !slices.Contains(d.Connections, t.Connection)
	}), err
}
