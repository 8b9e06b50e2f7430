// Package integrations holds the contracts between Rebuttal and the systems of
// others. An adapter is one folder that implements Adapter and as many of the
// small capability interfaces as its vendor offers; a capability is found by
// type, never by a flag. `make new-vendor` starts one from a working example, and
// integrations/vendortest holds it to what is promised here.
//
// Rules for adapters: no vendor type in a signature, no quirk outside the
// folder, no retries of their own (Temporal retries; two retriers multiply),
// every error a *dispute.Error whose text holds ids only, every write under
// the key it was given.
package integrations

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/ledger"
)

// Adapter is one configured connection to a vendor.
type Adapter interface {
	// Vendor is the vendor's name, the same as in configuration: "stripe".
	Vendor() string
}

// Intake verifies and reads what a provider posts to /webhooks/{connection}.
type Intake interface {
	Adapter
	// Verify checks the signature over the raw body. It compares in constant
	// time and accepts any of the configured live secrets. A bad or stale
	// signature is an error of kind Auth.
	Verify(h http.Header, body []byte, now time.Time) error
	// Parse reads the notices in a verified body. Unknown events, statuses and
	// reasons are kept as they came (NoticeUnknown, ProviderUnknown), not
	// refused; only a body that is not the vendor's format is an error (Invalid).
	// A notice about a dispute has the whole dispute in its Snapshot, because it
	// is folded without another read; the same body gives the same EventID.
	// Connection is filled in by the caller.
	Parse(body []byte) ([]dispute.Notice, error)
}

// TokenHeader holds what the webhook's address carries as ?token=…, for providers
// that sign nothing: it is set by the door and never taken from the caller.
const TokenHeader = "Rebuttal-Token"

// Challenger answers what a provider asks with GET /webhooks/{connection} before
// it posts there.
type Challenger interface {
	Adapter
	// Answer is the text to reply with. A question that is not the provider's is
	// Invalid.
	Answer(query url.Values) (string, error)
}

// Interactive verifies and reads clicks that people make in a vendor's own
// surface (a Slack button), posted to /webhooks/{connection}.
type Interactive interface {
	Adapter
	// Verify is as Intake's.
	Verify(h http.Header, body []byte, now time.Time) error
	// Clicks reads the buttons pressed in a verified body. What is not a press
	// of a button of ours gives none; only a body that is not the vendor's
	// format is an error (Invalid).
	Clicks(body []byte) ([]Click, error)
}

// Click is one button pressed by a person in a vendor's surface.
type Click struct {
	ID       string               // unique per press: becomes the update id
	CaseID   string               // as the card carried it
	Stage    dispute.Stage        // as the card showed it; empty when it did not
	Kind     dispute.DecisionKind // approve, accept, assign
	UserID   string               // the vendor's id of the person
	ReplyURL string               // where an answer only this person sees goes; empty when there is none
}

// ClickAnswerer tells the person who clicked what became of it, so that nobody
// else sees it.
type ClickAnswerer interface {
	Adapter
	// AnswerClick sends text to the click's ReplyURL. An address that is not the
	// vendor's own is Invalid.
	AnswerClick(ctx context.Context, c Click, text string) error
}

// Poller lists what a provider has, for disputes whose webhook never came.
type Poller interface {
	Adapter
	// Poll lists the disputes that are new or have changed since cursor, which is
	// the next of the poll before; an empty one asks for all the provider may
	// still decide. Each is a notice made by dispute.Polled. Pages are the
	// adapter's business; next is returned with an error, too, and is then cursor.
	Poll(ctx context.Context, cursor string) (notices []dispute.Notice, next string, err error)
}

// Reader reads one dispute as the provider has it now.
type Reader interface {
	Adapter
	// Get tells whether an answer has arrived, so that a lost one is settled by
	// reading: after Submit, SubmissionCount has grown or Status is
	// ProviderUnderReview; after Accept, Status is ProviderLost. A dispute that
	// is not there is NotFound.
	Get(ctx context.Context, ref dispute.Ref) (dispute.Snapshot, error)
}

// PaymentReader reads the disputed payment and the ids that link it to other
// systems.
type PaymentReader interface {
	Adapter
	// Payment fills OrderID or OrderName from wherever shops keep them, because
	// the sources of evidence search by them. s.Payment names the payment.
	Payment(ctx context.Context, s dispute.Snapshot) (dispute.Payment, error)
}

// Delegator belongs to a provider that only tells of disputes which another
// connection can read and answer, as a platform does of the account behind it.
type Delegator interface {
	Adapter
	// Delegate names the same dispute at the other connection; ok is false when
	// none is connected.
	Delegate(ref dispute.Ref) (to dispute.Ref, ok bool)
}

