package api

import (
	"context"
	"fmt"
	"time"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

// patience is how long a case's workflow may take to answer a decision. A
// worker that restarts is back well within it.
const patience = 20 * time.Second

// ListCases implements GET /v1/cases.
func (a *api) ListCases(ctx context.Context, r ListCasesRequestObject) (ListCasesResponseObject, error) {
	ctx, by := caller(ctx)
	p := r.Params
	rows, next, err := a.desk.Cases(ctx, by, store.CaseFilter{
		Status: p.Status, Queue: p.Queue, Assignee: p.Assignee, Connection: p.Connection, Merchant: p.Merchant,
		Tag: p.Tag, DueBefore: p.DueBefore, Open: p.Open, Text: p.Q, Limit: p.Limit, Cursor: p.Cursor,
	})
	if err != nil {
		return nil, err
	}
	return ListCases200JSONResponse{Items: list(rows, caseOf), NextCursor: next}, nil
}

// GetCase implements GET /v1/cases/{id}.
func (a *api) GetCase(ctx context.Context, r GetCaseRequestObject) (GetCaseResponseObject, error) {
	ctx, by := caller(ctx)
	if known := r.Params.IfNoneMatch; known != "" {
		row, err := a.desk.Row(ctx, by, r.ID)
		if err != nil {
			return nil, err
		}
		if sameWeakly(known, etag(row)) {
			return GetCase304Response{Headers: GetCase304ResponseHeaders{ETag: etag(row)}}, nil
		}
	}
	f, err := a.desk.Case(ctx, by, r.ID)
	if err != nil {
		return nil, err
	}
	body, err := caseFile(f)
	if err != nil {
		return nil, err
	}
	return GetCase200JSONResponse{Body: body, Headers: GetCase200ResponseHeaders{ETag: etag(f.CaseRow)}}, nil
}

// Decide implements POST /v1/cases/{id}/decisions.
func (a *api) Decide(ctx context.Context, r DecideRequestObject) (DecideResponseObject, error) {
	ctx, by := caller(ctx)
	if err := a.unchanged(ctx, by, r.ID, r.Params.IfMatch); err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	face, err := a.desk.Decide(ctx, by, r.ID, dispute.Decision{
		ID: r.Params.IdempotencyKey, Kind: r.Body.Kind, Stage: r.Body.Stage, Assignee: r.Body.Assignee,
		Queue: r.Body.Queue, Response: r.Body.Response, Elsewhere: r.Body.Elsewhere,
	})
	if err != nil {
		return nil, err
	}
	return Decide200JSONResponse{FaceJSONResponse(face)}, nil
}

// AddNote implements POST /v1/cases/{id}/notes.
func (a *api) AddNote(ctx context.Context, r AddNoteRequestObject) (AddNoteResponseObject, error) {
	ctx, by := caller(ctx)
	if err := a.unchanged(ctx, by, r.ID, r.Params.IfMatch); err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	face, err := a.desk.Note(ctx, by, r.ID, r.Params.IdempotencyKey, r.Body.Text)
	if err != nil {
		return nil, err
	}
	return AddNote200JSONResponse{FaceJSONResponse(face)}, nil
}

// unchanged refuses a write to a case that is no longer of the version the
// caller looked at; without If-Match there is nothing to compare.
func (a *api) unchanged(ctx context.Context, by desk.Actor, id, ifMatch string) error {
	if ifMatch == "" {
		return nil
	}
	row, err := a.desk.Row(ctx, by, id)
	if err != nil {
		return err
	}
	if !same(ifMatch, etag(row)) {
		return stale.because(fmt.Sprintf("case %s is of version %d now: look at it again", row.ID, row.Version))
	}
	return nil
}
