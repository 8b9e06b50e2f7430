package stripe_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/simulator/faults"
	standin "github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// needed are the permissions that README asks for.
var needed = []string{
	"dispute_write", "file_write", "charge_read", "customer_read", "payment_intent_read", "invoice_read", "balance_transaction_read",
}

// refused are the permissions that are not there, by their names.
func refused(list []integrations.Permission) map[string]string {
	out := map[string]string{}
	for _, p := range list {
		if !p.OK {
			out[p.Name] = p.Says
		}
	}
	return out
}

// Each permission that a restricted key lacks is found, named and nothing else.
func TestPermissions(t *testing.T) {
	t.Parallel()
	names := map[string]string{
		"dispute_write": "Disputes: write", "file_write": "Files: write", "charge_read": "Charges and refunds: read",
		"customer_read": "Customers: read", "payment_intent_read": "PaymentIntents: read", "invoice_read": "Invoices: read",
		"balance_transaction_read": "Balance transactions: read",
	}
	for _, lacks := range needed {
		t.Run(lacks, func(t *testing.T) {
			t.Parallel()
			r := rehearse(t)
			var rest []string
			for _, p := range needed {
				if p != lacks {
					rest = append(rest, p)
				}
			}
			r.stripe.Restrict(rest...)
			got := refused(r.Permissions(t.Context()))
			if says := got[names[lacks]]; len(got) != 1 || !strings.Contains(says, "the key lacks rak_"+lacks) || !strings.Contains(says, "edit the key") {
				t.Errorf("missing: %v", got)
			}
		})
	}
}

func TestPermissionsThatAreThere(t *testing.T) {
	t.Parallel()
	r := rehearse(t)
	id := r.open(world.OrderOptions{}, standin.DisputeOptions{})
	before, _ := r.stripe.Dispute(id)
	granted := 0
	for _, p := range r.Permissions(t.Context()) { // a secret key may do everything
		if p.OK && p.Says == "granted" {
			granted++
		}
	}
	if want := len(needed) + 4; granted != want {
		t.Errorf("%d permissions are granted, want %d", granted, want)
	}
	r.stripe.Restrict(needed...)
	says := map[string]string{}
	for _, p := range r.Permissions(t.Context()) {
		says[p.Name] = p.Says
	}
	if got := refused(r.Permissions(t.Context())); len(got) != 0 || !strings.Contains(says["Webhook Endpoints: write"], "not granted; only rebuttal connect stripe needs it") {
		t.Errorf("%v, of all %v", got, says)
	}
	after, _ := r.stripe.Dispute(id)
	if diff := cmp.Diff(before, after); diff != "" || len(r.stripe.Endpoints()) != 0 {
		t.Errorf("trying changed something: %s", diff)
	}
}

// A vendor that is down or limits us says nothing about permissions.
func TestPermissionsThatCannotBeTried(t *testing.T) {
	t.Parallel()
	for _, mode := range []faults.Mode{faults.Error, faults.RateLimit, faults.Drop} {
		var broken faults.Set
		r := rehearseBehind(t, func(h http.Handler) http.Handler { return broken.Wrap("stripe", h) })
		broken.Add(faults.Fault{Path: "/v1/files", Mode: mode})
		got := refused(r.Permissions(t.Context()))
		if says := got["Files: write"]; len(got) != 1 || !strings.HasPrefix(says, "could not be tried: ") {
			t.Errorf("%s: %v", mode, got)
		}
	}
}

// A call that fails for a permission names it, and nothing else of the message.
func TestErrorsNameTheMissingPermission(t *testing.T) {
	t.Parallel()
	r := rehearse(t)
	r.stripe.Restrict("charge_read")
	err := r.Check(t.Context())
	if dispute.KindOf(err) != dispute.Auth || !strings.Contains(err.Error(), "the key lacks rak_dispute_read") {
		t.Errorf("%v", err)
	}
	if strings.Contains(err.Error(), "acct_") || strings.Contains(err.Error(), "rk_test") {
		t.Errorf("the error quotes the message: %v", err)
	}
}
