package cli

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestMigrate(t *testing.T) {
	t.Parallel()
	sys := prepare(t)
	if out := on(sys, "migrate --retention 1440h").want(t, exitDone); !strings.Contains(out, "now keeps closed cases for 60 days") || !strings.Contains(out, "up to date") {
		t.Error(out)
	}
	if out := on(sys, "migrate --json").want(t, exitDone); strings.Join(strings.Fields(out), "") != `{"migrated":true}` {
		t.Error(out)
	}
	on(sys, "migrate --retention 36h").want(t, exitUsage)

	text, err := os.ReadFile(sys.File)
	ok(t, err)
	away := filepath.Join(t.TempDir(), "rebuttal.yaml")
	ok(t, os.WriteFile(away, regexp.MustCompile(`address: \S+?([,\s])`).ReplaceAll(text, []byte("address: 127.0.0.1:1$1")), 0o600))
	r := call("migrate", "--wait", "100ms", "--config", away)
	if out := r.want(t, exitFailed); !strings.Contains(out, "waiting for Temporal at 127.0.0.1:1") || !strings.Contains(r.err, "127.0.0.1:1 does not answer") {
		t.Errorf("%s%s", out, r.err)
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	answer := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(answer) }))
	call("probe", server.URL).want(t, exitDone)
	answer = http.StatusServiceUnavailable
	call("probe", server.URL).want(t, exitFailed)
	server.Close()
	call("probe", server.URL).want(t, exitFailed)
	call("probe", "http://a b/").want(t, exitUsage)
	call("probe").want(t, exitUsage)
}
