package desk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// needed is the right that each decision asks for.
func needed(k dispute.DecisionKind) (Right, bool) {
	switch k {
	case dispute.DecideAssign, dispute.DecideNote, dispute.DecideAttach, dispute.DecideRevise, dispute.DecideHold, dispute.DecideRelease:
		return MayWorkCases, true
	case dispute.DecideApprove, dispute.DecideAccept, dispute.DecideSubmit:
		return MayAnswer, true
	case dispute.DecideChangePlan:
		return MayChangePlans, true
	}
	return "", false
}

// Decide sends a decision to the case's workflow and returns how the case
// stands then. By and At are filled in; an empty ID gets a fresh one, a given
// one makes repeats harmless. What the workflow refuses (too late, already
// answered, another stage) is an error of kind Conflict with its reason.
func (d *Desk) Decide(ctx context.Context, by Actor, caseID string, in dispute.Decision) (dispute.Face, error) {
	if strings.HasPrefix(in.ID, applyPrefix) { // or it would stand for an apply that is to come
		return dispute.Face{}, dispute.Errorf(dispute.Invalid, "decide", "keys that begin with %s are Rebuttal's own: send another", applyPrefix)
	}
	return d.decide(ctx, by, caseID, in)
}

func (d *Desk) decide(ctx context.Context, by Actor, caseID string, in dispute.Decision) (dispute.Face, error) {
	right, known := needed(in.Kind)
	if !known {
		return dispute.Face{}, dispute.Errorf(dispute.Invalid, "decide", "unknown decision %q; known are %v", in.Kind, dispute.Decisions)
	}
	if err := by.need(right); err != nil {
		return dispute.Face{}, err
	}
	row, err := d.DB.GetCase(ctx, caseID)
	if err != nil {
		return dispute.Face{}, err
	}
	if row.WorkflowID == "" {
		return dispute.Face{}, dispute.Errorf(dispute.Transient, "decide "+row.ID, "the case has just come in; try again in a moment")
	}
	if err := d.feasible(ctx, row, in); err != nil {
		return dispute.Face{}, err
	}
	in.By, in.At = by.ID, d.Now().UTC()
	if in.ID == "" {
		in.ID = uuid.NewString()
	}
	return d.update(ctx, row, in)
}

// feasible refuses a plan that nobody could carry out: an unknown response, and a
// queue that neither the case's rules have nor those in force.
func (d *Desk) feasible(ctx context.Context, row store.CaseRow, in dispute.Decision) error {
	const op = "decide"
	if in.Response != "" && in.Response != dispute.ResponseContest && in.Response != dispute.ResponseAccept {
		return dispute.Errorf(dispute.Invalid, op, "unknown response %q; known are %s and %s", in.Response, dispute.ResponseContest, dispute.ResponseAccept)
	}
	if in.Queue == "" {
		return nil
	}
	own, err := d.DB.RuleSet(ctx, row.RuleSet)
	if err != nil && dispute.KindOf(err) != dispute.NotFound {
		return err
	}
	live, err := d.live(ctx)
	if err != nil {
		return err
	}
	var known []string
	for _, source := range []string{own.Source, live.Source} {
		if set, err := rules.Read("rules", []byte(source)); err == nil {
			known = slices.AppendSeq(known, maps.Keys(set.Queues))
		}
	}
	if slices.Contains(known, in.Queue) {
		return nil
	}
	slices.Sort(known)
	return dispute.Errorf(dispute.Invalid, op, "there is no queue %q; known are %s", in.Queue, strings.Join(slices.Compact(known), ", "))
}

func (d *Desk) update(ctx context.Context, row store.CaseRow, in dispute.Decision) (dispute.Face, error) {
	op := "decide: " + string(in.Kind) + " " + row.ID
	h, err := d.Temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		UpdateID: in.ID, WorkflowID: row.WorkflowID, UpdateName: string(in.Kind), Args: []any{in},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	var face dispute.Face
	if err == nil {
		err = h.Get(ctx, &face)
	}
	var refused *temporal.ApplicationError
	var ended *serviceerror.NotFound
	switch {
	case err == nil:
		return face, nil
	case errors.As(err, &refused):
		return face, dispute.Errorf(dispute.Conflict, op, "%s", refused.Message())
	case errors.As(err, &ended):
		return face, dispute.Errorf(dispute.Conflict, op, "%w", errEnded)
	default:
		return face, &dispute.Error{Kind: dispute.Transient, Op: op, Err: fmt.Errorf("the case's workflow did not answer: %w", err)}
	}
}

