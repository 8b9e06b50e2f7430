package rules

import (
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
	"github.com/rebuttal-hq/rebuttal/odds"
)

// Input is everything a rule set may look at. What is not known is left at its
// zero value; Case.Family is found by package networks when it is empty.
type Input struct {
	Case     dispute.Case
	Provider string    // the vendor of the case's connection, as "stripe"
	Now      time.Time // the moment of the decision

	EvidenceStrength   int  // 0 to 4; 0 before the first packet
	EvidenceComplete   bool // the newest packet has all that its checklist asks for
	CompellingEvidence bool // the newest packet meets Visa's Compelling Evidence 3.0

	CustomerDisputes int             // earlier ones, without this one
	CustomerSpent    []dispute.Money // earlier payments of the customer that nobody disputed
	Alerts           int             // fraud warnings known for the payment

	// Chance is what the merchant's outcomes say of Group; without it the
	// catalogue's figure counts.
	Chance odds.Chance
}

// Group is the sort of dispute whose outcomes speak for this one.
func (in Input) Group() odds.Group {
	return odds.Group{
		Family: in.family(), Network: networks.Network(in.snapshot().Network),
		Provider: in.Provider, Strength: in.EvidenceStrength,
	}
}

func (in Input) validate() error {
	op := "rules: evaluate case " + in.Case.ID
	switch {
	case in.Now.IsZero():
		return dispute.Errorf(dispute.Invalid, op, "the input has no time")
	case in.EvidenceStrength < 0 || in.EvidenceStrength > 4:
		return dispute.Errorf(dispute.Invalid, op, "the evidence strength %d is not between 0 and 4", in.EvidenceStrength)
	case in.CustomerDisputes < 0:
		return dispute.Errorf(dispute.Invalid, op, "the count of the customer's disputes is negative")
	}
	return nil
}

func (in Input) snapshot() dispute.Snapshot { return in.Case.View.Snapshot }

func (in Input) family() dispute.Family {
	if in.Case.Family != "" {
		return in.Case.Family
	}
	return networks.Family(in.snapshot())
}

func (in Input) networkCode() string {
	snap := in.snapshot()
	if known, ok := networks.Reason(snap.Network, snap.NetworkCode); ok {
		return known.Code
	}
	return snap.NetworkCode
}

func (in Input) daysLeft() float64 {
	if in.Case.Deadline.At.IsZero() {
		return 0
	}
	return in.Case.Deadline.At.Sub(in.Now).Hours() / 24
}

func (in Input) daysOpen() float64 {
	if in.snapshot().OpenedAt.IsZero() {
		return 0
	}
	return in.Now.Sub(in.snapshot().OpenedAt).Hours() / 24
}

func (in Input) chance() odds.Chance {
	if len(in.Chance.Steps) == 0 {
		return (*odds.History)(nil).Chance(in.Group())
	}
	return in.Chance
}

// The words of payment.refund.
const (
	refundNone    = "none"
	refundPartial = "partial"
	refundFull    = "full"
)

func (in Input) refund() string {
	p := in.Case.Payment
	switch {
	case p == nil || p.Refunded.Minor <= 0:
		return refundNone
	case p.Refunded.Currency == p.Amount.Currency && p.Refunded.Minor >= p.Amount.Minor:
		return refundFull
	}
	return refundPartial
}

// metadata is never nil.
func (in Input) metadata() map[string]string {
	if in.Case.Payment == nil || in.Case.Payment.Metadata == nil {
		return map[string]string{}
	}
	return in.Case.Payment.Metadata
}

// metadataAt is the value of a key that a rule set names; empty without one.
func (in Input) metadataAt(key string) string {
	if key == "" {
		return ""
	}
	return in.metadata()[key]
}
