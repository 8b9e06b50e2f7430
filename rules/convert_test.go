package rules_test

import (
	"testing"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

func TestConvertRounds(t *testing.T) {
	t.Parallel()
	set := rules.Default()
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
		if got, err := set.Convert(c.from); err != nil || got != (dispute.Money{Minor: c.want, Currency: "USD"}) {
			t.Errorf("%s is %s, %v; want %d", c.from, got, err, c.want)
		}
	}
	for _, m := range []dispute.Money{{Minor: 1, Currency: "SEK"}, {Minor: 9e18, Currency: "GBP"}, {Minor: 9e18, Currency: "EUR"}} {
		if got, err := set.Convert(m); dispute.KindOf(err) != dispute.Invalid || err == nil {
			t.Errorf("%s is %s, %v", m, got, err)
		}
	}
}
