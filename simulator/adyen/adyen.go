// Package adyen is a stand-in for one merchant account at Adyen: disputes that
// are told by signed standard webhooks and defended or accepted through the
// Disputes API v30. A scenario opens and decides disputes by its methods; the
// system under test sees only the API and the webhooks.
//
// What Adyen does not document is marked as assumed where it is decided.
package adyen

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// Options set a stand-in up.
type Options struct {
	APIKey          string
	MerchantAccount string
	HMACKey         string // in hex, as the Customer Area shows it
	WebhookUser     string // basic authentication of the webhooks; empty for none
	WebhookPassword string
	TargetURL       string           // where webhooks go; empty keeps them until SetTarget
	Now             func() time.Time // the world's when nil
	Deliver         DeliverOptions
}

// Adyen is one merchant account. It is safe for concurrent use.
type Adyen struct {
	world  *world.World
	opt    Options
	mux    *http.ServeMux
	outbox *outbox

	mu          sync.Mutex
	disputes    map[string]*record
	requests    []Request
	onSubmitted []func(id string)
	onClosed    []func(id string)
}

// New makes an account that sells what the world sells.
func New(w *world.World, o Options) *Adyen {
	if o.Now == nil {
		o.Now = w.Now
	}
	s := &Adyen{world: w, opt: o, mux: http.NewServeMux(), outbox: newOutbox(o), disputes: map[string]*record{}}
	for path, e := range map[string]endpoint{
		"/retrieveApplicableDefenseReasons": s.reasons,
		"/supplyDefenseDocument":            s.supply,
		"/deleteDisputeDefenseDocument":     s.remove,
		"/defendDispute":                    s.defend,
		"/acceptDispute":                    s.accept,
	} {
		s.mux.Handle("POST "+path, s.serve(e))
	}
	return s
}

// ServeHTTP implements http.Handler.
func (s *Adyen) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// OnSubmitted calls f after a defence was taken and answered for.
func (s *Adyen) OnSubmitted(f func(id string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onSubmitted = append(s.onSubmitted, f)
}

// OnClosed calls f after the merchant gave a dispute up and was answered.
func (s *Adyen) OnClosed(f func(id string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onClosed = append(s.onClosed, f)
}

// Request is one request that was answered.
type Request struct {
	Path    string
	Dispute string
	Key     string // Idempotency-Key, which is noted and not honoured
	Status  int
	Success bool // as in the answer's body
}

// Requests lists the requests, oldest first.
func (s *Adyen) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Document is a defence document as it was supplied.
type Document struct {
	MediaType string
	Bytes     []byte
}

// Dispute is how a dispute stands, and what was accepted for it.
type Dispute struct {
	ID        string
	Payment   string // the payment's reference
	Status    string // as in disputeStatus
	Event     string // the latest event code
	Documents map[string]Document
	Defended  []string // the reasons of the defences that were taken, one a stage
	Accepted  bool
	Balance   int64 // what the dispute has moved, minor units; negative when it was debited
}

// Dispute is a copy of a dispute; ok is false when there is none.
func (s *Adyen) Dispute(id string) (d Dispute, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.disputes[id]
	if !ok {
		return Dispute{}, false
	}
	return Dispute{
		ID: id, Payment: r.payment, Status: r.status, Event: r.event, Documents: maps.Clone(r.documents),
		Defended: slices.Clone(r.defended), Accepted: r.accepted, Balance: r.balance,
	}, true
}

// PaymentReference is Adyen's reference of an order's payment.
func PaymentReference(o world.Order) string {
	return strings.ToUpper(strings.TrimPrefix(o.ChargeID, "ch_"))[:16]
}

func (s *Adyen) newReference() string { return strings.ToUpper(s.world.NewID("")[:16]) }
