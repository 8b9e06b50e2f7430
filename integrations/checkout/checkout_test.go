package checkout

import (
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	standin "github.com/rebuttal-hq/rebuttal/simulator/checkout"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const (
	connection   = "checkout-eu"
	secretKey    = "sk_sbox_canary0123456789abcdefgh"
	accessID     = "ack_canary0123456789"
	accessSecret = "acs_canary0123456789"
	signatureKey = "sig_canary_0123456789"
	olderKey     = "sig_older_0123456789"
	password     = "auth_canary_0123456789"
)

var noon = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)

func settings(baseURL string) *Settings {
	return &Settings{
		SecretKey: secretKey, SignatureKeys: []string{olderKey, signatureKey}, AuthorizationKeys: []string{password}, BaseURL: baseURL,
	}
}

// connect makes an adapter whose connections are used once: net/http repeats a
// GET on one that is used again and breaks.
func connect(t testing.TB, s *Settings) *adapter {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	a, err := s.Connect(integrations.Deps{HTTP: client, Now: func() time.Time { return noon }}, connection)
	if err != nil {
		t.Fatal(err)
	}
	return a.(*adapter)
}

func newAdapter(t testing.TB, baseURL string) *adapter {
	t.Helper()
	return connect(t, settings(baseURL))
}

// signed are the headers of a webhook.
func signed(body []byte, key string) http.Header {
	return http.Header{"Cko-Signature": {hex.EncodeToString(sign(key, body))}, "Authorization": {password}}
}

// shop is an account and the adapter before it.
type shop struct {
	*adapter
	world   *world.World
	account *standin.Checkout
	url     string
}

func options() standin.Options {
	return standin.Options{
		SecretKey: secretKey, AccessKeyID: accessID, AccessKeySecret: accessSecret, SignatureKey: signatureKey, Authorization: password,
	}
}

// newShop puts around, when it is set, between the adapter and the account.
func newShop(t *testing.T, around func(http.Handler) http.Handler) *shop {
	t.Helper()
	w := world.New(7, func() time.Time { return noon }, 24*time.Hour)
	s := &shop{world: w, account: standin.New(w, options())}
	handler := http.Handler(s.account)
	if around != nil {
		handler = around(handler)
	}
	srv := httptest.NewServer(handler)
	t.Cleanup(srv.Close)
	s.url = srv.URL
	s.adapter = newAdapter(t, srv.URL)
	return s
}

// open disputes an order and is the case of it.
func (s *shop) open(t *testing.T, o standin.DisputeOptions) dispute.Case {
	t.Helper()
	return s.caseOf(t, s.account.Open(s.world.Orders()[0], o))
}

