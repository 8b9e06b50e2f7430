package activities

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/store"
)

// Gather asks one source and keeps what it found. Only a failure that may pass
// by itself is an error; one that will not is an outcome, with the items found
// before it kept.
func (s *Steps) Gather(ctx context.Context, in GatherInput) (dispute.SourceResult, error) {
	out := dispute.SourceResult{Connection: in.Connection}
	source, err := integrations.As[integrations.EvidenceSource](s.Set, in.Connection)
	if err != nil {
		out.Outcome, out.Detail = dispute.SourceFailed, err.Error()
		return out, nil
	}
	row, err := s.load(ctx, in.Ref)
	if err != nil {
		return out, temporalError(err)
	}
	_, err = s.payment(ctx, &row)
	switch kind := dispute.KindOf(err); {
	case err == nil, kind == dispute.NotFound, kind == dispute.Unsupported:
	case retryable(kind):
		return out, temporalError(fmt.Errorf("the payment is not known yet: %w", err))
	default:
		out.Outcome, out.Detail = dispute.SourceFailed, "the payment cannot be read: "+err.Error()
		return out, nil
	}
	if !source.Applies(row.Case) {
		out.Outcome, out.Detail = dispute.SourceSkipped, "the case has none of the ids this source searches by"
		return out, nil
	}
	items, gatherErr := source.Gather(ctx, row.Case)
	if err := s.keep(ctx, in, items); err != nil {
		return out, temporalError(err)
	}
	out.Items = len(items)
	switch {
	case gatherErr != nil && retryable(dispute.KindOf(gatherErr)):
		return out, temporalError(gatherErr)
	case gatherErr != nil:
		out.Outcome, out.Detail = dispute.SourceFailed, gatherErr.Error()
	case len(items) == 0:
		out.Outcome = dispute.SourceEmpty
	default:
		out.Outcome = dispute.SourceAnswered
	}
	return out, nil
}

// keep stores items, their bytes first.
func (s *Steps) keep(ctx context.Context, in GatherInput, items []dispute.Item) error {
	if len(items) == 0 {
		return nil
	}
	for i := range items {
		items[i].Source = in.Connection
		if items[i].Content == nil {
			continue
		}
		blob, err := s.Blobs.Put(ctx, items[i].Content, items[i].MediaType)
		if err != nil {
			return err
		}
		items[i].Blob = blob
	}
	return s.DB.InCase(ctx, in.Ref, func(tx *store.CaseTx) error { return tx.SaveItems(items) })
}

// payment is the disputed payment, read from the provider once and kept with
// the case.
func (s *Steps) payment(ctx context.Context, row *store.CaseRow) (*dispute.Payment, error) {
	if row.Payment != nil {
		return row.Payment, nil
	}
	reader, err := integrations.As[integrations.PaymentReader](s.Set, row.Ref.Connection)
	if err != nil {
		return nil, err
	}
	p, err := reader.Payment(ctx, row.View.Snapshot)
	if err != nil {
		return nil, err
	}
	row.Payment = &p
	return &p, s.DB.InCase(ctx, row.Ref, func(tx *store.CaseTx) error {
		tx.Row().Payment = &p
		return nil
	})
}

func (s *Steps) isSource(connection string) bool {
	_, err := integrations.As[integrations.EvidenceSource](s.Set, connection)
	return err == nil
}

func toJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("activities: %T does not marshal: %v", v, err)) // a type of ours, fixed at compile time
	}
	return b
}
