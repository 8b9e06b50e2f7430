package checkout

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// The metadata keys under which shops and their plug-ins keep the order, in the
// order they are tried.
var (
	orderIDKeys   = []string{"order_id", "orderId", "shopify_order_id", "woocommerce_order_id"}
	orderNameKeys = []string{"order_name", "order_number", "orderNumber", "shopify_order_name"}
)

// wirePayment is the part of Checkout.com's payment that we read.
type wirePayment struct {
	ID          string      `json:"id"`
	RequestedOn moment      `json:"requested_on"`
	Amount      json.Number `json:"amount"`
	Currency    string      `json:"currency"`
	Reference   string      `json:"reference"`
	Customer    struct {
		ID    string `json:"id"`
		Email string `json:"email"`
		Name  string `json:"name"`
	} `json:"customer"`
	Balances struct {
		TotalRefunded json.Number `json:"total_refunded"`
	} `json:"balances"`
	Metadata map[string]json.RawMessage `json:"metadata"`
}

// Payment implements integrations.PaymentReader. The order is what the payment's
// metadata says or, without it, the shop's reference of the payment.
func (a *adapter) Payment(ctx context.Context, s dispute.Snapshot) (dispute.Payment, error) {
	op := "read payment " + s.Payment
	if s.Payment == "" {
		return dispute.Payment{}, dispute.Errorf(dispute.Invalid, name+": read payment", "dispute %s names no payment", s.ID)
	}
	var out wirePayment
	_, err := a.http.Do(ctx, vendorhttp.Request{Op: op, Method: http.MethodGet, Path: "/payments/" + url.PathEscape(s.Payment)}, &out)
	if err != nil {
		return dispute.Payment{}, err
	}
	if out.ID == "" {
		return dispute.Payment{}, dispute.Errorf(dispute.Transient, name+": "+op, "the answer is no payment")
	}
	meta := words(out.Metadata)
	return dispute.Payment{
		ID: out.ID, Amount: money(out.Amount, out.Currency), At: out.RequestedOn.Time,
		CustomerID: out.Customer.ID, Email: out.Customer.Email, Name: out.Customer.Name,
		OrderID: lookUp(meta, orderIDKeys), OrderName: cmp.Or(lookUp(meta, orderNameKeys), out.Reference),
		Refunded: money(out.Balances.TotalRefunded, out.Currency), Metadata: meta,
	}, nil
}

// words are metadata as text: a number keeps its digits.
func words(meta map[string]json.RawMessage) map[string]string {
	out := make(map[string]string, len(meta))
	for key, raw := range meta {
		text := ""
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		out[key] = text
	}
	return out
}

func lookUp(meta map[string]string, keys []string) string {
	for _, k := range keys {
		if v := meta[k]; v != "" {
			return v
		}
	}
	return ""
}
