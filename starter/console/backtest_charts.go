package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-analyze/charts"

	"github.com/rebuttal-hq/rebuttal/backtest"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// The charts of a backtest, by their names in the address.
const (
	chartWeeks = "weeks"
	chartSides = "sides"
	chartLoad  = "load" // of the queue that the address names
)

// chartPolicy lets a chart use nothing but its own inline styles.
const chartPolicy = "default-src 'none'; style-src 'unsafe-inline'"

// figure is a chart with the sentence that stands for it, and its data.
type figure struct {
	Title   string
	Says    string // with the figures
	Picture chartImage
	Table   figureTable
}

// figureTable is a chart's data.
type figureTable struct {
	Head []string // of the columns
	Rows [][]string
}

// chartImage is an image with its other versions, of which the first that fits is
// shown: for narrow windows and, where the person follows the system, for dark.
type chartImage struct {
	Source        string
	Width, Height int
	Others        []imageVersion
}

type imageVersion struct {
	Media, Source string
	Width, Height int
}

// chartSize is a chart's width and height in pixels.
type chartSize struct{ width, height int }

var (
	wideChart   = chartSize{960, 300}
	narrowChart = chartSize{420, 300}
)

const narrowWindow = "(max-width: 760px)"

// chartPicture are the addresses of a chart for a theme, which may be auto.
func chartPicture(draft int64, name, queue, theme string) chartImage {
	address := func(theme string, narrow bool) string {
		q := url.Values{"theme": {theme}}
		if queue != "" {
			q.Set("queue", queue)
		}
		if narrow {
			q.Set("narrow", "yes")
		}
		return draftPath(draft, "/backtest/charts/", name, "?", q.Encode())
	}
	version := func(media, theme string, size chartSize) imageVersion {
		return imageVersion{media, address(theme, size == narrowChart), size.width, size.height}
	}
	light := theme
	var others []imageVersion
	if theme == "auto" {
		light = "light"
		const dark = "(prefers-color-scheme: dark)"
		others = append(others, version(narrowWindow+" and "+dark, "dark", narrowChart), version(dark, "dark", wideChart))
	}
	// The narrow one of the dark theme stands before the wide one: the first fits.
	others = append(others, version(narrowWindow, light, narrowChart))
	return chartImage{address(light, false), wideChart.width, wideChart.height, others}
}

// backtestChart draws one chart of a draft's newest backtest.
func (c *Console) backtestChart(v *visit) error {
	run, err := c.backtestOf(v)
	if err != nil {
		return err
	}
	size := wideChart
	if v.Query("narrow") != "" {
		size = narrowChart
	}
	missing := &dispute.Error{Kind: dispute.NotFound, Op: "chart"}
	if run.Report == nil {
		return missing
	}
	d := drawing{size, chartTheme(v.Query("theme") == "dark")}
	var svg []byte
	switch v.Param("name") {
	case chartWeeks:
		svg, err = d.weeks(*run.Report)
	case chartSides:
		svg, err = d.sides(*run.Report)
	case chartLoad:
		load, ok := loadOf(*run.Report, v.Query("queue"))
		if !ok {
			return missing
		}
		svg, err = d.load(load)
	default:
		return missing
	}
	if err != nil {
		return fmt.Errorf("draw chart %s: %w", v.Param("name"), err)
	}
	v.Header("Content-Security-Policy", chartPolicy)
	v.Data(http.StatusOK, "image/svg+xml", svg)
	return nil
}

// drawing is a chart's size and colours.
type drawing struct {
	size  chartSize
	theme charts.ColorPalette
}

// chartTheme has the colours of console.css.
func chartTheme(dark bool) charts.ColorPalette {
	hex := charts.ColorFromHex
	if dark {
		return charts.MakeTheme(charts.ThemeOption{
			IsDarkMode: true, AxisStrokeColor: hex("#6b7686"), AxisSplitLineColor: hex("#343b46"), BackgroundColor: hex("#14171c"),
			TextColor: hex("#b3bcc9"), SeriesColors: []charts.Color{hex("#d5a866"), hex("#8cc0ff")},
		})
	}
	return charts.MakeTheme(charts.ThemeOption{
		AxisStrokeColor: hex("#8a93a0"), AxisSplitLineColor: hex("#d8dce2"), BackgroundColor: hex("#ffffff"),
		TextColor: hex("#4a5361"), SeriesColors: []charts.Color{hex("#94641a"), hex("#0a56ab")},
	})
}

var (
	bothSets  = []string{"rules in force", "draft"}
	chartFont = charts.NewFontStyleWithSize(10)
)

