package desk

import (
	"errors"
	"testing"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// useCases is every method that asks who asks.
func useCases(t *testing.T) map[string]struct {
	right Right
	do    func(o office, by Actor) error
} {
	t.Helper()
	type useCase = struct {
		right Right
		do    func(o office, by Actor) error
	}
	ctx := t.Context()
	decide := func(right Right, k dispute.DecisionKind) useCase {
		return useCase{right, func(o office, by Actor) error {
			_, err := o.Decide(ctx, by, "du_1", dispute.Decision{Kind: k})
			return err
		}}
	}
	file := picture(t)
	return map[string]useCase{
		"cases":          {MayReadCases, func(o office, by Actor) error { _, _, err := o.Cases(ctx, by, store.CaseFilter{}); return err }},
		"case lines":     {MayReadCases, func(o office, by Actor) error { _, _, err := o.CaseLines(ctx, by, store.CaseFilter{}); return err }},
		"count cases":    {MayReadCases, func(o office, by Actor) error { _, err := o.CountCases(ctx, by, 1, store.CaseFilter{}); return err }},
		"case":           {MayReadCases, func(o office, by Actor) error { _, err := o.Case(ctx, by, "du_1"); return err }},
		"row":            {MayReadCases, func(o office, by Actor) error { _, err := o.Row(ctx, by, "du_1"); return err }},
		"rule history":   {MayReadCases, func(o office, by Actor) error { _, err := o.RuleHistory(ctx, by); return err }},
		"rules in force": {MayReadCases, func(o office, by Actor) error { _, err := o.RulesInForce(ctx, by); return err }},
		"explain rules": {MayReadCases, func(o office, by Actor) error {
			_, _, err := o.ExplainRules(ctx, by, rules.Default(), "du_1")
			return err
		}},
		"packet file": {MayReadCases, func(o office, by Actor) error {
			_, _, err := o.PacketFile(ctx, by, "du_1", "none", "none")
			return unless(dispute.NotFound, err)
		}},
		"troubles":        {MayReadCases, func(o office, by Actor) error { _, err := o.Troubles(ctx, by); return err }},
		"reconciliations": {MayReadCases, func(o office, by Actor) error { _, err := o.Reconciliations(ctx, by); return err }},
		"reconcile":       {MayRedeliver, func(o office, by Actor) error { return o.Reconcile(ctx, by, "stripe-us") }},
		"notices":         {MayReadNotices, func(o office, by Actor) error { _, _, err := o.Notices(ctx, by, store.NoticeFilter{}); return err }},
		"notice":          {MayReadNotices, func(o office, by Actor) error { _, err := o.Notice(ctx, by, o.notice); return err }},
		"redeliver":       {MayRedeliver, func(o office, by Actor) error { return o.Redeliver(ctx, by, o.notice) }},
		"balances":        {MayReadBooks, func(o office, by Actor) error { _, err := o.Balances(ctx, by); return err }},
		"entries":         {MayReadBooks, func(o office, by Actor) error { _, _, err := o.Entries(ctx, by, store.EntryFilter{}); return err }},
		"import past": {MayPublishRules, func(o office, by Actor) error {
			_, err := o.ImportPast(ctx, by, PastImport{Key: "k", Rows: pastRows(1)})
			return err
		}},
		"imports": {MayReadCases, func(o office, by Actor) error { _, err := o.Imports(ctx, by); return err }},
		"backtest": {MayDraftRules, func(o office, by Actor) error {
			_, err := o.Backtest(ctx, by, Backtest{Draft: rules.Default()})
			return err
		}},
		"start backtest": {MayDraftRules, func(o office, by Actor) error {
			_, err := o.StartBacktest(ctx, by, 1<<40, 0)
			return unless(dispute.NotFound, err)
		}},
		"draft backtest": {MayReadCases, func(o office, by Actor) error {
			_, err := o.DraftBacktest(ctx, by, 1<<40)
			return unless(dispute.NotFound, err)
		}},
		"rule hits":   {MayReadCases, func(o office, by Actor) error { _, err := o.RuleHits(ctx, by, 1); return err }},
		"cases there": {MayReadCases, func(o office, by Actor) error { _, err := o.CasesThere(ctx, by, nil); return err }},
		"would move": {MayReadCases, func(o office, by Actor) error {
			_, err := o.WouldMove(ctx, by, rules.Default(), store.CaseFilter{})
			return err
		}},
		"publish rules": {MayPublishRules, func(o office, by Actor) error {
			_, err := o.PublishRules(ctx, by, "r.yaml", []byte(ruleText), "")
			return err
		}},
		"check rules": {MayReadCases, func(o office, by Actor) error {
			_, _, err := o.CheckRules(ctx, by, "r.yaml", []byte(ruleText))
			return err
		}},
		"rule text":   {MayReadCases, func(o office, by Actor) error { _, err := o.RuleText(ctx, by, Live); return err }},
		"diff rules":  {MayReadCases, func(o office, by Actor) error { _, err := o.DiffRules(by, RuleText{}, RuleText{}); return err }},
		"rule events": {MayReadCases, func(o office, by Actor) error { _, err := o.RuleEvents(ctx, by, 0, 0); return err }},
		"rule drafts": {MayReadCases, func(o office, by Actor) error { _, err := o.RuleDrafts(ctx, by); return err }},
		"rule draft": {MayReadCases, func(o office, by Actor) error {
			_, err := o.RuleDraft(ctx, by, 1<<40)
			return unless(dispute.NotFound, err)
		}},
		"draft rules": {MayDraftRules, func(o office, by Actor) error {
			_, err := o.DraftRules(ctx, by, DraftText{Source: ruleText})
			return err
		}},
		"edit draft": {MayDraftRules, func(o office, by Actor) error {
			_, err := o.EditDraft(ctx, by, 1<<40, 0, DraftText{})
			return unless(dispute.NotFound, err)
		}},
		"check draft": {MayDraftRules, func(o office, by Actor) error {
			_, err := o.CheckDraft(ctx, by, 1<<40, 0)
			return unless(dispute.NotFound, err)
		}},
		"ask approval": {MayDraftRules, func(o office, by Actor) error {
			_, err := o.AskApproval(ctx, by, 1<<40, 0)
			return unless(dispute.NotFound, err)
		}},
		"drop draft": {MayDraftRules, func(o office, by Actor) error {
			return unless(dispute.NotFound, o.DropDraft(ctx, by, 1<<40, 0))
		}},
		"approve draft": {MayPublishRules, func(o office, by Actor) error {
			_, err := o.ApproveDraft(ctx, by, 1<<40, 0)
			return unless(dispute.NotFound, err)
		}},
		"publish draft": {MayPublishRules, func(o office, by Actor) error {
			_, err := o.PublishDraft(ctx, by, 1<<40, 0)
			return unless(dispute.NotFound, err)
		}},
		"roll back rules": {MayPublishRules, func(o office, by Actor) error {
			_, err := o.RollBackRules(ctx, by, 1<<40, 0, "")
			return unless(dispute.NotFound, err)
		}},
		"start shadow": {MayPublishRules, func(o office, by Actor) error {
			_, err := o.StartShadow(ctx, by, RuleText{Name: "d", Source: guarded}, "")
			return err
		}},
		"stop shadow": {MayPublishRules, func(o office, by Actor) error { return o.StopShadow(ctx, by) }},
		"shadow report": {MayReadCases, func(o office, by Actor) error {
			_, err := o.ShadowReport(ctx, by, 0)
			return unless(dispute.NotFound, err)
		}},
		"preview apply": {MayReadCases, func(o office, by Actor) error {
			_, err := o.PreviewApply(ctx, by, store.CaseFilter{})
			return unless(dispute.NotFound, err)
		}},
		"apply to open": {MayChangePlans, func(o office, by Actor) error {
			_, err := o.ApplyToOpen(ctx, by, 1<<40, store.CaseFilter{})
			return unless(dispute.Conflict, unless(dispute.NotFound, err))
		}},
		"count open":   {MayReadCases, func(o office, by Actor) error { _, err := o.CountOpen(ctx, by); return err }},
		"tokens":       {MayManageTokens, func(o office, by Actor) error { _, err := o.Tokens(ctx, by); return err }},
		"create token": {MayManageTokens, func(o office, by Actor) error { _, err := o.CreateToken(ctx, by, "n", "a", RoleViewer); return err }},
		"revoke token": {MayManageTokens, func(o office, by Actor) error {
			return unless(dispute.NotFound, o.RevokeToken(ctx, by, 1<<40))
		}},
		"note": {MayWorkCases, func(o office, by Actor) error { _, err := o.Note(ctx, by, "du_1", "", "words"); return err }},
		"attach": {MayWorkCases, func(o office, by Actor) error {
			_, err := o.Attach(ctx, by, "du_1", "", Upload{Name: "a.png", Content: file})
			return err
		}},
		"evidence": {MayReadCases, func(o office, by Actor) error { _, err := o.Evidence(ctx, by, "du_1"); return err }},
		"preview": {MayReadCases, func(o office, by Actor) error {
			_, err := o.Preview(ctx, by, "du_1", "")
			return unless(dispute.NotFound, err)
		}},
		"compare": {MayReadCases, func(o office, by Actor) error {
			_, err := o.ComparePackets(ctx, by, "du_1", "", "")
			return unless(dispute.NotFound, err)
		}},
		"packet zip": {MayReadCases, func(o office, by Actor) error {
			_, _, err := o.PacketZipOf(ctx, by, "du_1", "x")
			return unless(dispute.NotFound, err)
		}},
		"exclude": {MayWorkCases, func(o office, by Actor) error {
			_, err := o.Exclude(ctx, by, "du_1", "", ItemRef{"shop", "none"}, true)
			return unless(dispute.NotFound, err)
		}},
		"reorder": {MayWorkCases, func(o office, by Actor) error { _, err := o.Reorder(ctx, by, "du_1", "", nil); return err }},
		"describe": {MayWorkCases, func(o office, by Actor) error {
			_, err := o.Describe(ctx, by, "du_1", "", ItemRef{"shop", "none"}, Description{Title: "x"})
			return unless(dispute.NotFound, err)
		}},
		"replace letter": {MayWorkCases, func(o office, by Actor) error {
			_, err := o.ReplaceLetter(ctx, by, "du_1", "", "words")
			return err
		}},
		"drop letter": {MayWorkCases, func(o office, by Actor) error { _, err := o.DropLetter(ctx, by, "du_1", ""); return err }},
		"revise":      decide(MayWorkCases, dispute.DecideRevise),
		"assign":      decide(MayWorkCases, dispute.DecideAssign), "hold": decide(MayWorkCases, dispute.DecideHold),
		"release": decide(MayWorkCases, dispute.DecideRelease), "approve": decide(MayAnswer, dispute.DecideApprove),
		"accept": decide(MayAnswer, dispute.DecideAccept), "submit": decide(MayAnswer, dispute.DecideSubmit),
		"change plan": decide(MayChangePlans, dispute.DecideChangePlan),
	}
}

// unless is no error for one of a kind: it was allowed, and nothing is there.
func unless(kind dispute.Kind, err error) error {
	if dispute.KindOf(err) == kind {
		return nil
	}
	return err
}

// The matrix of who may do what, written out: a change of the rights map must
// show here.
var matrix = map[Role][]Right{
	RoleViewer:  {MayReadCases},
	RoleAnalyst: {MayReadCases, MayWorkCases, MayAnswer, MayReadNotices, MayDraftRules},
	RoleManager: {
		MayReadCases, MayWorkCases, MayAnswer, MayReadNotices, MayChangePlans, MayRedeliver, MayReadBooks, MayDraftRules, MayPublishRules,
	},
	RoleFinance: {MayReadCases, MayReadBooks},
	RoleAdmin: {
		MayReadCases, MayWorkCases, MayAnswer, MayReadNotices, MayChangePlans, MayRedeliver, MayReadBooks, MayDraftRules, MayPublishRules, MayManageTokens,
	},
	"":      nil,
	"owner": nil,
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	o := open(t)
	for role, have := range matrix {
		by := Actor{ID: "somebody", Role: role}
		for name, u := range useCases(t) {
			allowed := false
			for _, r := range have {
				allowed = allowed || r == u.right
			}
			sent := len(o.workflow.updates)
			err := u.do(o, by)
			switch {
			case allowed && err != nil:
				t.Errorf("%s by %q: %v", name, role, err)
			case !allowed && !Forbidden(err):
				t.Errorf("%s by %q: %v, want it forbidden", name, role, err)
			case !allowed && len(o.workflow.updates) > sent:
				t.Errorf("%s by %q reached the workflow", name, role)
			}
		}
	}
	for role := range rights {
		if _, tested := matrix[role]; !tested {
			t.Errorf("role %s is not in the matrix", role)
		}
	}
	if f, err := o.Case(t.Context(), System, "du_1"); err != nil || len(f.Items) != 9 {
		t.Errorf("%d items, %v; want a note, a file and a letter of each of three roles", len(f.Items), err)
	}
}

func TestForbidden(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, errors.New("x"), dispute.Errorf(dispute.Auth, "stripe: read", "HTTP 401"), dispute.Errorf(dispute.Conflict, "permission", "x")} {
		if Forbidden(err) {
			t.Errorf("%v counts as forbidden", err)
		}
	}
}
