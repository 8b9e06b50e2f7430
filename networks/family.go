package networks

import (
	"slices"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// ProductType is the sort of thing that was sold; it decides which evidence
// shows that it was handed over.
type ProductType string

// The types of product.
const (
	Physical ProductType = "physical"
	Digital  ProductType = "digital"
	Service  ProductType = "service"
)

// FamilyFacts is what is known of a routing family.
type FamilyFacts struct {
	Family       dispute.Family `json:"family" yaml:"family"`
	Title        string         `json:"title" yaml:"title"`
	Claim        string         `json:"claim" yaml:"claim"`                 // what the cardholder says
	OverturnWith string         `json:"overturn_with" yaml:"overturn_with"` // what answers it
	Contest      Contest        `json:"contest" yaml:"contest"`
	// Evidence lists the slots worth filling by type of product, best first.
	Evidence   map[ProductType][]dispute.EvidenceField `json:"evidence" yaml:"evidence"`
	Source     string                                  `json:"source" yaml:"source"`
	Confidence Confidence                              `json:"confidence" yaml:"confidence"`
}

// FamilyInfo is what is known of a family. A family that is not ours is
// answered as general.
func FamilyInfo(f dispute.Family) FamilyFacts {
	facts, ok := data().families[f]
	if !ok {
		facts = data().families[dispute.FamilyGeneral]
	}
	evidence := make(map[ProductType][]dispute.EvidenceField, len(facts.Evidence))
	for product, fields := range facts.Evidence {
		evidence[product] = slices.Clone(fields)
	}
	facts.Evidence = evidence
	return facts
}

// Family is the routing family of a dispute: that of the network's code, else
// that of the provider's own word, else general. Under an umbrella code (such
// as Mastercard 4853) the provider's word wins when it names one of the code's
// sub-reasons, because the code alone only says the commonest.
func Family(s dispute.Snapshot) dispute.Family {
	word := familyOfWord(s.Reason)
	if word == dispute.FamilyGeneral {
		word = familyOfWord(s.NetworkCode)
	}
	code, ok := Reason(s.Network, s.NetworkCode)
	switch {
	case !ok, code.Family == dispute.FamilyGeneral:
		return word
	case word != dispute.FamilyGeneral && code.covers(word):
		return word
	}
	return code.Family
}

// KnownReason reports whether the catalogue knows the dispute's reason: the
// network's code, or the provider's word.
func KnownReason(s dispute.Snapshot) bool {
	if _, ok := Reason(s.Network, s.NetworkCode); ok {
		return true
	}
	_, word := data().words[strings.ToLower(strings.TrimSpace(s.Reason))]
	return word
}

// covers reports whether f is the family of one of an umbrella code's claims.
func (r ReasonCode) covers(f dispute.Family) bool {
	return slices.ContainsFunc(r.SubReasons, func(s SubReason) bool { return s.Family == f })
}

// familyOfWord is the family of a provider's own word, in any case.
func familyOfWord(word string) dispute.Family {
	if f, ok := data().words[strings.ToLower(strings.TrimSpace(word))]; ok {
		return f
	}
	return dispute.FamilyGeneral
}

// ReasonText is the reason of a dispute in words: the network's title of the
// code, else the title of the family.
func ReasonText(s dispute.Snapshot) string {
	if code, ok := Reason(s.Network, s.NetworkCode); ok {
		return code.Title
	}
	return FamilyInfo(Family(s)).Title
}

// Title is the one-line name of a dispute's reason:
// "Visa 13.1 · Merchandise or services not received". What is not known is
// left out; an unknown code is shown as it came.
func Title(s dispute.Snapshot) string {
	shown := strings.TrimSpace(s.NetworkCode)
	if code, ok := Reason(s.Network, s.NetworkCode); ok {
		shown = code.Code
	}
	head := strings.TrimSpace(NetworkName(s.Network) + " " + shown)
	if head == "" {
		return ReasonText(s)
	}
	return head + " · " + ReasonText(s)
}
