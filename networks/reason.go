package networks

import (
	"slices"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// CodeKind is what a network's code announces. Only disputes and compliance
// cases move money.
type CodeKind string

// The kinds of code.
const (
	KindDispute              CodeKind = "dispute"
	KindRetrievalRequest     CodeKind = "retrieval_request" // a question before a chargeback
	KindCompliance           CodeKind = "compliance"        // a claim that a network rule was broken
	KindAdministrativeNotice CodeKind = "administrative_notice"
	KindDocumentStatus       CodeKind = "document_status" // what was sent could not be read
)

// CodeStatus is whether a network still uses a code.
type CodeStatus string

// The statuses of a code.
const (
	CodeCurrent  CodeStatus = "current"
	CodeLegacy   CodeStatus = "legacy"   // folded into another code, still seen in feeds
	CodeRetired  CodeStatus = "retired"  // no longer issued
	CodeRegional CodeStatus = "regional" // issued in some regions only
)

// ReasonCode is what is known of one reason code of one network. A number means
// different things at different networks, so a code without its network means
// nothing.
type ReasonCode struct {
	Network string `json:"network" yaml:"-"`
	Code    string `json:"code" yaml:"code"`
	Title   string `json:"title" yaml:"title"`
	// Definition is what is claimed, in a sentence: the code's own, else its
	// family's.
	Definition string         `json:"definition" yaml:"definition"`
	Family     dispute.Family `json:"family" yaml:"family"`
	// Category is the network's own sort of claim: fraud, authorization,
	// processing_error, consumer_dispute, inquiry.
	Category string     `json:"category" yaml:"category"`
	Kind     CodeKind   `json:"kind" yaml:"kind"`
	Status   CodeStatus `json:"status" yaml:"status"`
	// Environment is card_present or card_absent where the code is about one.
	Environment string   `json:"environment,omitempty" yaml:"environment"`
	Aliases     []string `json:"aliases,omitempty" yaml:"aliases"`
	// SupersededBy is the code that took over, for legacy and retired ones.
	SupersededBy string `json:"superseded_by,omitempty" yaml:"superseded_by"`

	Contest     Contest `json:"contest" yaml:"contest"`
	ContestWhen string  `json:"contest_when" yaml:"contest_when"`
	AcceptWhen  string  `json:"accept_when" yaml:"accept_when"`
	// Evidence lists the slots worth filling, best first; empty when nothing helps.
	Evidence []dispute.EvidenceField `json:"evidence" yaml:"-"`
	// SubReasons are the claims an umbrella code stands for. Its Family is only
	// the commonest of theirs.
	SubReasons []SubReason `json:"sub_reasons,omitempty" yaml:"sub_reasons"`
	// CompellingEvidence3 says that Visa's Compelling Evidence 3.0 can apply.
	CompellingEvidence3 bool `json:"compelling_evidence_3,omitempty" yaml:"compelling_evidence_3"`
	// FirstPartyTrust says that Mastercard's First-Party Trust programme can apply.
	FirstPartyTrust bool   `json:"first_party_trust,omitempty" yaml:"first_party_trust"`
	Note            string `json:"note,omitempty" yaml:"note"`

	Source     string     `json:"source" yaml:"source"` // where the facts are from
	Confidence Confidence `json:"confidence" yaml:"confidence"`
}

// SubReason is one claim under an umbrella code.
type SubReason struct {
	Title  string         `json:"title" yaml:"title"`
	Family dispute.Family `json:"family" yaml:"family"`
}

// Reason finds a network's reason code as feeds write it: in any case, with the
// words "reason code" around it, a Visa condition without its dots ("104",
// "1040", "1261"), a Mastercard debit code by its last two digits ("37"), a
// Discover code by its letters. Diners Club codes are Discover's.
func Reason(network, code string) (ReasonCode, bool) {
	r, ok := data().reason(network, code)
	return r.clone(), ok
}

func (c *Catalogue) reason(network, code string) (ReasonCode, bool) {
	network = Network(network)
	if network == "diners" {
		network = "discover"
	}
	i, ok := c.byCode[codeKey{network, normalCode(network, code)}]
	if !ok {
		return ReasonCode{}, false
	}
	return c.codes[i], true
}

// ReasonCodes lists every known code, by network and then by code.
func ReasonCodes() []ReasonCode {
	out := make([]ReasonCode, len(data().codes))
	for i, c := range data().codes {
		out[i] = c.clone()
	}
	return out
}

// clone keeps callers from writing into the shared catalogue.
func (r ReasonCode) clone() ReasonCode {
	r.Aliases = slices.Clone(r.Aliases)
	r.Evidence = slices.Clone(r.Evidence)
	r.SubReasons = slices.Clone(r.SubReasons)
	return r
}

// names are the networks as people write them.
var names = map[string]string{
	"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "discover": "Discover",
	"diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay", "nyce": "NYCE", "pulse": "PULSE",
	"cartes_bancaires": "Cartes Bancaires",
}

// synonyms are the words of providers for the networks' names. Adyen's scheme
// codes are mc, cup, diners; Stripe's brands are amex, diners, unionpay.
var synonyms = map[string]string{
	"mc": "mastercard", "master_card": "mastercard", "maestro": "mastercard",
	"american_express": "amex", "ae": "amex", "ax": "amex",
	"diners_club": "diners", "dinersclub": "diners", "cup": "unionpay", "union_pay": "unionpay",
	"china_union_pay": "unionpay", "cartebancaire": "cartes_bancaires", "cb": "cartes_bancaires",
}

// Network is our name of a network for a provider's word: "MC" is mastercard,
// "American Express" is amex. A word that is not known comes back in lower case
// with underscores.
func Network(word string) string {
	n := strings.ToLower(strings.Join(strings.FieldsFunc(word, isSeparator), "_"))
	if known, ok := synonyms[n]; ok {
		return known
	}
	return n
}

// NetworkName is a network as people write it; an unknown one as it came.
func NetworkName(network string) string {
	if name, ok := names[Network(network)]; ok {
		return name
	}
	return strings.TrimSpace(network)
}

func isSeparator(r rune) bool { return r == ' ' || r == '_' || r == '-' || r == '\t' }

// normalCode is the form under which the catalogue keeps a code. Letters are
// never dropped one by one, because R03, RG and RM are codes.
func normalCode(network, code string) string {
	words := strings.FieldsFunc(strings.ToUpper(code), func(r rune) bool { return isSeparator(r) || r == ':' || r == '#' })
	words = slices.DeleteFunc(words, func(w string) bool { return w == "REASON" || w == "CODE" })
	c := strings.Join(words, "")
	switch network {
	case "visa":
		return visaCondition(c)
	case "mastercard":
		if len(c) == 2 && digits(c) {
			return "48" + c
		}
	}
	return c
}

// visaCondition puts the dots into a dispute condition: 104 and 1040 are 10.4,
// 1261 is 12.6.1. Anything else is left alone.
func visaCondition(c string) string {
	bare := strings.ReplaceAll(c, ".", "")
	if !digits(bare) || len(bare) < 3 || len(bare) > 4 || bare[0] != '1' {
		return c
	}
	dotted := bare[:2] + "." + bare[2:3]
	if len(bare) == 4 && bare[3] != '0' {
		dotted += "." + bare[3:]
	}
	return dotted
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
