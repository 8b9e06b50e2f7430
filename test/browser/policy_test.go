package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

// journey is the way of a change of the rules, from the first look to the way
// back, and what its steps know of each other.
type journey struct {
	*office
	mia, tom *tab
	old      store.CaseRow // a costly case that the first rules decided
	younger  store.CaseRow // one that the new rules decided
	draft    string        // the path of the draft
}

const (
	change  = "Costly ones to senior people"
	newRule = "costly"
	total   = 64000
)

// TestPolicy is how somebody of the operations changes the rules: writes one,
// sees what it would do, tests it on the past, has it agreed to and published,
// has open cases follow it, and takes it back.
func TestPolicy(t *testing.T) {
	t.Parallel()
	browser, o := launch(t), openOffice(t)
	o.remember(t)
	j := &journey{office: o, mia: sitDown(t, browser, o.Console), tom: sitDown(t, browser, o.Console)}
	j.old = o.dispute(t, total)
	for _, step := range []struct {
		name string
		do   func(*testing.T)
	}{
		{"Mia logs in and sees the case, by keyboard alone", j.arrive},
		{"begins a draft", j.begin},
		{"writes a rule with the builder", j.build},
		{"sees the case that it would move", j.moves},
		{"mistypes and is told how to mend it", j.mistype},
		{"changes both sides at once and loses neither", j.both},
		{"keeps it and tests it on the past", j.backtest},
		{"asks for approval and cannot give it", j.ask},
		{"Tom approves and publishes", j.publish},
		{"a new dispute follows the new rule, the old one its own", j.follow},
		{"Tom has the open cases follow", j.apply},
		{"Tom rolls back", j.back},
	} {
		if !t.Run(step.name, step.do) {
			t.FailNow()
		}
	}
}

func (j *journey) arrive(t *testing.T) {
	w := j.mia
	w.open(t, "/")
	w.see(t, "h1", "Log in")
	w.until(t, "the token's field to have the focus", `document.activeElement.id === "token"`)
	w.keys(t, j.tokens[mia])
	w.tabTo(t, "Log in")
	w.leaving(t, func() { w.keys(t, kb.Enter) })
	w.see(t, "h1", "Queue")
	w.see(t, ".cases tbody tr", "640.00 USD", "stripe-us", "frontline")
	w.keys(t, "j")
	w.leaving(t, func() { w.keys(t, kb.Enter) })
	w.see(t, "h1", "640.00 USD")
	w.see(t, ".next", "Rule rest decided")
	w.tabTo(t, "Rules")
	w.leaving(t, func() { w.keys(t, kb.Enter) })
	w.see(t, "h1", "Rules")
	w.see(t, ".head", "version 1")
}

func (j *journey) begin(t *testing.T) {
	w := j.mia
	w.fill(t, "Name of the change", change)
	w.fill(t, "Why", "They lose too often")
	w.follow(t, "main", "Change the rules")
	w.see(t, "h1", change)
	j.draft = w.value(t, "location.pathname")
	w.see(t, "#changes ~ p", "Nothing yet")
}

func (j *journey) build(t *testing.T) {
	w := j.mia
	w.follow(t, "main", "New rule")
	w.must(t, chromedp.Evaluate(slowly, nil)) // she types faster than the check answers
	w.fill(t, "Name", newRule)
	w.tabTo(t, "Add a line")
	w.keys(t, kb.Enter)
	w.until(t, "the focus to be in the new line", `nameOf(document.activeElement) === "Field"`)
	w.choose(t, "Field", "the amount")
	w.choose(t, "Comparison", "is at least")
	w.fill(t, "Value", "500 USD")
	w.choose(t, "Queue", "senior")
	w.choose(t, "Approval", "a person approves first")
	w.choose(t, "Response", "contest")
	w.choose(t, "Ladder", "standard")
	for _, says := range []string{"id: costly", `dispute.amount_base >= money("500.00 USD")`, "queue: senior", "approval: required", "ladder: standard"} {
		w.until(t, "the text to say "+says, fmt.Sprintf("document.getElementById('text').value.includes(%s)", js(says)))
	}
	w.see(t, ".rail", "Nothing is wrong with the draft.")
}

// slowly has what the page's script asks for take a while, as over a long way.
const slowly = `void (() => {
	const quick = window.fetch;
	window.fetch = async (...args) => {
		const answer = await quick(...args);
		await new Promise((done) => setTimeout(done, 200));
		return answer;
	};
})()`

func (j *journey) moves(t *testing.T) {
	w := j.mia
	w.see(t, "[data-part=effect]", "this rule decides 1, and the draft moves 1")
	w.see(t, "[data-part=effect] li", j.old.Ref.ID, "640.00 USD", "queue frontline → senior", "approval none → required", "rest → costly")
	w.fill(t, "Try it on a case", j.old.ID)
	w.press(t, ".rail", "Try it")
	w.see(t, "[data-part=effect]", "Case "+j.old.ID, "The rule holds.", "In force: queue frontline", "By this draft: queue senior")
}

