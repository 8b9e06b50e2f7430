package stripe

import (
	"strings"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// subscription is what a charge paid that was not a single sale: an invoice of a
// subscription.
type subscription struct{ id, invoice string }

// subscribe makes a sale one of a subscription.
func (s *Stripe) subscribe(order world.Order) {
	s.subscriptions[order.ChargeID] = subscription{id: s.world.NewID("sub_"), invoice: s.world.NewID("in_")}
}

// renderInvoice is the invoice as API 2023-10-16 shows it; later versions name
// the subscription under parent.
func (sub subscription) renderInvoice(o world.Order) object {
	return object{
		"id": sub.invoice, "object": "invoice", "subscription": sub.id, "charge": o.ChargeID, "customer": o.Customer.StripeID,
		"payment_intent": o.PaymentIntent, "amount_paid": o.Total, "currency": strings.ToLower(o.Currency),
		"created": o.PaidAt.Unix(), "status": "paid", "livemode": false,
	}
}

func (sub subscription) render(o world.Order) object {
	return object{
		"id": sub.id, "object": "subscription", "customer": o.Customer.StripeID, "latest_invoice": sub.invoice,
		"created": o.PaidAt.Unix(), "status": "active", "livemode": false,
	}
}

// each lists what a function makes of every charge of a subscription.
func (s *Stripe) each(f func(subscription, world.Order) object) []object {
	var out []object
	for charge, sub := range s.subscriptions {
		if o, ok := s.order(charge); ok {
			out = append(out, f(sub, o))
		}
	}
	return newestFirst(out)
}

func (s *Stripe) listInvoices(c *call) (object, *apiError) {
	return s.list(c, s.each(subscription.renderInvoice))
}

func (s *Stripe) listSubscriptions(c *call) (object, *apiError) {
	return s.list(c, s.each(subscription.render))
}

func (s *Stripe) listCustomers(c *call) (object, *apiError) {
	var all []object
	for _, one := range s.world.Customers() {
		all = append(all, customer(one))
	}
	return s.list(c, newestFirst(all))
}

func (s *Stripe) listPaymentIntents(c *call) (object, *apiError) {
	var all []object
	for _, o := range s.world.Orders() {
		all = append(all, paymentIntent(o))
	}
	return s.list(c, newestFirst(all))
}

// listBalanceTransactions has those of disputes.
func (s *Stripe) listBalanceTransactions(c *call) (object, *apiError) {
	var all []object
	for _, id := range s.opened {
		all = append(all, s.disputes[id].renderMoves()...)
	}
	return s.list(c, newestFirst(all))
}

// list answers with a page of all; the stand-in filters these by nothing.
func (s *Stripe) list(c *call, all []object) (object, *apiError) {
	if refused := c.allow("created", "limit", "starting_after", "ending_before"); refused != nil {
		return nil, refused
	}
	page, refused := c.page(all)
	return s.expanded(c, page, refused)
}
