package simulator

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/adyen"
	"github.com/rebuttal-hq/rebuttal/simulator/braintree"
	"github.com/rebuttal-hq/rebuttal/simulator/checkout"
	"github.com/rebuttal-hq/rebuttal/simulator/clearhaus"
	"github.com/rebuttal-hq/rebuttal/simulator/healthsafepay"
	"github.com/rebuttal-hq/rebuttal/simulator/localpayment"
	"github.com/rebuttal-hq/rebuttal/simulator/paypal"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// Profile is what a script needs to know of a payment provider beside Stripe.
type Profile struct {
	// Name is the vendor's, and that of the connection.
	Name string
	// Lists says that the provider can be asked what disputes it has.
	Lists bool
	// ByHand says that it takes no answer through an API: a person gives it.
	ByHand bool
	// NoReason says that it tells no reason, so that a person has to approve.
	NoReason bool
	// Dates says that its due dates are too coarse for a rehearsal's short days:
	// a network's window has to end first.
	Dates bool
	// Escalates says that an inquiry has to become a chargeback for that window
	// to begin, because the opening is told without a time.
	Escalates bool
	// Money says that it tells movements of money. LostFee and WonFee are what it
	// keeps then, in minor units, beside a lost amount.
	Money           bool
	LostFee, WonFee int64
}

// Profiles are the providers beside Stripe, by name.
var Profiles = []Profile{
	{Name: "adyen", Money: true},
	{Name: "braintree", Money: true, Lists: true, Dates: true},
	{Name: "checkout", Lists: true},
	{Name: "clearhaus", Lists: true, Dates: true, Escalates: true},
	{Name: "healthsafepay", Money: true, LostFee: 1500, WonFee: 1500, ByHand: true},
	{Name: "localpayment", Dates: true, NoReason: true},
	{Name: "paypal", Money: true, Lists: true, LostFee: 1500},
}

// Provider is a payment provider beside Stripe, as a script drives it. It is
// safe for concurrent use.
type Provider struct {
	Profile

	account account
	mu      sync.Mutex
	opened  []string
}

// account is what the stand-ins have in common.
type account interface {
	open(o world.Order, due time.Duration, inquiry bool) (id string, err error)
	escalate(id string) error
	decide(id string, won bool) error
	seen(id string) (Seen, bool)
}

// Seen is what a provider took as an answer to a dispute.
type Seen struct {
	Submissions int
	Accepted    bool // the merchant gave it up
}

// Open disputes a sale for goods that did not come. Where the provider tells due
// dates with a time, an answer is due in so much time.
func (p *Provider) Open(o world.Order, due time.Duration) (id string, err error) {
	return p.remember(p.account.open(o, due, false))
}

// OpenInquiry has a bank ask about a sale before it disputes it. Not every
// stand-in has that.
func (p *Provider) OpenInquiry(o world.Order) (id string, err error) {
	return p.remember(p.account.open(o, 0, true))
}

func (p *Provider) remember(id string, err error) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.opened = append(p.opened, id)
	}
	return id, err
}

// Escalate makes a chargeback of an inquiry.
func (p *Provider) Escalate(id string) error { return p.account.escalate(id) }

// Decide gives the verdict and moves the money.
func (p *Provider) Decide(id string, won bool) error { return p.account.decide(id, won) }

// Seen is what the provider took for a dispute; ok is false when it has none of
// this id.
func (p *Provider) Seen(id string) (seen Seen, ok bool) { return p.account.seen(id) }

// Opened lists the disputes that Open and OpenInquiry made, oldest first.
func (p *Provider) Opened() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.opened)
}

// Provider is the provider of a connection; ok is false for Stripe and for
// connections that are no providers.
func (s *Simulator) Provider(connection string) (p *Provider, ok bool) {
	i := slices.IndexFunc(s.Providers, func(p *Provider) bool { return p.Name == connection })
	if i < 0 {
		return nil, false
	}
	return s.Providers[i], true
}

