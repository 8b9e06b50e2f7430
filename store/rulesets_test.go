package store

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

func TestRuleDrafts(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	draft := must[RuleDraft](t)(d.AddRuleDraft(ctx, RuleDraft{Name: "limits", Source: "rules: [", Author: "ana", Comment: "why"}))
	want := RuleDraft{ID: draft.ID, Name: "limits", Source: "rules: [", Author: "ana", Authors: []string{"ana"}, Comment: "why", State: DraftWritten, Revision: 1}
	if diff := cmp.Diff(want, draft, cmpopts.IgnoreFields(RuleDraft{}, "CreatedAt", "UpdatedAt")); diff != "" {
		t.Errorf("draft (-want +got):\n%s", diff)
	}
	old := draft
	draft.Source, draft.State, draft.Authors = "abc", DraftApproved, []string{"ben", "ana", "ben"}
	draft.ApprovedBy = "mo"
	draft = must[RuleDraft](t)(d.ChangeRuleDraft(ctx, draft, "ben", "edited"))
	if draft.Revision != 2 || !cmp.Equal(draft.Authors, []string{"ana", "ben"}) {
		t.Errorf("changed %+v", draft)
	}
	_, err := d.ChangeRuleDraft(ctx, old, "eve", "edited")
	wantKind(t, err, dispute.Conflict)
	_, err = d.PublishRuleDraft(ctx, old, "abc", "eve")
	wantKind(t, err, dispute.Conflict)
	if _, err := d.ActiveRules(ctx); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("a stale draft was published: %v", err)
	}

	set := must[RuleSet](t)(d.PublishRuleDraft(ctx, draft, "abc", "mo"))
	if set.Version != 1 || set.Draft != draft.ID || set.ApprovedBy != "mo" || set.Author != "mo" || set.Comment != "why" {
		t.Errorf("published %+v", set)
	}
	if got := must[RuleDraft](t)(d.RuleDraft(ctx, draft.ID)); got.State != DraftPublished || got.Version != 1 || !got.State.Ended() {
		t.Errorf("published draft %+v", got)
	}
	if waiting := must[[]RuleDraft](t)(d.RuleDrafts(ctx)); len(waiting) != 0 {
		t.Errorf("drafts that wait: %+v", waiting)
	}
	var kinds []string
	events := must[[]RuleEvent](t)(d.RuleEvents(ctx, 0, 0))
	for _, e := range events {
		kinds = append(kinds, e.Actor+" "+e.Kind)
	}
	if diff := cmp.Diff([]string{"mo published", "ben edited", "ana drafted"}, kinds); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	if before := must[[]RuleEvent](t)(d.RuleEvents(ctx, events[1].ID, 0)); len(before) != 1 {
		t.Errorf("before the edit: %+v", before)
	}
	_, err = d.pool.Exec(ctx, "DELETE FROM rule_events")
	wantKind(t, wrap("x", err), dispute.Conflict)
	_, err = d.RuleDraft(ctx, 99)
	wantKind(t, err, dispute.NotFound)
}

// Of two people who publish at once what they began from the same version, one
// is told about the other.
func TestTwoPublishersAtOnce(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	drafts := make([]RuleDraft, 8)
	for i := range drafts {
		drafts[i] = must[RuleDraft](t)(d.AddRuleDraft(ctx, RuleDraft{Name: "x", Author: "ana"}))
	}
	errs := make([]error, len(drafts))
	var all sync.WaitGroup
	for i, draft := range drafts {
		all.Go(func() { _, errs[i] = d.PublishRuleDraft(ctx, draft, string(rune('a'+i)), "ana") })
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			wantKind(t, err, dispute.Conflict)
		}
	}
	if history := must[[]RuleSet](t)(d.RuleHistory(ctx)); won != 1 || len(history) != 1 {
		t.Errorf("%d published, %d versions; want one", won, len(history))
	}
}

func TestRestoreRules(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	one := must[RuleSet](t)(d.PublishRules(ctx, "abc", "ana", "", 0))
	two := must[RuleSet](t)(d.PublishRules(ctx, "def", "ana", "", 0))
	_, err := d.RestoreRules(ctx, one.Version, "mo", "", one.Version)
	wantKind(t, err, dispute.Conflict)
	back := must[RuleSet](t)(d.RestoreRules(ctx, one.Version, "mo", "too many people", two.Version))
	if back.Version != 3 || back.Hash != one.Hash || back.Restores != 1 || back.Comment != "too many people" {
		t.Errorf("restored %+v", back)
	}
	if again := must[RuleSet](t)(d.RestoreRules(ctx, one.Version, "mo", "", 0)); again != back {
		t.Errorf("restored again %+v", again)
	}
	if events := must[[]RuleEvent](t)(d.RuleEvents(ctx, 0, 0)); len(events) != 3 || events[0].Kind != "rolled_back" {
		t.Errorf("events %+v", events)
	}
	if got := must[RuleSet](t)(d.RuleVersion(ctx, 2)); got != two {
		t.Errorf("version 2 = %+v", got)
	}
	_, err = d.RestoreRules(ctx, 99, "mo", "", 0)
	wantKind(t, err, dispute.NotFound)
}

