package evidence

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// maxFactChars bounds one fact in print: a reviewer reads excerpts.
const maxFactChars = 3000

// labels are the words for facts, in the order in which an exhibit lists them.
var labels = []struct{ fact, label string }{
	{dispute.FactAmount, "Amount"}, {dispute.FactPaidAt, "Paid"}, {dispute.FactDescriptor, "Statement text"},
	{dispute.FactCardBrand, "Card"}, {dispute.FactCardLast4, "Card ending in"},
	{dispute.FactThreeDS, "3-D Secure"}, {dispute.FactAVSPostal, "Postal code check"}, {dispute.FactAVSLine1, "Street check"},
	{dispute.FactCVC, "Security code check"},
	{dispute.FactRefundedAmount, "Refunded"}, {dispute.FactRefundedAt, "Refunded on"}, {dispute.FactRefundID, "Refund reference"},
	{dispute.FactCustomerName, "Name"}, {dispute.FactCustomerEmail, "E-mail address"}, {dispute.FactCustomerPhone, "Telephone"},
	{dispute.FactCustomerSince, "Customer since"}, {dispute.FactOrdersCount, "Orders so far"}, {dispute.FactPurchaseIP, "IP address"},
	{dispute.FactBillingAddress, "Billing address"}, {dispute.FactShippingAddress, "Delivery address"},
	{dispute.FactOrderName, "Order"}, {dispute.FactOrderID, "Order id"}, {dispute.FactOrderedAt, "Ordered"}, {dispute.FactProducts, "Products"},
	{dispute.FactSubscriptionID, "Subscription"}, {dispute.FactInvoiceID, "Invoice"}, {dispute.FactServiceDate, "Service given"},
	{dispute.FactCarrier, "Carrier"}, {dispute.FactTrackingNumber, "Tracking number"}, {dispute.FactShippedAt, "Shipped"},
	{dispute.FactDeliveredAt, "Delivered"}, {dispute.FactDeliveryStatus, "Carrier's status"}, {dispute.FactSignedBy, "Signed by"},
	{dispute.FactSentAt, "Sent"}, {dispute.FactDirection, "Direction"}, {dispute.FactSubject, "Subject"}, {dispute.FactText, "Text"},
	{dispute.FactRefundPolicy, "Refund terms"}, {dispute.FactCancelPolicy, "Cancellation terms"}, {dispute.FactAccessLog, "Access log"},
}

// unprinted are facts that are ours alone, and addresses of web pages, which
// providers ask to leave out (Stripe, "Dispute evidence best practices").
var unprinted = []string{dispute.FactRiskLevel, dispute.FactTrackingURL, dispute.FactReceiptURL, dispute.FactSlot}

// checks are facts that print only when they passed: a failed check is an
// argument of the other side.
var checks = []string{dispute.FactAVSPostal, dispute.FactAVSLine1, dispute.FactCVC}

// source is where an exhibit comes from, without the name of a colleague.
func (e *exhibit) source() string {
	if strings.HasPrefix(e.item.Source, "person:") {
		return "the merchant"
	}
	return e.item.Source
}

// row is one line of a table in print.
type row struct{ label, value string }

// rows lists the facts of an exhibit: those we know in their order, then the
// others by name.
func (e *exhibit) rows() []row {
	var out []row
	rest := maps.Clone(e.item.Facts)
	for _, l := range labels {
		if v := printable(l.fact, rest[l.fact]); v != "" {
			out = append(out, row{l.label, v})
		}
		delete(rest, l.fact)
	}
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		if v := printable(name, rest[name]); v != "" {
			out = append(out, row{title(name), v})
		}
	}
	return out
}

func printable(name, value string) string {
	switch {
	case slices.Contains(unprinted, name):
		return ""
	case slices.Contains(checks, name) && !passed(value):
		return ""
	}
	if at, ok := parseDate(value); ok {
		if len(value) == len(time.DateOnly) {
			return humanDate(at)
		}
		return humanTime(at)
	}
	cut, shortened := cutAtSentence(value, maxFactChars)
	if shortened {
		cut += " […]"
	}
	return cut
}

func humanTime(t time.Time) string { return t.UTC().Format("2 January 2006 15:04 UTC") }

// title makes a label of a fact's name: "warehouse_id" is "Warehouse id".
func title(name string) string {
	s := strings.TrimSpace(strings.ReplaceAll(cleanText(name), "_", " "))
	s, _ = MaskCards(oneLine(s))
	if s == "" {
		return "Fact"
	}
	first, size := firstRune(s)
	return strings.ToUpper(first) + s[size:]
}

func firstRune(s string) (string, int) {
	for _, r := range s {
		first := string(r)
		return first, len(first)
	}
	return "", 0
}

// events are the facts that make a timeline, with their words.
var events = []struct {
	fact, words string
	kinds       []dispute.ItemKind
}{
	{dispute.FactOrderedAt, "Order placed", nil},
	{dispute.FactPaidAt, "Payment made", []dispute.ItemKind{dispute.ItemPayment}},
	{dispute.FactPaidAt, "Earlier payment", []dispute.ItemKind{dispute.ItemPriorPayment}},
	{dispute.FactShippedAt, "Parcel shipped", nil},
	{dispute.FactDeliveredAt, "Parcel delivered", nil},
	{dispute.FactServiceDate, "Service given", nil},
	{dispute.FactSentAt, "Message", []dispute.ItemKind{dispute.ItemCommunication}},
	{dispute.FactRefundedAt, "Refund given", nil},
}

// maxEvents bounds the timeline; the exhibits hold every date.
const maxEvents = 40

// timeline lists what happened, oldest first, each with its exhibit.
func (b *book) timeline() []row {
	type event struct {
		at  time.Time
		row row
	}
	var list []event
	for _, ev := range events {
		for _, e := range b.exhibits {
			at, ok := e.date(ev.fact)
			if !ok || (ev.kinds != nil && !e.is(ev.kinds...)) {
				continue
			}
			list = append(list, event{at, row{humanTime(at), ev.words + " (" + citation([]int{e.number}) + ")"}})
		}
	}
	if !b.opened.IsZero() {
		list = append(list, event{b.opened, row{humanTime(b.opened), "Dispute opened"}})
	}
	slices.SortStableFunc(list, func(x, y event) int { return x.at.Compare(y.at) })
	var out []row
	for _, ev := range list[max(0, len(list)-maxEvents):] {
		out = append(out, ev.row)
	}
	return out
}

// caseRows are the facts of the dispute for the cover.
func (b *book) caseRows() []row {
	s := b.c.View.Snapshot
	all := []row{
		{"Merchant", b.c.Merchant}, {"Dispute", s.ID}, {"Payment", s.Payment}, {"Amount", s.Amount.String()},
		{"Reason", strings.ReplaceAll(s.Reason, "_", " ")}, {"Network", strings.TrimSpace(s.Network + " " + s.NetworkCode)},
		{"Stage", strings.ReplaceAll(string(s.Stage), "_", "-")}, {"Our reference", b.c.ID},
	}
	if !b.opened.IsZero() {
		all = append(all, row{"Opened", humanTime(b.opened)})
	}
	return slices.DeleteFunc(all, func(r row) bool { return r.value == "" })
}
