package stripe

import (
	"strconv"
	"strings"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// findInWorld is an object that the world knows, by its id.
func (s *Stripe) findInWorld(kind, id string) (object, bool) {
	switch kind {
	case "cus":
		for _, c := range s.world.Customers() {
			if c.StripeID == id {
				return customer(c), true
			}
		}
	case "pi":
		for _, o := range s.sales() {
			if o.PaymentIntent == id {
				return paymentIntent(o), true
			}
		}
	case "re":
		if o, ok := s.world.Find(func(o world.Order) bool { return o.Refund != nil && o.Refund.ID == id }); ok {
			return refund(o), true
		}
	case "in":
		for charge, sub := range s.subscriptions {
			if o, ok := s.order(charge); ok && sub.invoice == id {
				return sub.renderInvoice(o), true
			}
		}
	case "txn":
		return s.balanceTransaction(id)
	}
	return nil, false
}

func (s *Stripe) balanceTransaction(id string) (object, bool) {
	for _, d := range s.disputes {
		for _, m := range d.moves {
			if m.ID == id {
				return d.renderMove(m), true
			}
		}
	}
	o, ok := s.world.Find(func(o world.Order) bool { return o.BalanceTxn == id })
	if !ok {
		return nil, false
	}
	fee := o.Total*29/1000 + 30 // Stripe's list price in the United States: 2.9 % and 30 cents
	return transaction(transactionOf{
		id: id, created: o.PaidAt.Unix(), currency: o.Currency, source: o.ChargeID,
		amount: o.Total, fee: fee, feeText: "Stripe processing fees", kind: "charge", category: "charge",
	}), true
}

// transactionOf is what a balance transaction is rendered from.
type transactionOf struct {
	id, currency, source, description string
	feeText, kind, category           string
	created, amount, fee              int64
}

func transaction(t transactionOf) object {
	fees := []object{}
	if t.fee != 0 {
		fees = append(fees, object{
			"amount": t.fee, "currency": strings.ToLower(t.currency), "type": "stripe_fee",
			"description": t.feeText, "application": nil,
		})
	}
	return object{
		"id": t.id, "object": "balance_transaction", "amount": t.amount, "fee": t.fee, "fee_details": fees,
		"net": t.amount - t.fee, "currency": strings.ToLower(t.currency), "exchange_rate": nil,
		"created": t.created, "available_on": t.created, "status": "available", "balance_type": "payments",
		"type": t.kind, "reporting_category": t.category, "source": t.source, "description": orNull(t.description),
	}
}

func (s *Stripe) charge(o world.Order) object {
	refunded := int64(0)
	if o.Refund != nil {
		refunded = o.Refund.Amount
	}
	return object{
		"id": o.ChargeID, "object": "charge", "amount": o.Total, "amount_captured": o.Total, "amount_refunded": refunded,
		"currency": strings.ToLower(o.Currency), "created": o.PaidAt.Unix(), "livemode": false,
		"paid": true, "captured": true, "status": "succeeded", "refunded": refunded == o.Total, "disputed": s.disputed[o.ChargeID],
		"customer": o.Customer.StripeID, "payment_intent": o.PaymentIntent, "balance_transaction": o.BalanceTxn,
		"invoice": orNull(s.subscriptions[o.ChargeID].invoice), "description": "Order " + o.Name(), "metadata": metadata(o),
		"statement_descriptor": "REHEARSAL SHOP", "calculated_statement_descriptor": "REHEARSAL SHOP",
		"receipt_email": o.Customer.Email, "receipt_url": "https://pay.stripe.example/receipts/" + o.ChargeID,
		"billing_details": object{
			"name": o.Customer.Name, "email": o.Customer.Email, "phone": o.Customer.Phone, "tax_id": nil,
			"address": address(o.Customer.Address),
		},
		"shipping": object{"name": o.Customer.Name, "address": address(o.Customer.Address)},
		"outcome": object{
			"type": "authorized", "network_status": "approved_by_network", "reason": nil,
			"risk_level": "normal", "risk_score": 12, "seller_message": "Payment complete.",
			"advice_code": nil, "network_advice_code": nil, "network_decline_code": nil,
		},
		"payment_method_details": object{"type": "card", "card": card(o)},
		"fraud_details":          object{},
	}
}

// card tells of every second order that its buyer passed 3-D Secure.
func card(o world.Order) object {
	var authentication any
	if o.Number%2 == 0 {
		authentication = object{"result": "authenticated", "authentication_flow": "frictionless", "version": "2.2.0"}
	}
	return object{
		"brand": o.CardBrand, "network": o.CardBrand, "last4": o.CardLast4, "funding": "credit", "country": "US",
		"exp_month": 12, "exp_year": 2034, "fingerprint": "fp" + o.CardLast4,
		"checks": object{"address_line1_check": "pass", "address_postal_code_check": "pass", "cvc_check": "pass"},
		"wallet": nil, "three_d_secure": authentication,
	}
}

func metadata(o world.Order) object {
	var lines []string
	for _, l := range o.Lines {
		lines = append(lines, l.Title)
	}
	return object{
		"order_id": strconv.FormatInt(o.ShopifyID, 10), "order_name": o.Name(), "customer_ip": o.IP,
		"tracking_number": o.Shipment.Tracking,
		"account_id":      "shopper-" + o.Customer.HubSpotID, "device_fingerprint": "fingerprint-of-" + o.Customer.StripeID,
		"product_description": strings.Join(lines, ", "),
	}
}

func paymentIntent(o world.Order) object {
	return object{
		"id": o.PaymentIntent, "object": "payment_intent", "amount": o.Total, "amount_received": o.Total,
		"currency": strings.ToLower(o.Currency), "created": o.PaidAt.Unix(), "livemode": false, "status": "succeeded",
		"customer": o.Customer.StripeID, "latest_charge": o.ChargeID, "metadata": metadata(o),
		"payment_method_types": []string{"card"}, "capture_method": "automatic", "confirmation_method": "automatic",
	}
}

func customer(c world.Customer) object {
	return object{
		"id": c.StripeID, "object": "customer", "created": c.Since.Unix(), "livemode": false,
		"name": c.Name, "email": c.Email, "phone": c.Phone, "address": address(c.Address),
		"currency": nil, "description": nil, "delinquent": false, "metadata": object{}, "shipping": nil,
	}
}

func refund(o world.Order) object {
	return object{
		"id": o.Refund.ID, "object": "refund", "amount": o.Refund.Amount, "currency": strings.ToLower(o.Currency),
		"charge": o.ChargeID, "payment_intent": o.PaymentIntent, "created": o.Refund.At.Unix(),
		"reason": "requested_by_customer", "status": "succeeded", "balance_transaction": nil, "metadata": object{},
		"receipt_number": nil, "source_transfer_reversal": nil, "transfer_reversal": nil,
	}
}

func address(a world.Address) object {
	return object{
		"line1": a.Line1, "line2": nil, "city": a.City, "state": a.Region, "postal_code": a.Postal, "country": a.Country,
	}
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
