package workflows

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// event notes something for the case's history; data is name, value, name,
// value. It is written with the next publish.
func (d *run) event(kind, actor string, data ...string) {
	d.Told++
	e := activities.Event{Key: fmt.Sprintf("%d/%d/%s", d.Part, d.Told, kind), Kind: kind, Actor: actor, Data: map[string]string{}}
	for i := 0; i+1 < len(data); i += 2 {
		if data[i+1] != "" {
			e.Data[data[i]] = data[i+1]
		}
	}
	d.events = append(d.events, e)
	d.dirty = true
}

// tell publishes without waiting for the outcome to matter: a failure to show
// must not hold up an answer.
func (d *run) tell(ctx workflow.Context, m move) {
	if err := d.publish(ctx, m, false); err != nil {
		workflow.GetLogger(ctx).Error("publish", "case", d.Ref.CaseID(), "error", err)
	}
}

// publish stores how the case stands, when that changed, and shows it
// wherever people look.
func (d *run) publish(ctx workflow.Context, m move, closing bool) error {
	face := d.face(m)
	if reflect.DeepEqual(face, d.Face) && len(d.events) == 0 && len(d.unstored) == 0 && !closing {
		return nil
	}
	in := activities.PublishInput{
		Ref: d.Ref, Part: d.Part, Face: face, Events: d.events, Sources: d.Sources, Packet: d.Packet.Hash, Given: d.Answer.Given(),
	}
	if closing {
		state, err := json.Marshal(d.State)
		if err != nil {
			return err
		}
		in.Closing = state
	}
	d.events = nil
	if err := own(ctx, "publish: "+string(face.Status), steps.Publish, in, nil); err != nil {
		return err
	}
	if attrs := attributes(d.filed, face, d.Known); len(attrs) > 0 {
		if err := workflow.UpsertTypedSearchAttributes(ctx, attrs...); err != nil {
			return err
		}
	}
	changed := d.news || shows(d.Face) != shows(face)
	d.Face, d.filed, d.news = face, face, false
	d.answerDecisions()
	workflow.SetCurrentDetails(ctx, details(&d.State))
	if changed {
		d.show(ctx)
	}
	return nil
}

// shows is the part of a face whose change is worth telling people.
func shows(f dispute.Face) string {
	return fmt.Sprint(f.Status, f.Stage, f.Needs, f.Queue, f.Assignee, f.Decided, f.Deadline.Unix())
}

func (d *run) face(m move) dispute.Face {
	f := dispute.Face{
		Status: m.Status, Stage: d.Known.Stage, Next: m.Next, NextAt: m.At, Needs: m.Needs,
		Queue: d.queue(), Assignee: d.Assignee, Deadline: d.Known.Deadline.At, Strength: d.Packet.Strength,
		CutOff: d.Plan.CutOff, Response: wanted(&d.State), Decided: decided(&d.State),
	}
	if d.Answer != nil {
		f.Response = d.Answer.Response
	}
	return f
}

func decided(s *State) string {
	switch {
	case s.Outcome != "":
		return "Verdict: " + string(s.Outcome)
	case s.Answer != nil && s.Answer.Outcome == dispute.AnswerSent:
		return fmt.Sprintf("%s by %s at %s", verb(s), s.Answer.By, stamp(s.Answer.At))
	default:
		return ""
	}
}

func verb(s *State) string {
	if s.Answer.Response == dispute.ResponseAccept {
		return "Accepted"
	}
	return "Submitted"
}

// stamp writes a time for people and for history: UTC, to the second.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}
