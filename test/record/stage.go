package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"
	"go.temporal.io/sdk/client"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/simulator"
	"github.com/rebuttal-hq/rebuttal/simulator/scenario"
	"github.com/rebuttal-hq/rebuttal/store"
)

// stage is what one script plays on: the provider's side and ours.
type stage struct {
	scenario.Stage
	sys      *rehearsal.System
	temporal client.Client
}

func (s *stage) ref() dispute.Ref { return dispute.Ref{Connection: "stripe-us", ID: s.Dispute} }

func (s *stage) row(ctx context.Context) (store.CaseRow, error) {
	return s.sys.App.Desk.Row(ctx, desk.System, s.ref().CaseID())
}

// run is the id of the present run of the case's first part.
func (s *stage) run(ctx context.Context) (string, error) {
	d, err := s.temporal.DescribeWorkflowExecution(ctx, s.ref().WorkflowID(1), "")
	return d.GetWorkflowExecutionInfo().GetExecution().GetRunId(), err
}

// play takes the script's steps and waits until the case stands as it says.
func (s *stage) play(ctx context.Context, sc script) error {
	steps := append(slices.Clone(sc.steps), stands(sc.end))
	if !sc.open {
		steps = append(steps, ended)
	}
	for _, do := range steps {
		if err := do(ctx, s); err != nil {
			row, _ := s.row(context.WithoutCancel(ctx))
			return fmt.Errorf("%w; the case stands as %s: %s; %s", err, row.Status, row.Needs, row.Next)
		}
	}
	return nil
}

// tell lets the provider tell a status that the simulator never has: the
// dispute's last event again, later and with that status, signed and sent as
// any other.
func (s *stage) tell(ctx context.Context, status string) error {
	events := s.Stripe.Events(s.Dispute)
	last := events[len(events)-1]
	at := s.World.Now().Truncate(time.Second)
	if !at.After(last.Created) {
		at = last.Created.Add(time.Second)
	}
	var event map[string]any
	if err := json.Unmarshal(last.Body, &event); err != nil {
		return err
	}
	data, _ := event["data"].(map[string]any)
	object, ok := data["object"].(map[string]any)
	if !ok {
		return fmt.Errorf("event %s is about nothing", last.ID)
	}
	object["status"] = status
	event["id"], event["type"], event["created"] = s.World.NewID("evt_"), "charge.dispute.updated", at.Unix()
	body, err := json.Marshal(event)
	if err != nil {
		return err
	}
	return s.post(ctx, body)
}

func (s *stage) post(ctx context.Context, body []byte) error {
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: body, Secret: simulator.StripeWebhookSecret})
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.sys.Console+"/webhooks/stripe-us", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Stripe-Signature", signed.Header)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the webhook was answered with HTTP %d", resp.StatusCode)
	}
	return nil
}