func TestShadows(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	_, err := d.RunningShadow(ctx)
	wantKind(t, err, dispute.NotFound)
	_, err = d.ReportShadow(ctx, 0)
	wantKind(t, err, dispute.NotFound)
	one := must[RuleShadow](t)(d.StartShadow(ctx, RuleShadow{Hash: "h1", Name: "trial", Source: "s", Author: "ana"}))
	if again := must[RuleShadow](t)(d.StartShadow(ctx, RuleShadow{Hash: "h1", Author: "mo"})); again != one {
		t.Errorf("started again %+v", again)
	}
	_, err = d.StartShadow(ctx, RuleShadow{Hash: "h2", Author: "mo"})
	wantKind(t, err, dispute.Conflict)

	inCase(t, d, testRef, func(c *CaseTx) error { return c.Append(Event{Key: "1", Kind: "opened"}) })
	row := must[CaseRow](t)(d.GetCase(ctx, testRef.CaseID()))
	live := rules.Route{Rule: "rest", SetHash: "h0", Queue: "all", Explanation: []rules.Match{{Rule: "rest"}}}
	same, moved := live, live
	same.Rule, same.SetHash, same.Explanation = "other", "h1", nil
	moved.Queue, moved.Approval = "senior", true
	for _, to := range []rules.Route{moved, same, moved} { // the newest of a case counts
		r := must[ShadowResult](t)(NewShadowResult(row.Case, noon, live, to))
		r.Amount = dispute.Money{Minor: 12900, Currency: "USD"}
		ok(t, d.SaveShadowResult(ctx, one.ID, r))
	}
	report := must[ShadowReport](t)(d.ReportShadow(ctx, 0))
	want := ShadowReport{
		Shadow: one, Cases: 1, Differing: 1,
		Fields: []ShadowField{{"approval", 1}, {"queue", 1}}, Moves: []ShadowMove{{"rest", "rest", 1}}, Money: []ShadowMoney{{"USD", 1, 12900}},
		Results: []ShadowResult{{
			Case: row.ID, At: noon, Amount: dispute.Money{Minor: 12900, Currency: "USD"}, Differs: true, Fields: []string{"approval", "queue"},
		}},
	}
	if diff := cmp.Diff(want, report, cmpopts.IgnoreFields(ShadowResult{}, "Live", "Shadow")); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	ok(t, d.StopShadow(ctx, "mo"))
	ok(t, d.StopShadow(ctx, "eve"))
	if r := must[ShadowReport](t)(d.ReportShadow(ctx, 0)); r.Shadow.StoppedBy != "mo" || r.Shadow.StoppedAt.IsZero() || r.Cases != 1 {
		t.Errorf("stopped %+v", r.Shadow)
	}
	two := must[RuleShadow](t)(d.StartShadow(ctx, RuleShadow{Hash: "h2", Author: "mo"}))
	if r := must[ShadowReport](t)(d.ReportShadow(ctx, 0)); r.Shadow != two || r.Cases != 0 {
		t.Errorf("the next one's report %+v", r)
	}
}

func TestRouteChanges(t *testing.T) {
	t.Parallel()
	base := rules.Route{Rule: "rest", Queue: "all", Respond: dispute.ResponseContest, Ladder: rules.Ladder{Name: "l"}}
	for name, tc := range map[string]struct {
		change func(*rules.Route)
		want   []string
	}{
		"nothing":          {func(*rules.Route) {}, []string{}},
		"rule and version": {func(r *rules.Route) { r.Rule, r.SetHash = "other", "h" }, []string{}},
		"queue":            {func(r *rules.Route) { r.Queue = "senior" }, []string{"queue"}},
		"ladder":           {func(r *rules.Route) { r.Ladder.AtCutOff = rules.AtCutOffAccept }, []string{"ladder"}},
		"a field that was empty": {func(r *rules.Route) {
			r.Notify, r.Approval = []rules.Notify{{Connection: "alerts", Channel: "#d"}}, true
		}, []string{"approval", "notify"}},
	} {
		to := base
		tc.change(&to)
		got := must[[]string](t)(RouteChanges(base, to))
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
