package vendortest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// What a vendor must not make us repeat in an error.
const (
	canaryCard = "4242424242424242"
	canaryMail = "jane@canary.example"
)

// refusals are a vendor's answers and the kind of error each must become; lost
// stands for an answer that does not tell whether the request was carried out.
const lost = dispute.Kind("lost")

var refusals = []struct {
	status int
	kind   dispute.Kind
	mend   string
}{
	{401, dispute.Auth, "a person mends credentials, a retry does not"},
	{403, dispute.Auth, "a person mends permissions, a retry does not"},
	{404, dispute.NotFound, "not there is an answer, not a failure to retry"},
	{409, dispute.Conflict, "something changed first; the protocol reads again"},
	{422, dispute.Invalid, "the same again is refused again"},
	{429, dispute.RateLimited, "tried again after RetryAfter"},
	{500, lost, "nobody knows whether it was carried out"},
	{503, lost, "nobody knows whether it was carried out"},
}

// errors tries every refusal and a connection that breaks.
func (s Spec) errors(t *testing.T, c Call) {
	for _, r := range refusals {
		t.Run(http.StatusText(r.status), func(t *testing.T) {
			var requests atomic.Int32
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				requests.Add(1)
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(r.status)
				_, _ = w.Write([]byte(`{"error":{"message":"card ` + canaryCard + ` of ` + canaryMail + `, key ` + s.Secret + `"}}`))
			}))
			defer srv.Close()
			err := c.Do(t.Context(), s.New(t, srv.URL))
			s.checkError(t, err, c.kinds(r.kind), r.mend)
			if n := requests.Load(); n != 1 {
				t.Errorf("%d requests, want 1: an adapter does not retry, because Temporal does and two retriers multiply; turn your SDK's retries off", n)
			}
			var e *dispute.Error
			if r.status == http.StatusTooManyRequests && errors.As(err, &e) && e.RetryAfter != 7*time.Second {
				t.Errorf("RetryAfter is %v, want the 7s of the Retry-After header: take it with vendorhttp.RetryAfter", e.RetryAfter)
			}
		})
	}
	t.Run("connection dropped", func(t *testing.T) {
		srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
		defer srv.Close()
		s.checkError(t, c.Do(t.Context(), s.New(t, srv.URL)), c.kinds(lost), "nobody knows whether it was carried out")
	})
}

// kinds are the kinds that a call may answer for an expected one.
func (c Call) kinds(want dispute.Kind) []dispute.Kind {
	switch {
	case want != lost:
		return []dispute.Kind{want}
	case c.looks:
		return []dispute.Kind{dispute.Transient, dispute.UnknownOutcome}
	case c.Write:
		return []dispute.Kind{dispute.UnknownOutcome}
	default:
		return []dispute.Kind{dispute.Transient}
	}
}

func (s Spec) checkError(t *testing.T, err error, want []dispute.Kind, why string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want kind %s: %s", want[0], why)
	}
	var e *dispute.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v is no *dispute.Error: vendorhttp makes them; around an SDK use vendorhttp.KindOfStatus and TransportError", err)
	}
	if !slices.Contains(want, e.Kind) {
		t.Errorf("kind %s (%v), want %s: %s. A request that changes something says so with vendorhttp.Request.Write", e.Kind, err, want[0], why)
	}
	quotes(t, err, s.Secret, canaryCard, canaryMail)
}

// quotes fails when an error repeats what it must not.
func quotes(t *testing.T, err error, hidden ...string) {
	t.Helper()
	for _, h := range hidden {
		if h != "" && err != nil && strings.Contains(err.Error(), h) {
			t.Errorf("error text holds %q; texts hold ids only, never what the vendor says or a secret: %v", h, err)
		}
	}
}

// cancel tries a call that is cancelled while the vendor is silent.
func (s Spec) cancel(t *testing.T, c Call) {
	t.Run("cancelled", func(t *testing.T) {
		release := make(chan struct{})
		srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}))
		defer srv.Close()
		defer close(release)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		time.AfterFunc(50*time.Millisecond, stop)
		done := make(chan error, 1)
		go func() { done <- c.Do(ctx, s.New(t, srv.URL)) }()
		select {
		case err := <-done:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("error %v, want one that wraps context.Canceled: who cancelled must know its own doing", err)
			}
		case <-time.After(5 * time.Second):
			t.Error("the call ignored its context: pass ctx to every request")
		}
	})
}

// key tries that the key goes out.
func (s Spec) key(t *testing.T, c Call) {
	t.Run("key forwarded", func(t *testing.T) {
		var seen atomic.Bool
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if text, err := dump(r); err == nil && strings.Contains(text, c.Key) {
				seen.Store(true)
			}
			c.Serve(w, r)
		}))
		defer srv.Close()
		if err := c.Do(t.Context(), s.New(t, srv.URL)); err != nil {
			t.Fatal(err)
		}
		if !seen.Load() {
			t.Errorf("no request carried the key %q: send it as the idempotency key or, where the vendor has none, with the thing written, so that it is found again", c.Key)
		}
	})
}
