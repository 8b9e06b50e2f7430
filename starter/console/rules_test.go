package console

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/rebuttal-hq/rebuttal/desk"
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
	w.step(desk.RoleAnalyst, 1, do("rebase"), http.StatusSeeOther)
	if f := w.draftNow(1); f.Outdated || f.Base != 2 {
		t.Errorf("it builds on %d", f.Base)
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

// fields are what a form of a page would send.
func fields(t testing.TB, page, form string) url.Values {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	check(t, err)
	out := url.Values{}
	var walk func(n *html.Node, inside bool, choice string)
	walk = func(n *html.Node, inside bool, choice string) {
		attr := map[string]string{}
		for _, a := range n.Attr {
			attr[a.Key] = a.Val
		}
		inside = inside || n.Data == "form" && attr["id"] == form
		_, checked := attr["checked"]
		_, selected := attr["selected"]
		switch {
		case !inside:
		case n.Data == "input" && attr["name"] != "" && (attr["type"] != "checkbox" || checked):
			out.Set(attr["name"], attr["value"])
		case n.Data == "textarea":
			out.Set(attr["name"], strings.TrimPrefix(n.FirstChild.Data, "\n"))
		case n.Data == "select":
			choice = attr["name"]
		case n.Data == "option" && choice != "" && (selected || !out.Has(choice)):
			value, has := attr["value"]
			if !has {
				value = n.FirstChild.Data
			}
			out.Set(choice, value)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, inside, choice)
		}
	}
	walk(doc, false, "")
	return out
}

func (w *site) editor(path string) url.Values {
	w.t.Helper()
	return fields(w.t, w.ask(desk.RoleAnalyst, path, nil).body, "editor")
}

// Form and text are brought in step, and what is kept is what was changed.
func TestEditor(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.tell(busyDay()...)
	w.drafted(desk.RoleAnalyst, "Mine")
	path := "/rules/drafts/1/rule"
	form := w.editor(path + "?rule=high-value")
	if form.Get("field.0") != "dispute.amount_base" || form.Get("op.0") != "at_least" || form.Get("value.0") != "500.00 USD" || form.Get("queue") != "senior" {
		t.Fatalf("the form is %v", form)
	}
	send := func(change func(url.Values), what string, status int) (url.Values, string) {
		t.Helper()
		v := url.Values{}
		for name := range form {
			v.Set(name, form.Get(name))
		}
		change(v)
		v.Set("do", what)
		got := w.ask(desk.RoleAnalyst, path, v)
		if got.status != status {
			t.Fatalf("%s: %d, want %d\n%s", what, got.status, status, mainOf(got.body))
		}
		if status == http.StatusSeeOther {
			return nil, got.header.Get("Location")
		}
		for _, problem := range unsound(got.body) {
			t.Errorf("%s: %s", what, problem)
		}
		return fields(t, got.body, "editor"), got.body
	}
	now, _ := send(func(v url.Values) { v.Set("value.0", "900 USD"); v.Set("tags", "big, vip") }, "form", http.StatusOK)
	if text := now.Get("text"); !strings.Contains(text, `money("900.00 USD")`) || !strings.Contains(text, "tags: [big, vip]") {
		t.Errorf("the text is\n%s", text)
	}
	now, _ = send(func(v url.Values) { v.Set("text", strings.ReplaceAll(v.Get("text"), "senior", "frontline")) }, "text", http.StatusOK)
	if now.Get("queue") != "frontline" {
		t.Errorf("the form is %v", now)
	}
	now, _ = send(func(url.Values) {}, "add", http.StatusOK)
	if now.Get("field.1") != "dispute.amount_base" || now.Get("text") != form.Get("text") {
		t.Errorf("another line: %v", now)
	}
	now, _ = send(func(v url.Values) { v.Set("field.0", "payment.refunded") }, "form", http.StatusOK)
	if now.Get("op.0") != "is" || now.Get("value.0") != "true" || !strings.Contains(now.Get("text"), "when: payment.refunded") {
		t.Errorf("another field: %v", now)
	}
	now, _ = send(func(url.Values) {}, "drop.0", http.StatusOK)
	if now.Has("field.0") || !strings.Contains(now.Get("text"), `when: "true"`) {
		t.Errorf("no line: %v", now)
	}
	_, page := send(func(v url.Values) { v.Set("value.0", "a lot") }, "form", http.StatusOK)
	if !strings.Contains(page, `value="a lot"`) || !strings.Contains(page, `role="alert"`) {
		t.Error("what was typed is lost")
	}
	now, _ = send(func(v url.Values) { v.Set("value.0", "a lot") }, "keep", http.StatusConflict)
	if now.Get("text") != form.Get("text") {
		t.Errorf("the text is lost: %q", now.Get("text"))
	}
	for _, line := range []string{"drop.-1", "drop.9", "drop.x"} {
		send(func(url.Values) {}, line, http.StatusOK)
	}
	_, page = send(func(v url.Values) { v.Set("queue", "front"); v.Set("text", "- id: x\n") }, "keep", http.StatusConflict)
	if !strings.Contains(page, "both changed") {
		t.Errorf("both sides changed, and it says\n%s", mainOf(page))
	}
	_, page = send(func(v url.Values) { v.Set("revision", "77"); v.Set("id", "higher") }, "keep", http.StatusConflict)
	if !strings.Contains(page, `value="higher"`) {
		t.Error("what was typed is lost")
	}
	send(func(v url.Values) { v.Set("value.0", "900 USD") }, "keep", http.StatusSeeOther)
	if !strings.Contains(w.draftNow(1).Source, `dispute.amount_base >= money("900.00 USD")`) {
		t.Error("the rule was not kept")
	}
}