// Seen is what the provider of a connection took for a dispute, Stripe too.
func (s *Simulator) Seen(connection, id string) (seen Seen, ok bool) {
	if p, ok := s.Provider(connection); ok {
		return p.Seen(id)
	}
	d, ok := s.Stripe.Dispute(id)
	return Seen{Submissions: max(d.Submissions, len(d.Bodies)), Accepted: d.Accepted}, ok && connection == StripeConnection
}

func providers(s *Simulator) []*Provider {
	accounts := map[string]account{
		"adyen": adyenAccount{s.Adyen}, "braintree": braintreeAccount{s.Braintree, s.World}, "checkout": checkoutAccount{s.Checkout},
		"clearhaus": clearhausAccount{s.Clearhaus, s.World}, "healthsafepay": healthsafepayAccount{s.HealthSafePay},
		"localpayment": localpaymentAccount{s.Localpayment}, "paypal": paypalAccount{s.PayPal},
	}
	out := make([]*Provider, len(Profiles))
	for i, p := range Profiles {
		out[i] = &Provider{Profile: p, account: accounts[p.Name]}
	}
	return out
}

var errNoInquiry = errors.New("this stand-in has no inquiries")

type adyenAccount struct{ *adyen.Adyen }

func (a adyenAccount) open(o world.Order, due time.Duration, inquiry bool) (string, error) {
	id := a.Open(o, adyen.DisputeOptions{ReasonCode: "13.1", Reason: "Merchandise Not Received", Window: due, Inquiry: inquiry})
	if inquiry {
		return id, nil
	}
	return id, a.Charge(id)
}

func (a adyenAccount) escalate(id string) error { return a.Charge(id) }

func (a adyenAccount) decide(id string, won bool) error {
	if !won {
		return a.Decide(id, false)
	}
	return errors.Join(a.Reverse(id), a.Decide(id, true))
}

func (a adyenAccount) seen(id string) (Seen, bool) {
	d, ok := a.Dispute(id)
	return Seen{Submissions: len(d.Defended), Accepted: d.Accepted}, ok
}

type braintreeAccount struct {
	*braintree.Braintree
	world *world.World
}

// open debits the day before, because Braintree tells dates only: a debit of the
// verdict's day could not be told from the credit.
func (a braintreeAccount) open(o world.Order, _ time.Duration, inquiry bool) (string, error) {
	if inquiry {
		return "", errNoInquiry
	}
	id := a.Open(o, braintree.DisputeOptions{Reason: "product_not_received", DueIn: 10 * 24 * time.Hour})
	return id, a.Disburse(id, a.world.Now().AddDate(0, 0, -1))
}

func (a braintreeAccount) escalate(string) error { return errNoInquiry }

func (a braintreeAccount) decide(id string, won bool) error {
	if err := a.Decide(id, won); err != nil || !won {
		return err
	}
	return a.Disburse(id, a.world.Now())
}

func (a braintreeAccount) seen(id string) (Seen, bool) {
	d, ok := a.Dispute(id)
	return Seen{Submissions: d.Finalized, Accepted: d.Status == "accepted"}, ok
}

type checkoutAccount struct{ *checkout.Checkout }

func (a checkoutAccount) open(o world.Order, due time.Duration, inquiry bool) (string, error) {
	if inquiry {
		return "", errNoInquiry
	}
	return a.Open(o, checkout.DisputeOptions{Category: "product_service_not_received", Code: "13.1", DueIn: due}), nil
}

func (a checkoutAccount) escalate(string) error { return errNoInquiry }

func (a checkoutAccount) decide(id string, won bool) error { return a.Decide(id, won) }

func (a checkoutAccount) seen(id string) (Seen, bool) {
	d, ok := a.Dispute(id)
	return Seen{Submissions: d.Submissions, Accepted: d.Accepted}, ok
}

