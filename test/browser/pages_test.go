package browser

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/store"
)

var shots = flag.String("shots", "", "a folder that the pages are pictured into")

// largestShot is how large a picture may be, to be kept in docs/images.
const largestShot = 200_000

// seniors is a rule that is put above the others.
const seniors = `rules:
  - { id: costly, when: 'dispute.amount_base >= money("500 USD")', then: { queue: senior, approval: required, ladder: standard, respond: contest } }
`

// TestPages looks at every page of the policy, the queue and a case: in two
// sizes, in light and in dark, with the keyboard and as a screen reader does.
func TestPages(t *testing.T) {
	t.Parallel()
	browser, o := launch(t), openOffice(t)
	pages := o.furnish(t)
	w := sitDown(t, browser, o.Console)
	w.open(t, "/login")
	w.check(t, "login")
	w.login(t, o, tom)
	for _, p := range pages {
		w.open(t, p.path)
		w.check(t, p.name)
	}
}

// place is one page, by a name for its pictures.
type place struct{ name, path string }

// furnish gives every page something to show.
func (o *office) furnish(t *testing.T) []place {
	t.Helper()
	o.remember(t)
	first := o.dispute(t, 64000)
	better := strings.Replace(firstRules, "rules:\n", seniors, 1)
	published := o.draft(t, "Costly ones to senior people", better)
	o.publish(t, published)
	open := o.draft(t, "More for the seniors", strings.Replace(better, "500 USD", "300 USD", 1))
	wrong := o.draft(t, "Half done", strings.Replace(better, "dispute.amount_base >=", "dispute.amount_bse >=", 1))
	o.shadow(t, open)
	o.backtest(t, open)
	o.dispute(t, 35000)
	at := func(draft int64, rest string) string { return fmt.Sprintf("/rules/drafts/%d%s", draft, rest) }
	return []place{
		{"queue", "/"}, {"queue-empty", "/?tab=person"}, {"cases", "/cases"}, {"case", "/cases/" + first.ID},
		{"rules", "/rules"}, {"words", "/rules/words"}, {"history", "/rules/history"}, {"version", "/rules/versions/1"},
		{"compare", "/rules/diff?from=1&to=live"}, {"apply", "/rules/apply"}, {"shadow", "/rules/shadow"},
		{"draft", at(open, "")}, {"editor", at(open, "/rule?rule=costly&case="+first.ID)}, {"editor-new", at(open, "/rule")},
		{"text", at(open, "/text")}, {"templates", at(open, "/templates")}, {"moves", at(open, "/moves")},
		{"backtest", at(open, "/backtest")}, {"publish", at(open, "/publish")},
		{"wrong-draft", at(wrong, "")}, {"wrong-editor", at(wrong, "/rule?rule=costly")}, {"wrong-text", at(wrong, "/text")},
		{"no-backtest", at(wrong, "/backtest")}, {"published-draft", at(published, "")},
	}
}

// draft is a draft of Mia's, for which approval is asked where nothing is wrong
// with it.
func (o *office) draft(t *testing.T, name, source string) int64 {
	t.Helper()
	f, err := o.App.Desk.DraftRules(t.Context(), mia, desk.DraftText{Name: name, Comment: "They lose too often", Source: source})
	if err == nil && len(f.Problems) == 0 {
		_, err = o.App.Desk.AskApproval(t.Context(), mia, f.ID, f.Revision)
	}
	if err != nil {
		t.Fatal(err)
	}
	return f.ID
}

