package evidence

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// The shortest device fingerprint and device id that Stripe takes.
const (
	minFingerprint = 20
	minDeviceID    = 15
)

// elements are what two sales may agree on, by their facts, strongest first.
// The two device facts fill one slot.
var elements = []struct {
	fact  string
	value func(dispute.Sale) string
}{
	{dispute.FactPurchaseIP, func(s dispute.Sale) string { return s.PurchaseIP }},
	{dispute.FactDeviceFingerprint, func(s dispute.Sale) string { return s.DeviceFingerprint }},
	{dispute.FactDeviceID, func(s dispute.Sale) string { return s.DeviceID }},
	{dispute.FactAccountID, func(s dispute.Sale) string { return s.AccountID }},
	{dispute.FactShippingAddress, foldShipping},
	{dispute.FactCustomerEmail, func(s dispute.Sale) string { return s.Email }},
}

// agreeing are the elements that are equal on all of the sales.
func agreeing(sales ...candidate) []string {
	var out []string
	for _, el := range elements {
		value := el.value(sales[0].Sale)
		same := value != "" && !slices.ContainsFunc(sales, func(c candidate) bool { return el.value(c.Sale) != value })
		if same {
			out = append(out, el.fact)
		}
	}
	return out
}

// mains counts the elements of which the rule wants one at least; the device
// counts once.
func mains(matched []string) int {
	n := 0
	if slices.Contains(matched, dispute.FactPurchaseIP) {
		n++
	}
	if slices.Contains(matched, dispute.FactDeviceFingerprint) || slices.Contains(matched, dispute.FactDeviceID) {
		n++
	}
	return n
}

// accepts is the rule: IP address and device, or one of them and one of account,
// delivery address and e-mail address.
func accepts(matched []string) bool {
	return byVisa(matched) || mains(matched) == 1 && slices.Contains(matched, dispute.FactCustomerEmail)
}

// byVisa is the rule without the e-mail address, which rests on Stripe alone.
func byVisa(matched []string) bool {
	return mains(matched) == 2 || mains(matched) == 1 &&
		(slices.Contains(matched, dispute.FactAccountID) || slices.Contains(matched, dispute.FactShippingAddress))
}

// restsOnAddress reports whether the rule is not met without the address.
func (p pair) restsOnAddress() bool {
	rest := slices.DeleteFunc(slices.Clone(p.matched), func(fact string) bool { return fact == dispute.FactShippingAddress })
	return !accepts(rest)
}

// fullAddresses reports whether all parts that Stripe asks for are there.
func fullAddresses(sales ...candidate) bool {
	return !slices.ContainsFunc(sales, func(c candidate) bool {
		return slices.ContainsFunc(shippingParts, func(part string) bool { return c.Shipping[part] == "" })
	})
}

// shippingParts are the parts of a delivery address.
var shippingParts = []string{
	dispute.FactShippingLine1, dispute.FactShippingLine2, dispute.FactShippingCity,
	dispute.FactShippingState, dispute.FactShippingPostalCode, dispute.FactShippingCountry,
}

// foldShipping makes a delivery address comparable; empty unless the parts that
// make a place are there.
func foldShipping(s dispute.Sale) string {
	var out []string
	for _, part := range []string{
		dispute.FactShippingLine1, dispute.FactShippingCity, dispute.FactShippingPostalCode, dispute.FactShippingCountry,
	} {
		value := strings.ToLower(oneLine(s.Shipping[part]))
		if value == "" {
			return ""
		}
		out = append(out, value)
	}
	return strings.Join(out, "\n")
}

// saleOf reads an item as a sale; ok is false when it has no date.
func saleOf(it dispute.Item) (c candidate, ok bool) {
	f := it.Facts
	c = candidate{
		Sale: dispute.Sale{
			Payment: afterColon(it.ID), Product: oneLine(f[dispute.FactProducts]), Sold: f[dispute.FactSold],
			PurchaseIP: publicIP(f[dispute.FactPurchaseIP]), AccountID: strings.TrimSpace(f[dispute.FactAccountID]),
			DeviceID:          atLeast(minDeviceID, f[dispute.FactDeviceID]),
			DeviceFingerprint: atLeast(minFingerprint, f[dispute.FactDeviceFingerprint]),
			Email:             strings.ToLower(strings.TrimSpace(f[dispute.FactCustomerEmail])),
		},
		card:     f[dispute.FactCardFingerprint],
		reported: f[dispute.FactFraudReported] != "",
		refunded: refundedFacts(f),
	}
	for _, part := range shippingParts {
		if v := strings.TrimSpace(f[part]); v != "" {
			c.addShipping(part, v)
		}
	}
	c.At, ok = parseDate(f[dispute.FactPaidAt])
	return c, ok
}

func (c *candidate) addShipping(part, value string) {
	if c.Shipping == nil {
		c.Shipping = map[string]string{}
	}
	c.Shipping[part] = value
}

