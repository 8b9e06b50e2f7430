package braintree

import (
	"context"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// earlierDate is how Braintree takes a date and time (braintree_ruby,
// spec/integration/braintree/dispute_spec.rb).
const earlierDate = "2006-01-02T15:04:05-0700"

// earlier is an earlier transaction that nobody disputed, the newer one of
// compelling evidence, in texts with categories of its own. Braintree does not
// finalize a dispute that names only a part of it (95722 and 95723 miss the
// acquirer's reference number or the date), so without both nothing is sent and
// the letter says it alone. A device goes no other way: DEVICE_ID makes Braintree
// ask for a download (95720, 95721).
func (a *adapter) earlier(ctx context.Context, s integrations.Submission) ([]piece, error) {
	if s.Compelling == nil || !compelling(s.Case.View.Snapshot) {
		return nil, nil
	}
	sale := s.Compelling.Prior[1]
	reference, err := a.reference(ctx, sale.Payment)
	if err != nil || reference == "" || sale.At.IsZero() {
		return nil, err
	}
	var out []piece
	for _, part := range []struct{ what, text string }{
		{"ARN", reference},
		{"DATE_TIME", sale.At.UTC().Format(earlierDate)},
		{"ID", sale.Payment},
		{"EMAIL_ADDRESS", sale.Email},
		{"IP_ADDRESS", sale.PurchaseIP},
		{"PHYSICAL_ADDRESS", address(sale.Shipping)},
	} {
		if category := "PRIOR_NON_DISPUTED_TRANSACTION_" + part.what; part.text != "" {
			out = append(out, textPiece(category, category, part.text))
		}
	}
	return out, nil
}

// reference is the acquirer's reference number of a card transaction; empty when
// it has none or is not of this account.
func (a *adapter) reference(ctx context.Context, transaction string) (string, error) {
	var data struct {
		Node *struct {
			Snapshot struct {
				Reference string `json:"acquirerReferenceNumber"`
			} `json:"paymentMethodSnapshot"`
		} `json:"node"`
	}
	variables := map[string]any{"id": globalID("transaction", transaction)}
	_, err := a.call(ctx, vendorhttp.Request{Op: "read transaction " + transaction, JSON: document{referenceQuery, variables}}, &data)
	if dispute.KindOf(err) == dispute.NotFound || err == nil && data.Node == nil {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return data.Node.Snapshot.Reference, nil
}

func address(parts map[string]string) string {
	var out []string
	for _, fact := range []string{
		dispute.FactShippingLine1, dispute.FactShippingLine2, dispute.FactShippingCity,
		dispute.FactShippingState, dispute.FactShippingPostalCode, dispute.FactShippingCountry,
	} {
		if parts[fact] != "" {
			out = append(out, parts[fact])
		}
	}
	return strings.Join(out, ", ")
}
