package desk

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

var (
	mo  = Actor{ID: "mo@acme.example", Role: RoleManager}
	kim = Actor{ID: "kim@acme.example", Role: RoleManager}
)

// draft makes a draft of the guarded set with one text replaced.
func (o office) draft(t *testing.T, by Actor, from, to string) DraftFile {
	t.Helper()
	f, err := o.DraftRules(t.Context(), by, DraftText{Name: "limits", Source: strings.Replace(guarded, from, to, 1), Comment: "why"})
	ok(t, err)
	return f
}

func (o office) publish(t *testing.T, source string) store.RuleSet {
	t.Helper()
	_, err := o.PublishRules(t.Context(), System, "r.yaml", []byte(source), "")
	ok(t, err)
	live, err := o.DB.ActiveRules(t.Context())
	ok(t, err)
	return live
}

// A draft goes its way: written, checked, refused without approval, asked for,
// approved by another person, published, and rolled back.
func TestDraftsWay(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	first := o.publish(t, guarded)
	f := o.draft(t, ana, "approval: required, ", "")
	if f.State != store.DraftWritten || f.Base != first.Version || f.Outdated || !f.Approval.Needed || len(f.Problems) != 0 || !strings.Contains(f.Change.Diff, "-  - { id: high") {
		t.Fatalf("drafted %+v", f)
	}
	f, err := o.CheckDraft(ctx, ana, f.ID, f.Revision)
	if err != nil || f.State != store.DraftChecked || f.Hash == "" {
		t.Fatalf("checked %+v, %v", f, err)
	}
	if _, err := o.CheckDraft(ctx, ana, f.ID, f.Revision-1); dispute.KindOf(err) != dispute.Conflict {
		t.Errorf("with an old revision: %v", err)
	}
	_, err = o.PublishDraft(ctx, mo, f.ID, f.Revision)
	if dispute.KindOf(err) != dispute.Conflict || !strings.Contains(err.Error(), "rule high no longer asks for approval") {
		t.Errorf("published without approval: %v", err)
	}
	f, err = o.AskApproval(ctx, ana, f.ID, f.Revision)
	if err != nil || f.State != store.DraftAsked {
		t.Fatalf("asked %+v, %v", f, err)
	}
	// Who edits has a hand in it, and what was approved is not what there is.
	f, err = o.EditDraft(ctx, mo, f.ID, f.Revision, DraftText{Source: f.Source})
	if err != nil || f.State != store.DraftWritten || !cmp.Equal(f.Authors, []string{ana.ID, mo.ID}) {
		t.Fatalf("edited %+v, %v", f, err)
	}
	for _, author := range []Actor{mo, {ana.ID, RoleManager}, {strings.ToUpper(ana.ID), RoleManager}} {
		if _, err := o.ApproveDraft(ctx, author, f.ID, 0); dispute.KindOf(err) != dispute.Conflict || !strings.Contains(err.Error(), "another person") {
			t.Errorf("approved by its author %s: %v", author.ID, err)
		}
	}
	f, err = o.ApproveDraft(ctx, kim, f.ID, f.Revision)
	if err != nil || f.State != store.DraftApproved || f.ApprovedBy != kim.ID {
		t.Fatalf("approved %+v, %v", f, err)
	}
	second, err := o.PublishDraft(ctx, mo, f.ID, f.Revision)
	if err != nil || second.Version != first.Version+1 || second.ApprovedBy != kim.ID || second.Draft != f.ID {
		t.Fatalf("published %+v, %v", second, err)
	}
	if again, err := o.PublishDraft(ctx, mo, f.ID, 0); err != nil || again != second {
		t.Errorf("published again %+v, %v", again, err)
	}
	if _, err := o.EditDraft(ctx, ana, f.ID, 0, DraftText{Source: guarded}); dispute.KindOf(err) != dispute.Conflict {
		t.Errorf("edited after it was published: %v", err)
	}
	if _, err := o.RollBackRules(ctx, mo, first.Version, first.Version, "too bold"); dispute.KindOf(err) != dispute.Conflict {
		t.Errorf("rolled back from a version that is not in force: %v", err)
	}
	back, err := o.RollBackRules(ctx, mo, first.Version, 0, "too bold")
	if err != nil || back.Restores != first.Version || back.Hash != first.Hash {
		t.Errorf("rolled back %+v, %v", back, err)
	}
	events, err := o.RuleEvents(ctx, ana, 0, 0)
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	if diff := cmp.Diff([]string{"rolled_back", "published", "approved", "edited", "asked", "checked", "drafted", "published"}, kinds); err != nil || diff != "" {
		t.Errorf("history (-want +got):\n%s %v", diff, err)
	}
}

