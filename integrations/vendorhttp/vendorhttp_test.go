package vendorhttp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestKindOfStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status      int
		read, write dispute.Kind
	}{
		{301, dispute.Transient, dispute.UnknownOutcome},
		{304, dispute.Transient, dispute.UnknownOutcome},
		{400, dispute.Invalid, dispute.Invalid},
		{401, dispute.Auth, dispute.Auth},
		{402, dispute.Invalid, dispute.Invalid},
		{403, dispute.Auth, dispute.Auth},
		{404, dispute.NotFound, dispute.NotFound},
		{405, dispute.Invalid, dispute.Invalid},
		{408, dispute.Transient, dispute.UnknownOutcome},
		{409, dispute.Conflict, dispute.Conflict},
		{410, dispute.NotFound, dispute.NotFound},
		{413, dispute.Invalid, dispute.Invalid},
		{422, dispute.Invalid, dispute.Invalid},
		{429, dispute.RateLimited, dispute.RateLimited},
		{500, dispute.Transient, dispute.UnknownOutcome},
		{502, dispute.Transient, dispute.UnknownOutcome},
		{503, dispute.Transient, dispute.UnknownOutcome},
		{504, dispute.Transient, dispute.UnknownOutcome},
		{599, dispute.Transient, dispute.UnknownOutcome},
	}
	for _, tt := range tests {
		if got := KindOfStatus(tt.status, false); got != tt.read {
			t.Errorf("%d of a read: %s, want %s", tt.status, got, tt.read)
		}
		if got := KindOfStatus(tt.status, true); got != tt.write {
			t.Errorf("%d of a write: %s, want %s", tt.status, got, tt.write)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	tests := []struct {
		header string
		want   time.Duration
	}{
		{"", 0},
		{"2", 2 * time.Second},
		{"0.5", 500 * time.Millisecond},
		{"0", 0},
		{"-5", 0},
		{"soon", 0},
		{"NaN", 0},
		{"+Inf", maxRetryAfter},
		{"1e300", maxRetryAfter},
		{"9300000000", maxRetryAfter}, // more seconds than a Duration holds
		{time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat), 0},
		{"Fri, 31 Dec 9999 23:59:59 GMT", maxRetryAfter},
	}
	for _, tt := range tests {
		if got := RetryAfter(http.Header{"Retry-After": {tt.header}}); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.header, got, tt.want)
		}
	}
	soon := time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)
	if got := RetryAfter(http.Header{"Retry-After": {soon}}); got < 50*time.Second || got > time.Minute {
		t.Errorf("in a minute: %s", got)
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "1", "1e300", "-1", "inf", "Wed, 21 Oct 2015 07:28:00 GMT"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := RetryAfter(http.Header{"Retry-After": {s}}); got < 0 || got > maxRetryAfter {
			t.Errorf("%q: %s", s, got)
		}
	})
}

// told is what a server got of a request.
type told struct {
	Method, Target, Body, Type, Accept, Agent, Key, Auth string
}

// echo is a client of a server that remembers the request and answers.
func echo(t *testing.T, status int, answer string) (*Client, *told) {
	t.Helper()
	got := new(told)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*got = told{
			r.Method, r.RequestURI, string(body), r.Header.Get("Content-Type"), r.Header.Get("Accept"),
			r.Header.Get("User-Agent"), r.Header.Get("Idempotency-Key"), r.Header.Get("Authorization"),
		}
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	auth := func(r *http.Request) error { r.Header.Set("Authorization", "Bearer s3cret"); return nil }
	return &Client{Vendor: "acme", BaseURL: server.URL + "/", HTTP: server.Client(), Auth: auth}, got
}

