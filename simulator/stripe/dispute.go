package stripe

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// Stripe's statuses of a dispute that the stand-in goes through.
const (
	needsResponse        = "needs_response"
	underReview          = "under_review"
	won                  = "won"
	lost                 = "lost"
	warningNeedsResponse = "warning_needs_response"
	warningUnderReview   = "warning_under_review"
	warningClosed        = "warning_closed"
)

// DisputeOptions bend a dispute to what a scenario needs.
type DisputeOptions struct {
	Reason          string        // Stripe's word; default fraudulent
	NetworkCode     string        // "10.4"; empty names none
	Brand           string        // default: the order's card
	DueIn           time.Duration // default: nine of the world's days
	NoDue           bool          // the bank takes no answer: due_by is 0
	Inquiry         bool          // no money moves until Escalate
	CaseType        string        // default chargeback, or inquiry
	Amount          int64         // minor units; default: the whole order
	FeeMinor        int64         // for receiving it; default 1500, negative is none
	CounterFeeMinor int64         // for answering it; default 1500, negative is none
	IntendedMethod  string        // empty: the account has no Smart Disputes
	Subscription    bool          // the charge paid an invoice of a subscription
	Earlier         int           // sales to the same customer and card, 150 days before and further apart
	Hold            bool          // keep its events back from the first one on, as Hold does
}

// record is one dispute.
type record struct {
	id         string
	opt        DisputeOptions
	order      world.Order
	created    time.Time
	due        time.Time
	status     string
	evidence   map[string]string
	compelling map[string]string // fields of Visa's Compelling Evidence 3.0, by path
	qualified  bool              // it qualified when it was submitted
	answered   bool              // evidence was submitted, not only staged
	count      int
	bodies     []string // of distinct submissions
	accepted   bool
	answers    []Answer
	moves      []Movement
	feeCharged int64 // the counter fee, while Stripe keeps it
}

// Dispute is a dispute as a test or the demo page sees it.
type Dispute struct {
	ID             string
	Charge         string
	Order          string // "#1001"
	Status         string
	Reason         string
	NetworkCode    string
	Brand          string
	Amount         int64 // minor units
	Currency       string
	OpenedAt       time.Time
	Due            time.Time         // zero when the bank takes no answer
	Submissions    int               // how often evidence was submitted
	Bodies         []string          // distinct evidence that was submitted, each as a form
	Evidence       map[string]string // as it stands, staged or submitted
	Compelling     map[string]string // fields of Visa's Compelling Evidence 3.0, as "disputed_transaction.customer_purchase_ip"
	Qualified      bool              // Compelling qualified when it was submitted
	Files          []string          // ids of the files in it
	Accepted       bool              // the merchant gave it up
	IntendedMethod string
	Movements      []Movement
	Answers        []Answer // oldest first
}

// Answer is one answer that the account took: it was not refused, and not
// repeated for an idempotency key.
type Answer struct {
	At    time.Time
	Verb  string // submit or close
	Stage string // inquiry or chargeback
	Key   string // Idempotency-Key
	Body  string // the request's body as it came
}

// Movement is one balance transaction of a dispute, in minor units.
type Movement struct {
	ID          string
	Category    string // reporting_category
	Description string
	Amount      int64
	Fee         int64
	At          time.Time
}

// Net is what the movement did to the balance.
func (m Movement) Net() int64 { return m.Amount - m.Fee }

// Open disputes a sale, moves the money and sends the events.
func (s *Stripe) Open(order world.Order, o DisputeOptions) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &record{
		id: s.world.NewID("du_"), opt: withDefaults(o, order, s.world.Day()), order: order,
		created: s.now(), status: needsResponse, evidence: map[string]string{}, compelling: map[string]string{},
	}
	if !o.NoDue {
		d.due = d.created.Add(d.opt.DueIn)
	}
	s.orders[order.ChargeID] = order
	s.disputed[order.ChargeID] = true
	s.sellBefore(order, o.Earlier)
	if o.Subscription {
		s.subscribe(order)
	}
	s.disputes[d.id] = d
	s.opened = append(s.opened, d.id)
	if o.Hold {
		s.outbox.hold(d.id)
	}
	if o.Inquiry {
		d.status = warningNeedsResponse
		s.emit(d, "created", nil)
		return d.id
	}
	s.withdraw(d, d.opt.FeeMinor)
	s.emit(d, "created", nil)
	s.emit(d, "funds_withdrawn", nil)
	return d.id
}

func withDefaults(o DisputeOptions, order world.Order, day time.Duration) DisputeOptions {
	if o.Reason == "" {
		o.Reason = "fraudulent"
	}
	if o.Brand == "" {
		o.Brand = order.CardBrand
	}
	if o.DueIn == 0 {
		o.DueIn = 9 * day
	}
	if o.Amount == 0 {
		o.Amount = order.Total
	}
	if o.CaseType == "" && o.Inquiry {
		o.CaseType = "inquiry"
	}
	if o.CaseType == "" {
		o.CaseType = "chargeback"
	}
	o.FeeMinor = feeOr(o.FeeMinor, 1500)
	o.CounterFeeMinor = feeOr(o.CounterFeeMinor, 1500)
	return o
}

func feeOr(fee, fallback int64) int64 {
	if fee == 0 {
		return fallback
	}
	return max(fee, 0)
}

