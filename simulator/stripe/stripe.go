// Package stripe is a stand-in for Stripe: disputes, charges, files and signed
// events with real state behind real HTTP. A scenario opens and decides
// disputes by its methods; the system under test sees only the API and the
// webhooks.
//
// Refusals whose exact code Stripe does not document carry its general
// invalid_request_error.
package stripe

import (
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// apiVersion is what events are rendered with, and answers to requests that
// name no version.
const apiVersion = "2026-10-28.endive"

// smartVersion is the first API version with intended_submission_method
// (docs.stripe.com/changelog/endive/2026-10-28).
const smartVersion = "2026-10-28"

// Options set a stand-in up.
type Options struct {
	SecretKey     string
	WebhookSecret string
	TargetURL     string           // where events go; empty keeps them until SetTarget
	Now           func() time.Time // the world's when nil
	Deliver       DeliverOptions
}

// Stripe is one account. It is safe for concurrent use.
type Stripe struct {
	world  *world.World
	opt    Options
	mux    *http.ServeMux
	outbox *outbox

	mu        sync.Mutex
	orders    map[string]world.Order // by charge
	disputes  map[string]*record
	opened    []string        // ids of disputes, oldest first
	disputed  map[string]bool // by charge
	earlier   []world.Order   // sales that only this account knows
	warnings  []warning
	lists     []*valueList
	files     map[string]*upload
	uploaded  []string // ids of files, oldest first
	keys      map[string]remembered
	requests  []Request
	endpoints []*webhookEndpoint
	granted   map[string]bool // permissions of a restricted key; nil: a secret key
	// subscriptions are by charge.
	subscriptions map[string]subscription
	onSubmitted   []func(id string)
	onClosed      []func(id string)
}

// New makes an account that sells what the world sells.
func New(w *world.World, o Options) *Stripe {
	if o.Now == nil {
		o.Now = w.Now
	}
	s := &Stripe{
		world:    w,
		opt:      o,
		mux:      http.NewServeMux(),
		outbox:   newOutbox(o),
		orders:   map[string]world.Order{},
		disputes: map[string]*record{},
		disputed: map[string]bool{},
		files:    map[string]*upload{},
		keys:     map[string]remembered{},

		subscriptions: map[string]subscription{},
	}
	for pattern, e := range map[string]endpoint{
		"GET /v1/account":                    s.getAccount,
		"GET /v1/disputes":                   s.listDisputes,
		"GET /v1/disputes/{id}":              s.getDispute,
		"POST /v1/disputes/{id}":             s.updateDispute,
		"POST /v1/disputes/{id}/close":       s.closeDispute,
		"GET /v1/files":                      s.listFiles,
		"GET /v1/files/{id}":                 s.getFile,
		"POST /v1/files":                     s.createFile,
		"GET /v1/charges":                    s.listCharges,
		"GET /v1/charges/{id}":               s.get("charge"),
		"GET /v1/customers":                  s.listCustomers,
		"GET /v1/customers/{id}":             s.get("customer"),
		"GET /v1/payment_intents":            s.listPaymentIntents,
		"GET /v1/payment_intents/{id}":       s.get("payment_intent"),
		"GET /v1/refunds":                    s.listRefunds,
		"GET /v1/refunds/{id}":               s.get("refund"),
		"GET /v1/balance_transactions":       s.listBalanceTransactions,
		"GET /v1/balance_transactions/{id}":  s.get("balance_transaction"),
		"GET /v1/invoices":                   s.listInvoices,
		"GET /v1/subscriptions":              s.listSubscriptions,
		"GET /v1/radar/early_fraud_warnings": s.listWarnings,
		"GET /v1/radar/value_lists":          s.listValueLists,
		"GET /v1/radar/value_list_items":     s.listValueListItems,
		"POST /v1/radar/value_list_items":    s.createValueListItem,
		"GET /v1/webhook_endpoints":          s.listEndpoints,
		"POST /v1/webhook_endpoints":         s.createEndpoint,
		"POST /v1/webhook_endpoints/{id}":    s.updateEndpoint,
	} {
		s.mux.Handle(pattern, s.serve(e))
	}
	s.mux.Handle("/", s.serve(func(c *call) (object, *apiError) {
		return nil, &apiError{status: http.StatusNotFound, message: "Unrecognized request URL (" + c.r.Method + ": " + c.r.URL.Path + ")."}
	}))
	return s
}

// ServeHTTP implements http.Handler.
func (s *Stripe) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// OnSubmitted calls f after evidence was submitted and answered for.
func (s *Stripe) OnSubmitted(f func(id string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onSubmitted = append(s.onSubmitted, f)
}

// OnClosed calls f after the merchant gave a dispute up and was answered.
func (s *Stripe) OnClosed(f func(id string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onClosed = append(s.onClosed, f)
}

// ForgetKeys forgets all idempotency keys, as Stripe does after 24 hours.
func (s *Stripe) ForgetKeys() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.keys)
}

// Request is one request that was answered.
type Request struct {
	At       time.Time
	ID       string // as in the Request-Id header
	Method   string
	Path     string
	Params   url.Values // of the query and the form
	Key      string     // Idempotency-Key
	Status   int
	Replayed bool // answered from an earlier request with the same key
}

// keptRequests bounds what Requests remembers.
const keptRequests = 20_000

// Requests lists the requests, oldest first. Of a long rehearsal it has only the
// last ones.
func (s *Stripe) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func (s *Stripe) remember(r Request) {
	if len(s.requests) >= 2*keptRequests {
		s.requests = slices.Clone(s.requests[keptRequests:])
	}
	s.requests = append(s.requests, r)
}

// now is the account's time in Stripe's whole seconds.
func (s *Stripe) now() time.Time { return s.opt.Now().UTC().Truncate(time.Second) }

// order finds the sale behind a charge.
func (s *Stripe) order(charge string) (world.Order, bool) {
	if o, ok := s.orders[charge]; ok {
		return o, true
	}
	o, ok := s.world.Find(func(o world.Order) bool { return o.ChargeID == charge })
	if ok {
		s.orders[charge] = o
	}
	return o, ok
}
