package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

const rulesText = `queues:
  all: { members: [a@acme.example] }
  senior: { members: [b@acme.example] }
ladder:
  l: { cut_off: 6h, at_cut_off: submit }
defaults: { queue: all, ladder: l, respond: contest }
rules:
  - { id: high, when: dispute.amount_base >= money("500 USD"), then: { approval: required } }
  - { id: rest, when: "true", then: { queue: all } }
`

// rulesWith is a rule set of its own that says the same.
func rulesWith(mark string) string { return rulesText + "# " + mark + "\n" }

func body(fields map[string]any) string {
	raw, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func rulesBody(mark string) string { return body(map[string]any{"source": rulesWith(mark)}) }

var marks atomic.Int64

// onDraft sends something about a draft that an analyst has just made.
func onDraft(text string) func(*testing.T, *world) ask {
	return func(t *testing.T, w *world) ask {
		t.Helper()
		f := w.drafts(t, rulesWith(fmt.Sprint("draft ", marks.Add(1))))
		w.draft = f.ID
		if text == "" {
			return ask{}
		}
		return ask{body: []byte(text)}
	}
}

// onDraftAsItIs is about a draft whatever its text is.
func onDraftAsItIs(t *testing.T, w *world) ask {
	t.Helper()
	in := onDraft("")(t, w)
	in.header = map[string]string{"If-Match": "*"}
	return in
}

func (w *world) drafts(t *testing.T, source string) desk.DraftFile {
	t.Helper()
	got := w.as(t, desk.RoleAnalyst, ask{method: http.MethodPost, path: "/v1/rules/drafts", body: []byte(body(map[string]any{"source": source, "comment": "why"}))})
	if got.status != http.StatusCreated {
		t.Fatalf("draft: %d %s", got.status, got.body)
	}
	var f desk.DraftFile
	got.into(t, &f)
	return f
}

// afterDraftBacktest reads the backtest of a draft that has one.
func afterDraftBacktest(t *testing.T, w *world) ask {
	t.Helper()
	f := w.drafts(t, rulesWith(fmt.Sprint("draft ", marks.Add(1))))
	w.draft = f.ID
	if got := w.post(t, desk.RoleAnalyst, fmt.Sprintf("/v1/rules/drafts/%d/backtest", f.ID), `{}`, nil); got.status != http.StatusAccepted {
		t.Fatalf("backtest: %d %s", got.status, got.body)
	}
	return ask{}
}

// publishes puts a set in force behind the API's back.
func (w *world) publishes(t *testing.T) store.RuleSet {
	t.Helper()
	set := must(rules.Parse("test", []byte(rulesWith(fmt.Sprint("version ", marks.Add(1))))))(t)
	return must(w.db.PublishRules(t.Context(), string(set.Source()), "mo", "", 0))(t)
}

func afterVersion(t *testing.T, w *world) ask {
	t.Helper()
	w.publishes(t)
	return ask{}
}

func afterAnotherVersion(t *testing.T, w *world) ask {
	t.Helper()
	w.version = w.publishes(t).Version
	w.publishes(t)
	return ask{body: []byte(`{"comment":"back"}`)}
}

func applies(t *testing.T, w *world) ask {
	t.Helper()
	return ask{body: fmt.Appendf(nil, `{"version":%d}`, w.publishes(t).Version)}
}

func afterShadow(t *testing.T, w *world) ask {
	t.Helper()
	got := w.as(t, desk.RoleAdmin, ask{method: http.MethodPost, path: "/v1/rules/shadow", body: []byte(rulesBody("shadow"))})
	if got.status != http.StatusOK {
		t.Fatalf("shadow: %d %s", got.status, got.body)
	}
	return ask{}
}

func (w *world) post(t *testing.T, role desk.Role, path, text string, header map[string]string) answer {
	t.Helper()
	in := ask{method: http.MethodPost, path: path, header: header}
	if text != "" {
		in.body = []byte(text)
	}
	return w.as(t, role, in)
}

// A draft of an analyst becomes a version once a manager has approved it.
func TestRulesWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.publishes(t)
	f := w.drafts(t, strings.Replace(rulesText, "approval: required", "queue: senior", 1))
	path := fmt.Sprintf("/v1/rules/drafts/%d", f.ID)
	if !f.Approval.Needed || f.Base != first.Version || !strings.Contains(f.Change.Diff, "+  - { id: high") {
		t.Errorf("draft %+v", f)
	}
	var opened desk.DraftFile
	tag := w.get(t, desk.RoleViewer, path, &opened).header.Get("ETag")
	if diff := cmp.Diff(f, opened); diff != "" || tag != `"1"` {
		t.Errorf("opened with %s:\n%s", tag, diff)
	}
	match := map[string]string{"If-Match": tag}
	got := w.post(t, desk.RoleAnalyst, path+"/ask", "", match)
	if got.status != http.StatusOK || got.header.Get("ETag") != `"2"` {
		t.Fatalf("asked: %d %s %s", got.status, got.header.Get("ETag"), got.body)
	}
	for _, step := range []string{"/check", "/ask", "/approve", "/publish"} {
		if late := w.post(t, desk.RoleManager, path+step, "", match); late.status != http.StatusPreconditionFailed {
			t.Errorf("%s with an old ETag: %d %s", step, late.status, late.body)
		}
	}
	early := w.post(t, desk.RoleManager, path+"/publish", "", nil)
	if p := early.problem(t); early.status != http.StatusConflict || !strings.Contains(p.Detail, "rule high no longer asks for approval") {
		t.Errorf("published without approval: %+v", p)
	}
	if got := w.post(t, desk.RoleManager, path+"/approve", "", nil); got.status != http.StatusOK {
		t.Fatalf("approved: %d %s", got.status, got.body)
	}
	var version store.RuleSet
	w.post(t, desk.RoleAdmin, path+"/publish", "", nil).into(t, &version)
	if version.Version != first.Version+1 || version.ApprovedBy != "manager@acme.example" || version.Draft != f.ID {
		t.Errorf("version %+v", version)
	}
	var diff desk.RuleDiff
	w.get(t, desk.RoleViewer, fmt.Sprintf("/v1/rules/diff?from=%d&to=%d", version.Version, first.Version), &diff)
	if len(diff.Loosens) != 0 || !strings.Contains(diff.Diff, "+  - { id: high") {
		t.Errorf("diff back %+v", diff)
	}
	var live desk.RuleText
	w.get(t, desk.RoleViewer, "/v1/rules", &live)
	if live.Version != version.Version || live.Source != version.Source {
		t.Errorf("live %+v", live)
	}
	var back store.RuleSet
	w.post(t, desk.RoleManager, fmt.Sprintf("/v1/rules/versions/%d/rollback", first.Version), `{"comment":"too bold"}`, nil).into(t, &back)
	if back.Restores != first.Version || back.Hash != first.Hash {
		t.Errorf("back %+v", back)
	}
	var all RuleSetList
	w.get(t, desk.RoleViewer, "/v1/rules/versions", &all)
	var events RuleEventList
	w.get(t, desk.RoleViewer, "/v1/rules/history?limit=2", &events)
	if len(all.Items) != 3 || len(events.Items) != 2 || events.Items[0].Kind != "rolled_back" {
		t.Errorf("%d versions, events %+v", len(all.Items), events)
	}
}

