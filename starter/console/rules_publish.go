package console

import (
	"net/http"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

// publishView asks once more before a draft comes into force.
type publishView struct {
	Bar      draftBar
	File     desk.DraftFile
	Diff     []diffLine
	Backtest *store.Backtest // of this text; nil when there is none
	Ready    bool            // nothing stands in the way
	Missing  string          // what does
}

var publishTemplate = pageTemplate("publish")

func (c *Console) askPublish(v *visit) error {
	f, err := c.draftOf(v)
	switch {
	case err != nil:
		return err
	case !v.who.May(desk.MayPublishRules):
		return dispute.Errorf(dispute.Auth, "permission", "%s (%s) may not %s", v.who.ID, v.who.Role, desk.MayPublishRules)
	case f.State.Ended():
		return dispute.Errorf(dispute.Conflict, "publish", "the draft is %s", f.State)
	}
	view := publishView{File: f, Diff: ruleDiffLines(f.Change)}
	if view.Bar, err = c.draftBar(v.Request.Context(), v, f, "publish"); err != nil {
		return err
	}
	view.Ready, view.Missing = f.MayPublish()
	if test := view.Bar.Test; test.Current && !test.Outdated && test.State == store.BacktestDone {
		view.Backtest = &test
	}
	c.render(v, http.StatusOK, page{Template: publishTemplate, Title: "Publish " + f.Name, Nav: "rules", Body: view})
	return nil
}

func (c *Console) publishDraft(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f, err := c.draftOf(v)
	if err != nil {
		return err
	}
	if _, err := c.desk.PublishDraft(v.Request.Context(), v.who, f.ID, number(v.PostForm("revision"))); err != nil {
		return err
	}
	v.Redirect(http.StatusSeeOther, "/rules?done=published")
	return nil
}
