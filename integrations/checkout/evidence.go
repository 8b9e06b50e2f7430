package checkout

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

// Checkout.com's categories of evidence. Each has a field for one file and one
// for a text: the category with _file or _text (PUT /disputes/{id}/evidence).
const (
	delivery     = "proof_of_delivery_or_service"
	deliveryDate = "proof_of_delivery_or_service_date" // belongs to delivery
	invoice      = "invoice_or_receipt"
	distinct     = "invoice_showing_distinct_transactions"
	messages     = "customer_communication"
	policy       = "refund_or_cancellation_policy"
	agreement    = "recurring_transaction_agreement"
	additional   = "additional_evidence"
)

const (
	maxText = 500 // characters, of every text field
	// maxFile is the 4 MB of POST /files, read as decimal.
	maxFile = 4_000_000
)

// fileCategories say where each of our files goes.
var fileCategories = map[dispute.EvidenceField]string{
	dispute.FieldUncategorizedFile:            additional,
	dispute.FieldReceipt:                      invoice,
	dispute.FieldCustomerCommunication:        messages,
	dispute.FieldShippingDocumentation:        delivery,
	dispute.FieldRefundPolicy:                 policy,
	dispute.FieldCancellationPolicy:           policy,
	dispute.FieldServiceDocumentation:         agreement,
	dispute.FieldDuplicateChargeDocumentation: distinct,
}

// text is where one of our texts goes, and what it is called there.
type text struct {
	field    dispute.EvidenceField
	category string
	label    string
}

// textCategories are in the order in which texts share a category.
var textCategories = []text{
	{dispute.FieldUncategorizedText, additional, ""},
	{dispute.FieldProductDescription, invoice, ""},
	{dispute.FieldShippingCarrier, delivery, "Carrier: "},
	{dispute.FieldShippingTrackingNumber, delivery, "Tracking number: "},
	{dispute.FieldShippingDate, deliveryDate, "Shipped: "},
	{dispute.FieldServiceDate, deliveryDate, "Service: "},
	{dispute.FieldRefundPolicyDisclosure, policy, ""},
	{dispute.FieldCancellationPolicyDisclosure, policy, ""},
	{dispute.FieldCancellationRebuttal, agreement, ""},
	{dispute.FieldDuplicateChargeExplanation, distinct, ""},
}

var mediaTypes = []string{"application/pdf", "image/jpeg", "image/png"}

// Limits implements integrations.Responder. No two files want one category; five
// files are as many as American Express takes.
//
// The schemes' limits are those of Checkout.com's page on evidence files. Those
// of Visa and JCB were not to be had: zero stands for the usual safe numbers.
func (a *adapter) Limits(c dispute.Case) integrations.Limits {
	l := integrations.Limits{
		TextFieldChars: maxText, FileBytes: maxFile, MediaTypes: slices.Clone(mediaTypes),
		FileFields: fileFields(c.Family), TextFields: textFields(c.Family),
	}
	switch c.View.Snapshot.Network {
	case "mastercard":
		l.TotalBytes, l.TotalPages = 14_500_000, 18 // 19, less a page that an acquirer adds
	case "amex":
		l.TotalBytes, l.TotalPages = 25_000_000, 20
		if a.optBlue {
			l.TotalBytes, l.FileBytes = 1_000_000, 1_000_000
		}
	case "discover", "diners":
		l.TotalBytes, l.FileBytes = 3_000_000, 3_000_000
	}
	return l
}

func fileFields(f dispute.Family) []dispute.EvidenceField {
	out := []dispute.EvidenceField{dispute.FieldUncategorizedFile, dispute.FieldReceipt, dispute.FieldCustomerCommunication}
	switch f {
	case dispute.FamilySubscription:
		return append(out, dispute.FieldCancellationPolicy, dispute.FieldServiceDocumentation)
	case dispute.FamilyDuplicate:
		return append(out, dispute.FieldDuplicateChargeDocumentation, dispute.FieldRefundPolicy)
	default:
		return append(out, dispute.FieldShippingDocumentation, dispute.FieldRefundPolicy)
	}
}

