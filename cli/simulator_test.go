package cli

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator"
)

// A person has a sale disputed at any provider by one request.
func TestOpenDisputes(t *testing.T) {
	t.Parallel()
	sim := simulator.New(simulator.Options{Seed: 1, Day: time.Hour, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	door := withDisputes(sim)
	for query, connection := range map[string]string{
		"": simulator.StripeConnection, "?provider=adyen": "adyen", "?provider=clearhaus": "clearhaus", "?provider=nobody": "",
	} {
		w := httptest.NewRecorder()
		door.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/disputes"+query, http.NoBody))
		if connection == "" {
			if w.Code != http.StatusBadRequest {
				t.Errorf("%s: HTTP %d, want 400", query, w.Code)
			}
			continue
		}
		if _, ok := sim.Seen(connection, strings.TrimSpace(w.Body.String())); w.Code != http.StatusCreated || !ok {
			t.Errorf("%q: HTTP %d %s, which %s does not have", query, w.Code, w.Body, connection)
		}
	}
}
