package backtest

import (
	"testing"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

func TestRatesRoundAsRulesDo(t *testing.T) {
	t.Parallel()
	r, err := ratesOf(rules.Default())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		from dispute.Money
		want int64
	}{
		{dispute.Money{Minor: 500, Currency: "USD"}, 500},
		{dispute.Money{Minor: 1000, Currency: "EUR"}, 1100},
		{dispute.Money{Minor: 5, Currency: "EUR"}, 6},   // 5.5
		{dispute.Money{Minor: -5, Currency: "EUR"}, -6}, // halves away from zero
		{dispute.Money{Minor: 4, Currency: "EUR"}, 4},   // 4.4
		{dispute.Money{Minor: 1000, Currency: "JPY"}, 670},
		{dispute.Money{Currency: "GBP"}, 0},
	} {
		if got, err := r.convert(c.from); err != nil || got != (dispute.Money{Minor: c.want, Currency: "USD"}) {
			t.Errorf("%s is %s, %v; want %d", c.from, got, err, c.want)
		}
	}
	for _, m := range []dispute.Money{{Minor: 1, Currency: "SEK"}, {Minor: 9e18, Currency: "GBP"}, {Minor: 9e18, Currency: "EUR"}} {
		if got, err := r.convert(m); dispute.KindOf(err) != dispute.Invalid || err == nil {
			t.Errorf("%s is %s, %v", m, got, err)
		}
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
