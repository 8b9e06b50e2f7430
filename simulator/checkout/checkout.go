// Package checkout is a stand-in for Checkout.com: disputes, evidence, files,
// payments and signed webhooks with real state behind real HTTP. A scenario
// opens and decides disputes by its methods; the system under test sees only the
// API and the webhooks.
//
// It shows no movements of money, because Checkout.com's API shows none. What
// the documents do not say is chosen: staged evidence adds to what is staged,
// and a dispute that wants no evidence refuses it with 422.
package checkout

import (
	"fmt"
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
	SecretKey       string // sk_sbox_…
	AccessKeyID     string // with AccessKeySecret: OAuth, beside the secret key
	AccessKeySecret string
	SignatureKey    string // of the webhook action
	Authorization   string // what the webhook action sends as its Authorization header; empty sends none
	TargetURL       string // where webhooks go; empty keeps them until SetTarget
	Client          *http.Client
	Now             func() time.Time // the world's when nil
}

// Checkout is one account. It is safe for concurrent use.
type Checkout struct {
	world  *world.World
	opt    Options
	mux    *http.ServeMux
	outbox *outbox

	mu       sync.Mutex
	disputes map[string]*record
	opened   []string // ids of disputes, oldest first
	files    map[string]*File
	tokens   map[string]bool // access tokens that were given out
}

// New makes an account that sells what the world sells.
func New(w *world.World, o Options) *Checkout {
	if o.Now == nil {
		o.Now = w.Now
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 10 * time.Second}
	}
	c := &Checkout{
		world: w, opt: o, mux: http.NewServeMux(), outbox: newOutbox(w, o),
		disputes: map[string]*record{}, files: map[string]*File{}, tokens: map[string]bool{},
	}
	c.routes()
	return c
}

// DisputeOptions bend a dispute to what a scenario needs.
type DisputeOptions struct {
	Category string        // default fraudulent
	Code     string        // the scheme's reason code; default 10.4
	Method   string        // default: the order's card, as Checkout.com writes it
	DueIn    time.Duration // default: nine of the world's days
	Amount   int64         // minor units; default: the whole order
	Relevant []string      // relevant_evidence; default: three categories
	Received bool          // dispute_received comes first
}

// record is one dispute.
type record struct {
	Dispute
	opt   DisputeOptions
	order world.Order
}

// Dispute is a dispute as a test or a demo page sees it.
type Dispute struct {
	ID          string
	Payment     string
	Status      string
	Resolved    string // resolved_reason
	Amount      int64  // minor units
	Currency    string
	ReceivedOn  time.Time
	LastUpdate  time.Time
	Due         time.Time
	Evidence    map[string]string // as it stands, staged or submitted
	Submissions int
	Accepted    bool
	Answers     []Answer // oldest first
}

// Answer is one answer that the account took.
type Answer struct {
	At   time.Time
	Verb string // submit or accept
	Key  string // Cko-Idempotency-Key
}

// File is one uploaded file.
type File struct {
	ID        string
	Name      string
	MediaType string
	Bytes     []byte
	At        time.Time
}

// PaymentID is the id that Checkout.com gives an order's payment.
func PaymentID(o world.Order) string { return "pay_" + look(strings.TrimPrefix(o.ChargeID, "ch_")) }

// look is an id as Checkout.com writes one: 26 small letters and digits.
func look(id string) string { return strings.ToLower(id) + "ko" }

func (c *Checkout) newID(prefix string) string {
	return prefix + look(strings.TrimPrefix(c.world.NewID(prefix), prefix))
}

// Open disputes a sale and posts the webhooks.
func (c *Checkout) Open(order world.Order, o DisputeOptions) (id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o = withDefaults(o, order, c.world.Day())
	now := c.now()
	d := &record{opt: o, order: order, Dispute: Dispute{
		ID: c.newID("dsp_"), Payment: PaymentID(order), Status: "evidence_required",
		Amount: o.Amount, Currency: order.Currency, ReceivedOn: now, LastUpdate: now,
		Due: now.Add(o.DueIn), Evidence: map[string]string{},
	}}
	c.disputes[d.ID] = d
	c.opened = append(c.opened, d.ID)
	if o.Received {
		c.emit(d, "dispute_received", now.Add(-time.Second))
	}
	c.emit(d, "dispute_evidence_required", now)
	return d.ID
}

