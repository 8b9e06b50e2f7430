package ledger

import (
	"slices"
	"strings"
	"unicode"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// nature is what a movement's money is.
type nature int

const (
	unclear   nature = iota // a person must look
	principal               // disputed money, with the fee when it is in the same line
	fee
	refund
	alertFee
	eitherWay // principal or fee: the category does not say
)

// categories reads the providers' own words, without case and punctuation.
// Sources: Stripe's reporting categories (dispute and dispute_reversal carry
// principal and, in one of two shapes, the fee as a line of its own; stray fees
// come as fee or network_cost), PayPal's money movement reasons, Adyen's
// settlement detail types. alert_fee is ours, for vendors that have no word.
var categories = map[string]nature{
	"dispute":              eitherWay,
	"disputereversal":      eitherWay,
	"fee":                  fee,
	"networkcost":          fee,
	"refund":               refund,
	"alertfee":             alertFee,
	"disputesettlement":    principal,
	"disputesettlementfee": fee,
	"disputefee":           fee,
	"chargebackfee":        fee,
	"chargeback":           principal,
	"secondchargeback":     principal,
	"chargebackreversed":   principal,
	"chargebackreversal":   principal,
}

// classify tells what a movement is, given those before it. A movement whose
// parts do not add up is unclear whatever its category.
func (p *position) classify(m dispute.Movement, disputed []dispute.Money) nature {
	n := categories[letters(m.Category)]
	switch {
	case m.Net != m.Amount-m.Fee:
		return unclear
	case m.Amount == 0 && (n == eitherWay || n == principal):
		return fee
	case n == eitherWay:
		return p.weigh(m, disputed)
	default:
		return n
	}
}

// weigh decides between principal and fee. The sizes are never compared: a
// dispute over 9.99 costs more in fees than in principal. Only an inline fee,
// the description and equality with a known amount count.
func (p *position) weigh(m dispute.Movement, disputed []dispute.Money) nature {
	switch {
	case m.Fee != 0:
		return principal
	case says(m.Description, "fee", "fees"):
		return fee
	case says(m.Description, "withdrawal", "reversal", "reinstatement", "chargeback"):
		return principal
	case m.Amount > 0 && m.Amount == p.counteredFees && m.Amount != p.held:
		return fee
	case m.Amount > 0:
		return principal
	case p.held <= 0 && slices.Contains(disputed, dispute.Money{Minor: -m.Amount, Currency: m.Currency}):
		return principal
	default:
		return unclear
	}
}

// feeKind names a fee of a dispute. Stripe charges one for receiving a dispute
// and a second one for answering it; the second one's line is not documented,
// so the order tells where the description does not.
func (p *position) feeKind(m dispute.Movement) Kind {
	charged := m.Net < 0
	countered := says(m.Description, "counter", "countered")
	compliance := says(m.Description, "compliance")
	switch {
	case charged && compliance:
		return KindComplianceFee
	case charged && (countered || p.feeCharged):
		return KindCounteredFee
	case charged:
		return KindFee
	case !compliance && (countered || m.Net <= p.counteredFees):
		return KindCounteredFeeReturned
	default:
		return KindFeeReturned
	}
}

// says reports whether the text has one of the lower-case words.
func says(text string, words ...string) bool {
	inWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }
	for word := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return !inWord(r) }) {
		if slices.Contains(words, word) {
			return true
		}
	}
	return false
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}
