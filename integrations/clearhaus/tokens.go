package clearhaus

import (
	"context"
	"errors"
	"net/http"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const tokenOp = "clearhaus: get access token"

// tokens gives access tokens and keeps one until it expires or is refused.
type tokens struct {
	conf clientcredentials.Config
	http *http.Client

	turn   chan struct{} // held by whoever reads or changes what follows
	access *oauth2.Token
}

// authorise puts a live access token on a request.
func (t *tokens) authorise(r *http.Request) error {
	ctx := r.Context()
	if err := t.lock(ctx); err != nil {
		return err
	}
	defer t.unlock()
	if !t.access.Valid() {
		fresh, err := t.conf.Token(context.WithValue(ctx, oauth2.HTTPClient, t.http))
		if err != nil {
			return tokenError(err)
		}
		t.access = fresh
	}
	t.access.SetAuthHeader(r)
	return nil
}

// forget drops the access token, after Clearhaus refused it.
func (t *tokens) forget(ctx context.Context) {
	if t.lock(ctx) == nil {
		t.access = nil
		t.unlock()
	}
}

func (t *tokens) lock(ctx context.Context) error {
	select {
	case t.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return vendorhttp.TransportError(tokenOp, false, ctx.Err())
	}
}

func (t *tokens) unlock() { <-t.turn }

// tokenError maps what the token endpoint answered. A refused client is Auth: a
// person must mend the settings. The endpoint's own text is left out, because it
// may quote what was sent.
func tokenError(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response == nil {
		return vendorhttp.TransportError(tokenOp, false, err)
	}
	kind := vendorhttp.KindOfStatus(refused.Response.StatusCode, false)
	if kind == dispute.Invalid || kind == dispute.NotFound {
		kind = dispute.Auth
	}
	e := dispute.Errorf(kind, tokenOp, "HTTP %d", refused.Response.StatusCode)
	e.RetryAfter = vendorhttp.RetryAfter(refused.Response.Header)
	return e
}
