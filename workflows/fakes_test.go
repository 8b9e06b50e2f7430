package workflows

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// fakes has a method for each of activities.Steps, backed by a world.
type fakes struct{ w *world }

func TestFakesHaveTheSignaturesOfTheSteps(t *testing.T) {
	t.Parallel()
	want, fake := reflect.TypeFor[*activities.Steps](), reflect.TypeFor[*fakes]()
	if want.NumMethod() != fake.NumMethod() {
		t.Errorf("%d steps, %d fakes", want.NumMethod(), fake.NumMethod())
	}
	for m := range want.Methods() {
		f, ok := fake.MethodByName(m.Name)
		if !ok {
			t.Errorf("no fake for %s", m.Name)
			continue
		}
		for i := 1; i < m.Type.NumIn(); i++ {
			if m.Type.In(i) != f.Type.In(i) {
				t.Errorf("%s takes %v, its fake %v", m.Name, m.Type.In(i), f.Type.In(i))
			}
		}
		for i := range m.Type.NumOut() {
			if m.Type.Out(i) != f.Type.Out(i) {
				t.Errorf("%s returns %v, its fake %v", m.Name, m.Type.Out(i), f.Type.Out(i))
			}
		}
	}
}

// enter counts an attempt and lets the test's hook have its way.
func (f *fakes) enter(ctx context.Context, step string, in any) error {
	w, info := f.w, activity.GetInfo(ctx)
	w.mu.Lock()
	c := call{step: step, n: 1, retry: info.Attempt > 1, quick: info.IsLocalActivity, queue: info.TaskQueue, at: w.now(), in: in}
	for _, before := range w.calls {
		if before.step == step {
			c.n++
		}
	}
	w.calls = append(w.calls, c)
	hook := w.hooks[step]
	w.mu.Unlock()
	if hook == nil {
		return nil
	}
	return hook(c)
}

func (f *fakes) Record(ctx context.Context, in activities.RecordInput) (activities.Recorded, error) {
	if err := f.enter(ctx, "Record", in); err != nil {
		return activities.Recorded{}, err
	}
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	for _, id := range in.Events {
		f.w.view = dispute.Fold(f.w.view, f.w.inbox[id])
	}
	s := f.w.view.Snapshot
	return activities.Recorded{
		Entries: len(s.Movements),
		Known: activities.Known{
			Title: "Visa 10.4", Merchant: "acme", Family: dispute.FamilyFraudulent, Amount: s.Amount,
			Network: s.Network, NetworkCode: s.NetworkCode, Reason: s.Reason, RawStatus: s.RawStatus, Status: s.Status, Stage: s.Stage,
			Deadline: dispute.Earliest(f.w.view, dispute.Windows{}), PastDue: s.PastDue, AnsweredAt: f.w.view.AnsweredAt,
			Submissions: s.SubmissionCount, AutoAnswer: s.AutoAnswer,
		},
	}, nil
}

func (f *fakes) Plan(ctx context.Context, in activities.PlanInput) (activities.Plan, error) {
	if err := f.enter(ctx, "Plan", in); err != nil {
		return activities.Plan{}, err
	}
	w := f.w
	w.mu.Lock()
	defer w.mu.Unlock()
	now, deadline := w.env.Now(), w.view.Snapshot.DueBy
	p := w.plan
	if p.RuleSet = in.RuleSet; p.RuleSet == "" {
		p.RuleSet = "set-1"
	}
	p.SourcesUntil = now.Add(w.patience)
	if deadline.IsZero() {
		return p, nil
	}
	p.CutOff = deadline.Add(-w.margin)
	if !p.CutOff.After(now) && deadline.After(now) {
		p.CutOff = now.Add(deadline.Sub(now) / 2)
	}
	for kind, steps := range map[string][]time.Duration{activities.RungRemind: w.remind, activities.RungEscalate: w.escalate} {
		for _, d := range steps {
			if at := p.CutOff.Add(-d); at.After(now) {
				p.Rungs = append(p.Rungs, activities.Rung{Kind: kind, Name: d.String() + " before the cut-off", At: at})
			}
		}
	}
	slices.SortFunc(p.Rungs, func(a, b activities.Rung) int { return a.At.Compare(b.At) })
	if p.CutOff.Before(p.SourcesUntil) {
		p.SourcesUntil = p.CutOff
	}
	return p, nil
}