// Limits are what a provider takes in one response. A number that is zero is not
// known.
type Limits struct {
	TextFieldChars int                     // per text field
	TextTotalChars int                     // all text fields together
	FileBytes      int64                   // one file
	TotalBytes     int64                   // all files together
	FilePages      int                     // one file
	TotalPages     int                     // all files together
	Files          int                     // how many files
	DPI            int                     // how fine a picture may be
	Gray           bool                    // nothing but black, white and grey
	MediaTypes     []string                // accepted, as "application/pdf"
	FileFields     []dispute.EvidenceField // slots that take one file each
	TextFields     []dispute.EvidenceField // slots that take text
}

// Responder sends evidence to a provider that takes it once.
type Responder interface {
	Adapter
	// Limits are those of the case's network and stage. A packet is composed
	// within them.
	Limits(c dispute.Case) Limits
	// Submit uploads the files it finds no upload id for, each under a key
	// derived from s.Key and the file's hash, calls s.Sending, then sends
	// everything in one final request under s.Key: the same bytes for the same
	// submission, because providers refuse a key that comes with others. Where
	// files travel in the final request nothing is uploaded before. Submit does
	// not retry, does not read back and does not decide whether to send: the
	// protocol in activities does. A lost answer is UnknownOutcome.
	Submit(ctx context.Context, s Submission) (Receipt, error)
}

// Submission is one frozen packet on its way to a provider.
type Submission struct {
	Key   string // idempotency key, the same for every attempt
	Case  dispute.Case
	Texts map[dispute.EvidenceField]string
	Files []File
	// Compelling is set for disputes that can be answered with Visa's Compelling
	// Evidence 3.0, for providers that take it in parts of their own. The packet
	// says the same in words.
	Compelling *dispute.CompellingEvidence
	// Uploaded maps a file's SHA-256 to the vendor's id of an earlier attempt's
	// upload; Submit skips those.
	Uploaded map[string]string
	// Progress is called after each upload, so that a killed attempt resumes.
	// It may be nil.
	Progress func(sha256, vendorID string)
	// Sending is called once, right before the request that submits: from then
	// on the provider may have it. Its error stops the submission. It may be nil.
	Sending func() error
}

// File is one document of a packet.
type File struct {
	Field     dispute.EvidenceField
	Name      string
	MediaType string
	SHA256    string // lower-case hex
	Bytes     []byte
}

// Receipt is the proof of a write: what was sent and what was answered.
type Receipt struct {
	VendorID  string            `json:"vendor_id"`            // of the thing written
	RequestID string            `json:"request_id,omitempty"` // the vendor's id of the request
	At        time.Time         `json:"at"`
	RawStatus string            `json:"raw_status,omitempty"` // the dispute's status in the answer
	Request   []byte            `json:"-"`                    // exact bytes of the final request's body
	Response  []byte            `json:"-"`                    // exact bytes of its answer
	Uploads   map[string]string `json:"uploads,omitempty"`    // SHA-256 of each file to the vendor's id
}

// Accepter gives a dispute up at the provider. It cannot be undone.
type Accepter interface {
	Adapter
	// Accept gives up under key in one request. A lost answer is UnknownOutcome.
	Accept(ctx context.Context, key string, c dispute.Case) (Receipt, error)
}

// AutoAnswerer belongs to providers that would answer by themselves. ClaimManual
// tells the provider that we answer; claimed is false where the account does
// not have the setting, and method is what the provider will do then.
type AutoAnswerer interface {
	Adapter
	ClaimManual(ctx context.Context, key string, ref dispute.Ref) (claimed bool, method string, err error)
}

// EvidenceSource finds what one system knows about a disputed sale.
type EvidenceSource interface {
	Adapter
	// Applies reports, without a call, whether the case has the ids this source
	// searches by. Case.Payment is set when the provider told it.
	Applies(c dispute.Case) bool
	// Gather returns what it found; an empty list is a normal answer. Items that
	// were found before a failure are returned with the error. The ids and the
	// order of items are the same each time, and facts that are not known are
	// left out.
	Gather(ctx context.Context, c dispute.Case) ([]dispute.Item, error)
}

// Card is what people see of a case in a chat: facts and words, no markup.
type Card struct {
	CaseID   string
	Stage    dispute.Stage // what a click on it is about
	Headline string        // amount, reason, time left
	Next     string        // the rule, and what happens by itself
	Fields   [][2]string   // label and value
	Links    []Link
	Actions  []dispute.DecisionKind // buttons; none once decided
	Decided  string                 // "Accepted by ana at …", when decided
	Tone     string                 // calm, soon, urgent, over
}

// Link is a labelled address.
type Link struct{ Label, URL string }

// MessageRef names a posted message.
type MessageRef struct {
	Target string `json:"target"` // the channel's id
	ID     string `json:"id"`     // the message's id in it
}