type clearhausAccount struct {
	*clearhaus.Clearhaus
	world *world.World
}

// open tells a date to come: Clearhaus tells the opening without a time, and the
// first instant of today lies before a sale of a rehearsal's short days.
func (a clearhausAccount) open(o world.Order, _ time.Duration, inquiry bool) (string, error) {
	opts := clearhaus.DisputeOptions{Reason: "product_not_provided", ReasonCode: "13.1", Opened: a.world.Now().AddDate(0, 0, 2)}
	if inquiry {
		opts.Type = "retrieval_request"
	}
	return a.Open(o, opts), nil
}

func (a clearhausAccount) escalate(id string) error {
	a.Change(id, func(d *clearhaus.Dispute) { d.Type = "1st_chargeback" })
	return nil
}

func (a clearhausAccount) decide(id string, won bool) error {
	status := "lost"
	if won {
		status = "won"
	}
	if _, ok := a.Dispute(id); !ok {
		return fmt.Errorf("no dispute %s", id)
	}
	a.Set(id, status)
	return nil
}

func (a clearhausAccount) seen(id string) (Seen, bool) {
	d, ok := a.Dispute(id)
	var out Seen
	for _, stamp := range d.Stamps {
		if stamp == "accepted" {
			out.Accepted = true
		} else {
			out.Submissions++
		}
	}
	return out, ok
}

type healthsafepayAccount struct{ *healthsafepay.HealthSafePay }

func (a healthsafepayAccount) open(o world.Order, _ time.Duration, inquiry bool) (string, error) {
	if inquiry {
		return "", errNoInquiry
	}
	return a.Open(o, "PRODUCT_NOT_RECEIVED"), nil
}

func (a healthsafepayAccount) escalate(string) error { return errNoInquiry }

func (a healthsafepayAccount) decide(id string, won bool) error { return a.Decide(id, won) }

// seen is nothing ever: HealthSafePay takes no answer.
func (a healthsafepayAccount) seen(id string) (Seen, bool) {
	return Seen{}, slices.ContainsFunc(a.Webhooks(), func(w healthsafepay.Webhook) bool { return w.Dispute == id })
}

type localpaymentAccount struct{ *localpayment.Localpayment }

func (a localpaymentAccount) open(o world.Order, _ time.Duration, inquiry bool) (string, error) {
	if inquiry {
		return "", errNoInquiry
	}
	return a.Open(o), nil
}

func (a localpaymentAccount) escalate(string) error { return errNoInquiry }

func (a localpaymentAccount) decide(id string, won bool) error { return a.Decide(id, won) }

// seen counts requests: one may hold several files.
func (a localpaymentAccount) seen(id string) (Seen, bool) {
	requests := map[string]bool{}
	for _, u := range a.Uploads() {
		if u.ExternalID == id {
			requests[u.Boundary] = true
		}
	}
	return Seen{Submissions: len(requests)}, slices.ContainsFunc(a.Callbacks(), func(c localpayment.Callback) bool { return c.ExternalID == id })
}

type paypalAccount struct{ *paypal.PayPal }

func (a paypalAccount) open(o world.Order, due time.Duration, inquiry bool) (string, error) {
	return a.Open(o, paypal.DisputeOptions{Due: due, Inquiry: inquiry}), nil
}

func (a paypalAccount) escalate(id string) error { return a.Escalate(id) }

func (a paypalAccount) decide(id string, won bool) error {
	outcome := "RESOLVED_BUYER_FAVOUR"
	if won {
		outcome = "RESOLVED_SELLER_FAVOUR"
	}
	return a.Decide(id, outcome, false)
}

func (a paypalAccount) seen(id string) (Seen, bool) {
	d, ok := a.Dispute(id)
	var out Seen
	for _, answer := range d.Answers {
		if strings.HasPrefix(answer.Action, "accept") {
			out.Accepted = true
		} else {
			out.Submissions++
		}
	}
	return out, ok
}
