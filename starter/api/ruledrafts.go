package api

import (
	"context"
	"strconv"
	"time"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/store"
)

func draftTag(revision int64) string { return strconv.Quote(strconv.FormatInt(revision, 10)) }

func draftNow(f desk.DraftFile) DraftNowJSONResponse {
	return DraftNowJSONResponse{Body: f, Headers: DraftNowResponseHeaders{ETag: draftTag(f.Revision)}}
}

// looked is the revision of a draft that the caller looked at, when they say;
// zero does not ask.
func (a *api) looked(ctx context.Context, by desk.Actor, id int64, ifMatch string) (int64, error) {
	if ifMatch == "" {
		return 0, nil
	}
	f, err := a.desk.RuleDraft(ctx, by, id)
	if err != nil {
		return 0, err
	}
	if !same(ifMatch, draftTag(f.Revision)) {
		return 0, stale.because("read the draft again: it is of another version than If-Match names")
	}
	return f.Revision, nil
}

// step does something with a draft, unless it has changed since the caller
// looked at it.
func (a *api) step(ctx context.Context, id int64, ifMatch string, do func(ctx context.Context, by desk.Actor, id, revision int64) (desk.DraftFile, error)) (DraftNowJSONResponse, error) {
	ctx, by := caller(ctx)
	revision, err := a.looked(ctx, by, id, ifMatch)
	if err != nil {
		return DraftNowJSONResponse{}, err
	}
	f, err := do(ctx, by, id, revision)
	return draftNow(f), err
}

// ListRuleDrafts implements GET /v1/rules/drafts.
func (a *api) ListRuleDrafts(ctx context.Context, _ ListRuleDraftsRequestObject) (ListRuleDraftsResponseObject, error) {
	ctx, by := caller(ctx)
	rows, err := a.desk.RuleDrafts(ctx, by)
	if err != nil {
		return nil, err
	}
	return ListRuleDrafts200JSONResponse{Items: rows}, nil
}

func draftText(in *RuleDraftRequest) desk.DraftText {
	return desk.DraftText{Name: in.Name, Source: in.Source, Comment: in.Comment, Base: in.Base}
}

// DraftRules implements POST /v1/rules/drafts.
func (a *api) DraftRules(ctx context.Context, r DraftRulesRequestObject) (DraftRulesResponseObject, error) {
	ctx, by := caller(ctx)
	f, err := a.desk.DraftRules(ctx, by, draftText(r.Body))
	if err != nil {
		return nil, err
	}
	return DraftRules201JSONResponse{draftNow(f)}, nil
}

// GetRuleDraft implements GET /v1/rules/drafts/{id}.
func (a *api) GetRuleDraft(ctx context.Context, r GetRuleDraftRequestObject) (GetRuleDraftResponseObject, error) {
	ctx, by := caller(ctx)
	f, err := a.desk.RuleDraft(ctx, by, r.ID)
	if err != nil {
		return nil, err
	}
	return GetRuleDraft200JSONResponse{draftNow(f)}, nil
}

// EditRuleDraft implements PUT /v1/rules/drafts/{id}.
func (a *api) EditRuleDraft(ctx context.Context, r EditRuleDraftRequestObject) (EditRuleDraftResponseObject, error) {
	now, err := a.step(ctx, r.ID, r.Params.IfMatch, func(ctx context.Context, by desk.Actor, id, revision int64) (desk.DraftFile, error) {
		return a.desk.EditDraft(ctx, by, id, revision, draftText(r.Body))
	})
	if err != nil {
		return nil, err
	}
	return EditRuleDraft200JSONResponse{now}, nil
}

// DropRuleDraft implements DELETE /v1/rules/drafts/{id}.
func (a *api) DropRuleDraft(ctx context.Context, r DropRuleDraftRequestObject) (DropRuleDraftResponseObject, error) {
	ctx, by := caller(ctx)
	revision, err := a.looked(ctx, by, r.ID, r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	if err := a.desk.DropDraft(ctx, by, r.ID, revision); err != nil {
		return nil, err
	}
	return DropRuleDraft204Response{}, nil
}

// CheckRuleDraft implements POST /v1/rules/drafts/{id}/check.
func (a *api) CheckRuleDraft(ctx context.Context, r CheckRuleDraftRequestObject) (CheckRuleDraftResponseObject, error) {
	now, err := a.step(ctx, r.ID, r.Params.IfMatch, a.desk.CheckDraft)
	if err != nil {
		return nil, err
	}
	return CheckRuleDraft200JSONResponse{now}, nil
}

// AskRuleApproval implements POST /v1/rules/drafts/{id}/ask.
func (a *api) AskRuleApproval(ctx context.Context, r AskRuleApprovalRequestObject) (AskRuleApprovalResponseObject, error) {
	now, err := a.step(ctx, r.ID, r.Params.IfMatch, a.desk.AskApproval)
	if err != nil {
		return nil, err
	}
	return AskRuleApproval200JSONResponse{now}, nil
}

// ApproveRuleDraft implements POST /v1/rules/drafts/{id}/approve.
func (a *api) ApproveRuleDraft(ctx context.Context, r ApproveRuleDraftRequestObject) (ApproveRuleDraftResponseObject, error) {
	now, err := a.step(ctx, r.ID, r.Params.IfMatch, a.desk.ApproveDraft)
	if err != nil {
		return nil, err
	}
	return ApproveRuleDraft200JSONResponse{now}, nil
}

// PublishRuleDraft implements POST /v1/rules/drafts/{id}/publish.
func (a *api) PublishRuleDraft(ctx context.Context, r PublishRuleDraftRequestObject) (PublishRuleDraftResponseObject, error) {
	ctx, by := caller(ctx)
	revision, err := a.looked(ctx, by, r.ID, r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	kept, err := a.desk.PublishDraft(ctx, by, r.ID, revision)
	if err != nil {
		return nil, err
	}
	return PublishRuleDraft200JSONResponse(kept), nil
}

// GetDraftBacktest implements GET /v1/rules/drafts/{id}/backtest.
func (a *api) GetDraftBacktest(ctx context.Context, r GetDraftBacktestRequestObject) (GetDraftBacktestResponseObject, error) {
	ctx, by := caller(ctx)
	kept, err := a.desk.DraftBacktest(ctx, by, r.ID)
	if err != nil {
		return nil, err
	}
	return GetDraftBacktest200JSONResponse(draftBacktest(kept)), nil
}

// StartDraftBacktest implements POST /v1/rules/drafts/{id}/backtest.
func (a *api) StartDraftBacktest(ctx context.Context, r StartDraftBacktestRequestObject) (StartDraftBacktestResponseObject, error) {
	ctx, by := caller(ctx)
	begun, err := a.desk.StartBacktest(ctx, by, r.ID, time.Duration(r.Body.SinceDays)*day)
	if err != nil {
		return nil, err
	}
	return StartDraftBacktest202JSONResponse(draftBacktest(begun)), nil
}

const day = 24 * time.Hour

func draftBacktest(b store.Backtest) DraftBacktest {
	out := DraftBacktest{
		ID: b.ID, Draft: b.Draft, By: b.By, SinceDays: int(b.Since / day), State: DraftBacktestState(b.State),
		Done: b.Done, Of: b.Of, Problem: b.Problem, StartedAt: b.StartedAt, FinishedAt: b.FinishedAt,
		Current: b.Current, Outdated: b.Outdated,
	}
	if b.Report != nil {
		out.Report = *b.Report
	}
	return out
}
