package stripe

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

const (
	longText  = 20_000  // characters, of the fields that hold prose
	shortText = 5_000   // characters, of names, addresses and dates
	allText   = 150_000 // characters, of all fields together
	// allFiles is Stripe's 4.5 MB for the whole packet
	// (docs.stripe.com/disputes/best-practices). A packet is composed five per cent
	// below: whether a megabyte is a million bytes is not said.
	allFiles      = 4_500_000
	composedFiles = allFiles / 100 * 95
	allPages      = 49 // "less than 50", same source
	// mastercardPages leaves one of the network's 19, which Stripe passes on, for a
	// cover page that the acquirer may add.
	mastercardPages = 18
)

// textFields are Stripe's evidence fields for text, with the characters each
// takes (the contract of POST /v1/disputes/:id).
var textFields = map[dispute.EvidenceField]int{
	dispute.FieldAccessActivityLog:            longText,
	dispute.FieldBillingAddress:               shortText,
	dispute.FieldCancellationPolicyDisclosure: longText,
	dispute.FieldCancellationRebuttal:         longText,
	dispute.FieldCustomerEmail:                shortText,
	dispute.FieldCustomerName:                 shortText,
	dispute.FieldCustomerPurchaseIP:           shortText,
	dispute.FieldDuplicateChargeExplanation:   longText,
	dispute.FieldDuplicateChargeID:            shortText,
	dispute.FieldProductDescription:           longText,
	dispute.FieldRefundPolicyDisclosure:       longText,
	dispute.FieldRefundRefusalExplanation:     longText,
	dispute.FieldServiceDate:                  shortText,
	dispute.FieldShippingAddress:              shortText,
	dispute.FieldShippingCarrier:              shortText,
	dispute.FieldShippingDate:                 shortText,
	dispute.FieldShippingTrackingNumber:       shortText,
	dispute.FieldUncategorizedText:            longText,
}

// fileFields are Stripe's evidence fields that take the id of one file.
var fileFields = []dispute.EvidenceField{
	dispute.FieldCancellationPolicy,
	dispute.FieldCustomerCommunication,
	dispute.FieldCustomerSignature,
	dispute.FieldDuplicateChargeDocumentation,
	dispute.FieldReceipt,
	dispute.FieldRefundPolicy,
	dispute.FieldServiceDocumentation,
	dispute.FieldShippingDocumentation,
	dispute.FieldUncategorizedFile,
}

var mediaTypes = []string{"application/pdf", "image/jpeg", "image/png"}

// Limits implements integrations.Responder.
func (a *adapter) Limits(c dispute.Case) integrations.Limits {
	pages := allPages
	if c.View.Snapshot.Network == "mastercard" {
		pages = mastercardPages
	}
	return integrations.Limits{
		TextFieldChars: longText,
		TextTotalChars: allText,
		FileBytes:      composedFiles,
		TotalBytes:     composedFiles,
		FilePages:      pages,
		TotalPages:     pages,
		Files:          len(fileFields),
		MediaTypes:     slices.Clone(mediaTypes),
		FileFields:     slices.Clone(fileFields),
		TextFields:     slices.Sorted(maps.Keys(textFields)),
	}
}

// checkPacket refuses what Stripe would refuse, before anything is sent.
func checkPacket(s integrations.Submission) error {
	if len(s.Texts) == 0 && len(s.Files) == 0 {
		return errors.New("the packet is empty")
	}
	if err := checkTexts(s.Texts); err != nil {
		return err
	}
	return checkFiles(s.Files)
}

func checkTexts(texts map[dispute.EvidenceField]string) error {
	total := 0
	for _, field := range slices.Sorted(maps.Keys(texts)) {
		limit, ok := textFields[field]
		if !ok {
			return fmt.Errorf("%s takes no text", field)
		}
		n := utf8.RuneCountInString(texts[field])
		if n > limit {
			return fmt.Errorf("%s has %d characters, Stripe takes %d", field, n, limit)
		}
		total += n
	}
	if total > allText {
		return fmt.Errorf("the texts have %d characters, Stripe takes %d", total, allText)
	}
	return nil
}

func checkFiles(files []integrations.File) error {
	total := 0
	taken := map[dispute.EvidenceField]bool{}
	for _, f := range files {
		switch {
		case !slices.Contains(fileFields, f.Field):
			return fmt.Errorf("%s takes no file", f.Field)
		case taken[f.Field]:
			return fmt.Errorf("%s takes one file", f.Field)
		case !slices.Contains(mediaTypes, f.MediaType):
			return fmt.Errorf("file %s is %s, Stripe takes PDF, JPEG and PNG", f.SHA256, f.MediaType)
		case len(f.Bytes) == 0:
			return fmt.Errorf("file %s is empty", f.SHA256)
		}
		taken[f.Field] = true
		total += len(f.Bytes)
	}
	if total > allFiles {
		return fmt.Errorf("the files have %d bytes, Stripe takes %d", total, allFiles)
	}
	return nil
}
