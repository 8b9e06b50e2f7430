package paypal

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	standin "github.com/rebuttal-hq/rebuttal/simulator/paypal"
)

// TestTypes: what PayPal asked for comes first, then what fits the reason.
func TestTypes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		reason string
		asked  []wireSource
		field  dispute.EvidenceField
		want   []string
	}{
		"its own name": {"MERCHANDISE_OR_SERVICE_NOT_RECEIVED", nil, dispute.FieldShippingDocumentation, []string{shipment}},
		"asked for": {"MERCHANDISE_OR_SERVICE_NOT_RECEIVED", []wireSource{{"REQUESTED_FROM_SELLER", "DELIVERY_RECEIPT"}},
			dispute.FieldShippingDocumentation, []string{"DELIVERY_RECEIPT", shipment}},
		"asked of the buyer": {"MERCHANDISE_OR_SERVICE_NOT_RECEIVED", []wireSource{{"REQUESTED_FROM_BUYER", "DELIVERY_RECEIPT"}, {"SUBMITTED_BY_SELLER", "DELIVERY_RECEIPT"}},
			dispute.FieldShippingDocumentation, []string{shipment}},
		"asked for, and by the reason": {"UNAUTHORISED", []wireSource{{"REQUESTED_FROM_SELLER", "ITEM_DESCRIPTION"}},
			dispute.FieldProductDescription, []string{"ITEM_DESCRIPTION", "ORDER_DETAILS", "ITEM_DESCRIPTION"}},
		"something of another field": {"OTHER", []wireSource{{"REQUESTED_FROM_SELLER", "POLICE_REPORT"}}, dispute.FieldReceipt, []string{"PROOF_OF_RECEIPT_COPY"}},
	} {
		w := wireDispute{Reason: tt.reason, Evidences: tt.asked}
		if diff := cmp.Diff(tt.want, w.types(tt.field)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestNotesThatFindNoRoom go under the next type.
func TestNotesThatFindNoRoom(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", maxNotes)
	w := wireDispute{Evidences: []wireSource{{"REQUESTED_FROM_SELLER", "ORDER_DETAILS"}}}
	got, err := input(integrations.Submission{Texts: map[dispute.EvidenceField]string{
		dispute.FieldDuplicateChargeExplanation: long, dispute.FieldProductDescription: long,
	}}, w)
	if err != nil || !contains(got, `"ORDER_DETAILS","notes":"ü`) || !contains(got, `"ITEM_DESCRIPTION","notes":"ü`) {
		t.Errorf("%.200s, %v", got, err)
	}
}

// TestEvidenceOfEachFamily: what is sent for each family's reason, with every
// text and every file that PayPal takes, fits PayPal's contract.
func TestEvidenceOfEachFamily(t *testing.T) {
	t.Parallel()
	c := loadContract(t)
	for _, family := range families {
		reason := reasonOf[family]
		acc := newAccount()
		url := vendortest.Serve(t, c.around(t, acc))
		acc.SetAddress(url)
		a := connect(t, url, http.DefaultClient)
		id := acc.open(standin.DisputeOptions{Reason: reason})
		dc := claim(t, acc, id)
		dc.Family = family
		l := a.Limits(dc)
		sub := integrations.Submission{Key: "key", Case: dc, Texts: map[dispute.EvidenceField]string{}}
		for _, field := range l.TextFields {
			sub.Texts[field] = "what we say of " + string(field)
		}
		sub.Texts[dispute.FieldShippingCarrier], sub.Texts[dispute.FieldShippingTrackingNumber] = "Bike & Co", "1Z1, 1Z2"
		for _, field := range l.FileFields {
			sub.Files = append(sub.Files, upload(field, string(field)+".pdf", "application/pdf", "%PDF "+string(field)))
		}
		if _, err := a.Submit(t.Context(), sub); err != nil {
			t.Errorf("%s: %v", family, err)
			continue
		}
		d, _ := acc.Dispute(id)
		vendortest.Golden(t, "testdata/evidence/"+string(family)+".golden", json.RawMessage(d.Answers[0].Input))
	}
}

// reasonOf is a reason of PayPal's for each family.
var reasonOf = map[dispute.Family]string{
	dispute.FamilyFraudulent: "UNAUTHORISED", dispute.FamilyUnrecognized: "UNAUTHORISED", dispute.FamilyAuthorization: "UNAUTHORISED",
	dispute.FamilyProductNotReceived: "MERCHANDISE_OR_SERVICE_NOT_RECEIVED", dispute.FamilyProductUnacceptable: "MERCHANDISE_OR_SERVICE_NOT_AS_DESCRIBED",
	dispute.FamilySubscription: "CANCELED_RECURRING_BILLING", dispute.FamilyDuplicate: "DUPLICATE_TRANSACTION",
	dispute.FamilyCreditNotProcessed: "CREDIT_NOT_PROCESSED", dispute.FamilyProcessing: "INCORRECT_AMOUNT", dispute.FamilyGeneral: "OTHER",
}

// TestWordsOfTheContract: every type and carrier that we name is one of PayPal's.
func TestWordsOfTheContract(t *testing.T) {
	t.Parallel()
	c := loadContract(t)
	if c.Doc == nil {
		return
	}
	check := func(schema, property, word string) {
		t.Helper()
		if !slices.Contains(c.Doc.Components.Schemas[schema].Value.Properties[property].Value.Enum, any(word)) {
			t.Errorf("the contract has no %s %s", property, word)
		}
	}
	for _, kinds := range evidenceTypes {
		for _, kind := range kinds {
			check("evidence", "evidence_type", kind)
		}
	}
	for reason, kinds := range reasonTypes {
		if !slices.Contains(c.Doc.Components.Schemas["dispute_reason"].Value.Enum, any(reason)) {
			t.Errorf("the contract has no reason %s", reason)
		}
		for _, kind := range kinds {
			check("evidence", "evidence_type", kind)
		}
	}
	for _, carrier := range carriers {
		check("tracking_info", "carrier_name", carrier.name)
	}
}

// TestLimits: PayPal's own numbers less five per cent, and those of every network
// where the claim goes on to one.
func TestLimits(t *testing.T) {
	t.Parallel()
	acc, a := served(t)
	own := a.Limits(claim(t, acc, acc.id))
	card := a.Limits(claim(t, acc, acc.open(standin.DisputeOptions{ReasonCode: "10.4"})))
	for what, l := range map[string]integrations.Limits{"own": own, "card": card} {
		if l.FileBytes != 9_500_000 || l.TotalBytes != 47_500_000 || l.Files != 100 || l.TextFieldChars != 2000 || l.Gray {
			t.Errorf("%s: %+v", what, l)
		}
	}
	if own.TotalPages != allPages || own.DPI != 0 || card.TotalPages != 18 || card.DPI != 200 {
		t.Errorf("pages and dpi: own %d and %d, card %d and %d", own.TotalPages, own.DPI, card.TotalPages, card.DPI)
	}
}

// families are all that a case may be of.
var families = []dispute.Family{
	dispute.FamilyFraudulent, dispute.FamilyUnrecognized, dispute.FamilyProductNotReceived, dispute.FamilyProductUnacceptable,
	dispute.FamilySubscription, dispute.FamilyDuplicate, dispute.FamilyCreditNotProcessed, dispute.FamilyAuthorization,
	dispute.FamilyProcessing, dispute.FamilyGeneral,
}
