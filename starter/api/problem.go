package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// problem is one type of problem details (RFC 9457); the table at the top of
// openapi.yaml explains them.
type problem struct {
	status int
	name   string
	title  string
}

var (
	malformed       = problem{http.StatusBadRequest, "malformed", "The request is not what the contract says"}
	unauthenticated = problem{http.StatusUnauthorized, "unauthenticated", "It is not known who asks"}
	notAllowed      = problem{http.StatusForbidden, "forbidden", "The token's role lacks the right"}
	notFound        = problem{http.StatusNotFound, "not_found", "There is no such thing"}
	conflict        = problem{http.StatusConflict, "conflict", "Somebody or something was first"}
	stale           = problem{http.StatusPreconditionFailed, "stale", "It has changed meanwhile"}
	tooLarge        = problem{http.StatusRequestEntityTooLarge, "too_large", "The request is too large"}
	wrongKind       = problem{http.StatusUnsupportedMediaType, "wrong_kind", "This media type is not taken"}
	invalid         = problem{http.StatusUnprocessableEntity, "invalid", "It is not possible"}
	internal        = problem{http.StatusInternalServerError, "internal", "A fault of this server"}
	unsupported     = problem{http.StatusNotImplemented, "unsupported", "The provider does not offer it"}
	unavailable     = problem{http.StatusServiceUnavailable, "unavailable", "Something did not answer"}
)

// because is the refusal for a reason, which holds no personal data.
func (p problem) because(detail string) refusal { return refusal{problem: p, detail: detail} }

// refusal is an error that knows its answer.
type refusal struct {
	problem
	detail string
	rules  rules.Problems // what is wrong with a rule set
}

// Error implements error.
func (r refusal) Error() string { return r.name + ": " + r.detail }

// refuse ends a request with problem details, unless an answer has begun.
func refuse(c *gin.Context, r refusal) {
	if c.Writer.Written() {
		c.Abort()
		return
	}
	switch r.problem {
	case unauthenticated:
		c.Header("WWW-Authenticate", `Bearer realm="rebuttal"`)
	case unavailable:
		c.Header("Retry-After", "1")
	}
	c.Header("Content-Type", "application/problem+json")
	c.AbortWithStatusJSON(r.status, Problem{
		Type: "urn:rebuttal:problem:" + r.name, Title: r.title, Status: r.status, Detail: r.detail, Problems: r.rules,
	})
}

// fail ends a request whose use case failed. What is our fault is logged, and
// its cause stays with us.
func (a *api) fail(c *gin.Context, err error) {
	r := refusalOf(err)
	if r.status >= http.StatusInternalServerError {
		a.desk.Log.Error("the API could not answer", "operation", operation(c), "error", err)
	}
	refuse(c, r)
}

func refusalOf(err error) refusal {
	var own refusal
	if errors.As(err, &own) {
		return own
	}
	var ours *dispute.Error
	if !errors.As(err, &ours) {
		return internal.because("")
	}
	switch ours.Kind {
	case dispute.NotFound:
		return notFound.because(strings.TrimPrefix(ours.Op, "store: "))
	case dispute.Conflict, dispute.TooLate:
		return conflict.because(reason(ours))
	case dispute.Invalid:
		r := invalid.because(reason(ours))
		_ = errors.As(err, &r.rules)
		return r
	case dispute.Unsupported:
		return unsupported.because(reason(ours))
	case dispute.Transient, dispute.RateLimited, dispute.UnknownOutcome:
		return unavailable.because("the same request may be sent again")
	case dispute.Auth:
		if desk.Forbidden(err) {
			return notAllowed.because(reason(ours))
		}
	}
	return internal.because("")
}

func reason(e *dispute.Error) string {
	if e.Err == nil {
		return strings.TrimPrefix(e.Op, "store: ")
	}
	return e.Err.Error()
}
