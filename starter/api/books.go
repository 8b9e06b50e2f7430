package api

import (
	"context"

	"github.com/rebuttal-hq/rebuttal/store"
)

// GetBalance implements GET /v1/books/balance.
func (a *api) GetBalance(ctx context.Context, _ GetBalanceRequestObject) (GetBalanceResponseObject, error) {
	ctx, by := caller(ctx)
	lines, err := a.desk.Balances(ctx, by)
	if err != nil {
		return nil, err
	}
	return GetBalance200JSONResponse{Items: lines}, nil
}

// ListEntries implements GET /v1/books/entries.
func (a *api) ListEntries(ctx context.Context, r ListEntriesRequestObject) (ListEntriesResponseObject, error) {
	ctx, by := caller(ctx)
	p := r.Params
	entries, next, err := a.desk.Entries(ctx, by, store.EntryFilter{
		Connection: p.Connection, Kind: p.Kind, Since: p.Since, Until: p.Until, Limit: p.Limit, Cursor: p.Cursor,
	})
	if err != nil {
		return nil, err
	}
	return ListEntries200JSONResponse{Items: entries, NextCursor: next}, nil
}
