package acmepay

import (
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"
)

// standIn answers as Acmepay does: one dispute, dp_1, of payment pay_1. It
// keeps idempotency keys, and refuses a key that comes back with other content.
type standIn struct {
	mu      sync.Mutex
	dispute wireDispute
	answers map[string]string // key to the content it came with
}

func newStandIn() http.Handler {
	s := &standIn{answers: map[string]string{}, dispute: wireDispute{
		ID: "dp_1", PaymentID: "pay_1", Amount: 12900, Currency: "usd", Reason: "product_not_received", Network: "visa", NetworkCode: "13.1",
		Stage: "chargeback", Status: "needs_response", OpenedAt: time.Unix(1_790_000_000, 0), DueBy: time.Unix(1_791_000_000, 0),
		Movements: []wireMovement{{ID: "mv_1", Type: "dispute_withdrawal", Amount: -12900, Fee: 1500, Currency: "usd", At: time.Unix(1_790_000_000, 0)}},
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/disputes", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"data":[]}`) })
	mux.HandleFunc("GET /v1/disputes/dp_1", s.show)
	mux.HandleFunc("GET /v1/payments/pay_1", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"id":"pay_1","amount":12900,"currency":"usd","paid_at":"2026-09-01T12:00:00Z","order_id":"1001"}`)
	})
	mux.HandleFunc("POST /v1/disputes/dp_1/evidence", s.once(func() { s.dispute.Status, s.dispute.Submissions = "under_review", s.dispute.Submissions+1 }))
	mux.HandleFunc("POST /v1/disputes/dp_1/accept", s.once(func() { s.dispute.Status = "accepted" }))
	return mux
}

func (s *standIn) show(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = json.NewEncoder(w).Encode(s.dispute)
}

// once performs a write at most once a key.
func (s *standIn) once(write func()) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		key := r.Header.Get("Idempotency-Key")
		before, known := s.answers[key]
		if !known {
			s.answers[key] = string(body)
			write()
		}
		s.mu.Unlock()
		switch {
		case key == "":
			http.Error(w, `{"error":"no key"}`, http.StatusBadRequest)
		case known && before != string(body):
			http.Error(w, `{"error":"key reused"}`, http.StatusConflict)
		default:
			w.Header().Set("Request-Id", "req_1")
			s.show(w, r)
		}
	}
}