// Note keeps a person's words with the case, also with a closed one. They are
// never sent anywhere. The same id told again is the same note; an empty one
// is always a new note.
func (d *Desk) Note(ctx context.Context, by Actor, caseID, id, text string) (dispute.Face, error) {
	if strings.TrimSpace(text) == "" {
		return dispute.Face{}, dispute.Errorf(dispute.Invalid, "note", "a note needs words")
	}
	item := dispute.Item{ID: id, Kind: dispute.ItemNote, Title: "Note by " + by.ID, Facts: map[string]string{dispute.FactText: masked(text)}}
	return d.add(ctx, by, caseID, dispute.DecideNote, item)
}

func (d *Desk) add(ctx context.Context, by Actor, caseID string, kind dispute.DecisionKind, item dispute.Item) (dispute.Face, error) {
	if err := by.need(MayWorkCases); err != nil {
		return dispute.Face{}, err
	}
	row, err := d.DB.GetCase(ctx, caseID)
	if err != nil {
		return dispute.Face{}, err
	}
	if kind == dispute.DecideAttach && row.Status.Ended() {
		return dispute.Face{}, dispute.Errorf(dispute.Conflict, "attach "+row.ID, "the case is closed: nothing more will be sent")
	}
	if item.ID == "" {
		item.ID = uuid.NewString()
	}
	item.Source, item.At = "person:"+by.ID, d.Now().UTC()
	if err := d.DB.InCase(ctx, row.Ref, func(tx *store.CaseTx) error { return keepOnce(tx, item) }); err != nil {
		return dispute.Face{}, err
	}
	face, err := d.Decide(ctx, by, caseID, dispute.Decision{ID: item.ID, Kind: kind, Item: item.ID})
	if kind == dispute.DecideNote && errors.Is(err, errEnded) {
		return dispute.Face{Status: row.Status, Stage: row.View.Snapshot.Stage, Next: row.Next}, d.noteLate(ctx, row, item)
	}
	return face, err
}

// keepOnce keeps what a person adds. The same again under the same id changes
// nothing; something else is a Conflict, for what is told is not untold.
func keepOnce(tx *store.CaseTx, item dispute.Item) error {
	items, err := tx.Items()
	if err != nil {
		return err
	}
	for _, kept := range items {
		if kept.Source != item.Source || kept.ID != item.ID {
			continue
		}
		isNote := item.Kind == dispute.ItemNote
		if isNote != (kept.Kind == dispute.ItemNote) || kept.Blob.SHA256 != item.Blob.SHA256 || isNote && kept.Facts[dispute.FactText] != item.Facts[dispute.FactText] {
			return dispute.Errorf(dispute.Conflict, "add "+item.ID, "this key was used for something else: send another")
		}
		return nil
	}
	return tx.SaveItems([]dispute.Item{item})
}

// noteLate writes a note into the history of a case whose workflow has ended.
func (d *Desk) noteLate(ctx context.Context, row store.CaseRow, item dispute.Item) error {
	return d.DB.InCase(ctx, row.Ref, func(tx *store.CaseTx) error {
		return tx.Append(store.Event{
			Key: "note/" + item.ID, Kind: "decided:" + string(dispute.DecideNote), Actor: strings.TrimPrefix(item.Source, "person:"),
			At: item.At, Data: []byte(`{"item":` + strconv.Quote(item.ID) + `}`),
		})
	})
}

// errEnded says that the case's workflow has ended.
var errEnded = errors.New("the case is closed")

// Click takes a button that somebody pressed in a chat as their decision. Who
// the team's list does not know, or who lacks the right, is refused; so is
// what the workflow refuses. A refusal is final for the click and is told to
// the person where the chat offers a way.
func (d *Desk) Click(ctx context.Context, connection string, c integrations.Click) error {
	by, err := d.clicker(connection, c.UserID)
	if err != nil {
		return err
	}
	in := dispute.Decision{ID: c.ID, Kind: c.Kind, Stage: c.Stage}
	if c.Kind == dispute.DecideAssign {
		in.Assignee = by.ID
	}
	_, err = d.Decide(ctx, by, c.CaseID, in)
	return err
}

func (d *Desk) clicker(connection, user string) (Actor, error) {
	for _, p := range d.People {
		if id, known := p.Chats[connection]; known && id == user && user != "" {
			return Actor{ID: p.ID, Role: p.Role}, nil
		}
	}
	return Actor{}, dispute.Errorf(dispute.Auth, "click", "user %s of %s is not in the team's list", user, connection)
}

func masked(text string) string {
	out, _ := evidence.Mask(text)
	return out
}
