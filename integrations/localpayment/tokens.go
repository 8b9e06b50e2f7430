package localpayment

import (
	"context"
	"net/http"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// tokenLife is how long an access token is used. Localpayment's last five
// minutes (docs.v3.localpayment.com/before-payment/authentication).
const tokenLife = 4 * time.Minute

// tokens gives access tokens. A new one is had with the password: the refresh
// token, which lasts a day, would save nothing.
type tokens struct {
	http               vendorhttp.Client
	username, password string
	now                func() time.Time

	turn   chan struct{} // held by whoever reads or changes what follows
	access string
	until  time.Time
}

const tokenOp = "get an access token"

// authorise puts a live access token on a request.
func (t *tokens) authorise(r *http.Request) error {
	if err := t.lock(r.Context()); err != nil {
		return err
	}
	defer t.unlock()
	if t.access == "" || !t.now().Before(t.until) {
		if err := t.login(r.Context()); err != nil {
			return err
		}
	}
	r.Header.Set("Authorization", "Bearer "+t.access)
	return nil
}

// ready makes sure that the next request finds a live token.
func (t *tokens) ready(ctx context.Context) error {
	return t.authorise((&http.Request{Header: http.Header{}}).WithContext(ctx))
}

// renew gets a token whether there is one or not.
func (t *tokens) renew(ctx context.Context) error {
	if err := t.lock(ctx); err != nil {
		return err
	}
	defer t.unlock()
	return t.login(ctx)
}

// forget drops the token after Localpayment refused it.
func (t *tokens) forget(ctx context.Context) {
	if t.lock(ctx) == nil {
		t.access = ""
		t.unlock()
	}
}

func (t *tokens) login(ctx context.Context) error {
	var out struct {
		Access string `json:"access"`
	}
	_, err := t.http.Do(ctx, vendorhttp.Request{
		Op: tokenOp, Method: http.MethodPost, Path: "/api/token/",
		JSON: map[string]string{"username": t.username, "password": t.password},
	}, &out)
	if err != nil {
		return err
	}
	if out.Access == "" {
		return dispute.Errorf(dispute.Transient, name+": "+tokenOp, "the answer holds no token")
	}
	t.access, t.until = out.Access, t.now().Add(tokenLife)
	return nil
}

func (t *tokens) lock(ctx context.Context) error {
	select {
	case t.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return vendorhttp.TransportError(name+": "+tokenOp, false, ctx.Err())
	}
}

func (t *tokens) unlock() { <-t.turn }
