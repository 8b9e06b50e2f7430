package checkout_test

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/checkout"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const key = "sk_sbox_0123456789"

func account(t *testing.T, day time.Duration) (*checkout.Checkout, *world.World, string) {
	t.Helper()
	at := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	w := world.New(3, func() time.Time { return at }, day)
	c := checkout.New(w, checkout.Options{SecretKey: key, SignatureKey: "sig"})
	srv := httptest.NewServer(c)
	t.Cleanup(srv.Close)
	return c, w, srv.URL
}

func do(t *testing.T, method, address, token, contentType string, body []byte) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// What Checkout.com would refuse is refused, and changes nothing.
func TestRefusals(t *testing.T) {
	t.Parallel()
	c, w, url := account(t, 24*time.Hour)
	id := c.Open(w.Orders()[0], checkout.DisputeOptions{})
	ended := c.Open(w.Orders()[1], checkout.DisputeOptions{})
	if err := c.Expire(ended); err != nil {
		t.Fatal(err)
	}
	long := `{"additional_evidence_text":"` + strings.Repeat("x", 501) + `"}`
	for _, tt := range []struct {
		method, path, token, body string
		status                    int
		word                      string
	}{
		{"GET", "/disputes", "sk_other", "", 401, ""},
		{"GET", "/disputes", "", "", 401, ""},
		{"GET", "/disputes?limit=251", key, "", 422, "paging"},
		{"GET", "/disputes?from=yesterday", key, "", 422, "paging"},
		{"GET", "/disputes/dsp_none", key, "", 404, ""},
		{"GET", "/payments/pay_none", key, "", 404, ""},
		{"GET", "/files/file_none", key, "", 404, ""},
		{"PUT", "/disputes/" + id + "/evidence", key, `{}`, 422, "evidence_required"},
		{"PUT", "/disputes/" + id + "/evidence", key, `{"receipt_text":"x"}`, 422, "receipt_text_unknown"},
		{"PUT", "/disputes/" + id + "/evidence", key, `{"additional_evidence":"x"}`, 422, "additional_evidence_unknown"},
		{"PUT", "/disputes/" + id + "/evidence", key, `{"invoice_or_receipt_file":"file_none"}`, 422, "invoice_or_receipt_file_invalid"},
		{"PUT", "/disputes/" + id + "/evidence", key, long, 422, "too_long"},
		{"PUT", "/disputes/" + ended + "/evidence", key, `{"additional_evidence_text":"x"}`, 422, "dispute_status"},
		{"POST", "/disputes/" + id + "/evidence", key, "", 422, "evidence_required"},
		{"POST", "/disputes/" + ended + "/evidence", key, "", 422, "dispute_status"},
		{"POST", "/disputes/" + ended + "/accept", key, "", 422, "dispute_status"},
		{"POST", "/connect/token", key, "", 400, "invalid_client"},
	} {
		status, body := do(t, tt.method, url+tt.path, tt.token, "application/json", []byte(tt.body))
		if status != tt.status || !strings.Contains(body, tt.word) {
			t.Errorf("%s %s: HTTP %d %s, want %d with %q", tt.method, tt.path, status, body, tt.status, tt.word)
		}
	}
	if d, _ := c.Dispute(id); len(d.Evidence) != 0 || d.Submissions != 0 || len(d.Answers) != 0 {
		t.Errorf("%+v", d)
	}
	for _, err := range []error{c.Decide("dsp_none", true), c.Stage("dsp_none", nil), c.Resolve("dsp_none", ""), c.AskAgain("dsp_none", time.Time{}), c.Deliver("evt_none")} {
		if err == nil {
			t.Error("no error for what is not there")
		}
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	c, _, url := account(t, 24*time.Hour)
	for want, tt := range map[string]struct {
		purpose string
		content []byte
	}{
		"purpose_invalid":    {"identity", []byte("%PDF-1.7")},
		"file_type_invalid":  {"dispute_evidence", []byte("plain words")},
		"file_size_exceeded": {"dispute_evidence", append([]byte("%PDF-1.7"), make([]byte, 4<<20)...)},
	} {
		var b bytes.Buffer
		form := multipart.NewWriter(&b)
		_ = form.WriteField("purpose", tt.purpose)
		part, err := form.CreateFormFile("file", "a.pdf")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write(tt.content)
		_ = form.Close()
		if status, body := do(t, "POST", url+"/files", key, form.FormDataContentType(), b.Bytes()); status != 422 || !strings.Contains(body, want) {
			t.Errorf("HTTP %d %s, want %s", status, body, want)
		}
	}
	if c.Files() != 0 {
		t.Errorf("%d files", c.Files())
	}
}

// After eight retries Checkout.com gives a webhook up; the Dashboard resends it.
func TestGivesUpAfterEightRetries(t *testing.T) {
	t.Parallel()
	c, w, _ := account(t, 100*time.Millisecond)
	var good atomic.Bool
	door := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		if !good.Load() {
			rw.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer door.Close()
	c.SetTarget(door.URL)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); c.Run(ctx) }()
	defer func() { stop(); <-done }()

	id := c.Open(w.Orders()[0], checkout.DisputeOptions{})
	event := func() checkout.Event { return c.Events(id)[0] }
	for !event().GaveUp {
		time.Sleep(time.Millisecond)
	}
	if e := event(); e.Attempts != 9 || e.Delivered != 0 {
		t.Errorf("%d attempts, %d delivered", e.Attempts, e.Delivered)
	}
	good.Store(true)
	if err := c.Deliver(event().ID); err != nil {
		t.Fatal(err)
	}
	for event().Delivered != 1 {
		time.Sleep(time.Millisecond)
	}
}
