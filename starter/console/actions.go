package console

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

// patience is how long a page waits for the case's workflow to take a decision.
const patience = 15 * time.Second

// action is one button of a case.
type action struct {
	Kind    dispute.DecisionKind
	Label   string
	Primary bool   // the next thing that the case wants of a person
	Key     string // the keyboard's
	CaseID  string
	Stage   dispute.Stage
	// Click makes the same button pressed twice one decision.
	Click string
	// Warning is set for what cannot be undone: it is asked once more.
	Warning *warning
}

// Asked is the same button under its own question, where it is what comes next.
func (a action) Asked() action {
	a.Primary = true
	return a
}

// warning names the consequence of what cannot be undone.
type warning struct {
	Title  string
	Says   string
	Points []string
}

// actions are what the person may do with the case as it stands, the next
// thing first. What would be refused has no button.
func (f *file) actions(who desk.Actor, now time.Time) []action {
	var out []action
	add := func(kind dispute.DecisionKind, label string, warn *warning) {
		out = append(out, action{
			Kind: kind, Label: label, CaseID: f.ID, Stage: f.View.Snapshot.Stage, Click: uuid.NewString(),
			Warning: warn, Primary: len(out) == 0 && kind == f.wanted(),
		})
	}
	sendable := answerable(f.CaseRow) && !f.Deadline.NoResponse && !f.View.Snapshot.PastDue &&
		(f.Deadline.At.IsZero() || now.Before(f.Deadline.Last()))
	if who.May(desk.MayWorkCases) && f.Status == dispute.StatusOnHold {
		add(dispute.DecideRelease, "Release", nil)
	}
	if who.May(desk.MayAnswer) && sendable {
		if f.Status == dispute.StatusNeedsApproval {
			add(dispute.DecideApprove, "Approve", f.beforeApproval())
		}
		add(dispute.DecideSubmit, "Submit now", f.beforeSubmission())
		add(dispute.DecideAccept, "Accept the dispute", f.beforeAcceptance())
	}
	if who.May(desk.MayWorkCases) && sendable && f.Status != dispute.StatusOnHold {
		add(dispute.DecideHold, "Hold", nil)
	}
	if who.May(desk.MayWorkCases) && f.Assignee != who.ID {
		add(dispute.DecideAssign, "Assign to me", nil)
		out[len(out)-1].Key = "a"
	}
	return out
}

// wanted is the decision that the case waits for; empty when it goes on by
// itself.
func (f *file) wanted() dispute.DecisionKind {
	switch f.Status {
	case dispute.StatusNeedsApproval:
		return dispute.DecideApprove
	case dispute.StatusNeedsPerson:
		return dispute.DecideSubmit
	case dispute.StatusOnHold:
		return dispute.DecideRelease
	default:
		return ""
	}
}

func (f *file) beforeApproval() *warning {
	if f.route.Respond == dispute.ResponseAccept {
		w := f.beforeAcceptance()
		w.Title = "Approve accepting this dispute?"
		return w
	}
	w := f.beforeSubmission()
	w.Title = "Approve sending the packet?"
	w.Says = "The packet goes to " + f.Ref.Connection + " at once"
	if len(f.pending()) > 0 {
		w.Says = "The packet goes to " + f.Ref.Connection + " as soon as the sources still being asked have answered"
	}
	w.Says += ". Evidence is taken once per stage: after this nothing can be added."
	return w
}

func (f *file) beforeSubmission() *warning {
	w := &warning{
		Title: "Submit this packet now?",
		Says:  f.Ref.Connection + " takes evidence once per stage: after this nothing can be added.",
	}
	p := f.packet()
	if p == nil {
		w.Points = append(w.Points, "No packet is composed yet. It is composed from what is known and then sent.")
	} else {
		w.Points = append(w.Points, "As it stands: "+p.Summary()+".")
	}
	for _, source := range f.pending() {
		w.Points = append(w.Points, "Still expected: "+source+" has not answered yet.")
	}
	if p != nil {
		w.Points = append(w.Points, p.gaps()...)
	}
	return w
}

func (f *file) beforeAcceptance() *warning {
	return &warning{
		Title: "Accept this dispute?",
		Says: "Accepting gives up " + money(f.Amount()) + " for good: " + f.Ref.Connection +
			" closes the dispute in the cardholder's favour, and no evidence can be sent any more.",
	}
}

// irreversible are the decisions that are asked once more.
var irreversible = []dispute.DecisionKind{dispute.DecideApprove, dispute.DecideSubmit, dispute.DecideAccept}

var confirmTemplate = pageTemplate("confirm")

// confirm is the question as a page of its own, for whoever has no dialog.
func (c *Console) confirm(v *visit) error {
	f, err := c.open(v)
	if err != nil {
		return err
	}
	kind := dispute.DecisionKind(v.Param("kind"))
	if !slices.Contains(irreversible, kind) {
		return &dispute.Error{Kind: dispute.NotFound, Op: "confirm"}
	}
	for _, a := range f.actions(v.who, c.desk.Now()) {
		if a.Kind == kind {
			c.render(v, http.StatusOK, page{Template: confirmTemplate, Title: a.Warning.Title, Nav: "queue", Body: confirmView{Action: a, Case: f.header(c.desk.Now())}})
			return nil
		}
	}
	if !v.who.May(desk.MayAnswer) {
		return dispute.Errorf(dispute.Auth, "permission", "%s (%s) may not %s", v.who.ID, v.who.Role, desk.MayAnswer)
	}
	return dispute.Errorf(dispute.Conflict, "confirm", "the case no longer waits for this decision")
}

