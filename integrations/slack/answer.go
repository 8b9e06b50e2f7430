package slack

import (
	"context"
	"net/http"
	"net/url"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// replyHost serves the response URLs of interactions
// (docs.slack.dev/interactivity/handling-user-interaction).
const replyHost = "hooks.slack.com"

// AnswerClick shows text to the person who pressed, and to nobody else. A
// response URL that is neither Slack's nor of base_url's own origin is Invalid.
func (a *adapter) AnswerClick(ctx context.Context, c integrations.Click, text string) error {
	if !a.mayReply(c.ReplyURL) {
		return dispute.Errorf(dispute.Invalid, "slack: answer click", "click %s names a response URL that is not Slack's", c.ID)
	}
	stay := *a.http
	stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	to := vendorhttp.Client{Vendor: name, BaseURL: c.ReplyURL, HTTP: &stay}
	_, err := to.Do(ctx, vendorhttp.Request{
		Op: "answer click", Method: http.MethodPost, Write: true,
		JSON: map[string]any{"response_type": "ephemeral", "replace_original": false, "text": text},
	}, nil)
	return err
}

func (a *adapter) mayReply(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	return (u.Scheme == "https" && u.Host == replyHost) || (u.Scheme == a.base.Scheme && u.Host == a.base.Host)
}
