package api

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

type actorKey struct{}

// authenticate finds who asks. Only what the contract opens to everybody passes
// without a token.
func (a *api) authenticate(c *gin.Context) {
	if a.contract.public(c) {
		c.Next()
		return
	}
	scheme, secret, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || secret == "" {
		refuse(c, unauthenticated.because("send the header Authorization: Bearer, followed by an API token"))
		return
	}
	ctx := c.Request.Context()
	actor, err := a.desk.Authenticate(ctx, secret)
	switch {
	case err != nil && dispute.KindOf(err) == dispute.Auth:
		refuse(c, unauthenticated.because("the token is unknown, revoked or expired"))
	case err != nil:
		a.fail(c, err)
	default:
		c.Request = c.Request.WithContext(context.WithValue(ctx, actorKey{}, actor))
		c.Next()
	}
}

// caller is who asks, and the context that ends with the request: a handler is
// given gin's, which does not. Who was not authenticated has no right at all.
func caller(ctx context.Context) (context.Context, desk.Actor) {
	if c, ok := ctx.(*gin.Context); ok {
		ctx = c.Request.Context()
	}
	actor, _ := ctx.Value(actorKey{}).(desk.Actor)
	return ctx, actor
}

// survive turns a panic into an answer without details. Its cause may quote
// the request, so the log holds the cause's type and the stack.
func (a *api) survive(c *gin.Context) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if err, ok := cause.(error); ok && err == http.ErrAbortHandler { //nolint:errorlint // as net/http compares it
			panic(cause)
		}
		a.desk.Log.Error("panic in the API", "operation", operation(c), "cause", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
		refuse(c, internal.because(""))
	}()
	c.Next()
}

// operation is the request's method and route, without ids.
func operation(c *gin.Context) string { return c.Request.Method + " " + c.FullPath() }
