package paypal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// call performs one request and adds to a refusal what PayPal's support asks for.
func (a *adapter) call(ctx context.Context, c vendorhttp.Client, r vendorhttp.Request, out any) (vendorhttp.Answer, error) {
	answer, err := c.Do(ctx, r, out)
	if answer.Status == http.StatusUnauthorized {
		a.tokens.forget(ctx)
	}
	return answer, explain(err, answer.Body)
}

// plainWord is a name or an id that may stand in an error: no text of people.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_]{1,64}$`)

// explain adds PayPal's names of the error and its debug id. Its messages are
// left out: they may quote what was sent.
func explain(err error, body []byte) error {
	var e *dispute.Error
	var refusal struct {
		Name    string `json:"name"`
		DebugID string `json:"debug_id"`
		Details []struct {
			Issue string `json:"issue"`
		} `json:"details"`
	}
	if !errors.As(err, &e) || json.Unmarshal(body, &refusal) != nil || !plainWord.MatchString(refusal.Name) {
		return err
	}
	text := refusal.Name
	if len(refusal.Details) > 0 && plainWord.MatchString(refusal.Details[0].Issue) {
		text += " " + refusal.Details[0].Issue
	}
	if plainWord.MatchString(refusal.DebugID) {
		text += ", debug id " + refusal.DebugID
	}
	return &dispute.Error{Kind: e.Kind, Op: e.Op, RetryAfter: e.RetryAfter, Err: fmt.Errorf("%w: %s", e.Err, text)}
}

// tokens gives access tokens, which last about nine hours, for the app's
// credentials.
type tokens struct {
	conf clientcredentials.Config
	http *http.Client

	turn chan struct{} // held by whoever reads or changes access
	live *oauth2.Token
}

func newTokens(client *http.Client, s Settings) *tokens {
	t := &tokens{http: client, turn: make(chan struct{}, 1)}
	t.conf = clientcredentials.Config{
		ClientID: s.ClientID, ClientSecret: s.ClientSecret, TokenURL: s.TokenURL, AuthStyle: oauth2.AuthStyleInHeader,
	}
	if t.conf.TokenURL == "" {
		t.conf.TokenURL = s.BaseURL + "/v1/oauth2/token"
	}
	return t
}

const tokenOp = name + ": get an access token"

// authorise puts a live access token on a request.
func (t *tokens) authorise(r *http.Request) error {
	ctx := r.Context()
	if err := t.lock(ctx); err != nil {
		return err
	}
	defer t.unlock()
	if !t.live.Valid() {
		fresh, err := t.conf.Token(context.WithValue(ctx, oauth2.HTTPClient, t.http))
		if err != nil {
			return tokenError(err)
		}
		t.live = fresh
	}
	t.live.SetAuthHeader(r)
	return nil
}

// forget drops the access token, after PayPal refused it.
func (t *tokens) forget(ctx context.Context) {
	if t.lock(ctx) == nil {
		t.live = nil
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

// tokenError maps what the token endpoint answered. Refused credentials are
// Auth. A token changes nothing, so a lost answer is Transient even before a
// write.
func tokenError(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response == nil {
		return vendorhttp.TransportError(tokenOp, false, err)
	}
	kind := vendorhttp.KindOfStatus(refused.Response.StatusCode, false)
	if kind == dispute.Invalid {
		kind = dispute.Auth
	}
	e := dispute.Errorf(kind, tokenOp, "HTTP %d", refused.Response.StatusCode)
	if plainWord.MatchString(refused.ErrorCode) {
		e = dispute.Errorf(kind, tokenOp, "HTTP %d: %s", refused.Response.StatusCode, refused.ErrorCode)
	}
	e.RetryAfter = vendorhttp.RetryAfter(refused.Response.Header)
	return e
}
