package braintree

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// DisputeOptions bend a dispute to what a scenario needs.
type DisputeOptions struct {
	ID       string        // default: one of Braintree's look
	Kind     string        // chargeback (default), retrieval, pre_arbitration
	Reason   string        // Braintree's word; default fraud
	Code     string        // the network's reason code; empty names none
	Program  string        // none (default) or visa_rdr
	DueIn    time.Duration // until the reply-by date; default nine of the world's days
	Amount   int64         // minor units; default: the whole order
	Original string        // the dispute that this one follows
	Hold     bool          // keep its notifications until Release
}

// record is one dispute.
type record struct {
	DisputeOptions
	sale    world.Order
	txn     string
	created time.Time
	replyBy string
	status  string
	won     int64
	history []*event // oldest first
	proofs  []*Evidence
	final   int // times it was finalized
}

type event struct {
	status    string
	at        time.Time
	disbursed string
}

// Evidence is one piece that the account was given.
type Evidence struct {
	ID        string
	Category  string
	Content   string // of a text
	MediaType string // of a file
	Size      int    // of a file
	CreatedAt time.Time
	Sent      bool // to the bank, by finalizing
}

// Dispute is a dispute as a test or the demo page sees it.
type Dispute struct {
	ID          string
	Transaction string
	Order       string // "#1001"
	Kind        string
	Status      string
	ReplyBy     string // a date
	Evidence    []Evidence
	Finalized   int // how often it was finalized with success
}

// Open disputes a sale and returns the dispute's id.
func (b *Braintree) Open(o world.Order, opt DisputeOptions) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	opt.ID = cmp.Or(opt.ID, strings.ToLower(b.world.NewID("")[:16]))
	opt.Kind, opt.Reason, opt.Program = cmp.Or(opt.Kind, "chargeback"), cmp.Or(opt.Reason, "fraud"), cmp.Or(opt.Program, "none")
	opt.DueIn, opt.Amount = cmp.Or(opt.DueIn, 9*b.world.Day()), cmp.Or(opt.Amount, o.Total)
	d := &record{
		DisputeOptions: opt, sale: o, txn: transactionID(o), created: b.now(), replyBy: b.now().Add(opt.DueIn).Format(time.DateOnly),
	}
	b.disputes[opt.ID], b.sales[d.txn] = d, o
	b.opened = append(b.opened, opt.ID)
	b.become(d, "open")
	return opt.ID
}

// Escalate opens a second challenge after a won chargeback and returns its id:
// at Braintree a pre-arbitration is a dispute of its own.
func (b *Braintree) Escalate(id string, opt DisputeOptions) (string, error) {
	b.mu.Lock()
	d, ok := b.disputes[id]
	b.mu.Unlock()
	if !ok || d.status != "won" {
		return "", fmt.Errorf("dispute %s is not won", id)
	}
	opt.Kind, opt.Original, opt.Reason, opt.Code = "pre_arbitration", id, d.Reason, d.Code
	return b.Open(d.sale, opt), nil
}

// Review says that the bank looks at a disputed dispute.
func (b *Braintree) Review(id string) error { return b.move(id, "under_review", "disputed") }

// Decide ends a dispute for the merchant or against. A won one gets all back.
func (b *Braintree) Decide(id string, won bool) error {
	if !won {
		return b.move(id, "lost", "disputed", "under_review", "won")
	}
	return b.move(id, "won", "disputed", "under_review", "lost", "expired")
}

// Lapse lets the reply-by date pass: Braintree accepts for a silent merchant,
// or the dispute expires.
func (b *Braintree) Lapse(id string, accepted bool) error {
	if accepted {
		return b.move(id, "auto_accepted", "open")
	}
	return b.move(id, "expired", "open")
}

// Disburse says that the money of a dispute's latest status moved on a date.
// Braintree sends no notification of it.
func (b *Braintree) Disburse(id string, on time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	d, ok := b.disputes[id]
	if !ok {
		return fmt.Errorf("no dispute %s", id)
	}
	d.history[len(d.history)-1].disbursed = on.UTC().Format(time.DateOnly)
	return nil
}

// Dispute is a dispute as it stands.
func (b *Braintree) Dispute(id string) (Dispute, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	d, ok := b.disputes[id]
	if !ok {
		return Dispute{}, false
	}
	out := Dispute{ID: id, Transaction: d.txn, Order: d.sale.Name(), Kind: d.Kind, Status: d.status, ReplyBy: d.replyBy, Finalized: d.final}
	for _, e := range d.proofs {
		out.Evidence = append(out.Evidence, *e)
	}
	return out, true
}

// Disputes lists the ids, oldest first.
func (b *Braintree) Disputes() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.opened)
}

func (b *Braintree) move(id, to string, from ...string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	d, ok := b.disputes[id]
	if !ok || !slices.Contains(from, d.status) {
		return fmt.Errorf("dispute %s is none of %v", id, from)
	}
	b.become(d, to)
	return nil
}

// become gives a dispute a status and tells of it; the caller holds the lock.
func (b *Braintree) become(d *record, status string) {
	d.status, d.won = status, 0
	if status == "won" {
		d.won = d.Amount
	}
	d.history = append(d.history, &event{status: status, at: b.now()})
	b.tell(d)
}

// now is the account's time.
func (b *Braintree) now() time.Time { return b.world.Now().UTC().Truncate(time.Second) }

// transactionID is Braintree's id of a sale: eight small letters and digits.
func transactionID(o world.Order) string {
	return strings.ToLower(o.BalanceTxn[len("txn_"):][:8])
}

// TransactionID is Braintree's id of a sale.
func (b *Braintree) TransactionID(o world.Order) string { return transactionID(o) }

// decimal writes minor units as Braintree does.
func decimal(minor int64, currency string) string {
	if currency == "JPY" {
		return strconv.FormatInt(minor, 10)
	}
	return fmt.Sprintf("%d.%02d", minor/100, minor%100)
}
