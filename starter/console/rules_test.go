package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// inForce publishes the default rules as version 1, with another limit when one
// is given.
func (w *site) inForce(limit string) {
	w.t.Helper()
	source := string(rules.Default().Source())
	if limit != "" {
		source = strings.ReplaceAll(source, `money("500 USD")`, `money("`+limit+`")`)
	}
	_, err := w.db.PublishRules(w.t.Context(), source, "tom", "limits of "+limit, 0)
	check(w.t, err)
}

// drafted begins a draft of the rules in force in somebody's name.
func (w *site) drafted(role desk.Role, name string) desk.DraftFile {
	w.t.Helper()
	live, err := w.desk.RuleText(w.t.Context(), desk.System, desk.Live)
	check(w.t, err)
	f, err := w.desk.DraftRules(w.t.Context(), desk.Actor{ID: people[role], Role: role}, desk.DraftText{Name: name, Source: live.Source})
	check(w.t, err)
	return f
}

func (w *site) draftNow(id int64) desk.DraftFile {
	w.t.Helper()
	f, err := w.desk.RuleDraft(w.t.Context(), desk.System, id)
	check(w.t, err)
	return f
}

// step posts one of the draft's buttons and expects to be led somewhere.
func (w *site) step(role desk.Role, id int64, form url.Values, status int) answer {
	w.t.Helper()
	if form.Get("revision") == "" {
		form.Set("revision", fmt.Sprint(w.draftNow(id).Revision))
	}
	got := w.ask(role, draftPath(id), form)
	if got.status != status {
		w.t.Fatalf("%v as %s: %d, want %d\n%s", form, role, got.status, status, mainOf(got.body))
	}
	return got
}

// mainOf is what a page says, without the frame.
func mainOf(page string) string {
	_, page, _ = strings.Cut(page, "<main")
	page, _, _ = strings.Cut(page, "</main>")
	return page
}

func do(what string, more ...string) url.Values {
	v := url.Values{"do": {what}}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}

// From a draft to force and back, by two people.
func TestPathOfADraft(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.inForce("")
	got := w.ask(desk.RoleAnalyst, "/rules/drafts", url.Values{"from": {"live"}, "name": {"Higher limits"}, "comment": {"too much to people"}})
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/rules/drafts/1" {
		t.Fatalf("%d to %s\n%s", got.status, got.header.Get("Location"), got.body)
	}
	f := w.draftNow(1)
	source := strings.ReplaceAll(f.Source, `money("500 USD")`, `money("900 USD")`)
	got = w.ask(desk.RoleAnalyst, "/rules/drafts/1/text", url.Values{"do": {"keep"}, "revision": {fmt.Sprint(f.Revision)}, "text": {strings.ReplaceAll(source, "\n", "\r\n")}})
	if got.status != http.StatusSeeOther || w.draftNow(1).Source != source {
		t.Fatalf("the text was not kept: %d\n%s", got.status, mainOf(got.body))
	}
	page := w.ask(desk.RoleAnalyst, "/rules/drafts/1", nil).body
	for _, want := range []string{"another person has to agree", `value="ask"`, "Why another person has to agree", "the amount is at least 900.00 USD", `<span class="flag">changed</span>`, "too much to people"} {
		if !strings.Contains(page, want) {
			t.Errorf("the draft does not say %q\n%s", want, mainOf(page))
		}
	}
	if strings.Contains(page, "/rules/drafts/1/publish") {
		t.Error("it may be published without approval")
	}
	w.step(desk.RoleAnalyst, 1, do("check"), http.StatusSeeOther)
	w.step(desk.RoleAnalyst, 1, do("ask"), http.StatusSeeOther)
	w.step(desk.RoleAnalyst, 1, do("approve"), http.StatusForbidden)
	if !strings.Contains(w.ask(desk.RoleManager, "/rules/drafts/1", nil).body, `value="approve"`) {
		t.Error("the manager has no button to approve")
	}
	w.step(desk.RoleManager, 1, do("approve"), http.StatusSeeOther)
	revision := url.Values{"revision": {fmt.Sprint(w.draftNow(1).Revision)}}
	if got := w.ask(desk.RoleAnalyst, "/rules/drafts/1/publish", revision); got.status != http.StatusForbidden {
		t.Errorf("an analyst publishes: %d", got.status)
	}
	if page := w.ask(desk.RoleManager, "/rules/drafts/1/publish", nil).body; !strings.Contains(page, "Publish this draft?") || !strings.Contains(page, "tom agreed to this text") {
		t.Errorf("the question says\n%s", mainOf(page))
	}
	got = w.ask(desk.RoleManager, "/rules/drafts/1/publish", revision)
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/rules?done=published" {
		t.Fatalf("published: %d\n%s", got.status, mainOf(got.body))
	}
	if page := w.ask(desk.RoleViewer, "/rules?done=published", nil).body; !strings.Contains(page, "version 2") || !strings.Contains(page, "900.00 USD") || !strings.Contains(page, ruleDone["published"]) {
		t.Errorf("the rules in force say\n%s", mainOf(page))
	}
	if page := w.ask(desk.RoleManager, "/rules/versions/1", nil).body; !strings.Contains(page, "Roll back to version 1") {
		t.Error("the old version offers no way back")
	}
	got = w.ask(desk.RoleManager, "/rules/versions/1", url.Values{"comment": {"haste"}})
	if got.status != http.StatusSeeOther {
		t.Fatalf("rolled back: %d\n%s", got.status, mainOf(got.body))
	}
	if page := w.ask(desk.RoleViewer, "/rules", nil).body; !strings.Contains(page, "version 3") || strings.Contains(page, "900.00 USD") {
		t.Errorf("after the rollback\n%s", mainOf(page))
	}
	history := w.ask(desk.RoleViewer, "/rules/history", nil).body
	for _, want := range []string{"<strong>mia</strong> asked for approval", "approved by tom", "rolled back: version 3", "version 1</a> again", "haste"} {
		if !strings.Contains(history, want) {
			t.Errorf("the history does not say %q\n%s", want, mainOf(history))
		}
	}
}

