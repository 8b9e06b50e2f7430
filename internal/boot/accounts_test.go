package boot

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/all"
	"github.com/rebuttal-hq/rebuttal/internal/config"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// Two accounts at one vendor are two connections: each with its own address, key
// and signing secret, and each blind to the other's disputes.
func TestTwoAccountsOfOneVendor(t *testing.T) {
	t.Parallel()
	text := "database: postgres://127.0.0.1/none\nblobs: mem://\nconnections:\n"
	for name, currency := range map[string]string{"us": "USD", "eu": "EUR"} {
		w := world.New(7, time.Now, time.Hour) // one seed: the same ids in both
		account := stripe.New(w, stripe.Options{SecretKey: "sk_test_" + name, WebhookSecret: "whsec_" + name})
		account.Open(w.NewOrder(world.OrderOptions{Total: 4200, Currency: currency}), stripe.DisputeOptions{})
		srv := httptest.NewServer(account)
		t.Cleanup(srv.Close)
		text += fmt.Sprintf("  stripe-%s: { vendor: stripe, settings: { base_url: %q, secret_key: sk_test_%s, webhook_secret: whsec_%s } }\n", name, srv.URL, name, name)
	}
	cfg, err := config.Parse("rebuttal.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	set, err := integrations.Build(all.Vendors, vendorDeps(slog.New(slog.DiscardHandler)), cfg.Adapters())
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for name, currency := range map[string]string{"us": "USD", "eu": "EUR"} {
		ids[oneDispute(t, set, "stripe-"+name, currency)] = true
		other := map[string]string{"us": "eu", "eu": "us"}[name]
		door, err := integrations.As[integrations.Intake](set, "stripe-"+name)
		if err != nil {
			t.Fatal(err)
		}
		body, now := []byte(`{"id":"evt_1"}`), time.Now()
		if err := door.Verify(signed("whsec_"+name, body, now), body, now); err != nil {
			t.Errorf("stripe-%s refuses its own: %v", name, err)
		}
		if err := door.Verify(signed("whsec_"+other, body, now), body, now); dispute.KindOf(err) != dispute.Auth {
			t.Errorf("stripe-%s takes what stripe-%s signed: %v", name, other, err)
		}
		source, err := integrations.As[integrations.EvidenceSource](set, "stripe-"+name)
		if err != nil {
			t.Fatal(err)
		}
		theirs := dispute.Case{Ref: dispute.Ref{Connection: "stripe-" + other}, View: dispute.View{Snapshot: dispute.Snapshot{Payment: "ch_1"}}}
		if source.Applies(theirs) {
			t.Errorf("stripe-%s is asked about a charge of stripe-%s", name, other)
		}
	}
	if len(ids) != 1 {
		t.Errorf("the disputes are %v; one id in both accounts was to be tried", ids)
	}
}

// oneDispute is the only dispute that a connection's account has, in its
// currency.
func oneDispute(t *testing.T, set *integrations.Set, connection, currency string) (id string) {
	t.Helper()
	provider, err := integrations.As[integrations.Poller](set, connection)
	if err != nil {
		t.Fatal(err)
	}
	notices, _, err := provider.Poll(t.Context(), "")
	if err != nil || len(notices) != 1 {
		t.Fatalf("%s: %d disputes, %v", connection, len(notices), err)
	}
	n := notices[0]
	if n.Snapshot.Amount != (dispute.Money{Minor: 4200, Currency: currency}) || n.Connection != connection {
		t.Errorf("%s: %+v", connection, n)
	}
	return n.Snapshot.ID
}

// signed are the headers of a body that Stripe signed.
func signed(secret string, body []byte, at time.Time) http.Header {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "%d.%s", at.Unix(), body)
	return http.Header{"Stripe-Signature": {fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))}}
}
