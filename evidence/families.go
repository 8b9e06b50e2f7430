package evidence

import "github.com/rebuttal-hq/rebuttal/dispute"

// Need says how much a family of reasons wants a proof.
type Need string

// The needs.
const (
	NeedRequired   Need = "required"   // the packet is not complete without it
	NeedOneOf      Need = "one_of"     // one of all lines with this need is required
	NeedSupporting Need = "supporting" // helps
)

// want is one line of a family's table. A decisive proof wins most cases when
// all that is required is there too.
type want struct {
	proof    string
	need     Need
	decisive bool
}

// family is what one family of reasons wants, in the order in which the letter
// argues.
type family struct {
	advice string
	wants  []want
	files  []dispute.EvidenceField // slots that get a file of their own
	watch  []Code                  // contradictions that matter for it
}

// The needs as short words for the tables below.
const (
	must = NeedRequired
	one  = NeedOneOf
	good = NeedSupporting
)

// families follow the categories of evidence in Stripe's "Dispute reason code
// categories" and the remedies of Visa's "Dispute Management Guidelines for
// Visa Merchants" (June 2024).
var families = map[dispute.Family]family{
	dispute.FamilyFraudulent: {
		advice: "Link the buyer to the cardholder: 3-D Secure, the issuer's address and code checks, earlier undisputed payments, delivery to the billing address. A refund before the dispute wins by itself.",
		wants: []want{
			{proofRefunded, good, false}, {proofPayment, must, false}, {proofThreeDS, one, true}, {proofAddressCheck, one, false}, {proofSecurityCode, good, false},
			{proofBuyer, must, false}, {proofPrior, one, false}, {proofPurchaseIP, good, false}, {proofOrder, good, false},
			{proofShipped, good, false}, {proofDelivered, good, false}, {proofSigned, good, false}, {proofBilling, one, false},
			{proofAccessLog, one, false}, {proofService, good, false}, {proofCommunication, good, false}, {proofReceipt, good, false}, {proofDocument, good, false},
		},
		files: []dispute.EvidenceField{dispute.FieldShippingDocumentation, dispute.FieldCustomerSignature, dispute.FieldCustomerCommunication, dispute.FieldServiceDocumentation},
		watch: []Code{CodeAddressMismatch, CodeSecurityCodeMismatch},
	},
	dispute.FamilyUnrecognized: {
		advice: "Help the cardholder remember: what was bought, when, under which statement text; then the same proofs as for fraud.",
		wants: []want{
			{proofRefunded, good, false}, {proofPayment, must, false}, {proofDescriptor, good, false}, {proofOrder, must, false}, {proofBuyer, good, false},
			{proofThreeDS, one, true}, {proofAddressCheck, one, false}, {proofSecurityCode, good, false}, {proofPrior, one, false},
			{proofPurchaseIP, good, false}, {proofShipped, good, false}, {proofDelivered, one, false}, {proofSigned, one, false}, {proofBilling, good, false},
			{proofAccessLog, one, false}, {proofService, one, false}, {proofCommunication, one, false}, {proofReceipt, good, false}, {proofDocument, good, false},
		},
		files: []dispute.EvidenceField{dispute.FieldReceipt, dispute.FieldShippingDocumentation, dispute.FieldCustomerSignature, dispute.FieldCustomerCommunication, dispute.FieldServiceDocumentation},
		watch: []Code{CodeAddressMismatch, CodeSecurityCodeMismatch},
	},
	dispute.FamilyProductNotReceived: {
		advice: "Prove that it arrived before the dispute was opened: the carrier's record with date and address, the signature, or the usage log of a digital product.",
		wants: []want{
			{proofRefunded, good, false}, {proofOrder, must, false}, {proofShipped, good, false}, {proofDelivered, one, false}, {proofSigned, one, true}, {proofBilling, good, false},
			{proofAccessLog, one, false}, {proofService, one, false}, {proofCommunication, good, false},
			{proofPayment, good, false}, {proofReceipt, good, false}, {proofDocument, good, false},
		},
		files: []dispute.EvidenceField{dispute.FieldShippingDocumentation, dispute.FieldCustomerSignature, dispute.FieldCustomerCommunication, dispute.FieldServiceDocumentation},
		watch: []Code{CodeDeliveredLate, CodeNotDelivered},
	},
	dispute.FamilyProductUnacceptable: {
		advice: "Show that what was sold is what was described, that the customer has it, and what the refund terms are. Photographs and the messages about the complaint decide.",
		wants: []want{
			{proofRefunded, good, false}, {proofOrder, must, false}, {proofDelivered, good, false}, {proofSigned, good, false}, {proofAccessLog, good, false}, {proofService, good, false},
			{proofRefundPolicy, one, false}, {proofCommunication, one, false}, {proofDocument, one, false},
			{proofPayment, good, false}, {proofReceipt, good, false},
		},
		files: []dispute.EvidenceField{dispute.FieldCustomerCommunication, dispute.FieldRefundPolicy, dispute.FieldShippingDocumentation, dispute.FieldServiceDocumentation},
	},
	dispute.FamilySubscription: {
		advice: "Show the cancellation terms, that they were not followed in time, and use of the product after the alleged cancellation.",
		wants: []want{
			{proofRefunded, good, false}, {proofSubscription, good, false}, {proofCancelPolicy, must, false}, {proofAccessLog, one, true}, {proofService, one, false},
			{proofDelivered, one, false}, {proofCommunication, one, false}, {proofPrior, good, false},
			{proofPayment, good, false}, {proofOrder, good, false}, {proofReceipt, good, false}, {proofDocument, good, false},
		},
		files: []dispute.EvidenceField{dispute.FieldCancellationPolicy, dispute.FieldCustomerCommunication, dispute.FieldShippingDocumentation, dispute.FieldServiceDocumentation},
	},
	dispute.FamilyDuplicate: {
		advice: "Put the two charges side by side: different orders, products or dates. If one of them was refunded, the refund is the answer.",
		wants: []want{
			{proofRefunded, good, false}, {proofPayment, must, false}, {proofOtherCharge, must, false}, {proofSeparate, one, true},
			{proofReceipt, one, false}, {proofDocument, one, false}, {proofOrder, good, false},
			{proofDelivered, good, false}, {proofCommunication, good, false}, {proofService, good, false},
		},
		files: []dispute.EvidenceField{dispute.FieldDuplicateChargeDocumentation, dispute.FieldReceipt, dispute.FieldShippingDocumentation, dispute.FieldCustomerCommunication, dispute.FieldServiceDocumentation},
		watch: []Code{CodeSameOrder},
	},
	dispute.FamilyCreditNotProcessed: {
		advice: "Show the refund with its date and reference, or the terms under which none is due.",
		wants: []want{
			{proofRefunded, good, false}, {proofPayment, must, false}, {proofRefundPolicy, one, false}, {proofCancelPolicy, one, false},
			{proofCommunication, good, false}, {proofOrder, good, false}, {proofDelivered, good, false}, {proofAccessLog, good, false}, {proofService, good, false},
			{proofReceipt, good, false}, {proofDocument, good, false},
		},
		files: []dispute.EvidenceField{dispute.FieldRefundPolicy, dispute.FieldCancellationPolicy, dispute.FieldCustomerCommunication, dispute.FieldShippingDocumentation},
	},
	dispute.FamilyAuthorization: {
		advice: "Show the issuer's approval of exactly this amount on this date. Without an approval there is little to say.",
		wants: []want{
			{proofRefunded, good, false}, {proofPayment, must, false}, {proofThreeDS, one, true}, {proofAddressCheck, one, false}, {proofSecurityCode, one, false}, {proofDocument, one, false},
			{proofReceipt, good, false}, {proofOrder, good, false}, {proofBuyer, good, false}, {proofDelivered, good, false}, {proofCommunication, good, false},
		},
		files: []dispute.EvidenceField{dispute.FieldReceipt, dispute.FieldCustomerCommunication},
	},
	dispute.FamilyProcessing: {
		advice: "Show that amount, currency and date are the ones that the customer agreed to: the itemised receipt and the order.",
		wants: []want{
			{proofRefunded, good, false}, {proofPayment, must, false}, {proofOrder, one, false}, {proofReceipt, one, false},
			{proofBuyer, good, false}, {proofCommunication, good, false}, {proofDelivered, good, false}, {proofService, good, false}, {proofDocument, good, false},
		},
		files: []dispute.EvidenceField{dispute.FieldReceipt, dispute.FieldCustomerCommunication},
	},
	dispute.FamilyGeneral: {
		advice: "Read what the issuer wrote, ask the customer, and move the case to the family that fits. Until then: the sale and what was handed over.",
		wants: []want{
			{proofRefunded, good, false}, {proofPayment, must, false}, {proofOrder, must, false}, {proofBuyer, good, false}, {proofThreeDS, good, false},
			{proofAddressCheck, good, false}, {proofSecurityCode, good, false}, {proofPrior, good, false}, {proofShipped, good, false}, {proofDelivered, good, false},
			{proofSigned, good, false}, {proofAccessLog, good, false}, {proofService, good, false}, {proofRefundPolicy, good, false}, {proofCommunication, good, false},
			{proofReceipt, good, false}, {proofDocument, good, false},
		},
		files: []dispute.EvidenceField{dispute.FieldReceipt, dispute.FieldCustomerCommunication},
	},
}

// familyOf gives the table of a family; one we do not know is general.
func familyOf(f dispute.Family) (dispute.Family, family) {
	if fam, ok := families[f]; ok {
		return f, fam
	}
	return dispute.FamilyGeneral, families[dispute.FamilyGeneral]
}
