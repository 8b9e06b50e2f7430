package adyen

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const (
	apiKey = "key"
	// hmacKey is of Adyen's published signing example.
	hmacKey = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
)

func account(o Options) (*Adyen, *world.World) {
	w := world.New(1, time.Now, time.Hour)
	o.APIKey, o.MerchantAccount, o.HMACKey = apiKey, "TestMerchant", hmacKey
	return New(w, o), w
}

// ask posts an order and returns the status and the result's message; "" is
// success.
func ask(t *testing.T, s *Adyen, path, key, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("X-API-Key", key)
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	var out struct {
		Result *result `json:"disputeServiceResult"`
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	if out.Result == nil {
		return rec.Code, "no result"
	}
	if out.Result.Success != (out.Result.Message == "") {
		t.Errorf("result %+v", out.Result)
	}
	return rec.Code, out.Result.Message
}

func form(id, more string) string {
	return `{"disputePspReference":"` + id + `","merchantAccountCode":"TestMerchant"` + more + `}`
}

func TestAPI(t *testing.T) {
	t.Parallel()
	s, w := account(Options{})
	id := s.Open(w.NewOrder(world.OrderOptions{CardBrand: "mastercard"}), DisputeOptions{})
	var submitted, given []string
	s.OnSubmitted(func(id string) { submitted = append(submitted, s.Items(id)[1].EventCode) })
	s.OnClosed(func(id string) { given = append(given, id) })
	pdf := base64.StdEncoding.EncodeToString([]byte("%PDF"))
	document := func(kind, media, content string) string {
		return form(id, `,"defenseDocuments":[{"content":"`+content+`","contentType":"`+media+`","defenseDocumentTypeCode":"`+kind+`"}]`)
	}
	for _, tt := range []struct {
		name, path, key, body string
		status                int
		message               string
	}{
		{"no credential", "/acceptDispute", "", form(id, ""), 401, "no result"},
		{"no form", "/acceptDispute", apiKey, "{", 422, "no result"},
		{"another account", "/acceptDispute", apiKey, `{"disputePspReference":"A","merchantAccountCode":"B"}`, 403, "no result"},
		{"no such dispute", "/retrieveApplicableDefenseReasons", apiKey, form("A", ""), 200, notFound},
		{"a document for none", "/supplyDefenseDocument", apiKey, form("A", ""), 200, unknown},
		{"nothing to delete", "/deleteDisputeDefenseDocument", apiKey, form(id, `,"defenseDocumentType":"DefenseMaterial"`), 200, badDocument},
		{"reasons", "/retrieveApplicableDefenseReasons", apiKey, form(id, ""), 200, ""},
		{"defend with nothing", "/defendDispute", apiKey, form(id, `,"defenseReasonCode":"SupplyDefenseMaterial"`), 200, incomplete},
		{"another type", "/supplyDefenseDocument", apiKey, document("Poem", "application/pdf", pdf), 200, badDocument},
		{"another kind", "/supplyDefenseDocument", apiKey, document("DefenseMaterial", "text/plain", pdf), 200, badDocument},
		{"no base64", "/supplyDefenseDocument", apiKey, document("DefenseMaterial", "application/pdf", "%%"), 200, badDocument},
		{"supply", "/supplyDefenseDocument", apiKey, document("DefenseMaterial", "application/pdf", pdf), 200, ""},
		{"another reason", "/defendDispute", apiKey, form(id, `,"defenseReasonCode":"Poem"`), 200, badReason},
		{"defend", "/defendDispute", apiKey, form(id, `,"defenseReasonCode":"SupplyDefenseMaterial"`), 200, ""},
		{"defend twice", "/defendDispute", apiKey, form(id, `,"defenseReasonCode":"SupplyDefenseMaterial"`), 200, closed},
		{"accept after it", "/acceptDispute", apiKey, form(id, ""), 200, closed},
	} {
		if status, message := ask(t, s, tt.path, tt.key, tt.body); status != tt.status || message != tt.message {
			t.Errorf("%s: HTTP %d %q, want %d %q", tt.name, status, message, tt.status, tt.message)
		}
	}
	d, ok := s.Dispute(id)
	if !ok || d.Status != "Pending" || len(d.Defended) != 1 || string(d.Documents["DefenseMaterial"].Bytes) != "%PDF" {
		t.Errorf("dispute %+v", d)
	}
	other := s.Open(w.NewOrder(world.OrderOptions{}), DisputeOptions{})
	if _, message := ask(t, s, "/acceptDispute", apiKey, form(other, "")); message != "" {
		t.Errorf("accept: %s", message)
	}
	if diff := cmp.Diff([][]string{{"INFORMATION_SUPPLIED"}, {other}}, [][]string{submitted, given}); diff != "" {
		t.Errorf("called (-want +got):\n%s", diff)
	}
}

// codes are what was told of a dispute: event and status.
func codes(s *Adyen, id string) []string {
	var out []string
	for _, it := range s.Items(id) {
		out = append(out, it.EventCode+" "+it.AdditionalData["disputeStatus"])
	}
	return out
}

func TestLives(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		steps   func(s *Adyen, id string) []error
		want    []string
		balance int64
	}{
		"won": {func(s *Adyen, id string) []error {
			return []error{s.Charge(id), s.Reverse(id), s.Decide(id, true)}
		}, []string{"NOTIFICATION_OF_CHARGEBACK Undefended", "CHARGEBACK Undefended", "CHARGEBACK_REVERSED Pending", "ISSUER_RESPONSE_TIMEFRAME_EXPIRED Won"}, 0},
		"second chargeback": {func(s *Adyen, id string) []error {
			return []error{s.Charge(id), s.Reverse(id), s.Decide(id, false)}
		}, []string{"NOTIFICATION_OF_CHARGEBACK Undefended", "CHARGEBACK Undefended", "CHARGEBACK_REVERSED Pending", "SECOND_CHARGEBACK Lost"}, -500},
		"lost at once": {func(s *Adyen, id string) []error { return []error{s.Decide(id, false)} },
			[]string{"NOTIFICATION_OF_CHARGEBACK Undefended", "CHARGEBACK Lost", "DISPUTE_DEFENSE_PERIOD_ENDED Lost"}, -500},
		"lost after the debit": {func(s *Adyen, id string) []error { return []error{s.Charge(id), s.Decide(id, false)} },
			[]string{"NOTIFICATION_OF_CHARGEBACK Undefended", "CHARGEBACK Undefended", "DISPUTE_DEFENSE_PERIOD_ENDED Lost"}, -500},
		"expired": {func(s *Adyen, id string) []error { return []error{s.Expire(id)} },
			[]string{"NOTIFICATION_OF_CHARGEBACK Undefended", "DISPUTE_DEFENSE_PERIOD_ENDED Expired"}, 0},
		"arbitration": {func(s *Adyen, id string) []error {
			return []error{s.Escalate(id), s.Escalate(id), s.Decide(id, false)}
		}, []string{"NOTIFICATION_OF_CHARGEBACK Undefended", "PREARBITRATION_OPEN Undefended", "SCHEME_ARBITRATION Pending", "SCHEME_ARBITRATION_LOST Lost"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, w := account(Options{})
			id := s.Open(w.NewOrder(world.OrderOptions{Total: 500}), DisputeOptions{})
			for _, err := range tt.steps(s, id) {
				if err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(tt.want, codes(s, id)); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			if d, _ := s.Dispute(id); d.Balance != tt.balance {
				t.Errorf("balance %d, want %d", d.Balance, tt.balance)
			}
		})
	}
	s, w := account(Options{})
	id := s.Open(w.NewOrder(world.OrderOptions{}), DisputeOptions{Inquiry: true})
	for name, err := range map[string]error{
		"no dispute": s.Charge("A"), "nothing to reverse": s.Reverse(id), "an inquiry decided": s.Decide(id, true), "an inquiry escalated": s.Escalate(id),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestSign holds the signature to Adyen's published example.
func TestSign(t *testing.T) {
	t.Parallel()
	it := Item{
		PspReference: "7914073381342284", MerchantAccountCode: "TestMerchant", MerchantReference: "TestPayment-1407325143704",
		Amount: Amount{"EUR", 1130}, EventCode: "AUTHORISATION", Success: "true",
	}
	if err := Sign(&it, hmacKey); err != nil || it.AdditionalData["hmacSignature"] != "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0=" {
		t.Errorf("signature %q, %v", it.AdditionalData["hmacSignature"], err)
	}
	if err := Sign(&it, "no hex"); err == nil {
		t.Error("a key that is no hex signs")
	}
}

// Posts keep their order, wait for the one ahead and come again until taken.
func TestDelivery(t *testing.T) {
	t.Parallel()
	s, w := account(Options{WebhookUser: "u", WebhookPassword: "p", Deliver: DeliverOptions{Retry: []time.Duration{time.Millisecond}}})
	var mu sync.Mutex
	var got []string
	refuse := 2
	done := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		user, password, _ := r.BasicAuth()
		if refuse--; refuse >= 0 || user != "u" || password != "p" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		var body struct {
			Items []struct {
				Item Item `json:"NotificationRequestItem"`
			} `json:"notificationItems"`
		}
		raw, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(raw, &body); err != nil || len(body.Items) != 1 {
			t.Errorf("body %s", raw)
			return
		}
		if got = append(got, body.Items[0].Item.EventCode); len(got) == 4 {
			close(done)
		}
	}))
	defer srv.Close()
	id := s.Open(w.NewOrder(world.OrderOptions{}), DisputeOptions{})
	if err := s.Charge(id); err != nil {
		t.Fatal(err)
	}
	s.Again(id)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); s.Run(ctx) }()
	s.SetTarget(srv.URL)
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("not delivered")
	}
	stop()
	<-ended
	mu.Lock()
	defer mu.Unlock()
	want := []string{"NOTIFICATION_OF_CHARGEBACK", "CHARGEBACK", "NOTIFICATION_OF_CHARGEBACK", "CHARGEBACK"}
	if diff := cmp.Diff(want, got); diff != "" || s.Posts() != 6 {
		t.Errorf("%d posts (-want +got):\n%s", s.Posts(), diff)
	}
}

