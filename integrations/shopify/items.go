package shopify

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// facts are an item's facts; what is not known is left out.
type facts map[string]string

func (f facts) set(fact, value string) {
	if value != "" {
		f[fact] = value
	}
}

func (f facts) at(fact string, t time.Time) {
	if !t.IsZero() {
		f[fact] = t.UTC().Format(time.RFC3339)
	}
}

func (f facts) money(fact string, b moneyBag) error {
	m, err := b.money()
	if err == nil && m.Currency != "" && !m.IsZero() {
		f[fact] = m.String()
	}
	return err
}

// items is everything an order shows. An amount that cannot be read is left out
// of its item and told as an error.
func items(source string, o order) ([]dispute.Item, error) {
	first, err := orderItem(o)
	out, errs := []dispute.Item{first}, []error{err}
	if o.Customer != nil {
		out = append(out, customerItem(*o.Customer))
	}
	for _, f := range o.Fulfillments {
		out = append(out, fulfillmentItems(o, f)...)
	}
	for _, r := range o.Refunds {
		item, ok, err := refundItem(o, r)
		errs = append(errs, err)
		if ok {
			out = append(out, item)
		}
	}
	for i := range out {
		out[i].Source = source
	}
	return out, errors.Join(errs...)
}

func orderItem(o order) (dispute.Item, error) {
	f := facts{}
	f.set(dispute.FactOrderID, o.Number.String())
	f.set(dispute.FactOrderName, o.Name)
	f.at(dispute.FactOrderedAt, o.CreatedAt)
	f.set(dispute.FactCustomerName, buyer(o))
	f.set(dispute.FactCustomerEmail, o.Email)
	f.set(dispute.FactPurchaseIP, o.ClientIP)
	f.set(dispute.FactBillingAddress, o.Billing.line())
	f.set(dispute.FactShippingAddress, o.Shipping.line())
	products, err := products(o.Lines)
	f.set(dispute.FactProducts, products)
	title := "Order " + o.Name
	if !o.CancelledAt.IsZero() {
		title += ", cancelled"
		f.set(dispute.FactText, "Cancelled "+o.CancelledAt.UTC().Format(time.RFC3339)+": "+words(o.CancelReason))
	}
	return dispute.Item{
		ID: "order:" + o.ID, Kind: dispute.ItemOrder, Title: title, At: o.CreatedAt.UTC(), Facts: f,
	}, errors.Join(err, f.money(dispute.FactAmount, o.Total), f.money(dispute.FactRefundedAmount, o.Refunded))
}

func buyer(o order) string {
	if o.Customer != nil {
		if full := o.Customer.name(); full != "" {
			return full
		}
	}
	if o.Billing != nil {
		return o.Billing.Name
	}
	return ""
}

func (c customer) name() string { return strings.TrimSpace(c.FirstName + " " + c.LastName) }

// line is the address on one line: "10 Orchard Street, Portland, OR 97001, US".
func (a *address) line() string {
	if a == nil {
		return ""
	}
	region := strings.TrimSpace(a.Province + " " + a.Zip)
	return joined(", ", a.Address1, a.Address2, a.City, region, a.Country)
}

func products(l lineItems) (string, error) {
	var out []string
	var errs []error
	for _, line := range l.Nodes {
		text := fmt.Sprintf("%d x %s", line.Quantity, line.Name)
		if line.SKU != "" {
			text += " (" + line.SKU + ")"
		}
		price, err := line.Price.money()
		errs = append(errs, err)
		if price.Currency != "" {
			text += " at " + price.String()
		}
		out = append(out, text)
	}
	if l.Page.More {
		out = append(out, "and more")
	}
	return strings.Join(out, "; "), errors.Join(errs...)
}

func customerItem(c customer) dispute.Item {
	f := facts{}
	f.set(dispute.FactCustomerName, c.name())
	f.set(dispute.FactCustomerEmail, c.Email.Address)
	f.set(dispute.FactCustomerPhone, c.Phone.Number)
	f.at(dispute.FactCustomerSince, c.CreatedAt)
	f.set(dispute.FactOrdersCount, ordersCount(c.Orders))
	return dispute.Item{ID: "customer:" + c.ID, Kind: dispute.ItemCustomer, Title: "Customer record of the store", At: c.CreatedAt.UTC(), Facts: f}
}

