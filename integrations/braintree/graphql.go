package braintree

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// path is where all of GraphQL is.
const path = "/graphql"

// document is one operation as it is posted.
type document struct {
	Query     string         `json:"query"`
	Variables map[string]any `json:"variables"`
}

// answer is what comes back, also when the operation failed.
type answer struct {
	Data       any          `json:"data"`
	Errors     []queryError `json:"errors"`
	Extensions struct {
		RequestID string `json:"requestId"`
	} `json:"extensions"`
}

// queryError is one GraphQL error. Its message is not read: it may quote what
// was sent.
type queryError struct {
	Extensions struct {
		Class string `json:"errorClass"`
		Code  string `json:"legacyCode"` // of a validation, as in the classic API
	} `json:"extensions"`
}

// sent is what a call leaves for a receipt.
type sent struct {
	vendorhttp.Answer
	requestID string
}

// call runs one operation and decodes its data.
func (a *adapter) call(ctx context.Context, r vendorhttp.Request, data any) (sent, error) {
	r.Method, r.Path = http.MethodPost, path
	r.Header = http.Header{"Braintree-Version": {a.version}}
	out := answer{Data: data}
	got, err := a.http.Do(ctx, r, &out)
	if err != nil {
		return sent{Answer: got}, err
	}
	return sent{got, out.Extensions.RequestID}, out.err(name+": "+r.Op, r.Write)
}

var (
	classWord = regexp.MustCompile(`^[A-Za-z_]{1,40}$`)
	codeWord  = regexp.MustCompile(`^[0-9]{1,8}$`)
)

// err is the first of the answer's errors; nil when there is none.
func (a answer) err(op string, write bool) error {
	if len(a.Errors) == 0 {
		return nil
	}
	class, code := a.Errors[0].Extensions.Class, a.Errors[0].Extensions.Code
	if !classWord.MatchString(class) {
		class = "without a class"
	}
	text := "GraphQL error " + class
	if codeWord.MatchString(code) {
		text += " " + code
	}
	return &dispute.Error{Kind: kindOf(class, code, write), Op: op, Err: fmt.Errorf("%s", text)}
}

// notOpen are the codes by which Braintree refuses what only an open dispute
// takes: evidence, acceptance, finalizing (braintree_ruby, error_codes.rb).
var notOpen = map[string]bool{"95701": true, "95704": true, "95705": true}

// kindOf maps the classes of errors that come with HTTP status 200. The classes
// are general knowledge of Braintree's API; another one tells nothing about what
// became of the call.
func kindOf(class, code string, write bool) dispute.Kind {
	switch class {
	case "AUTHENTICATION", "AUTHORIZATION":
		return dispute.Auth
	case "NOT_FOUND":
		return dispute.NotFound
	case "RESOURCE_LIMIT":
		return dispute.RateLimited
	case "VALIDATION":
		if notOpen[code] {
			return dispute.Conflict
		}
		return dispute.Invalid
	case "UNSUPPORTED_CLIENT", "NOT_IMPLEMENTED":
		return dispute.Invalid
	}
	if write {
		return dispute.UnknownOutcome
	}
	return dispute.Transient
}

// globalID is the id under which GraphQL knows what the Control Panel and the
// webhooks call by a legacy id: "<type>_<legacy id>" in base64 without padding.
// Braintree publishes idFromLegacyId for it, a request more each time; the form
// is that of every id seen in public, and Check compares the two.
func globalID(kind, legacy string) string {
	return base64.RawStdEncoding.EncodeToString([]byte(kind + "_" + legacy))
}
