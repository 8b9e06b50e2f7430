package clearhaus

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	standin "github.com/rebuttal-hq/rebuttal/simulator/clearhaus"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const (
	connection   = "clearhaus-dk"
	clientID     = "client-0123456789"
	clientSecret = "secret-canary-0123456789"
	accessToken  = "token-canary-0123456789"
	knownID      = "c6d9153b-32cb-472a-9dc9-553e9c79ea22"
)

// today is a day in the middle of everything that the tests open.
var today = time.Date(2026, 10, 15, 9, 30, 0, 0, time.UTC)

func settings(baseURL string) *Settings {
	return &Settings{BaseURL: baseURL, ClientID: clientID, ClientSecret: clientSecret, DashboardURL: defaultDashboardURL}
}

// newAdapter uses every connection once, because net/http itself repeats a read
// that a reused connection has lost.
func newAdapter(t testing.TB, baseURL string) *adapter {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	a, err := settings(baseURL).Connect(integrations.Deps{HTTP: client, Now: func() time.Time { return today }}, connection)
	if err != nil {
		t.Fatal(err)
	}
	return a.(*adapter)
}

func newStandIn(opts standin.Options) (*standin.Clearhaus, *world.World) {
	w := world.New(1, func() time.Time { return today }, 24*time.Hour)
	opts.ClientID, opts.ClientSecret = clientID, clientSecret
	return standin.New(w, opts), w
}

// rehearsal is the adapter before a stand-in.
type rehearsal struct {
	*adapter
	clearhaus *standin.Clearhaus
	world     *world.World
}

func rehearse(t *testing.T, opts standin.Options) rehearsal {
	t.Helper()
	return rehearseBehind(t, opts, func(h http.Handler) http.Handler { return h })
}

func rehearseBehind(t *testing.T, opts standin.Options, wrap func(http.Handler) http.Handler) rehearsal {
	t.Helper()
	c, w := newStandIn(opts)
	srv := httptest.NewServer(wrap(c))
	t.Cleanup(srv.Close)
	return rehearsal{newAdapter(t, srv.URL), c, w}
}

func (r rehearsal) open(opts standin.DisputeOptions) string {
	return r.clearhaus.Open(r.world.NewOrder(world.OrderOptions{Currency: "DKK", CardBrand: "mastercard"}), opts)
}

