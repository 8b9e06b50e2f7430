package evidence

import (
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// proof is one thing that evidence can show. Its key names the line of the
// checklist, the sentence in templates/ and the claim in the letter.
type proof struct {
	key   string
	name  string // for the checklist
	get   string // what a person does when it is missing
	match func(b *book, e *exhibit) bool
	cite  citing
}

// citing says how many sentences and exhibits a proof makes in the letter.
type citing int

const (
	citeFirst    citing = iota // one sentence on the first exhibit
	citeEach                   // a sentence for each exhibit, or each parcel
	citeTogether               // one sentence on all exhibits
)

// The keys of the proofs.
const (
	proofPayment       = "payment"
	proofDescriptor    = "descriptor"
	proofReceipt       = "receipt"
	proofThreeDS       = "three_d_secure"
	proofAddressCheck  = "address_check"
	proofSecurityCode  = "security_code"
	proofBuyer         = "buyer"
	proofPurchaseIP    = "purchase_ip"
	proofOrder         = "order"
	proofShipped       = "shipped"
	proofDelivered     = "delivered"
	proofSigned        = "signed"
	proofBilling       = "billing_address"
	proofCommunication = "communication"
	proofPrior         = "prior_payments"
	proofAccessLog     = "access_log"
	proofService       = "service"
	proofRefunded      = "refunded"
	proofRefundPolicy  = "refund_policy"
	proofCancelPolicy  = "cancellation_policy"
	proofSubscription  = "subscription"
	proofOtherCharge   = "other_charge"
	proofSeparate      = "separate_orders"
	proofDocument      = "document"

	proofCompelling      = "compelling_evidence"
	proofSameBuyer       = "same_buyer"
	proofTerms           = "terms_accepted"
	proofUsed            = "used_after_purchase"
	proofUsedAfterCancel = "used_after_cancellation"
)

var (
	saleKinds     = []dispute.ItemKind{dispute.ItemPayment, dispute.ItemCustomer, dispute.ItemOrder}
	shippingKinds = []dispute.ItemKind{dispute.ItemDelivery, dispute.ItemFulfillment}
)

var proofs = proofTable(
	proof{proofPayment, "Payment record", "Add the payment as the provider shows it.", isPayment, citeFirst},
	proof{proofDescriptor, "Statement descriptor", "Add the text that the cardholder sees on the statement.", hasAny(dispute.FactDescriptor, dispute.ItemPayment), citeFirst},
	proof{proofReceipt, "Receipt sent to the customer", "Attach the receipt or invoice that the customer was sent.", file(dispute.FieldReceipt), citeTogether},
	proof{proofThreeDS, "3-D Secure authentication", "None to add later: it exists only if the payment was authenticated.", isAuthenticated, citeFirst},
	proof{proofAddressCheck, "Billing address check matched", "None to add later: the card issuer answers it with the payment.", addressMatched, citeFirst},
	proof{proofSecurityCode, "Security code check matched", "None to add later: the card issuer answers it with the payment.", codeMatched, citeFirst},
	proof{proofBuyer, "Buyer's name and e-mail address", "Add the name and e-mail address from the order.", isBuyer, citeFirst},
	proof{proofPurchaseIP, "IP address of the purchase", "Add the IP address from which the order was placed.", hasAny(dispute.FactPurchaseIP, saleKinds...), citeFirst},
	proof{proofOrder, "Order with what was bought", "Add the order with its products.", isOrder, citeFirst},
	proof{proofShipped, "Shipment with tracking", "Add the carrier and the tracking number.", isShipment, citeEach},
	proof{proofDelivered, "Delivery confirmation", "Get the carrier's proof of delivery with its date.", isDelivered, citeEach},
	proof{proofSigned, "Signature on delivery or contract", "Ask the carrier for the signature, or attach the signed paper.", isSigned, citeEach},
	proof{proofBilling, "Sent to the billing address", "Add both the billing and the delivery address.", isBillingAddress, citeTogether},
	proof{proofCommunication, "Correspondence with the customer", "Attach the messages with the customer.", isMessage, citeTogether},
	proof{proofPrior, "Earlier undisputed payments", "Add earlier payments of the same customer that were not disputed.", isPrior, citeTogether},
	proof{proofAccessLog, "Access or usage log", "Add log lines with UTC time and IP address.", isAccess, citeTogether},
	proof{proofUsed, "Use after the purchase", "Add log-ins or use of the product after the payment, with UTC times.", isUse, citeTogether},
	proof{proofUsedAfterCancel, "Use after the cancellation", "Add the date of the cancellation and the use of the product after it.", isUseAfterCancel, citeTogether},
	proof{proofTerms, "Terms accepted by the customer", "Add when and how the customer accepted the terms.", hasAny(dispute.FactTermsAcceptedAt), citeFirst},
	proof{proofCompelling, "Two earlier sales to the same buyer", "Add two undisputed sales on the same card, 120 to 364 days old, with IP address or device and what else agrees.", isCompelling, citeTogether},
	proof{proofSameBuyer, "Same device, account or IP address as earlier sales", "Add device, account and IP address of this sale and of earlier ones.", isSameBuyer, citeTogether},
	proof{proofService, "Proof that the service was given", "Attach the work order, booking or completion note.", isService, citeEach},
	proof{proofRefunded, "Refund already given", "If money went back, add the refund with its date.", isRefund, citeEach},
	proof{proofRefundPolicy, "Refund terms shown to the customer", "Add how and when the refund terms were shown.", policy(dispute.FactRefundPolicy, dispute.FieldRefundPolicy), citeFirst},
	proof{proofCancelPolicy, "Cancellation terms shown to the customer", "Add how and when the cancellation terms were shown.", policy(dispute.FactCancelPolicy, dispute.FieldCancellationPolicy), citeFirst},
	proof{proofSubscription, "Subscription that the payment belongs to", "Add the subscription and the invoice.", hasAny(dispute.FactSubscriptionID), citeFirst},
	proof{proofOtherCharge, "The other charge", "Add the charge that this one is said to repeat.", isOtherCharge, citeFirst},
	proof{proofSeparate, "Two separate orders", "Add both orders, so that they can be told apart.", isSeparate, citeTogether},
	proof{proofDocument, "Other documents", "Attach what else supports the case.", isOtherDocument, citeTogether},
)

func proofTable(list ...proof) map[string]proof {
	m := make(map[string]proof, len(list))
	for _, p := range list {
		m[p.key] = p
	}
	return m
}

// found gives the exhibits that show a proof.
func (b *book) found(key string) []*exhibit {
	p := proofs[key]
	return b.matching(func(e *exhibit) bool { return p.match(b, e) })
}

func (b *book) has(key string) bool { return len(b.found(key)) > 0 }

// hasAny matches exhibits of the kinds (of any kind when none is named) that
// have the fact.
func hasAny(name string, kinds ...dispute.ItemKind) func(*book, *exhibit) bool {
	return func(_ *book, e *exhibit) bool {
		return e.fact(name) != "" && (len(kinds) == 0 || e.is(kinds...))
	}
}

func file(slot dispute.EvidenceField) func(*book, *exhibit) bool {
	return func(_ *book, e *exhibit) bool { return e.isFile(slot) }
}

func policy(name string, slot dispute.EvidenceField) func(*book, *exhibit) bool {
	return func(_ *book, e *exhibit) bool { return e.fact(name) != "" || e.isFile(slot) }
}

func isPayment(_ *book, e *exhibit) bool { return e.is(dispute.ItemPayment) }

// isPrior matches an earlier sale that nobody complained of.
func isPrior(_ *book, e *exhibit) bool {
	return e.is(dispute.ItemPriorPayment) && e.fact(dispute.FactDisputed) != yes && e.fact(dispute.FactFraudReported) != yes
}

func isAuthenticated(_ *book, e *exhibit) bool {
	if !e.is(dispute.ItemPayment) {
		return false
	}
	switch strings.ToLower(e.fact(dispute.FactThreeDS)) {
	case "authenticated", "succeeded", "success", "attempt_acknowledged", "yes", "true", "y":
		return true
	}
	return false
}

func addressMatched(_ *book, e *exhibit) bool {
	postal, line := e.fact(dispute.FactAVSPostal), e.fact(dispute.FactAVSLine1)
	return e.is(dispute.ItemPayment) && (passed(postal) || passed(line)) && !failed(postal) && !failed(line)
}

func codeMatched(_ *book, e *exhibit) bool {
	return e.is(dispute.ItemPayment) && passed(e.fact(dispute.FactCVC))
}

// passed and failed read the answer of an issuer's check; "unavailable",
// "unchecked" and the like are neither.
func passed(check string) bool {
	return slices.Contains([]string{"pass", "passed", "match", "matched", "y", "m", "yes"}, strings.ToLower(check))
}

func failed(check string) bool {
	return slices.Contains([]string{"fail", "failed", "mismatch", "no_match", "n", "no"}, strings.ToLower(check))
}

func isBuyer(_ *book, e *exhibit) bool {
	return e.is(saleKinds...) && e.fact(dispute.FactCustomerName) != "" && e.fact(dispute.FactCustomerEmail) != ""
}

func isOrder(_ *book, e *exhibit) bool {
	return e.is(dispute.ItemOrder) && e.fact(dispute.FactProducts) != ""
}

func isShipment(_ *book, e *exhibit) bool {
	return e.is(dispute.ItemFulfillment) && e.fact(dispute.FactTrackingNumber) != ""
}

// deliveredAt is when the carrier says that the parcel arrived.
func deliveredAt(e *exhibit) (time.Time, bool) {
	if !e.is(shippingKinds...) {
		return time.Time{}, false
	}
	if at, ok := e.date(dispute.FactDeliveredAt); ok {
		return at, true
	}
	told := strings.EqualFold(e.fact(dispute.FactDeliveryStatus), "delivered") && !e.item.At.IsZero()
	return e.item.At.UTC(), told && e.is(dispute.ItemDelivery)
}

// isDelivered matches what arrived before the dispute was opened. A carrier's
// own record is preferred to the store's note of the same parcel.
func isDelivered(b *book, e *exhibit) bool {
	if !b.inTime(e) {
		return false
	}
	return e.is(dispute.ItemDelivery) || !slices.ContainsFunc(b.exhibits, func(other *exhibit) bool {
		return other.is(dispute.ItemDelivery) && b.inTime(other)
	})
}

// inTime reports whether e arrived, and before the dispute was opened.
func (b *book) inTime(e *exhibit) bool {
	at, ok := deliveredAt(e)
	return ok && !b.late(at)
}

// late reports whether something happened after the dispute was opened.
func (b *book) late(at time.Time) bool { return !b.opened.IsZero() && at.After(b.opened) }

func isSigned(b *book, e *exhibit) bool {
	if e.isFile(dispute.FieldCustomerSignature) {
		return true
	}
	return isDelivered(b, e) && e.fact(dispute.FactSignedBy) != ""
}

func isBillingAddress(b *book, e *exhibit) bool {
	billing := foldAddress(b.first(dispute.FactBillingAddress, saleKinds...))
	shipping := foldAddress(b.first(dispute.FactShippingAddress, dispute.ItemDelivery, dispute.ItemFulfillment, dispute.ItemOrder))
	if billing == "" || billing != shipping {
		return false
	}
	return foldAddress(e.fact(dispute.FactBillingAddress)) == billing && e.is(saleKinds...) ||
		foldAddress(e.fact(dispute.FactShippingAddress)) == shipping && e.is(dispute.ItemDelivery, dispute.ItemFulfillment, dispute.ItemOrder)
}

// foldAddress makes addresses comparable: lower case, letters and digits only.
func foldAddress(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return strings.ContainsRune(" ,.;\n-#/", r)
	}), " ")
}