// What is held back comes when it is let go, or never.
func TestHold(t *testing.T) {
	t.Parallel()
	s, w := account(Options{Deliver: DeliverOptions{Retry: []time.Duration{time.Millisecond}}})
	got := make(chan string, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		_, after, _ := strings.Cut(string(raw), `"eventCode":"`)
		code, _, _ := strings.Cut(after, `"`)
		got <- code
	}))
	defer srv.Close()
	s.SetTarget(srv.URL)
	id := s.Open(w.NewOrder(world.OrderOptions{}), DisputeOptions{})
	s.Hold(id)
	for _, code := range []string{"CHARGEBACK", "INFORMATION_SUPPLIED"} {
		if err := s.Tell(id, code); err != nil {
			t.Fatal(err)
		}
	}
	s.Hold(id) // once more, which loses nothing
	s.Release(id)
	s.Hold(id)
	if err := s.Tell(id, "CHARGEBACK_REVERSED"); err != nil {
		t.Fatal(err)
	}
	s.Drop(id)
	if err := s.Tell(id, "SECOND_CHARGEBACK"); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); s.Run(ctx) }()
	defer func() { stop(); <-ended }()
	for _, want := range []string{"NOTIFICATION_OF_CHARGEBACK", "CHARGEBACK", "INFORMATION_SUPPLIED", "SECOND_CHARGEBACK"} {
		select {
		case code := <-got:
			if code != want {
				t.Errorf("%s was posted, want %s", code, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%s was never posted", want)
		}
	}
	if n := len(s.Items(id)); n != 5 {
		t.Errorf("%d items are listed, want 5", n)
	}
}
