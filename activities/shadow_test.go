package activities

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// asked plans the case by one set and asks the shadow beside it.
func (w *world) asked(source string) {
	w.t.Helper()
	row := w.row()
	in := w.DB.RuleInput(w.t.Context(), row, w.Now())
	live := must[*rules.Set](w.t)(rules.Parse("live", []byte(source)))
	w.shadow(w.t.Context(), row, in, must[rules.Route](w.t)(live.Evaluate(in)))
}

func (w *world) beside(source string) store.RuleShadow {
	w.t.Helper()
	return must[store.RuleShadow](w.t)(w.DB.StartShadow(w.t.Context(), store.RuleShadow{Hash: source, Name: "trial", Source: source, Author: "ana"}))
}

func TestShadowIsComparedAndDecidesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	before := w.row()
	w.asked(ruleText("alpha"))
	if _, err := w.DB.ReportShadow(t.Context(), 0); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("without a shadow: %v", err)
	}
	w.beside(ruleText("beta"))
	w.asked(ruleText("alpha"))
	r := must[store.ShadowReport](t)(w.DB.ReportShadow(t.Context(), 0))
	if r.Cases != 1 || r.Differing != 1 || !cmp.Equal(r.Results[0].Fields, []string{"queue"}) || r.Results[0].Case != before.ID {
		t.Errorf("report %+v", r)
	}
	if !strings.Contains(string(r.Results[0].Shadow), `"queue": "beta"`) || !strings.Contains(string(r.Results[0].Live), `"queue": "alpha"`) {
		t.Errorf("routes %s and %s", r.Results[0].Live, r.Results[0].Shadow)
	}
	if diff := cmp.Diff(before, w.row()); diff != "" {
		t.Errorf("the case changed:\n%s", diff)
	}
	w.asked(ruleText("beta"))
	if r := must[store.ShadowReport](t)(w.DB.ReportShadow(t.Context(), 0)); r.Cases != 1 || r.Differing != 0 {
		t.Errorf("once both say the same: %+v", r)
	}
	ok(t, w.DB.StopShadow(t.Context(), "ana"))
	w.asked(ruleText("alpha"))
	if r := must[store.ShadowReport](t)(w.DB.ReportShadow(t.Context(), 0)); r.Differing != 0 {
		t.Errorf("after it was stopped: %+v", r)
	}
}

// Nothing that is wrong with a shadow reaches the plan.
func TestShadowThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	w.beside("rules: [")
	w.asked(ruleText("alpha"))
	r := must[store.ShadowReport](t)(w.DB.ReportShadow(t.Context(), 0))
	if r.Cases != 1 || r.Failed != 1 || r.Differing != 0 {
		t.Errorf("report %+v", r)
	}
	row, in := w.row(), rules.Input{}
	w.DB.Close()
	w.shadow(t.Context(), row, in, rules.Route{}) // a closed database
}
