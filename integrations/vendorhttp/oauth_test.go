package vendorhttp_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/oauth2/clientcredentials"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// An access token is asked for once, and again after the vendor refused it.
func TestClientCredentials(t *testing.T) {
	t.Parallel()
	var asked, refuse atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/token":
			asked.Add(1)
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"access_token":"live","token_type":"Bearer","expires_in":3600}`))
		case refuse.Add(-1) >= 0 || r.Header.Get("Authorization") != "Bearer live":
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	t.Cleanup(srv.Close)
	tokens := vendorhttp.NewClientCredentials("acme", srv.Client(), clientcredentials.Config{ClientID: "id", ClientSecret: "secret", TokenURL: srv.URL + "/token"})
	client := vendorhttp.Client{Vendor: "acme", BaseURL: srv.URL, HTTP: srv.Client(), Auth: tokens.Authorize, Refused: tokens.Forget}
	read := func() error {
		_, err := client.Do(t.Context(), vendorhttp.Request{Op: "read", Method: http.MethodGet, Path: "/thing"}, nil)
		return err
	}
	for range 3 {
		if err := read(); err != nil {
			t.Fatal(err)
		}
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("%d tokens asked for, want 1", n)
	}
	refuse.Store(1)
	if err := read(); dispute.KindOf(err) != dispute.Auth {
		t.Errorf("a refused token: %v, want kind auth", err)
	}
	if err := read(); err != nil || asked.Load() != 2 {
		t.Errorf("after a refusal: %v and %d tokens asked for, want none and 2", err, asked.Load())
	}
}

// What a token endpoint says is told by its kind and RFC 6749's own word only.
func TestRefusedClientCredentials(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		kind   dispute.Kind
		says   string
	}{
		"refused client":    {401, `{"error":"invalid_client","error_description":"canary"}`, dispute.Auth, "HTTP 401: invalid_client"},
		"no such client":    {400, `{"error":"canary"}`, dispute.Auth, "HTTP 400"},
		"wrong address":     {404, `canary`, dispute.Auth, "HTTP 404"},
		"too many requests": {429, `{}`, dispute.RateLimited, "HTTP 429"},
		"down":              {503, `canary`, dispute.Transient, "HTTP 503"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			t.Cleanup(srv.Close)
			tokens := vendorhttp.NewClientCredentials("acme", srv.Client(), clientcredentials.Config{ClientID: "id", ClientSecret: "secret-canary", TokenURL: srv.URL})
			err := tokens.Authorize(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
			if dispute.KindOf(err) != c.kind || !strings.HasSuffix(err.Error(), c.says) || strings.Contains(err.Error(), "canary") {
				t.Errorf("%v, want kind %s, the words %q, and nothing of the answer", err, c.kind, c.says)
			}
		})
	}
}