type confirmView struct {
	Action action
	Case   header
}

// decide sends a decision to the case and comes back to it.
func (c *Console) decide(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	in := dispute.Decision{
		ID: v.PostForm("click"), Kind: dispute.DecisionKind(v.PostForm("kind")), Stage: dispute.Stage(v.PostForm("stage")),
	}
	if _, err := uuid.Parse(in.ID); err != nil {
		return dispute.Errorf(dispute.Invalid, "decide", "the form has no click id: open the case again")
	}
	switch in.Kind {
	case dispute.DecideApprove, dispute.DecideAccept, dispute.DecideSubmit, dispute.DecideHold, dispute.DecideRelease:
	case dispute.DecideAssign:
		in.Assignee = v.who.ID
	default:
		return dispute.Errorf(dispute.Invalid, "decide", "the console has no decision of this kind")
	}
	ctx, stop := context.WithTimeout(v.Request.Context(), patience)
	defer stop()
	_, err := c.desk.Decide(ctx, v.who, v.Param("id"), in)
	if err != nil && dispute.KindOf(err) == dispute.Transient {
		c.fail(v, unanswered(v.Param("id"), in), err)
		return nil
	}
	return c.back(v, string(in.Kind), err)
}

// unanswered is shown when nobody knows whether the case took a decision.
func unanswered(caseID string, in dispute.Decision) problem {
	return problem{
		Status: http.StatusServiceUnavailable, Title: "The case has not answered",
		Means:  "Nobody knows yet whether your decision was taken. Temporal or the worker is away or busy; deadlines are still kept.",
		Do:     "Send it again: the same click counts once, however often it arrives.",
		CaseID: caseID,
		Again:  &action{Kind: in.Kind, Label: "Send it again", Primary: true, CaseID: caseID, Stage: in.Stage, Click: in.ID},
	}
}

func (c *Console) note(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(v.Request.Context(), patience)
	defer stop()
	_, err := c.desk.Note(ctx, v.who, v.Param("id"), "", v.PostForm("text"))
	return c.back(v, string(dispute.DecideNote), err)
}

func (c *Console) attach(v *visit) error {
	upload, head, err := v.Request.FormFile("file")
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return dispute.Errorf(dispute.Invalid, "attach", "the file is larger than %s: make it smaller or split it", size(desk.MaxFile))
	case err != nil:
		return dispute.Errorf(dispute.Invalid, "attach", "choose a file first")
	}
	content, err := io.ReadAll(upload)
	if err := errors.Join(err, upload.Close(), v.Request.MultipartForm.RemoveAll()); err != nil {
		return dispute.Errorf(dispute.Invalid, "attach", "the file did not arrive whole")
	}
	ctx, stop := context.WithTimeout(v.Request.Context(), patience)
	defer stop()
	_, err = c.desk.Attach(ctx, v.who, v.Param("id"), "", desk.Upload{
		Name: head.Filename, Title: v.PostForm("title"), Slot: dispute.EvidenceField(v.PostForm("slot")), Content: content,
	})
	return c.back(v, string(dispute.DecideAttach), err)
}

// back returns to the case and has it say what was done.
func (c *Console) back(v *visit, done string, err error) error {
	if err == nil {
		v.Redirect(http.StatusSeeOther, casePath(v.Param("id"))+"?done="+done)
	}
	return err
}

// doneWords says after a decision what it set off.
var doneWords = map[dispute.DecisionKind]string{
	dispute.DecideApprove: "Approved. What goes out, and when, is said below.",
	dispute.DecideAccept:  "Accepted. The provider is told now.",
	dispute.DecideSubmit:  "The packet is on its way to the provider.",
	dispute.DecideHold:    "Held. Nothing is sent before you release it, but the cut-off still runs.",
	dispute.DecideRelease: "Released. The case goes on by itself.",
	dispute.DecideAssign:  "The case is yours.",
	dispute.DecideNote:    "The note is kept with the case. It is never sent anywhere.",
	dispute.DecideAttach:  "The document is in the evidence. The packet is composed anew with it.",
	dispute.DecideRevise:  "Changed. The packet is composed anew; reload in a moment to see it.",
}

// pending are the sources that are still being asked.
func (f *file) pending() []string {
	var out []string
	for _, s := range f.sources {
		if s.Outcome == dispute.SourcePending {
			out = append(out, s.Connection)
		}
	}
	return out
}

// notes are what people wrote, the newest first.
func notes(items []store.Item) []store.Item {
	var out []store.Item
	for _, i := range items {
		if i.Kind == dispute.ItemNote {
			out = append(out, i)
		}
	}
	slices.Reverse(out)
	return out
}
