package stripe_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
)

func TestWebhookEndpoints(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const path = "/v1/webhook_endpoints"
	good := url.Values{"url": {"https://acme.example/door"}, "enabled_events[0]": {"charge.dispute.created"}, "api_version": {"2026-08-26.dahlia"}}
	made := s.post(t, path, "k1", good)
	if made.status != http.StatusOK || made.string("secret") != webhookSecret || made.string("status") != "enabled" {
		t.Fatalf("HTTP %d %v", made.status, made.body)
	}
	if again := s.post(t, path, "k1", good); again.string("id") != made.string("id") || len(s.Endpoints()) != 1 {
		t.Errorf("the same key made %d endpoints", len(s.Endpoints()))
	}
	changed := s.post(t, path+"/"+made.string("id"), "k2", url.Values{"enabled_events[0]": {"a"}, "enabled_events[1]": {"b"}, "disabled": {"true"}})
	if changed.status != http.StatusOK || changed.string("secret") != "" {
		t.Errorf("HTTP %d; the secret is told once", changed.status)
	}
	want := []stripe.Endpoint{{
		ID: made.string("id"), URL: "https://acme.example/door", APIVersion: "2026-08-26.dahlia", Events: []string{"a", "b"}, Disabled: true,
	}}
	if diff := cmp.Diff(want, s.Endpoints()); diff != "" {
		t.Errorf("endpoints (-want +got):\n%s", diff)
	}
	if ids := s.get(t, path).ids(); len(ids) != 1 || ids[0] != made.string("id") {
		t.Errorf("listed %v", ids)
	}
	for name, tc := range map[string]struct {
		path string
		form url.Values
		want int
	}{
		"no address":        {path, url.Values{"url": {"acme"}, "enabled_events[0]": {"a"}}, 400},
		"no events":         {path, url.Values{"url": {"https://acme.example"}}, 400},
		"unknown parameter": {path, url.Values{"address": {"https://acme.example"}}, 400},
		"unknown endpoint":  {path + "/we_none", url.Values{"disabled": {"true"}}, 404},
		"version is fixed":  {path + "/" + made.string("id"), url.Values{"api_version": {"2026-08-26.dahlia"}}, 400},
	} {
		if got := s.post(t, tc.path, "", tc.form); got.status != tc.want {
			t.Errorf("%s: HTTP %d, want %d", name, got.status, tc.want)
		}
	}
}

// To write is to read; what is not granted is forbidden before it is looked at.
func TestRestrictedKey(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.open(stripe.DisputeOptions{Subscription: true})
	s.Restrict("dispute_write", "charge_read")
	for path, want := range map[string]int{
		"/v1/disputes": 200, "/v1/disputes/" + id: 200, "/v1/charges": 200, "/v1/refunds": 200,
		"/v1/customers": 403, "/v1/customers/cus_none": 403, "/v1/invoices": 403, "/v1/account": 403,
	} {
		if got := s.get(t, path); got.status != want {
			t.Errorf("GET %s: HTTP %d, want %d", path, got.status, want)
		}
	}
	if got := s.post(t, "/v1/disputes/du_none", "k", nil); got.status != http.StatusNotFound {
		t.Errorf("writing a dispute: HTTP %d", got.status)
	}
	if got := s.post(t, "/v1/webhook_endpoints", "k", nil); got.status != http.StatusForbidden {
		t.Errorf("writing an endpoint: HTTP %d", got.status)
	}
	s.Restrict("invoice_read", "subscription_read")
	for _, path := range []string{"/v1/invoices", "/v1/subscriptions"} {
		if got := s.get(t, path).ids(); len(got) != 1 {
			t.Errorf("%s lists %v, want that of the subscription", path, got)
		}
	}
}
