package evidence

import (
	"slices"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Code names a contradiction between pieces of evidence, or between evidence
// and what the packet would claim.
type Code string

// The contradictions.
const (
	CodeDeliveredLate        Code = "delivered_after_dispute"   // it arrived, but after the dispute was opened
	CodeNotDelivered         Code = "tracking_without_delivery" // a tracking number whose parcel never arrived
	CodeAddressMismatch      Code = "address_mismatch"          // the issuer said that the address is wrong
	CodeSecurityCodeMismatch Code = "security_code_mismatch"    // the issuer said that the card's code is wrong
	CodeSameOrder            Code = "same_order"                // both charges are for one order
	CodeRefundedLate         Code = "refunded_after_dispute"    // the refund came when the dispute was open: it may be paid twice
	CodeRefundedInFull       Code = "refunded_in_full"          // the money was already back: an answer by itself
	CodeRefundPromised       Code = "refund_promised"           // a message of ours says that the money goes back
	CodeOtherAddress         Code = "other_address"             // the goods went to another address than the one billed
	CodeAnotherOrder         Code = "tracking_of_another_order" // the parcel is another order's
	CodeCanceledBefore       Code = "canceled_before_payment"   // our records say that it was cancelled, and nothing shows use since
)

// Contradiction is evidence that speaks against claims.
type Contradiction struct {
	Code   Code     `json:"code"`
	Why    string   `json:"why"`
	Items  []string `json:"items"`            // ids of the items that show it
	Blocks []string `json:"blocks,omitempty"` // keys of the proofs that must not be claimed
	// InOurFavour is true for a full refund before the dispute: it forbids
	// arguing that the charge was right, and answers the dispute by itself.
	InOurFavour bool `json:"in_our_favour,omitempty"`
}

// arguesSale are the proofs that argue that the charge was right. They make no
// sense for money that was given back.
var arguesSale = []string{
	proofOrder, proofShipped, proofDelivered, proofSigned, proofBilling, proofAccessLog, proofUsed, proofUsedAfterCancel, proofService,
	proofTerms, proofRefundPolicy, proofCancelPolicy, proofSubscription, proofOtherCharge, proofSeparate,
}

// watchedAlways are the contradictions that matter for every family, beside
// refunds.
var watchedAlways = []Code{CodeRefundPromised, CodeAnotherOrder}

// contradictions finds those that matter for the family, and those that matter
// for all.
func contradictions(b *book, watch []Code) []Contradiction {
	out := refunds(b)
	for _, code := range withAlways(watch) {
		if c, ok := find(b, code); ok {
			out = append(out, c)
		}
	}
	return out
}

func withAlways(watch []Code) []Code {
	out := slices.Clone(watch)
	for _, code := range watchedAlways {
		if !slices.Contains(out, code) {
			out = append(out, code)
		}
	}
	return out
}

func find(b *book, code Code) (Contradiction, bool) {
	c := Contradiction{Code: code}
	var items []*exhibit
	switch code {
	case CodeDeliveredLate:
		c.Why, c.Blocks = "The delivery was recorded after the dispute was opened.", []string{proofDelivered, proofSigned}
		items = deliveredLate(b)
	case CodeNotDelivered:
		c.Why, c.Blocks = "The parcel has a tracking number but no delivery.", []string{proofShipped}
		items = notDelivered(b)
	case CodeAddressMismatch:
		c.Why, c.Blocks = "The card issuer answered that the billing address does not match.", []string{proofAddressCheck, proofBilling}
		items = failedChecks(b, dispute.FactAVSPostal, dispute.FactAVSLine1)
	case CodeSecurityCodeMismatch:
		c.Why, c.Blocks = "The card issuer answered that the security code does not match.", []string{proofSecurityCode}
		items = failedChecks(b, dispute.FactCVC)
	case CodeSameOrder:
		c.Why, c.Blocks = "Both charges are for the same order.", []string{proofSeparate, proofOtherCharge}
		items = sameOrder(b)
	case CodeRefundPromised:
		c.Why, c.Blocks = "A message of ours promises a refund, and none is on record.", []string{proofRefundPolicy, proofCancelPolicy, proofCommunication}
		items = refundPromised(b)
	case CodeOtherAddress:
		c.Why, c.Blocks = "The goods went to another address than the one that was billed.", []string{proofBilling}
		items = otherAddress(b)
	case CodeAnotherOrder:
		c.Why, c.Blocks = "A parcel belongs to another order, or went to another place than this one.", []string{proofShipped, proofDelivered, proofSigned, proofBilling}
		items = anotherOrders(b)
	case CodeCanceledBefore:
		c.Why, c.Blocks = "Our own records say that it was cancelled before the payment.", []string{proofSubscription, proofCancelPolicy}
		items = canceledBefore(b)
	case CodeRefundedLate, CodeRefundedInFull: // found by refunds, for every family
	}
	c.Items = ids(items)
	return c, len(items) > 0
}

// refunds looks at the money that was given back. Schemes correct a dispute
// readily when the credit came first; one that came later may be paid twice.
func refunds(b *book) []Contradiction {
	var before, after []*exhibit
	sums := map[string]int64{} // by source: the shop and the provider tell of the same refund
	for _, e := range b.found(proofRefunded) {
		if at, ok := e.date(dispute.FactRefundedAt); ok && b.late(at) {
			after = append(after, e)
			continue
		}
		m, err := dispute.ParseMoney(e.fact(dispute.FactRefundedAmount))
		if err == nil && m.Currency == b.c.Amount().Currency {
			before = append(before, e)
			sums[e.item.Source] += m.Minor
		}
	}
	var sum int64
	for _, told := range sums {
		sum = max(sum, told)
	}
	var out []Contradiction
	if full := b.c.Amount().Minor; full > 0 && sum >= full {
		out = append(out, Contradiction{
			Code: CodeRefundedInFull, Why: "The disputed amount was already returned in full.",
			Items: ids(before), Blocks: arguesSale, InOurFavour: true,
		})
	}
	if len(after) > 0 {
		out = append(out, Contradiction{
			Code: CodeRefundedLate, Why: "A refund was given after the dispute was opened: the money may go back twice.",
			Items: ids(after), Blocks: append([]string{proofRefunded}, arguesSale...),
		})
	}
	return out
}

// deliveredLate is empty when any parcel came in time.
func deliveredLate(b *book) []*exhibit {
	if len(b.matching(b.inTime)) > 0 {
		return nil
	}
	return b.matching(func(e *exhibit) bool {
		_, ok := deliveredAt(e)
		return ok
	})
}

// notDelivered is empty when any parcel arrived at all.
func notDelivered(b *book) []*exhibit {
	arrived := b.matching(func(e *exhibit) bool {
		_, ok := deliveredAt(e)
		return ok
	})
	if len(arrived) > 0 {
		return nil
	}
	return b.matching(func(e *exhibit) bool {
		return e.is(shippingKinds...) && e.fact(dispute.FactTrackingNumber) != ""
	})
}

// failedChecks is empty when the issuer authenticated the buyer with 3-D
// Secure, because the liability is then the issuer's whatever the checks said.
func failedChecks(b *book, checks ...string) []*exhibit {
	if b.has(proofThreeDS) {
		return nil
	}
	return b.matching(func(e *exhibit) bool {
		for _, name := range checks {
			if e.is(dispute.ItemPayment) && failed(e.fact(name)) {
				return true
			}
		}
		return false
	})
}

func sameOrder(b *book) []*exhibit {
	this, other := b.orderIDs()
	if this == "" || this != other {
		return nil
	}
	return b.found(proofOtherCharge)
}
