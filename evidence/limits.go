package evidence

import (
	"cmp"
	"slices"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Limits are what a provider takes in one response, with the fields of
// integrations.Limits, so that one converts to the other. A number that is zero
// is not known, and the number of SafeLimits is used.
type Limits struct {
	TextFieldChars int                     // per text field
	TextTotalChars int                     // all text fields together; zero: no such rule
	FileBytes      int64                   // one file
	TotalBytes     int64                   // all files together
	FilePages      int                     // one file; zero: as many as all together
	TotalPages     int                     // all files together
	Files          int                     // how many files; zero: one for each slot
	DPI            int                     // how fine a picture may be; zero: no such rule
	Gray           bool                    // nothing but black, white and grey
	MediaTypes     []string                // accepted, as "application/pdf"
	FileFields     []dispute.EvidenceField // slots that take one file each; empty: no files
	TextFields     []dispute.EvidenceField // slots that take text; empty: no texts
}

// Media types that packets are made of.
const (
	MediaPDF  = "application/pdf"
	MediaJPEG = "image/jpeg"
	MediaPNG  = "image/png"
)

// SafeLimits satisfy nearly all providers and networks that name a limit:
// 2 MB a file and 3 MB together (Discover through Checkout.com and Adyen), both
// less five per cent; 18 pages (Mastercom takes 19, an acquirer may add one);
// 500 characters a text (Checkout.com, Square). They name no slots, because
// those are a provider's own.
func SafeLimits() Limits {
	return Limits{
		TextFieldChars: 500,
		FileBytes:      1_900_000, TotalBytes: 2_850_000, TotalPages: 18,
		MediaTypes: []string{MediaPDF, MediaJPEG, MediaPNG},
	}
}

func (l Limits) withDefaults() Limits {
	safe := SafeLimits()
	l.TextFieldChars = cmp.Or(l.TextFieldChars, safe.TextFieldChars)
	l.TextTotalChars = cmp.Or(l.TextTotalChars, l.TextFieldChars*len(l.TextFields))
	l.FileBytes = cmp.Or(l.FileBytes, safe.FileBytes)
	l.TotalBytes = cmp.Or(l.TotalBytes, safe.TotalBytes)
	l.TotalPages = cmp.Or(l.TotalPages, safe.TotalPages)
	l.FilePages = cmp.Or(l.FilePages, l.TotalPages)
	l.Files = cmp.Or(l.Files, len(l.FileFields))
	if len(l.MediaTypes) == 0 {
		l.MediaTypes = safe.MediaTypes
	}
	return l
}

func (l Limits) takesFile(f dispute.EvidenceField) bool { return slices.Contains(l.FileFields, f) }

// Finding is one thing that did not fit and what was done about it.
type Finding struct {
	Limit   string `json:"limit"`             // which rule: one of the names below
	Subject string `json:"subject,omitempty"` // the item's id or the slot
	Value   int64  `json:"value"`             // what there was
	Max     int64  `json:"max"`               // what is allowed
	Action  string `json:"action"`            // what was done, for people
	// Bytes and Pages are the size of a document that was left out because it did
	// not fit, at its smallest.
	Bytes int64 `json:"bytes,omitempty"`
	Pages int   `json:"pages,omitempty"`
}

// The rules that a Finding may name.
const (
	LimitTextField    = "text_field_chars"
	LimitTextTotal    = "text_total_chars"
	LimitFactChars    = "fact_chars" // our own: a fact in print
	LimitFileBytes    = "file_bytes"
	LimitTotalBytes   = "total_bytes"
	LimitFilePages    = "file_pages"
	LimitTotalPages   = "total_pages"
	LimitFiles        = "files"
	LimitBlankPages   = "blank_pages"
	LimitActive       = "active_content" // what runs, is attached or leads away
	LimitMediaType    = "media_type"
	LimitFileFields   = "file_fields"
	LimitDocument     = "document" // a document that cannot be read
	LimitCardNumber   = "card_number"
	LimitCardCode     = "card_code"
	LimitIdentity     = "identity"
	LimitExhibitCited = "exhibit_cited" // a letter by hand that cites what is not there
)
