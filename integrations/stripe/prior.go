package stripe

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/form"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Which earlier charges are looked at. The window is that of Visa's Compelling
// Evidence 3.0: 120 to 365 days before the disputed sale.
const (
	newestCharges = 20
	windowCharges = 100 // of which those by the same card are kept
	windowKept    = 10
	windowBegins  = 365 * 24 * time.Hour
	windowEnds    = 120 * 24 * time.Hour
)

// prior is evidence of the customer's earlier charges that nobody disputed: the
// newest ones, and those by the same card in the window, of which it is asked
// whether the bank reported a fraud. That makes two lists of charges and at most
// windowKept lists of warnings.
func (a *adapter) prior(ctx context.Context, ch *stripe.Charge) ([]dispute.Item, error) {
	charges, err := a.earlier(ctx, ch)
	if err != nil {
		return nil, err
	}
	reported, err := a.reported(ctx, slices.DeleteFunc(slices.Clone(charges), func(p *stripe.Charge) bool { return !comparable(ch, p) }))
	var items []dispute.Item
	for _, p := range charges {
		item := a.paymentItem(p, dispute.ItemPriorPayment)
		item.Facts[dispute.FactDisputed] = "no" // earlier leaves the others out
		add(item.Facts, dispute.FactFraudReported, reported[p.ID])
		items = append(items, item)
	}
	return items, err
}

// earlier lists the charges, newest first.
func (a *adapter) earlier(ctx context.Context, ch *stripe.Charge) ([]*stripe.Charge, error) {
	newest, more, err := a.chargesOf(ctx, ch, unix(ch.Created).Add(-time.Second), time.Time{}, newestCharges)
	if err != nil || !more {
		return newest, err
	}
	at := unix(ch.Created)
	window, _, err := a.chargesOf(ctx, ch, at.Add(-windowEnds), at.Add(-windowBegins), windowCharges)
	if err != nil {
		return newest, err
	}
	window = slices.DeleteFunc(window, func(p *stripe.Charge) bool {
		return !comparable(ch, p) || slices.ContainsFunc(newest, func(n *stripe.Charge) bool { return n.ID == p.ID })
	})
	return append(newest, window[:min(len(window), windowKept)]...), nil
}

// chargesOf lists the customer's charges that were paid, not given back and not
// disputed, created up to one moment and since another; more says that the list
// goes on.
func (a *adapter) chargesOf(ctx context.Context, ch *stripe.Charge, until, since time.Time, limit int) (out []*stripe.Charge, more bool, err error) {
	var f form.Values
	if !since.IsZero() {
		f.Add("created[gte]", strconv.FormatInt(since.Unix(), 10))
	}
	f.Add("created[lte]", strconv.FormatInt(until.Unix(), 10))
	f.Add("customer", ch.Customer.ID)
	expand(&f, "data.invoice", "data.payment_intent")
	f.Add("limit", strconv.Itoa(limit))
	var list stripe.ChargeList
	err = a.api.call(ctx, request{op: "list charges of " + ch.Customer.ID, method: http.MethodGet, path: "/v1/charges", form: f}, &list)
	for _, p := range list.Data {
		if p.Paid && p.Captured && p.Amount > 0 && !p.Disputed && !p.Refunded && p.AmountRefunded == 0 {
			out = append(out, p)
		}
	}
	return out, list.HasMore, err
}

// comparable reports whether an earlier charge may stand in compelling evidence:
// the same card, in the window.
func comparable(ch, p *stripe.Charge) bool {
	card, age := fingerprint(ch), time.Duration(ch.Created-p.Created)*time.Second
	return card != "" && card == fingerprint(p) && age >= windowEnds && age <= windowBegins
}

func fingerprint(ch *stripe.Charge) string {
	if ch.PaymentMethodDetails == nil || ch.PaymentMethodDetails.Card == nil {
		return ""
	}
	return ch.PaymentMethodDetails.Card.Fingerprint
}

// reported tells of each charge, by its id, whether its bank has reported a fraud.
// Without the permission to read warnings nothing is told; a charge of which it
// is not known has no entry.
func (a *adapter) reported(ctx context.Context, charges []*stripe.Charge) (map[string]string, error) {
	out := map[string]string{}
	for _, p := range charges[:min(len(charges), windowKept)] {
		var f form.Values
		f.Add("charge", p.ID)
		f.Add("limit", "1")
		var list stripe.RadarEarlyFraudWarningList
		err := a.api.call(ctx, request{op: "list fraud warnings of " + p.ID, method: http.MethodGet, path: "/v1/radar/early_fraud_warnings", form: f}, &list)
		if dispute.KindOf(err) == dispute.Auth {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out[p.ID] = yesNo(len(list.Data) > 0)
	}
	return out, nil
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