// textFields leaves out one of the two long texts that share a category.
func textFields(f dispute.Family) []dispute.EvidenceField {
	unwanted := dispute.FieldCancellationPolicyDisclosure
	if f == dispute.FamilySubscription {
		unwanted = dispute.FieldRefundPolicyDisclosure
	}
	var out []dispute.EvidenceField
	for _, t := range textCategories {
		if t.field != unwanted {
			out = append(out, t.field)
		}
	}
	return out
}

// checkPacket refuses what Checkout.com would refuse, before anything is sent.
func checkPacket(s integrations.Submission) error {
	if len(s.Texts) == 0 && len(s.Files) == 0 {
		return errors.New("the packet is empty")
	}
	taken := map[string]bool{}
	for _, f := range s.Files {
		category := fileCategories[f.Field]
		switch {
		case category == "":
			return fmt.Errorf("%s takes no file", f.Field)
		case taken[category]:
			return fmt.Errorf("%s takes one file", category)
		case !slices.Contains(mediaTypes, f.MediaType):
			return fmt.Errorf("file %s is %s, Checkout.com takes PDF, JPEG and PNG", f.SHA256, f.MediaType)
		case len(f.Bytes) == 0 || len(f.Bytes) > maxFile:
			return fmt.Errorf("file %s has %d bytes, Checkout.com takes 1 to %d", f.SHA256, len(f.Bytes), maxFile)
		}
		taken[category] = true
	}
	return checkTexts(s.Texts)
}

func checkTexts(texts map[dispute.EvidenceField]string) error {
	for _, field := range slices.Sorted(maps.Keys(texts)) {
		if !slices.ContainsFunc(textCategories, func(t text) bool { return t.field == field }) {
			return fmt.Errorf("%s takes no text", field)
		}
	}
	fields := textEvidence(texts)
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if n := utf8.RuneCountInString(fields[key]); n > maxText {
			return fmt.Errorf("%s has %d characters, Checkout.com takes %d", key, n, maxText)
		}
	}
	return nil
}

// textEvidence are the texts by Checkout.com's fields.
func textEvidence(texts map[dispute.EvidenceField]string) map[string]string {
	out := map[string]string{}
	for _, t := range textCategories {
		if value := texts[t.field]; value != "" {
			out[t.category+"_text"] = joined(out[t.category+"_text"], t.label+value)
		}
	}
	return out
}

// evidenceOf is the packet by Checkout.com's fields; uploads names each file's id.
func evidenceOf(s integrations.Submission, uploads map[string]string) map[string]string {
	out := textEvidence(s.Texts)
	for _, f := range s.Files {
		out[fileCategories[f.Field]+"_file"] = uploads[f.SHA256]
	}
	return out
}

// asked moves what belongs to a category that the dispute does not ask for into
// additional_evidence, as far as there is room. The rest stays where it is: the
// contract takes every category, whatever the dispute asks for. A dispute that
// asks for nothing in particular changes nothing.
func asked(fields map[string]string, relevant []string) {
	if len(relevant) == 0 {
		return
	}
	for _, category := range []string{agreement, messages, invoice, distinct, delivery, deliveryDate, policy} {
		if slices.Contains(relevant, category) || category == deliveryDate && slices.Contains(relevant, delivery) {
			continue
		}
		if file := fields[category+"_file"]; file != "" && fields[additional+"_file"] == "" {
			fields[additional+"_file"] = file
			delete(fields, category+"_file")
		}
		all := joined(fields[additional+"_text"], fields[category+"_text"])
		if fields[category+"_text"] != "" && utf8.RuneCountInString(all) <= maxText {
			fields[additional+"_text"] = all
			delete(fields, category+"_text")
		}
	}
}

func joined(a, b string) string { return strings.Trim(a+"\n"+b, "\n") }
