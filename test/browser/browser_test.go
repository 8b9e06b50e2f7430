// Package browser follows people through the console in a real Chromium: the
// whole system stands behind it, as in test/e2e.
package browser

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/rebuttal-hq/rebuttal/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// programs are the names that Chromium goes by.
var programs = []string{"chromium", "chromium-browser", "google-chrome", "/usr/bin/chromium"}

// chromium is the program to run. Nothing of this folder is tried without one.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatalf("there is no Chromium: none of %s. Debian: apt-get install chromium; macOS: brew install chromium; make test installs it where it may", strings.Join(programs, ", "))
	return ""
}

// launch starts a browser that ends with the test. People open it with sitDown.
func launch(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)), chromedp.DisableGPU, chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.WSURLReadTimeout(patience), chromedp.WindowSize(wide.Width, wide.Height),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(stop)
	ctx, kill := chromedp.NewContext(ctx)
	t.Cleanup(kill)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil { // closes it and waits, so that its files can be deleted
			t.Errorf("close Chromium: %v", err)
		}
	})
	if err := chromedp.Run(ctx); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return ctx
}

// size is that of a window.
type size struct{ Width, Height int }

func (s size) set() chromedp.Action {
	return emulation.SetDeviceMetricsOverride(int64(s.Width), int64(s.Height), 1, false)
}

// A window on a desk, and one on a telephone.
var (
	wide   = size{1280, 900}
	narrow = size{390, 844}
)

// tab is the window of one person, with cookies of its own.
type tab struct {
	ctx  context.Context
	base string // the console's address

	mu         sync.Mutex
	complaints []string // of the browser, about the pages
}

// sitDown opens a window for a person. When the test ends, whatever the browser
// complained of fails it: an error of a script, a breach of the policy for
// content, a file that is not there.
func sitDown(t *testing.T, browser context.Context, base string, before ...chromedp.Action) *tab {
	t.Helper()
	ctx, leave := chromedp.NewContext(browser, chromedp.WithTargetID(window(t, browser)))
	w := &tab{ctx: ctx, base: base}
	chromedp.ListenTarget(ctx, w.listen)
	t.Cleanup(leave)
	t.Cleanup(func() {
		for _, c := range w.complained() {
			t.Errorf("the browser complains: %s", c)
		}
	})
	before = append(before, emulation.SetFocusEmulationEnabled(true), wide.set())
	if err := chromedp.Run(ctx, before...); err != nil {
		t.Fatal(err)
	}
	return w
}

// window opens a window that shares nothing with the others.
func window(t *testing.T, browser context.Context) (id target.ID) {
	t.Helper()
	err := chromedp.Run(browser, chromedp.ActionFunc(func(ctx context.Context) error {
		ctx = cdp.WithExecutor(ctx, chromedp.FromContext(ctx).Browser)
		profile, err := target.CreateBrowserContext().WithDisposeOnDetach(true).Do(ctx)
		if err != nil {
			return err
		}
		id, err = target.CreateTarget("about:blank").WithBrowserContextID(profile).WithNewWindow(true).Do(ctx)
		return err
	}))
	if err != nil {
		t.Fatalf("open a window: %v", err)
	}
	return id
}

func (w *tab) listen(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		w.complain("uncaught: " + e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning || e.Type == runtime.APITypeAssert {
			var words []string
			for _, a := range e.Args {
				words = append(words, string(a.Value), a.Description)
			}
			w.complain("console: " + strings.Join(words, " "))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			w.complain(string(e.Entry.Source) + ": " + e.Entry.Text + " " + e.Entry.URL)
		}
	}
}

func (w *tab) complain(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.complaints = append(w.complaints, what)
}

func (w *tab) complained() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.complaints
}

// patience is for a machine that has much else to do.
const patience = time.Minute
