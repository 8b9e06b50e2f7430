package paypal

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

// What PayPal takes: notes of 2,000 characters and 100 documents in each piece
// of evidence (the contract), files of less than 10 MB and 50 MB in one call
// (developer.paypal.com/platforms/disputes/reference/supported-file-types-sizes).
// No rule about pages is known.
const (
	maxNotes     = 2000
	maxDocuments = 100
	maxParcels   = 10
	maxTracking  = 255 // characters of a number
	fileBytes    = 10_000_000 - 1
	allFiles     = 50_000_000 - 100_000 // the rest of the form counts, too
	allPages     = 1000
)

// evidenceTypes maps our fields to PayPal's evidence_type. The contract says
// what the types are called and no more: the choice is ours.
var evidenceTypes = map[dispute.EvidenceField]string{
	dispute.FieldShippingCarrier:              fulfilment,
	dispute.FieldShippingTrackingNumber:       fulfilment,
	dispute.FieldShippingDate:                 fulfilment,
	dispute.FieldShippingDocumentation:        fulfilment,
	dispute.FieldCustomerSignature:            "PROOF_OF_DELIVERY_SIGNATURE",
	dispute.FieldShippingAddress:              "DELIVERY_ADDRESS",
	dispute.FieldAccessActivityLog:            "PROOF_FOR_SOFTWARE_OR_SERVICE_DELIVERED",
	dispute.FieldServiceDocumentation:         "PROOF_FOR_SOFTWARE_OR_SERVICE_DELIVERED",
	dispute.FieldProductDescription:           "ITEM_DESCRIPTION",
	dispute.FieldReceipt:                      "PROOF_OF_RECEIPT_COPY",
	dispute.FieldRefundPolicy:                 "RETURN_POLICY",
	dispute.FieldRefundPolicyDisclosure:       "RETURN_POLICY",
	dispute.FieldCancellationPolicy:           "BILLING_AGREEMENT",
	dispute.FieldCancellationPolicyDisclosure: "BILLING_AGREEMENT",
	dispute.FieldDuplicateChargeDocumentation: "ORDER_DETAILS",
	dispute.FieldDuplicateChargeExplanation:   "ORDER_DETAILS",
	dispute.FieldCustomerCommunication:        "OTHER",
	dispute.FieldUncategorizedFile:            "OTHER",
	dispute.FieldUncategorizedText:            "OTHER",
}

const fulfilment = "PROOF_OF_FULFILLMENT"

var fileFields = []dispute.EvidenceField{
	dispute.FieldCancellationPolicy, dispute.FieldCustomerCommunication, dispute.FieldCustomerSignature,
	dispute.FieldDuplicateChargeDocumentation, dispute.FieldReceipt, dispute.FieldRefundPolicy,
	dispute.FieldServiceDocumentation, dispute.FieldShippingDocumentation, dispute.FieldUncategorizedFile,
}

// extensions are the kinds of file that PayPal takes.
var extensions = map[string]string{
	"application/pdf": ".pdf", "image/gif": ".gif", "image/jpeg": ".jpg", "image/png": ".png",
}

// textFields are those of evidenceTypes that hold text: one for each type, so
// that its notes have room, and the three that describe a shipment.
func textFields() []dispute.EvidenceField {
	var out []dispute.EvidenceField
	for field := range evidenceTypes {
		if !slices.Contains(fileFields, field) {
			out = append(out, field)
		}
	}
	slices.Sort(out)
	return out
}

// Limits implements integrations.Responder. Where PayPal asked for evidence, or
// offers an appeal, each text is a piece of its own; otherwise it takes
// supporting information, which is one note.
func (a *adapter) Limits(c dispute.Case) integrations.Limits {
	s := c.View.Snapshot
	fields := textFields()
	if s.Stage != dispute.StageInquiry && (s.RawStatus == "OPEN" || s.Status == dispute.ProviderUnknown) {
		fields = []dispute.EvidenceField{dispute.FieldUncategorizedText}
	}
	return integrations.Limits{
		TextFieldChars: maxNotes, TextTotalChars: maxNotes * len(fields),
		FileBytes: fileBytes, TotalBytes: allFiles, TotalPages: allPages,
		MediaTypes: slices.Sorted(maps.Keys(extensions)), FileFields: slices.Clone(fileFields), TextFields: fields,
	}
}