func TestDraftNeedsNobody(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	o.publish(t, guarded)
	harmless := o.draft(t, mo, "min_strength: 2", "min_strength: 3")
	bold := o.draft(t, mo, "min_strength: 2", "min_strength: 1")
	yes, no := true, false
	for name, tc := range map[string]struct {
		asks *bool
		file DraftFile
		want bool
	}{
		"by itself, harmless": {nil, harmless, false},
		"by itself, bold":     {nil, bold, true},
		"always, harmless":    {&yes, harmless, true},
		"always, bold":        {&yes, bold, true},
		"never, bold":         {&no, bold, false},
	} {
		o.RulesApproval = tc.asks
		f, err := o.RuleDraft(ctx, mo, tc.file.ID)
		if err != nil || f.Approval.Needed != tc.want || tc.want != (len(f.Approval.Why) > 0) {
			t.Errorf("%s: %+v, %v", name, f.Approval, err)
		}
	}
	o.RulesApproval = nil
	if _, err := o.PublishDraft(ctx, mo, harmless.ID, 0); err != nil {
		t.Error(err)
	}
	if _, err := o.PublishRules(ctx, mo, "r.yaml", []byte(guarded), ""); dispute.KindOf(err) != dispute.Conflict || !strings.Contains(err.Error(), "draft") {
		t.Errorf("a bold file without a draft: %v", err)
	}
	// Another version is in force now than the bold draft began from.
	f, err := o.ApproveDraft(ctx, kim, bold.ID, bold.Revision)
	if err != nil || !f.Outdated {
		t.Fatalf("approved %+v, %v", f, err)
	}
	if _, err := o.PublishDraft(ctx, mo, bold.ID, 0); dispute.KindOf(err) != dispute.Conflict || !strings.Contains(err.Error(), "published meanwhile") {
		t.Errorf("published over another's version: %v", err)
	}
	f, err = o.EditDraft(ctx, mo, bold.ID, 0, DraftText{Source: bold.Source, Base: &f.Live})
	if err != nil || f.Outdated {
		t.Errorf("with the new base: %+v, %v", f, err)
	}
	ok(t, o.DropDraft(ctx, ana, bold.ID, 0))
	ok(t, o.DropDraft(ctx, ana, bold.ID, 0))
	if drafts, err := o.RuleDrafts(ctx, ana); err != nil || len(drafts) != 0 {
		t.Errorf("drafts %+v, %v", drafts, err)
	}
}

// Whoever installs the system brings the first version; the next is a change.
func TestFirstVersionNeedsNobody(t *testing.T) {
	t.Parallel()
	o := open(t)
	always := true
	o.RulesApproval = &always
	f := o.draft(t, mo, "respond: contest }", "respond: accept }")
	if f.Approval.Needed || len(f.Approval.Loosens) == 0 {
		t.Errorf("approval %+v", f.Approval)
	}
	if _, err := o.PublishDraft(t.Context(), mo, f.ID, 0); err != nil {
		t.Error(err)
	}
	for _, by := range []Actor{mo, System} {
		if _, err := o.PublishRules(t.Context(), by, "r.yaml", []byte(guarded), ""); dispute.KindOf(err) != dispute.Conflict {
			t.Errorf("a second version by %s alone: %v", by.ID, err)
		}
	}
}

// A file is published over the version that it was weighed beside, and no other.
func TestPublishIsOvertaken(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	first := o.publish(t, guarded)
	harmless := strings.Replace(guarded, "min_strength: 2", "min_strength: 3", 1)
	set := parsed(t, harmless)
	_, live, err := o.weighLive(ctx, set)
	if err != nil || live != first.Version {
		t.Fatalf("weighed beside %d, %v", live, err)
	}
	o.publish(t, strings.Replace(guarded, "approval: required, min_strength: 2", "approval: required, min_strength: 4", 1))
	err = o.publishOver(ctx, mo, "r.yaml", set, "", live)
	if dispute.KindOf(err) != dispute.Conflict || !strings.Contains(err.Error(), "look at the difference") {
		t.Errorf("published over a version that nobody weighed: %v", err)
	}
	if _, err := o.PublishRules(ctx, mo, "r.yaml", []byte(harmless), ""); dispute.KindOf(err) != dispute.Conflict || !strings.Contains(err.Error(), "strength 3 instead of 4") {
		t.Errorf("weighed anew: %v", err)
	}
}

