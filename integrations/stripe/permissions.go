package stripe

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/form"

	"github.com/rebuttal-hq/rebuttal/integrations"
)

// nobody ends the id of a thing that does not exist: to write to it tells
// whether we may, and changes nothing.
const nobody = "_rebuttal_doctor"

// scope is a permission of a restricted key as Stripe's dashboard names it, and
// the call that tries it. A list of one is read, a write is aimed at nobody.
type scope struct {
	name   string
	method string
	path   string
	upload bool
	unless string // what does without it; empty: it is needed
}

var scopes = []scope{
	{name: "Disputes: write", method: http.MethodPost, path: "/v1/disputes/du" + nobody},
	{name: "Files: write", method: http.MethodPost, path: "/v1/files", upload: true}, // without a file
	{name: "Charges and refunds: read", method: http.MethodGet, path: "/v1/charges"},
	{name: "Customers: read", method: http.MethodGet, path: "/v1/customers"},
	{name: "PaymentIntents: read", method: http.MethodGet, path: "/v1/payment_intents"},
	{name: "Invoices: read", method: http.MethodGet, path: "/v1/invoices"},
	{name: "Balance transactions: read", method: http.MethodGet, path: "/v1/balance_transactions"},
	{name: "Subscriptions: read", method: http.MethodGet, path: "/v1/subscriptions", unless: "a subscription is shown by the id that its invoice names"},
	{name: "Early fraud warnings: read", method: http.MethodGet, path: "/v1/radar/early_fraud_warnings", unless: "earlier payments are shown without it, and Visa's Compelling Evidence 3.0 may find none that counts"},
	{name: "Radar value lists: write", method: http.MethodPost, path: "/v1/radar/value_list_items", unless: "only reports to Radar need it"}, // without a list
	{name: "Webhook Endpoints: write", method: http.MethodPost, path: "/v1/webhook_endpoints/we" + nobody, unless: "only rebuttal connect stripe needs it"},
}

// Permissions implements integrations.PermissionChecker. A key that lacks a
// permission is refused with 403 before the request is looked at
// (docs.stripe.com/keys/restricted-api-keys); a write that may be done is then
// refused with 400 or 404, because there is nothing to write.
func (a *adapter) Permissions(ctx context.Context) []integrations.Permission {
	out := make([]integrations.Permission, len(scopes))
	for i, s := range scopes {
		ok, says := s.judge(a.try(ctx, s))
		out[i] = integrations.Permission{Name: s.name, OK: ok, Says: says}
	}
	return out
}

func (a *adapter) try(ctx context.Context, s scope) error {
	r := request{op: "try " + s.name, method: s.method, path: s.path, upload: s.upload, key: rand.Text()}
	if s.method == http.MethodGet {
		r.key = ""
		r.form = form.Values{}
		r.form.Add("limit", "1")
	}
	var out struct{ stripe.APIResource }
	return a.api.call(ctx, r, &out)
}

func (s scope) judge(err error) (ok bool, says string) {
	var r *refusal
	switch {
	case err == nil:
		return true, "granted"
	case !errors.As(err, &r):
		return false, "could not be tried: " + err.Error()
	case r.status == http.StatusForbidden && s.unless != "":
		return true, "not granted; " + s.unless
	case r.status == http.StatusForbidden:
		return false, fmt.Sprintf("missing (%s); edit the key in Stripe under Developers, API keys", r)
	case s.method == http.MethodPost && (r.status == http.StatusNotFound || r.status == http.StatusBadRequest):
		return true, "granted"
	default:
		return false, "could not be tried: " + err.Error()
	}
}
