package slack

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	api "github.com/slack-go/slack"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// wrap turns slack-go's errors into ours. Of what Slack answered only its
// error code and the scope it asks for get into the text.
func wrap(op string, write bool, err error) error {
	var (
		refused api.SlackErrorResponse
		limited *api.RateLimitedError
		status  api.StatusCodeError
		network *url.Error
	)
	switch {
	case errors.As(err, &refused):
		return &dispute.Error{Kind: kindOf(refused.Err, write), Op: op, Err: refusal(refused)}
	case errors.As(err, &limited):
		return &dispute.Error{Kind: dispute.RateLimited, Op: op, RetryAfter: limited.RetryAfter, Err: errors.New("HTTP 429")}
	case errors.As(err, &status):
		return dispute.Errorf(vendorhttp.KindOfStatus(status.Code, write), op, "HTTP %d", status.Code)
	case errors.As(err, &network), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return vendorhttp.TransportError(op, write, err)
	default:
		return dispute.Errorf(unclear(write), op, "the answer could not be read")
	}
}

func refusal(r api.SlackErrorResponse) error {
	if r.Err == "missing_scope" && r.Needed != "" {
		return fmt.Errorf("%s: the app needs %s", r.Err, r.Needed)
	}
	return errors.New(r.Err)
}

// kindOf maps the codes of answers with "ok": false, as chat.postMessage,
// chat.update and conversations.* document them. After fatal_error Slack says
// that a part of the operation may have happened.
func kindOf(code string, write bool) dispute.Kind {
	switch code {
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope",
		"no_permission", "not_allowed_token_type", "org_login_required", "ekm_access_denied", "access_denied",
		"team_access_not_granted", "two_factor_setup_required":
		return dispute.Auth
	case "channel_not_found", "message_not_found", "thread_not_found":
		return dispute.NotFound
	case "ratelimited", "rate_limited", "message_limit_exceeded":
		return dispute.RateLimited
	case "fatal_error", "internal_error", "service_unavailable", "request_timeout", "team_added_to_org":
		return unclear(write)
	default:
		return dispute.Invalid
	}
}

func unclear(write bool) dispute.Kind {
	if write {
		return dispute.UnknownOutcome
	}
	return dispute.Transient
}
