// Package vendortest is the conformance suite that every adapter passes: one
// test in the vendor's folder calls Run with what is special about it. Its
// messages say what to change.
package vendortest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

// Spec says how to try one vendor.
type Spec struct {
	// New makes the adapter against a server, with Secret as its credential.
	New    func(t *testing.T, baseURL string) integrations.Adapter
	Secret string

	// StandIn makes a server that answers as the vendor does when all is well,
	// with nothing done yet. With it Run finds the adapter's capabilities by
	// type and tries every call of each; without it only Calls are tried.
	StandIn func() http.Handler
	// Case is a case that StandIn knows, as capabilities are given it: its
	// snapshot and its payment are set.
	Case dispute.Case
	// Key is how the vendor writes a key of ours, where it takes a shorter form;
	// nil when it takes it as it is.
	Key func(ours string) string

	// Calls are outgoing calls that the capabilities do not show by themselves:
	// a second request of a Gather, a branch of an Update.
	Calls []Call
	// Intake is nil for vendors that post nothing to us, neither webhooks nor
	// clicks.
	Intake *Intake
}

// Call is one outgoing call of an adapter.
type Call struct {
	Name string
	Do   func(ctx context.Context, a integrations.Adapter) error
	// Write says that the first request changes something at the vendor.
	Write bool
	// Key, when set, must appear in a header or the body of a request: the
	// idempotency key that Do passed. Serve answers the request then.
	Key   string
	Serve http.HandlerFunc

	// looks says that the call may look for an earlier write before it writes:
	// its first request is either a read or a write.
	looks bool
}

// Intake says how to try an adapter's Verify and Parse, or Verify and Clicks.
type Intake struct {
	// Sign gives the headers the vendor would send with body at that time, and
	// no other headers.
	Sign func(body []byte, at time.Time) http.Header
	// Secret signs the webhooks, where it is another than the credential.
	Secret string
	// Unsigned says that the vendor signs no body: a secret alone travels with it.
	Unsigned bool
	// Golden is a folder of payloads *.json; what is read of each is in
	// *.golden.
	Golden string
	// Stale is an age at which a signature is refused; zero when the vendor
	// signs no time.
	Stale time.Duration
}

// Run tries everything the Spec names: the kind of error for every answer, a
// dropped connection, a cancelled context, no retries of its own, no secret and
// no personal data in an error, the key on the wire; what each capability
// promises; and for an Intake signatures, redeliveries and golden payloads.
func Run(t *testing.T, s Spec) {
	t.Helper()
	if s.Secret == "" {
		t.Fatal("Spec.Secret is empty: set the credential, so that errors can be searched for it")
	}
	a := s.New(t, nowhere)
	calls := s.Calls
	if s.StandIn != nil {
		calls = append(s.standard(a), calls...)
		s.promises(t, a)
	}
	if len(calls) == 0 && s.Intake == nil {
		t.Fatal("nothing to try: set Spec.StandIn and Spec.Case, or list Calls")
	}
	for _, c := range calls {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			s.errors(t, c)
			s.cancel(t, c)
			if c.Key != "" {
				s.key(t, c)
			}
		})
	}
	s.tryIntake(t, a)
}

// nowhere is an address that nobody answers.
const nowhere = "http://127.0.0.1:1"

// Serve runs a handler for the length of a test and returns its address.
func Serve(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}
