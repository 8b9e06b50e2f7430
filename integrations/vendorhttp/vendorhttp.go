// Package vendorhttp is the small HTTP client that adapters without a vendor
// SDK share: one request, one typed answer, errors as dispute.Error. It never
// retries, never logs a body and never puts one into an error.
package vendorhttp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 32 << 20

// Client talks to one vendor's API.
type Client struct {
	Vendor  string
	BaseURL string
	HTTP    *http.Client
	// Auth adds credentials to a request; nil adds none.
	Auth func(*http.Request) error
	// Refused is told when the vendor refuses those credentials (401), so that
	// what is kept of them is dropped; it may be nil.
	Refused func(context.Context)
}

// Header is an Auth that sets one header, as most vendors' tokens want it.
func Header(name, value string) func(*http.Request) error {
	return func(r *http.Request) error {
		r.Header.Set(name, value)
		return nil
	}
}

// Request is one call.
type Request struct {
	Op     string // for errors: "read order"
	Method string
	Path   string // joined to the base URL, already escaped
	Query  url.Values
	Header http.Header
	JSON   any        // sent as JSON, when set
	Form   url.Values // sent as a form, when set
	Body   []byte     // sent as it is with ContentType, when set

	ContentType string
	// Write says that the call changes something: a lost answer is then
	// UnknownOutcome, not Transient.
	Write bool
}

// Answer is what came back of a call that succeeded.
type Answer struct {
	Status int
	Header http.Header
	Sent   []byte // exact bytes of the request's body
	Body   []byte
}

// Do performs the call and, when out is not nil, decodes the JSON answer into
// it. Every error is a *dispute.Error.
func (c *Client) Do(ctx context.Context, r Request, out any) (Answer, error) {
	op := c.Vendor + ": " + r.Op
	req, sent, err := c.request(ctx, r)
	if err != nil {
		return Answer{}, &dispute.Error{Kind: dispute.Invalid, Op: op, Err: scrub(err)}
	}
	if c.Auth != nil {
		if err := c.Auth(req); err != nil {
			return Answer{}, wrap(op, dispute.Auth, err)
		}
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return Answer{}, TransportError(op, r.Write, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return Answer{}, TransportError(op, r.Write, err)
	}
	if len(body) > maxAnswer {
		return Answer{}, dispute.Errorf(unclear(r.Write), op, "the answer is larger than %d bytes", maxAnswer)
	}
	if resp.StatusCode == http.StatusUnauthorized && c.Refused != nil {
		c.Refused(ctx)
	}
	if resp.StatusCode >= 300 {
		return Answer{Status: resp.StatusCode, Header: resp.Header, Sent: sent, Body: body}, StatusError(op, r.Write, resp)
	}
	a := Answer{Status: resp.StatusCode, Header: resp.Header, Sent: sent, Body: body}
	if out != nil && len(body) > 0 {
		if err := json.Unmarshal(body, out); err != nil {
			return a, dispute.Errorf(unclear(r.Write), op, "answer is not the JSON we know: %s", misfit(err))
		}
	}
	return a, nil
}

func (c *Client) request(ctx context.Context, r Request) (*http.Request, []byte, error) {
	body, contentType, err := r.body()
	if err != nil {
		return nil, nil, err
	}
	target := strings.TrimRight(c.BaseURL, "/") + r.Path
	if len(r.Query) > 0 {
		target += "?" + r.Query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, target, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	for k, vs := range r.Header {
		req.Header[k] = vs
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	req.Header.Set("User-Agent", "rebuttal")
	if r.Write {
		onlyOnce(req)
	}
	return req, body, nil
}

// onlyOnce keeps net/http from sending a request again by itself when a kept
// connection breaks, which it does with an Idempotency-Key where it can get the
// body anew: one attempt is one request.
func onlyOnce(r *http.Request) {
	r.GetBody = nil
	if r.Body == nil || r.Body == http.NoBody {
		r.Body = io.NopCloser(http.NoBody)
	}
}

func (r Request) body() ([]byte, string, error) {
	switch {
	case r.JSON != nil:
		b, err := json.Marshal(r.JSON)
		return b, "application/json", err
	case r.Form != nil:
		return []byte(r.Form.Encode()), "application/x-www-form-urlencoded", nil
	default:
		return r.Body, r.ContentType, nil
	}
}

// TransportError maps an error without an answer. A write whose answer was
// lost is UnknownOutcome; a call cancelled by us keeps the context's error.
func TransportError(op string, write bool, err error) error {
	if errors.Is(err, context.Canceled) {
		return &dispute.Error{Kind: unclear(write), Op: op, Err: context.Canceled}
	}
	return &dispute.Error{Kind: unclear(write), Op: op, Err: scrub(err)}
}

// StatusError maps an answer that is no success to the kind of its status.
func StatusError(op string, write bool, resp *http.Response) error {
	return &dispute.Error{
		Kind:       KindOfStatus(resp.StatusCode, write),
		Op:         op,
		RetryAfter: RetryAfter(resp.Header),
		Err:        fmt.Errorf("HTTP %d", resp.StatusCode),
	}
}

// KindOfStatus maps an HTTP status to a kind of error.
func KindOfStatus(status int, write bool) dispute.Kind {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return dispute.Auth
	case status == http.StatusNotFound, status == http.StatusGone:
		return dispute.NotFound
	case status == http.StatusConflict:
		return dispute.Conflict
	case status == http.StatusTooManyRequests:
		return dispute.RateLimited
	case status == http.StatusRequestTimeout:
		return unclear(write)
	case status >= 400 && status < 500:
		return dispute.Invalid
	default:
		return unclear(write)
	}
}

// maxRetryAfter bounds what a vendor may ask for: a case has a deadline.
const maxRetryAfter = 24 * time.Hour

// RetryAfter reads the header of that name, in seconds or as a date; a day at
// most.
func RetryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if s, err := strconv.ParseFloat(v, 64); err == nil && s > 0 {
		return time.Duration(min(s, maxRetryAfter.Seconds()) * float64(time.Second))
	}
	if at, err := http.ParseTime(v); err == nil {
		return min(max(time.Until(at), 0), maxRetryAfter)
	}
	return 0
}

func unclear(write bool) dispute.Kind {
	if write {
		return dispute.UnknownOutcome
	}
	return dispute.Transient
}

func wrap(op string, kind dispute.Kind, err error) error {
	var e *dispute.Error
	if errors.As(err, &e) {
		return err
	}
	return &dispute.Error{Kind: kind, Op: op, Err: scrub(err)}
}

// scrub keeps the cause but drops the address of every url.Error: a query may
// hold an e-mail address or a token.
func scrub(err error) error {
	var ue *url.Error
	for errors.As(err, &ue) {
		err = ue.Err
	}
	return err
}

// misfit says where an answer is not what we know, without its values: the
// texts of package json quote numbers and dates.
func misfit(err error) string {
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("syntax at byte %d", syntax.Offset)
	case errors.As(err, &typ):
		return fmt.Sprintf("field %q is no %s", typ.Field, typ.Type)
	default:
		return "a value has another form"
	}
}