func TestRulesAreMoved(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.inForce("")
	order := func(id int64) string {
		var ids []string
		for _, r := range rules.ReadSketch("t", []byte(w.draftNow(id).Source)).Set.Rules {
			ids = append(ids, r.ID)
		}
		return strings.Join(ids, " ")
	}
	got := w.ask(desk.RoleAnalyst, "/rules/drafts", url.Values{"from": {"live"}, "name": {"Move tiny"}, "rule": {"tiny"}, "do": {"up"}})
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/rules/drafts/1?done=moved#rule-tiny" {
		t.Fatalf("%d to %s\n%s", got.status, got.header.Get("Location"), got.body)
	}
	for _, step := range []struct {
		form url.Values
		want string
	}{
		{do("", "rule", ""), "refunded high-value-not-received tiny high-value fraud rest"},
		{do("down", "rule", "refunded"), "high-value-not-received refunded tiny high-value fraud rest"},
		{do("move", "rule", "fraud", "place", "1"), "fraud high-value-not-received refunded tiny high-value rest"},
		{do("remove", "rule", "refunded"), "fraud high-value-not-received tiny high-value rest"},
	} {
		if step.form.Get("do") != "" {
			w.step(desk.RoleAnalyst, 1, step.form, http.StatusSeeOther)
		}
		if got := order(1); got != step.want {
			t.Errorf("%v: %s", step.form, got)
		}
	}
	if page := w.ask(desk.RoleAnalyst, "/rules/drafts/1", nil).body; !strings.Contains(page, "Taken out: <strong>refunded</strong>") {
		t.Error("the draft does not say what is gone")
	}
	w.step(desk.RoleAnalyst, 1, do("up", "rule", "tiny", "revision", "1"), http.StatusConflict)
	w.step(desk.RoleAnalyst, 1, do("up", "rule", "nope"), http.StatusNotFound)
	w.step(desk.RoleAnalyst, 1, do("burn"), http.StatusBadRequest)
	w.step(desk.RoleViewer, 1, do("up", "rule", "tiny"), http.StatusForbidden)
	w.step(desk.RoleAnalyst, 1, do("drop"), http.StatusSeeOther)
	w.step(desk.RoleAnalyst, 1, do("check"), http.StatusConflict)
}

