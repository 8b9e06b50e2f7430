package paypal

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

func newStandIn(o Options) *PayPal {
	o.ClientID, o.ClientSecret, o.WebhookID = "id", "secret", "WEBHOOK1"
	return New(world.New(1, time.Now, time.Hour), o)
}

func (p *PayPal) openOne(o DisputeOptions) string {
	return p.Open(p.world.NewOrder(world.OrderOptions{Total: 12_900}), o)
}

func ask(t *testing.T, p *PayPal, r *http.Request) (int, map[string]any) {
	t.Helper()
	r.Header.Set("Authorization", "Bearer "+p.GrantToken())
	rec := httptest.NewRecorder()
	p.ServeHTTP(rec, r)
	var body map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	return rec.Code, body
}

func form(t *testing.T, path, input string, files map[string][]byte) *http.Request {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if input != "" {
		part, _ := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="input"`}})
		_, _ = part.Write([]byte(input))
	}
	for name, content := range files {
		part, _ := w.CreateFormFile("evidence-file", name)
		_, _ = part.Write(content)
	}
	_ = w.Close()
	r := httptest.NewRequest(http.MethodPost, path, &b)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return r
}

func TestNobodyWithoutAToken(t *testing.T) {
	t.Parallel()
	p := newStandIn(Options{})
	rec := httptest.NewRecorder()
	p.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/v1/customer/disputes", nil))
	if rec.Code != http.StatusUnauthorized {
		t.Errorf("HTTP %d without a token, want 401", rec.Code)
	}
	for secret, want := range map[string]int{"secret": 200, "other": 401} {
		r := httptest.NewRequest(http.MethodPost, "/v1/oauth2/token", strings.NewReader("grant_type=client_credentials"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth("id", secret)
		rec := httptest.NewRecorder()
		if p.ServeHTTP(rec, r); rec.Code != want {
			t.Errorf("secret %s: HTTP %d, want %d", secret, rec.Code, want)
		}
	}
}

// TestEvidenceIsTakenOnce: what is not offered, or not of PayPal's form, is
// refused and changes nothing.
func TestEvidenceIsTakenOnce(t *testing.T) {
	t.Parallel()
	p := newStandIn(Options{})
	id := p.openOne(DisputeOptions{})
	path := "/v1/customer/disputes/" + id + "/provide-evidence"
	const good = `{"evidences":[{"evidence_type":"OTHER","documents":[{"name":"a.pdf"}],"notes":"x"}]}`
	pdf := map[string][]byte{"a.pdf": []byte("%PDF")}
	for name, r := range map[string]*http.Request{
		"no form":          httptest.NewRequest(http.MethodPost, path, strings.NewReader(good)),
		"no input":         form(t, path, "", pdf),
		"no evidence":      form(t, path, `{"evidences":[]}`, nil),
		"long notes":       form(t, path, `{"evidences":[{"evidence_type":"OTHER","notes":"`+strings.Repeat("x", 2001)+`"}]}`, nil),
		"a missing file":   form(t, path, good, nil),
		"an empty file":    form(t, path, good, map[string][]byte{"a.pdf": {}}),
		"a file too large": form(t, path, good, map[string][]byte{"a.pdf": make([]byte, fileLimit)}),
		"a kind of file":   form(t, path, good, map[string][]byte{"a.tiff": []byte("x")}),
	} {
		if status, _ := ask(t, p, r); status != http.StatusBadRequest {
			t.Errorf("%s: HTTP %d, want 400", name, status)
		}
	}
	if status, _ := ask(t, p, form(t, "/v1/customer/disputes/"+id+"/appeal", good, pdf)); status != http.StatusUnprocessableEntity {
		t.Errorf("an appeal that is not offered: HTTP %d, want 422", status)
	}
	if status, _ := ask(t, p, form(t, path, good, pdf)); status != http.StatusOK {
		t.Fatalf("HTTP %d, want 200", status)
	}
	if status, _ := ask(t, p, form(t, path, good, pdf)); status != http.StatusUnprocessableEntity {
		t.Errorf("evidence again: HTTP %d, want 422", status)
	}
	if d, _ := p.Dispute(id); d.Status != review || len(d.Answers) != 1 || len(d.Answers[0].Files) != 1 {
		t.Errorf("dispute %+v, want one answer under review", d)
	}
}

func TestAcceptIsRememberedByItsKey(t *testing.T) {
	t.Parallel()
	p := newStandIn(Options{})
	var closed atomic.Int32
	p.OnClosed(func(string) { closed.Add(1) })
	id := p.openOne(DisputeOptions{})
	for range 2 {
		r := form(t, "/v1/customer/disputes/"+id+"/accept-claim", `{"note":"Full refund.","accept_claim_type":"REFUND"}`, nil)
		r.Header.Set("PayPal-Request-Id", "key")
		if status, _ := ask(t, p, r); status != http.StatusOK {
			t.Errorf("HTTP %d, want 200", status)
		}
	}
	d, _ := p.Dispute(id)
	requests := p.Requests()
	if d.Outcome != buyersFavour || len(d.Answers) != 1 || closed.Load() != 1 || !requests[len(requests)-1].Replayed {
		t.Errorf("dispute %+v closed %d times, requests %+v; want one acceptance and one replay", d, closed.Load(), requests)
	}
}

func TestListPagesAndFilters(t *testing.T) {
	t.Parallel()
	p := newStandIn(Options{Address: "https://stand.in"})
	for range 7 {
		p.openOne(DisputeOptions{})
	}
	decided := p.openOne(DisputeOptions{})
	if err := p.Decide(decided, sellersFavour, false); err != nil {
		t.Fatal(err)
	}
	found, pages := 0, 0
	for path := "/v1/customer/disputes?page_size=3&dispute_state=REQUIRED_ACTION,APPEALABLE"; path != ""; pages++ {
		status, body := ask(t, p, httptest.NewRequest(http.MethodGet, path, nil))
		items, _ := body["items"].([]any)
		if path, found = "", found+len(items); status != http.StatusOK {
			t.Fatalf("HTTP %d", status)
		}
		for _, l := range body["links"].([]any) {
			if link := l.(map[string]any); link["rel"] == "next" {
				path = strings.TrimPrefix(link["href"].(string), "https://stand.in")
			}
		}
	}
	if found != 7 || pages != 3 {
		t.Errorf("%d disputes on %d pages, want 7 on 3", found, pages)
	}
	for query, want := range map[string]int{
		"page_size=51": 400, "page_size=0": 400, "next_page_token=x": 400, "update_time_after=x": 400,
		"update_time_after=2020-01-01T00:00:00Z": 400, "page_size=50": 200,
	} {
		if status, _ := ask(t, p, httptest.NewRequest(http.MethodGet, "/v1/customer/disputes?"+query, nil)); status != want {
			t.Errorf("%s: HTTP %d, want %d", query, status, want)
		}
	}
}

// TestRequireEvidence: the sandbox's agent asks again, and says so.
func TestRequireEvidence(t *testing.T) {
	t.Parallel()
	p := newStandIn(Options{})
	id := p.openOne(DisputeOptions{Unasked: true})
	for target, want := range map[string]int{id: 200, "PP-0": 404} {
		r := httptest.NewRequest(http.MethodPost, "/v1/customer/disputes/"+target+"/require-evidence", strings.NewReader(`{"action":"SELLER_EVIDENCE"}`))
		if status, _ := ask(t, p, r); status != want {
			t.Errorf("%s: HTTP %d, want %d", target, status, want)
		}
	}
	if d, _ := p.Dispute(id); d.Status != waiting || len(p.Events(id)) != 2 {
		t.Errorf("dispute %+v with %d events, want one that waits for the seller, and two", d, len(p.Events(id)))
	}
}

// TestDeliveryEnds: PayPal gives up after 25 retries, and here after as many as
// it is told.
func TestDeliveryEnds(t *testing.T) {
	t.Parallel()
	var posts atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		posts.Add(1)
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer srv.Close()
	p := newStandIn(Options{TargetURL: srv.URL, Deliver: DeliverOptions{MinBackoff: time.Microsecond, MaxBackoff: time.Microsecond, Attempts: 4}})
	id := p.openOne(DisputeOptions{})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); p.Run(ctx) }()
	for until := time.Now().Add(20 * time.Second); p.Events(id)[0].Attempts < 4 && time.Now().Before(until); {
		time.Sleep(time.Millisecond)
	}
	stop()
	<-done
	if e := p.Events(id)[0]; e.Attempts != 4 || e.Delivered != 0 || posts.Load() != 4 {
		t.Errorf("event %s: %d attempts, %d delivered, %d posts; want 4, 0, 4", e.ID, e.Attempts, e.Delivered, posts.Load())
	}
	if err := p.Deliver("WH-0"); err == nil {
		t.Error("an event that is not there is delivered")
	}
}

func TestImpossibleTurns(t *testing.T) {
	t.Parallel()
	p := newStandIn(Options{})
	id := p.openOne(DisputeOptions{})
	if p.Escalate(id) == nil || p.Decide("PP-0", sellersFavour, false) == nil {
		t.Error("a claim is escalated, or an unknown dispute decided")
	}
	if err := p.Decide(id, sellersFavour, false); err != nil || p.Decide(id, sellersFavour, false) == nil {
		t.Errorf("decided twice: %v", err)
	}
	if len(p.Disputes()) != 1 || p.Disputes()[0].Outcome != sellersFavour {
		t.Errorf("disputes %+v", p.Disputes())
	}
}

// TestConfigurationNamesTheAuthority: the configuration of the rehearsal trusts
// the authority that vouches for the webhooks.
func TestConfigurationNamesTheAuthority(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../deploy/config.simulator.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Connections struct {
			PayPal struct {
				Settings struct {
					CertRoots string `yaml:"cert_roots"`
				}
			}
		}
	}
	if err := yaml.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	named, _ := pem.Decode([]byte(config.Connections.PayPal.Settings.CertRoots))
	if named == nil || !bytes.Equal(named.Bytes, unwrap([]byte(newStandIn(Options{}).CertificateAuthority()))) {
		t.Error("cert_roots is not the stand-in's authority")
	}
}
