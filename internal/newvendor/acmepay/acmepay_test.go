package acmepay

import (
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
)

const (
	apiKey = "ak_canary_0123456789"
	secret = "whs_canary_0123456789"
	// older is the secret that secret replaces.
	older = "whs_older_0123456789"
)

func settings(baseURL string) *Settings {
	return &Settings{APIKey: apiKey, WebhookSecrets: []string{older, secret}, BaseURL: baseURL}
}

func newAdapter(t testing.TB, baseURL string) integrations.Adapter {
	t.Helper()
	a, err := settings(baseURL).Connect(integrations.Deps{HTTP: &http.Client{}, Now: time.Now}, "acmepay-us")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// signed are the headers of a webhook.
func signed(body []byte, at time.Time, secret string) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	return http.Header{"Acmepay-Timestamp": {stamp}, "Acmepay-Signature": {hex.EncodeToString(sign(secret, stamp, body))}}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, vendortest.Spec{
		New:     func(t *testing.T, baseURL string) integrations.Adapter { return newAdapter(t, baseURL) },
		Secret:  apiKey,
		StandIn: newStandIn,
		Case: dispute.Case{
			Ref:  dispute.Ref{Connection: "acmepay-us", ID: "dp_1"},
			View: dispute.View{Snapshot: dispute.Snapshot{ID: "dp_1", Payment: "pay_1"}},
		},
		Intake: &vendortest.Intake{
			Sign:   func(body []byte, at time.Time) http.Header { return signed(body, at, secret) },
			Secret: secret,
			Golden: "testdata",
			Stale:  tolerance + time.Second,
		},
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		bend func(*Settings)
		want string // part of the error; empty for none
	}{
		"good":           {func(*Settings) {}, ""},
		"no key":         {func(s *Settings) { s.APIKey = "" }, "api_key"},
		"no secret":      {func(s *Settings) { s.WebhookSecrets = nil }, "webhook_secrets"},
		"empty secret":   {func(s *Settings) { s.WebhookSecrets = []string{secret, ""} }, "webhook_secrets"},
		"no base":        {func(s *Settings) { s.BaseURL = "" }, "base_url"},
		"base of a path": {func(s *Settings) { s.BaseURL = "/v1" }, "base_url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(Vendor.Settings().(*Settings).BaseURL)
			tt.bend(s)
			_, err := s.Connect(integrations.Deps{HTTP: &http.Client{}, Now: time.Now}, "acmepay-us")
			if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want one that names %q", err, tt.want)
			}
		})
	}
}

// TestKnownSignature holds Verify to a signature that our code did not make: put
// one from Acmepay's documentation or test mode here.
func TestKnownSignature(t *testing.T) {
	t.Parallel()
	// printf '1790000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whs_canary_0123456789
	h := http.Header{"Acmepay-Timestamp": {"1790000000"}, "Acmepay-Signature": {"2e99d567bdfd14d8dd0d06a67f068b83b390caff12ad3742ce31a2f10ad69862"}}
	a := newAdapter(t, "http://127.0.0.1:1").(integrations.Intake)
	if err := a.Verify(h, []byte(`{"id":"evt_1"}`), time.Unix(1_790_000_000, 0)); err != nil {
		t.Errorf("a signature by openssl is refused: %v", err)
	}
}

func TestEitherSecretIsGood(t *testing.T) {
	t.Parallel()
	a, body, now := newAdapter(t, "http://127.0.0.1:1").(integrations.Intake), []byte(`{"id":"evt_1"}`), time.Now()
	for secret, good := range map[string]bool{older: true, secret: true, "whs_other": false} {
		err := a.Verify(signed(body, now, secret), body, now)
		if (err == nil) != good {
			t.Errorf("secret %s: error %v, want good %v", secret, err, good)
		}
	}
}

// FuzzWebhook: whatever comes, signed or not, is read or refused with a reason.
func FuzzWebhook(f *testing.F) {
	for _, seed := range []string{`{}`, `[]`, `{"id":"evt_1","type":"dispute.opened","dispute":{}}`, `{"id":"evt_1","type":"payout.paid","created_at":"2026-10-01T12:00:00Z"}`} {
		f.Add([]byte(seed), "1790000000", "00ff")
	}
	a := newAdapter(f, "http://127.0.0.1:1").(integrations.Intake)
	f.Fuzz(func(t *testing.T, body []byte, stamp, signature string) {
		h := http.Header{"Acmepay-Timestamp": {stamp}, "Acmepay-Signature": {signature}}
		if err := a.Verify(h, body, time.Unix(1_790_000_000, 0)); dispute.KindOf(err) != dispute.Auth || err == nil {
			t.Errorf("an unsigned body: error %v, want kind auth", err)
		}
		notices, err := a.Parse(body)
		if err != nil && dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("error %v, want kind invalid", err)
		}
		for _, n := range notices {
			if n.EventID == "" || n.Kind == "" || (n.Snapshot != nil && n.Snapshot.ID == "") {
				t.Errorf("a notice without ids: %+v", n)
			}
		}
	})
}