func (f *fakes) Gather(ctx context.Context, in activities.GatherInput) (dispute.SourceResult, error) {
	if err := f.enter(ctx, "Gather", in); err != nil {
		return dispute.SourceResult{}, err
	}
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	f.w.answered[in.Connection] = true
	return dispute.SourceResult{Connection: in.Connection, Outcome: dispute.SourceAnswered, Items: 2}, nil
}

// Compose makes a packet whose hash tells how many sources are in it.
func (f *fakes) Compose(ctx context.Context, in activities.ComposeInput) (activities.PacketRef, error) {
	if err := f.enter(ctx, "Compose", in); err != nil {
		return activities.PacketRef{}, err
	}
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	f.w.packet = fmt.Sprintf("packet-of-%d", len(f.w.answered))
	return activities.PacketRef{Hash: f.w.packet, Complete: !f.w.incomplete, Strength: 3}, nil
}

func (f *fakes) Submit(ctx context.Context, in activities.RespondInput) (activities.Responded, error) {
	return f.respond(ctx, "Submit", dispute.ResponseContest, in)
}

func (f *fakes) Accept(ctx context.Context, in activities.RespondInput) (activities.Responded, error) {
	return f.respond(ctx, "Accept", dispute.ResponseAccept, in)
}

// respond keeps the promise of activities.once: one intent per case, part,
// stage and attempt; asked again, it gives the receipt and sends nothing.
func (f *fakes) respond(ctx context.Context, step string, word dispute.Response, in activities.RespondInput) (activities.Responded, error) {
	if err := f.enter(ctx, step, in); err != nil {
		return activities.Responded{}, err
	}
	w := f.w
	w.mu.Lock()
	defer w.mu.Unlock()
	key := fmt.Sprintf("%s/%d/%s/respond/%d", in.Ref.CaseID(), in.Part, in.Stage, in.Attempt)
	if got, ok := w.receipts[key]; ok {
		return got, nil
	}
	got := activities.Responded{Response: word, Outcome: w.outcome, Key: key, PacketHash: w.packet, At: w.env.Now(), By: in.By}
	w.receipts[key] = got
	w.events = append(w.events, activities.Event{Key: key, Kind: "responded", Actor: in.By, Data: map[string]string{"outcome": got.Outcome}})
	if w.outcome == dispute.AnswerSent {
		w.sent = append(w.sent, got)
	}
	return got, nil
}

func (f *fakes) Report(ctx context.Context, in activities.ReportInput) error {
	return f.enter(ctx, "Report", in)
}

func (f *fakes) Publish(ctx context.Context, in activities.PublishInput) error {
	if err := f.enter(ctx, "Publish", in); err != nil {
		return err
	}
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	f.w.faces = append(f.w.faces, shown{f.w.now(), in.Face})
	f.w.events = append(f.w.events, in.Events...)
	if in.Closing == nil {
		return nil
	}
	var s State
	if err := json.Unmarshal(in.Closing, &s); err != nil {
		return err
	}
	f.w.closing = append(f.w.closing, s)
	return nil
}

func (f *fakes) Announce(ctx context.Context, in activities.AnnounceInput) error {
	return f.enter(ctx, "Announce", in)
}

func (f *fakes) Claim(ctx context.Context, in activities.ClaimInput) (activities.Claimed, error) {
	return activities.Claimed{Claimed: true, Method: "evidence_by_provider"}, f.enter(ctx, "Claim", in)
}

func (f *fakes) Push(ctx context.Context, in activities.PushInput) error {
	if err := f.enter(ctx, "Push", in); err != nil {
		return err
	}
	f.writes("pushed", map[string]string{"connection": in.Connection})
	return nil
}

func (f *fakes) Sweep(ctx context.Context, in activities.SweepInput) (activities.Swept, error) {
	return activities.Swept{Listed: 1}, f.enter(ctx, "Sweep", in)
}

// writes adds to the case's history, as some steps do by themselves.
func (f *fakes) writes(kind string, data map[string]string) {
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	f.w.events = append(f.w.events, activities.Event{Key: fmt.Sprintf("%s/%d", kind, len(f.w.events)), Kind: kind, Data: data})
}
