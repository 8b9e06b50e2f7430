package localpayment

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// payment is a transaction with who paid it.
type payment struct {
	transaction
	Payer struct {
		Name     string `json:"name"`
		Lastname string `json:"lastname"`
		Email    string `json:"email"`
	} `json:"payer"`
}

// Payment implements integrations.PaymentReader: the pay-in as Localpayment
// shows it (docs.v3.localpayment.com/after-payment/check-payment). Its
// externalId is the merchant's own id of the order; that sources of evidence
// know the order by it is up to the shop.
func (a *adapter) Payment(ctx context.Context, s dispute.Snapshot) (dispute.Payment, error) {
	op := "read payment " + s.ID
	var out payment
	_, err := a.http.Do(ctx, vendorhttp.Request{Op: op, Method: http.MethodGet, Path: "/api/transactions/" + url.PathEscape(s.ID)}, &out)
	if err != nil {
		return dispute.Payment{}, err
	}
	if err := out.failed(op); err != nil {
		return dispute.Payment{}, err
	}
	amount := money(out.Amount, out.Currency)
	if out.InternalID == "" || amount.Currency == "" {
		return dispute.Payment{}, dispute.Errorf(dispute.Transient, name+": "+op, "the answer is no payment")
	}
	return dispute.Payment{
		ID: out.InternalID, Amount: amount, At: out.created(), OrderID: out.ExternalID,
		Email: out.Payer.Email, Name: strings.TrimSpace(out.Payer.Name + " " + out.Payer.Lastname),
	}, nil
}

// Check implements integrations.Checker: it gets an access token, which needs
// the user, the password and a whitelisted address.
func (a *adapter) Check(ctx context.Context) error { return a.tokens.renew(ctx) }
