package console

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

// applyView is what becomes of the open cases when they follow the version in
// force: a preview, or what was done.
type applyView struct {
	Version int64
	Queue   string
	Owner   string
	Applied bool
	Looked  int
	Counts  map[string]int // cases by outcome
	Cases   []movingCase   // that move, or did, or could not
	Cursor  string         // where this page began
	Next    string         // where the next one begins; empty at the end
	NextURL string
	MayDo   bool
	// Problem is why it did not come to its end; what was done before is told.
	Problem string
}

const (
	// applyRead is how many open cases are looked at for one page of the preview.
	applyRead = 100
	// applyPatience is how long one click goes on applying; the page then offers to
	// go on.
	applyPatience = 20 * time.Second
)

var applyTemplate = pageTemplate("apply")

func (c *Console) previewApply(v *visit) error {
	f := store.CaseFilter{Queue: v.Query(byQueue), Assignee: v.Query(byOwner), Cursor: v.Query("cursor"), Limit: applyRead}
	page, err := c.desk.PreviewApply(v.Request.Context(), v.who, f)
	if dispute.KindOf(err) == dispute.NotFound { // the built-in rules are no version
		c.showApply(v, http.StatusOK, applyView{})
		return nil
	}
	if err != nil {
		return err
	}
	view := applyView{Counts: map[string]int{}, Version: page.Version, Queue: f.Queue, Owner: f.Assignee, Cursor: f.Cursor, Next: page.Next, MayDo: v.who.May(desk.MayChangePlans)}
	view.take(page)
	if page.Next != "" {
		view.NextURL = with(v.Request.URL, "cursor", page.Next)
	}
	c.showApply(v, http.StatusOK, view)
	return nil
}

// applyRules has open cases follow the version, page after page for a while.
func (c *Console) applyRules(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	version := number(v.PostForm("version"))
	f := store.CaseFilter{Queue: v.PostForm(byQueue), Assignee: v.PostForm(byOwner), Cursor: v.PostForm("cursor"), Limit: applyRead}
	view := applyView{Counts: map[string]int{}, Version: version, Queue: f.Queue, Owner: f.Assignee, Applied: true, MayDo: true}
	ctx, stop := context.WithTimeout(v.Request.Context(), applyPatience+patience)
	defer stop()
	for began := c.desk.Now(); ; {
		page, err := c.desk.ApplyToOpen(ctx, v.who, version, f)
		view.take(page)
		if err != nil && view.Looked == 0 {
			return err
		}
		if err != nil {
			view.brokenOff(err, f.Cursor)
			c.showApply(v, problemOf(err).Status, view)
			return nil
		}
		if f.Cursor = page.Next; page.Next == "" || c.desk.Now().Sub(began) > applyPatience {
			view.Next = page.Next
			break
		}
	}
	c.showApply(v, http.StatusOK, view)
	return nil
}

// brokenOff says why applying ended before the last case. It goes on at the
// cursor, unless another version is in force.
func (a *applyView) brokenOff(err error, cursor string) {
	p := problemOf(err)
	if a.Problem = p.Title; p.Reason != "" {
		a.Problem = p.Reason
	}
	if dispute.KindOf(err) != dispute.Conflict {
		a.Next = cursor
	}
}

// applyOrder is how outcomes are told.
var applyOrder = []struct{ outcome, words string }{
	{desk.ApplyMoves, "would go another way"},
	{desk.ApplyStays, "would go the same way, by the new version"},
	{desk.ApplyApplied, "follow it now"},
	{desk.ApplyDone, "followed it already"},
	{desk.ApplyAnswered, "are answered: nothing is left to decide"},
	{desk.ApplyUnplanned, "are being planned for the first time, by this version"},
	{desk.ApplyRefused, "refused"},
	{desk.ApplyFailed, "could not be asked; the same again tries them again"},
}

func (a *applyView) take(p desk.ApplyPage) {
	a.Looked += len(p.Cases)
	for outcome, n := range p.Counts {
		a.Counts[outcome] += n
	}
	for _, one := range p.Cases {
		switch one.Outcome {
		case desk.ApplyMoves, desk.ApplyApplied, desk.ApplyRefused, desk.ApplyFailed:
			a.Cases = append(a.Cases, movingCaseOf(one))
		}
	}
}

// Outcomes are the counts in words.
func (a applyView) Outcomes() []named {
	var out []named
	for _, o := range applyOrder {
		if n := a.Counts[o.outcome]; n > 0 {
			out = append(out, named{o.words, strconv.Itoa(n)})
		}
	}
	return out
}

func (c *Console) showApply(v *visit, status int, view applyView) {
	c.render(v, status, page{Template: applyTemplate, Title: "Apply to open cases · Rules", Nav: "rules", Body: view})
}