// Notifier posts a card once and keeps it up to date.
type Notifier interface {
	Adapter
	// Find looks for the message that an earlier, lost attempt posted under key.
	Find(ctx context.Context, key, target string) (MessageRef, bool, error)
	// Post posts the card so that Find finds it under key. The target is as the
	// rules write it: a channel's id or name.
	Post(ctx context.Context, key, target string, card Card) (MessageRef, error)
	// Update replaces the card's content in place.
	Update(ctx context.Context, ref MessageRef, card Card) error
	// Reply adds a line to the message's thread: once under key, also when an
	// earlier answer was lost.
	Reply(ctx context.Context, key string, ref MessageRef, text string) error
}

// Ticket is what a help desk holds of a case.
type Ticket struct {
	CaseID   string
	Subject  string
	Body     string // plain text, for the first comment
	Priority string // low, normal, high, urgent
	Status   string // open, pending, solved
	Tags     []string
}

// Ticketing keeps one ticket per case.
type Ticketing interface {
	Adapter
	// Find looks for the ticket that an earlier, lost attempt made for the case.
	Find(ctx context.Context, caseID string) (id string, found bool, err error)
	// Create makes the case's ticket so that Find finds it.
	Create(ctx context.Context, key string, t Ticket) (id string, err error)
	// Update sets the fields of t and adds comment, unless it is empty, as an
	// internal note: once under key, also when an earlier answer was lost.
	Update(ctx context.Context, key, id string, t Ticket, comment string) error
}

// Report is what one moment of a case was.
type Report struct {
	Moment  dispute.Moment
	At      time.Time
	Case    dispute.Case // with the payment where it is known: it may hold personal data
	Outcome dispute.Status
	Queue   string
	Rule    string
	Detail  string   // the rung, in words; empty otherwise
	Next    string   // what happens by itself
	URL     string   // the case in the console
	To      []string // who is written to, where the vendor writes to people
}

// Reporter tells another system of a case: a row of a sheet, a record of a CRM,
// an entry of a fraud list, an e-mail.
type Reporter interface {
	Adapter
	// FindReport looks for what an earlier, lost attempt wrote under key.
	FindReport(ctx context.Context, key string, r Report) (id string, found bool, err error)
	// Report writes r so that FindReport finds it under key. A report that is none
	// of the vendor's business (a won dispute for a fraud list) gives an empty id.
	Report(ctx context.Context, key string, r Report) (id string, err error)
}

// Accounting posts journal entries to the merchant's books.
type Accounting interface {
	Adapter
	// PostEntry writes one balanced entry and returns the vendor's id: once under
	// key, also when an earlier answer was lost. An entry that does not balance,
	// or an account that the settings map to none, is Invalid.
	PostEntry(ctx context.Context, key string, e ledger.Entry) (id string, err error)
}

// Linker knows where its vendor's own pages show a dispute.
type Linker interface {
	Adapter
	DisputeURL(ref dispute.Ref) string
}

// Checker tries a connection's credentials with one harmless read, for doctor.
type Checker interface {
	Adapter
	Check(ctx context.Context) error
}

// Permission is one thing that a connection's credentials must allow, tried.
type Permission struct {
	Name string // in the vendor's words: "Disputes: write"
	OK   bool
	Says string // what is wrong and what mends it, or why it may be missing; ids only
}

// PermissionChecker belongs to vendors whose credentials are cut to size.
type PermissionChecker interface {
	Adapter
	// Permissions tries each permission by a call that changes nothing. It is
	// asked after Check has found the credentials good.
	Permissions(ctx context.Context) []Permission
}

// Endpoint is where a vendor posts its webhooks.
type Endpoint struct {
	Change EndpointChange `json:"change"`
	ID     string         `json:"id,omitempty"` // the vendor's; empty until it is made
	URL    string         `json:"url"`
	Events []string       `json:"events"`
	// Secret signs what is posted. The vendor tells it once, when the endpoint is
	// made: it is shown to the operator and never logged or kept.
	Secret string `json:"secret,omitempty"`
	// Setting is the key of the settings that wants Secret: "webhook_secret".
	Setting string `json:"setting"`
}

// EndpointChange is what registering an endpoint changes at the vendor.
type EndpointChange string

// What registering changes.
const (
	EndpointCreate EndpointChange = "create"
	EndpointUpdate EndpointChange = "update"
	EndpointKeep   EndpointChange = "keep" // it is as it must be
)

// Connector belongs to vendors whose webhooks are set up by their API.
type Connector interface {
	Adapter
	// Register makes the vendor post the events we read to address: an endpoint
	// that is there is brought up to date, otherwise one is made. With dry it only
	// looks, and tells what it would do.
	Register(ctx context.Context, address string, dry bool) (Endpoint, error)
}
