package paypal

import (
	"slices"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// PayPal's evidence types that the code itself names.
const (
	fulfilment = "PROOF_OF_FULFILLMENT" // expects tracking numbers
	shipment   = "ADDITIONAL_PROOF_OF_SHIPMENT"
	otherType  = "OTHER"
)

// evidenceTypes are what PayPal may call each of our fields (evidence_type). The
// contract says what the types are called and no more: the choice is ours. The
// first is taken unless PayPal asked the seller for another.
var evidenceTypes = map[dispute.EvidenceField][]string{
	dispute.FieldShippingCarrier:              {fulfilment},
	dispute.FieldShippingTrackingNumber:       {fulfilment},
	dispute.FieldShippingDate:                 {fulfilment},
	dispute.FieldShippingDocumentation:        {shipment, "DELIVERY_RECEIPT", "ONLINE_TRACKING_INFORMATION", "ADDITIONAL_TRACKING_INFORMATION", "PROOF_OF_SHIPMENT_POSTAGE"},
	dispute.FieldCustomerSignature:            {"PROOF_OF_DELIVERY_SIGNATURE", "DELIVERY_RECEIPT"},
	dispute.FieldShippingAddress:              {"DELIVERY_ADDRESS"},
	dispute.FieldAccessActivityLog:            {"PROOF_FOR_SOFTWARE_OR_SERVICE_DELIVERED"},
	dispute.FieldServiceDocumentation:         {"PROOF_FOR_SOFTWARE_OR_SERVICE_DELIVERED", "COPY_OF_CONTRACT"},
	dispute.FieldProductDescription:           {"ITEM_DESCRIPTION", "ADDITIONAL_INFORMATION_OF_ITEM", "DETAILS_OF_PURCHASE", "ORDER_DETAILS", "LISTING_URL"},
	dispute.FieldReceipt:                      {"PROOF_OF_RECEIPT_COPY", "DETAILS_OF_PURCHASE", "ORDER_DETAILS"},
	dispute.FieldRefundPolicy:                 {"RETURN_POLICY"},
	dispute.FieldRefundPolicyDisclosure:       {"RETURN_POLICY"},
	dispute.FieldCancellationPolicy:           {"BILLING_AGREEMENT", "COPY_OF_CONTRACT"},
	dispute.FieldCancellationPolicyDisclosure: {"BILLING_AGREEMENT", "COPY_OF_CONTRACT"},
	dispute.FieldDuplicateChargeDocumentation: {"ORDER_DETAILS", "DETAILS_OF_PURCHASE"},
	dispute.FieldDuplicateChargeExplanation:   {"ORDER_DETAILS", "DETAILS_OF_PURCHASE"},
	dispute.FieldCustomerCommunication:        {otherType, "CONFIRMATION_OF_RESOLUTION", "INFORMATION_ON_RESOLUTION"},
	dispute.FieldUncategorizedFile:            {otherType, "MERCHANT_RESPONSE", "VALID_SUPPORTING_DOCUMENT", "LEGIBLE_SUPPORTING_DOCUMENT"},
	dispute.FieldUncategorizedText:            {otherType, "MERCHANT_RESPONSE"},
}

// reasonTypes are the types that fit a reason of PayPal's better.
var reasonTypes = map[string]map[dispute.EvidenceField]string{
	"UNAUTHORISED":     {dispute.FieldProductDescription: "ORDER_DETAILS", dispute.FieldReceipt: "DETAILS_OF_PURCHASE"},
	"INCORRECT_AMOUNT": {dispute.FieldProductDescription: "DETAILS_OF_PURCHASE", dispute.FieldUncategorizedText: "PRICE_DIFFERENCE_REASON"},
	"CREDIT_NOT_PROCESSED": {
		dispute.FieldCancellationPolicy: "RETURN_POLICY",
	},
	"MERCHANDISE_OR_SERVICE_NOT_AS_DESCRIBED": {dispute.FieldCancellationPolicy: "RETURN_POLICY"},
	"PAYMENT_BY_OTHER_MEANS":                  {dispute.FieldReceipt: "DETAILS_OF_PURCHASE"},
}

// asks are the types of evidence that PayPal asked the seller for.
func (w *wireDispute) asks() []string {
	var out []string
	for _, e := range w.Evidences {
		if e.Source == "REQUESTED_FROM_SELLER" {
			out = append(out, e.Type)
		}
	}
	return out
}

// types are those that a field may be sent under, the best first: what PayPal
// asked for, what fits the dispute's reason, what it is called otherwise.
func (w *wireDispute) types(field dispute.EvidenceField) []string {
	var out []string
	asked := w.asks()
	for _, kind := range evidenceTypes[field] {
		if slices.Contains(asked, kind) {
			out = append(out, kind)
		}
	}
	if kind, ok := reasonTypes[w.Reason][field]; ok {
		out = append(out, kind)
	}
	return append(out, evidenceTypes[field][0])
}
