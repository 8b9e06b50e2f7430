// Package ledger turns what happened to a dispute's money into double entry.
// It is pure: Expected computes the entries that a dispute should have from the
// full list of its movements, and Diff the difference to those it already has.
// Posting that difference again and again is safe, whatever the order in which
// the provider told the movements and however often.
//
// Money is posted from movements, never from a status. A status posts one thing
// only: the reclassification of what is still held when the dispute ends.
// Nothing posted is edited; a correction is a reversing entry.
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

// debit is the amount as a debit: negative for a credit.
func (p Posting) debit() int64 {
	if p.Side == Credit {
		return -p.Amount
	}
	return p.Amount
}

// Entry is one balanced journal entry. Key is its natural key: the same
// movement told by many notices gives the same key.
type Entry struct {
	// Key is connection|dispute|movement|kind, or connection|dispute|outcome|n
	// for an entry without a movement. Diff adds |reversal|n to the key of the
	// n-th version it reverses and |version|n to what it posts in its place.
	Key        string    `json:"key"`
	CaseID     string    `json:"case_id"`
	Connection string    `json:"connection"`
	DisputeID  string    `json:"dispute_id"`
	Kind       Kind      `json:"kind"`
	Date       time.Time `json:"date"` // of the movement, UTC
	Currency   string    `json:"currency"`
	Memo       string    `json:"memo"`               // ids only, never personal data
	Movement   string    `json:"movement,omitempty"` // the balance transaction, if there is one
	Reverses   string    `json:"reverses,omitempty"` // key of the entry this one reverses
	Postings   []Posting `json:"postings"`
}

// Account is a key of the chart of accounts.
type Account string

// Kind is what an entry records.
type Kind string

// The kinds of entry.
const (
	KindOpened               Kind = "opened"                 // funds withdrawn, with the fee when it is in the same movement
	KindSecondWithdrawal     Kind = "second_withdrawal"      // funds withdrawn again: pre-arbitration, second chargeback
	KindReinstated           Kind = "reinstated"             // funds returned
	KindPartial              Kind = "partial"                // a part of the funds returned
	KindRecovery             Kind = "recovery"               // funds returned after they were written off
	KindFee                  Kind = "fee"                    // the fee for receiving a dispute
	KindCounteredFee         Kind = "countered_fee"          // the fee for answering it
	KindComplianceFee        Kind = "compliance_fee"         // the networks' fee for a contested compliance case
	KindFeeReturned          Kind = "fee_returned"           // any fee but the countered fee came back
	KindCounteredFeeReturned Kind = "countered_fee_returned" // the countered fee came back
	KindRefund               Kind = "refund"                 // the merchant's own refund
	KindRefundReturned       Kind = "refund_returned"        // a refund came back
	KindAlertFee             Kind = "alert_fee"              // the price of an alert
	KindAlertFeeReturned     Kind = "alert_fee_returned"     // the price of an alert, credited
	KindPrevented            Kind = "prevented"              // the network refunded before a dispute arose
	KindLost                 Kind = "lost"                   // what is held is written off
	KindAccepted             Kind = "accepted"               // what is held is written off because we gave in
	KindExchange             Kind = "exchange"               // what is left after a win is exchange gain or loss
	KindUnclassified         Kind = "unclassified"           // posted to suspense: a person must look
	KindReversal             Kind = "reversal"               // undoes the entry named by Reverses
)

var words = map[Kind]string{
	KindOpened:               "funds withdrawn",
	KindSecondWithdrawal:     "funds withdrawn again",
	KindReinstated:           "funds returned",
	KindPartial:              "part of the funds returned",
	KindRecovery:             "funds recovered after a loss",
	KindFee:                  "fee for the dispute",
	KindCounteredFee:         "fee for answering the dispute",
	KindComplianceFee:        "compliance fee",
	KindFeeReturned:          "fee returned",
	KindCounteredFeeReturned: "fee for answering the dispute returned",
	KindRefund:               "refund",
	KindRefundReturned:       "refund came back",
	KindAlertFee:             "fee for an alert",
	KindAlertFeeReturned:     "fee for an alert returned",
	KindPrevented:            "refunded by the network",
	KindLost:                 "lost, written off",
	KindAccepted:             "accepted, written off",
	KindExchange:             "exchange difference",
	KindUnclassified:         "not classified, needs a person",
	KindReversal:             "reversal",
}

// words says in a memo what the entry records.
func (k Kind) words() string { return words[k] }
