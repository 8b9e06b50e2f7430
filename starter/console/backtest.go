package console

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// registerBacktests adds the pages on which a draft is tested on the past.
func (c *Console) registerBacktests(g gin.IRouter) {
	g.GET("/rules/drafts/:id/backtest", c.as(c.backtest))
	g.POST("/rules/drafts/:id/backtest", c.as(c.startBacktest))
	g.GET("/rules/drafts/:id/backtest/charts/:name", c.as(c.backtestChart))
}

// backtestView is the newest backtest of a draft, or the way to the first.
type backtestView struct {
	Bar      draftBar
	Problems rules.Problems // of the draft; nothing runs while there are any
	MayStart bool
	Choices  []link // of how far back it looks
	Run      *backtestRun
	Report   *reportView // of a run that is done
}

// backtestRun is one run, and how far it is.
type backtestRun struct {
	store.Backtest
	Looked   string // "the last 180 days"
	Counted  bool   // it is known how many disputes there are
	Progress string
}

// pastTimes are how far back a backtest may look; the first choice is the third.
var pastTimes = []struct {
	value, name string
	since       time.Duration
}{
	{"30d", "the last 30 days", 30 * 24 * time.Hour},
	{"90d", "the last 90 days", 90 * 24 * time.Hour},
	{"180d", "the last 180 days", 180 * 24 * time.Hour},
	{"365d", "the last 365 days", 365 * 24 * time.Hour},
	{"all", "all past disputes", 0},
}

const usualTime = 180 * 24 * time.Hour

func pastWords(since time.Duration) string {
	for _, t := range pastTimes {
		if t.since == since {
			return t.name
		}
	}
	return "the last " + plural(int(since.Hours()/24), "day", "days")
}

func progressWords(run store.Backtest) string {
	if run.Of > 0 {
		return counted(run.Done) + " of " + counted(run.Of) + " past disputes are routed by both rule sets."
	}
	if run.Done == 0 {
		return "The past disputes are about to be counted. Another backtest may have to end first."
	}
	return "The past disputes are being counted, and the odds learn from their verdicts: " + counted(run.Done) + " so far."
}

// stillRunning is after how many seconds the page of a running backtest shows
// itself again.
const stillRunning = 2

var backtestTemplate = pageTemplate("backtest")

func (c *Console) backtest(v *visit) error {
	f, err := c.draftOf(v)
	if err != nil {
		return err
	}
	ctx := v.Request.Context()
	bar, err := c.draftBar(ctx, v, f, "backtest")
	if err != nil {
		return err
	}
	run := bar.Test // not read once more: it may have ended meanwhile, and the bar would say otherwise
	view := backtestView{
		Bar: bar, Problems: f.Problems,
		MayStart: bar.Writable && len(f.Problems) == 0 && (run.State != store.BacktestRunning || !run.Current),
	}
	chosen := usualTime
	if run.State != "" {
		chosen = run.Since
		view.Run = &backtestRun{Backtest: run, Looked: pastWords(run.Since), Counted: run.Of > 0, Progress: progressWords(run)}
	}
	for _, t := range pastTimes {
		view.Choices = append(view.Choices, link{Name: t.name, Value: t.value, Current: t.since == chosen})
	}
	if run.Report != nil {
		if view.Report, err = c.reportOf(v, run); err != nil {
			return err
		}
	}
	p := page{Template: backtestTemplate, Title: "Backtest · " + f.Name, Nav: "rules", Body: view}
	if run.State == store.BacktestRunning {
		p.Refresh = stillRunning
	}
	c.render(v, http.StatusOK, p)
	return nil
}

// reportOf words a report, with links to the cases that have a page.
func (c *Console) reportOf(v *visit, run store.Backtest) (*reportView, error) {
	ids := make([]string, len(run.Report.Movers))
	for i, m := range run.Report.Movers {
		ids[i] = m.Case
	}
	ours, err := c.desk.CasesThere(v.Request.Context(), v.who, ids)
	if err != nil {
		return nil, err
	}
	view := viewReport(*run.Report, ours)
	view.Figures = figures(*run.Report, run.Draft, theme(v.Context))
	return &view, nil
}

func (c *Console) startBacktest(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	id, err := draftID(v)
	if err != nil {
		return err
	}
	for _, t := range pastTimes {
		if t.value != v.PostForm("since") {
			continue
		}
		if _, err := c.desk.StartBacktest(v.Request.Context(), v.who, id, t.since); err != nil {
			return err
		}
		v.Redirect(http.StatusSeeOther, draftPath(id, "/backtest"))
		return nil
	}
	return dispute.Errorf(dispute.Invalid, "backtest", "choose how far back it looks")
}

// backtestOf reads the newest backtest of the draft of the address.
func (c *Console) backtestOf(v *visit) (store.Backtest, error) {
	id, err := draftID(v)
	if err != nil {
		return store.Backtest{}, err
	}
	return c.desk.DraftBacktest(v.Request.Context(), v.who, id)
}

func draftID(v *visit) (int64, error) {
	id, err := strconv.ParseInt(v.Param("id"), 10, 64)
	if err != nil {
		return 0, &dispute.Error{Kind: dispute.NotFound, Op: "draft"}
	}
	return id, nil
}
