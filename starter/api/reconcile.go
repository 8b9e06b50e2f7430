package api

import "context"

// ListReconciliations implements GET /v1/reconciliations.
func (a *api) ListReconciliations(ctx context.Context, _ ListReconciliationsRequestObject) (ListReconciliationsResponseObject, error) {
	ctx, by := caller(ctx)
	found, err := a.desk.Reconciliations(ctx, by)
	if err != nil {
		return nil, err
	}
	return ListReconciliations200JSONResponse{Items: found}, nil
}
