package sheets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/jwt"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// tokens gives access tokens for a service account (RFC 7523) and keeps one until
// it expires or forget drops it.
type tokens struct {
	http *http.Client
	conf *jwt.Config

	turn chan struct{} // held by whoever reads or changes kept
	kept *oauth2.Token
}

func newTokens(client *http.Client, conf *jwt.Config) *tokens {
	return &tokens{http: client, conf: conf, turn: make(chan struct{}, 1)}
}

const tokenOp = name + ": get an access token"

// authorize puts a live token on a request. A token changes nothing, so a lost
// answer is Transient even before a write.
func (t *tokens) authorize(r *http.Request) error {
	ctx := r.Context()
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return vendorhttp.TransportError(tokenOp, false, ctx.Err())
	}
	defer func() { <-t.turn }()
	if !t.kept.Valid() {
		fresh, err := t.fetch(ctx)
		if err != nil {
			return err
		}
		t.kept = fresh
	}
	t.kept.SetAuthHeader(r)
	return nil
}

func (t *tokens) fetch(ctx context.Context) (*oauth2.Token, error) {
	client := *t.http
	client.Transport = bound{ctx, client.Transport}
	fresh, err := t.conf.TokenSource(context.WithValue(ctx, oauth2.HTTPClient, &client)).Token()
	var refused *oauth2.RetrieveError
	switch {
	case err == nil:
		return fresh, nil
	case errors.As(err, &refused):
		return nil, vendorhttp.TokenError(tokenOp, err)
	case ctx.Err() != nil:
		return nil, vendorhttp.TransportError(tokenOp, false, ctx.Err())
	default:
		return nil, dispute.Errorf(dispute.Transient, tokenOp, "no answer that holds a token")
	}
}

// bound ends requests with the context, which package jwt does not see to.
type bound struct {
	ctx  context.Context
	next http.RoundTripper
}

func (b bound) RoundTrip(r *http.Request) (*http.Response, error) {
	next := b.next
	if next == nil {
		next = http.DefaultTransport
	}
	return next.RoundTrip(r.WithContext(b.ctx))
}

// forget drops the token, after Google refused it.
func (t *tokens) forget(ctx context.Context) {
	select {
	case t.turn <- struct{}{}:
		t.kept = nil
		<-t.turn
	case <-ctx.Done():
	}
}

func (a *adapter) call(ctx context.Context, r vendorhttp.Request, out any) error {
	answer, err := a.http.Do(ctx, r, out)
	if err != nil {
		return explain(err, answer.Body)
	}
	return nil
}

var wordForm = regexp.MustCompile(`^[A-Z][A-Z_]{1,60}$`)

// explain adds Google's status word (google.rpc.Code). Its messages stay out: they
// quote what was sent. A spent quota that comes as a refusal is tried again later
// ("Usage limits": 300 writes a minute for a project, 60 for a user).
func explain(err error, body []byte) error {
	var (
		e      *dispute.Error
		answer struct {
			Error struct {
				Status string `json:"status"`
			} `json:"error"`
		}
	)
	if !errors.As(err, &e) || json.Unmarshal(body, &answer) != nil || !wordForm.MatchString(answer.Error.Status) {
		return err
	}
	out := *e
	if answer.Error.Status == "RESOURCE_EXHAUSTED" {
		out.Kind = dispute.RateLimited
	}
	out.Err = fmt.Errorf("%w: %s", e.Err, answer.Error.Status)
	return &out
}