func TestDoSends(t *testing.T) {
	t.Parallel()
	base := told{Method: "POST", Target: "/v1/x", Accept: "application/json", Agent: "rebuttal", Auth: "Bearer s3cret"}
	tests := []struct {
		name string
		in   Request
		want func(*told)
	}{
		{"nothing", Request{}, func(*told) {}},
		{"query", Request{Query: url.Values{"q": {"a b&c"}}}, func(w *told) { w.Target = "/v1/x?q=a+b%26c" }},
		{"JSON", Request{JSON: map[string]int{"n": 1}}, func(w *told) { w.Body, w.Type = `{"n":1}`, "application/json" }},
		{"form", Request{Form: url.Values{"a": {"1 2"}}}, func(w *told) { w.Body, w.Type = "a=1+2", "application/x-www-form-urlencoded" }},
		{"empty form", Request{Form: url.Values{}}, func(w *told) { w.Type = "application/x-www-form-urlencoded" }},
		{"bytes", Request{Body: []byte("%PDF"), ContentType: "application/pdf"}, func(w *told) { w.Body, w.Type = "%PDF", "application/pdf" }},
		{"headers", Request{Header: http.Header{"Accept": {"text/csv"}, "Idempotency-Key": {"k1"}}}, func(w *told) { w.Accept, w.Key = "text/csv", "k1" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, got := echo(t, http.StatusCreated, `{"id":"x1"}`)
			in, want := tt.in, base
			in.Op, in.Method, in.Path = "write x", http.MethodPost, "/v1/x"
			tt.want(&want)
			var out struct{ ID string }
			a, err := c.Do(t.Context(), in, &out)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, *got); diff != "" {
				t.Error(diff)
			}
			if out.ID != "x1" || a.Status != 201 || string(a.Body) != `{"id":"x1"}` || string(a.Sent) != want.Body || a.Header.Get("Retry-After") != "7" {
				t.Errorf("%+v, %+v", out, a)
			}
		})
	}
}

func TestDoFails(t *testing.T) {
	t.Parallel()
	const card, mail = "4242424242424242", "ana@example.com"
	type order struct {
		Number int32
		At     time.Time
	}
	down := func(err error) func(*Client) {
		return func(c *Client) {
			c.HTTP = &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) { return nil, err })}
		}
	}
	body := func(r io.Reader) func(*Client) {
		return func(c *Client) {
			c.HTTP = &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(r)}, nil
			})}
		}
	}
	inner := &url.Error{Op: "Post", URL: "https://login.example/?secret=s3cret", Err: io.ErrUnexpectedEOF}
	tests := []struct {
		name        string
		status      int
		answer      string
		change      func(*Client)
		path        string
		json        any
		read, write dispute.Kind
		is          error
	}{
		{name: "refused", status: 422, answer: mail, read: dispute.Invalid, write: dispute.Invalid},
		{name: "limited", status: 429, answer: mail, read: dispute.RateLimited, write: dispute.RateLimited},
		{name: "broken", status: 502, answer: mail, read: dispute.Transient, write: dispute.UnknownOutcome},
		{name: "no JSON", status: 200, answer: "<html>" + mail, read: dispute.Transient, write: dispute.UnknownOutcome},
		{name: "cut short", status: 200, answer: `{"Number":1`, read: dispute.Transient, write: dispute.UnknownOutcome},
		{name: "another type", status: 200, answer: `{"Number":"` + mail + `"}`, read: dispute.Transient, write: dispute.UnknownOutcome},
		{name: "too large a number", status: 200, answer: `{"Number":` + card + `}`, read: dispute.Transient, write: dispute.UnknownOutcome},
		{name: "no date", status: 200, answer: `{"At":"` + mail + `"}`, read: dispute.Transient, write: dispute.UnknownOutcome},
		{name: "lost answer", change: down(io.ErrUnexpectedEOF), read: dispute.Transient, write: dispute.UnknownOutcome, is: io.ErrUnexpectedEOF},
		{name: "address in address", change: down(fmt.Errorf("token: %w", inner)), read: dispute.Transient, write: dispute.UnknownOutcome, is: io.ErrUnexpectedEOF},
		{name: "cut off", change: body(io.MultiReader(strings.NewReader(mail), failing{})), read: dispute.Transient, write: dispute.UnknownOutcome, is: io.ErrClosedPipe},
		{name: "endless", change: body(endless{}), read: dispute.Transient, write: dispute.UnknownOutcome},
		{name: "bad address", path: "/v1/" + mail + "%zz", read: dispute.Invalid, write: dispute.Invalid},
		{name: "no JSON to send", json: func() {}, read: dispute.Invalid, write: dispute.Invalid},
		{
			name: "no credentials", read: dispute.Auth, write: dispute.Auth, is: io.ErrUnexpectedEOF,
			change: func(c *Client) { c.Auth = func(*http.Request) error { return inner } },
		},
		{
			name: "credentials later", read: dispute.RateLimited, write: dispute.RateLimited,
			change: func(c *Client) {
				c.Auth = func(*http.Request) error { return &dispute.Error{Kind: dispute.RateLimited, Op: "acme: token"} }
			},
		},
	}
	for _, tt := range tests {
		for write, want := range map[bool]dispute.Kind{false: tt.read, true: tt.write} {
			t.Run(fmt.Sprintf("%s/write %t", tt.name, write), func(t *testing.T) {
				t.Parallel()
				c, _ := echo(t, max(tt.status, 200), tt.answer)
				if tt.change != nil {
					tt.change(c)
				}
				r := Request{
					Op: "read order o_1", Method: http.MethodPost, Path: "/v1/x", Query: url.Values{"email": {mail}}, JSON: tt.json, Write: write,
				}
				if tt.path != "" {
					r.Path = tt.path
				}
				var out order
				_, err := c.Do(t.Context(), r, &out)
				var ours *dispute.Error
				if !errors.As(err, &ours) || ours.Kind != want {
					t.Fatalf("%v, want kind %s", err, want)
				}
				if tt.is != nil && !errors.Is(err, tt.is) {
					t.Errorf("%v hides %v", err, tt.is)
				}
				if tt.status == 429 && ours.RetryAfter != 7*time.Second {
					t.Errorf("again after %s", ours.RetryAfter)
				}
				if !strings.HasPrefix(err.Error(), "acme: ") {
					t.Errorf("%q does not name the vendor", err)
				}
				for _, secret := range []string{card, "ana", "example", "s3cret", c.BaseURL, "email="} {
					if strings.Contains(err.Error(), secret) {
						t.Errorf("%q holds %q", err, secret)
					}
				}
			})
		}
	}
}