// checkPacket refuses what PayPal would refuse, before anything is sent.
func checkPacket(s integrations.Submission) error {
	if len(s.Texts) == 0 && len(s.Files) == 0 {
		return errors.New("the packet is empty")
	}
	for _, field := range slices.Sorted(maps.Keys(s.Texts)) {
		if _, ok := evidenceTypes[field]; !ok || slices.Contains(fileFields, field) {
			return fmt.Errorf("%s takes no text", field)
		}
		if n := utf8.RuneCountInString(s.Texts[field]); n > maxNotes {
			return fmt.Errorf("%s has %d characters, PayPal takes %d", field, n, maxNotes)
		}
	}
	total := 0
	for _, f := range s.Files {
		switch {
		case !slices.Contains(fileFields, f.Field):
			return fmt.Errorf("%s takes no file", f.Field)
		case extensions[f.MediaType] == "":
			return fmt.Errorf("file %s is %s, PayPal takes PDF, JPEG, PNG and GIF", f.SHA256, f.MediaType)
		case len(f.Bytes) == 0 || len(f.Bytes) > fileBytes:
			return fmt.Errorf("file %s has %d bytes, PayPal takes 1 to %d", f.SHA256, len(f.Bytes), fileBytes)
		}
		total += len(f.Bytes)
	}
	if total > allFiles || len(s.Files) > maxDocuments {
		return fmt.Errorf("%d files have %d bytes, PayPal takes %d with %d", len(s.Files), total, maxDocuments, allFiles)
	}
	return nil
}

// The JSON beside the files. PayPal's contract does not describe it; the form
// is that of PayPal's examples.
type (
	evidences struct {
		Evidences []*evidence `json:"evidences"`
	}
	evidence struct {
		Type      string        `json:"evidence_type"`
		Info      *evidenceInfo `json:"evidence_info,omitempty"`
		Documents []document    `json:"documents,omitempty"`
		Notes     string        `json:"notes,omitempty"`
	}
	evidenceInfo struct {
		Tracking []tracking `json:"tracking_info"`
	}
	tracking struct {
		Carrier string `json:"carrier_name"`
		Other   string `json:"carrier_name_other,omitempty"`
		Number  string `json:"tracking_number"`
	}
	document struct {
		Name string `json:"name"`
	}
)

// input is the packet as pieces of evidence by type, the same bytes for the
// same packet.
func input(s integrations.Submission) ([]byte, error) {
	byType, parcels := map[string]*evidence{}, shipments(s.Texts)
	piece := func(field dispute.EvidenceField) *evidence {
		kind := evidenceTypes[field]
		if byType[kind] == nil {
			byType[kind] = &evidence{Type: kind}
		}
		return byType[kind]
	}
	for _, field := range slices.Sorted(maps.Keys(s.Texts)) {
		text := s.Texts[field]
		switch {
		case text == "" || field == dispute.FieldShippingCarrier && len(parcels) > 0:
		case field == dispute.FieldShippingTrackingNumber && len(parcels) > 0:
			piece(field).Info = &evidenceInfo{Tracking: parcels}
		default:
			e := piece(field)
			e.Notes = joined(e.Notes, label(field, text))
		}
	}
	for _, f := range s.Files {
		e := piece(f.Field)
		e.Documents = append(e.Documents, document{Name: fileName(f)})
	}
	var out evidences
	for _, kind := range slices.Sorted(maps.Keys(byType)) {
		e := byType[kind]
		if n := utf8.RuneCountInString(e.Notes); n > maxNotes {
			return nil, fmt.Errorf("the notes of %s have %d characters, PayPal takes %d", kind, n, maxNotes)
		}
		out.Evidences = append(out.Evidences, e)
	}
	return json.Marshal(out)
}