func TestApproverIsNoAuthor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publishes(t)
	var f desk.DraftFile
	w.post(t, desk.RoleManager, "/v1/rules/drafts", rulesBody("x"), nil).into(t, &f)
	path := fmt.Sprintf("/v1/rules/drafts/%d", f.ID)
	got := w.post(t, desk.RoleManager, path+"/approve", "", nil)
	if p := got.problem(t); got.status != http.StatusConflict || !strings.Contains(p.Detail, "another person approves it") {
		t.Errorf("%+v", p)
	}
	// Nobody asked: who approves says of which text.
	if got := w.post(t, desk.RoleAdmin, path+"/approve", "", nil); got.status != http.StatusConflict || !strings.Contains(got.problem(t).Detail, "approve revision 1") {
		t.Fatalf("a text that nobody asked about: %d %s", got.status, got.body)
	}
	// Editing takes an approval back.
	if got := w.post(t, desk.RoleAdmin, path+"/approve", "", map[string]string{"If-Match": `"1"`}); got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	got = w.as(t, desk.RoleAnalyst, ask{method: http.MethodPut, path: path, body: []byte(rulesBody("y"))})
	got.into(t, &f)
	if f.State != store.DraftWritten || f.ApprovedBy != "" {
		t.Errorf("edited %+v", f)
	}
}

// Bad rules are refused with the line, the reason and the mend.
func TestBadRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publishes(t)
	bad := strings.Replace(rulesText, "dispute.amount_base", "dispute.amont_base", 1)
	f := w.drafts(t, bad)
	if len(f.Problems) != 1 || f.Problems[0].Line != 8 {
		t.Errorf("problems of the draft %+v", f.Problems)
	}
	path := fmt.Sprintf("/v1/rules/drafts/%d", f.ID)
	for name, got := range map[string]answer{
		"check":         w.post(t, desk.RoleViewer, "/v1/rules/check", body(map[string]any{"source": bad}), nil),
		"explain":       w.post(t, desk.RoleViewer, "/v1/rules/explain", body(map[string]any{"source": bad, "case": "du_1"}), nil),
		"shadow":        w.post(t, desk.RoleAdmin, "/v1/rules/shadow", body(map[string]any{"source": bad}), nil),
		"check draft":   w.post(t, desk.RoleAnalyst, path+"/check", "", nil),
		"ask":           w.post(t, desk.RoleAnalyst, path+"/ask", "", nil),
		"approve":       w.post(t, desk.RoleAdmin, path+"/approve", "", nil),
		"publish draft": w.post(t, desk.RoleAdmin, path+"/publish", "", nil),
	} {
		p := got.problem(t)
		if got.status != http.StatusUnprocessableEntity || len(p.Problems) != 1 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
			continue
		}
		if one := p.Problems[0]; one.Line != 8 || one.Rule != "high" || !strings.Contains(one.Message, "amont_base") || !strings.Contains(one.Mend, "dispute.amount_base") {
			t.Errorf("%s: %+v", name, one)
		}
	}
	for path, status := range map[string]int{
		"/v1/rules?named=99": 404, "/v1/rules?named=newest": 400, "/v1/rules/drafts/99": 404, "/v1/rules/diff": 400,
		"/v1/rules/diff?to=" + url.QueryEscape("draft:99"): 404, "/v1/rules/shadow": 404,
	} {
		if got := w.as(t, desk.RoleViewer, ask{path: path}); got.status != status {
			t.Errorf("%s: %d %s, want %d", path, got.status, got.body, status)
		}
	}
	both := w.post(t, desk.RoleViewer, "/v1/rules/explain", body(map[string]any{"source": rulesText, "rules": "live", "case": "du_1"}), nil)
	if both.status != http.StatusBadRequest {
		t.Errorf("both named and sent: %d", both.status)
	}
}

func TestCheckAndExplainRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publishes(t)
	var check RuleCheck
	w.post(t, desk.RoleViewer, "/v1/rules/check", body(map[string]any{"source": strings.Replace(rulesText, "500 USD", "1 USD", 1)}), nil).into(t, &check)
	if len(check.Hash) != 64 || !check.Approval.Needed || len(check.Approval.Loosens) != 1 {
		t.Errorf("check %+v", check)
	}
	var said RuleExplanation
	w.post(t, desk.RoleViewer, "/v1/rules/explain", `{"case":"du_1","rules":"live"}`, nil).into(t, &said)
	var route rules.Route
	ok(t, json.Unmarshal(said.Route, &route))
	if route.Rule != "rest" || !strings.Contains(said.Text, "decided by rest") {
		t.Errorf("%+v: %s", route, said.Text)
	}
	var fields RuleFieldList
	w.get(t, desk.RoleViewer, "/v1/rules/fields", &fields)
	if len(fields.Items) != len(rules.Vocabulary()) || fields.Items[0].Example == "" {
		t.Errorf("%d fields", len(fields.Items))
	}
}

func routeTo(queue string) rules.Route {
	return rules.Route{Rule: "rest", Queue: queue, Respond: dispute.ResponseContest}
}

func TestApplyAndShadow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.publishes(t)
	raw := must(json.Marshal(rules.Route{Rule: "old", Queue: "gone", Ladder: rules.Ladder{Name: "l"}}))(t)
	ok(t, w.db.InCase(t.Context(), ref, func(tx *store.CaseTx) error {
		r := tx.Row()
		r.Status, r.RuleSet, r.Route, r.Queue, r.WorkflowID = dispute.StatusOpen, "old", raw, "gone", ref.WorkflowID(1)
		r.View.Snapshot.Status = dispute.ProviderNeedsResponse
		return nil
	}))
	var page desk.ApplyPage
	w.get(t, desk.RoleViewer, "/v1/rules/apply?queue=gone", &page)
	if len(page.Cases) != 1 || page.Cases[0].Outcome != desk.ApplyMoves || page.Cases[0].To.Queue != "all" {
		t.Errorf("preview %+v", page)
	}
	if told := w.temporal.taken(); len(told) != 0 {
		t.Errorf("a preview decided %+v", told)
	}
	w.post(t, desk.RoleManager, "/v1/rules/apply", fmt.Sprintf(`{"version":%d,"queue":"gone"}`, v.Version), nil).into(t, &page)
	if page.Counts[desk.ApplyApplied] != 1 {
		t.Errorf("applied %+v", page)
	}
	if told := w.temporal.taken(); len(told) != 1 || told[0].UpdateName != string(dispute.DecideChangePlan) {
		t.Errorf("updates %+v", told)
	}
	if got := w.post(t, desk.RoleManager, "/v1/rules/apply", `{"version":99}`, nil); got.status != http.StatusConflict {
		t.Errorf("a version that is not in force: %d", got.status)
	}

	afterShadow(t, w)
	row := must(w.db.GetCase(t.Context(), "du_1"))(t)
	shadow := must(w.db.RunningShadow(t.Context()))(t)
	result := must(store.NewShadowResult(row.Case, opened, routeTo("all"), routeTo("senior")))(t)
	ok(t, w.db.SaveShadowResult(t.Context(), shadow.ID, result))
	var report store.ShadowReport
	w.get(t, desk.RoleViewer, "/v1/rules/shadow", &report)
	if report.Differing != 1 || report.Results[0].Case != row.ID || report.Money[0].Amount != row.Amount().Minor {
		t.Errorf("report %+v", report)
	}
	if got := w.post(t, desk.RoleAdmin, "/v1/rules/shadow", rulesBody("another"), nil); got.status != http.StatusConflict {
		t.Errorf("a second shadow: %d", got.status)
	}
}
