package webhooks

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/internal/telemetry"
	"github.com/rebuttal-hq/rebuttal/store"
)

// asking is a provider that signs nothing: its secret comes with the address,
// and it asks before it posts.
type asking struct{ token *string }

func (asking) Vendor() string { return "asking" }

func (asking) Answer(query url.Values) (string, error) {
	if query.Get("q") == "" {
		return "", dispute.Errorf(dispute.Invalid, "asking", "no question")
	}
	return "answer to " + query.Get("q"), nil
}

func (a asking) Verify(h http.Header, _ []byte, _ time.Time) error {
	*a.token = strings.Join(h.Values(integrations.TokenHeader), "|")
	if *a.token == "later" {
		return dispute.Errorf(dispute.Transient, "asking", "no certificate")
	}
	return nil
}

func (asking) Parse([]byte) ([]dispute.Notice, error) { return nil, nil }

type nobody struct{}

func (nobody) Save(context.Context, ...store.NewNotice) ([]store.Saved, error) { return nil, nil }

func TestChallengeAndToken(t *testing.T) {
	t.Parallel()
	m, err := telemetry.NewMetrics()
	if err != nil {
		t.Fatal(err)
	}
	token := "never asked"
	set := integrations.SetOf(map[string]integrations.Adapter{"a": asking{&token}})
	d := New(set, nobody{}, time.Now, slog.New(slog.DiscardHandler), m.Webhooks)
	g := gin.New()
	g.GET("/webhooks/:connection", d.Challenge)
	g.POST("/webhooks/:connection", d.Handle)
	for _, tt := range []struct {
		method, path string
		status       int
		says, token  string
	}{
		{http.MethodGet, "/webhooks/a?q=7", 200, "answer to 7", ""},
		{http.MethodGet, "/webhooks/a", 400, "not the provider's question", ""},
		{http.MethodGet, "/webhooks/b?q=7", 405, "posted here", ""},
		{http.MethodPost, "/webhooks/a?token=abc", 200, "stored", "abc"},
		{http.MethodPost, "/webhooks/a", 200, "stored", ""},
		{http.MethodPost, "/webhooks/a?token=later", 503, "send it again", "later"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, strings.NewReader("{}"))
		r.Header.Set(integrations.TokenHeader, "forged by the caller")
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.says) {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, w.Code, w.Body)
		}
		if tt.method == http.MethodPost && token != tt.token {
			t.Errorf("%s: the adapter sees the token %q, want %q", tt.path, token, tt.token)
		}
	}
}
