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
const (
	maxNotes     = 2000
	maxDocuments = 100
	maxParcels   = 10
	maxTracking  = 255 // characters of a number
	fileBytes    = 10_000_000 - 1
	allFiles     = 50_000_000 - 100_000 // the rest of the form counts, too
)

// What packets are composed within: five per cent less. PayPal itself has no rule
// about pages that is known. A card's chargeback goes on to a network that it
// does not name, so that the safe numbers for all networks count.
const (
	packetFile  = 9_500_000
	packetTotal = 47_500_000
	allPages    = 1000
	cardPages   = 18
	cardDPI     = 200
)

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
	l := integrations.Limits{
		TextFieldChars: maxNotes, TextTotalChars: maxNotes * len(fields),
		FileBytes: packetFile, TotalBytes: packetTotal, TotalPages: allPages, Files: maxDocuments,
		MediaTypes: slices.Sorted(maps.Keys(extensions)), FileFields: slices.Clone(fileFields), TextFields: fields,
	}
	if s.Network != name {
		l.TotalPages, l.DPI = cardPages, cardDPI
	}
	return l
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
		Tracking []tracking `json:"tracking_info,omitempty"`
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

// pieces are the pieces of evidence of a packet by their types.
type pieces map[string]*evidence

func (p pieces) of(kind string) *evidence {
	if p[kind] == nil {
		p[kind] = &evidence{Type: kind}
	}
	return p[kind]
}

// note adds a text to the first of the types whose notes have room for it.
func (p pieces) note(types []string, text string) error {
	for _, kind := range types {
		if all := joined(p.of(kind).Notes, text); utf8.RuneCountInString(all) <= maxNotes {
			p[kind].Notes = all
			return nil
		}
	}
	return fmt.Errorf("the notes of %s have no room, PayPal takes %d characters", types[len(types)-1], maxNotes)
}

// input is the packet as pieces of evidence by type, the same bytes for the
// same packet of the same dispute.
func input(s integrations.Submission, w wireDispute) ([]byte, error) {
	all, parcels := pieces{}, shipments(s.Texts)
	for _, field := range slices.Sorted(maps.Keys(s.Texts)) {
		text := s.Texts[field]
		switch {
		case text == "" || field == dispute.FieldShippingCarrier && len(parcels) > 0:
		case field == dispute.FieldShippingTrackingNumber && len(parcels) > 0:
			all.of(fulfilment).Info = &evidenceInfo{Tracking: parcels}
		default:
			if err := all.note(w.types(field), label(field, text)); err != nil {
				return nil, err
			}
		}
	}
	for _, f := range s.Files {
		kind := w.types(f.Field)[0]
		if f.Field == dispute.FieldShippingDocumentation && kind == shipment && len(parcels) == 0 {
			kind = fulfilment // there is nothing that it could be added to
		}
		e := all.of(kind)
		e.Documents = append(e.Documents, document{Name: fileName(f)})
	}
	var out evidences
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		if e := all[kind]; e.Info != nil || e.Notes != "" || len(e.Documents) > 0 {
			out.Evidences = append(out.Evidences, e)
		}
	}
	return json.Marshal(out)
}

// supporting is the packet as supporting information: one note.
func supporting(s integrations.Submission, _ wireDispute) ([]byte, error) {
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
	{"USPS", "USPS"}, {"UNITEDSTATESPOSTAL", "USPS"}, {"UPS", "UPS"}, {"FEDEX", "FEDEX"}, {"FEDERALEXPRESS", "FEDEX"}, {"DHL", "DHL"},
	{"ONTRAC", "US_ONTRAC"}, {"LASERSHIP", "US_LASERSHIP"}, {"AMAZON", "AMAZON"}, {"CANADAPOST", "CA_CANADA_POST"}, {"PUROLATOR", "PUROLATOR"},
	{"ROYALMAIL", "ROYAL_MAIL"}, {"PARCELFORCE", "PARCELFORCE"}, {"EVRI", "HERMES"}, {"HERMES", "HERMES"}, {"YODEL", "UK_YODEL"},
	{"AUSTRALIAPOST", "AU_AU_POST"}, {"SENDLE", "SENDLE"}, {"TNT", "TNT"}, {"DPD", "DPD"}, {"GLS", "DE_GLS"}, {"BPOST", "EU_BPOST"},
	{"LAPOSTE", "FR_LAPOSTE"}, {"COLISSIMO", "FR_COLIS"}, {"CHRONOPOST", "FR_CHRONOPOST"}, {"MONDIALRELAY", "FR_MONDIAL"},
	{"CORREOS", "ES_CORREOS"}, {"POSTEITALIANE", "IT_POSTE_ITALIANE"}, {"INPOST", "INPOST_PACZKOMATY"}, {"ANPOST", "UK_AN_POST"},
	{"SFEXPRESS", "CN_SF_EXPRESS"}, {"YUNEXPRESS", "YUNEXPRESS"}, {"JAPANPOST", "JPN_JAPAN_POST"}, {"YAMATO", "JPN_YAMATO"}, {"SAGAWA", "JPN_SAGAWA"},
	{"INDIAPOST", "IN_INDIAPOST"}, {"ARAMEX", "ARAMEX"},
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
