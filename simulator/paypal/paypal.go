// Package paypal is a stand-in for PayPal: inquiries, claims and chargebacks
// with real state behind real HTTP, and webhooks signed with a certificate of an
// authority that only rehearsals trust. A scenario opens and decides disputes by its methods;
// the system under test sees only the API and the webhooks.
//
// It follows PayPal's contract customer_disputes_v1 and its documents. Refusals
// whose code no document names carry UNPROCESSABLE_ENTITY.
package paypal

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// Options set a stand-in up.
type Options struct {
	ClientID, ClientSecret string
	WebhookID              string
	// Address is where this stand-in is reached. Webhooks name it as the place of
	// the certificate; answers link to it, too, where it is set.
	Address   string
	TargetURL string           // where webhooks go; empty keeps them until SetTarget
	Now       func() time.Time // the world's when nil
	Deliver   DeliverOptions
}

// PayPal is one business account. It is safe for concurrent use.
type PayPal struct {
	world  *world.World
	opt    Options
	mux    *http.ServeMux
	signer func() *signer // made when first needed
	outbox outbox

	mu          sync.Mutex
	address     string
	tokens      map[string]bool
	disputes    map[string]*record
	opened      []string          // ids, oldest first
	accepted    map[string]answer // by PayPal-Request-Id
	requests    []Request
	onSubmitted []func(id string)
	onClosed    []func(id string)
}

// New makes an account that was paid for what the world sells.
func New(w *world.World, o Options) *PayPal {
	if o.Now == nil {
		o.Now = w.Now
	}
	p := &PayPal{
		world: w, opt: o, mux: http.NewServeMux(), address: o.Address,
		tokens: map[string]bool{}, disputes: map[string]*record{}, accepted: map[string]answer{},
	}
	p.signer = sync.OnceValue(func() *signer { return newSigner(o.Now()) })
	p.outbox.init(p)
	p.mux.HandleFunc("POST /v1/oauth2/token", p.token)
	p.mux.HandleFunc("GET /v1/notifications/certs/{id}", p.certificate)
	for pattern, e := range map[string]endpoint{
		"GET /v1/customer/disputes":                               p.list,
		"GET /v1/customer/disputes/{id}":                          p.show,
		"POST /v1/customer/disputes/{id}/provide-evidence":        p.contest("provide-evidence"),
		"POST /v1/customer/disputes/{id}/provide-supporting-info": p.contest("provide-supporting-info"),
		"POST /v1/customer/disputes/{id}/appeal":                  p.contest("appeal"),
		"POST /v1/customer/disputes/{id}/accept-claim":            p.accept,
		"POST /v1/customer/disputes/{id}/require-evidence":        p.requireEvidence,
		"/": func(*call) answer { return refuse(http.StatusNotFound, "RESOURCE_NOT_FOUND", "") },
	} {
		p.mux.Handle(pattern, p.serve(e))
	}
	return p
}

// ServeHTTP implements http.Handler.
func (p *PayPal) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }

// SetAddress says where this stand-in is reached.
func (p *PayPal) SetAddress(url string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.address = url
}

// OnSubmitted has f called after each answer that contests a dispute.
func (p *PayPal) OnSubmitted(f func(id string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onSubmitted = append(p.onSubmitted, f)
}

// OnClosed has f called after each claim that the account accepted.
func (p *PayPal) OnClosed(f func(id string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onClosed = append(p.onClosed, f)
}

// Request is one call that arrived.
type Request struct {
	Method, Path, Key string
	Status            int
	Replayed          bool // answered from an earlier call under the same key
	At                time.Time
}

// keptRequests bounds the memory of requests.
const keptRequests = 1000

// Requests lists the latest calls, oldest first.
func (p *PayPal) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

func (p *PayPal) now() time.Time { return p.opt.Now().UTC().Truncate(time.Millisecond) }