// Another version came meanwhile: the draft says so and builds on it when told.
func TestDraftOfAnOlderVersion(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.inForce("")
	w.drafted(desk.RoleAnalyst, "Mine")
	w.inForce("700 USD")
	page := w.ask(desk.RoleManager, "/rules/drafts/1", nil).body
	if !strings.Contains(page, "Version 2 was published after this draft") || strings.Contains(page, "/rules/drafts/1/publish") {
		t.Errorf("the draft says\n%s", mainOf(page))
	}
	w.step(desk.RoleAnalyst, 1, do("rebase", "live", "1"), http.StatusConflict) // version 2 came after this page
	w.step(desk.RoleAnalyst, 1, do("rebase", "live", "2"), http.StatusSeeOther)
	f := w.draftNow(1)
	if f.Outdated || f.Base != 2 {
		t.Errorf("it builds on %d", f.Base)
	}
	old := someReport()
	old.Live.Hash = "of version 1"
	w.tested(f.RuleDraft, old)
	page = w.ask(desk.RoleManager, "/rules/drafts/1/publish", nil).body
	if !strings.Contains(page, "compared it with other rules than those in force now") || strings.Contains(page, "the money changes by") {
		t.Errorf("it is published by old figures\n%s", mainOf(page))
	}
}

func TestTemplateIsSwitchedOn(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.drafted(desk.RoleAnalyst, "Templates")
	page := w.ask(desk.RoleAnalyst, "/rules/drafts/1/templates", nil).body
	for _, one := range rules.Templates() {
		if !strings.Contains(page, one.Name) {
			t.Errorf("%s is not offered", one.Name)
		}
	}
	one := rules.Templates()[0]
	w.step(desk.RoleAnalyst, 1, do("template", "template", one.Name, "role."+one.Needs[0].Role, "mine-eu"), http.StatusSeeOther)
	if text, _, err := rules.RuleText([]byte(w.draftNow(1).Source), one.Name); err != nil || !strings.Contains(text, "mine-eu") {
		t.Errorf("%v\n%s", err, text)
	}
	w.step(desk.RoleAnalyst, 1, do("template", "template", one.Name), http.StatusConflict)
	w.step(desk.RoleAnalyst, 1, do("template", "template", "nope"), http.StatusNotFound)
}

// Every page of the policy is sound: without any version, with drafts right and
// wrong, for who may change the rules and who may not.
func TestRulePagesAreSound(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	visit := func(status int, paths ...string) {
		t.Helper()
		for _, path := range paths {
			for _, role := range []desk.Role{desk.RoleViewer, desk.RoleManager} {
				got := w.ask(role, path, nil)
				if got.status != status {
					t.Errorf("%s as %s: %d, want %d\n%s", path, role, got.status, status, mainOf(got.body))
				}
				for _, problem := range unsound(got.body) {
					t.Errorf("%s: %s", path, problem)
				}
			}
		}
	}
	visit(http.StatusOK, "/rules", "/rules/history", "/rules/words", "/rules/diff", "/rules/shadow", "/rules/apply")
	visit(http.StatusNotFound, "/rules/versions/1", "/rules/versions/x", "/rules/drafts/1", "/rules/drafts/x")
	w.tell(busyDay()...)
	w.inForce("")
	w.inForce("700 USD")
	w.drafted(desk.RoleAnalyst, "Right")
	wrong := w.drafted(desk.RoleAnalyst, "Wrong")
	w.step(desk.RoleManager, 2, do("check", "revision", fmt.Sprint(wrong.Revision)), http.StatusSeeOther)
	if page := w.ask(desk.RoleManager, "/rules/apply", nil).body; strings.Contains(page, "No version of your own") {
		t.Error("there is a version to apply")
	}
	for i, text := range []string{"rules: [", "rules:\n  - { when: \"true\", then: { queue: x } }\n", "rules:\n  - { id: a, when: dispute.famly, then: { queue: x } }\n", ""} {
		f := w.drafted(desk.RoleManager, fmt.Sprint("Broken ", i))
		_, err := w.desk.EditDraft(t.Context(), desk.System, f.ID, f.Revision, desk.DraftText{Source: text})
		check(t, err)
		for _, page := range []string{"", "/text", "/moves", "/templates"} {
			visit(http.StatusOK, draftPath(f.ID, page))
		}
	}
	visit(http.StatusOK, "/rules", "/rules/history", "/rules/diff?from=1&to=draft:2", "/rules/versions/1", "/rules/versions/2", "/rules/apply", "/rules/apply?queue=senior",
		"/rules/drafts/1", "/rules/drafts/1/text", "/rules/drafts/1/moves", "/rules/drafts/1/templates")
	if got := w.ask(desk.RoleManager, "/rules/shadow", do("start", "set", "draft:1")); got.status != http.StatusBadRequest {
		t.Errorf("a shadow of the same rules: %d", got.status)
	}
	f := w.draftNow(1)
	_, err := w.desk.EditDraft(t.Context(), desk.System, 1, f.Revision, desk.DraftText{Source: strings.ReplaceAll(f.Source, "700 USD", "70 USD")})
	check(t, err)
	if got := w.ask(desk.RoleManager, "/rules/shadow", do("start", "set", "draft:1")); got.status != http.StatusSeeOther {
		t.Errorf("a shadow: %d\n%s", got.status, mainOf(got.body))
	}
	visit(http.StatusOK, "/rules", "/rules/shadow?done=started")
	if got := w.ask(desk.RoleManager, "/rules/shadow", do("stop")); got.status != http.StatusSeeOther {
		t.Errorf("stop: %d", got.status)
	}
	visit(http.StatusOK, "/rules/shadow")
}

