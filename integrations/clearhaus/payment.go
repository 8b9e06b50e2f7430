package clearhaus

import (
	"cmp"
	"context"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// wireTransaction is the part of a ch:transaction that we read
// (developer.clearhaus.com/rels/transaction).
type wireTransaction struct {
	ID              string `json:"id"`
	ARN             string `json:"arn"`
	ProcessedAt     string `json:"processed_at"`
	Amount          int64  `json:"amount"`
	Currency        string `json:"currency"`
	TextOnStatement string `json:"text_on_statement"`
	Reference       string `json:"reference"`
	ThreeDSecure    struct {
		Status string `json:"status"`
	} `json:"3dsecure"`
	Card struct {
		Scheme string `json:"scheme"`
		Last4  string `json:"last4"`
	} `json:"card"`
}

func (w wireTransaction) money() dispute.Money {
	return dispute.Money{Minor: w.Amount, Currency: strings.ToUpper(w.Currency)}
}

// Payment implements integrations.PaymentReader. The reference is what the shop
// gave the payment, which is the order's number in most shops (assumed);
// Clearhaus knows neither the customer's name nor the e-mail address.
func (a *adapter) Payment(ctx context.Context, s dispute.Snapshot) (dispute.Payment, error) {
	t, err := a.transaction(ctx, s.ID)
	if err != nil {
		return dispute.Payment{}, err
	}
	p := dispute.Payment{ID: t.ID, Amount: t.money(), At: moment(t.ProcessedAt), OrderName: t.Reference}
	for key, value := range map[string]string{"reference": t.Reference, "arn": t.ARN} {
		if value == "" {
			continue
		}
		if p.Metadata == nil {
			p.Metadata = map[string]string{}
		}
		p.Metadata[key] = value
	}
	return p, nil
}

// transaction reads the payment that a dispute is about.
func (a *adapter) transaction(ctx context.Context, disputeID string) (wireTransaction, error) {
	op := "read transaction of " + disputeID
	w, err := a.dispute(ctx, disputeID)
	if err != nil {
		return wireTransaction{}, err
	}
	to, ok := w.Links.one("ch:transaction", "")
	if !ok {
		return wireTransaction{}, dispute.Errorf(dispute.NotFound, "clearhaus: "+op, "the dispute names none")
	}
	var t wireTransaction
	if _, err := a.get(ctx, op, to, nil, &t); err != nil {
		return wireTransaction{}, err
	}
	if t.ID == "" {
		return wireTransaction{}, dispute.Errorf(dispute.Transient, "clearhaus: "+op, "the answer is no transaction")
	}
	return t, nil
}

// item is the payment as evidence.
func (w wireTransaction) item(connection string) dispute.Item {
	title := "Payment of " + w.money().String()
	if w.Card.Last4 != "" {
		title += " by " + cmp.Or(w.Card.Scheme, "a") + " card ending in " + w.Card.Last4
	}
	item := dispute.Item{
		ID: "transaction:" + w.ID, Source: connection, Kind: dispute.ItemPayment, Title: title, At: moment(w.ProcessedAt),
		Facts: map[string]string{dispute.FactAmount: w.money().String()},
	}
	for fact, value := range map[string]string{
		dispute.FactPaidAt: rfc3339(item.At), dispute.FactDescriptor: w.TextOnStatement, dispute.FactOrderName: w.Reference,
		dispute.FactCardBrand: w.Card.Scheme, dispute.FactCardLast4: w.Card.Last4, dispute.FactThreeDS: w.ThreeDSecure.Status,
	} {
		if strings.TrimSpace(value) != "" {
			item.Facts[fact] = value
		}
	}
	return item
}
