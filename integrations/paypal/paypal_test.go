package paypal

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	standin "github.com/rebuttal-hq/rebuttal/simulator/paypal"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const (
	clientID     = "AaClientCanary0123456789"
	clientSecret = "EcSecretCanary0123456789"
	webhookID    = "1JE4291016473214C"
	// olderWebhook is the webhook that webhookID replaces.
	olderWebhook = "0JE4291016473214B"
	connection   = "paypal-eu"
)

// side answers what is not the call that is tried: the token, the certificate
// and the read before a write come from an account of its own.
var side = newAccount()

// account is a stand-in with one order and one claim.
type account struct {
	*standin.PayPal
	world *world.World
	id    string
}

func newAccount() *account {
	w := world.New(7, time.Now, time.Hour)
	p := standin.New(w, standin.Options{ClientID: clientID, ClientSecret: clientSecret, WebhookID: webhookID})
	a := &account{PayPal: p, world: w}
	a.id = p.Open(w.NewOrder(world.OrderOptions{Total: 12_900}), standin.DisputeOptions{})
	return a
}

func (a *account) open(o standin.DisputeOptions) string {
	return a.Open(a.world.NewOrder(world.OrderOptions{Total: 12_900}), o)
}

// served are the account behind an address and the adapter before it.
func served(t *testing.T) (*account, *adapter) {
	t.Helper()
	acc := newAccount()
	url := vendortest.Serve(t, acc)
	acc.SetAddress(url)
	return acc, connect(t, url, http.DefaultClient)
}

func settings(baseURL string) *Settings {
	return &Settings{
		ClientID: clientID, ClientSecret: clientSecret, WebhookIDs: []string{olderWebhook, webhookID},
		BaseURL: baseURL, CertRoots: side.CertificateAuthority(), Tolerance: defaultTolerance,
	}
}

func connect(t testing.TB, baseURL string, client *http.Client) *adapter {
	t.Helper()
	a, err := settings(baseURL).connect(integrations.Deps{HTTP: client, Now: time.Now}, connection)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// aside sends the paths that are not the call under test to side.
type aside struct{ paths []string }

func (s aside) RoundTrip(r *http.Request) (*http.Response, error) {
	for _, p := range s.paths {
		if strings.HasPrefix(r.URL.Path, p) {
			rec := httptest.NewRecorder()
			r.Host = "side.example"
			side.ServeHTTP(rec, r)
			return rec.Result(), nil
		}
	}
	return http.DefaultTransport.RoundTrip(r)
}

// lone is an adapter of which each call is one request to baseURL: it has its
// token and certificate from elsewhere, and what it reads before a write.
func lone(t testing.TB, baseURL string) *adapter {
	t.Helper()
	a := connect(t, baseURL, &http.Client{Transport: aside{paths: []string{"/v1/notifications/certs/"}}})
	tokens := newTokens(&http.Client{Transport: aside{paths: []string{"/v1/oauth2/"}}}, *settings(baseURL))
	a.http.Auth, a.looks.Auth = tokens.Authorize, tokens.Authorize
	a.looks.HTTP = &http.Client{Transport: aside{paths: []string{"/v1/"}}}
	return a
}

// signed are the headers of a webhook that side sends for the adapter of nowhere.
func signed(body []byte, at time.Time) http.Header {
	h := side.Sign(body, at)
	h.Set("Paypal-Cert-Url", "http://127.0.0.1:1"+h.Get("Paypal-Cert-Url"))
	return h
}

// claim is a case of side's claim. Every account opens the same one, because
// they have the same seed; tokens of side are good there, too, once it was asked.
func claim(t *testing.T, acc *account, id string) dispute.Case {
	t.Helper()
	srv := httptest.NewServer(acc)
	defer srv.Close()
	ref := dispute.Ref{Connection: connection, ID: id}
	s, err := connect(t, srv.URL, http.DefaultClient).Get(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	return dispute.Case{ID: ref.CaseID(), Ref: ref, View: dispute.View{Snapshot: s}}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	c := claim(t, side, side.id)
	vendortest.Run(t, vendortest.Spec{
		New:     func(t *testing.T, baseURL string) integrations.Adapter { return lone(t, baseURL) },
		Secret:  clientSecret,
		StandIn: func() http.Handler { return trusting{newAccount()} },
		Case:    c,
		Calls: []vendortest.Call{
			{Name: "look before submitting", Do: func(ctx context.Context, a integrations.Adapter) error {
				whole := *a.(*adapter)
				whole.looks = whole.http
				_, err := whole.Submit(ctx, packet("k", c))
				return err
			}},
			{Name: "look before accepting", Do: func(ctx context.Context, a integrations.Adapter) error {
				whole := *a.(*adapter)
				whole.looks = whole.http
				_, err := whole.Accept(ctx, "k", c)
				return err
			}},
			{Name: "list what changed", Do: func(ctx context.Context, a integrations.Adapter) error {
				_, _, err := a.(integrations.Poller).Poll(ctx, time.Now().Format(time.RFC3339))
				return err
			}},
		},
		Intake: &vendortest.Intake{Sign: signed, Golden: "testdata/webhooks", Stale: defaultTolerance + time.Second},
	})
}

// trusting takes the tokens that side gave.
type trusting struct{ *account }

func (a trusting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Header.Set("Authorization", "Bearer "+a.GrantToken())
	a.account.ServeHTTP(w, r)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		bend func(*Settings)
		want string // part of the error; empty for none
	}{
		"good":             {func(*Settings) {}, ""},
		"no authority":     {func(s *Settings) { s.CertRoots = "" }, ""},
		"own token url":    {func(s *Settings) { s.TokenURL = "https://proxy.example/token" }, ""},
		"no id":            {func(s *Settings) { s.ClientID = "" }, "client_id"},
		"no secret":        {func(s *Settings) { s.ClientSecret = "" }, "client_secret"},
		"no webhook":       {func(s *Settings) { s.WebhookIDs = nil }, "webhook_ids"},
		"empty webhook":    {func(s *Settings) { s.WebhookIDs = []string{webhookID, ""} }, "webhook_ids"},
		"no base":          {func(s *Settings) { s.BaseURL = "" }, "base_url"},
		"base of a path":   {func(s *Settings) { s.BaseURL = "/v1" }, "base_url"},
		"bad token url":    {func(s *Settings) { s.TokenURL = "token" }, "token_url"},
		"secret as url":    {func(s *Settings) { s.TokenURL = s.ClientSecret }, "token_url"},
		"no tolerance":     {func(s *Settings) { s.Tolerance = 0 }, "tolerance"},
		"no PEM authority": {func(s *Settings) { s.CertRoots = "-----" }, "cert_roots"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(Vendor.Settings().(*Settings).BaseURL)
			tt.bend(s)
			_, err := s.Connect(integrations.Deps{HTTP: &http.Client{}, Now: time.Now}, connection)
			if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want one that names %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), settings("").ClientSecret) {
				t.Errorf("the error quotes a secret: %v", err)
			}
		})
	}
}

