// Package scenario holds the scripts of the demo and of the end-to-end tests:
// each plays one dispute against a running Rebuttal and says how it must end.
package scenario

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator"
	"github.com/rebuttal-hq/rebuttal/simulator/slack"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// Manager is the Slack user who approves in the scripts.
const Manager = "U0MANAGER"

// Scenario is one script.
type Scenario struct {
	Name  string
	About string
	Play  func(ctx context.Context, s *Stage) error
	End   End
}

// End is how a scenario must end, in plain words of the outside: the case's
// status and what the provider counted.
type End struct {
	Status      string // won, lost, accepted, closed
	Submissions int    // distinct submissions the provider saw
	Accepted    bool   // the provider was told that the merchant gives up
	// Net is what the dispute did to the provider's balance, in minor units.
	Net int64
	// Ticket says that the help desk has one ticket of the case; otherwise none.
	Ticket bool
}

// Stage is what a script plays on.
type Stage struct {
	*simulator.Simulator
	Connection string // of the dispute's provider; empty means Stripe's
	Dispute    string // the id, once opened
	// ByHand plays the analyst who answers at a provider that takes no answers
	// from here: it waits for the packet, with late until the cut-off has given
	// the case to a person, and says that the answer is given.
	ByHand func(ctx context.Context, s *Stage, late bool) error
}

// Days sleeps for policy days.
func (s *Stage) Days(ctx context.Context, n float64) error {
	select {
	case <-time.After(time.Duration(n * float64(s.World.Day()))):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Open sells something and disputes it.
func (s *Stage) Open(o world.OrderOptions, d stripe.DisputeOptions) {
	s.Dispute = s.Stripe.Open(s.World.NewOrder(o), d)
}

// Until waits for a condition.
func (s *Stage) Until(ctx context.Context, what string, ok func() bool) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("dispute %s: waited for %s: %w", s.Dispute, what, ctx.Err())
		}
	}
	return nil
}

// Answered waits until the provider has our answer.
func (s *Stage) Answered(ctx context.Context) error {
	return s.Until(ctx, "an answer", func() bool {
		d, ok := s.Stripe.Dispute(s.Dispute)
		return ok && (d.Submissions > 0 || d.Accepted)
	})
}

// Verdict waits for our answer, lets the bank think and decides.
func (s *Stage) Verdict(ctx context.Context, won bool) error {
	if err := s.Answered(ctx); err != nil {
		return err
	}
	if err := s.Days(ctx, 2); err != nil {
		return err
	}
	return s.Stripe.Decide(s.Dispute, won)
}

// Card waits for the dispute's card in Slack that has a button.
func (s *Stage) Card(ctx context.Context, action string) (slack.Message, error) {
	var found slack.Message
	err := s.Until(ctx, "a card with "+action, func() bool {
		for _, m := range s.Slack.Messages() {
			blocks := string(m.Blocks)
			if m.ThreadTS == "" && strings.Contains(blocks, s.Dispute) && strings.Contains(blocks, `"action_id":"`+action+`"`) {
				found = m
				return true
			}
		}
		return false
	})
	return found, err
}

// Held opens a dispute whose events are kept back until they are let go.
func (s *Stage) Held(o world.OrderOptions, d stripe.DisputeOptions) {
	d.Hold = true
	s.Open(o, d)
}

// Send delivers the held events in the order of their types, each times times.
func (s *Stage) Send(times int, types ...string) error {
	for _, kind := range types {
		for _, e := range s.Stripe.Events(s.Dispute) {
			if e.Type != "charge.dispute."+kind {
				continue
			}
			if err := s.Stripe.Deliver(e.ID, times); err != nil {
				return err
			}
		}
	}
	return nil
}
