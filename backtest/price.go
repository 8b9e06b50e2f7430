package backtest

import (
	"math"
	"math/bits"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/history"
	"github.com/rebuttal-hq/rebuttal/odds"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// comparison is one dispute under both sets.
type comparison struct {
	past        *history.Past
	was, would  rules.Route
	live, draft routed
	priced      bool   // its amount could be converted
	lesson      lesson // behind what is estimated
	amount      int64  // all amounts are minor units of the base currency
	liveWorth   worth
	draftWorth  worth
}

// worth is what one answer brought, or would bring on average.
type worth struct {
	won, lost int64
	costs     int64 // fees and work
	known     bool  // the verdict was used
	estimated bool  // by odds, because it was answered otherwise or is not decided
	stake     int64 // of a contested one: what winning is worth more than losing
	feeless   bool  // a fee without a rate is missing from the costs
}

func (w worth) net() int64 { return w.won - w.costs }

func (c *comparison) difference() int64 { return c.draftWorth.net() - c.liveWorth.net() }

// price says what both decisions are worth. A dispute whose amount cannot be
// converted is not priced.
func (c *comparison) price(j *judge) {
	c.lesson = j.odds.lesson(c.past, c.past.Strength)
	base, err := j.live.set.Convert(c.past.Amount)
	if err != nil {
		return
	}
	c.amount = base.Minor
	c.liveWorth, err = j.worth(c, c.live.Respond)
	if err == nil && c.draft.Respond == c.live.Respond {
		c.draftWorth = c.liveWorth
	} else if err == nil {
		c.draftWorth, err = j.worth(c, c.draft.Respond)
	}
	c.priced = err == nil
}

// certain is a verdict as a chance.
func certain(won bool) odds.Chance {
	out := odds.Chance{Steps: []odds.Step{{Of: "the verdict"}}}
	if won {
		out.P, out.Low, out.High = 1, 1, 1
	}
	return out
}

func (j *judge) worth(c *comparison, respond dispute.Response) (worth, error) {
	p := c.past
	known := p.Outcome != "" && p.Response == respond
	chance := j.odds.chance(p, p.Strength)
	if known {
		chance = certain(p.Outcome == history.Won)
	}
	asked := odds.Case{
		Amount: p.Amount, Network: p.Network, Provider: p.Provider, OpenedAt: p.OpenedAt, Now: p.OpenedAt,
		Handling: j.live.set.HandlingCost, Convert: j.live.set.Convert,
	}
	advice, err := odds.Advise(asked, chance)
	if err != nil {
		return worth{}, err
	}
	if respond == dispute.ResponseAccept {
		return worth{lost: c.amount, costs: -advice.Accept.Total.Minor, known: known, feeless: advice.Accept.LeavesOut()}, nil
	}
	won := int64(math.Round(float64(c.amount) * chance.P))
	w := worth{won: won, lost: c.amount - won, costs: won - advice.Contest.Total.Minor, known: known, estimated: !known, feeless: advice.Contest.LeavesOut()}
	stake, err := asked.Stake()
	w.stake = stake.Minor
	return w, err
}

// spread gathers how uncertain a sum is. All its figures are whole, so that their
// order does not count.
type spread map[lesson]share

// share are the stakes that hang on one chance, with the sign by which they go
// into the sum.
type share struct {
	stakes  int64
	squares sum128
}

func (s spread) take(of lesson, stake int64) {
	sh := s[of]
	sh.stakes += stake
	sh.squares.addSquare(stake)
	s[of] = sh
}

func (s spread) add(other spread) {
	for of, more := range other {
		sh := s[of]
		sh.stakes += more.stakes
		sh.squares.add(more.squares)
		s[of] = sh
	}
}

// eighty is how many deviations hold 80 in 100.
const eighty = 1.2815515655446004

// half is half of the interval that holds the sum with 80 in 100. Each dispute is
// won or lost by itself. That chances are not well known counts as if all of them
// were wrong at once, each in the direction that moves the sum the same way: they
// lean on one another, and this is rather too wide than too narrow.
func (s spread) half(of *lessons) int64 {
	var variance, bias float64
	for _, key := range sortedLessons(s) {
		chance := of.chance(key)
		variance += s[key].squares.float() * chance.P * (1 - chance.P)
		bias += math.Abs(float64(s[key].stakes)) * (chance.High - chance.Low) / (2 * eighty)
	}
	return int64(math.Round(eighty * math.Sqrt(variance+bias*bias)))
}

// sum128 is a sum of squares that does not overflow.
type sum128 struct{ high, low uint64 }

func (s *sum128) addSquare(n int64) {
	u := uint64(max(n, -n)) // #nosec G115 -- not negative
	high, low := bits.Mul64(u, u)
	s.add(sum128{high, low})
}

func (s *sum128) add(other sum128) {
	var carry uint64
	s.low, carry = bits.Add64(s.low, other.low, 0)
	s.high += other.high + carry
}

func (s sum128) float() float64 { return float64(s.high)*0x1p64 + float64(s.low) }
