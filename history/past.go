package history

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Outcome is how a past dispute ended for the merchant.
type Outcome string

// The outcomes; a dispute without one is not decided, or ended as neither.
const (
	Won  Outcome = "won"
	Lost Outcome = "lost"
)

// Past is one past dispute: how it stood when it was opened, and what came of
// it. What is not known is left at its zero value.
type Past struct {
	Ref         dispute.Ref      `json:"ref"`
	Provider    string           `json:"provider,omitempty"` // the vendor's name
	Merchant    string           `json:"merchant,omitempty"`
	Amount      dispute.Money    `json:"amount"`
	Reason      string           `json:"reason,omitempty"`       // the provider's own word
	Network     string           `json:"network,omitempty"`      // as networks.Network writes it
	NetworkCode string           `json:"network_code,omitempty"` // as it came
	Family      dispute.Family   `json:"family"`
	Stage       dispute.Stage    `json:"stage"`
	OpenedAt    time.Time        `json:"opened_at"`
	DueAt       time.Time        `json:"due_at,omitzero"`
	DecidedAt   time.Time        `json:"decided_at,omitzero"`
	Response    dispute.Response `json:"response,omitempty"` // undecided: nobody answered
	Outcome     Outcome          `json:"outcome,omitempty"`
	Strength    int              `json:"strength,omitempty"` // of the evidence that was sent, 0 to 4
	// Customer is the hash of whom the payment was from, by CustomerKey.
	Customer string `json:"customer,omitempty"`
	// CustomerDisputes counts the customer's earlier ones. It is counted when
	// disputes are read back, never imported.
	CustomerDisputes int           `json:"customer_disputes,omitempty"`
	Product          string        `json:"product,omitempty"`
	Country          string        `json:"country,omitempty"` // ISO 3166-1 alpha-2
	Refunded         dispute.Money `json:"refunded,omitzero"`
	// Metadata are the payment's, of a case of our own. It may be personal.
	Metadata map[string]string `json:"-"`
	// Fees are what the dispute cost beside its amount, as it was billed.
	Fees dispute.Money `json:"fees,omitzero"`
}

// CustomerKey hashes what names a customer, so that two disputes of one customer
// are known as such and nobody's name is kept. Case and outer spaces do not
// count; no name has no key.
func CustomerKey(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:16])
}
