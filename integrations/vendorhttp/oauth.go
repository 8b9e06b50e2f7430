package vendorhttp

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// ClientCredentials gives access tokens for an OAuth client (RFC 6749, section
// 4.4) and keeps one until it expires or Forget drops it.
type ClientCredentials struct {
	vendor string
	conf   clientcredentials.Config
	http   *http.Client

	turn chan struct{} // held by whoever reads or changes kept
	kept *oauth2.Token
}

// NewClientCredentials makes the tokens of one connection; nothing is asked for
// before the first Authorize.
func NewClientCredentials(vendor string, client *http.Client, conf clientcredentials.Config) *ClientCredentials {
	return &ClientCredentials{vendor: vendor, http: client, conf: conf, turn: make(chan struct{}, 1)}
}

// Authorize puts a live access token on a request; it is a Client's Auth. Refused
// credentials are an error of kind Auth. A token changes nothing, so a lost
// answer is Transient even before a write.
func (c *ClientCredentials) Authorize(r *http.Request) error {
	ctx := r.Context()
	if err := c.lock(ctx); err != nil {
		return err
	}
	defer c.unlock()
	if !c.kept.Valid() {
		fresh, err := c.conf.Token(context.WithValue(ctx, oauth2.HTTPClient, c.http))
		if err != nil {
			return TokenError(c.op(), err)
		}
		c.kept = fresh
	}
	c.kept.SetAuthHeader(r)
	return nil
}

// Forget drops the access token, after the vendor refused it; it is a Client's
// Refused.
func (c *ClientCredentials) Forget(ctx context.Context) {
	if c.lock(ctx) == nil {
		c.kept = nil
		c.unlock()
	}
}

// Keep takes an access token that was got elsewhere.
func (c *ClientCredentials) Keep(t *oauth2.Token) { c.kept = t }

func (c *ClientCredentials) op() string { return c.vendor + ": get an access token" }

func (c *ClientCredentials) lock(ctx context.Context) error {
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return TransportError(c.op(), false, ctx.Err())
	}
}

func (c *ClientCredentials) unlock() { <-c.turn }

// tokenErrors are the words of RFC 6749, section 5.2: they quote nothing.
var tokenErrors = []string{"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}

// TokenError maps what a token endpoint answered. A refusal is Auth: a person
// must mend the settings. The endpoint's own text is left out, because it may
// quote what was sent.
func TokenError(op string, err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response == nil {
		return TransportError(op, false, err)
	}
	kind := KindOfStatus(refused.Response.StatusCode, false)
	if kind == dispute.Invalid || kind == dispute.NotFound {
		kind = dispute.Auth
	}
	e := dispute.Errorf(kind, op, "HTTP %d", refused.Response.StatusCode)
	if slices.Contains(tokenErrors, refused.ErrorCode) {
		e = dispute.Errorf(kind, op, "HTTP %d: %s", refused.Response.StatusCode, refused.ErrorCode)
	}
	e.RetryAfter = RetryAfter(refused.Response.Header)
	return e
}
