package paypal

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// DisputeOptions bend a dispute to what a scenario needs.
type DisputeOptions struct {
	Inquiry    bool   // at first only a question of the buyer's
	Reason     string // default MERCHANDISE_OR_SERVICE_NOT_RECEIVED
	ReasonCode string // of a card's chargeback; the channel is then EXTERNAL
	Amount     int64  // minor units; the order's when zero
	Due        time.Duration
	// Unasked: PayPal has not asked for evidence, and takes supporting information.
	Unasked bool
	// AcceptTypes are the kinds of refund that PayPal lets the seller accept; none
	// means REFUND.
	AcceptTypes []string
}

// Answer is one answer of the seller's.
type Answer struct {
	Action string // provide-evidence, provide-supporting-info, appeal, accept-claim
	Key    string
	Input  []byte // the JSON
	Files  []File
	At     time.Time
}

// File is one file of an answer.
type File struct {
	Name, MediaType string
	Bytes           []byte
}

// Dispute is a dispute as a scenario sees it.
type Dispute struct {
	ID, Status, Stage, Outcome, State string
	Due                               time.Time
	Answers                           []Answer
}

type record struct {
	id       string
	order    world.Order
	opt      DisputeOptions
	created  time.Time
	updated  time.Time
	due      time.Time
	status   string
	stage    string
	outcome  string
	appeals  bool // the verdict can be appealed
	answers  []Answer
	movement []object
}

const (
	open           = "OPEN"
	waiting        = "WAITING_FOR_SELLER_RESPONSE"
	review         = "UNDER_REVIEW"
	resolved       = "RESOLVED"
	inquiry        = "INQUIRY"
	chargeback     = "CHARGEBACK"
	preArbitration = "PRE_ARBITRATION"
	buyersFavour   = "RESOLVED_BUYER_FAVOUR"
	sellersFavour  = "RESOLVED_SELLER_FAVOUR"
)

// Open has the buyer dispute an order, and says so by webhook.
func (p *PayPal) Open(order world.Order, o DisputeOptions) (id string) {
	if o.Reason == "" {
		o.Reason = "MERCHANDISE_OR_SERVICE_NOT_RECEIVED"
	}
	if o.Amount == 0 {
		o.Amount = order.Total
	}
	if o.Due == 0 {
		o.Due = 10 * p.world.Day()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	d := &record{
		id: fmt.Sprintf("PP-R-%s-%d", strings.ToUpper(p.world.NewID("")[:3]), 10_000_000+len(p.opened)), order: order, opt: o, created: p.now(),
		status: waiting, stage: chargeback,
	}
	switch {
	case o.Inquiry:
		d.status, d.stage = open, inquiry
	case o.Unasked:
		d.status = open
	}
	d.due = d.created.Add(o.Due)
	p.disputes[d.id] = d
	p.opened = append(p.opened, d.id)
	p.emit(d, "CUSTOMER.DISPUTE.CREATED")
	return d.id
}

// Escalate makes a claim of an inquiry.
func (p *PayPal) Escalate(id string) error {
	return p.change(id, "CUSTOMER.DISPUTE.UPDATED", func(d *record) error {
		if d.stage != inquiry || d.status == resolved {
			return fmt.Errorf("dispute %s is no open inquiry", id)
		}
		d.status, d.stage, d.due = waiting, chargeback, p.now().Add(d.opt.Due)
		return nil
	})
}

// Ask has PayPal ask the seller for evidence, again or after all.
func (p *PayPal) Ask(id string) error {
	return p.change(id, "CUSTOMER.DISPUTE.UPDATED", func(d *record) error {
		d.ask(p.now())
		return nil
	})
}

func (d *record) ask(now time.Time) { d.status, d.due = waiting, now.Add(d.opt.Due) }

// Decide ends a dispute with PayPal's word for the outcome. Money moves when the
// buyer wins; appealable lets the seller appeal that.
func (p *PayPal) Decide(id, outcome string, appealable bool) error {
	return p.change(id, "CUSTOMER.DISPUTE.RESOLVED", func(d *record) error {
		if d.status == resolved {
			return fmt.Errorf("dispute %s is decided", id)
		}
		p.resolve(d, outcome)
		d.appeals = appealable
		return nil
	})
}

// Reopen takes a decided dispute to pre-arbitration.
func (p *PayPal) Reopen(id string) error {
	return p.change(id, "CUSTOMER.DISPUTE.UPDATED", func(d *record) error {
		d.stage, d.outcome, d.appeals = preArbitration, "", false
		d.ask(p.now())
		return nil
	})
}

func (p *PayPal) resolve(d *record, outcome string) {
	lost := len(d.movement) > 0
	d.status, d.outcome, d.appeals = resolved, outcome, false
	switch {
	case outcome == buyersFavour && !lost:
		p.move(d, "DISPUTE_SETTLEMENT", -d.opt.Amount)
		if d.stage != inquiry {
			p.move(d, "DISPUTE_FEE", -1500)
		}
	case outcome == sellersFavour && lost:
		p.move(d, "DISPUTE_SETTLEMENT", d.opt.Amount)
	}
}

// Move moves money of the seller's, in minor units; negative when it leaves.
func (p *PayPal) Move(id, reason string, minor int64) error {
	return p.change(id, "CUSTOMER.DISPUTE.UPDATED", func(d *record) error {
		p.move(d, reason, minor)
		return nil
	})
}

func (p *PayPal) move(d *record, reason string, minor int64) {
	direction, size := "CREDIT", minor
	if minor < 0 {
		direction, size = "DEBIT", -minor
	}
	d.movement = append(d.movement, object{
		"affected_party": "SELLER", "type": direction, "reason": reason,
		"amount": money(size, d.order.Currency), "initiated_time": stamp(p.now()),
	})
}

// change changes a dispute and tells of it.
func (p *PayPal) change(id, event string, f func(d *record) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.disputes[id]
	if d == nil {
		return fmt.Errorf("there is no dispute %s", id)
	}
	if err := f(d); err != nil {
		return err
	}
	p.emit(d, event)
	return nil
}

// Dispute is the dispute of an id.
func (p *PayPal) Dispute(id string) (Dispute, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.disputes[id]
	if d == nil {
		return Dispute{}, false
	}
	return d.view(), true
}

// Disputes lists all, oldest first.
func (p *PayPal) Disputes() []Dispute {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Dispute, 0, len(p.opened))
	for _, id := range p.opened {
		out = append(out, p.disputes[id].view())
	}
	return out
}

func (d *record) view() Dispute {
	return Dispute{
		ID: d.id, Status: d.status, Stage: d.stage, Outcome: d.outcome, State: d.state(), Due: d.due, Answers: slices.Clone(d.answers),
	}
}

// state is the status from the seller's side.
func (d *record) state() string {
	switch {
	case d.status == resolved && d.appeals:
		return "APPEALABLE"
	case d.status == resolved:
		return resolved
	case d.status == review:
		return "UNDER_PAYPAL_REVIEW"
	case d.stage == inquiry:
		return "OPEN_INQUIRIES"
	default:
		return "REQUIRED_ACTION"
	}
}

// offers are the links by which the seller may act.
func (d *record) offers() []string {
	switch {
	case d.appeals:
		return []string{"appeal"}
	case d.status == resolved:
		return nil
	case d.stage == inquiry:
		return []string{"send-message", "make-offer", "accept-claim"}
	case d.status == waiting:
		return []string{"provide-evidence", "accept-claim"}
	case d.status == open:
		return []string{"provide-supporting-info", "accept-claim"}
	default:
		return []string{"provide-supporting-info"}
	}
}
