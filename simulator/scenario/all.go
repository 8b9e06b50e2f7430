package scenario

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/faults"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// All are Stripe's scripts, in the order the demo starts them.
var All = []Scenario{
	{
		Name: "won", About: "goods arrived; the packet goes out by itself and wins",
		End: End{Status: "won", Submissions: 1, Net: -1500},
		Play: func(ctx context.Context, s *Stage) error {
			s.Open(world.OrderOptions{}, stripe.DisputeOptions{Reason: "product_not_received", NetworkCode: "13.1"})
			return s.Verdict(ctx, true)
		},
	},
	{
		Name: "lost", About: "contested by rule, and lost",
		End: End{Status: "lost", Submissions: 1, Net: -6450 - 3000},
		Play: func(ctx context.Context, s *Stage) error {
			s.Open(world.OrderOptions{Total: 6450}, stripe.DisputeOptions{Reason: "product_not_received", NetworkCode: "13.1"})
			return s.Verdict(ctx, false)
		},
	},
	{
		Name: "compelling-evidence", About: "a fraud claim, answered with two earlier sales to the same buyer",
		End: End{Status: "won", Submissions: 1, Net: -1500},
		Play: func(ctx context.Context, s *Stage) error {
			s.Open(world.OrderOptions{Total: 24900}, stripe.DisputeOptions{Reason: "fraudulent", NetworkCode: "10.4", Earlier: 2})
			if err := s.Answered(ctx); err != nil {
				return err
			}
			if d, ok := s.Stripe.Dispute(s.Dispute); !ok || !d.Qualified {
				return errors.New("the answer does not qualify for Visa's Compelling Evidence 3.0")
			}
			return s.Verdict(ctx, true)
		},
	},
	{
		Name: "accepted-by-rule", About: "too small to fight: a rule accepts it",
		End: End{Status: "accepted", Accepted: true, Net: -999 - 1500},
		Play: func(ctx context.Context, s *Stage) error {
			s.Open(world.OrderOptions{Total: 999}, stripe.DisputeOptions{Reason: "general"})
			return s.Answered(ctx)
		},
	},
	{
		Name: "inquiry-closed", About: "an inquiry is answered and never becomes a chargeback",
		End: End{Status: "closed", Submissions: 1},
		Play: func(ctx context.Context, s *Stage) error {
			s.Open(world.OrderOptions{CardBrand: "amex"}, stripe.DisputeOptions{Reason: "product_not_received", Inquiry: true})
			if err := s.Answered(ctx); err != nil {
				return err
			}
			if err := s.Days(ctx, 2); err != nil {
				return err
			}
			return s.Stripe.CloseInquiry(s.Dispute)
		},
	},
	{
		Name: "due-date-moved", About: "the provider brings the deadline forward; the timers follow",
		End: End{Status: "won", Submissions: 1, Net: -1500, Ticket: true},
		Play: func(ctx context.Context, s *Stage) error {
			s.Open(world.OrderOptions{Total: 62000, Undelivered: true}, stripe.DisputeOptions{Reason: "product_not_received", NetworkCode: "13.1", DueIn: 20 * s.World.Day()})
			if err := s.Days(ctx, 1); err != nil {
				return err
			}
			due := s.World.Now().Add(6 * s.World.Day())
			if err := s.Stripe.MoveDue(s.Dispute, due); err != nil {
				return err
			}
			return s.Verdict(ctx, true)
		},
	},
	{
		Name: "closed-before-created", About: "notices arrive in the wrong order",
		End: End{Status: "lost", Net: -8900 - 1500},
		Play: func(ctx context.Context, s *Stage) error {
			s.Held(world.OrderOptions{Total: 8900}, stripe.DisputeOptions{Reason: "fraudulent", NetworkCode: "10.4"})
			if err := s.Stripe.Decide(s.Dispute, false); err != nil {
				return err
			}
			if err := s.Send(1, "closed"); err != nil {
				return err
			}
			if err := s.Days(ctx, 0.5); err != nil {
				return err
			}
			return s.Send(1, "funds_withdrawn", "created")
		},
	},
	{
		Name: "redelivered-thrice", About: "every notice comes three times",
		End: End{Status: "won", Submissions: 1, Net: -1500},
		Play: func(ctx context.Context, s *Stage) error {
			s.Held(world.OrderOptions{}, stripe.DisputeOptions{Reason: "product_not_received", NetworkCode: "13.1"})
			if err := s.Send(3, "created", "funds_withdrawn"); err != nil {
				return err
			}
			if err := s.Verdict(ctx, true); err != nil {
				return err
			}
			return s.Send(3, "updated", "funds_reinstated", "closed")
		},
	},
	{
		Name: "vendor-down", About: "the warehouse is down for a while, and Stripe fails after it has done the work",
		End: End{Status: "won", Submissions: 1, Net: -1500},
		Play: func(ctx context.Context, s *Stage) error {
			s.Faults.Add(faults.Fault{Vendor: "shipbob", Mode: faults.Down})
			s.Open(world.OrderOptions{}, stripe.DisputeOptions{Reason: "product_not_received", NetworkCode: "13.1"})
			s.Faults.Add(faults.Fault{Vendor: "stripe", Method: "POST", Path: "/v1/disputes/" + s.Dispute, Mode: faults.ErrorCommitted, Times: 1})
			if err := s.Days(ctx, 1.5); err != nil {
				return err
			}
			s.Faults.Clear("shipbob")
			return s.Verdict(ctx, true)
		},
	},
	{
		Name: "approval-in-slack", About: "a large case waits for a manager, who approves it in Slack",
		End: End{Status: "won", Submissions: 1, Net: -1500, Ticket: true},
		Play: func(ctx context.Context, s *Stage) error {
			s.Open(world.OrderOptions{Total: 72000}, stripe.DisputeOptions{Reason: "product_not_received", NetworkCode: "13.1"})
			card, err := s.Card(ctx, "approve")
			if err != nil {
				return err
			}
			if err := s.Days(ctx, 0.5); err != nil {
				return err
			}
			if err := s.Click(ctx, card, "approve", Manager); err != nil {
				return err
			}
			return s.Verdict(ctx, true)
		},
	},
	{
		Name: "cut-off", About: "it waits for an approval that nobody gives; the cut-off sends it",
		End: End{Status: "won", Submissions: 1, Net: -1500, Ticket: true},
		Play: func(ctx context.Context, s *Stage) error {
			s.Open(world.OrderOptions{Total: 81000}, stripe.DisputeOptions{Reason: "product_not_received", NetworkCode: "13.1", DueIn: 5 * s.World.Day()})
			return s.Verdict(ctx, true)
		},
	},
	{
		Name: "won-then-lost", About: "won, and lost again weeks later, after the case was closed",
		End: End{Status: "lost", Submissions: 1, Net: -12900 - 1500},
		Play: func(ctx context.Context, s *Stage) error {
			s.Open(world.OrderOptions{Total: 12900}, stripe.DisputeOptions{Reason: "product_not_received", NetworkCode: "13.1"})
			if err := s.Verdict(ctx, true); err != nil {
				return err
			}
			if err := s.Days(ctx, 5); err != nil {
				return err
			}
			return s.Stripe.Decide(s.Dispute, false)
		},
	},
	{
		Name: "refund-already-given", About: "the customer had the money back before; the refund is the answer",
		End: End{Status: "won", Submissions: 1, Net: -1500},
		Play: func(ctx context.Context, s *Stage) error {
			s.Open(world.OrderOptions{Refunded: true}, stripe.DisputeOptions{Reason: "credit_not_processed", NetworkCode: "13.7"})
			return s.Verdict(ctx, true)
		},
	},
}

// Named is the script of a name.
func Named(name string) (Scenario, bool) {
	for _, s := range slices.Concat(All, Providers) {
		if s.Name == name {
			return s, true
		}
	}
	return Scenario{}, false
}

// Patience is how long a script may take to end when a day lasts day.
func Patience(day time.Duration) time.Duration { return 60*day + 2*time.Minute }
