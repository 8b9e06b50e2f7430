package stripe_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const (
	secretKey     = "sk_test_simulator"
	webhookSecret = "whsec_simulator"
)

// shop is a stand-in with a server in front and a clock that stands still
// until it is moved.
type shop struct {
	*stripe.Stripe
	world *world.World
	url   string
	now   time.Time
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{now: time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)}
	s.world = world.New(1, func() time.Time { return s.now }, 24*time.Hour)
	s.Stripe = stripe.New(s.world, stripe.Options{SecretKey: secretKey, WebhookSecret: webhookSecret})
	srv := httptest.NewServer(s.Stripe)
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

type answer struct {
	status int
	header http.Header
	body   map[string]any
}

// code is the error's code, or its type when it has none.
func (a answer) code() string {
	e, _ := a.body["error"].(map[string]any)
	if code, ok := e["code"].(string); ok {
		return code
	}
	kind, _ := e["type"].(string)
	return kind
}

func (a answer) string(field string) string {
	v, _ := a.body[field].(string)
	return v
}

func (a answer) hash(field string) map[string]any {
	v, _ := a.body[field].(map[string]any)
	return v
}

func (a answer) ids() []string {
	var out []string
	list, _ := a.body["data"].([]any)
	for _, item := range list {
		o, _ := item.(map[string]any)
		id, _ := o["id"].(string)
		out = append(out, id)
	}
	return out
}

func (s *shop) do(t *testing.T, req *http.Request) answer {
	t.Helper()
	if req.Header.Get("Authorization") == "" {
		req.Header.Set("Authorization", "Bearer "+secretKey)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header}
	if err := json.Unmarshal(text, &a.body); err != nil {
		t.Fatalf("answer is no JSON: %v\n%s", err, text)
	}
	return a
}

func (s *shop) get(t *testing.T, path string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s.do(t, req)
}

func (s *shop) post(t *testing.T, path, key string, form url.Values) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	return s.do(t, req)
}

func (s *shop) upload(t *testing.T, purpose string, content []byte) answer {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	_ = w.WriteField("purpose", purpose)
	part, err := w.CreateFormFile("file", "packet.pdf")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write(content)
	_ = w.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v1/files", &body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	return s.do(t, req)
}

func (s *shop) open(o stripe.DisputeOptions) string {
	return s.Open(s.world.NewOrder(world.OrderOptions{Total: 12900}), o)
}

func (s *shop) dispute(t *testing.T, id string) stripe.Dispute {
	t.Helper()
	d, ok := s.Dispute(id)
	if !ok {
		t.Fatalf("no dispute %s", id)
	}
	return d
}

// nets are the dispute's movements as category and net.
func nets(d stripe.Dispute) []any {
	var out []any
	for _, m := range d.Movements {
		out = append(out, m.Category, m.Net())
	}
	return out
}

func types(events []stripe.Event) []string {
	var out []string
	for _, e := range events {
		out = append(out, strings.TrimPrefix(e.Type, "charge.dispute."))
	}
	return out
}

var letter = url.Values{"evidence[uncategorized_text]": {"it was delivered"}, "submit": {"true"}}

