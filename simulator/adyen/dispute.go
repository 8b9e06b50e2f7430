package adyen

import (
	"cmp"
	"fmt"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// The stages of a dispute.
const (
	inquiry        = "inquiry"
	chargeback     = "chargeback"
	preArbitration = "pre_arbitration"
	arbitration    = "arbitration"
)

// record is one dispute.
type record struct {
	id, payment string
	order       world.Order
	scheme      string // as in chargebackSchemeCode
	code        string
	title       string
	stage       string
	status      string
	event       string
	due         time.Time
	defendable  bool
	documents   map[string]Document
	defended    []string
	answered    bool // in this stage
	accepted    bool
	balance     int64
	silent      bool // no disputeStatus, as in Brazil
}

// DisputeOptions bend a dispute to what a scenario needs.
type DisputeOptions struct {
	Inquiry       bool          // a request for information
	ReasonCode    string        // default 10.4; Adyen's samples have a leading blank for Mastercard
	Reason        string        // the code's title
	Window        time.Duration // until the defence period ends; default 18 of the world's days
	NotDefendable bool
	Silent        bool // without disputeStatus, as for payments processed in Brazil
}

// schemes maps the world's card brands to Adyen's scheme codes.
var schemes = map[string]string{"mastercard": "mc", "unionpay": "cup"}

// Open disputes an order and tells it: NOTIFICATION_OF_CHARGEBACK, or
// REQUEST_FOR_INFORMATION. No money moves yet.
func (s *Adyen) Open(o world.Order, opt DisputeOptions) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	window := cmp.Or(opt.Window, 18*s.world.Day())
	r := &record{
		id: s.newReference(), payment: PaymentReference(o), order: o, scheme: cmp.Or(schemes[o.CardBrand], o.CardBrand),
		code: cmp.Or(opt.ReasonCode, "10.4"), title: cmp.Or(opt.Reason, "Other Fraud-Card Absent Environment"),
		stage: chargeback, status: "Undefended", due: s.opt.Now().Add(window), defendable: !opt.NotDefendable,
		documents: map[string]Document{}, silent: opt.Silent,
	}
	code := "NOTIFICATION_OF_CHARGEBACK"
	if opt.Inquiry {
		r.stage, r.status, code = inquiry, "Unresponded", "REQUEST_FOR_INFORMATION"
	}
	s.disputes[r.id] = r
	s.tell(r, code)
	return r.id
}

// Warn tells of a fraud report about an order, which is no dispute.
func (s *Adyen) Warn(o world.Order) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell(&record{
		id: s.newReference(), payment: PaymentReference(o), order: o, scheme: cmp.Or(schemes[o.CardBrand], o.CardBrand), title: "Card not present fraud",
	}, "NOTIFICATION_OF_FRAUD")
}

// Charge debits the disputed amount: CHARGEBACK.
func (s *Adyen) Charge(id string) error {
	return s.change(id, func(r *record) error {
		if r.balance != 0 {
			return fmt.Errorf("dispute %s was debited before", id)
		}
		if r.stage == inquiry {
			r.stage, r.status, r.answered = chargeback, "Undefended", false
		}
		s.debit(r, "CHARGEBACK")
		return nil
	})
}

// Reverse gives the money back for the time being: CHARGEBACK_REVERSED, which
// is not final.
func (s *Adyen) Reverse(id string) error {
	return s.change(id, func(r *record) error {
		if r.balance >= 0 {
			return fmt.Errorf("dispute %s was not debited", id)
		}
		r.status = "Pending"
		s.credit(r, "CHARGEBACK_REVERSED")
		return nil
	})
}

// Escalate takes the dispute to its next stage: PREARBITRATION_OPEN with a new
// defence period, then SCHEME_ARBITRATION.
func (s *Adyen) Escalate(id string) error {
	return s.change(id, func(r *record) error {
		switch r.stage {
		case chargeback:
			r.stage, r.status, r.answered, r.due = preArbitration, "Undefended", false, s.opt.Now().Add(10*s.world.Day())
			s.tell(r, "PREARBITRATION_OPEN")
		case preArbitration:
			r.stage, r.status = arbitration, "Pending"
			s.tell(r, "SCHEME_ARBITRATION")
		default:
			return fmt.Errorf("dispute %s cannot escalate from %s", id, r.stage)
		}
		return nil
	})
}

// Decide ends the dispute in its present stage. A defence that the issuer declines
// is told by SECOND_CHARGEBACK, whose money came back before.
func (s *Adyen) Decide(id string, won bool) error {
	return s.change(id, func(r *record) error {
		r.status = "Lost"
		if won {
			r.status = "Won"
		}
		switch {
		case r.stage == inquiry:
			return fmt.Errorf("dispute %s is a request for information: nobody decides it", id)
		case r.stage == preArbitration && won:
			s.tell(r, "PREARBITRATION_WON")
		case r.stage == preArbitration:
			s.tell(r, "PREARBITRATION_LOST")
		case r.stage == arbitration && won:
			s.tell(r, "SCHEME_ARBITRATION_WON")
		case r.stage == arbitration:
			s.tell(r, "SCHEME_ARBITRATION_LOST")
		case won:
			s.tell(r, "ISSUER_RESPONSE_TIMEFRAME_EXPIRED")
		case r.event == "CHARGEBACK_REVERSED":
			s.debit(r, "SECOND_CHARGEBACK")
		case r.answered && r.balance < 0:
			r.status = "Pending"
			s.credit(r, "CHARGEBACK_REVERSED")
			r.status = "Lost"
			s.debit(r, "SECOND_CHARGEBACK")
		case r.balance == 0:
			s.debit(r, "CHARGEBACK")
			s.tell(r, "DISPUTE_DEFENSE_PERIOD_ENDED")
		default:
			s.tell(r, "DISPUTE_DEFENSE_PERIOD_ENDED")
		}
		return nil
	})
}

// Expire ends the defence period without an answer.
func (s *Adyen) Expire(id string) error {
	return s.change(id, func(r *record) error {
		if r.answered {
			return fmt.Errorf("dispute %s was answered", id)
		}
		r.status = "Expired"
		s.tell(r, "DISPUTE_DEFENSE_PERIOD_ENDED")
		return nil
	})
}

// Tell tells an event of a dispute by its code, with no other effect.
func (s *Adyen) Tell(id, code string) error {
	return s.change(id, func(r *record) error { s.tell(r, code); return nil })
}

func (s *Adyen) change(id string, how func(*record) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.disputes[id]
	if !ok {
		return fmt.Errorf("no dispute %s", id)
	}
	return how(r)
}

func (s *Adyen) debit(r *record, code string) {
	r.balance -= r.order.Total
	s.tell(r, code)
}

func (s *Adyen) credit(r *record, code string) {
	r.balance += r.order.Total
	s.tell(r, code)
}

// open reports whether an answer is still taken.
func (r *record) open(now time.Time) bool {
	return r.defendable && !r.answered && !r.accepted && now.Before(r.due) && (r.status == "Undefended" || r.status == "Unresponded")
}
