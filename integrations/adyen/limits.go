package adyen

import (
	"errors"
	"fmt"
	"slices"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

// Adyen's limits on defence documents, in bytes and pages
// (docs.adyen.com/risk-management/understanding-disputes/defense-requirements).
// A megabyte is taken as the smaller of its two meanings. Klarna takes PDF only.
const (
	pdfBytes     = 2_000_000
	imageBytes   = 10_000_000 // JPG and TIFF
	mexicoBytes  = 800_000    // domestic Mexican chargebacks
	inquiryPages = 4
	// mastercardPages is one less than Mastercard's 19, for a cover of Adyen's.
	mastercardPages = 18
	// Mastercard takes pictures of 300 dpi; what others take is not known.
	mastercardDPI, safeDPI = 300, 200
)

// mediaTypes are the kinds of document with the bytes that one may have.
var mediaTypes = map[string]int64{"application/pdf": pdfBytes, "image/jpeg": imageBytes, "image/tiff": imageBytes}

// networkBytes are the networks' own limits on one document, and those on all
// documents together.
var (
	networkBytes = map[string]int64{"discover": 3_000_000, "diners": 3_000_000, "star": 5_000_000}
	networkTotal = map[string]int64{"discover": 3_000_000, "diners": 3_000_000}
)

// fileBytes is the most that one document of a kind may have; zero for a kind
// that Adyen does not take. Which Mexican chargebacks are domestic Adyen does
// not say, so that all in pesos count.
func fileBytes(s dispute.Snapshot, mediaType string) int64 {
	most := mediaTypes[mediaType]
	if own, ok := networkBytes[s.Network]; ok {
		most = min(most, own)
	}
	if s.Amount.Currency == "MXN" {
		most = min(most, mexicoBytes)
	}
	return most
}

// below leaves five per cent of a limit free.
func below(limit int64) int64 { return limit / 20 * 19 }

// Limits implements integrations.Responder. Adyen takes documents and no text.
// Pages that it does not limit are left open.
func (a *adapter) Limits(c dispute.Case) integrations.Limits {
	s, slots := c.View.Snapshot, fields(c)
	one := below(fileBytes(s, "application/pdf"))
	l := integrations.Limits{
		FileBytes: one, TotalBytes: one * int64(len(slots)), Files: len(slots), DPI: safeDPI, FileFields: slots,
		MediaTypes: []string{"application/pdf", "image/jpeg", "image/tiff"},
	}
	if all, ok := networkTotal[s.Network]; ok {
		l.TotalBytes = min(l.TotalBytes, below(all))
	}
	if s.Network == "mastercard" {
		l.TotalPages, l.DPI = mastercardPages, mastercardDPI
	}
	if s.Stage == dispute.StageInquiry {
		l.TotalPages = inquiryPages
	}
	return l
}

// fields are the slots of a case: the main file, and those for which the
// network's defence reasons have a type of their own. JCB takes one document
// (evidence limits, confidence medium), a request for information few pages.
func fields(c dispute.Case) []dispute.EvidenceField {
	out := []dispute.EvidenceField{dispute.FieldUncategorizedFile}
	s := c.View.Snapshot
	card := s.Network == "visa" || s.Network == "mastercard"
	switch {
	case s.Stage == dispute.StageInquiry:
	case card && c.Family == dispute.FamilyProductNotReceived:
		out = append(out, dispute.FieldShippingDocumentation)
	case s.Network == "mastercard":
		out = append(out, dispute.FieldReceipt)
	}
	return out
}

// checkPacket refuses what Adyen would refuse, before anything is sent.
func checkPacket(s integrations.Submission) error {
	if len(s.Files) == 0 {
		return errors.New("the packet holds no document")
	}
	if len(s.Texts) > 0 {
		return errors.New("the packet holds text, Adyen takes documents")
	}
	slots, taken, total := fields(s.Case), map[dispute.EvidenceField]bool{}, int64(0)
	for _, f := range s.Files {
		most := fileBytes(s.Case.View.Snapshot, f.MediaType)
		switch size := int64(len(f.Bytes)); {
		case !slices.Contains(slots, f.Field):
			return fmt.Errorf("%s takes no file here", f.Field)
		case taken[f.Field]:
			return fmt.Errorf("%s takes one file", f.Field)
		case most == 0:
			return fmt.Errorf("file %s is %s, Adyen takes PDF, JPEG and TIFF", f.SHA256, f.MediaType)
		case size == 0 || size > most:
			return fmt.Errorf("file %s has %d bytes, want 1 to %d", f.SHA256, size, most)
		}
		taken[f.Field] = true
		total += int64(len(f.Bytes))
	}
	if all, ok := networkTotal[s.Case.View.Snapshot.Network]; ok && total > all {
		return fmt.Errorf("the files have %d bytes together, the network takes %d", total, all)
	}
	return nil
}
