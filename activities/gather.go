package activities

import (
	"context"
	"fmt"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/store"
)

// Gather asks one source and keeps what it found. Only a failure that may pass
// by itself is an error; one that will not is an outcome, with the items found
// before it kept.
func (s *Steps) Gather(ctx context.Context, in GatherInput) (out dispute.SourceResult, err error) {
	defer toTemporal(&err)
	defer beat(ctx)()
	out.Connection = in.Connection
	source, err := integrations.As[integrations.EvidenceSource](s.Set, in.Connection)
	if err != nil {
		out.Outcome, out.Detail = dispute.SourceFailed, err.Error()
		return out, nil
	}
	row, err := s.DB.GetCase(ctx, in.Ref.CaseID())
	if err != nil {
		return out, err
	}
	_, err = s.payment(ctx, &row)
	switch kind := dispute.KindOf(err); {
	case err == nil, kind == dispute.NotFound, kind == dispute.Unsupported:
	case retryable(kind):
		return out, fmt.Errorf("the payment is not known yet: %w", err)
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
		return out, err
	}
	out.Items = len(items)
	switch {
	case gatherErr != nil && retryable(dispute.KindOf(gatherErr)):
		return out, gatherErr
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
