package stripe_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/stripe"
	standin "github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

func file(field dispute.EvidenceField, content string) integrations.File {
	sum := sha256.Sum256([]byte(content))
	return integrations.File{
		Field: field, Name: string(field) + ".pdf", MediaType: "application/pdf",
		SHA256: hex.EncodeToString(sum[:]), Bytes: []byte(content),
	}
}

func packet(key string, c dispute.Case) integrations.Submission {
	return integrations.Submission{
		Key: key, Case: c,
		Texts: map[dispute.EvidenceField]string{
			dispute.FieldUncategorizedText:  "The parcel was signed for. Ünterschrift ✓ & = ?",
			dispute.FieldProductDescription: "Oak desk chair",
			dispute.FieldServiceDate:        "",
		},
		Files: []integrations.File{file(dispute.FieldReceipt, "%PDF-1.7 receipt")},
	}
}

func TestSubmit(t *testing.T) {
	t.Parallel()
	r := rehearse(t)
	id := r.open(world.OrderOptions{}, standin.DisputeOptions{})
	s := packet("cs_1/chargeback/submit/abc", r.disputeCase(t, id))
	s.Files = append(s.Files, file(dispute.FieldShippingDocumentation, "%PDF-1.7 label"))
	progress := map[string]string{}
	s.Progress = func(sha, vendorID string) { progress[sha] = vendorID }

	first, err := r.Submit(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(progress, first.Uploads); diff != "" || len(progress) != 2 {
		t.Errorf("progress and receipt differ (-progress +receipt):\n%s", diff)
	}
	d, _ := r.stripe.Dispute(id)
	if d.Status != "under_review" || first.RawStatus != "under_review" || first.VendorID != id || first.RequestID == "" || first.At.IsZero() {
		t.Errorf("dispute %s, receipt %+v", d.Status, first)
	}
	want := map[string]string{
		"uncategorized_text":     s.Texts[dispute.FieldUncategorizedText],
		"product_description":    "Oak desk chair",
		"receipt":                first.Uploads[s.Files[0].SHA256],
		"shipping_documentation": first.Uploads[s.Files[1].SHA256],
	}
	if diff := cmp.Diff(want, d.Evidence); diff != "" {
		t.Errorf("evidence at Stripe (-want +got):\n%s", diff)
	}
	if f, ok := r.stripe.File(first.Uploads[s.Files[0].SHA256]); !ok || string(f.Bytes) != "%PDF-1.7 receipt" || f.Name != "receipt.pdf" {
		t.Errorf("file at Stripe: %v %q", ok, f.Name)
	}
	sent, err := url.ParseQuery(string(first.Request))
	if err != nil || sent.Get("submit") != "true" || sent.Get("evidence[receipt]") == "" || sent.Has("evidence[service_date]") {
		t.Errorf("request %s (%v)", first.Request, err)
	}
	if !strings.Contains(string(first.Response), `"under_review"`) {
		t.Errorf("response %s", first.Response)
	}

	// The same attempt again, as after a lost answer: one submission at Stripe.
	again, err := r.Submit(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if string(again.Request) != string(first.Request) || string(again.Response) != string(first.Response) {
		t.Error("the second attempt sent or received something else")
	}
	if d, _ := r.stripe.Dispute(id); d.Submissions != 1 || len(d.Bodies) != 1 {
		t.Errorf("%d submissions", d.Submissions)
	}
	for _, req := range r.stripe.Requests()[4:] {
		if req.Method == http.MethodPost && !req.Replayed {
			t.Errorf("%s %s was not a replay", req.Method, req.Path)
		}
	}

	// Another packet under the same key is refused, not a second answer.
	s.Texts[dispute.FieldUncategorizedText] = "changed"
	if _, err := r.Submit(t.Context(), s); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("other evidence, same key: %v, want kind invalid", err)
	}
	s.Key = "other"
	if _, err := r.Submit(t.Context(), s); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("second submission: %v, want kind invalid", err)
	}
}