func withDefaults(o DisputeOptions, order world.Order, day time.Duration) DisputeOptions {
	if o.Category == "" {
		o.Category = "fraudulent"
	}
	if o.Code == "" {
		o.Code = "10.4"
	}
	if o.Method == "" {
		o.Method = strings.ToUpper(order.CardBrand)
	}
	if o.DueIn == 0 {
		o.DueIn = 9 * day
	}
	if o.Amount == 0 {
		o.Amount = order.Total
	}
	if o.Relevant == nil {
		o.Relevant = []string{"proof_of_delivery_or_service", "invoice_or_receipt", "additional_evidence"}
	}
	return o
}

// Decide gives the verdict of the issuer, also on a dispute that had one.
func (c *Checkout) Decide(id string, win bool) error {
	return c.change(id, word(win, "won", "lost"), word(win, "dispute_won", "dispute_lost"))
}

// Acknowledge tells that the scheme has the evidence.
func (c *Checkout) Acknowledge(id string) error {
	return c.change(id, "evidence_under_review", "dispute_evidence_acknowledged_by_scheme")
}

// AskAgain asks for evidence once more, with a new due date.
func (c *Checkout) AskAgain(id string, due time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.disputes[id]
	if !ok {
		return missing(id)
	}
	d.Due = due.UTC()
	c.set(d, "evidence_required", "dispute_evidence_required")
	return nil
}

// Arbitrate takes the dispute to the scheme.
func (c *Checkout) Arbitrate(id string) error {
	return c.change(id, "arbitration_under_review", "dispute_arbitration_sent_to_scheme")
}

// DecideArbitration gives the verdict of the scheme.
func (c *Checkout) DecideArbitration(id string, win bool) error {
	return c.change(id, word(win, "arbitration_won", "arbitration_lost"), word(win, "dispute_arbitration_won", "dispute_arbitration_lost"))
}

// Stage attaches evidence without submitting it, as a person does in the
// Dashboard.
func (c *Checkout) Stage(id string, fields map[string]string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.disputes[id]
	if !ok {
		return missing(id)
	}
	maps.Copy(d.Evidence, fields)
	return nil
}

// Expire ends the dispute because nobody answered in time.
func (c *Checkout) Expire(id string) error { return c.change(id, "expired", "dispute_expired") }

// Cancel ends the dispute because the issuer withdrew it.
func (c *Checkout) Cancel(id string) error { return c.change(id, "canceled", "dispute_canceled") }

// Resolve ends the dispute without the merchant: rapid_dispute_resolution,
// negative_amount or already_refunded.
func (c *Checkout) Resolve(id, reason string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.disputes[id]
	if !ok {
		return missing(id)
	}
	d.Resolved = reason
	c.set(d, "resolved", "dispute_resolved")
	return nil
}

// Dispute is one dispute by its id.
func (c *Checkout) Dispute(id string) (Dispute, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.disputes[id]
	if !ok {
		return Dispute{}, false
	}
	out := d.Dispute
	out.Evidence, out.Answers = maps.Clone(d.Evidence), slices.Clone(d.Answers)
	return out, true
}

// File is an uploaded file by its id.
func (c *Checkout) File(id string) (File, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, ok := c.files[id]
	if !ok {
		return File{}, false
	}
	return *f, true
}

// Files counts the uploads.
func (c *Checkout) Files() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.files)
}

func (c *Checkout) change(id, status, event string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.disputes[id]
	if !ok {
		return missing(id)
	}
	c.set(d, status, event)
	return nil
}

// set moves a dispute on and posts the webhook; the caller holds the lock.
func (c *Checkout) set(d *record, status, event string) {
	d.Status, d.LastUpdate = status, c.now()
	c.emit(d, event, d.LastUpdate)
}

func (c *Checkout) now() time.Time { return c.opt.Now().UTC() }

func missing(id string) error { return fmt.Errorf("no dispute %s", id) }

func word(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}
