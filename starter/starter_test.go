package starter

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"
	"go.uber.org/goleak"

	"github.com/rebuttal-hq/rebuttal/internal/boot"
	"github.com/rebuttal-hq/rebuttal/internal/config"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/store"
)

func TestMain(m *testing.M) { testenv.MainWithoutLeaks(m) }

const (
	secret   = "whsec_1"
	codecKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	ui       = "http://127.0.0.1:8233"
)

func open(t *testing.T, temporal, namespace string) *boot.App {
	t.Helper()
	cfg, err := config.Parse("rebuttal.yaml", fmt.Appendf(nil,
		"database: %s\nblobs: mem://\ncodec_key: %s\ntemporal: { address: %s, namespace: %s }\n"+
			"connections:\n  stripe-us: { vendor: stripe, settings: { secret_key: sk_test_1, webhook_secret: %s } }\n",
		testenv.Postgres(t), codecKey, temporal, namespace, secret))
	if err != nil {
		t.Fatal(err)
	}
	app, err := boot.Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// run serves until the returned function is called.
func run(t *testing.T, app *boot.App) (url string, stop func()) {
	t.Helper()
	c, err := app.Temporal()
	if err != nil {
		t.Fatal(err)
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- Run(ctx, ln, Deps{DB: app.DB, Set: app.Set, Desk: app.Desk, Temporal: c, Codec: app.Codec, TemporalUI: ui, Log: app.Log, Metrics: app.Metrics})
	}()
	return "http://" + ln.Addr().String(), func() {
		t.Helper()
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(20 * time.Second):
			t.Error("Run does not end")
		}
	}
}

func ask(t *testing.T, method, url, body string, header http.Header) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		req.Header = header
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func post(t *testing.T, url, body string) int {
	t.Helper()
	at := time.Now()
	sig := hex.EncodeToString(webhook.ComputeSignature(at, []byte(body), secret))
	status, _ := ask(t, http.MethodPost, url+"/webhooks/stripe-us", body, http.Header{"Stripe-Signature": {fmt.Sprintf("t=%d,v1=%s", at.Unix(), sig)}})
	return status
}

func readyz(t *testing.T, url string) (status int, missing []string) {
	t.Helper()
	status, body := ask(t, http.MethodGet, url+"/readyz", "", nil)
	var said struct {
		Ready   bool     `json:"ready"`
		Missing []string `json:"missing"`
	}
	if err := json.Unmarshal([]byte(body), &said); err != nil || said.Ready != (status == 200) {
		t.Errorf("readyz: %d %s", status, body)
	}
	return status, said.Missing
}

// Not parallel: what leaks is this test's.
func TestRun(t *testing.T) {
	address, namespace := testenv.Temporal(t)
	app := open(t, address, namespace)
	running := goleak.IgnoreCurrent()
	url, stop := run(t, app)
	if status, body := ask(t, http.MethodGet, url+"/healthz", "", nil); status != 200 || body != "ok\n" {
		t.Errorf("healthz: %d %q", status, body)
	}
	if status, missing := readyz(t, url); status != 503 || len(missing) != 1 || !strings.Contains(missing[0], "rebuttal migrate") {
		t.Errorf("readyz without a schema: %d %v", status, missing)
	}
	if err := app.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, missing := readyz(t, url); status != 200 || len(missing) != 0 {
		t.Errorf("readyz: %d %v", status, missing)
	}
	event := `{"id":"evt_1","object":"event","type":"customer.created","created":1,"data":{"object":{"id":"cus_1"}}}`
	if status := post(t, url, event); status != 200 {
		t.Errorf("webhook: %d", status)
	}
	if status, body := ask(t, http.MethodPost, url+"/webhooks/stranger", "x", nil); status != 404 {
		t.Errorf("stranger: %d %s", status, body)
	}
	rows, _, err := app.DB.ListNotices(t.Context(), store.NoticeFilter{})
	if err != nil || len(rows) != 1 || rows[0].State != store.NoticeStored {
		t.Errorf("stored %+v, %v", rows, err)
	}
	_, metrics := ask(t, http.MethodGet, url+"/metrics", "", nil)
	for _, line := range []string{
		`rebuttal_webhooks_total{connection="stripe-us",outcome="stored"} 1`,
		`rebuttal_webhooks_total{connection="unknown",outcome="unknown_connection"} 1`,
		"rebuttal_relay_pending 0", "go_goroutines ",
	} {
		if !strings.Contains(metrics, line) {
			t.Errorf("the metrics lack %s", line)
		}
	}
	if status, _ := ask(t, http.MethodGet, url+"/webhooks/stripe-us", "", nil); status == 200 {
		t.Error("GET of a webhook succeeds")
	}
	if status, _ := ask(t, http.MethodGet, url+"/v1/cases", "", nil); status != 401 {
		t.Errorf("the API answers a stranger with %d", status)
	}
	stop()
	app.Close()
	testenv.NoLeaks(t, running)
}

// With Temporal away webhooks are taken all the same, and wait.
func TestTemporalAway(t *testing.T) {
	app := open(t, "127.0.0.1:1", "none")
	defer app.Close()
	if err := app.DB.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	url, stop := run(t, app)
	defer stop()
	event := `{"id":"evt_1","object":"event","type":"charge.dispute.created","created":1,"data":{"object":{"id":"du_1","object":"dispute",
		"amount":1,"currency":"usd","charge":"ch_1","reason":"general","status":"needs_response","created":1,"evidence_details":{"due_by":9}}}}`
	if status := post(t, url, event); status != 200 {
		t.Errorf("webhook: %d", status)
	}
	if status, missing := readyz(t, url); status != 200 || len(missing) != 1 || !strings.HasPrefix(missing[0], "temporal: ") {
		t.Errorf("readyz: %d %v", status, missing)
	}
	rows, _, err := app.DB.ListNotices(t.Context(), store.NoticeFilter{State: store.NoticePending})
	if err != nil || len(rows) != 1 {
		t.Errorf("pending %+v, %v", rows, err)
	}
	if _, metrics := ask(t, http.MethodGet, url+"/metrics", "", nil); !strings.Contains(metrics, "rebuttal_relay_pending 1") {
		t.Error("the lag is not measured")
	}
}

// A listener that dies ends Run, with the relay.
func TestListenerDies(t *testing.T) {
	app := open(t, "127.0.0.1:1", "none")
	defer app.Close()
	c, err := app.Temporal()
	if err != nil {
		t.Fatal(err)
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = ln.Close()
	if err := Run(t.Context(), ln, Deps{DB: app.DB, Set: app.Set, Desk: app.Desk, Temporal: c, Log: app.Log, Metrics: app.Metrics}); err == nil {
		t.Error("Run ends without an error")
	}
}