func (r rehearsal) read(t *testing.T, id string) dispute.Snapshot {
	t.Helper()
	s, err := r.Get(t.Context(), dispute.Ref{Connection: connection, ID: id})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// caseOf is a case as the protocol has it: its dispute was just read.
func (r rehearsal) caseOf(t *testing.T, id string) dispute.Case {
	t.Helper()
	return dispute.Case{Ref: dispute.Ref{Connection: connection, ID: id}, View: dispute.View{Snapshot: r.read(t, id)}}
}

func packet(key string, c dispute.Case) integrations.Submission {
	body := []byte("%PDF-1.7 evidence")
	sum := sha256.Sum256(body)
	return integrations.Submission{Key: key, Case: c, Files: []integrations.File{{
		Field: dispute.FieldUncategorizedFile, Name: "evidence.pdf", MediaType: "application/pdf", SHA256: hex.EncodeToString(sum[:]), Bytes: body,
	}}}
}

// afterRead is an adapter as the protocol leaves it before it sends: it has a
// token and has read the dispute, so that its links are known.
func afterRead(t *testing.T, baseURL string) integrations.Adapter {
	t.Helper()
	a := newAdapter(t, baseURL)
	a.tokens.Keep(&oauth2.Token{AccessToken: accessToken, Expiry: time.Now().Add(time.Hour)})
	self := baseURL + "/disputes/" + knownID
	one := func(address string) linkList { return linkList{{Href: address}} }
	a.known.put(wireDispute{ID: knownID, Status: "open", Links: links{
		"self": one(self), "ch:files": one(self + "/files{?page,per_page}"), "ch:comments": one(self + "/comments{?page,per_page}"),
		"ch:transaction": one(baseURL + "/transactions/tx-1025"),
		"ch:stamps":      {{Href: self + "/stamps/refuted", Name: stampRefuted}, {Href: self + "/stamps/accepted", Name: stampAccepted}},
	}})
	return a
}

func TestConformance(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, vendortest.Spec{
		New:    afterRead,
		Secret: accessToken,
		StandIn: func() http.Handler {
			c, w := newStandIn(standin.Options{})
			c.Grant(accessToken)
			c.Open(w.NewOrder(world.OrderOptions{}), standin.DisputeOptions{ID: knownID})
			c.BankFile(knownID, "cardholder letter", "application/pdf", []byte("%PDF-1.7 letter"))
			c.Say(knownID, "Please send the invoice.")
			return c
		},
		Case: dispute.Case{
			Ref:  dispute.Ref{Connection: connection, ID: knownID},
			View: dispute.View{Snapshot: dispute.Snapshot{ID: knownID, Payment: "tx-1025"}},
		},
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		bend func(*Settings)
		want string // part of the error; empty for none
	}{
		"good":             {func(*Settings) {}, ""},
		"no base":          {func(s *Settings) { s.BaseURL = "" }, "base_url"},
		"base of a path":   {func(s *Settings) { s.BaseURL = "/disputes" }, "base_url"},
		"odd token_url":    {func(s *Settings) { s.TokenURL = "token" }, "token_url"},
		"no client":        {func(s *Settings) { s.ClientID = "" }, "client_id"},
		"no secret":        {func(s *Settings) { s.ClientSecret = "" }, "client_secret"},
		"no dashboard":     {func(s *Settings) { s.DashboardURL = "" }, "dashboard_url"},
		"a token endpoint": {func(s *Settings) { s.TokenURL = "https://auth.example/token" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(Vendor.Settings().(*Settings).BaseURL)
			tt.bend(s)
			_, err := s.Connect(integrations.Deps{HTTP: &http.Client{}, Now: time.Now}, connection)
			if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want one that names %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), clientSecret) {
				t.Errorf("the error holds the secret: %v", err)
			}
		})
	}
}

func TestDisputeURL(t *testing.T) {
	t.Parallel()
	a := newAdapter(t, defaultBaseURL)
	if got, want := a.DisputeURL(dispute.Ref{ID: knownID}), "https://my.clearhaus.com/disputes/"+knownID; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A token is asked for once, and again when the old one is refused.
func TestTokens(t *testing.T) {
	t.Parallel()
	r := rehearse(t, standin.Options{})
	asked := func() (n int) {
		for _, request := range r.clearhaus.Requests() {
			if request == "POST /oauth/token" {
				n++
			}
		}
		return n
	}
	for range 2 {
		if err := r.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if asked() != 1 {
		t.Errorf("%d tokens for two checks, want 1", asked())
	}
	r.clearhaus.ExpireTokens()
	if err := r.Check(t.Context()); dispute.KindOf(err) != dispute.Auth {
		t.Errorf("a token that is no longer good: %v, want kind auth", err)
	}
	if err := r.Check(t.Context()); err != nil || asked() != 2 {
		t.Errorf("the attempt after it: %v after %d tokens, want a new one", err, asked())
	}
}

func TestTokenRefused(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]dispute.Kind{
		400: dispute.Auth, 401: dispute.Auth, 403: dispute.Auth, 404: dispute.Auth, 429: dispute.RateLimited, 500: dispute.Transient, 503: dispute.Transient,
	} {
		srv := vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`{"error":"invalid_client","error_description":"` + clientSecret + `"}`))
		}))
		err := newAdapter(t, srv).Check(t.Context())
		if dispute.KindOf(err) != want || strings.Contains(err.Error(), clientSecret) {
			t.Errorf("HTTP %d: %v, want kind %s and no secret", status, err, want)
		}
	}
}
