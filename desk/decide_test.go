package desk

import (
	"strings"
	"testing"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

// A plan by hand leads to a queue that is there, and to an answer that there is.
func TestPlansThatNobodyCouldCarryOut(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	o.publish(t, guarded)
	set := parsed(t, guarded)
	o.routed(t, "du_1", set, dispute.Money{Minor: 500, Currency: "USD"}, noon)
	row, err := o.DB.GetCase(ctx, "du_1")
	ok(t, err)
	for name, tc := range map[string]struct {
		in   dispute.Decision
		says string
	}{
		"a queue that is there":   {dispute.Decision{Queue: "all"}, ""},
		"no queue of that name":   {dispute.Decision{Queue: "vpi"}, `there is no queue "vpi"; known are all`},
		"an answer":               {dispute.Decision{Response: dispute.ResponseAccept}, ""},
		"no answer of that name":  {dispute.Decision{Response: "contset"}, "known are contest and accept"},
		"neither is said":         {dispute.Decision{}, ""},
		"the case of another set": {dispute.Decision{Queue: "frontline"}, "there is no queue"},
	} {
		err := o.feasible(ctx, row, tc.in)
		if (err == nil) != (tc.says == "") || err != nil && (dispute.KindOf(err) != dispute.Invalid || !strings.Contains(err.Error(), tc.says)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := o.feasible(ctx, store.CaseRow{}, dispute.Decision{Queue: "all"}); err != nil {
		t.Errorf("a case without rules of its own: %v", err)
	}
}

func TestDraftsBuildOnVersions(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	base := int64(-1)
	if _, err := o.DraftRules(ctx, ana, DraftText{Source: guarded, Base: &base}); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("drafted: %v", err)
	}
	f, err := o.DraftRules(ctx, ana, DraftText{Source: guarded})
	ok(t, err)
	if _, err := o.EditDraft(ctx, ana, f.ID, 0, DraftText{Source: guarded, Base: &base}); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("edited: %v", err)
	}
}
