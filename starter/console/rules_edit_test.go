package console

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/rules"
)

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

// What somebody else did meanwhile is told before it is written over, whatever
// was asked of the page before.
func TestTwoPeopleWriteOnADraft(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.drafted(desk.RoleAnalyst, "Ours")
	whole, rule := "/rules/drafts/1/text", "/rules/drafts/1/rule"
	text := w.ask(desk.RoleAnalyst, whole, nil).body
	form := w.editor(rule + "?rule=high-value")
	others := func(change func(source []byte) ([]byte, error)) {
		t.Helper()
		f := w.draftNow(1)
		source, err := change([]byte(f.Source))
		check(t, err)
		_, err = w.desk.EditDraft(t.Context(), desk.System, 1, f.Revision, desk.DraftText{Source: string(source)})
		check(t, err)
	}
	others(func(source []byte) ([]byte, error) { return append(source, "# theirs\n"...), nil })

	mine := url.Values{"revision": {hiddenRevision(t, text)}, "text": {"rules: []"}, "do": {"check"}}
	checked := w.ask(desk.RoleAnalyst, whole, mine).body
	mine.Set("revision", hiddenRevision(t, checked))
	mine.Set("do", "keep")
	kept := w.ask(desk.RoleAnalyst, whole, mine)
	if kept.status != http.StatusConflict || !strings.Contains(kept.body, "rules: []") || !strings.HasSuffix(w.draftNow(1).Source, "# theirs\n") {
		t.Errorf("the whole text: %d, the draft ends with %q", kept.status, w.draftNow(1).Source[len(w.draftNow(1).Source)-9:])
	}

	form.Set("queue", "frontline")
	form.Set("do", "try")
	form = fields(t, w.ask(desk.RoleAnalyst, rule, form).body, "editor")
	others(func(source []byte) ([]byte, error) { return rules.RemoveRule(source, "high-value") })
	form.Set("do", "keep")
	refused := w.ask(desk.RoleAnalyst, rule, form)
	for _, want := range []string{"has no rule high-value any more", "queue: frontline", `target="_blank"`} {
		if refused.status != http.StatusConflict || !strings.Contains(refused.body, want) {
			t.Errorf("a rule that is gone: %d, it does not say %q", refused.status, want)
		}
	}
	form = fields(t, refused.body, "editor")
	form.Set("do", "keep")
	if got := w.ask(desk.RoleAnalyst, rule, form); got.status != http.StatusSeeOther || !strings.Contains(w.draftNow(1).Source, "# theirs") || !strings.Contains(w.draftNow(1).Source, "id: high-value\n") {
		t.Errorf("kept again: %d\n%s", got.status, w.draftNow(1).Source)
	}
}

func hiddenRevision(t *testing.T, page string) string {
	t.Helper()
	found := regexp.MustCompile(`class="whole">\s*<input type="hidden" name="revision" value="(\d+)">`).FindStringSubmatch(page)
	if found == nil {
		t.Fatal("the form has no revision")
	}
	return found[1]
}

// A line is not taken away over what was written in the text meanwhile.
func TestALineAndTheText(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.drafted(desk.RoleAnalyst, "Ours")
	form := w.editor("/rules/drafts/1/rule?rule=high-value")
	form.Set("text", strings.ReplaceAll(form.Get("text"), "senior", "frontline"))
	form.Set("do", "drop.0")
	page := w.ask(desk.RoleAnalyst, "/rules/drafts/1/rule", form).body
	if now := fields(t, page, "editor"); !strings.Contains(page, "both changed") || now.Has("field.0") || !strings.Contains(now.Get("text"), "frontline") {
		t.Errorf("the form is %v", now)
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
	said := regexp.MustCompile(`(?s)<ul class="problems" data-say>(.*?)</ul>`).FindString(page)
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
