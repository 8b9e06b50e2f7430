package backtest

import (
	"testing"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/odds"
)

// Without history all these groups have the same chance, wrong by the same: the
// interval is as wide however the disputes are spread, and whichever way they move.
func TestIntervalIsAsWideOverManyGroups(t *testing.T) {
	t.Parallel()
	nothing := &lessons{}
	half := func(groups int, sign int64) int64 {
		s := spread{}
		for i := range 1200 {
			g := odds.Group{Family: dispute.FamilyFraudulent, Network: "visa", Strength: i % groups}
			stake := int64(1000)
			if i%groups == 1 {
				stake *= sign
			}
			s.take(lesson{-1, g}, stake)
		}
		return s.half(nothing)
	}
	if one, many, both := half(1, 1), half(12, 1), half(12, -1); one != many || one != both {
		t.Errorf("one group ±%d, twelve ±%d, one of them the other way ±%d", one, many, both)
	}
}

func TestSquaresDoNotOverflow(t *testing.T) {
	t.Parallel()
	var s sum128
	for range 1000 {
		s.addSquare(-1 << 50)
	}
	if want := 1000 * 0x1p100; s.float() != want {
		t.Errorf("%g, want %g", s.float(), want)
	}
}