// weeks draws the net of each week under both sets.
func (d drawing) weeks(r backtest.Report) ([]byte, error) {
	var live, draft []float64
	var labels []string
	format := "2 Jan"
	if len(r.Weeks) > 52 {
		format = "Jan 2006"
	}
	for _, w := range r.Weeks {
		live, draft = append(live, major(w.Live, r.Currency)), append(draft, major(w.Draft, r.Currency))
		labels = append(labels, w.From.UTC().Format(format))
	}
	o := d.lines(live, draft, labels)
	mark(o, 5, 3)
	o.XAxis.LabelCount = min(len(labels), d.size.width/140)
	return d.line(o)
}

// load draws how many disputes a queue was given in each hour of the week. The
// last point, without figures, is the end of Sunday: so each day has its label.
func (d drawing) load(l backtest.Load) ([]byte, error) {
	none := charts.GetNullValue()
	var live, draft []float64
	var labels []string
	for hour := range l.Live {
		live, draft = append(live, float64(l.Live[hour])), append(draft, float64(l.Draft[hour]))
		labels = append(labels, weekdays[hour/24])
	}
	o := d.lines(append(live, none), append(draft, none), append(labels, " "))
	mark(o, 2.5, 2)
	o.XAxis.LabelCount, o.XAxis.BoundaryGap = len(weekdays)+1, charts.Ptr(false)
	o.YAxis[0].Min = charts.Ptr(0.0)
	return d.line(o)
}

// mark gives the two lines shapes of their own, as colour alone is not seen by
// everybody. The first is larger, to be seen where the second covers it.
func mark(o charts.LineChartOption, first, second float64) {
	o.SeriesList[0].Symbol = charts.Symbol{Shape: charts.SymbolCircle, Size: first}
	o.SeriesList[1].Symbol = charts.Symbol{Shape: charts.SymbolDiamond, Size: second}
}

func (d drawing) lines(live, draft []float64, labels []string) charts.LineChartOption {
	o := charts.NewLineChartOptionWithData([][]float64{live, draft})
	o.Theme, o.LineStrokeWidth, o.ValueFormatter = d.theme, 1.5, axisNumber
	o.Legend = charts.LegendOption{SeriesNames: bothSets, FontStyle: chartFont}
	o.XAxis.Labels, o.XAxis.LabelFontStyle = labels, chartFont
	o.YAxis[0].LabelFontStyle = chartFont
	return o
}

func (d drawing) line(o charts.LineChartOption) ([]byte, error) {
	p := d.painter()
	if err := p.LineChart(o); err != nil {
		return nil, err
	}
	return p.Bytes()
}

// sides draws what each set won, lost and cost, and what stays.
func (d drawing) sides(r backtest.Report) ([]byte, error) {
	var values [2][]float64
	for i, s := range []backtest.Side{r.Live, r.Draft} {
		for _, m := range []dispute.Money{s.Won, s.Lost, s.Costs, s.Net.Amount} {
			values[i] = append(values[i], major(m.Minor, r.Currency))
		}
	}
	o := charts.NewBarChartOptionWithData(values[:])
	o.Theme, o.ValueFormatter = d.theme, axisNumber
	o.Legend = charts.LegendOption{SeriesNames: bothSets, FontStyle: chartFont}
	o.CategoryAxis.Labels, o.CategoryAxis.LabelFontStyle = []string{"won", "lost", "costs", "net"}, chartFont
	o.ValueAxis[0].LabelFontStyle = chartFont
	for i := range o.SeriesList {
		o.SeriesList[i].Label = charts.SeriesLabel{Show: charts.Ptr(d.size == wideChart), FontStyle: chartFont, ValueFormatter: axisNumber}
	}
	p := d.painter()
	if err := p.BarChart(o); err != nil {
		return nil, err
	}
	return p.Bytes()
}

func (d drawing) painter() *charts.Painter {
	return charts.NewPainter(charts.PainterOptions{
		OutputFormat: charts.ChartOutputSVG, Width: d.size.width, Height: d.size.height, Theme: d.theme,
	})
}

// major is an amount in major units, for drawing alone.
func major(minor int64, currency string) float64 {
	out := float64(minor)
	for range dispute.Exponent(currency) {
		out /= 10
	}
	return out
}

var weekdays = []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}

// axisNumber is a number on an axis, whole where it is large.
func axisNumber(f float64) string {
	switch {
	case f <= -10 || f >= 10 || f == float64(int64(f)):
		return counted(int64(f + sign(f)/2))
	default:
		return strings.Replace(fmt.Sprintf("%.1f", f), "-", "−", 1)
	}
}

func sign(f float64) float64 {
	if f < 0 {
		return -1
	}
	return 1
}

// spanWords is a time from day to day.
func spanWords(from, to time.Time) string { return bookDay(from) + " to " + bookDay(to) }
