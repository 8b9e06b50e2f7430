package console

import (
	"encoding/json"
	"net/http"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// shadowView is the rule set that runs, or ran, beside the one in force.
type shadowView struct {
	Report *store.ShadowReport // nil when there never was one
	Moves  []shadowMove
	Money  []string // at stake in the cases that differ, by currency
	Drafts []store.RuleDraft
	Done   string
	MayRun bool
}

type shadowMove struct {
	store.ShadowResult
	From, To desk.RouteLine
	Shifts   []shift
}

// shadowRead is how many of the cases that differ are shown.
const shadowRead = 50

var shadowTemplate = pageTemplate("shadow")

func (c *Console) shadow(v *visit) error {
	ctx := v.Request.Context()
	view := shadowView{Done: ruleDone[v.Query("done")], MayRun: v.who.May(desk.MayPublishRules)}
	report, err := c.desk.ShadowReport(ctx, v.who, shadowRead)
	switch {
	case err == nil:
		view.Report = &report
	case dispute.KindOf(err) != dispute.NotFound:
		return err
	}
	if view.Drafts, err = c.desk.RuleDrafts(ctx, v.who); err != nil {
		return err
	}
	for _, m := range report.Money {
		view.Money = append(view.Money, money(dispute.Money{Minor: m.Amount, Currency: m.Currency}))
	}
	for _, r := range report.Results {
		from, to := storedLine(r.Live), storedLine(r.Shadow)
		view.Moves = append(view.Moves, shadowMove{r, from, to, shifts(from, to, r.Fields)})
	}
	c.render(v, http.StatusOK, page{Template: shadowTemplate, Title: "Shadow · Rules", Nav: "rules", Body: view})
	return nil
}

func (c *Console) changeShadow(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	ctx := v.Request.Context()
	if v.PostForm("do") == "stop" {
		if err := c.desk.StopShadow(ctx, v.who); err != nil {
			return err
		}
		v.Redirect(http.StatusSeeOther, "/rules/shadow?done=stopped")
		return nil
	}
	text, err := c.desk.RuleText(ctx, v.who, v.PostForm("set"))
	if err != nil {
		return err
	}
	if _, err := c.desk.StartShadow(ctx, v.who, text, v.PostForm("comment")); err != nil {
		return err
	}
	v.Redirect(http.StatusSeeOther, "/rules/shadow?done=started")
	return nil
}

// storedLine is a route that was kept, in short; empty where the shadow could not
// decide.
func storedLine(raw json.RawMessage) desk.RouteLine {
	var r rules.Route
	if err := json.Unmarshal(raw, &r); err != nil {
		return desk.RouteLine{}
	}
	return desk.LineOf(r)
}