func TestLifeOfADispute(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		opt        stripe.DisputeOptions
		act        func(t *testing.T, s *shop, id string) error
		wantStatus string
		wantMoves  []any
		wantEvents []string
	}{
		{
			name:       "opened",
			act:        func(*testing.T, *shop, string) error { return nil },
			wantStatus: "needs_response",
			wantMoves:  []any{"dispute", int64(-14400)},
			wantEvents: []string{"created", "funds_withdrawn"},
		},
		{
			name: "answered and won: the counter fee comes back",
			act: func(t *testing.T, s *shop, id string) error {
				s.post(t, "/v1/disputes/"+id, "k", letter)
				return s.Decide(id, true)
			},
			wantStatus: "won",
			wantMoves:  []any{"dispute", int64(-14400), "fee", int64(-1500), "dispute_reversal", int64(12900), "fee", int64(1500)},
			wantEvents: []string{"created", "funds_withdrawn", "updated", "funds_reinstated", "closed"},
		},
		{
			name:       "lost without an answer",
			act:        func(_ *testing.T, s *shop, id string) error { return s.Decide(id, false) },
			wantStatus: "lost",
			wantMoves:  []any{"dispute", int64(-14400)},
			wantEvents: []string{"created", "funds_withdrawn", "closed"},
		},
		{
			name: "won, then lost again",
			act: func(_ *testing.T, s *shop, id string) error {
				if err := s.Decide(id, true); err != nil {
					return err
				}
				return s.Decide(id, false)
			},
			wantStatus: "lost",
			wantMoves:  []any{"dispute", int64(-14400), "dispute_reversal", int64(12900), "dispute", int64(-12900)},
			wantEvents: []string{"created", "funds_withdrawn", "funds_reinstated", "closed", "funds_withdrawn", "closed"},
		},
		{
			name: "answered, lost, then won late: the counter fee is kept",
			act: func(t *testing.T, s *shop, id string) error {
				s.post(t, "/v1/disputes/"+id, "k", letter)
				if err := s.Decide(id, false); err != nil {
					return err
				}
				return s.Decide(id, true)
			},
			wantStatus: "won",
			wantMoves:  []any{"dispute", int64(-14400), "fee", int64(-1500), "dispute_reversal", int64(12900)},
			wantEvents: []string{"created", "funds_withdrawn", "updated", "closed", "funds_reinstated", "closed"},
		},
		{
			name: "an answered inquiry costs nothing and closes",
			opt:  stripe.DisputeOptions{Inquiry: true},
			act: func(t *testing.T, s *shop, id string) error {
				s.post(t, "/v1/disputes/"+id, "k", letter)
				return s.CloseInquiry(id)
			},
			wantStatus: "warning_closed",
			wantEvents: []string{"created", "updated", "closed"},
		},
		{
			name:       "an inquiry becomes a chargeback",
			opt:        stripe.DisputeOptions{Inquiry: true},
			act:        func(_ *testing.T, s *shop, id string) error { return s.Escalate(id) },
			wantStatus: "needs_response",
			wantMoves:  []any{"dispute", int64(-14400)},
			wantEvents: []string{"created", "updated", "funds_withdrawn"},
		},
		{
			name: "given up, no fees",
			opt:  stripe.DisputeOptions{FeeMinor: -1},
			act: func(t *testing.T, s *shop, id string) error {
				s.post(t, "/v1/disputes/"+id+"/close", "k", nil)
				return nil
			},
			wantStatus: "lost",
			wantMoves:  []any{"dispute", int64(-12900)},
			wantEvents: []string{"created", "funds_withdrawn", "closed"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			id := s.open(tt.opt)
			if err := tt.act(t, s, id); err != nil {
				t.Fatal(err)
			}
			d := s.dispute(t, id)
			if d.Status != tt.wantStatus {
				t.Errorf("status %s, want %s", d.Status, tt.wantStatus)
			}
			if diff := cmp.Diff(tt.wantMoves, nets(d)); diff != "" {
				t.Errorf("movements (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.wantEvents, types(s.Events(id))); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecideRefuses(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	decided, inquiry := s.open(stripe.DisputeOptions{}), s.open(stripe.DisputeOptions{Inquiry: true})
	if err := s.Decide(decided, true); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"same verdict":           s.Decide(decided, true),
		"inquiry":                s.Decide(inquiry, true),
		"unknown":                s.Decide("du_none", true),
		"escalated chargeback":   s.Escalate(decided),
		"closed chargeback":      s.CloseInquiry(decided),
		"moved due of unknown":   s.MoveDue("du_none", s.now),
		"delivery of an unknown": s.Deliver("evt_none", 1),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
