package desk

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// pin has the case follow a version with a route.
func (o office) pin(t *testing.T, hash string, route rules.Route) {
	t.Helper()
	raw, err := json.Marshal(route)
	ok(t, err)
	ok(t, o.DB.InCase(t.Context(), ref, func(tx *store.CaseTx) error {
		r := tx.Row()
		r.RuleSet, r.Route, r.Queue, r.Rule = hash, raw, route.Queue, route.Rule
		return nil
	}))
}

func TestApplyToOpen(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	if _, err := o.PreviewApply(ctx, mo, store.CaseFilter{}); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("without a version: %v", err)
	}
	old := parsed(t, strings.Replace(guarded, "500 USD", "100 USD", 1))
	row, err := o.Row(ctx, mo, "du_1")
	ok(t, err)
	route, err := old.Evaluate(o.DB.RuleInput(ctx, row, noon))
	ok(t, err)
	v := o.publish(t, guarded)

	outcome := func(want string, do func() (ApplyPage, error)) ApplyCase {
		t.Helper()
		page, err := do()
		if err != nil || len(page.Cases) != 1 || page.Cases[0].Outcome != want || page.Counts[want] != 1 || page.Version != v.Version {
			t.Fatalf("%+v, %v; want %s", page, err, want)
		}
		return page.Cases[0]
	}
	preview := func() (ApplyPage, error) { return o.PreviewApply(ctx, ana, store.CaseFilter{}) }
	apply := func() (ApplyPage, error) { return o.ApplyToOpen(ctx, mo, v.Version, store.CaseFilter{Queue: ""}) }

	outcome(ApplyUnplanned, preview)
	o.pin(t, old.Hash(), route)
	moves := outcome(ApplyMoves, preview)
	if diff := cmp.Diff([]string{"approval", "min_strength"}, moves.Fields); diff != "" || moves.From.Rule != "high" || moves.To.Rule != "rest" {
		t.Errorf("moves %+v\n%s", moves, diff)
	}
	if len(o.workflow.updates) != 0 {
		t.Errorf("a preview decided: %+v", o.workflow.updates)
	}

	outcome(ApplyApplied, apply)
	sent := o.workflow.updates[0]
	told, _ := sent.Args[0].(dispute.Decision)
	if sent.UpdateID != fmt.Sprintf("rules/%d/%s", v.Version, row.ID) || told.RuleSet != v.Hash || told.Kind != dispute.DecideChangePlan || told.By != mo.ID {
		t.Errorf("update %+v", sent)
	}
	outcome(ApplyApplied, apply) // the workflow has not written yet: the same id again
	if again := o.workflow.updates[1]; again.UpdateID != sent.UpdateID {
		t.Errorf("ids %s and %s", again.UpdateID, sent.UpdateID)
	}

	o.workflow.sendErr = temporal.NewApplicationError("already answered", "refused")
	if c := outcome(ApplyRefused, apply); c.Detail != "already answered" {
		t.Errorf("refused %+v", c)
	}
	o.workflow.sendErr = serviceerror.NewUnavailable("away")
	outcome(ApplyFailed, apply)

	// A queue that a person chose stays.
	route.Approval, route.MinStrength, route.Queue = false, 0, "somewhere"
	o.pin(t, old.Hash(), route)
	ok(t, o.DB.InCase(ctx, ref, func(tx *store.CaseTx) error { tx.Row().Queue = "chosen"; return nil }))
	if c := outcome(ApplyStays, preview); c.To.Queue != "chosen" {
		t.Errorf("stays %+v", c)
	}
	ok(t, o.DB.InCase(ctx, ref, func(tx *store.CaseTx) error { tx.Row().Status = dispute.StatusSubmitted; return nil }))
	outcome(ApplyAnswered, preview)
	ok(t, o.DB.InCase(ctx, ref, func(tx *store.CaseTx) error { tx.Row().Status = dispute.StatusOpen; return nil }))
	o.pin(t, v.Hash, route)
	sentBefore := len(o.workflow.updates)
	outcome(ApplyDone, apply)
	if len(o.workflow.updates) != sentBefore {
		t.Error("a case that follows the version was asked")
	}
	if page, err := o.PreviewApply(ctx, mo, store.CaseFilter{Queue: "other"}); err != nil || len(page.Cases) != 0 {
		t.Errorf("of another queue: %+v, %v", page, err)
	}
	if _, err := o.ApplyToOpen(ctx, mo, v.Version+1, store.CaseFilter{}); dispute.KindOf(err) != dispute.Conflict {
		t.Errorf("another version than the one in force: %v", err)
	}
	events, err := o.RuleEvents(ctx, mo, 0, 1)
	if err != nil || events[0].Kind != "applied" || events[0].Version != v.Version || events[0].Actor != mo.ID {
		t.Errorf("events %+v, %v", events, err)
	}
	if n, err := o.CountOpen(ctx, mo); err != nil || n != 1 {
		t.Errorf("%d open, %v", n, err)
	}
}

// A run over more cases than a page holds sees each once.
func TestApplyInPages(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	for i := range 6 {
		another := dispute.Ref{Connection: "stripe-us", ID: fmt.Sprintf("du_more_%d", i)}
		ok(t, o.DB.InCase(ctx, another, func(tx *store.CaseTx) error {
			r := tx.Row()
			r.WorkflowID, r.RuleSet, r.Route = another.WorkflowID(1), "old", []byte(`{"queue":""}`)
			return tx.Append(store.Event{Key: "1", Kind: "opened"})
		}))
	}
	v := o.publish(t, guarded)
	seen, pages := map[string]int{}, 0
	f := store.CaseFilter{Limit: 3}
	for {
		page, err := o.ApplyToOpen(ctx, mo, v.Version, f)
		ok(t, err)
		pages++
		for _, c := range page.Cases {
			seen[c.Case+c.Outcome]++
		}
		if f.Cursor = page.Next; f.Cursor == "" {
			break
		}
	}
	if len(seen) != 7 || pages != 3 {
		t.Errorf("%d pages: %v", pages, seen)
	}
	ids := map[string]bool{}
	for _, u := range o.workflow.updates {
		ids[u.UpdateID] = true
	}
	if len(ids) != 6 || len(o.workflow.updates) != 6 {
		t.Errorf("%d updates with %d ids, want 6", len(o.workflow.updates), len(ids))
	}
}

func TestShadow(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	v := o.publish(t, guarded)
	live, err := o.RuleText(ctx, mo, Live)
	ok(t, err)
	if _, err := o.StartShadow(ctx, mo, live, ""); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("the rules in force as their own shadow: %v", err)
	}
	trial := RuleText{Name: "trial", Source: strings.Replace(guarded, "500", "100", 1)}
	s, err := o.StartShadow(ctx, mo, trial, "why")
	if err != nil || s.Author != mo.ID || s.Hash == v.Hash {
		t.Fatalf("%+v, %v", s, err)
	}
	if _, err := o.StartShadow(ctx, mo, RuleText{Name: "bad", Source: "rules: ["}, ""); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("a broken shadow: %v", err)
	}
	if r, err := o.ShadowReport(ctx, ana, 0); err != nil || r.Shadow.ID != s.ID {
		t.Errorf("report %+v, %v", r, err)
	}
	ok(t, o.StopShadow(ctx, mo))
	if _, err := o.StartShadow(ctx, mo, RuleText{Name: "next", Source: strings.Replace(guarded, "500", "200", 1)}, ""); err != nil {
		t.Error(err)
	}
}
