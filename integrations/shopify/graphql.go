package shopify

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// query runs one GraphQL query and decodes its data, which may be there in part
// when there is an error too.
func (a *adapter) query(ctx context.Context, op, text string, variables map[string]any, data any) error {
	answer := answer{Data: data}
	_, err := a.http.Do(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodPost, Path: a.path,
		JSON: map[string]any{"query": text, "variables": variables},
	}, &answer)
	if err != nil {
		return err
	}
	return answer.err(name + ": " + op)
}

type answer struct {
	Data       any          `json:"data"`
	Errors     []queryError `json:"errors"`
	Extensions struct {
		Cost cost `json:"cost"`
	} `json:"extensions"`
}

// queryError is one GraphQL error. Its message is not read: it may quote what
// was asked for.
type queryError struct {
	Extensions struct {
		Code string `json:"code"`
	} `json:"extensions"`
}

// cost is what a query costs in points, and the points there are.
// Source: shopify.dev, GraphQL Admin API rate limits.
type cost struct {
	Requested float64 `json:"requestedQueryCost"`
	Throttle  struct {
		Available float64 `json:"currentlyAvailable"`
		Restore   float64 `json:"restoreRate"` // per second
	} `json:"throttleStatus"`
}

// wait is how long it takes until the points for the query are there again;
// zero when the answer did not say.
func (c cost) wait() time.Duration {
	missing := c.Requested - c.Throttle.Available
	if missing <= 0 || c.Throttle.Restore <= 0 {
		return 0
	}
	seconds := min(math.Ceil(missing/c.Throttle.Restore), 60)
	return time.Duration(seconds) * time.Second
}

var codeWord = regexp.MustCompile(`^[A-Za-z_]{1,40}$`)

// err is the first of the answer's errors; nil when there is none.
func (a answer) err(op string) error {
	if len(a.Errors) == 0 {
		return nil
	}
	code := a.Errors[0].Extensions.Code
	if !codeWord.MatchString(code) {
		code = "without a code"
	}
	e := &dispute.Error{Kind: kindOf(code), Op: op, Err: fmt.Errorf("GraphQL error %s", code)}
	if e.Kind == dispute.RateLimited {
		e.RetryAfter = a.Extensions.Cost.wait()
	}
	return e
}

// kindOf maps the codes of errors that come with HTTP status 200.
// Source: shopify.dev, GraphQL Admin API reference, status and error codes.
func kindOf(code string) dispute.Kind {
	switch code {
	case "THROTTLED":
		return dispute.RateLimited
	case "ACCESS_DENIED":
		return dispute.Auth
	case "INTERNAL_SERVER_ERROR":
		return dispute.Transient
	default:
		return dispute.Invalid
	}
}