// supporting is the packet as supporting information: one note.
func supporting(s integrations.Submission) ([]byte, error) {
	var notes string
	for _, field := range slices.Sorted(maps.Keys(s.Texts)) {
		if s.Texts[field] != "" {
			notes = joined(notes, label(field, s.Texts[field]))
		}
	}
	if n := utf8.RuneCountInString(notes); n > maxNotes {
		return nil, fmt.Errorf("the notes have %d characters, PayPal takes %d", n, maxNotes)
	}
	return json.Marshal(struct {
		Notes string `json:"notes,omitempty"`
	}{notes})
}

// label says what a short value is; prose speaks for itself.
func label(field dispute.EvidenceField, text string) string {
	switch field {
	case dispute.FieldShippingCarrier:
		return "Carrier: " + text
	case dispute.FieldShippingTrackingNumber:
		return "Tracking number: " + text
	case dispute.FieldShippingDate:
		return "Shipped: " + text
	case dispute.FieldShippingAddress:
		return "Shipping address: " + text
	default:
		return text
	}
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + "\n" + b
}

// carriers are PayPal's names (carrier_name) of those that a name may begin
// with; any other goes as OTHER under its own name.
var carriers = []struct{ prefix, name string }{
	{"USPS", "USPS"}, {"UPS", "UPS"}, {"FEDEX", "FEDEX"}, {"DHL", "DHL"}, {"ROYALMAIL", "ROYAL_MAIL"}, {"CANADAPOST", "CA_CANADA_POST"},
	{"AUSTRALIAPOST", "AU_AU_POST"}, {"ONTRAC", "US_ONTRAC"}, {"LASERSHIP", "US_LASERSHIP"}, {"PUROLATOR", "PUROLATOR"}, {"TNT", "TNT"},
	{"DPD", "DPD"}, {"GLS", "DE_GLS"}, {"HERMES", "HERMES"}, {"ARAMEX", "ARAMEX"}, {"SENDLE", "SENDLE"},
}

var notAlphanumeric = regexp.MustCompile(`[^A-Z0-9]+`)

// shipments are the parcels of one carrier, in the form that PayPal takes. None
// means that carrier and numbers go into the notes: several carriers do not say
// which number is whose.
func shipments(texts map[dispute.EvidenceField]string) []tracking {
	carrier := texts[dispute.FieldShippingCarrier]
	numbers := strings.Split(texts[dispute.FieldShippingTrackingNumber], ", ")
	if carrier == "" || strings.Contains(carrier, ", ") || len(numbers) > maxParcels {
		return nil
	}
	var out []tracking
	for _, number := range numbers {
		if number == "" || len(number) > maxTracking {
			return nil
		}
		parcel := tracking{Carrier: carrierName(carrier), Number: number}
		if parcel.Carrier == otherCarrier {
			parcel.Other = carrier
		}
		out = append(out, parcel)
	}
	return out
}

const otherCarrier = "OTHER"

func carrierName(carrier string) string {
	plain := notAlphanumeric.ReplaceAllString(strings.ToUpper(carrier), "")
	for _, c := range carriers {
		if strings.HasPrefix(plain, c.prefix) {
			return c.name
		}
	}
	return otherCarrier
}

var notInName = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// fileName is a file's name of the form that PayPal takes: letters, digits and
// one point. A piece of its hash keeps two files apart.
func fileName(f integrations.File) string {
	stem, _, _ := strings.Cut(f.Name, ".")
	stem = strings.Trim(notInName.ReplaceAllString(stem, "-"), "-")
	if len(stem) > 60 {
		stem = stem[:60]
	}
	hash := f.SHA256[:min(8, len(f.SHA256))]
	return strings.Trim(stem+"-"+hash, "-") + extensions[f.MediaType]
}
