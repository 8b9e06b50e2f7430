package stripe

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/form"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Applies implements integrations.EvidenceSource: a charge is known to the
// account that reported its dispute.
func (a *adapter) Applies(c dispute.Case) bool {
	return c.Ref.Connection == a.connection && c.View.Snapshot.Payment != ""
}

// Gather implements integrations.EvidenceSource: the charge, its refunds, its
// customer and the customer's earlier charges that nobody disputed.
func (a *adapter) Gather(ctx context.Context, c dispute.Case) ([]dispute.Item, error) {
	ch, err := a.charge(ctx, c.View.Snapshot.Payment)
	if err != nil {
		return nil, err
	}
	items := []dispute.Item{a.paymentItem(ch, dispute.ItemPayment)}
	if ch.Customer != nil {
		items = append(items, a.customerItem(ch.Customer))
	}
	refunds, err := a.refunds(ctx, ch)
	items = append(items, refunds...)
	if err != nil || ch.Customer == nil {
		return items, err
	}
	prior, err := a.prior(ctx, ch)
	return append(items, prior...), err
}

func (a *adapter) refunds(ctx context.Context, ch *stripe.Charge) ([]dispute.Item, error) {
	var f form.Values
	f.Add("charge", ch.ID)
	f.Add("limit", strconv.Itoa(pageSize))
	var out stripe.RefundList
	err := a.api.call(ctx, request{op: "list refunds of " + ch.ID, method: http.MethodGet, path: "/v1/refunds", form: f}, &out)
	if err != nil {
		return nil, err
	}
	var items []dispute.Item
	for _, r := range out.Data {
		if r.Status != stripe.RefundStatusSucceeded && r.Status != stripe.RefundStatusPending {
			continue
		}
		amount := money(r.Amount, string(r.Currency))
		items = append(items, dispute.Item{
			ID: "refund:" + r.ID, Source: a.connection, Kind: dispute.ItemRefund,
			Title: "Refund of " + amount.String(), At: unix(r.Created),
			Facts: facts(
				dispute.FactRefundID, r.ID,
				dispute.FactRefundedAmount, amount.String(),
				dispute.FactRefundedAt, when(r.Created),
			),
		})
	}
	return items, nil
}

func (a *adapter) customerItem(c *stripe.Customer) dispute.Item {
	return dispute.Item{
		ID: "customer:" + c.ID, Source: a.connection, Kind: dispute.ItemCustomer,
		Title: "Customer record", At: unix(c.Created),
		Facts: facts(
			dispute.FactCustomerName, c.Name,
			dispute.FactCustomerEmail, c.Email,
			dispute.FactCustomerPhone, c.Phone,
			dispute.FactCustomerSince, when(c.Created),
			dispute.FactBillingAddress, address(c.Address),
		),
	}
}

func (a *adapter) paymentItem(ch *stripe.Charge, kind dispute.ItemKind) dispute.Item {
	meta := metadata(ch)
	amount := chargeMoney(ch, ch.Amount)
	item := dispute.Item{
		ID: "charge:" + ch.ID, Source: a.connection, Kind: kind,
		Title: "Payment of " + amount.String(), At: unix(ch.Created),
		Facts: facts(
			dispute.FactAmount, amount.String(),
			dispute.FactPaidAt, when(ch.Created),
			dispute.FactDescriptor, firstOf(ch.CalculatedStatementDescriptor, ch.StatementDescriptor),
			dispute.FactCustomerName, name(ch),
			dispute.FactCustomerEmail, email(ch),
			dispute.FactProducts, a.products(ch, meta),
			dispute.FactPurchaseIP, lookUp(meta, keys(a.metadata.IP, ipKeys)),
			dispute.FactDeviceID, lookUp(meta, keys(a.metadata.DeviceID, deviceKeys)),
			dispute.FactDeviceFingerprint, lookUp(meta, keys(a.metadata.DeviceFingerprint, fingerprintKeys)),
			dispute.FactAccountID, lookUp(meta, keys(a.metadata.AccountID, accountKeys)),
			dispute.FactCardFingerprint, fingerprint(ch),
			dispute.FactSold, a.sold(ch, meta),
			dispute.FactOrderID, lookUp(meta, orderIDKeys),
			dispute.FactOrderName, lookUp(meta, orderNameKeys),
			dispute.FactReceiptURL, ch.ReceiptURL,
		),
	}
	if ch.BillingDetails != nil {
		add(item.Facts, dispute.FactBillingAddress, address(ch.BillingDetails.Address))
		add(item.Facts, dispute.FactCustomerPhone, ch.BillingDetails.Phone)
	}
	if ch.Shipping != nil {
		addShipping(item.Facts, ch.Shipping.Address)
	}
	if ch.Outcome != nil {
		add(item.Facts, dispute.FactRiskLevel, ch.Outcome.RiskLevel)
	}
	if ch.Invoice != nil {
		add(item.Facts, dispute.FactInvoiceID, ch.Invoice.ID)
		if ch.Invoice.Subscription != nil {
			add(item.Facts, dispute.FactSubscriptionID, ch.Invoice.Subscription.ID)
		}
	}
	if ch.PaymentMethodDetails != nil && ch.PaymentMethodDetails.Card != nil {
		addCard(&item, ch.PaymentMethodDetails.Card)
	}
	return item
}

