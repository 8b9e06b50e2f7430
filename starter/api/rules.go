package api

import (
	"context"
	"encoding/json"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// GetRules implements GET /v1/rules.
func (a *api) GetRules(ctx context.Context, r GetRulesRequestObject) (GetRulesResponseObject, error) {
	ctx, by := caller(ctx)
	text, err := a.desk.RuleText(ctx, by, r.Params.Named)
	if err != nil {
		return nil, err
	}
	return GetRules200JSONResponse(text), nil
}

// ListRuleFields implements GET /v1/rules/fields. They are the language itself,
// and no secret.
func (a *api) ListRuleFields(context.Context, ListRuleFieldsRequestObject) (ListRuleFieldsResponseObject, error) {
	return ListRuleFields200JSONResponse{Items: rules.Vocabulary()}, nil
}

// CheckRules implements POST /v1/rules/check.
func (a *api) CheckRules(ctx context.Context, r CheckRulesRequestObject) (CheckRulesResponseObject, error) {
	ctx, by := caller(ctx)
	set, approval, err := a.desk.CheckRules(ctx, by, "rules", []byte(r.Body.Source))
	if err != nil {
		return nil, err
	}
	return CheckRules200JSONResponse{Hash: set.Hash(), Approval: approval}, nil
}

// ExplainRules implements POST /v1/rules/explain.
func (a *api) ExplainRules(ctx context.Context, r ExplainRulesRequestObject) (ExplainRulesResponseObject, error) {
	ctx, by := caller(ctx)
	text, err := a.rulesOf(ctx, by, r.Body.Rules, r.Body.Source)
	if err != nil {
		return nil, err
	}
	set, err := rules.Parse(text.Name, []byte(text.Source))
	if err != nil {
		return nil, err
	}
	words, route, err := a.desk.ExplainRules(ctx, by, set, r.Body.Case)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(route)
	return ExplainRules200JSONResponse{Text: words, Route: raw}, err
}

// rulesOf is the text that a request holds or names; the rules in force without
// either.
func (a *api) rulesOf(ctx context.Context, by desk.Actor, named, source string) (desk.RuleText, error) {
	switch {
	case named != "" && source != "":
		return desk.RuleText{}, malformed.because(`name "rules" or send "source", not both`)
	case source != "":
		return desk.RuleText{Name: "rules", Source: source}, nil
	}
	return a.desk.RuleText(ctx, by, named)
}

// DiffRules implements GET /v1/rules/diff.
func (a *api) DiffRules(ctx context.Context, r DiffRulesRequestObject) (DiffRulesResponseObject, error) {
	ctx, by := caller(ctx)
	from, err := a.desk.RuleText(ctx, by, r.Params.From)
	if err != nil {
		return nil, err
	}
	to, err := a.desk.RuleText(ctx, by, r.Params.To)
	if err != nil {
		return nil, err
	}
	diff, err := a.desk.DiffRules(by, from, to)
	return DiffRules200JSONResponse(diff), err
}

// ListRuleVersions implements GET /v1/rules/versions.
func (a *api) ListRuleVersions(ctx context.Context, _ ListRuleVersionsRequestObject) (ListRuleVersionsResponseObject, error) {
	ctx, by := caller(ctx)
	rows, err := a.desk.RuleHistory(ctx, by)
	if err != nil {
		return nil, err
	}
	return ListRuleVersions200JSONResponse{Items: rows}, nil
}

// RollBackRules implements POST /v1/rules/versions/{id}/rollback.
func (a *api) RollBackRules(ctx context.Context, r RollBackRulesRequestObject) (RollBackRulesResponseObject, error) {
	ctx, by := caller(ctx)
	kept, err := a.desk.RollBackRules(ctx, by, r.ID, 0, r.Body.Comment)
	if err != nil {
		return nil, err
	}
	return RollBackRules200JSONResponse(kept), nil
}

// ListRuleEvents implements GET /v1/rules/history.
func (a *api) ListRuleEvents(ctx context.Context, r ListRuleEventsRequestObject) (ListRuleEventsResponseObject, error) {
	ctx, by := caller(ctx)
	rows, err := a.desk.RuleEvents(ctx, by, r.Params.Before, r.Params.Limit)
	if err != nil {
		return nil, err
	}
	return ListRuleEvents200JSONResponse{Items: rows}, nil
}

// PreviewApply implements GET /v1/rules/apply.
func (a *api) PreviewApply(ctx context.Context, r PreviewApplyRequestObject) (PreviewApplyResponseObject, error) {
	ctx, by := caller(ctx)
	p := r.Params
	page, err := a.desk.PreviewApply(ctx, by, store.CaseFilter{
		Queue: p.Queue, Connection: p.Connection, Merchant: p.Merchant, Assignee: p.Assignee, Limit: p.Limit, Cursor: p.Cursor,
	})
	if err != nil {
		return nil, err
	}
	return PreviewApply200JSONResponse(page), nil
}

// ApplyToOpen implements POST /v1/rules/apply. A case that did not answer in
// time has failed, and the same call asks it again.
func (a *api) ApplyToOpen(ctx context.Context, r ApplyToOpenRequestObject) (ApplyToOpenResponseObject, error) {
	ctx, by := caller(ctx)
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	in := r.Body
	page, err := a.desk.ApplyToOpen(ctx, by, in.Version, store.CaseFilter{
		Queue: in.Queue, Connection: in.Connection, Merchant: in.Merchant, Assignee: in.Assignee, Limit: in.Limit, Cursor: in.Cursor,
	})
	if err != nil {
		return nil, err
	}
	return ApplyToOpen200JSONResponse(page), nil
}

// ReportShadow implements GET /v1/rules/shadow.
func (a *api) ReportShadow(ctx context.Context, r ReportShadowRequestObject) (ReportShadowResponseObject, error) {
	ctx, by := caller(ctx)
	report, err := a.desk.ShadowReport(ctx, by, r.Params.Limit)
	if err != nil {
		return nil, err
	}
	return ReportShadow200JSONResponse(report), nil
}

// StartShadow implements POST /v1/rules/shadow.
func (a *api) StartShadow(ctx context.Context, r StartShadowRequestObject) (StartShadowResponseObject, error) {
	ctx, by := caller(ctx)
	text, err := a.rulesOf(ctx, by, r.Body.Rules, r.Body.Source)
	if err != nil {
		return nil, err
	}
	kept, err := a.desk.StartShadow(ctx, by, text, r.Body.Comment)
	if err != nil {
		return nil, err
	}
	return StartShadow200JSONResponse(kept), nil
}

// StopShadow implements DELETE /v1/rules/shadow.
func (a *api) StopShadow(ctx context.Context, _ StopShadowRequestObject) (StopShadowResponseObject, error) {
	ctx, by := caller(ctx)
	if err := a.desk.StopShadow(ctx, by); err != nil {
		return nil, err
	}
	return StopShadow204Response{}, nil
}
