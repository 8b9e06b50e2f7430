package activities

import (
	"context"

	"github.com/rebuttal-hq/rebuttal/store"
)

// Publish stores how a case stands and appends what happened since to its
// history, in one transaction.
func (s *Steps) Publish(ctx context.Context, in PublishInput) (err error) {
	defer toTemporal(&err)
	return s.DB.InCase(ctx, in.Ref, func(tx *store.CaseTx) error {
		row, f := tx.Row(), in.Face
		row.Status, row.Needs, row.Next = f.Status, f.Needs, f.Next
		row.Queue, row.Assignee, row.Strength = f.Queue, f.Assignee, f.Strength
		row.CutOffAt, row.ArmedUntil = f.CutOff, f.NextAt
		row.Sources, row.PacketHash = toJSON(in.Sources), in.Packet
		if in.Given != "" {
			row.Response = in.Given
		}
		if in.Closing != nil {
			row.State = in.Closing
		}
		for _, e := range in.Events {
			if err := tx.Append(store.Event{Key: e.Key, Kind: e.Kind, Actor: e.Actor, At: s.Now(), Data: toJSON(e.Data)}); err != nil {
				return err
			}
		}
		return nil
	})
}