func TestDisputeURL(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"https://api-m.paypal.com":         "https://www.paypal.com/resolutioncenter/view/PP-D-1",
		"https://api-m.sandbox.paypal.com": "https://www.sandbox.paypal.com/resolutioncenter/view/PP-D-1",
	} {
		if got := connect(t, base, http.DefaultClient).DisputeURL(dispute.Ref{ID: "PP-D-1"}); got != want {
			t.Errorf("%s: %s, want %s", base, got, want)
		}
	}
}

func TestTokenIsReusedAndRenewed(t *testing.T) {
	t.Parallel()
	acc := newAccount()
	var asked atomic.Int32
	url := vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/oauth2/token" {
			asked.Add(1)
		}
		acc.ServeHTTP(w, r)
	}))
	a := connect(t, url, http.DefaultClient)
	check := func(want dispute.Kind) {
		t.Helper()
		if err := a.Check(t.Context()); (err == nil) != (want == "") || (err != nil && dispute.KindOf(err) != want) {
			t.Errorf("error %v, want kind %q", err, want)
		}
	}
	check("")
	check("")
	if n := asked.Load(); n != 1 {
		t.Errorf("%d tokens for two calls, want 1", n)
	}
	acc.ForgetTokens()
	check(dispute.Auth)
	check("")
	if n := asked.Load(); n != 2 {
		t.Errorf("%d tokens after one was refused, want 2", n)
	}
}

func TestTokenErrors(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		want   dispute.Kind
	}{
		"bad credentials": {401, dispute.Auth}, "bad request": {400, dispute.Auth}, "too many": {429, dispute.RateLimited}, "broken": {503, dispute.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(`{"error":"invalid_client","error_description":"secret ` + clientSecret + `"}`))
			}))
			c := dispute.Case{Ref: dispute.Ref{ID: "PP-D-1"}}
			_, err := connect(t, url, http.DefaultClient).Accept(t.Context(), "k", c)
			if dispute.KindOf(err) != tt.want || strings.Contains(err.Error(), clientSecret) || !strings.Contains(err.Error(), "invalid_client") {
				t.Errorf("error %v, want kind %s, PayPal's word and no secret", err, tt.want)
			}
		})
	}
}

func TestErrorsNameWhatSupportAsksFor(t *testing.T) {
	t.Parallel()
	_, a := served(t)
	_, err := a.Get(t.Context(), dispute.Ref{ID: "PP-D-0"})
	const want = "paypal: read dispute PP-D-0: not_found: HTTP 404: RESOURCE_NOT_FOUND INVALID_RESOURCE_ID, debug id 90957fca61718"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
