package scenario

import (
	"context"
	"fmt"
	"slices"

	"github.com/rebuttal-hq/rebuttal/simulator"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// What the disputed sales of the providers' scripts cost, in minor units. Sales
// of the last kind need an approval.
const (
	wonTotal    = 12900
	lostTotal   = 6450
	cutOffTotal = 81000
)

// Providers are three scripts for each provider beside Stripe: won, lost, and
// answered at the cut-off.
var Providers = providers()

// Demo are the scripts that the demo plays: all of Stripe's, and those of the
// other providers that need not wait for a network's window to end.
func Demo() []Scenario {
	out := slices.Clone(All)
	for _, p := range simulator.Profiles {
		out = append(out, won(p), lost(p))
		if !p.Dates {
			out = append(out, late(p))
		}
	}
	return out
}

func providers() []Scenario {
	var out []Scenario
	for _, p := range simulator.Profiles {
		out = append(out, won(p), lost(p), late(p))
	}
	return out
}

func won(p simulator.Profile) Scenario {
	return Scenario{
		Name: p.Name + "-won", About: "contested at " + p.Name + ", and won",
		End:  end(p, "won", wonTotal),
		Play: func(ctx context.Context, s *Stage) error { return s.contest(ctx, p, wonTotal, true) },
	}
}

func lost(p simulator.Profile) Scenario {
	return Scenario{
		Name: p.Name + "-lost", About: "contested at " + p.Name + ", and lost",
		End:  end(p, "lost", lostTotal),
		Play: func(ctx context.Context, s *Stage) error { return s.contest(ctx, p, lostTotal, false) },
	}
}

func late(p simulator.Profile) Scenario {
	sc := Scenario{
		Name: p.Name + "-cut-off", About: "nobody decides in time; at the cut-off the answer goes to " + p.Name,
		End:  end(p, "won", cutOffTotal),
		Play: func(ctx context.Context, s *Stage) error { return s.cutOff(ctx, p) },
	}
	sc.End.Ticket = !p.NoReason && !p.ByHand
	if p.ByHand {
		sc.About = "the cut-off gives the case to a person, who answers at " + p.Name
	}
	return sc
}

func end(p simulator.Profile, status string, total int64) End {
	e := End{Status: status, Submissions: 1}
	if p.ByHand {
		e.Submissions = 0
	}
	switch {
	case !p.Money:
	case status == "lost":
		e.Net = -total - p.LostFee
	default:
		e.Net = -p.WonFee
	}
	return e
}

// provider is that of a profile, from now on the stage's own.
func (s *Stage) provider(p simulator.Profile) (*simulator.Provider, error) {
	s.Connection = p.Name
	found, ok := s.Provider(p.Name)
	if !ok {
		return nil, fmt.Errorf("there is no provider %s", p.Name)
	}
	return found, nil
}

// contest has a dispute answered by rule, by an approval where no rule may, or
// by hand, and decides it.
func (s *Stage) contest(ctx context.Context, p simulator.Profile, total int64, won bool) error {
	at, err := s.provider(p)
	if err != nil {
		return err
	}
	if s.Dispute, err = at.Open(s.World.NewOrder(world.OrderOptions{Total: total}), 9*s.World.Day()); err != nil {
		return err
	}
	switch {
	case p.ByHand:
		err = s.ByHand(ctx, s, false)
	case p.NoReason:
		err = s.approve(ctx)
	}
	if err != nil {
		return err
	}
	return s.verdict(ctx, at, won)
}

func (s *Stage) approve(ctx context.Context) error {
	card, err := s.Card(ctx, "approve")
	if err != nil {
		return err
	}
	return s.Click(ctx, card, "approve", Manager)
}

// cutOff opens a dispute that needs an approval and gives none.
func (s *Stage) cutOff(ctx context.Context, p simulator.Profile) error {
	at, err := s.provider(p)
	if err != nil {
		return err
	}
	o := world.OrderOptions{Total: cutOffTotal}
	if p.Dates {
		o.CardBrand = "discover" // the shortest window of the networks
	}
	order := s.World.NewOrder(o)
	if p.Escalates {
		err = s.escalated(ctx, at, order)
	} else {
		s.Dispute, err = at.Open(order, 6*s.World.Day())
	}
	if err == nil && p.ByHand {
		err = s.ByHand(ctx, s, true)
	}
	if err != nil {
		return err
	}
	return s.verdict(ctx, at, true)
}

// escalated opens an inquiry and makes a chargeback of it once it is known here.
func (s *Stage) escalated(ctx context.Context, at *simulator.Provider, order world.Order) (err error) {
	if s.Dispute, err = at.OpenInquiry(order); err != nil {
		return err
	}
	if _, err := s.Card(ctx, "approve"); err != nil {
		return err
	}
	return at.Escalate(s.Dispute)
}

// verdict waits until the provider has an answer, where it takes any, and decides.
func (s *Stage) verdict(ctx context.Context, at *simulator.Provider, won bool) error {
	err := s.Until(ctx, "an answer", func() bool {
		seen, _ := at.Seen(s.Dispute)
		return at.ByHand || seen.Submissions > 0 || seen.Accepted
	})
	if err != nil {
		return err
	}
	if err := s.Days(ctx, 2); err != nil {
		return err
	}
	return at.Decide(s.Dispute, won)
}