// What this release cannot read may guard anything.
func TestUnreadableRulesGuard(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	_, err := o.DB.PublishRules(ctx, "of: another release\n", "ana", "", 0)
	ok(t, err)
	no := false
	for _, tc := range []struct {
		asks *bool
		want []string
	}{
		{nil, []string{"version 1 in force cannot be read by this release, so its guards are not known"}},
		{&no, []string{}},
	} {
		o.RulesApproval = tc.asks
		got, err := o.weigh(ctx, parsed(t, guarded))
		if diff := cmp.Diff(Approval{Needed: len(tc.want) > 0, Why: tc.want, Loosens: []string{}}, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	o.RulesApproval = nil
	if _, err := o.PublishRules(ctx, mo, "r.yaml", []byte(guarded), ""); dispute.KindOf(err) != dispute.Conflict || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("published by one: %v", err)
	}
}

func TestBadDraft(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	o.BaseCurrency, o.Connections = "USD", []string{"stripe-us"}
	for name, tc := range map[string]struct {
		from, to string
		line     int
		message  string
	}{
		"unknown field":  {`dispute.amount_base >= money("500 USD")`, `dispute.amont > 1`, 8, "amont"},
		"no connection":  {"approval: required,", "notify: [{ connection: pager, channel: x }],", 8, `no connection "pager"`},
		"other currency": {"queues:", "base_currency: EUR\nfx: { USD: \"0.9\" }\nqueues:", 1, "base_currency is EUR"},
		"no YAML":        {"queues:", "queues: [", 1, ""},
	} {
		f := o.draft(t, ana, tc.from, tc.to)
		if len(f.Problems) == 0 || f.Problems[0].Mend == "" || !strings.Contains(fmt.Sprint(f.Problems), tc.message) || tc.line > 1 && f.Problems[0].Line != tc.line {
			t.Errorf("%s: %+v", name, f.Problems)
		}
		for what, do := range map[string]func() error{
			"checked":   func() error { _, err := o.CheckDraft(ctx, ana, f.ID, 0); return err },
			"asked":     func() error { _, err := o.AskApproval(ctx, ana, f.ID, 0); return err },
			"approved":  func() error { _, err := o.ApproveDraft(ctx, mo, f.ID, 0); return err },
			"published": func() error { _, err := o.PublishDraft(ctx, mo, f.ID, 0); return err },
		} {
			if err := do(); dispute.KindOf(err) != dispute.Invalid {
				t.Errorf("%s was %s: %v", name, what, err)
			}
		}
	}
}

func TestRuleTextAndDiff(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	builtIn, err := o.RuleText(ctx, ana, Live)
	if err != nil || builtIn.Version != 0 || builtIn.Source != string(rules.Default().Source()) {
		t.Errorf("live %+v, %v", builtIn, err)
	}
	v := o.publish(t, guarded)
	f := o.draft(t, ana, "approval: required, ", "")
	texts := map[string]RuleText{}
	for _, named := range []string{"", Live, fmt.Sprint(v.Version), fmt.Sprintf("draft:%d", f.ID)} {
		texts[named], err = o.RuleText(ctx, ana, named)
		ok(t, err)
	}
	if texts[""] != texts[Live] || texts[Live] != texts[fmt.Sprint(v.Version)] {
		t.Errorf("texts %+v", texts)
	}
	diff, err := o.DiffRules(ana, texts[Live], texts[fmt.Sprintf("draft:%d", f.ID)])
	if err != nil || diff.Diff != f.Change.Diff || len(diff.Loosens) != 1 || strings.Count(diff.Diff, "\n-  ") != 1 {
		t.Errorf("diff %+v, %v", diff, err)
	}
	for named, want := range map[string]dispute.Kind{"99": dispute.NotFound, "draft:99": dispute.NotFound, "draft:x": dispute.Invalid, "newest": dispute.Invalid} {
		if _, err := o.RuleText(ctx, ana, named); dispute.KindOf(err) != want {
			t.Errorf("%s: %v", named, err)
		}
	}
}
