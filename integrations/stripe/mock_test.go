package stripe_test

import (
	"bufio"
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	stripego "github.com/stripe/stripe-go/v76"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/stripe"
	"github.com/rebuttal-hq/rebuttal/internal/devstack"
)

// Stripe's own stand-in takes every request of the adapter. It knows Stripe's
// contract by itself, refuses what that does not name, and keeps nothing.
func TestStripeMock(t *testing.T) {
	t.Parallel()
	address := startMock(t)
	t.Run("takes every request", func(t *testing.T) {
		t.Parallel()
		takesEveryRequest(t, address)
	})
	t.Run("takes a claim in preview", func(t *testing.T) {
		t.Parallel()
		takesAClaimInPreview(t, address, startMock(t, "-beta"))
	})
	t.Run("refuses", func(t *testing.T) {
		t.Parallel()
		refuses(t, address)
	})
}

func takesEveryRequest(t *testing.T, address string) {
	t.Helper()
	mock := newMock(t, address)
	a, ctx := connect(t, mock.url), t.Context()
	c := dispute.Case{
		Ref:  dispute.Ref{Connection: connection, ID: "du_1"},
		View: dispute.View{Snapshot: dispute.Snapshot{ID: "du_1", Payment: "ch_1"}},
	}

	check(t, "check", a.Check(ctx))
	_, _, err := a.Poll(ctx, "")
	check(t, "poll", err)
	_, err = a.Get(ctx, c.Ref)
	check(t, "get", err)
	_, err = a.Payment(ctx, c.View.Snapshot)
	check(t, "payment", err)
	_, err = a.Gather(ctx, c)
	check(t, "gather", err)

	all := everything(a, "submit", c)
	limits := a.Limits(c)
	all.Texts[dispute.FieldUncategorizedText] = strings.Repeat("é", limits.TextFieldChars)
	all.Compelling = &dispute.CompellingEvidence{
		Disputed: dispute.Sale{Product: "Oak desk chair", Sold: "merchandise", PurchaseIP: "203.0.113.7"},
		Prior:    [2]dispute.Sale{{Payment: "ch_2", PurchaseIP: "203.0.113.7"}, {Payment: "ch_3", PurchaseIP: "203.0.113.7"}},
	}
	receipt, err := a.Submit(ctx, all)
	check(t, "submit", err)
	if sent, err := url.ParseQuery(string(receipt.Request)); err != nil || len(sent) != len(limits.TextFields)+len(limits.FileFields)+1 {
		t.Errorf("the submission has %d parameters (%v), want every field and submit", len(sent), err)
	}
	_, err = a.Accept(ctx, "accept", c)
	check(t, "accept", err)
	known := connect(t, mock.url, func(s *stripe.Settings) { s.APIVersion = "2023-10-16" }) // it does not know ours yet
	_, err = known.Register(ctx, address, false)
	check(t, "connect", err)
	if got := refused(a.Permissions(ctx)); len(got) != 0 {
		t.Errorf("permissions: %v", got)
	}

	want := []string{
		"GET /v1/balance_transactions",
		"GET /v1/charges", "GET /v1/charges/{}", "GET /v1/customers", "GET /v1/disputes", "GET /v1/disputes after", "GET /v1/disputes/{}",
		"GET /v1/invoices", "GET /v1/payment_intents", "GET /v1/radar/{}", "GET /v1/refunds", "GET /v1/subscriptions", "GET /v1/webhook_endpoints",
		"POST /v1/disputes/{}", "POST /v1/disputes/{}/close", "POST /v1/files", "POST /v1/webhook_endpoints", "POST /v1/webhook_endpoints/{}",
	}
	if diff := cmp.Diff(want, mock.taken()); diff != "" {
		t.Errorf("requests that were taken (-want +got):\n%s", diff)
	}
}

// takesAClaimInPreview: the version of the API that stripe-mock knows does not
// name the method of submission yet, its preview does.
func takesAClaimInPreview(t *testing.T, address, preview string) {
	t.Helper()
	ref := dispute.Ref{Connection: connection, ID: "du_1"}
	_, _, err := connect(t, preview).ClaimManual(t.Context(), "claim", ref)
	check(t, "claim", err)
	if _, _, err := connect(t, address).ClaimManual(t.Context(), "claim", ref); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("a parameter that the contract does not name: %v, want kind invalid", err)
	}
}