// Decide gives the verdict, also on a dispute that had one: a won dispute can
// be lost again and a lost one won. The same verdict twice, an inquiry and an
// unknown id are errors.
func (s *Stripe) Decide(id string, win bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.disputes[id]
	switch {
	case !ok:
		return fmt.Errorf("no dispute %s", id)
	case strings.HasPrefix(d.status, "warning_"):
		return fmt.Errorf("dispute %s is an inquiry: escalate or close it", id)
	case win && d.status == won, !win && d.status == lost:
		return fmt.Errorf("dispute %s is %s already", id, d.status)
	case win:
		s.win(d)
	default:
		s.lose(d)
	}
	return nil
}

// win gives the money back, and the counter fee unless an earlier loss made
// Stripe keep it.
func (s *Stripe) win(d *record) {
	late := d.status == lost
	d.status = won
	s.move(d, "dispute_reversal", "Chargeback reversal for "+d.order.ChargeID, d.opt.Amount, 0)
	if d.feeCharged > 0 && !late {
		s.move(d, "fee", "Dispute countered fee returned", d.feeCharged, 0)
		d.feeCharged = 0
	}
	s.emit(d, "funds_reinstated", nil)
	s.emit(d, "closed", nil)
}

func (s *Stripe) lose(d *record) {
	again := d.status == won
	d.status = lost
	if again {
		s.withdraw(d, 0)
		s.emit(d, "funds_withdrawn", nil)
	}
	s.emit(d, "closed", nil)
}

// MoveDue changes the date by which Stripe takes an answer.
func (s *Stripe) MoveDue(id string, due time.Time) error {
	return s.change(id, func(d *record) error {
		d.due = due.UTC().Truncate(time.Second)
		s.emit(d, "updated", nil)
		return nil
	})
}

// CloseInquiry ends an inquiry without a chargeback.
func (s *Stripe) CloseInquiry(id string) error {
	return s.change(id, func(d *record) error {
		if !strings.HasPrefix(d.status, "warning_") || d.status == warningClosed {
			return fmt.Errorf("dispute %s is %s, not an open inquiry", id, d.status)
		}
		d.status = warningClosed
		s.emit(d, "closed", nil)
		return nil
	})
}

// Escalate makes a chargeback of an inquiry: the same id, a new due date, and
// now the money goes.
func (s *Stripe) Escalate(id string) error {
	return s.change(id, func(d *record) error {
		if !strings.HasPrefix(d.status, "warning_") {
			return fmt.Errorf("dispute %s is %s, not an inquiry", id, d.status)
		}
		before := object{"status": d.status}
		d.status, d.opt.CaseType = needsResponse, "chargeback"
		d.answered = false
		if !d.opt.NoDue {
			d.due = s.now().Add(d.opt.DueIn)
		}
		s.withdraw(d, d.opt.FeeMinor)
		s.emit(d, "updated", before)
		s.emit(d, "funds_withdrawn", nil)
		return nil
	})
}

func (s *Stripe) change(id string, f func(d *record) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.disputes[id]
	if !ok {
		return fmt.Errorf("no dispute %s", id)
	}
	return f(d)
}

func (s *Stripe) withdraw(d *record, fee int64) {
	s.move(d, "dispute", "Chargeback withdrawal for "+d.order.ChargeID, -d.opt.Amount, fee)
}

func (s *Stripe) move(d *record, category, description string, amount, fee int64) {
	d.moves = append(d.moves, Movement{
		ID: s.world.NewID("txn_"), Category: category, Description: description,
		Amount: amount, Fee: fee, At: s.now(),
	})
}

// Dispute is one dispute by its id.
func (s *Stripe) Dispute(id string) (Dispute, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.disputes[id]
	if !ok {
		return Dispute{}, false
	}
	return d.view(), true
}

// Disputes lists every dispute, oldest first.
func (s *Stripe) Disputes() []Dispute {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Dispute, len(s.opened))
	for i, id := range s.opened {
		out[i] = s.disputes[id].view()
	}
	return out
}

func (d *record) view() Dispute {
	var files []string
	for _, field := range slices.Sorted(maps.Keys(d.evidence)) {
		if fileFields[field] && d.evidence[field] != "" {
			files = append(files, d.evidence[field])
		}
	}
	return Dispute{
		ID: d.id, Charge: d.order.ChargeID, Order: d.order.Name(), Status: d.status, Reason: d.opt.Reason,
		NetworkCode: d.opt.NetworkCode, Brand: d.opt.Brand, Amount: d.opt.Amount, Currency: d.order.Currency,
		OpenedAt: d.created, Due: d.due, Submissions: d.count, Bodies: slices.Clone(d.bodies),
		Evidence: maps.Clone(d.evidence), Compelling: maps.Clone(d.compelling), Qualified: d.qualified, Files: files, Accepted: d.accepted,
		IntendedMethod: d.opt.IntendedMethod, Movements: slices.Clone(d.moves), Answers: slices.Clone(d.answers),
	}
}

// body is the evidence as one form, the same for the same evidence.
func (d *record) body() string {
	form := url.Values{}
	for k, v := range d.evidence {
		form.Set(k, v)
	}
	for k, v := range d.compelling {
		form.Set(ce3+"."+k, v)
	}
	return form.Encode()
}
