package shopify

import (
	"fmt"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// moneyBag is an amount in the currency the customer saw and paid in.
type moneyBag struct {
	Presentment struct {
		Amount   string `json:"amount"`
		Currency string `json:"currencyCode"`
	} `json:"presentmentMoney"`
}

// money is the amount in minor units, exactly; no money when the bag is empty.
// The store writes one decimal place at least, also for currencies that have
// none ("500.0" JPY), so zeros that mean nothing are dropped first.
func (b moneyBag) money() (dispute.Money, error) {
	p := b.Presentment
	if p.Amount == "" && p.Currency == "" {
		return dispute.Money{}, nil
	}
	whole, fraction, _ := strings.Cut(p.Amount, ".")
	fraction = strings.TrimRight(fraction, "0")
	if fraction != "" {
		whole += "." + fraction
	}
	m, err := dispute.ParseMoney(whole + " " + p.Currency)
	if err != nil {
		return dispute.Money{}, fmt.Errorf("amount %q of the store: %w", p.Amount, err)
	}
	return m, nil
}
