package paypal

import (
	"cmp"
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

// newTokens gives access tokens, which last about nine hours, for the app's
// credentials.
func newTokens(client *http.Client, s Settings) *vendorhttp.ClientCredentials {
	return vendorhttp.NewClientCredentials(name, client, clientcredentials.Config{
		ClientID: s.ClientID, ClientSecret: s.ClientSecret, AuthStyle: oauth2.AuthStyleInHeader,
		TokenURL: cmp.Or(s.TokenURL, s.BaseURL+"/v1/oauth2/token"),
	})
}
