package odds

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
)

// Case is what the worth of an answer depends on.
type Case struct {
	Amount   dispute.Money
	Network  string // in any provider's word
	Provider string // the vendor's name
	OpenedAt time.Time
	Now      time.Time
	// Handling is what the work on one answer costs; none when it is zero.
	Handling dispute.Money
	// Convert gives an amount in the currency that sums are made in.
	Convert func(dispute.Money) (dispute.Money, error)
}

// Line is one figure of a sum.
type Line struct {
	What   string        `json:"what"`
	Amount dispute.Money `json:"amount"` // what it adds; a cost is negative
	Origin string        `json:"origin"`
	// LeftOut says that the figure could not be converted and adds nothing.
	LeftOut bool `json:"left_out,omitzero"`
}

// Option is what one answer is worth on average.
type Option struct {
	Lines []Line        `json:"lines"`
	Total dispute.Money `json:"total"`
}

// LeavesOut reports whether a figure is missing from the sum.
func (o Option) LeavesOut() bool {
	return slices.ContainsFunc(o.Lines, func(l Line) bool { return l.LeftOut })
}

// Advice weighs the two answers.
type Advice struct {
	Chance  Chance           `json:"chance"`
	Contest Option           `json:"contest"`
	Accept  Option           `json:"accept"`
	Respond dispute.Response `json:"respond"` // what is worth more; contest on a tie
	// SendBy is when answering becomes dearer; zero when it does not. Until then
	// waiting for better evidence costs nothing.
	SendBy time.Time `json:"send_by,omitzero"`
	Why    string    `json:"why"`
}

// Stake is by how much a contested dispute that is won is worth more than one that
// is lost: the amount, and the provider's fee that is given back. An amount that
// cannot be converted is an error of kind Invalid; a fee is left out.
func (c Case) Stake() (dispute.Money, error) {
	stake, err := c.Convert(c.Amount)
	if err != nil {
		return dispute.Money{}, dispute.Errorf(dispute.Invalid, "odds: stake", "%w", err)
	}
	if fee, err := c.Convert(known().Providers[c.Provider].Countered.Money); err == nil {
		stake.Minor += fee.Minor
	}
	return stake, nil
}

// Advise makes both sums. An amount that cannot be converted is an error of kind
// Invalid; a fee is left out, and its line says so.
func Advise(c Case, chance Chance) (Advice, error) {
	s := summing{convert: c.Convert}
	provider := known().Providers[c.Provider]
	network := known().Networks[networks.Network(c.Network)]
	if c.OpenedAt.IsZero() {
		network = networkFees{} // its days cannot be counted
	}
	contestFee, rises := at(network.Contest, c.OpenedAt, c.Now)
	acceptFee, _ := at(network.Accept, c.OpenedAt, c.Now)
	fromNetwork := origin(network.Source, network.Confidence)

	contest := s.option(
		s.part("the amount, times the chance to win it", c.Amount, chance.P, chance.why()),
		s.fee("the provider's fee for contesting, kept unless we win", provider.Countered.Money, 1-chance.P, origin(provider.Source, provider.Confidence)),
		s.fee("the network's fee for contesting today", contestFee, 1, fromNetwork),
		s.part("the work of one answer", c.Handling.Neg(), 1, "the rules' handling_cost"),
	)
	accept := s.option(s.fee("the network's fee for accepting today", acceptFee, 1, fromNetwork))
	if s.err != nil {
		return Advice{}, dispute.Errorf(dispute.Invalid, "odds: advise", "%w", s.err)
	}
	out := Advice{Chance: chance, Contest: contest, Accept: accept, Respond: dispute.ResponseContest, SendBy: rises}
	verb := "contesting"
	if accept.Total.Minor > contest.Total.Minor {
		out.Respond, verb = dispute.ResponseAccept, "accepting"
	}
	out.Why = fmt.Sprintf("%s is worth more: contesting %s, accepting %s", verb, contest.Total, accept.Total)
	return out, nil
}

// summing converts and rounds each line, so that lines add up to their total.
type summing struct {
	convert func(dispute.Money) (dispute.Money, error)
	zero    dispute.Money
	err     error
}

func (s *summing) part(what string, m dispute.Money, share float64, from string) Line {
	if m.IsZero() || s.err != nil {
		return Line{}
	}
	base, err := s.convert(m)
	if err != nil {
		s.err = err
		return Line{}
	}
	return s.line(what, base, share, from)
}

// fee is a cost without which the sum can be made: when it cannot be converted,
// its line says so and adds nothing.
func (s *summing) fee(what string, m dispute.Money, share float64, from string) Line {
	if m.IsZero() || s.err != nil {
		return Line{}
	}
	base, err := s.convert(m)
	if err != nil {
		return Line{What: what, Amount: s.zero, Origin: fmt.Sprintf("%s is left out: %v; %s", m, err, from), LeftOut: true}
	}
	return s.line(what, base.Neg(), share, from)
}

func (s *summing) line(what string, base dispute.Money, share float64, from string) Line {
	s.zero = dispute.Money{Currency: base.Currency}
	return Line{What: what, Amount: dispute.Money{Minor: int64(math.Round(float64(base.Minor) * share)), Currency: base.Currency}, Origin: from}
}

func (s *summing) option(lines ...Line) Option {
	out := Option{Lines: []Line{}, Total: s.zero}
	for _, l := range lines {
		if l.What == "" {
			continue
		}
		out.Lines = append(out.Lines, l)
		out.Total = dispute.Money{Minor: out.Total.Minor + l.Amount.Minor, Currency: l.Amount.Currency}
	}
	return out
}

func origin(source string, c networks.Confidence) string {
	if source == "" {
		return ""
	}
	return fmt.Sprintf("%s (confidence: %s)", known().Sources[source], c)
}

// why tells where the chance comes from: "31 % of 42 fraudulent, visa".
func (c Chance) why() string {
	last := c.Steps[len(c.Steps)-1]
	if !c.Learned() {
		return fmt.Sprintf("%.0f %%: %s, as there are no outcomes of your own", 100*c.P, last.Of)
	}
	return fmt.Sprintf("%.0f %% (%.0f to %.0f): %d of %d won of %s", 100*c.P, 100*c.Low, 100*c.High, last.Won, last.Won+last.Lost, last.Of)
}