// refuses is what the rest relies on: what is not in the contract is refused.
func refuses(t *testing.T, address string) {
	t.Helper()
	for name, c := range map[string]struct{ method, path, form string }{
		"unknown parameter":    {http.MethodPost, "/v1/disputes/du_1", "evidence_text=x"},
		"text for a switch":    {http.MethodPost, "/v1/disputes/du_1", "submit=perhaps"},
		"several for one":      {http.MethodPost, "/v1/disputes/du_1", "evidence[customer_name][first]=x"},
		"unknown filter":       {http.MethodGet, "/v1/disputes?reason=fraudulent", ""},
		"text for a number":    {http.MethodGet, "/v1/disputes?limit=x", ""},
		"unknown path":         {http.MethodPost, "/v1/disputes/du_1/submit", ""},
		"parameter of closing": {http.MethodPost, "/v1/disputes/du_1/close", "reason=x"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, address+c.path, strings.NewReader(c.form))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(secretKey, "")
		if c.form != "" {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest && resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: HTTP %d, want a refusal", name, resp.StatusCode)
		}
	}
	_, err := connect(t, address, func(s *stripe.Settings) { s.SecretKey = "sk_live_1" }).Get(t.Context(), dispute.Ref{ID: "du_1"})
	if dispute.KindOf(err) != dispute.Auth {
		t.Errorf("a live key: %v, want kind auth", err)
	}
}

// The stand-in and the contract take any name within evidence, and Stripe would
// not: the names are those of Stripe's own library.
func TestEvidenceHasStripesNames(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for f := range reflect.TypeFor[stripego.DisputeEvidenceParams]().Fields() {
		known[f.Tag.Get("form")] = true
	}
	limits := connect(t, "http://127.0.0.1:1").Limits(dispute.Case{})
	for _, field := range append(limits.TextFields, limits.FileFields...) {
		if !known[string(field)] {
			t.Errorf("Stripe has no evidence %s", field)
		}
	}
}

// mock passes requests on to stripe-mock and notes those that were taken. Its
// first page of disputes says that there is another.
type mock struct {
	url  string
	mu   sync.Mutex
	seen map[string]bool
}

func newMock(t *testing.T, address string) *mock {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	m := &mock{seen: map[string]bool{}}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = m.note
	srv := httptest.NewServer(proxy)
	t.Cleanup(srv.Close)
	m.url = srv.URL
	return m
}

func (m *mock) note(resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return nil
	}
	parts := strings.Split(resp.Request.URL.Path, "/")
	if len(parts) > 3 { // an id
		parts[3] = "{}"
	}
	name := resp.Request.Method + " " + strings.Join(parts, "/")
	after := resp.Request.URL.Query().Has("starting_after")
	if after {
		name += " after"
	}
	m.mu.Lock()
	m.seen[name] = true
	m.mu.Unlock()
	if name != "GET /v1/disputes" || resp.Request.URL.Query().Get("limit") == "1" {
		return nil
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	body = bytes.Replace(body, []byte(`"has_more":false`), []byte(`"has_more":true`), 1)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Del("Content-Length")
	return nil
}

func (m *mock) taken() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.seen))
}

// buildMock builds stripe-mock of the version that tools/stripe-mock pins.
var buildMock = sync.OnceValues(func() (string, error) {
	root, _ := devstack.ModuleRoot()
	build := exec.Command(filepath.Join(root, "tools", "run"), "stripe-mock", "stripe-mock")
	build.Stderr = os.Stderr // says that it builds, or why it cannot
	return filepath.Join(root, ".cache", "bin", "stripe-mock"), build.Run()
})

// startMock starts stripe-mock on a port of its own and returns its address.
func startMock(t *testing.T, flags ...string) string {
	t.Helper()
	path, err := buildMock()
	if err != nil {
		t.Fatalf("build stripe-mock: %v", err)
	}
	cmd := exec.CommandContext(t.Context(), path, append(flags, "-http-addr", "127.0.0.1:0", "-https-addr", "127.0.0.1:0")...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start stripe-mock: %v", err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // the test's context has killed it
	limit := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer limit.Stop()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if address, ok := strings.CutPrefix(lines.Text(), "Listening for HTTP at address: "); ok {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return "http://" + address
		}
	}
	t.Fatal("stripe-mock says nothing of its address")
	return ""
}
