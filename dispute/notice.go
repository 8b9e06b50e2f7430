package dispute

import "time"

// NoticeKind is what a notice is about, in our words.
type NoticeKind string

// The kinds of notice. A provider's event that is none of these keeps its own
// name in Notice.RawKind and is NoticeUnknown: it is stored and shown.
const (
	NoticeOpened          NoticeKind = "opened"
	NoticeUpdated         NoticeKind = "updated"
	NoticeClosed          NoticeKind = "closed"
	NoticeFundsWithdrawn  NoticeKind = "funds_withdrawn"
	NoticeFundsReinstated NoticeKind = "funds_reinstated"
	NoticeFraudWarning    NoticeKind = "fraud_warning"
	NoticeUnknown         NoticeKind = "unknown"
)

// rank orders kinds of one and the same second: what opens comes first, what
// closes last.
func (k NoticeKind) rank() int {
	switch k {
	case NoticeUnknown, NoticeFraudWarning:
		return 0
	case NoticeOpened:
		return 1
	case NoticeFundsWithdrawn:
		return 2
	case NoticeUpdated:
		return 3
	case NoticeFundsReinstated:
		return 4
	case NoticeClosed:
		return 5
	}
	return 0
}

// Notice is one message from a provider about a dispute. It holds no personal
// data: it travels through workflow history.
type Notice struct {
	Connection string     `json:"connection"`
	EventID    string     `json:"event_id"` // the provider's, or computed where there is none
	Kind       NoticeKind `json:"kind"`
	RawKind    string     `json:"raw_kind"` // the provider's own event name
	OccurredAt time.Time  `json:"occurred_at"`
	APIVersion string     `json:"api_version,omitempty"`
	// Snapshot is the dispute as the notice shows it; nil when the notice is
	// not about a dispute (a fraud warning, an unknown event).
	Snapshot *Snapshot `json:"snapshot,omitempty"`
	// Unsigned names the snapshot's fields that no signature covered, by their
	// JSON names; "all" where the provider signs nothing. They are confirmed by
	// reading where the provider can be read.
	Unsigned []string `json:"unsigned,omitempty"`
}

// Ref names the dispute the notice is about; its ID is empty when there is none.
func (n Notice) Ref() Ref {
	if n.Snapshot == nil {
		return Ref{Connection: n.Connection}
	}
	return Ref{Connection: n.Connection, ID: n.Snapshot.ID}
}

// Snapshot is a dispute as its provider shows it at one moment: ids, money,
// dates and codes, never a name or an address.
//
// A provider may tell only how a dispute stands: status, stage and answers.
// Such a snapshot is thin: it has no amount, and Fold takes everything else from
// the newest one that is not.
type Snapshot struct {
	ID            string `json:"id"`
	Payment       string `json:"payment"`                  // the charge or transaction that is disputed
	PaymentIntent string `json:"payment_intent,omitempty"` // its parent, where the provider has one
	Amount        Money  `json:"amount"`

	Reason      string `json:"reason"`                 // the provider's own word
	Network     string `json:"network,omitempty"`      // visa, mastercard, amex, discover …
	NetworkCode string `json:"network_code,omitempty"` // the network's reason code as it came

	RawStatus string         `json:"raw_status"` // the provider's own word, kept as it came
	Status    ProviderStatus `json:"status"`
	Stage     Stage          `json:"stage"`

	OpenedAt time.Time `json:"opened_at"`
	DueBy    time.Time `json:"due_by,omitzero"` // when the provider stops listening; zero when it named no date
	// DueUnsigned says that no signature covered DueBy: it may bring the deadline
	// forward and never put it off.
	DueUnsigned bool `json:"due_unsigned,omitempty"`
	// NoResponse says that the provider allows no answer at all.
	NoResponse bool `json:"no_response,omitempty"`
	PastDue    bool `json:"past_due,omitempty"`

	HasEvidence     bool   `json:"has_evidence,omitempty"`
	SubmissionCount int    `json:"submission_count,omitempty"`
	AutoAnswer      string `json:"auto_answer,omitempty"` // how the provider intends to answer by itself

	RefundableInquiry bool       `json:"refundable_inquiry,omitempty"`
	Movements         []Movement `json:"movements,omitempty"`
}

// thin reports whether a snapshot tells only how the dispute stands.
func (s Snapshot) thin() bool { return s.Amount == Money{} }

// Movement is one change of the provider's balance that belongs to a dispute,
// in minor units of the settlement currency. Net = Amount - Fee.
type Movement struct {
	ID          string    `json:"id"`
	Category    string    `json:"category"` // the provider's reporting category
	Amount      int64     `json:"amount"`   // negative when money leaves us
	Fee         int64     `json:"fee"`      // positive when we pay
	Net         int64     `json:"net"`
	Currency    string    `json:"currency"`
	At          time.Time `json:"at"`
	Description string    `json:"description,omitempty"`
}
