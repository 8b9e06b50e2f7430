package stripe_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Stripe keeps the answer of a key, a 500 too. A replayed one means that the
// key is spent: only another key can succeed.
func TestReplayedFailureSpendsTheKey(t *testing.T) {
	t.Parallel()
	for replayed, want := range map[string]dispute.Kind{"": dispute.UnknownOutcome, "true": dispute.Invalid} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if replayed != "" {
				w.Header().Set("Idempotent-Replayed", replayed)
			}
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write([]byte(`{"error":{"type":"api_error"}}`))
		}))
		defer srv.Close()
		c := dispute.Case{Ref: dispute.Ref{Connection: "stripe-us", ID: "du_1"}}
		if _, err := connect(t, srv.URL).Accept(t.Context(), "key", c); dispute.KindOf(err) != want {
			t.Errorf("replayed %q: %v, want kind %s", replayed, err, want)
		}
	}
}
