package braintree

import (
	"cmp"
	"context"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// orderNameFields are the custom fields in which shops keep the order's name, in
// the order they are tried.
var orderNameFields = []string{"order_name", "order_number", "shopify_order_name"}

// neverPaid are the statuses of a refund that gave nothing back.
var neverPaid = map[string]bool{
	"FAILED": true, "GATEWAY_REJECTED": true, "PROCESSOR_DECLINED": true, "SETTLEMENT_DECLINED": true, "VOIDED": true, "AUTHORIZATION_EXPIRED": true,
}

// wireTransaction is the part of a GraphQL transaction that we read.
type wireTransaction struct {
	LegacyID     string `json:"legacyId"`
	CreatedAt    string `json:"createdAt"`
	OrderID      string `json:"orderId"`
	Amount       amount `json:"amount"`
	CustomFields []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"customFields"`
	Customer struct {
		LegacyID string `json:"legacyId"`
		person
	} `json:"customer"`
	Refunds []struct {
		Status string `json:"status"`
		Amount amount `json:"amount"`
	} `json:"refunds"`
	Snapshot struct {
		Payer person `json:"payer"`
	} `json:"paymentMethodSnapshot"`
}

type person struct {
	Email     string `json:"email"`
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
}

func (p person) name() string { return strings.TrimSpace(p.FirstName + " " + p.LastName) }

// Payment implements integrations.PaymentReader. The transaction's order id is
// what the shop wrote there: one that begins with "#" is the order's name.
func (a *adapter) Payment(ctx context.Context, s dispute.Snapshot) (dispute.Payment, error) {
	op := "read transaction " + s.Payment
	if s.Payment == "" {
		return dispute.Payment{}, dispute.Errorf(dispute.Invalid, name+": "+op, "the dispute names no transaction")
	}
	var data struct {
		Node *wireTransaction `json:"node"`
	}
	variables := map[string]any{"id": globalID("transaction", s.Payment)}
	if _, err := a.call(ctx, vendorhttp.Request{Op: op, JSON: document{paymentQuery, variables}}, &data); err != nil {
		return dispute.Payment{}, err
	}
	if data.Node == nil || data.Node.LegacyID == "" {
		return dispute.Payment{}, dispute.Errorf(dispute.NotFound, name+": "+op, "there is no such transaction")
	}
	return data.Node.payment(), nil
}

func (w wireTransaction) payment() dispute.Payment {
	fields := make(map[string]string, len(w.CustomFields))
	for _, f := range w.CustomFields {
		fields[f.Name] = f.Value
	}
	p := dispute.Payment{
		ID: w.LegacyID, Amount: w.Amount.money(), At: instant(w.CreatedAt), CustomerID: w.Customer.LegacyID,
		Email: cmp.Or(w.Customer.Email, w.Snapshot.Payer.Email), Name: cmp.Or(w.Customer.name(), w.Snapshot.Payer.name()),
		OrderID: w.OrderID, Refunded: w.refunded(), Metadata: fields,
	}
	if strings.HasPrefix(w.OrderID, "#") {
		p.OrderID, p.OrderName = "", w.OrderID
	}
	for _, field := range orderNameFields {
		p.OrderName = cmp.Or(p.OrderName, fields[field])
	}
	p.OrderID = cmp.Or(p.OrderID, fields["order_id"], fields["shopify_order_id"])
	return p
}

func (w wireTransaction) refunded() dispute.Money {
	total := dispute.Money{Currency: w.Amount.money().Currency}
	for _, r := range w.Refunds {
		if m := r.Amount.money(); !neverPaid[r.Status] && m.Currency == total.Currency {
			total.Minor += m.Minor
		}
	}
	if total.IsZero() {
		return dispute.Money{}
	}
	return total
}
