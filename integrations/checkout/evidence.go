package checkout

import (
	"cmp"
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
	deliveryDate = "proof_of_delivery_or_service_date" // relevant where delivery is
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
	// amexFiles is how many files American Express takes.
	amexFiles = 5
)

// fileCategories say where each of our files goes.
var fileCategories = map[dispute.EvidenceField]string{
	dispute.FieldUncategorizedFile:            additional,
	dispute.FieldReceipt:                      invoice,
	dispute.FieldCustomerCommunication:        messages,
	dispute.FieldShippingDocumentation:        delivery,
	dispute.FieldCustomerSignature:            deliveryDate,
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

// textCategories are in the order in which texts share a category: one that finds
// no room is left out, because the packet says it, too.
var textCategories = []text{
	{dispute.FieldUncategorizedText, additional, ""},
	{dispute.FieldProductDescription, invoice, ""},
	{dispute.FieldShippingCarrier, delivery, "Carrier: "},
	{dispute.FieldShippingTrackingNumber, delivery, "Tracking number: "},
	{dispute.FieldShippingAddress, delivery, "Shipping address: "},
	{dispute.FieldAccessActivityLog, delivery, "Activity: "},
	{dispute.FieldShippingDate, deliveryDate, "Shipped: "},
	{dispute.FieldServiceDate, deliveryDate, "Service: "},
	{dispute.FieldRefundPolicyDisclosure, policy, ""},
	{dispute.FieldCancellationPolicyDisclosure, policy, ""},
	{dispute.FieldRefundRefusalExplanation, policy, ""},
	{dispute.FieldCancellationRebuttal, agreement, ""},
	{dispute.FieldDuplicateChargeExplanation, distinct, ""},
	{dispute.FieldDuplicateChargeID, distinct, "The other charge: "},
}

// captions describe the file of a category where no text of ours does.
var captions = map[string]string{
	delivery:     "Records of the shipment and the delivery.",
	deliveryDate: "The customer's signature.",
	invoice:      "Copy of the receipt or invoice.",
	distinct:     "Records of the other transaction.",
	messages:     "Copy of the correspondence with the customer.",
	policy:       "Terms of refund or cancellation.",
	agreement:    "Records of the service.",
	additional:   "The whole answer with its exhibits.",
}

var mediaTypes = []string{"application/pdf", "image/jpeg", "image/png"}

// Limits implements integrations.Responder: the limits of the API and of the
// scheme, five per cent under. No two files want one category.
//
// The schemes' limits are those of Checkout.com's page on evidence files. Those
// of Visa and JCB were not to be had: zero stands for the usual safe numbers, as
// does 200 dpi.
func (a *adapter) Limits(c dispute.Case) integrations.Limits {
	l := integrations.Limits{
		TextFieldChars: maxText, FileBytes: 3_800_000, DPI: 200, MediaTypes: slices.Clone(mediaTypes),
		FileFields: fileFields(c.Family), TextFields: textFields(c.Family),
	}
	switch c.View.Snapshot.Network {
	case "mastercard":
		l.TotalBytes, l.TotalPages, l.DPI = 13_775_000, 18, 300 // 19 pages, less one that an acquirer adds
	case "amex":
		l.TotalBytes, l.TotalPages, l.DPI, l.Files = 23_750_000, 20, 300, amexFiles
		if a.optBlue {
			l.TotalBytes, l.FileBytes, l.Gray = 950_000, 950_000, true
		}
	case "discover", "diners":
		l.TotalBytes, l.FileBytes = 2_850_000, 2_850_000
	}
	if l.Files > 0 {
		l.FileFields = l.FileFields[:min(l.Files, len(l.FileFields))]
	}
	return l
}

// fileFields are the slots of a family, the most wanted first.
func fileFields(f dispute.Family) []dispute.EvidenceField {
	out := []dispute.EvidenceField{dispute.FieldUncategorizedFile, dispute.FieldReceipt, dispute.FieldCustomerCommunication}
	switch f {
	case dispute.FamilySubscription:
		return append(out, dispute.FieldCancellationPolicy, dispute.FieldServiceDocumentation)
	case dispute.FamilyDuplicate:
		return append(out, dispute.FieldDuplicateChargeDocumentation, dispute.FieldShippingDocumentation, dispute.FieldRefundPolicy)
	default:
		return append(out, dispute.FieldShippingDocumentation, dispute.FieldRefundPolicy, dispute.FieldCustomerSignature)
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
	if s.Case.View.Snapshot.Network == "amex" && len(s.Files) > amexFiles {
		return fmt.Errorf("the packet has %d files, American Express takes %d", len(s.Files), amexFiles)
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
	for _, field := range slices.Sorted(maps.Keys(texts)) {
		if n := utf8.RuneCountInString(texts[field]); n > maxText {
			return fmt.Errorf("%s has %d characters, Checkout.com takes %d", field, n, maxText)
		}
	}
	return nil
}

// textEvidence are the texts by Checkout.com's fields.
func textEvidence(texts map[dispute.EvidenceField]string) map[string]string {
	out := map[string]string{}
	for _, t := range textCategories {
		value, key := texts[t.field], t.category+"_text"
		if value == "" {
			continue
		}
		for _, text := range []string{joined(out[key], t.label+value), joined(out[key], value)} { // the label is dropped first
			if utf8.RuneCountInString(text) <= maxText {
				out[key] = text
				break
			}
		}
	}
	return out
}

// evidenceOf is the packet by Checkout.com's fields; uploads names each file's id.
func evidenceOf(s integrations.Submission, uploads map[string]string) map[string]string {
	out := textEvidence(s.Texts)
	for _, f := range s.Files {
		category := fileCategories[f.Field]
		out[category+"_file"] = uploads[f.SHA256]
		out[category+"_text"] = cmp.Or(out[category+"_text"], captions[category])
	}
	return out
}

// asked moves what belongs to a category that the dispute does not ask for into
// additional_evidence, as far as there is room; a text stays with its file. The
// rest stays where it is: the contract takes every category, whatever the dispute asks for. A dispute that
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
		if fields[category+"_text"] != "" && fields[category+"_file"] == "" && utf8.RuneCountInString(all) <= maxText {
			fields[additional+"_text"] = all
			delete(fields, category+"_text")
		}
	}
}

func joined(a, b string) string { return strings.Trim(a+"\n"+b, "\n") }
