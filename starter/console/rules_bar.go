package console

import (
	"context"
	"fmt"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

// draftBar is the way from writing to force, on every page of a draft.
type draftBar struct {
	ID       int64
	Name     string
	State    store.DraftState
	Author   string
	Revision int64
	Steps    []barStep
	Here     string // the page of the draft that is shown
	Writable bool
	Acts     bool // the steps have their buttons: nothing that is being typed would be lost
	Outdated bool
	Base     int64
	Live     int64
	Version  int64          // what it was published as
	Test     store.Backtest // the newest; without a state where there is none
}

// barStep is one step: how far it is, and the button or the page that does it.
type barStep struct {
	Name  string
	State string // done, next, open
	Says  string
	Do    string // the button's value
	URL   string // the page
	Label string
}

// The pages of a draft on which people type.
const (
	hereNew  = "new"
	hereEdit = "edit"
	hereText = "text"
)

// draftBar finds out how far a draft is.
func (c *Console) draftBar(ctx context.Context, v *visit, f desk.DraftFile, here string) (draftBar, error) {
	test, err := c.desk.DraftBacktest(ctx, v.who, f.ID)
	if err != nil && dispute.KindOf(err) != dispute.NotFound {
		return draftBar{}, err
	}
	bar := draftBar{
		ID: f.ID, Name: f.Name, State: f.State, Author: f.Author, Revision: f.Revision, Outdated: f.Outdated,
		Base: f.Base, Live: f.Live, Version: f.Version, Here: here, Test: test,
		Writable: v.who.May(desk.MayDraftRules) && !f.State.Ended(),
		Acts:     here != hereNew && here != hereEdit && here != hereText,
	}
	if f.State.Ended() {
		return bar, nil
	}
	bar.Steps = []barStep{checkStep(f), backtestStep(f, test), approvalStep(f, v.who), publishStep(f, v.who)}
	found := false
	for i := range bar.Steps {
		s := &bar.Steps[i]
		if found && s.State == "next" { // only the first is
			s.State = "open"
		}
		found = found || s.State == "next"
		if !v.who.May(desk.MayDraftRules) {
			s.Do = ""
		}
	}
	return bar, nil
}

func checkStep(f desk.DraftFile) barStep {
	switch {
	case len(f.Problems) > 0:
		return barStep{Name: "Check", State: "next", Says: plural(len(f.Problems), "problem", "problems") + " to mend"}
	case f.State == store.DraftWritten:
		return barStep{Name: "Check", State: "next", Says: "nothing is wrong with it", Do: "check", Label: "Check"}
	}
	return barStep{Name: "Check", State: "done", Says: "it is right"}
}

func backtestStep(f desk.DraftFile, test store.Backtest) barStep {
	s := barStep{Name: "Backtest", State: "next", URL: draftPath(f.ID, "/backtest"), Label: "Backtest"}
	switch {
	case len(f.Problems) > 0:
		s.State, s.URL, s.Says = "open", "", "once it is right"
	case test.State == store.BacktestRunning && test.Current:
		s.Says, s.Label = "is running", "See how far"
	case test.State == store.BacktestRunning:
		s.Says = "one of another text is running"
	case test.State == store.BacktestFailed:
		s.Says = "did not come to its end"
	case test.State == store.BacktestDone && test.Current && test.Outdated:
		s.Says = "was compared with older rules"
	case test.State == store.BacktestDone && test.Current && test.Report != nil:
		s.State, s.Label = "done", "See it"
		s.Says = fmt.Sprintf("%d of %s move", test.Report.Moved, plural(test.Report.Disputes, "dispute", "disputes"))
	case test.State == store.BacktestDone:
		s.Says = "was made of another text"
	default:
		s.Says = "not made yet"
	}
	return s
}

func approvalStep(f desk.DraftFile, who desk.Actor) barStep {
	s := barStep{Name: "Approval", State: "next"}
	switch {
	case len(f.Problems) > 0:
		s.State, s.Says = "open", "once it is right"
	case f.State == store.DraftApproved:
		s.State, s.Says = "done", "by "+f.ApprovedBy
	case !f.Approval.Needed:
		s.State, s.Says = "done", "not needed"
	case f.State == store.DraftAsked && who.May(desk.MayPublishRules) && !who.Wrote(&f.RuleDraft):
		s.Says, s.Do, s.Label = "asked of another person", "approve", "Approve"
	case f.State == store.DraftAsked:
		s.Says = "waits for another person"
	default:
		s.Says, s.Do, s.Label = "another person has to agree", "ask", "Ask for approval"
	}
	return s
}

func publishStep(f desk.DraftFile, who desk.Actor) barStep {
	s := barStep{Name: "Publish", State: "open", Says: "for new cases"}
	ready, _ := f.MayPublish()
	switch {
	case f.Outdated:
		s.Says = fmt.Sprintf("version %d came meanwhile", f.Live)
	case ready && who.May(desk.MayPublishRules):
		s.State, s.URL, s.Label = "next", draftPath(f.ID, "/publish"), "Publish"
	case ready:
		s.Says = "a manager publishes it"
	}
	return s
}
