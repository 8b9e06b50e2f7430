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
	{dispute.FactAccountID, "Account"}, {dispute.FactDeviceID, "Device"}, {dispute.FactDeviceFingerprint, "Device fingerprint"},
	{dispute.FactSentAt, "Sent"}, {dispute.FactSubject, "Subject"}, {dispute.FactTermsAcceptedAt, "Terms accepted"},
	{dispute.FactRefundPolicy, "Refund terms"}, {dispute.FactCancelPolicy, "Cancellation terms"}, {dispute.FactAccessLog, "Access log"},
}

// unprinted are facts that are ours alone, addresses of web pages, which
// providers ask to leave out (Stripe, "Dispute evidence best practices"), what
// is printed in another way, and parts of what is printed whole.
var unprinted = []string{
	dispute.FactRiskLevel, dispute.FactTrackingURL, dispute.FactReceiptURL, dispute.FactSlot, dispute.FactCardFingerprint,
	dispute.FactText, dispute.FactDirection, dispute.FactSold,
}

// faults are facts that print only when they are "no".
var faults = []string{dispute.FactDisputed, dispute.FactFraudReported}

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

// factRows lists the facts of an exhibit: where it comes from, those we know in
// their order, then the others by name. A message begins with its own head.
func (b *book) factRows(e *exhibit) []row {
	out := b.messageRows(e)
	rest := maps.Clone(e.item.Facts)
	if len(out) > 0 {
		for _, name := range headOfMessage {
			delete(rest, name)
		}
	}
	out = append(out, row{"Source", e.source()})
	if rest[dispute.FactShippingAddress] == "" {
		rest[dispute.FactShippingAddress] = e.deliveryAddress()
	}
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

// addressParts are a delivery address in pieces, in the order of an envelope.
var addressParts = []string{
	dispute.FactShippingLine1, dispute.FactShippingLine2, dispute.FactShippingPostalCode,
	dispute.FactShippingCity, dispute.FactShippingState, dispute.FactShippingCountry,
}

// deliveryAddress is the address of which only the pieces are known.
func (e *exhibit) deliveryAddress() string {
	var parts []string
	for _, name := range addressParts {
		if v := e.fact(name); v != "" {
			parts = append(parts, v)
		}
	}
	return strings.Join(parts, ", ")
}

// words are all that an exhibit may print.
func (e *exhibit) words() []string {
	out := []string{e.item.Title, e.fact(dispute.FactText), e.deliveryAddress()}
	for _, name := range slices.Sorted(maps.Keys(e.item.Facts)) {
		out = append(out, title(name), printable(name, e.fact(name)))
	}
	for _, entry := range e.item.Log {
		out = append(out, entry.What)
	}
	return out
}

func printable(name, value string) string {
	switch {
	case slices.Contains(unprinted, name), slices.Contains(addressParts, name):
		return ""
	case slices.Contains(checks, name) && !passed(value):
		return ""
	case slices.Contains(faults, name) && value != "no":
		return ""
	}
	if at, ok := parseDate(value); ok {
		if len(value) == len(time.DateOnly) {
			return humanDate(at)
		}
		return humanTime(at)
	}
	return excerpt(value)
}

func excerpt(s string) string {
	short, cut := cutAtSentence(s, maxFactChars)
	if cut {
		short += " […]"
	}
	return short
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
