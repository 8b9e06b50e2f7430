// Package vendortest is the conformance suite that every adapter passes: one
// test in the vendor's folder calls Run with what is special about it.
package vendortest

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

var update = flag.Bool("update", false, "rewrite golden files")

// Spec says how to try one vendor.
type Spec struct {
	// New makes the adapter against a server, with Secret as its credential.
	New    func(t *testing.T, baseURL string) integrations.Adapter
	Secret string
	// Calls are the adapter's outgoing calls.
	Calls []Call
	// Intake is nil for vendors that post nothing to us.
	Intake *Intake
}

// Call is one outgoing call of an adapter.
type Call struct {
	Name string
	Do   func(ctx context.Context, a integrations.Adapter) error
	// Write says that the call changes something at the vendor.
	Write bool
	// Key, when set, must appear in a header or the body of the request: the
	// idempotency key that Do passed. Serve answers the request then.
	Key   string
	Serve http.HandlerFunc
}

// Intake says how to try an adapter's Verify and Parse.
type Intake struct {
	// Sign gives the headers the vendor would send with body at that time.
	Sign func(body []byte, at time.Time) http.Header
	// Golden is a folder of payloads *.json; each has its notices in *.golden.
	Golden string
	// Stale is an age at which a signature is refused; zero when the vendor
	// signs no time.
	Stale time.Duration
}

// Run tries everything the Spec names.
func Run(t *testing.T, s Spec) {
	t.Helper()
	for _, c := range s.Calls {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			s.errors(t, c)
			s.cancel(t, c)
			if c.Key != "" {
				s.key(t, c)
			}
		})
	}
	if s.Intake != nil {
		t.Run("intake", func(t *testing.T) { s.intake(t) })
	}
}

func (s Spec) errors(t *testing.T, c Call) {
	lost := dispute.Transient
	if c.Write {
		lost = dispute.UnknownOutcome
	}
	for status, want := range map[int]dispute.Kind{
		401: dispute.Auth, 404: dispute.NotFound, 409: dispute.Conflict,
		422: dispute.Invalid, 429: dispute.RateLimited, 500: lost, 503: lost,
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			var calls atomic.Int32
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(status)
				_, _ = w.Write([]byte(`{"error":{"message":"card 4242424242424242 of jane@canary.example"}}`))
			}))
			defer srv.Close()
			err := c.Do(t.Context(), s.New(t, srv.URL))
			s.checkError(t, err, want)
			if n := calls.Load(); n != 1 {
				t.Errorf("%d requests, want 1: adapters do not retry", n)
			}
			var e *dispute.Error
			if status == 429 && errors.As(err, &e) && e.RetryAfter != 7*time.Second {
				t.Errorf("RetryAfter = %v, want 7s", e.RetryAfter)
			}
		})
	}
	t.Run("connection dropped", func(t *testing.T) {
		srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
		defer srv.Close()
		s.checkError(t, c.Do(t.Context(), s.New(t, srv.URL)), lost)
	})
}

func (s Spec) checkError(t *testing.T, err error, want dispute.Kind) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want kind %s", want)
	}
	var e *dispute.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v is no *dispute.Error", err)
	}
	if e.Kind != want {
		t.Errorf("kind %s (%v), want %s", e.Kind, err, want)
	}
	for _, bad := range []string{s.Secret, "4242424242424242", "jane@canary.example"} {
		if bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("error text holds %q: %v", bad, err)
		}
	}
}

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
		ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer stop()
		done := make(chan error, 1)
		go func() { done <- c.Do(ctx, s.New(t, srv.URL)) }()
		select {
		case err := <-done:
			if err == nil {
				t.Error("no error from a cancelled call")
			}
		case <-time.After(5 * time.Second):
			t.Error("the call ignored its context")
		}
	})
}

func (s Spec) key(t *testing.T, c Call) {
	t.Run("key forwarded", func(t *testing.T) {
		var seen atomic.Bool
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			dump, _ := dump(r)
			if strings.Contains(dump, c.Key) {
				seen.Store(true)
			}
			c.Serve(w, r)
		}))
		defer srv.Close()
		if err := c.Do(t.Context(), s.New(t, srv.URL)); err != nil {
			t.Fatal(err)
		}
		if !seen.Load() {
			t.Errorf("no request carried the key %q", c.Key)
		}
	})
}

func (s Spec) intake(t *testing.T) {
	in := s.Intake
	a, ok := s.New(t, "http://127.0.0.1:1").(integrations.Intake)
	if !ok {
		t.Fatal("the adapter is no Intake")
	}
	files, err := filepath.Glob(filepath.Join(in.Golden, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden payloads in %s (%v)", in.Golden, err)
	}
	now := time.Now()
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			body, err := os.ReadFile(f) // #nosec G304 -- a test's own folder
			if err != nil {
				t.Fatal(err)
			}
			verifies(t, in, a, body, now)
			golden(t, a, f, body)
		})
	}
}

func verifies(t *testing.T, in *Intake, a integrations.Intake, body []byte, now time.Time) {
	t.Helper()
	h := in.Sign(body, now)
	for range 2 { // a redelivery is as good as the first
		if err := a.Verify(h.Clone(), body, now); err != nil {
			t.Errorf("good signature refused: %v", err)
		}
	}
	if err := a.Verify(h.Clone(), append([]byte(" "), body...), now); dispute.KindOf(err) != dispute.Auth {
		t.Errorf("tampered body: %v, want kind auth", err)
	}
	if err := a.Verify(http.Header{}, body, now); dispute.KindOf(err) != dispute.Auth {
		t.Errorf("no signature: %v, want kind auth", err)
	}
	if in.Stale > 0 {
		if err := a.Verify(in.Sign(body, now.Add(-in.Stale)), body, now); dispute.KindOf(err) != dispute.Auth {
			t.Errorf("stale signature: %v, want kind auth", err)
		}
	}
}

func golden(t *testing.T, a integrations.Intake, file string, body []byte) {
	t.Helper()
	notices, err := a.Parse(body)
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	Golden(t, strings.TrimSuffix(file, ".json")+".golden", notices)
}

// Golden compares a value as indented JSON with a file; -update writes it.
func Golden(t *testing.T, path string, value any) {
	t.Helper()
	got, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path) // #nosec G304 -- a test's own folder
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("differs from %s (-want +got):\n%s", path, diff)
	}
}

// Serve runs a handler for the length of a test and returns its address.
func Serve(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}
