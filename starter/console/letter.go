package console

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/store"
)

var letterTemplate = pageTemplate("letter")

// letterView is the page on which a person writes the letter.
type letterView struct {
	Case     header
	Text     string
	Preview  string // as it would go out; empty until asked for
	Masked   int    // card numbers that were hidden in Preview
	ByHand   bool   // a person's own letter is sent as it stands
	Unsure   bool   // nobody knows whether the case took the text
	Exhibits []exhibit
	Most     int // characters
	Click    string
	Drop     string // the click that goes back to the composed letter
}

// letterByHand is the person's own letter that is sent; nil when the composed
// one is.
func (f *file) letterByHand() *store.Item {
	var newest *store.Item
	for i, item := range f.Items {
		if item.Kind == dispute.ItemLetter && !item.Excluded && (newest == nil || !item.At.Before(newest.At)) {
			newest = &f.Items[i]
		}
	}
	return newest
}

// openLetter reads the case for somebody who may write its letter.
func (c *Console) openLetter(v *visit) (letterView, error) {
	f, err := c.open(v)
	if err != nil {
		return letterView{}, err
	}
	if !v.who.May(desk.MayWorkCases) {
		return letterView{}, dispute.Errorf(dispute.Auth, "permission", "%s (%s) may not %s", v.who.ID, v.who.Role, desk.MayWorkCases)
	}
	if why := desk.Frozen(f.CaseRow); why != "" {
		return letterView{}, dispute.Errorf(dispute.Conflict, "letter", "%s", why)
	}
	view := letterView{Case: f.header(c.desk.Now()), Most: desk.MaxLetter, Click: uuid.NewString(), Drop: uuid.NewString()}
	if p := f.packet(); p != nil {
		view.Text = p.Letter
	}
	if own := f.letterByHand(); own != nil {
		view.Text, view.ByHand = own.Facts[dispute.FactText], true
	}
	for _, e := range f.evidence(v.who).Items {
		if e.Number > 0 {
			view.Exhibits = append(view.Exhibits, e)
		}
	}
	return view, nil
}

func (c *Console) letter(v *visit) error {
	view, err := c.openLetter(v)
	if err == nil {
		c.showLetter(v, http.StatusOK, view)
	}
	return err
}

func (c *Console) showLetter(v *visit, status int, view letterView) {
	c.render(v, status, page{Template: letterTemplate, Title: "Letter · " + view.Case.Amount, Nav: "queue", Body: view})
}

// writeLetter shows the text as it would go out, sends it instead of the
// composed letter, or goes back to that one.
func (c *Console) writeLetter(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	click, text := v.PostForm("click"), v.PostForm("text")
	if _, err := uuid.Parse(click); err != nil {
		return dispute.Errorf(dispute.Invalid, "letter", "the form has no click id: open the letter again")
	}
	ctx, stop := context.WithTimeout(v.Request.Context(), patience)
	defer stop()
	var err error
	switch v.PostForm("do") {
	case "preview":
		return c.previewLetter(v, text)
	case "send":
		_, err = c.desk.ReplaceLetter(ctx, v.who, v.Param("id"), click, text)
	case "drop":
		_, err = c.desk.DropLetter(ctx, v.who, v.Param("id"), click)
	default:
		return dispute.Errorf(dispute.Invalid, "letter", "there is no such button")
	}
	if err != nil && dispute.KindOf(err) == dispute.Transient && v.PostForm("do") == "send" {
		return c.keepLetter(v, click, text)
	}
	return c.back(v, string(dispute.DecideRevise)+"#letter", err)
}

func (c *Console) previewLetter(v *visit, text string) error {
	view, err := c.openLetter(v)
	if err != nil {
		return err
	}
	view.Text = text
	view.Preview, view.Masked = evidence.MaskCards(text)
	c.showLetter(v, http.StatusOK, view)
	return nil
}

// keepLetter shows a text again that the case did not answer to, under the same
// click: sent again it counts once.
func (c *Console) keepLetter(v *visit, click, text string) error {
	view, err := c.openLetter(v)
	if err != nil {
		return err
	}
	view.Text, view.Click, view.Unsure = text, click, true
	c.showLetter(v, http.StatusServiceUnavailable, view)
	return nil
}
