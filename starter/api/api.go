// Package api is the HTTP API under /v1. Its contract, openapi.yaml, comes
// first: the server is generated from it, and a request that it does not allow
// never reaches a use case. What is left to do here is thin: ask a use case of
// desk, which also checks the caller's right, and write its answer.
package api

import (
	"bytes"
	"context"
	_ "embed"

	"github.com/gin-gonic/gin"

	"github.com/rebuttal-hq/rebuttal/desk"
)

//go:generate oapi-codegen -config oapi-codegen.yaml openapi.yaml

//go:embed openapi.yaml
var document []byte

// api implements the generated StrictServerInterface.
type api struct {
	desk     *desk.Desk
	contract *contract
}

// Register mounts the API, whose paths begin with /v1, on the root of a router.
func Register(g gin.IRouter, d *desk.Desk) {
	a := &api{desk: d, contract: readContract()}
	v1 := g.Group("", a.survive, shield, a.authenticate, a.check)
	handler := NewStrictHandlerWithOptions(a, nil, StrictGinServerOptions{
		RequestErrorHandlerFunc:  unreadable,
		HandlerErrorFunc:         a.fail,
		ResponseErrorHandlerFunc: a.fail,
	})
	RegisterHandlersWithOptions(v1, handler, GinServerOptions{
		ErrorHandler: func(c *gin.Context, err error, _ int) { unreadable(c, err) },
	})
}

// unreadable answers what passed the contract and could still not be decoded.
// The error quotes the request, so it is not passed on.
func unreadable(c *gin.Context, _ error) {
	refuse(c, malformed.because("a parameter or the body cannot be read"))
}

// GetContract implements GET /v1/openapi.yaml.
func (a *api) GetContract(context.Context, GetContractRequestObject) (GetContractResponseObject, error) {
	return GetContract200ApplicationYamlResponse{Body: bytes.NewReader(document), ContentLength: int64(len(document))}, nil
}

// list maps a list; the result is never nil, so that JSON shows it as empty.
func list[A, B any](in []A, f func(A) B) []B {
	out := make([]B, 0, len(in))
	for _, v := range in {
		out = append(out, f(v))
	}
	return out
}

// shield keeps answers, which may hold personal data, out of caches, and a
// browser from taking them for anything but data.
func shield(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	c.Next()
}