// ordersCount leaves out a count of zero, which says nothing about a customer
// who has just disputed an order.
func ordersCount(n json.Number) string {
	if n.String() == "0" {
		return ""
	}
	return n.String()
}

// fulfillmentItems is what was handed to a carrier and, when it arrived, the
// delivery. A fulfillment that was cancelled or failed shows nothing.
func fulfillmentItems(o order, f fulfillment) []dispute.Item {
	switch f.Status {
	case "CANCELLED", "ERROR", "FAILURE":
		return nil
	}
	sent := shipping(o, f)
	sent.set(dispute.FactText, history(f.Events.Nodes))
	out := []dispute.Item{{
		ID: "fulfillment:" + f.ID, Kind: dispute.ItemFulfillment,
		Title: "Fulfillment " + f.Name, At: f.CreatedAt.UTC(), Facts: sent,
	}}
	if f.DeliveredAt.IsZero() {
		return out
	}
	arrived := shipping(o, f)
	arrived.at(dispute.FactDeliveredAt, f.DeliveredAt)
	return append(out, dispute.Item{
		ID: "delivery:" + f.ID, Kind: dispute.ItemDelivery,
		Title: "Delivery of " + f.Name, At: f.DeliveredAt.UTC(), Facts: arrived,
	})
}

func shipping(o order, f fulfillment) facts {
	out := facts{}
	var carriers, numbers, urls []string
	for _, t := range f.Tracking {
		carriers, numbers, urls = append(carriers, t.Company), append(numbers, t.Number), append(urls, t.URL)
	}
	out.set(dispute.FactOrderName, o.Name)
	out.set(dispute.FactCarrier, joined(", ", slices.Compact(carriers)...))
	out.set(dispute.FactTrackingNumber, joined(", ", numbers...))
	out.set(dispute.FactTrackingURL, joined(", ", urls...))
	out.at(dispute.FactShippedAt, f.CreatedAt)
	out.set(dispute.FactDeliveryStatus, words(f.DisplayStatus))
	out.set(dispute.FactShippingAddress, o.Shipping.line())
	return out
}

// history is the carrier's events, one line each.
func history(events []event) string {
	out := make([]string, 0, len(events))
	for _, e := range events {
		place := joined(", ", e.City, e.Province)
		out = append(out, e.HappenedAt.UTC().Format(time.RFC3339)+" "+joined("; ", words(e.Status), e.Message, place))
	}
	return strings.Join(out, "\n")
}

// refundItem is money that went back. The store also keeps refunds that only
// put goods back on the shelf, and ones whose payment failed; they show nothing.
func refundItem(o order, r refund) (item dispute.Item, ok bool, err error) {
	f := facts{}
	if err := f.money(dispute.FactRefundedAmount, r.Total); err != nil {
		return dispute.Item{}, false, err
	}
	if f[dispute.FactRefundedAmount] == "" || !r.paid() {
		return dispute.Item{}, false, nil
	}
	at := r.CreatedAt
	if at.IsZero() {
		at = r.ProcessedAt
	}
	f.set(dispute.FactRefundID, r.Number.String())
	f.at(dispute.FactRefundedAt, at)
	f.set(dispute.FactOrderName, o.Name)
	return dispute.Item{
		ID: "refund:" + r.ID, Kind: dispute.ItemRefund,
		Title: "Refund of " + f[dispute.FactRefundedAmount], At: at.UTC(), Facts: f,
	}, true, nil
}

func (r refund) paid() bool {
	for _, t := range r.Transactions.Nodes {
		if t.Status == "SUCCESS" {
			return true
		}
	}
	return false
}

// words writes an enum value as people read it: OUT_FOR_DELIVERY is "out for
// delivery".
func words(enum string) string { return strings.ToLower(strings.ReplaceAll(enum, "_", " ")) }

func joined(sep string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return strings.TrimSpace(s) == "" }), sep)
}