func TestSubmitSkipsWhatIsUploaded(t *testing.T) {
	t.Parallel()
	r := rehearse(t)
	id := r.open(world.OrderOptions{}, standin.DisputeOptions{})
	s := packet("first", r.disputeCase(t, id))
	s.Files = append(s.Files, s.Files[0]) // the same document, another slot
	s.Files[1].Field = dispute.FieldUncategorizedFile
	known := ""
	s.Progress = func(_, vendorID string) { known = vendorID }
	receipt, err := r.Submit(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if len(receipt.Uploads) != 1 {
		t.Errorf("uploads %v, want one", receipt.Uploads)
	}

	other := r.open(world.OrderOptions{}, standin.DisputeOptions{})
	s.Key, s.Case = "second", r.disputeCase(t, other)
	s.Uploaded = map[string]string{s.Files[0].SHA256: known}
	s.Progress = func(sha, _ string) { t.Errorf("%s was uploaded again", sha) }
	receipt, err = r.Submit(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if receipt.Uploads[s.Files[0].SHA256] != known {
		t.Errorf("uploads %v", receipt.Uploads)
	}
}

// wire records requests and answers them.
type wire struct {
	mu     sync.Mutex
	bodies []string
	keys   []string
	header []http.Header
	answer func(w http.ResponseWriter, r *http.Request)
}

func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.mu.Lock()
	w.bodies = append(w.bodies, string(body))
	w.keys = append(w.keys, r.Header.Get("Idempotency-Key"))
	w.header = append(w.header, r.Header)
	w.mu.Unlock()
	w.answer(rw, r)
}

// A retried upload is the same request to the byte, so that Stripe sees a
// repetition and not another request under the same key.
func TestRetriesAreTheSameBytes(t *testing.T) {
	t.Parallel()
	w := &wire{answer: func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"id":"file_1","object":"dispute","status":"under_review"}`))
	}}
	srv := httptest.NewServer(w)
	defer srv.Close()
	a := connect(t, srv.URL)
	s := packet("key", dispute.Case{Ref: dispute.Ref{ID: "du_1"}})
	for range 2 {
		if _, err := a.Submit(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.bodies) != 4 || w.bodies[0] != w.bodies[2] || w.bodies[1] != w.bodies[3] {
		t.Errorf("%d requests, and the attempts differ", len(w.bodies))
	}
	if diff := cmp.Diff([]string{"key/" + s.Files[0].SHA256, "key"}, w.keys[:2]); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if got := w.header[1].Get("Authorization"); got != "Bearer "+secretKey {
		t.Errorf("authorization %q", got)
	}
	if w.header[1].Get("Stripe-Version") != "2026-10-28.endive" || w.header[0].Get("X-Stripe-Client-Telemetry") != "" {
		t.Errorf("headers %v", w.header[1])
	}
}

func TestSubmitRefusesBeforeSending(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*integrations.Submission)
		want   dispute.Kind
	}{
		{"empty", func(s *integrations.Submission) { s.Texts, s.Files = nil, nil }, dispute.Invalid},
		{"long prose", text(dispute.FieldUncategorizedText, 20_001), dispute.Invalid},
		{"long name", text(dispute.FieldCustomerName, 5_001), dispute.Invalid},
		{"all texts", func(s *integrations.Submission) {
			for _, f := range []dispute.EvidenceField{
				dispute.FieldAccessActivityLog, dispute.FieldCancellationPolicyDisclosure, dispute.FieldCancellationRebuttal,
				dispute.FieldDuplicateChargeExplanation, dispute.FieldProductDescription, dispute.FieldRefundPolicyDisclosure,
				dispute.FieldRefundRefusalExplanation, dispute.FieldUncategorizedText,
			} {
				text(f, 20_000)(s)
			}
		}, dispute.Invalid},
		{"text in a file's slot", text(dispute.FieldReceipt, 1), dispute.Invalid},
		{"unknown field", text("nonsense", 1), dispute.Invalid},
		{"file in a text's slot", func(s *integrations.Submission) { s.Files[0].Field = dispute.FieldUncategorizedText }, dispute.Invalid},
		{"two files in a slot", func(s *integrations.Submission) {
			s.Files = append(s.Files, file(dispute.FieldReceipt, "other"))
		}, dispute.Invalid},
		{"media type", func(s *integrations.Submission) { s.Files[0].MediaType = "image/gif" }, dispute.Invalid},
		{"empty file", func(s *integrations.Submission) { s.Files[0].Bytes = nil }, dispute.Invalid},
		{"large files", func(s *integrations.Submission) { s.Files[0].Bytes = make([]byte, 4_500_001) }, dispute.Invalid},
		{"no key", func(s *integrations.Submission) { s.Key, s.Files = "", nil }, dispute.Invalid},
		{"long key", func(s *integrations.Submission) { s.Key = strings.Repeat("k", 200) }, dispute.Invalid},
		{"appeal", func(s *integrations.Submission) { s.Case.View.Snapshot.RawStatus = "appeal_needs_response" }, dispute.Unsupported},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				t.Errorf("%s %s was sent", r.Method, r.URL.Path)
			}))
			defer srv.Close()
			s := packet("key", dispute.Case{Ref: dispute.Ref{ID: "du_1"}})
			tt.change(&s)
			_, err := connect(t, srv.URL).Submit(t.Context(), s)
			if dispute.KindOf(err) != tt.want {
				t.Errorf("error %v, want kind %s", err, tt.want)
			}
		})
	}
}

func text(field dispute.EvidenceField, chars int) func(*integrations.Submission) {
	return func(s *integrations.Submission) { s.Texts[field] = strings.Repeat("ä", chars) }
}

func TestLimits(t *testing.T) {
	t.Parallel()
	a := connect(t, "http://127.0.0.1:1")
	visa, mastercard := dispute.Case{}, dispute.Case{}
	visa.View.Snapshot.Network, mastercard.View.Snapshot.Network = "visa", "mastercard"
	if l := a.Limits(visa); l.TotalPages != 49 || l.TotalBytes != 4_275_000 || l.Files != 9 || len(l.FileFields) != 9 || len(l.TextFields) != 18 {
		t.Errorf("limits %+v", l)
	}
	if l := a.Limits(mastercard); l.TotalPages != 18 || l.FilePages != 18 {
		t.Errorf("%d pages for Mastercard, want 18", l.TotalPages)
	}
}

func TestAccept(t *testing.T) {
	t.Parallel()
	r := rehearse(t)
	id := r.open(world.OrderOptions{}, standin.DisputeOptions{})
	c := r.disputeCase(t, id)
	for range 2 {
		receipt, err := r.Accept(t.Context(), "key", c)
		if err != nil {
			t.Fatal(err)
		}
		if receipt.RawStatus != "lost" || receipt.VendorID != id || len(receipt.Response) == 0 {
			t.Errorf("receipt %+v", receipt)
		}
	}
	if _, err := r.Accept(t.Context(), "other key", c); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("closed twice: %v", err)
	}
}

func TestClaimManual(t *testing.T) {
	t.Parallel()
	const version = "2026-10-28.endive"
	tests := []struct {
		name    string
		account string // the account's method, empty without Smart Disputes
		version string
		claimed bool
		method  string
	}{
		{"claimed", "prefer_manual", version, true, "manual"},
		{"claimed again", "manual", version, true, "manual"},
		{"no Smart Disputes", "", version, false, ""},
		{"version before the setting", "prefer_manual", "2025-08-27.basil", false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := rehearse(t)
			srv := httptest.NewServer(r.stripe)
			defer srv.Close()
			a := connect(t, srv.URL, func(s *stripe.Settings) { s.APIVersion = tt.version })
			id := r.open(world.OrderOptions{}, standin.DisputeOptions{IntendedMethod: tt.account})
			stage(t, srv.URL, id)
			claimed, method, err := a.ClaimManual(t.Context(), "key", dispute.Ref{ID: id})
			if err != nil || claimed != tt.claimed || method != tt.method {
				t.Errorf("claimed %v, method %q, error %v; want %v, %q", claimed, method, err, tt.claimed, tt.method)
			}
			if d, _ := r.stripe.Dispute(id); d.Submissions != 0 || d.Status != "needs_response" {
				t.Errorf("the claim sent what was staged: %d submissions", d.Submissions)
			}
		})
	}
}

// stage leaves a draft on the dispute, as a person in Stripe's dashboard does.
func stage(t *testing.T, base, id string) {
	t.Helper()
	form := url.Values{"evidence[customer_name]": {"Ada"}, "submit": {"false"}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/v1/disputes/"+id, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secretKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("staging: HTTP %d", resp.StatusCode)
	}
}

// Answers that are not Stripe's JSON come from proxies and must keep their
// status; no answer's text may come through.
func TestForeignAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		body   string
		want   dispute.Kind
		retry  time.Duration
	}{
		{"gateway page", 502, "<html>jane@canary.example</html>", dispute.Transient, 0},
		{"error is a word", 429, `{"error":"jane@canary.example"}`, dispute.RateLimited, 3 * time.Second},
		{"error without an object", 403, `{"message":"jane@canary.example"}`, dispute.Auth, 0},
		{"success that is no JSON", 200, "jane@canary.example", dispute.Transient, 0},
		{"success that is no dispute", 200, `{"object":"charge"}`, dispute.Transient, 0},
		{"message of Stripe's", 400, `{"error":{"type":"invalid_request_error","code":"resource_missing","param":"jane@canary.example","message":"No such person: jane@canary.example"}}`, dispute.Invalid, 0},
		{"idempotency", 400, `{"error":{"type":"idempotency_error","message":"jane@canary.example"}}`, dispute.Invalid, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Request-Id", "req_1")
				if tt.retry > 0 {
					w.Header().Set("Retry-After", "3")
				}
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			defer srv.Close()
			_, err := connect(t, srv.URL).Get(t.Context(), dispute.Ref{ID: "du_1"})
			var e *dispute.Error
			if !errors.As(err, &e) || e.Kind != tt.want || e.RetryAfter != tt.retry {
				t.Errorf("error %v (%s), want kind %s", err, dispute.KindOf(err), tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("the error quotes the answer: %v", err)
			}
		})
	}
}
