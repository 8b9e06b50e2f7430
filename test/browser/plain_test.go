package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp/kb"
)

// TestWithoutScript writes a rule with JavaScript switched off: every step is a
// link or a form.
func TestWithoutScript(t *testing.T) {
	t.Parallel()
	browser, o := launch(t), openOffice(t)
	w := sitDown(t, browser, o.Console, emulation.SetScriptExecutionDisabled(true))
	w.login(t, o, mia)
	if !w.holds(`[...document.querySelectorAll("time")].every((e) => e.title === "")`) {
		t.Fatal("scripts run")
	}
	w.follow(t, "nav", "Rules")
	w.fill(t, "Name of the change", change)
	w.follow(t, "main", "Change the rules")
	w.see(t, "h1", change)

	w.follow(t, "main", "New rule")
	w.fill(t, "Name", newRule)
	w.follow(t, ".by-form", "Add a line")
	w.choose(t, "Field", "the amount")
	w.choose(t, "Comparison", "is at least")
	w.fill(t, "Value", "500 USD")
	w.leaving(t, func() { w.keys(t, kb.Enter) })
	w.until(t, "the line to be as it was written", `document.getElementById("value.0")?.value === "500.00 USD"`)
	w.choose(t, "Queue", "senior")
	w.choose(t, "Approval", "a person approves first")
	w.choose(t, "Response", "contest")
	w.choose(t, "Ladder", "standard")
	w.follow(t, "main", "Take over into the text →")
	w.until(t, "the rule as text", `document.getElementById("text").value.includes('dispute.amount_base >= money("500.00 USD")')`)
	w.see(t, ".rail", "Nothing is wrong with the draft.")
	w.follow(t, "main", "Keep in the draft")
	w.see(t, "[role=status]", "Kept in the draft")
	w.follow(t, ".steps", "Check")
	w.see(t, "[role=status]", "The draft is right.")
	w.see(t, "#rule-costly", "senior")

	w.follow(t, "#rule-costly", "Edit costly")
	text := w.value(t, `document.getElementById("text").value`)
	w.fill(t, "The rule as text", strings.Replace(text, "500", "600", 1))
	w.follow(t, ".rail", "Try it")
	w.until(t, "both sides to say the same", `document.getElementById("value.0")?.value === "600.00 USD" && document.getElementById("text").value.includes("600")`)
	w.follow(t, "main", "Keep in the draft")
	w.see(t, "#rule-costly", "600.00 USD")
}
