package checkout

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// tokens exchanges a pair of access keys for access tokens and keeps the newest
// while it lasts. Two callers at once may fetch two; both are good.
type tokens struct {
	conf   clientcredentials.Config
	http   *http.Client
	newest atomic.Pointer[oauth2.Token]
}

func newTokens(client *http.Client, s Settings) *tokens {
	return &tokens{http: client, conf: clientcredentials.Config{
		ClientID: s.AccessKeyID, ClientSecret: s.AccessKeySecret, TokenURL: s.tokenURL(),
		Scopes: []string{"disputes", "gateway:payment-details"}, AuthStyle: oauth2.AuthStyleInHeader,
	}}
}

// authorise puts a live access token on a request.
func (t *tokens) authorise(r *http.Request) error {
	token := t.newest.Load()
	if !token.Valid() {
		fresh, err := t.conf.Token(context.WithValue(r.Context(), oauth2.HTTPClient, t.http))
		if err != nil {
			return tokenError(err)
		}
		t.newest.Store(fresh)
		token = fresh
	}
	token.SetAuthHeader(r)
	return nil
}

// tokenError maps what the token endpoint answered, without its words. A refusal
// is Auth: a person must look at the access keys.
func tokenError(err error) error {
	const op = name + ": get an access token"
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response == nil {
		return vendorhttp.TransportError(op, false, err)
	}
	kind := vendorhttp.KindOfStatus(refused.Response.StatusCode, false)
	if kind == dispute.Invalid {
		kind = dispute.Auth
	}
	e := dispute.Errorf(kind, op, "HTTP %d", refused.Response.StatusCode)
	e.RetryAfter = vendorhttp.RetryAfter(refused.Response.Header)
	return e
}
