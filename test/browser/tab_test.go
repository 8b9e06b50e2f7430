package browser

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// finders find what a person sees on the page by the name that a screen reader
// says.
const finders = `
const nameOf = (e) => (e.getAttribute("aria-label") || e.labels?.[0]?.textContent || e.textContent || "").replace(/\s+/g, " ").trim();
const called = (selector, name) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility() && !e.disabled && nameOf(e) === name);
const says = (selector, text) => [...document.querySelectorAll(selector)].some((e) => e.innerText.replace(/\s+/g, " ").includes(text));
`

const (
	pressable = "a[href], button, summary"
	fillable  = "input:not([type=hidden]), select, textarea"
)

// js writes a value as JavaScript.
func js(value any) string {
	out, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(out)
}

// eval asks the page.
func (w *tab) eval(expression string, into any) error {
	return chromedp.Run(w.ctx, chromedp.Evaluate("(() => {"+finders+" return ("+expression+"); })()", into))
}

// must does something in the browser.
func (w *tab) must(t *testing.T, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(w.ctx, actions...); err != nil {
		w.fail(t, "%v", err)
	}
}

// holds asks the page whether an expression is true. While one page gives way to
// the next nothing is.
func (w *tab) holds(expression string) bool {
	var ok bool
	return w.eval("Boolean("+expression+")", &ok) == nil && ok
}

// until waits for an expression to be true.
func (w *tab) until(t *testing.T, what, expression string) {
	t.Helper()
	for end := time.Now().Add(patience); !w.holds(expression); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) || w.ctx.Err() != nil {
			w.fail(t, "waited in vain for %s", what)
		}
	}
}

// see waits until a part of the page says something.
func (w *tab) see(t *testing.T, selector string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		w.until(t, fmt.Sprintf("%q in %s", text, selector), fmt.Sprintf("says(%s, %s)", js(selector), js(text)))
	}
}

// not fails when the page has something to press of that name.
func (w *tab) not(t *testing.T, name string) {
	t.Helper()
	if !w.holds(fmt.Sprintf("called(%s, %s).length === 0", js(pressable), js(name))) {
		w.fail(t, "there is something to press called %q", name)
	}
}

// value is what an expression about the page yields.
func (w *tab) value(t *testing.T, expression string) string {
	t.Helper()
	var out string
	if err := w.eval("String("+expression+")", &out); err != nil {
		w.fail(t, "%s: %v", expression, err)
	}
	return out
}

// leaving does what leads to another page, and waits until that is there.
func (w *tab) leaving(t *testing.T, act func()) {
	t.Helper()
	w.must(t, chromedp.Evaluate("void (window.before = true)", nil))
	act()
	w.until(t, "the next page", "!window.before && document.readyState === 'complete'")
}

// open goes to an address of the console.
func (w *tab) open(t *testing.T, path string) {
	t.Helper()
	w.must(t, chromedp.Navigate(w.base+path))
}

// press clicks on the one thing of that name within a part of the page, as a
// person does: it has to be in sight, and nothing may lie over it.
func (w *tab) press(t *testing.T, within, name string) {
	t.Helper()
	found := fmt.Sprintf("called(%s, %s).filter((e) => e.closest(%s))", js(pressable), js(name), js(within))
	w.until(t, fmt.Sprintf("%q to press in %s", name, within), found+".length > 0")
	if n := w.value(t, found+".length"); n != "1" {
		w.fail(t, "%s things in %s are called %q", n, within, name)
	}
	var at struct {
		X, Y float64
		Over string
	}
	err := w.eval(`(() => {
		const e = `+found+`[0];
		e.scrollIntoView({ block: "center", behavior: "instant" });
		const box = e.getClientRects()[0], x = box.x + box.width / 2, y = box.y + box.height / 2;
		const top = document.elementFromPoint(x, y);
		return { x, y, over: top && (e.contains(top) || top.contains(e)) ? "" : String(top?.outerHTML).slice(0, 200) };
	})()`, &at)
	if err != nil || at.Over != "" {
		w.fail(t, "%q cannot be pressed: %s lies over it (%v)", name, at.Over, err)
	}
	w.must(t, chromedp.MouseClickXY(at.X, at.Y))
}

// follow presses what leads to another page.
func (w *tab) follow(t *testing.T, within, name string) {
	t.Helper()
	w.leaving(t, func() { w.press(t, within, name) })
}

// field waits for the control of that name, the last where there are several.
func (w *tab) field(t *testing.T, name string) string {
	t.Helper()
	found := fmt.Sprintf("called(%s, %s)", js(fillable), js(name))
	w.until(t, "the field "+strconv.Quote(name), found+".length > 0")
	return found + ".at(-1)"
}

// fill writes a text into a field in place of what is there.
func (w *tab) fill(t *testing.T, name, text string) {
	t.Helper()
	field := w.field(t, name)
	w.value(t, fmt.Sprintf("(%s.focus(), %s.select())", field, field))
	w.must(t, input.InsertText(text))
}

// choose takes an option of a list by its words.
func (w *tab) choose(t *testing.T, name, option string) {
	t.Helper()
	field := w.field(t, name)
	w.until(t, fmt.Sprintf("the choice %q of %s", option, name), fmt.Sprintf(`(() => {
		const list = %s, one = [...list.options].find((o) => o.textContent.trim() === %s);
		if (!one) return false;
		list.focus();
		list.value = one.value;
		list.dispatchEvent(new Event("input", { bubbles: true }));
		list.dispatchEvent(new Event("change", { bubbles: true }));
		return true;
	})()`, field, js(option)))
}

// tabTo presses Tab until something has the focus.
func (w *tab) tabTo(t *testing.T, name string) {
	t.Helper()
	const most = 60
	for range most {
		w.must(t, chromedp.KeyEvent(kb.Tab))
		if w.value(t, "nameOf(document.activeElement)") == name {
			return
		}
	}
	w.fail(t, "%d times Tab do not lead to %q", most, name)
}

// keys types on the keyboard, wherever the focus is.
func (w *tab) keys(t *testing.T, keys string) {
	t.Helper()
	w.must(t, chromedp.KeyEvent(keys))
}

// fail ends the test with what the page shows and a picture of it.
func (w *tab) fail(t *testing.T, format string, args ...any) {
	t.Helper()
	var page struct{ Title, URL, Main string }
	_ = w.eval(`{ title: document.title, url: location.href, main: (document.querySelector("main") ?? document.body).innerText.slice(0, 4000) }`, &page)
	t.Fatalf("%s\non %s (%s), pictured in %s:\n%s", fmt.Sprintf(format, args...), page.Title, page.URL, w.picture(), page.Main)
}

// picture keeps a picture of the page where the test's end does not delete it.
func (w *tab) picture() string {
	var png []byte
	if err := chromedp.Run(w.ctx, chromedp.CaptureScreenshot(&png)); err != nil {
		return "no picture: " + err.Error()
	}
	file, err := os.CreateTemp("", "rebuttal-page-*.png")
	if err != nil {
		return "no picture: " + err.Error()
	}
	defer func() { _ = file.Close() }()
	if _, err := file.Write(png); err != nil {
		return "no picture: " + err.Error()
	}
	return file.Name()
}