// Open cases follow the version in force, each by its own workflow.
func TestApplyFromTheConsole(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.tell(busyDay()...)
	w.inForce("20 USD")
	page := w.ask(desk.RoleManager, "/rules/apply", nil).body
	if !strings.Contains(page, "would go another way") || !strings.Contains(page, "stripe-eu/du_broken") {
		t.Errorf("the preview says\n%s", mainOf(page))
	}
	if got := w.ask(desk.RoleManager, "/rules/apply", url.Values{"version": {"9"}}); got.status != http.StatusConflict {
		t.Errorf("another version: %d", got.status)
	}
	got := w.ask(desk.RoleManager, "/rules/apply", url.Values{"version": {"1"}, "queue": {"frontline"}})
	if got.status != http.StatusOK || !strings.Contains(got.body, "follow it now") {
		t.Errorf("%d\n%s", got.status, mainOf(got.body))
	}
	taken := w.temporal.taken()
	if len(taken) == 0 {
		t.Error("no workflow was told")
	}
	for _, one := range taken {
		if one.UpdateName != "change_plan" {
			t.Errorf("update %s", one.UpdateName)
		}
	}
}

// What was done before another version was published is told, not lost.
func TestApplyIsOvertaken(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	for i := range applyRead + 1 {
		w.tell(story{id: fmt.Sprint("du_", i), due: time.Duration(i+1) * time.Hour, queue: "frontline"})
	}
	w.inForce("20 USD")
	var overtaken sync.Once
	w.desk.Now = func() time.Time {
		if len(w.temporal.taken()) > 0 {
			overtaken.Do(func() { w.inForce("30 USD") })
		}
		return noon
	}
	got := w.ask(desk.RoleManager, "/rules/apply", url.Values{"version": {"1"}})
	for _, want := range []string{"It did not come to its end.", "Version 2 is in force now, not 1", "<strong>100</strong> follow it now", `<a href="/rules/apply">Look at what is left</a>`} {
		if got.status != http.StatusConflict || !strings.Contains(got.body, want) {
			t.Errorf("%d, it does not say %q\n%s", got.status, want, mainOf(got.body))
		}
	}
	for _, problem := range unsound(got.body) {
		t.Error(problem)
	}
	var view applyView
	if view.brokenOff(&dispute.Error{Kind: dispute.Transient}, "here"); view.Next != "here" || view.Problem != unreachable.Title {
		t.Errorf("the database away: %+v", view)
	}
}