func isMessage(_ *book, e *exhibit) bool {
	said := e.fact(dispute.FactText) != "" || e.fact(dispute.FactSubject) != ""
	return e.is(dispute.ItemCommunication) && said || e.isFile(dispute.FieldCustomerCommunication)
}

func isService(_ *book, e *exhibit) bool {
	_, dated := e.date(dispute.FactServiceDate)
	return dated || e.isFile(dispute.FieldServiceDocumentation)
}

func isRefund(b *book, e *exhibit) bool {
	if _, err := dispute.ParseMoney(e.fact(dispute.FactRefundedAmount)); err != nil {
		return false
	}
	return e.is(dispute.ItemRefund) || e.is(dispute.ItemPayment) && !slices.ContainsFunc(b.exhibits, func(other *exhibit) bool {
		return other.is(dispute.ItemRefund)
	})
}

// isOtherCharge matches the payment that the disputed one is said to repeat:
// the same amount to the cent.
func isOtherCharge(b *book, e *exhibit) bool {
	amount, err := dispute.ParseMoney(e.fact(dispute.FactAmount))
	return e.is(dispute.ItemPriorPayment) && err == nil && amount == b.c.Amount()
}

// isSeparate matches the two records that show different orders.
func isSeparate(b *book, e *exhibit) bool {
	this, other := b.orderIDs()
	if this == "" || other == "" || this == other {
		return false
	}
	return isOtherCharge(b, e) && e.fact(dispute.FactOrderID) == other ||
		e.is(dispute.ItemOrder, dispute.ItemPayment) && e.fact(dispute.FactOrderID) == this
}

// orderIDs are the orders of the disputed charge and of the other charge.
func (b *book) orderIDs() (this, other string) {
	for _, e := range b.matching(func(e *exhibit) bool { return isOtherCharge(b, e) }) {
		if other = e.fact(dispute.FactOrderID); other != "" {
			break
		}
	}
	return b.first(dispute.FactOrderID, dispute.ItemPayment, dispute.ItemOrder), other
}

// isOtherDocument matches documents that no other proof speaks for.
func isOtherDocument(b *book, e *exhibit) bool {
	if !e.is(dispute.ItemDocument) || slices.Contains(slottedFiles, e.slot()) {
		return false
	}
	return e.fact(dispute.FactRefundPolicy) == "" && e.fact(dispute.FactCancelPolicy) == "" &&
		e.fact(dispute.FactAccessLog) == "" && !isService(b, e)
}

// slottedFiles are the slots whose documents have a proof of their own.
var slottedFiles = []dispute.EvidenceField{
	dispute.FieldReceipt, dispute.FieldCustomerSignature, dispute.FieldCustomerCommunication,
	dispute.FieldServiceDocumentation, dispute.FieldRefundPolicy, dispute.FieldCancellationPolicy,
}