// publish has Tom agree to a draft and put it in force.
func (o *office) publish(t *testing.T, draft int64) {
	t.Helper()
	f, err := o.App.Desk.RuleDraft(t.Context(), tom, draft)
	if err == nil {
		f, err = o.App.Desk.ApproveDraft(t.Context(), tom, draft, f.Revision)
	}
	if err == nil {
		_, err = o.App.Desk.PublishDraft(t.Context(), tom, draft, f.Revision)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// shadow runs a draft beside the rules in force.
func (o *office) shadow(t *testing.T, draft int64) {
	t.Helper()
	source, err := o.App.Desk.RuleText(t.Context(), tom, fmt.Sprintf("draft:%d", draft))
	if err == nil {
		_, err = o.App.Desk.StartShadow(t.Context(), tom, source, "to see")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// backtest tests a draft on the past, and waits for it.
func (o *office) backtest(t *testing.T, draft int64) {
	t.Helper()
	run, err := o.App.Desk.StartBacktest(t.Context(), mia, draft, 0)
	for end := time.Now().Add(patience); err == nil && run.State == store.BacktestRunning && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		run, err = o.App.Desk.DraftBacktest(t.Context(), mia, draft)
	}
	if err != nil || run.State != store.BacktestDone {
		t.Fatalf("the backtest is %s: %v", run.State, err)
	}
}

// check looks at the page that is open in every way.
func (w *tab) check(t *testing.T, name string) {
	t.Helper()
	if n := w.value(t, `document.querySelectorAll("h1").length`); n != "1" {
		t.Errorf("%s has %s first headings", name, n)
	}
	for _, what := range w.nameless(t) {
		t.Errorf("%s: %s has no name for a screen reader", name, what)
	}
	for _, what := range w.walk(t) {
		t.Errorf("%s: by keyboard, %s", name, what)
	}
	for _, scheme := range []string{"dark", "light"} {
		w.must(t, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
		for _, s := range []size{narrow, wide} {
			w.must(t, s.set())
			w.fits(t, fmt.Sprintf("%s, %d wide", name, s.Width))
			w.shoot(t, fmt.Sprintf("%s-%d-%s.png", name, s.Width, scheme))
		}
	}
	w.must(t, narrow.set())
	w.value(t, `document.querySelectorAll("main details").forEach((e) => { e.open = true; })`)
	w.fits(t, name+", unfolded")
	w.must(t, wide.set())
}

// fits reports what makes the page wider than its window.
func (w *tab) fits(t *testing.T, name string) {
	t.Helper()
	const find = `document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
		.filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 0.5)
		.filter((e) => { for (let up = e.parentElement; up !== document.body; up = up.parentElement) if (getComputedStyle(up).overflowX !== "visible") return false; return true; })
		.map((e) => e.outerHTML.slice(0, 120))`
	var wider []string
	if err := w.eval(find, &wider); err != nil {
		w.fail(t, "%v", err)
	}
	if len(wider) > 0 {
		t.Errorf("%s: the page is wider than its window: %s", name, strings.Join(wider[:min(3, len(wider))], "\n\t"))
	}
}

// controls are the roles of what people work with.
var controls = []string{
	"textbox", "searchbox", "combobox", "listbox", "checkbox", "radio", "spinbutton", "slider", "switch", "button", "link", "menuitem", "DisclosureTriangle",
}

// nameless lists the controls that a screen reader has no name for.
func (w *tab) nameless(t *testing.T) (out []string) {
	t.Helper()
	w.must(t, chromedp.ActionFunc(func(ctx context.Context) error {
		nodes, err := accessibility.GetFullAXTree().Do(ctx)
		if err != nil {
			return err
		}
		for _, n := range nodes {
			if n.Ignored || n.Role == nil || !slices.Contains(controls, text(n.Role)) || text(n.Name) != "" {
				continue
			}
			node, err := dom.DescribeNode().WithBackendNodeID(n.BackendDOMNodeID).Do(ctx)
			if err != nil {
				return err
			}
			out = append(out, describe(node))
		}
		return nil
	}))
	return out
}

func text(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	return strings.Trim(string(v.Value), `" `)
}

func describe(n *cdp.Node) string {
	return fmt.Sprintf("%s %s", strings.ToLower(n.NodeName), strings.Join(n.Attributes, " "))
}

// walk goes through the page by Tab and lists where the focus is not to be seen.
func (w *tab) walk(t *testing.T) (out []string) {
	t.Helper()
	const look = `(() => {
		const e = document.activeElement;
		window.walked ??= new Set();
		if (walked.has(e)) return "again";
		walked.add(e);
		if (e === document.body) return "";
		const drawn = (s) => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0;
		const what = e.outerHTML.slice(0, 120);
		if (![null, "::before", "::after"].some((part) => drawn(getComputedStyle(e, part)))) return "the focus has no outline on " + what;
		const box = e.getBoundingClientRect();
		const x = (Math.max(box.left, 0) + Math.min(box.right, innerWidth)) / 2, y = (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2;
		const top = document.elementFromPoint(x, y);
		if (!top || !(e.contains(top) || top.contains(e))) return "what has the focus is out of sight: " + what + " under " + top?.outerHTML.slice(0, 80);
		return "";
	})()`
	for {
		w.must(t, chromedp.KeyEvent(kb.Tab))
		switch says := w.value(t, look); says {
		case "again":
			return out
		case "":
		default:
			out = append(out, says)
		}
	}
}

// shoot keeps a picture of the top of the page where one is asked for.
func (w *tab) shoot(t *testing.T, name string) {
	t.Helper()
	if *shots == "" {
		return
	}
	var shot []byte
	w.must(t, settled, chromedp.CaptureScreenshot(&shot))
	small, err := fewColours(shot)
	if err != nil || len(small) > largestShot {
		t.Errorf("%s has %d bytes, more than %d (%v)", name, len(small), largestShot, err)
	}
	if err := os.WriteFile(filepath.Join(*shots, name), small, 0o600); err != nil {
		t.Fatal(err)
	}
}

// fewColours writes a picture with its 256 most frequent colours, which is all
// that pages of text need and a third of the size.
func fewColours(shot []byte) ([]byte, error) {
	all, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		return nil, err
	}
	pixels := map[color.Color]int{}
	for y := range all.Bounds().Dy() {
		for x := range all.Bounds().Dx() {
			pixels[all.At(x, y)]++
		}
	}
	palette := slices.SortedFunc(maps.Keys(pixels), func(a, b color.Color) int { return pixels[b] - pixels[a] })
	few := image.NewPaletted(all.Bounds(), palette[:min(256, len(palette))])
	draw.Draw(few, few.Bounds(), all, image.Point{}, draw.Src)
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, few)
	return out.Bytes(), err
}

// settled waits until the page is drawn from its top, with the pictures that fit
// the colours.
var settled = chromedp.Evaluate(`(async () => {
	document.activeElement?.blur();
	scrollTo(0, 0);
	for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);
	await Promise.all([...document.images].map((image) => image.decode()));
})()`, nil, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) })
