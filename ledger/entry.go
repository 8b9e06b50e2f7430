// Package ledger turns what happened to a dispute's money into double entry.
// It is pure: it computes the entries that a dispute should have from the full
// list of its movements, and the difference to those it already has.
package ledger

import "time"

// Side is the side of a posting.
type Side string

// The sides.
const (
	Debit  Side = "debit"
	Credit Side = "credit"
)

// Posting is one line of an entry. Amount is positive, in minor units of the
// entry's currency.
type Posting struct {
	Account Account `json:"account"`
	Side    Side    `json:"side"`
	Amount  int64   `json:"amount"`
}

// Entry is one balanced journal entry. Key is its natural key: the same
// movement told by many notices gives the same key.
type Entry struct {
	Key        string    `json:"key"` // connection | movement or dispute id | kind
	CaseID     string    `json:"case_id"`
	Connection string    `json:"connection"`
	DisputeID  string    `json:"dispute_id"`
	Kind       Kind      `json:"kind"`
	Date       time.Time `json:"date"` // of the movement, UTC
	Currency   string    `json:"currency"`
	Memo       string    `json:"memo"`
	Movement   string    `json:"movement,omitempty"` // the balance transaction, if there is one
	Reverses   string    `json:"reverses,omitempty"` // key of the entry this one reverses
	Postings   []Posting `json:"postings"`
}

// Account is a key of the chart of accounts.
type Account string

// Kind is what an entry records: opened, fee, countered_fee, won, lost …
type Kind string