func refundedFacts(facts map[string]string) bool {
	m, err := dispute.ParseMoney(facts[dispute.FactRefundedAmount])
	return err == nil && m.Minor > 0
}

// disputedSale is the disputed payment, with what the case's order, customer and
// shipment records add to it: those were taken down at the same sale.
func disputedSale(c dispute.Case, items []dispute.Item) (candidate, bool) {
	items = slices.Clone(withPayment(c, items))
	slices.SortStableFunc(items, func(a, b dispute.Item) int { return compareExhibits(&exhibit{item: a}, &exhibit{item: b}) })
	facts := map[string]string{}
	id := ""
	for _, it := range items {
		if !slices.Contains(ofTheSale, it.Kind) {
			continue
		}
		if it.Kind == dispute.ItemPayment && id == "" {
			id = it.ID
		}
		for name, value := range it.Facts {
			if facts[name] == "" {
				facts[name] = value
			}
		}
	}
	if facts[dispute.FactSold] == "" {
		facts[dispute.FactSold] = sold(items)
	}
	out, ok := saleOf(dispute.Item{ID: id, Facts: facts})
	if c.View.Snapshot.Payment != "" {
		out.Payment = c.View.Snapshot.Payment
	}
	return out, ok && id != ""
}

// ofTheSale are the records that are made with a sale, in the order in which
// they are believed.
var ofTheSale = []dispute.ItemKind{dispute.ItemPayment, dispute.ItemOrder, dispute.ItemFulfillment}

// sold is what was sold, when a record shows it: a parcel is merchandise, a day
// of service a service.
func sold(items []dispute.Item) string {
	for _, it := range items {
		switch {
		case it.Kind == dispute.ItemFulfillment, it.Kind == dispute.ItemDelivery:
			return "merchandise"
		case it.Facts[dispute.FactServiceDate] != "":
			return "services"
		}
	}
	return ""
}

// afterColon is the provider's own id in an item's id: "charge:ch_1" is "ch_1".
func afterColon(id string) string {
	if _, after, ok := strings.Cut(id, ":"); ok {
		return after
	}
	return id
}

// atLeast keeps an identifier that is long enough to identify.
func atLeast(n int, s string) string {
	s = strings.TrimSpace(s)
	if len(s) < n {
		return ""
	}
	return s
}

// carrierNAT are the addresses that many subscribers share (RFC 6598).
var carrierNAT = netip.MustParsePrefix("100.64.0.0/10")

// publicIP is an address in its canonical form, and nothing when it is none or
// tells nothing of a person: private, local, shared by many.
func publicIP(s string) string {
	ip, err := netip.ParseAddr(strings.TrimSpace(s))
	if err != nil {
		return ""
	}
	ip = ip.Unmap().WithZone("")
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || carrierNAT.Contains(ip) {
		return ""
	}
	return ip.String()
}

// isCompelling matches the records of the three sales of the compelling evidence.
func isCompelling(b *book, e *exhibit) bool {
	if b.compelling == nil {
		return false
	}
	return e.is(dispute.ItemPriorPayment) && slices.Contains(b.eligibility.Items, e.item.ID) || tellsOf(e, b.compelling.Matched)
}

// tellsOf reports whether an exhibit is the disputed payment, or another record
// of the disputed sale with one of the facts.
func tellsOf(e *exhibit, facts []string) bool {
	return e.is(dispute.ItemPayment) || e.is(ofTheSale...) &&
		slices.ContainsFunc(facts, func(fact string) bool { return e.fact(fact) != "" })
}

// sameBuyer are the elements that the disputed sale shares with earlier ones,
// and those sales: all that agree on the strongest element that any agrees on.
func (b *book) sameBuyer() (matched []string, priors []*exhibit) {
	items := make([]dispute.Item, len(b.exhibits))
	for i, e := range b.exhibits {
		items[i] = e.item
	}
	this, ok := disputedSale(b.c, items)
	if !ok {
		return nil, nil
	}
	for _, fact := range []string{dispute.FactDeviceFingerprint, dispute.FactDeviceID, dispute.FactAccountID, dispute.FactPurchaseIP} {
		sales := []candidate{this}
		priors = b.matching(func(e *exhibit) bool {
			prior, dated := saleOf(e.item)
			agrees := isPrior(b, e) && dated && prior.At.Before(this.At) && slices.Contains(agreeing(this, prior), fact)
			if agrees {
				sales = append(sales, prior)
			}
			return agrees
		})
		if len(priors) > 0 {
			return agreeing(sales...), priors
		}
	}
	return nil, nil
}

// isSameBuyer matches the records of the disputed sale and of the earlier ones
// that share a device, an account or an IP address with it.
func isSameBuyer(b *book, e *exhibit) bool {
	return len(b.earlier) > 0 && (tellsOf(e, b.agreed) || slices.Contains(b.earlier, e))
}
