package console

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/backtest"
	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/rules"
)

func TestBacktestCharts(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	draft := w.toTest(string(rules.Default().Source()))
	charts := draftPath(draft.ID, "/backtest/charts/")
	if got := w.ask(desk.RoleViewer, charts+"weeks", nil); got.status != http.StatusNotFound {
		t.Errorf("before the first: %d", got.status)
	}
	w.tested(draft, someReport())
	for name, texts := range map[string][]string{
		"weeks?":                      {"rules in force", "draft", "1 Sep", "3,821"},
		"sides?":                      {"rules in force", "draft", "won", "lost", "costs", "net"},
		"load?queue=senior+%3C1%3E":   {"rules in force", "draft", "Mon", "Sun"},
		"load?queue=empty&something=": {"Thu"},
	} {
		for _, look := range []struct{ query, paper, width string }{
			{"", "white", "960"}, {"&theme=light&narrow=yes", "white", "420"}, {"&theme=dark", "rgb(20,23,28)", "960"}, {"&theme=dark&narrow=yes", "rgb(20,23,28)", "420"},
		} {
			got := w.ask(desk.RoleViewer, charts+name+look.query, nil)
			if got.status != http.StatusOK || got.header.Get("Content-Type") != "image/svg+xml" || got.header.Get("Content-Security-Policy") != chartPolicy {
				t.Errorf("%s%s: %d %v", name, look.query, got.status, got.header)
				continue
			}
			drawn := textsOf(t, got.body)
			for _, want := range texts {
				if !strings.Contains(drawn, want) {
					t.Errorf("%s%s does not say %q: %s", name, look.query, want, drawn)
				}
			}
			if !strings.Contains(got.body, "fill:"+look.paper) || !strings.Contains(got.body, `viewBox="0 0 `+look.width) || strings.Count(got.body, "<path") < 4 {
				t.Errorf("%s%s is not drawn as asked", name, look.query)
			}
		}
	}
	if got := w.ask("", charts+"weeks", nil); got.status != http.StatusSeeOther {
		t.Errorf("nobody sees a chart: %d", got.status)
	}
	for _, none := range []string{"none", "load", "load?queue=none"} {
		if got := w.ask(desk.RoleViewer, charts+none, nil); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", none, got.status)
		}
	}
}

// textsOf reads an SVG, which has to be XML, and gives its words.
func textsOf(t *testing.T, svg string) string {
	t.Helper()
	var words []string
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return strings.Join(words, "|")
		}
		check(t, err)
		if text, ok := token.(xml.CharData); ok && len(bytes.TrimSpace(text)) > 0 {
			words = append(words, string(text))
		}
	}
}

// A report of any shape is drawn.
func TestChartsOfLittle(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]backtest.Report{
		"one week": {Disputes: 1, Currency: "USD", Weeks: []backtest.Week{{From: noon, Live: 100, Draft: -100}}},
		"years":    {Disputes: 1, Currency: "JPY", Weeks: make([]backtest.Week, 300)},
		"nothing":  {Disputes: 1, Currency: "USD"},
	} {
		for _, size := range []chartSize{wideChart, narrowChart} {
			d := drawing{size, chartTheme(false)}
			weeks, err := d.weeks(r)
			check(t, err)
			textsOf(t, string(weeks))
			sides, err := d.sides(r)
			check(t, err)
			textsOf(t, string(sides))
			load, err := d.load(backtest.Load{})
			check(t, err)
			if got := textsOf(t, string(load)); !strings.Contains(got, "Sun") {
				t.Errorf("%s: the load of nothing says %s", name, got)
			}
		}
	}
}

func TestChartImages(t *testing.T) {
	t.Parallel()
	const at = "/rules/drafts/4/backtest/charts/load?"
	want := chartImage{at + "queue=a+b&theme=light", 960, 300, []imageVersion{
		{"(max-width: 760px) and (prefers-color-scheme: dark)", at + "narrow=yes&queue=a+b&theme=dark", 420, 300},
		{"(prefers-color-scheme: dark)", at + "queue=a+b&theme=dark", 960, 300},
		{"(max-width: 760px)", at + "narrow=yes&queue=a+b&theme=light", 420, 300},
	}}
	if diff := cmp.Diff(want, chartPicture(4, chartLoad, "a b", "auto")); diff != "" {
		t.Errorf("auto (-want +got):\n%s", diff)
	}
	want = chartImage{at + "queue=a+b&theme=dark", 960, 300, []imageVersion{{"(max-width: 760px)", at + "narrow=yes&queue=a+b&theme=dark", 420, 300}}}
	if diff := cmp.Diff(want, chartPicture(4, chartLoad, "a b", "dark")); diff != "" {
		t.Errorf("dark (-want +got):\n%s", diff)
	}
}

func TestAxisNumber(t *testing.T) {
	t.Parallel()
	for f, want := range map[float64]string{0: "0", 2: "2", 2.5: "2.5", -2.5: "−2.5", 1234.6: "1,235", -1234.6: "−1,235", 10: "10"} {
		if got := axisNumber(f); got != want {
			t.Errorf("%v is %q, want %q", f, got, want)
		}
	}
	if got := major(12_345, "JPY") + major(12_345, "USD"); got != 12_345+123.45 {
		t.Errorf("major units %v", got)
	}
}
