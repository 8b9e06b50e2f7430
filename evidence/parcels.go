package evidence

import (
	"slices"
	"strings"
	"unicode"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// orderRefs are the names by which exhibits know an order, made comparable.
func orderRefs(exhibits []*exhibit) []string {
	var out []string
	for _, e := range exhibits {
		for _, name := range []string{dispute.FactOrderID, dispute.FactOrderName} {
			if ref := foldRef(e.fact(name)); ref != "" {
				out = append(out, ref)
			}
		}
	}
	return out
}

// foldRef makes an order's id or name comparable: "#1001" is "1001", and the
// address-like ids of shops end in the id itself.
func foldRef(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	s = s[strings.LastIndex(s, "/")+1:]
	return strings.TrimLeft(s, "#")
}

// anotherOrders are the parcels that cannot be this order's: they name the
// order of an earlier sale, a record of such an order has their number, or they
// went to another place than this order.
func anotherOrders(b *book) []*exhibit {
	ofSale := b.matching(func(e *exhibit) bool { return e.is(dispute.ItemPayment, dispute.ItemOrder) })
	ours := orderRefs(ofSale)
	others := orderRefs(b.matching(func(e *exhibit) bool { return e.is(dispute.ItemPriorPayment) }))
	others = slices.DeleteFunc(others, func(ref string) bool { return slices.Contains(ours, ref) })
	foreign := func(e *exhibit) bool {
		return slices.ContainsFunc(orderRefs([]*exhibit{e}), func(ref string) bool { return slices.Contains(others, ref) })
	}
	var numbers []string
	for _, e := range b.matching(foreign) {
		numbers = append(numbers, e.fact(dispute.FactTrackingNumber))
	}
	return b.matching(func(e *exhibit) bool {
		number := e.fact(dispute.FactTrackingNumber)
		return number != "" && e.is(shippingKinds...) && (slices.Contains(numbers, number) || elsewhere(b, e))
	})
}

// elsewhere reports whether the carrier names another destination than the
// order. Another postal code of the same town is a pick-up point.
func elsewhere(b *book, e *exhibit) bool {
	if !e.is(dispute.ItemDelivery) {
		return false
	}
	told := func(name string) (order, parcel string) {
		return foldPlace(b.first(name, dispute.ItemOrder, dispute.ItemPayment)), foldPlace(e.fact(name))
	}
	if order, parcel := told(dispute.FactShippingCountry); order != "" && parcel != "" && order != parcel {
		return true
	}
	city, parcelCity := told(dispute.FactShippingCity)
	if city != "" && parcelCity != "" {
		return !strings.Contains(city, parcelCity) && !strings.Contains(parcelCity, city)
	}
	code, parcelCode := told(dispute.FactShippingPostalCode)
	return code != "" && parcelCode != "" && !strings.HasPrefix(code, parcelCode) && !strings.HasPrefix(parcelCode, code)
}

// foldPlace keeps the letters and digits of a place, in lower case.
func foldPlace(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// otherAddress is what shows that the goods went to another address than the
// one that was billed. Addresses are written in many ways, so it is silent when
// they have a number in common: a postal code, or that of the house. It is
// silent too when the issuer authenticated the buyer, as failedChecks is.
func otherAddress(b *book) []*exhibit {
	billing := b.first(dispute.FactBillingAddress, saleKinds...)
	shipping := b.first(dispute.FactShippingAddress, dispute.ItemDelivery, dispute.ItemFulfillment, dispute.ItemOrder)
	billed, shipped := addressNumbers(billing), addressNumbers(shipping)
	if len(billed) == 0 || len(shipped) == 0 || b.has(proofThreeDS) {
		return nil
	}
	if slices.ContainsFunc(billed, func(n string) bool { return slices.Contains(shipped, n) }) {
		return nil
	}
	return b.matching(func(e *exhibit) bool {
		return e.fact(dispute.FactBillingAddress) == billing && e.is(saleKinds...) || e.fact(dispute.FactShippingAddress) == shipping
	})
}

// addressNumbers are the words of an address with a digit in them.
func addressNumbers(s string) []string {
	var out []string
	for _, word := range strings.Fields(foldAddress(s)) {
		if strings.ContainsAny(word, "0123456789") {
			out = append(out, word)
		}
	}
	return out
}
