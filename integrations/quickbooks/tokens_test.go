package quickbooks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	stand "github.com/rebuttal-hq/rebuttal/simulator/quickbooks"
)

// withFile is a process that keeps its refresh token in a file.
func withFile(t *testing.T, base, file string, log *slog.Logger) *adapter {
	t.Helper()
	s := settings(base, base)
	s.TokenFile = file
	a, err := s.Connect(integrations.Deps{HTTP: &http.Client{}, Log: log}, "books")
	if err != nil {
		t.Fatal(err)
	}
	return a.(*adapter)
}

func serve(t *testing.T) (*stand.QuickBooks, string) {
	t.Helper()
	q := stand.New(realm, clientID, clientSecret, refreshToken)
	srv := httptest.NewServer(q)
	t.Cleanup(srv.Close)
	return q, srv.URL
}

func TestRotationSurvivesARestart(t *testing.T) {
	t.Parallel()
	q, base := serve(t)
	file := filepath.Join(t.TempDir(), "books.token")
	if err := withFile(t, base, file, nil).Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	q.EndGrace() // a day later the token of the settings is dead
	if err := connect(t, base, base, &http.Client{}).Check(t.Context()); dispute.KindOf(err) != dispute.Auth {
		t.Errorf("a restart without the file: %v, want auth", err)
	}
	if err := withFile(t, base, file, nil).Check(t.Context()); err != nil {
		t.Errorf("a restart with the file: %v", err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the token file is %v, %v; want it private", info.Mode(), err)
	}
}

func TestRotationWithinAProcess(t *testing.T) {
	t.Parallel()
	q, base := serve(t)
	a := connect(t, base, base, &http.Client{})
	for range 3 {
		if err := a.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		q.EndGrace()
		a.tokens.forget(t.Context())
	}
}

func TestARefusedAccessTokenIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	q := stand.New(realm, clientID, clientSecret, refreshToken)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.Header.Get("Authorization"), "access-0001") {
			r.Header.Set("Authorization", "Bearer revoked")
		}
		q.ServeHTTP(w, r)
	}))
	defer srv.Close()
	a := connect(t, srv.URL, srv.URL, &http.Client{})
	if err := a.Check(t.Context()); dispute.KindOf(err) != dispute.Auth {
		t.Fatalf("revoked: %v, want auth", err)
	}
	if err := a.Check(t.Context()); err != nil {
		t.Errorf("the next call did not ask for a new token: %v", err)
	}
}

func TestANewTokenInTheSettingsBeatsADeadFile(t *testing.T) {
	t.Parallel()
	_, base := serve(t)
	file := filepath.Join(t.TempDir(), "books.token")
	if err := os.WriteFile(file, []byte("dead\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := withFile(t, base, file, nil).Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(raw), "refresh-") {
		t.Errorf("the file holds %q (%v), want the new token", raw, err)
	}
}

func TestAFileThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	_, base := serve(t)
	var log strings.Builder
	a := withFile(t, base, filepath.Join(t.TempDir(), "no", "such", "folder", "token"), slog.New(slog.NewTextHandler(&log, nil)))
	if err := a.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "connection=books") || strings.Contains(log.String(), "refresh-0") {
		t.Errorf("log %q, want a warning that names the connection and no token", log.String())
	}
}

func TestTokensAreAskedForOnce(t *testing.T) {
	t.Parallel()
	q := stand.New(realm, clientID, clientSecret, refreshToken)
	var mu sync.Mutex
	refreshes := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/oauth2") {
			mu.Lock()
			refreshes++
			mu.Unlock()
		}
		q.ServeHTTP(w, r)
	}))
	defer srv.Close()
	a := connect(t, srv.URL, srv.URL, &http.Client{})
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if err := a.Check(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if refreshes != 1 {
		t.Errorf("%d refreshes, want 1", refreshes)
	}
}

func TestTokenErrors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		body   string
		kind   dispute.Kind
	}{
		"refused":      {400, `{"error":"invalid_grant","error_description":"canary@x.example"}`, dispute.Auth},
		"wrong client": {401, `{"error":"invalid_client"}`, dispute.Auth},
		"odd code":     {400, `{"error":"canary@x.example"}`, dispute.Auth},
		"too many":     {429, `{}`, dispute.RateLimited},
		"down":         {503, `canary@x.example`, dispute.Transient},
		"not JSON":     {200, `<canary@x.example>`, dispute.Transient},
		"no token":     {200, `{}`, dispute.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Retry-After", "3")
				w.WriteHeader(tc.status)
				_, _ = fmt.Fprint(w, tc.body)
			}))
			defer srv.Close()
			// Nothing was written when no token was had, so a write is not unclear.
			_, err := connect(t, srv.URL, srv.URL, &http.Client{}).PostEntry(t.Context(), "k", entry())
			if dispute.KindOf(err) != tc.kind || err == nil {
				t.Fatalf("%v, want kind %s", err, tc.kind)
			}
			var e *dispute.Error
			if tc.kind == dispute.RateLimited && errors.As(err, &e) && e.RetryAfter != 3*time.Second {
				t.Errorf("RetryAfter = %v, want 3s", e.RetryAfter)
			}
			for _, bad := range []string{"canary@x.example", refreshToken, clientSecret} {
				if strings.Contains(err.Error(), bad) {
					t.Errorf("error text holds %q: %v", bad, err)
				}
			}
		})
	}
}

func TestRefreshHonoursItsContext(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer srv.Close()
	defer close(release)
	a := connect(t, srv.URL, srv.URL, &http.Client{})
	done := make(chan error, 2)
	for range 2 { // one refreshes, the other waits its turn
		go func() {
			ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer stop()
			done <- a.Check(ctx)
		}()
	}
	for range 2 {
		select {
		case err := <-done:
			if err == nil {
				t.Error("no error from a cancelled call")
			}
		case <-time.After(5 * time.Second):
			t.Fatal("the call ignored its context")
		}
	}
}
