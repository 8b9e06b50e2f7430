package api

import (
	"context"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// revise changes a case's evidence, unless the case has changed since the
// caller looked at it.
func (a *api) revise(ctx context.Context, id, ifMatch string, do func(ctx context.Context, by desk.Actor) (dispute.Face, error)) (FaceJSONResponse, error) {
	ctx, by := caller(ctx)
	if err := a.unchanged(ctx, by, id, ifMatch); err != nil {
		return FaceJSONResponse{}, err
	}
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	face, err := do(ctx, by)
	return FaceJSONResponse(face), err
}

// OrderEvidence implements PUT /v1/cases/{id}/evidence/order.
func (a *api) OrderEvidence(ctx context.Context, r OrderEvidenceRequestObject) (OrderEvidenceResponseObject, error) {
	face, err := a.revise(ctx, r.ID, r.Params.IfMatch, func(ctx context.Context, by desk.Actor) (dispute.Face, error) {
		return a.desk.Reorder(ctx, by, r.ID, r.Params.IdempotencyKey, r.Body.Items)
	})
	if err != nil {
		return nil, err
	}
	return OrderEvidence200JSONResponse{face}, nil
}

// ExcludeEvidence implements PUT /v1/cases/{id}/evidence/excluded.
func (a *api) ExcludeEvidence(ctx context.Context, r ExcludeEvidenceRequestObject) (ExcludeEvidenceResponseObject, error) {
	face, err := a.revise(ctx, r.ID, r.Params.IfMatch, func(ctx context.Context, by desk.Actor) (dispute.Face, error) {
		return a.desk.Exclude(ctx, by, r.ID, r.Params.IdempotencyKey, r.Body.Item, r.Body.Excluded)
	})
	if err != nil {
		return nil, err
	}
	return ExcludeEvidence200JSONResponse{face}, nil
}

// DescribeEvidence implements PUT /v1/cases/{id}/evidence/description.
func (a *api) DescribeEvidence(ctx context.Context, r DescribeEvidenceRequestObject) (DescribeEvidenceResponseObject, error) {
	face, err := a.revise(ctx, r.ID, r.Params.IfMatch, func(ctx context.Context, by desk.Actor) (dispute.Face, error) {
		is := desk.Description{Title: r.Body.Title, Slot: r.Body.Slot}
		return a.desk.Describe(ctx, by, r.ID, r.Params.IdempotencyKey, r.Body.Item, is)
	})
	if err != nil {
		return nil, err
	}
	return DescribeEvidence200JSONResponse{face}, nil
}

// ReplaceLetter implements PUT /v1/cases/{id}/letter.
func (a *api) ReplaceLetter(ctx context.Context, r ReplaceLetterRequestObject) (ReplaceLetterResponseObject, error) {
	face, err := a.revise(ctx, r.ID, r.Params.IfMatch, func(ctx context.Context, by desk.Actor) (dispute.Face, error) {
		return a.desk.ReplaceLetter(ctx, by, r.ID, r.Params.IdempotencyKey, r.Body.Text)
	})
	if err != nil {
		return nil, err
	}
	return ReplaceLetter200JSONResponse{face}, nil
}

// DropLetter implements DELETE /v1/cases/{id}/letter.
func (a *api) DropLetter(ctx context.Context, r DropLetterRequestObject) (DropLetterResponseObject, error) {
	face, err := a.revise(ctx, r.ID, r.Params.IfMatch, func(ctx context.Context, by desk.Actor) (dispute.Face, error) {
		return a.desk.DropLetter(ctx, by, r.ID, r.Params.IdempotencyKey)
	})
	if err != nil {
		return nil, err
	}
	return DropLetter200JSONResponse{face}, nil
}