func TestDoKeepsTheAnswerOfARefusal(t *testing.T) {
	t.Parallel()
	c, _ := echo(t, http.StatusConflict, `{"code":"in_use"}`)
	a, err := c.Do(t.Context(), Request{Op: "write", Method: http.MethodPut, Path: "/x", Body: []byte("b"), Write: true}, nil)
	if dispute.KindOf(err) != dispute.Conflict || a.Status != 409 || string(a.Body) != `{"code":"in_use"}` || string(a.Sent) != "b" {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestDoWithoutAnAnswerBody(t *testing.T) {
	t.Parallel()
	c, _ := echo(t, http.StatusNoContent, "")
	c.Auth = nil
	var out struct{ ID string }
	if _, err := c.Do(t.Context(), Request{Op: "x", Method: http.MethodDelete, Path: "/x"}, &out); err != nil {
		t.Error(err)
	}
}

func TestDoStopsWithItsContext(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(func() { close(release); server.Close() })
	c := &Client{Vendor: "acme", BaseURL: server.URL, HTTP: server.Client()}
	for write, want := range map[bool]dispute.Kind{false: dispute.Transient, true: dispute.UnknownOutcome} {
		canceled, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		_, err := c.Do(canceled, Request{Op: "x", Method: http.MethodGet, Path: "/x", Write: write}, nil)
		if !errors.Is(err, context.Canceled) || dispute.KindOf(err) != want {
			t.Errorf("cancelled: %v", err)
		}
		late, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, err = c.Do(late, Request{Op: "x", Method: http.MethodGet, Path: "/x", Write: write}, nil)
		stop()
		if !errors.Is(err, context.DeadlineExceeded) || dispute.KindOf(err) != want || strings.Contains(err.Error(), server.URL) {
			t.Errorf("too late: %v", err)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte(" "), len(p))), nil }
