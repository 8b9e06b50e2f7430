package stripe

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/form"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

// Visa's Compelling Evidence 3.0 goes into fields of its own, beside the ordinary
// evidence (docs.stripe.com/disputes/api/visa-ce3).
const (
	compellingField = "evidence[enhanced_evidence][visa_compelling_evidence_3]"
	qualified       = "qualified"
)

// What Stripe takes for a device, in characters: shorter ids name none
// (docs.stripe.com/api/disputes/update).
const (
	minFingerprint = 20
	minDeviceID    = 15
)

// shippingParts are Stripe's parts of an address by our facts, in the order they
// are sent.
var shippingParts = []struct{ fact, part string }{
	{dispute.FactShippingLine1, "line1"},
	{dispute.FactShippingLine2, "line2"},
	{dispute.FactShippingCity, "city"},
	{dispute.FactShippingState, "state"},
	{dispute.FactShippingPostalCode, "postal_code"},
	{dispute.FactShippingCountry, "country"},
}

// qualifies stages the compelling evidence and reports whether Stripe finds that
// it qualifies; otherwise the ordinary evidence is submitted, and Stripe does with
// the staged part what it does with one that does not qualify. Staging is not
// submitting. Stripe repeats its answer to the same fields, so that another attempt
// comes to the same end. Fields that Stripe refuses do not qualify: they
// must not keep the rest from being sent.
func (a *adapter) qualifies(ctx context.Context, s integrations.Submission) (bool, error) {
	if s.Compelling == nil {
		return false, nil
	}
	var f form.Values
	addCompelling(&f, *s.Compelling)
	f.Add("submit", "false")
	sum := sha256.Sum256([]byte(f.Encode())) // a newer packet is another request
	var out disputeAnswer
	err := a.api.call(ctx, request{
		op:      "stage compelling evidence for " + s.Case.Ref.ID,
		method:  http.MethodPost,
		path:    stripe.FormatURLPath("/v1/disputes/%s", s.Case.Ref.ID),
		form:    f,
		key:     s.Key + "/" + hex.EncodeToString(sum[:]),
		version: a.api.disputeVersion,
	}, &out)
	var r *refusal
	if errors.As(err, &r) && r.status == http.StatusBadRequest {
		return false, nil
	}
	return out.EvidenceDetails.EnhancedEligibility.Compelling.Status == qualified, err
}

// addCompelling adds the fields of the three sales, with those elements only that
// are held of each.
func addCompelling(out *form.Values, e dispute.CompellingEvidence) {
	disputed := compellingField + "[disputed_transaction]"
	addSale(out, disputed, e.Disputed)
	if slices.Contains([]string{"merchandise", "services"}, e.Disputed.Sold) {
		out.Add(disputed+"[merchandise_or_services]", e.Disputed.Sold)
	}
	for i, sale := range e.Prior {
		prior := compellingField + "[prior_undisputed_transactions][" + strconv.Itoa(i) + "]"
		out.Add(prior+"[charge]", sale.Payment)
		addSale(out, prior, sale)
	}
}

func addSale(out *form.Values, prefix string, s dispute.Sale) {
	add := func(field, value string, least int) {
		if n := utf8.RuneCountInString(value); n >= max(least, 1) && n <= shortText {
			out.Add(prefix+"["+field+"]", value)
		}
	}
	add("customer_account_id", s.AccountID, 0)
	add("customer_device_fingerprint", s.DeviceFingerprint, minFingerprint)
	add("customer_device_id", s.DeviceID, minDeviceID)
	add("customer_email_address", s.Email, 0)
	add("customer_purchase_ip", s.PurchaseIP, 0)
	add("product_description", s.Product, 0)
	for _, p := range shippingParts {
		add("shipping_address]["+p.part, s.Shipping[p.fact], 0)
	}
}