// products is what was sold: in the shop's words, by the lines of the invoice, or
// as the charge is described unless Stripe did so itself.
func (a *adapter) products(ch *stripe.Charge, meta map[string]string) string {
	if words := lookUp(meta, keys(a.metadata.Product, productKeys)); words != "" {
		return words
	}
	if ch.Invoice == nil || ch.Invoice.Lines == nil {
		return ch.Description
	}
	var lines []string
	for _, l := range ch.Invoice.Lines.Data {
		if l.Description != "" {
			lines = append(lines, l.Description)
		}
	}
	return strings.Join(lines, "; ")
}

// sold is merchandise or services by the shop's own word; what has an address to
// be delivered to is merchandise.
func (a *adapter) sold(ch *stripe.Charge, meta map[string]string) string {
	switch word := lookUp(meta, keys(a.metadata.Sold, soldKeys)); {
	case word == "merchandise" || word == "services":
		return word
	case ch.Shipping != nil && address(ch.Shipping.Address) != "":
		return "merchandise"
	}
	return ""
}

func addShipping(facts map[string]string, a *stripe.Address) {
	if a == nil {
		return
	}
	add(facts, dispute.FactShippingAddress, address(a))
	add(facts, dispute.FactShippingLine1, a.Line1)
	add(facts, dispute.FactShippingLine2, a.Line2)
	add(facts, dispute.FactShippingCity, a.City)
	add(facts, dispute.FactShippingState, a.State)
	add(facts, dispute.FactShippingPostalCode, a.PostalCode)
	add(facts, dispute.FactShippingCountry, a.Country)
}

func addCard(item *dispute.Item, card *stripe.ChargePaymentMethodDetailsCard) {
	item.Title += fmt.Sprintf(" by %s card ending in %s", card.Brand, card.Last4)
	add(item.Facts, dispute.FactCardBrand, string(card.Brand))
	add(item.Facts, dispute.FactCardLast4, card.Last4)
	if card.Checks != nil {
		add(item.Facts, dispute.FactAVSLine1, string(card.Checks.AddressLine1Check))
		add(item.Facts, dispute.FactAVSPostal, string(card.Checks.AddressPostalCodeCheck))
		add(item.Facts, dispute.FactCVC, string(card.Checks.CVCCheck))
	}
	if card.ThreeDSecure != nil {
		add(item.Facts, dispute.FactThreeDS, string(card.ThreeDSecure.Result))
	}
}

// facts pairs names with values and leaves out what is not known.
func facts(pairs ...string) map[string]string {
	out := make(map[string]string, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		add(out, pairs[i], pairs[i+1])
	}
	return out
}

func add(facts map[string]string, name, value string) {
	if value != "" {
		facts[name] = value
	}
}

func when(seconds int64) string {
	t := unix(seconds)
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

func address(a *stripe.Address) string {
	if a == nil {
		return ""
	}
	var parts []string
	for _, p := range []string{a.Line1, a.Line2, a.City, strings.TrimSpace(a.State + " " + a.PostalCode), a.Country} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ", ")
}
