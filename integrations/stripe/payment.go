package stripe

import (
	"context"
	"maps"
	"net/http"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/form"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// The metadata keys under which shops and their plug-ins keep the order, in the
// order they are tried.
var (
	orderIDKeys   = []string{"order_id", "shopify_order_id", "shop_order_id", "orderId", "woocommerce_order_id"}
	orderNameKeys = []string{"order_name", "order_number", "shopify_order_name", "shopify_order_number", "orderNumber"}
	ipKeys        = []string{"customer_ip", "ip_address", "ip", "customer_purchase_ip", "browser_ip"}
	// What settings.metadata replaces, too.
	deviceKeys      = []string{"device_id", "customer_device_id"}
	fingerprintKeys = []string{"device_fingerprint", "customer_device_fingerprint"}
	accountKeys     = []string{"account_id", "customer_account_id"}
	productKeys     = []string{"product_description", "products"}
	soldKeys        = []string{"merchandise_or_services"}
)

// keys are the key that the settings name or, without one, those that are usual.
func keys(set string, usual []string) []string {
	if set != "" {
		return []string{set}
	}
	return usual
}

// Payment implements integrations.PaymentReader.
func (a *adapter) Payment(ctx context.Context, s dispute.Snapshot) (dispute.Payment, error) {
	ch, err := a.charge(ctx, s.Payment)
	if err != nil {
		return dispute.Payment{}, err
	}
	meta := metadata(ch)
	p := dispute.Payment{
		ID:        ch.ID,
		Amount:    chargeMoney(ch, ch.Amount),
		At:        unix(ch.Created),
		Email:     email(ch),
		Name:      name(ch),
		OrderID:   lookUp(meta, orderIDKeys),
		OrderName: lookUp(meta, orderNameKeys),
		Refunded:  chargeMoney(ch, ch.AmountRefunded),
		Metadata:  meta,
	}
	if ch.PaymentIntent != nil {
		p.Intent = ch.PaymentIntent.ID
	}
	if ch.Customer != nil {
		p.CustomerID = ch.Customer.ID
	}
	if ch.Invoice != nil {
		p.Invoice = ch.Invoice.ID
		if ch.Invoice.Subscription != nil {
			p.Subscription = ch.Invoice.Subscription.ID
		}
	}
	return p, nil
}

// charge reads a charge with its customer, payment intent and invoice.
func (a *adapter) charge(ctx context.Context, id string) (*stripe.Charge, error) {
	if id == "" {
		return nil, dispute.Errorf(dispute.Invalid, "stripe: read charge", "the dispute names no charge")
	}
	var f form.Values
	expand(&f, "customer", "payment_intent", "invoice")
	var out stripe.Charge
	err := a.api.call(ctx, request{
		op:     "read charge " + id,
		method: http.MethodGet,
		path:   stripe.FormatURLPath("/v1/charges/%s", id),
		form:   f,
	}, &out)
	if err != nil {
		return nil, err
	}
	return &out, nil
}

func chargeMoney(ch *stripe.Charge, amount int64) dispute.Money {
	return money(amount, string(ch.Currency))
}

// metadata is the charge's, with what only its payment intent has.
func metadata(ch *stripe.Charge) map[string]string {
	out := map[string]string{}
	if ch.PaymentIntent != nil {
		maps.Copy(out, ch.PaymentIntent.Metadata)
	}
	maps.Copy(out, ch.Metadata)
	return out
}

func email(ch *stripe.Charge) string {
	var customer, billing string
	if ch.Customer != nil {
		customer = ch.Customer.Email
	}
	if ch.BillingDetails != nil {
		billing = ch.BillingDetails.Email
	}
	return firstOf(customer, billing, ch.ReceiptEmail)
}

func name(ch *stripe.Charge) string {
	var customer, billing string
	if ch.Customer != nil {
		customer = ch.Customer.Name
	}
	if ch.BillingDetails != nil {
		billing = ch.BillingDetails.Name
	}
	return firstOf(customer, billing)
}

func lookUp(meta map[string]string, keys []string) string {
	for _, k := range keys {
		if v := meta[k]; v != "" {
			return v
		}
	}
	return ""
}
