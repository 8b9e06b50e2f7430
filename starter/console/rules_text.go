package console

import (
	"errors"
	"net/http"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// textView is the whole text of a draft.
type textView struct {
	Bar      draftBar
	Revision int64 // of the draft that the person looked at
	Text     string
	Name     string
	Comment  string
	Problems []rules.Problem
	Problem  string
	Right    bool
}

var textTemplate = pageTemplate("ruletext")

func (c *Console) draftText(v *visit) error {
	f, err := c.draftOf(v)
	if err != nil {
		return err
	}
	return c.showText(v, http.StatusOK, f, textView{Revision: f.Revision, Text: f.Source, Name: f.Name, Comment: f.Comment})
}

// writeText checks the whole text or keeps it, right or wrong.
func (c *Console) writeText(v *visit) error {
	if err := readForm(v.Context, maxText); err != nil {
		return err
	}
	f, err := c.draftOf(v)
	if err != nil {
		return err
	}
	view := textView{Revision: number(v.PostForm("revision")), Text: unix(v.PostForm("text")), Name: v.PostForm("name"), Comment: v.PostForm("comment")}
	if v.PostForm("do") != "keep" {
		return c.showText(v, http.StatusOK, f, view)
	}
	_, err = c.desk.EditDraft(v.Request.Context(), v.who, f.ID, view.Revision, desk.DraftText{Name: view.Name, Comment: view.Comment, Source: view.Text})
	switch {
	case err == nil:
		v.Redirect(http.StatusSeeOther, draftPath(f.ID, "?done=kept"))
		return nil
	case dispute.KindOf(err) == dispute.Conflict:
		view.Problem = reason(err) + "; what you wrote is kept here, and takes the draft's place when it is kept again"
		view.Revision = f.Revision
		return c.showText(v, http.StatusConflict, f, view)
	}
	return err
}

func (c *Console) showText(v *visit, status int, f desk.DraftFile, view textView) error {
	ctx := v.Request.Context()
	var err error
	if view.Bar, err = c.draftBar(ctx, v, f, hereText); err != nil {
		return err
	}
	_, _, err = c.desk.CheckRules(ctx, v.who, "the draft", []byte(view.Text))
	var found rules.Problems
	switch {
	case err == nil:
		view.Right = true
	case errors.As(err, &found):
		view.Problems = found
	case dispute.KindOf(err) == dispute.Invalid:
		view.Problems = []rules.Problem{{Line: 1, Message: reason(err)}}
	default:
		return err
	}
	c.render(v, status, page{Template: textTemplate, Title: "Text · Rules", Nav: "rules", Body: view})
	return nil
}
