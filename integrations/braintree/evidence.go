package braintree

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

// What Braintree takes. Files may have 4 MB by its page on uploading files; that,
// the pages and the length of a text (errors 84905 and 95708 refuse more, and
// name no number) were never tried against a live account.
const (
	maxFile      = 4_000_000
	composedFile = maxFile / 100 * 95 // whether a megabyte is a million bytes is not said
	maxPages     = 50
	maxText      = 2_000
	// mastercardPages leaves one of the network's 19 for an acquirer's cover page.
	mastercardPages = 18
)

// general is the category of what proves nothing in particular.
const general = "GENERAL"

// textCategories and fileCategories say which requirement a slot satisfies
// (schema, DisputeTextEvidenceCategory and DisputeFileEvidenceCategory). A
// category is taken once.
var (
	textCategories = map[dispute.EvidenceField]string{
		dispute.FieldUncategorizedText:      general,
		dispute.FieldShippingCarrier:        "CARRIER_NAME",
		dispute.FieldShippingTrackingNumber: "TRACKING_NUMBER",
		dispute.FieldCustomerEmail:          "PURCHASER_EMAIL_ADDRESS",
		dispute.FieldCustomerName:           "PURCHASER_NAME",
		dispute.FieldCustomerPurchaseIP:     "PURCHASER_IP_ADDRESS",
	}
	fileCategories = map[dispute.EvidenceField]string{
		dispute.FieldUncategorizedFile:     general,
		dispute.FieldShippingDocumentation: "PROOF_OF_DELIVERY",
		dispute.FieldServiceDocumentation:  "PROOF_OF_POSSESSION_OR_USAGE",
		dispute.FieldCustomerSignature:     "SIGNED_ORDER_FORM", // for what, see signedDelivery
	}
	// textFields and fileFields are their slots in the order they are sent.
	textFields = []dispute.EvidenceField{
		dispute.FieldUncategorizedText, dispute.FieldShippingCarrier, dispute.FieldShippingTrackingNumber,
		dispute.FieldCustomerEmail, dispute.FieldCustomerName, dispute.FieldCustomerPurchaseIP,
	}
	fileFields = []dispute.EvidenceField{
		dispute.FieldUncategorizedFile, dispute.FieldShippingDocumentation, dispute.FieldServiceDocumentation, dispute.FieldCustomerSignature,
	}
	mediaTypes = []string{"application/pdf", "image/jpeg", "image/png"}
)

// signedDelivery is what a signature shows where goods are said not to have come;
// elsewhere it shows that somebody ordered.
const signedDelivery = "SIGNED_DELIVERY_FORM"

// fileCategory is the requirement that a file satisfies.
func fileCategory(f dispute.EvidenceField, family dispute.Family) string {
	if f == dispute.FieldCustomerSignature && family == dispute.FamilyProductNotReceived {
		return signedDelivery
	}
	return fileCategories[f]
}

// compellingCodes are the reason codes, about fraud and goods not received, for
// which every piece of evidence must have a category that is validated. It is
// what the pages of the guide on evidence requirements list between them; a
// dispute without a code counts too.
var compellingCodes = []string{"37", "83", "1010", "1030", "1040", "1310", "7030", "C08", "F29", "UA02"}

// compelling reports whether a dispute's evidence must be categorised. Only card
// networks ask for it.
func compelling(s dispute.Snapshot) bool {
	if !slices.Contains([]string{"", "visa", "mastercard", "discover", "amex"}, s.Network) {
		return false
	}
	code := bare(s.NetworkCode)
	return code == "" || slices.ContainsFunc(compellingCodes, func(c string) bool { return bare(c) == code })
}

// bare is a code without dots and without the zero that fills it up: 10.4 and
// 1040 are the same.
func bare(code string) string {
	return strings.TrimRight(strings.ToUpper(strings.ReplaceAll(code, ".", "")), "0")
}

// Limits implements integrations.Responder. Where evidence is not categorised,
// the letter and the files say all: a bare tracking number would say nothing.
func (a *adapter) Limits(c dispute.Case) integrations.Limits {
	texts := textFields
	if !compelling(c.View.Snapshot) {
		texts = []dispute.EvidenceField{dispute.FieldUncategorizedText}
	}
	pages := maxPages
	if c.View.Snapshot.Network == "mastercard" {
		pages = mastercardPages
	}
	return integrations.Limits{
		TextFieldChars: maxText, TextTotalChars: maxText * len(texts),
		FileBytes: composedFile, TotalBytes: int64(composedFile * len(fileFields)),
		FilePages: pages, TotalPages: pages, Files: len(fileFields),
		MediaTypes: slices.Clone(mediaTypes), FileFields: slices.Clone(fileFields), TextFields: slices.Clone(texts),
	}
}

// piece is one text or file of a packet. Braintree takes each in a request of
// its own.
type piece struct {
	key      string // a SHA-256, under which its id at Braintree is remembered
	category string // empty where the dispute wants none
	text     string
	file     *integrations.File
}

// pieces are the packet in the order it is sent. What is beyond the limits is an
// error.
func (a *adapter) pieces(s integrations.Submission) ([]piece, error) {
	limits, categorised := a.Limits(s.Case), compelling(s.Case.View.Snapshot)
	var out []piece
	for _, field := range textFields {
		text := s.Texts[field]
		if text == "" {
			continue
		}
		category := ""
		if categorised {
			category = textCategories[field]
		}
		out = append(out, textPiece(string(field), category, text))
	}
	for i, f := range s.Files {
		p := piece{key: f.SHA256, file: &s.Files[i]}
		if categorised {
			p.category = fileCategory(f.Field, s.Case.Family)
		}
		out = append(out, p)
	}
	return out, fits(s, limits)
}

// textPiece is a text, remembered under the SHA-256 of what it is and its words.
func textPiece(what, category, text string) piece {
	sum := sha256.Sum256([]byte("text\x00" + what + "\x00" + text))
	return piece{key: hex.EncodeToString(sum[:]), category: category, text: text}
}

func fits(s integrations.Submission, limits integrations.Limits) error {
	for field, text := range s.Texts {
		switch n := utf8.RuneCountInString(text); {
		case text != "" && !slices.Contains(limits.TextFields, field):
			return fmt.Errorf("%s takes no text", field)
		case n > limits.TextFieldChars:
			return fmt.Errorf("%s has %d characters, Braintree takes %d", field, n, limits.TextFieldChars)
		}
	}
	taken := map[dispute.EvidenceField]bool{}
	for _, f := range s.Files {
		switch {
		case !slices.Contains(limits.FileFields, f.Field):
			return fmt.Errorf("%s takes no file", f.Field)
		case taken[f.Field]:
			return fmt.Errorf("%s takes one file", f.Field)
		case !slices.Contains(limits.MediaTypes, f.MediaType):
			return fmt.Errorf("file %s is %s, Braintree takes PDF, JPEG and PNG", f.SHA256, f.MediaType)
		case len(f.Bytes) == 0 || len(f.Bytes) > maxFile:
			return fmt.Errorf("file %s has %d bytes, Braintree takes up to %d", f.SHA256, len(f.Bytes), maxFile)
		}
		taken[f.Field] = true
	}
	if len(s.Files) == 0 && len(s.Texts) == 0 {
		return fmt.Errorf("the packet is empty")
	}
	return nil
}