func (s *shop) caseOf(t *testing.T, id string) dispute.Case {
	t.Helper()
	c := dispute.Case{Ref: dispute.Ref{Connection: connection, ID: id}}
	var err error
	if c.View.Snapshot, err = s.Get(t.Context(), c.Ref); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConformance(t *testing.T) {
	t.Parallel()
	example := newShop(t, nil)
	vendortest.Run(t, vendortest.Spec{
		New:    func(t *testing.T, baseURL string) integrations.Adapter { return newAdapter(t, baseURL) },
		Secret: secretKey,
		StandIn: func() http.Handler { // the same seed gives the same ids
			w := world.New(7, func() time.Time { return noon }, 24*time.Hour)
			account := standin.New(w, options())
			id := account.Open(w.Orders()[0], standin.DisputeOptions{})
			// The suite repeats a submission at a new stand-in, which must have what
			// an earlier attempt staged.
			if err := account.Stage(id, map[string]string{"additional_evidence_text": "staged before"}); err != nil {
				panic(err)
			}
			return account
		},
		Case: example.open(t, standin.DisputeOptions{}),
		Intake: &vendortest.Intake{
			Sign:   func(body []byte, _ time.Time) http.Header { return signed(body, signatureKey) },
			Secret: signatureKey,
			Golden: "testdata",
		},
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		bend func(*Settings)
		want string // part of the error; empty for none
	}{
		"good":                 {func(*Settings) {}, ""},
		"no key":               {func(s *Settings) { s.SecretKey = "" }, "secret_key"},
		"public key":           {func(s *Settings) { s.SecretKey = "pk_sbox_1" }, "sk_"},
		"access keys":          {func(s *Settings) { s.SecretKey, s.AccessKeyID, s.AccessKeySecret = "", "a", "b" }, ""},
		"both":                 {func(s *Settings) { s.AccessKeyID, s.AccessKeySecret = "a", "b" }, "access_key_id"},
		"no access key id":     {func(s *Settings) { s.SecretKey, s.AccessKeySecret = "", "b" }, "access_key_id"},
		"no access key secret": {func(s *Settings) { s.SecretKey, s.AccessKeyID = "", "a" }, "access_key_secret"},
		"no signature key":     {func(s *Settings) { s.SignatureKeys = nil }, "signature_keys"},
		"empty signature key":  {func(s *Settings) { s.SignatureKeys = []string{signatureKey, ""} }, "signature_keys"},
		"empty authorization":  {func(s *Settings) { s.AuthorizationKeys = []string{""} }, "authorization_keys"},
		"no base":              {func(s *Settings) { s.BaseURL = "" }, "base_url"},
		"base of a path":       {func(s *Settings) { s.BaseURL = "/disputes" }, "base_url"},
		"bad token address":    {func(s *Settings) { s.TokenURL = "access" }, "token_url"},
		"bad dashboard":        {func(s *Settings) { s.DashboardURL = "dash" }, "dashboard_url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(Vendor.Settings().(*Settings).BaseURL)
			tt.bend(s)
			_, err := s.Connect(integrations.Deps{HTTP: &http.Client{}, Now: time.Now}, connection)
			if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want one that names %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("the error quotes a secret: %v", err)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for base, want := range map[string][2]string{
		"https://api.checkout.com":                  {liveTokens, "https://dashboard.checkout.com/disputes/dsp_1"},
		"https://1a2b3c4d.api.checkout.com":         {liveTokens, "https://dashboard.checkout.com/disputes/dsp_1"},
		"https://api.sandbox.checkout.com/":         {sandboxTokens, "https://dashboard.sandbox.checkout.com/disputes/dsp_1"},
		"https://1a2b3c4d.api.sandbox.checkout.com": {sandboxTokens, "https://dashboard.sandbox.checkout.com/disputes/dsp_1"},
		"http://127.0.0.1:9/checkout/":              {"http://127.0.0.1:9/checkout/connect/token", "https://dashboard.checkout.com/disputes/dsp_1"},
		"https://notapi.checkout.com.evil.example":  {"https://notapi.checkout.com.evil.example/connect/token", "https://dashboard.checkout.com/disputes/dsp_1"},
	} {
		s := settings(base)
		if got := s.tokenURL(); got != want[0] {
			t.Errorf("%s: tokens from %s, want %s", base, got, want[0])
		}
		if got := connect(t, s).DisputeURL(dispute.Ref{ID: "dsp_1"}); got != want[1] {
			t.Errorf("%s: link %s, want %s", base, got, want[1])
		}
	}
	s := settings("https://api.checkout.com")
	s.TokenURL, s.DashboardURL = "https://tokens.example/t", "https://dash.example/"
	if got := s.tokenURL() + " " + connect(t, s).DisputeURL(dispute.Ref{ID: "dsp_1"}); got != "https://tokens.example/t https://dash.example/disputes/dsp_1" {
		t.Errorf("configured addresses: %s", got)
	}
}

// Access keys are exchanged once; the token is used until it ends.
func TestAccessKeys(t *testing.T) {
	t.Parallel()
	var exchanges atomic.Int32
	s := newShop(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/connect/token" {
				exchanges.Add(1)
			}
			next.ServeHTTP(w, r)
		})
	})
	keys := settings(s.url)
	keys.SecretKey, keys.AccessKeyID, keys.AccessKeySecret = "", accessID, accessSecret
	a := connect(t, keys)
	for range 3 {
		if err := a.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := exchanges.Load(); n != 1 {
		t.Errorf("%d exchanges, want 1", n)
	}
	keys.AccessKeySecret = "acs_wrong_canary"
	err := connect(t, keys).Check(t.Context())
	if dispute.KindOf(err) != dispute.Auth || strings.Contains(err.Error(), "canary") {
		t.Errorf("a refused pair: %v, want kind auth and no secret", err)
	}
}

func TestTokenErrors(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]dispute.Kind{
		400: dispute.Auth, 401: dispute.Auth, 404: dispute.Auth, 429: dispute.RateLimited, 503: dispute.Transient,
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			http.Error(w, `{"error":"`+accessSecret+`"}`, status)
		}))
		keys := settings(srv.URL)
		keys.SecretKey, keys.AccessKeyID, keys.AccessKeySecret = "", accessID, accessSecret
		err := connect(t, keys).Check(t.Context())
		if dispute.KindOf(err) != want || strings.Contains(err.Error(), accessSecret) {
			t.Errorf("HTTP %d: %v, want kind %s and no secret", status, err, want)
		}
		srv.Close()
		if err := connect(t, keys).Check(t.Context()); dispute.KindOf(err) != dispute.Transient {
			t.Errorf("nobody answers: %v, want kind transient", err)
		}
	}
}
