package stripe

import (
	"net/http"
	"strings"
)

// resources are the words that permissions have for the API's paths.
var resources = map[string]string{
	"charges": "charge", "refunds": "charge", "customers": "customer", "payment_intents": "payment_intent",
	"disputes": "dispute", "files": "file", "invoices": "invoice", "subscriptions": "subscription",
	"balance_transactions": "balance_transaction", "webhook_endpoints": "webhook", "radar": "early_fraud_warning", "account": "accounts_kyc_basic",
}

// Restrict makes the account's key a restricted one that may do only what is
// named, as "dispute_write" or "charge_read". To write is to read, too.
func (s *Stripe) Restrict(permissions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.granted = map[string]bool{}
	for _, p := range permissions {
		s.granted[p] = true
		if resource, writes := strings.CutSuffix(p, "_write"); writes {
			s.granted[resource+"_read"] = true
		}
	}
}

// forbid refuses what a restricted key may not do, before it is looked at.
func (s *Stripe) forbid(r *http.Request) *apiError {
	parts := strings.Split(r.URL.Path, "/") // "", v1, resource, …
	if s.granted == nil || len(parts) < 3 {
		return nil
	}
	permission := resources[parts[2]] + "_read"
	if r.Method != http.MethodGet {
		permission = resources[parts[2]] + "_write"
	}
	if s.granted[permission] {
		return nil
	}
	return &apiError{
		status: http.StatusForbidden,
		message: "The provided key 'rk_test_*********' does not have the required permissions for this endpoint on account 'acct_1RehearsalAccount'. " +
			"Having the 'rak_" + permission + "' permission would allow this request to continue.",
	}
}