// A new rule, a wrong one, and what the check says: lines count within the rule.
func TestEditorChecks(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.tell(busyDay()...)
	w.drafted(desk.RoleAnalyst, "Mine")
	path := "/rules/drafts/1/rule"
	form := w.editor(path)
	form.Set("id", "big-fraud")
	form.Set("text", "- id: big-fraud\n  when: dispute.amount_base > money(\"300 EUR\") && dispute.famly == \"fraudulent\"\n  then: { queue: seniors }\n")
	form.Set("do", "text")
	page := w.ask(desk.RoleAnalyst, path, form).body
	said := regexp.MustCompile(`(?s)<ul class="problems">(.*?)</ul>`).FindString(page)
	for _, want := range []string{"Line 2", "dispute.famly", "Did you mean dispute.family?", "Line 3", "seniors", "Did you mean senior?"} {
		if !strings.Contains(said, want) {
			t.Errorf("the check does not say %q: %s", want, said)
		}
	}
	form = fields(t, page, "editor")
	form.Set("text", "- id: everything\n  when: \"true\"\n  then: { queue: senior, respond: contest }\n")
	form.Set("do", "text")
	form.Set("case", busyDay()[2].defaults().id)
	page = w.ask(desk.RoleAnalyst, path, form).body
	if !strings.Contains(page, "Elsewhere in the draft") || !strings.Contains(page, "rest") {
		t.Errorf("the last rule is never reached, and it says\n%s", mainOf(page))
	}
	form = fields(t, page, "editor")
	form.Set("text", "- id: big\n  when: dispute.amount_base > money(\"50 USD\")\n  then: { queue: senior, respond: contest }\n")
	form.Set("do", "text")
	page = w.ask(desk.RoleAnalyst, path, form).body
	for _, want := range []string{"Nothing is wrong with the draft", "this rule decides <strong>", "The rule holds.", "In force: queue frontline", "By this draft: queue senior"} {
		if !strings.Contains(page, want) {
			t.Errorf("the effect does not say %q\n%s", want, mainOf(page))
		}
	}
	form = fields(t, page, "editor")
	form.Set("do", "keep")
	if got := w.ask(desk.RoleAnalyst, path, form); got.status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", got.status, mainOf(got.body))
	}
	moves := w.ask(desk.RoleAnalyst, "/rules/drafts/1/moves", nil).body
	if !strings.Contains(moves, "stripe-eu/du_broken") || !strings.Contains(moves, "rest → big") {
		t.Errorf("what would move says\n%s", mainOf(moves))
	}
	if got := w.ask(desk.RoleViewer, path, nil); got.status != http.StatusForbidden {
		t.Errorf("a viewer edits: %d", got.status)
	}
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
	visit(http.StatusOK, "/rules", "/rules/history", "/rules/words", "/rules/diff", "/rules/shadow")
	visit(http.StatusNotFound, "/rules/apply", "/rules/versions/1", "/rules/versions/x", "/rules/drafts/1", "/rules/drafts/x")
	w.tell(busyDay()...)
	w.inForce("")
	w.inForce("700 USD")
	w.drafted(desk.RoleAnalyst, "Right")
	wrong := w.drafted(desk.RoleAnalyst, "Wrong")
	w.step(desk.RoleManager, 2, do("check", "revision", fmt.Sprint(wrong.Revision)), http.StatusSeeOther)
	for i, text := range []string{"rules: [", "rules:\n  - { id: a, when: dispute.famly, then: { queue: x } }\n", ""} {
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

// Every route of the policy, for nobody and for each role. One that is not in the
// table fails.
func TestWhoMayChangeRules(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.inForce("")
	w.inForce("700 USD")
	reads := []desk.Role{desk.RoleViewer, desk.RoleAnalyst, desk.RoleManager, desk.RoleFinance, desk.RoleAdmin}
	drafts := []desk.Role{desk.RoleAnalyst, desk.RoleManager, desk.RoleAdmin}
	publishes := []desk.Role{desk.RoleManager, desk.RoleAdmin}
	rows := map[string]struct {
		may  []desk.Role
		form url.Values // of a POST
	}{
		"GET /rules": {reads, nil}, "GET /rules/words": {reads, nil}, "GET /rules/history": {reads, nil}, "GET /rules/diff": {reads, nil},
		"GET /rules/versions/:version": {reads, nil}, "GET /rules/apply": {reads, nil}, "GET /rules/shadow": {reads, nil},
		"GET /rules/drafts/:id": {reads, nil}, "GET /rules/drafts/:id/text": {reads, nil}, "GET /rules/drafts/:id/templates": {reads, nil},
		"GET /rules/drafts/:id/moves": {reads, nil}, "GET /rules/drafts/:id/backtest": {reads, nil},
		"GET /rules/drafts/:id/rule": {drafts, nil}, "GET /rules/drafts/:id/publish": {publishes, nil},
		"POST /rules/drafts":                          {drafts, url.Values{"from": {"live"}}},
		"POST /rules/drafts/:id":                      {drafts, do("check")},
		"POST /rules/drafts/:id/rule":                 {drafts, do("keep", "rule", "tiny", "id", "tiny", "text", rules.NewRule, "base", rules.NewRule)},
		"POST /rules/drafts/:id/text":                 {drafts, do("keep", "text", "rules: []")},
		"POST /rules/drafts/:id/backtest":             {drafts, url.Values{"since": {"30d"}}},
		"POST /rules/drafts/:id/publish":              {publishes, url.Values{}},
		"POST /rules/versions/:version":               {publishes, url.Values{}},
		"POST /rules/apply":                           {publishes, url.Values{"version": {"last"}}},
		"POST /rules/shadow":                          {publishes, do("stop")},
		"GET /rules/drafts/:id/backtest/charts/:name": {nil, nil}, // there is none to see
	}
	for _, route := range w.engine.Routes() {
		if !strings.HasPrefix(route.Path, "/rules") {
			continue
		}
		name := route.Method + " " + route.Path
		row, ok := rows[name]
		if !ok {
			t.Errorf("%s has no row in the table", name)
			continue
		}
		for _, role := range append([]desk.Role{""}, reads...) {
			draft := w.drafted(desk.RoleAnalyst, "Mine")
			live, err := w.desk.RuleHistory(t.Context(), desk.System)
			check(t, err)
			path := strings.NewReplacer(":id", fmt.Sprint(draft.ID), ":version", "1", ":name", "weeks.svg").Replace(route.Path)
			form := url.Values(nil)
			if row.form != nil {
				form = url.Values{"revision": {fmt.Sprint(draft.Revision)}}
				for k, v := range row.form {
					form[k] = v
				}
				if form.Get("version") == "last" {
					form.Set("version", fmt.Sprint(live[0].Version))
				}
			}
			want := []int{http.StatusForbidden}
			switch {
			case role == "" && form == nil:
				want = []int{http.StatusSeeOther}
			case role == "":
				want = []int{http.StatusUnauthorized}
			case row.may == nil:
				want = []int{http.StatusNotFound}
			case slices.Contains(row.may, role):
				want = []int{http.StatusOK, http.StatusSeeOther}
				if name == "POST /rules/drafts/:id/backtest" {
					want = append(want, http.StatusConflict) // another one runs
				}
			}
			if got := w.ask(role, path, form); !slices.Contains(want, got.status) {
				t.Errorf("%s as %q: %d, want %d\n%s", name, role, got.status, want, mainOf(got.body))
			}
		}
	}
}