func (j *journey) mistype(t *testing.T) {
	w := j.mia
	right := w.value(t, `document.getElementById("text").value`)
	w.fill(t, "The rule as text", strings.Replace(right, "dispute.amount_base", "dispute.amount_bse", 1))
	w.see(t, "[data-part=check] li", "Line 2, rule costly: dispute.amount_bse is not a field.", "Did you mean dispute.amount_base?")
	w.see(t, "[data-part=effect]", "It can be tried when nothing is wrong.")
	w.fill(t, "The rule as text", strings.Replace(right, "500", "600", 1))
	w.see(t, ".rail", "Nothing is wrong with the draft.")
	w.press(t, ".rail", "Try it")
	w.until(t, "the form to say the same", `document.getElementById("value.0").value === "600.00 USD"`)
	w.see(t, ".rail", "Nothing is wrong with the draft.", "the draft moves 1")
	w.fill(t, "Value", "much")
	w.until(t, "the check to find fault with it", `!says("[data-part=check]", "Nothing is wrong")`)
	w.fill(t, "Value", "600 USD")
	w.keys(t, kb.Enter)
	w.see(t, ".rail", "Nothing is wrong with the draft.", "the draft moves 1")
}

// both changes one side before the other knows of a change: neither is lost.
func (j *journey) both(t *testing.T) {
	w := j.mia
	right := w.value(t, `document.getElementById("text").value`)
	w.fill(t, "The rule as text", strings.Replace(right, "600", "700", 1))
	w.choose(t, "Queue", "frontline")
	w.see(t, "[data-part=problem]", "The form and the text were both changed")
	w.until(t, "both changes to be there still", `document.getElementById("text").value.includes("700") && document.getElementById("queue").value === "frontline"`)
	w.press(t, ".by-text", "← Take over into the form")
	w.until(t, "the form to say what the text says", `document.getElementById("value.0").value === "700.00 USD" && document.getElementById("queue").value === "senior"`)
	w.fill(t, "Value", "600 USD")
	w.until(t, "the text to follow", `document.getElementById("text").value.includes("600.00 USD")`)
	w.until(t, "the check to be said", `document.querySelector("[data-said]").textContent.includes("Nothing is wrong with the draft.")`)
}

func (j *journey) backtest(t *testing.T) {
	w := j.mia
	w.follow(t, "main", "Keep in the draft")
	w.see(t, "h1", change)
	w.see(t, "[role=status]", "Kept in the draft")
	w.see(t, "#rule-costly", "new", "senior")
	w.follow(t, ".steps", "Backtest")
	w.choose(t, "Look back over", "all past disputes")
	w.follow(t, "main", "Run the backtest")
	w.until(t, "three figures", "document.querySelectorAll('.bt-heads dt').length === 3")
	w.see(t, ".bt-heads", "300")
	w.see(t, ".bt-table", "frontline", "senior")
	w.see(t, ".steps .done", "300 disputes move")
}

func (j *journey) ask(t *testing.T) {
	w := j.mia
	w.follow(t, ".steps", "Ask for approval")
	w.see(t, "[role=status]", "waits for another person’s approval")
	w.see(t, ".steps", "waits for another person", "Publish")
	w.not(t, "Approve")
	w.not(t, "Publish")
	w.not(t, "Ask for approval")
}

func (j *journey) publish(t *testing.T) {
	w := j.tom
	w.login(t, j.office, tom)
	w.follow(t, "nav", "Rules")
	w.see(t, ".drafts", "asked", "by "+mia.ID)
	w.follow(t, ".drafts", change)
	w.see(t, "#why ~ ul", "second person")
	w.follow(t, ".steps", "Approve")
	w.see(t, ".steps .done", "by "+tom.ID)
	w.follow(t, ".steps", "Publish")
	w.see(t, "main", "Publish this draft?", "300 past disputes", tom.ID+" agreed to this text.")
	w.see(t, "ins", "id: costly")
	w.follow(t, "main", "Publish for new cases")
	w.see(t, "[role=status]", "Published")
	w.see(t, ".head", "In force: version 2")
	w.see(t, "#rule-costly", "senior")
}

func (j *journey) follow(t *testing.T) {
	j.younger = j.dispute(t, total+100)
	j.until(t, j.younger.ID, "a wait for approval", func(r store.CaseRow) bool { return r.Status == dispute.StatusNeedsApproval })
	w := j.mia
	w.open(t, "/cases/"+j.younger.ID)
	w.see(t, ".next", "Waits for approval", "Rule costly decided", "senior")
	w.open(t, "/cases/"+j.old.ID)
	w.see(t, ".next", "Rule rest decided", "frontline")
}

func (j *journey) apply(t *testing.T) {
	w := j.tom
	w.follow(t, "main", "Open cases")
	w.see(t, "main", "1 would go another way", "1 followed it already")
	w.see(t, ".shift tbody tr", j.old.Ref.ID, "640.00 USD", "queue frontline → senior", "rest → costly")
	w.follow(t, "main", "Have all open cases follow version 2")
	w.see(t, "h1", "Applied to open cases")
	w.see(t, "main", "1 follow it now")
	j.until(t, j.old.ID, "the new rule", func(r store.CaseRow) bool { return r.Rule == newRule && r.Queue == "senior" })
	w.open(t, "/cases/"+j.old.ID)
	w.see(t, ".next", "Rule costly decided", "senior")
}

func (j *journey) back(t *testing.T) {
	w := j.tom
	w.follow(t, "nav", "Rules")
	w.follow(t, "main", "History")
	w.see(t, "tbody tr:first-child", "Version 2", "in force", "approved by "+tom.ID)
	w.follow(t, "main", "Version 1")
	w.fill(t, "Why", "Too much for the seniors")
	w.follow(t, "main", "Roll back to version 1")
	w.see(t, "[role=status]", "Rolled back")
	w.see(t, ".head", "In force: version 3")
	last := j.dispute(t, total+200)
	w.open(t, "/cases/"+last.ID)
	w.see(t, ".next", "Rule rest decided", "frontline")
	w.open(t, "/cases/"+j.younger.ID)
	w.see(t, ".next", "Rule costly decided")
}
