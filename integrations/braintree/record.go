package braintree

import (
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// record is a dispute as both of Braintree's formats tell it. The classic one
// writes its words in small letters, GraphQL in capitals; amounts are decimals
// and dates have no time.
type record struct {
	id, payment           string
	kind, status, program string
	amount, won, currency string
	reason, code, brand   string
	createdAt             string // with a time
	received, replyBy     string // dates
	evidence              int    // pieces
	history               []event
}

// event is one status that a dispute passed through.
type event struct{ status, at, effective, disbursed string }

// statuses maps Braintree's statuses to ours. Another one is ProviderUnknown,
// and a person looks at the case. Finalizing makes a dispute "disputed"; a
// silent merchant's becomes "auto_accepted" or "expired".
var statuses = map[string]dispute.ProviderStatus{
	"open":          dispute.ProviderNeedsResponse,
	"disputed":      dispute.ProviderUnderReview,
	"under_review":  dispute.ProviderUnderReview,
	"won":           dispute.ProviderWon,
	"lost":          dispute.ProviderLost,
	"accepted":      dispute.ProviderLost,
	"auto_accepted": dispute.ProviderLost,
	"expired":       dispute.ProviderLost,
}

var stages = map[string]dispute.Stage{
	"retrieval":       dispute.StageInquiry,
	"chargeback":      dispute.StageChargeback,
	"pre_arbitration": dispute.StagePreArbitration,
}

// autoAnswer is what Braintree does with an open dispute that nobody answers:
// "If you do not respond by the reply-by date … an Accept response will be sent
// on your behalf" (guides/disputes/evidence-requirements).
const autoAnswer = "accept"

// snapshot is the dispute in our words. Without an amount that can be read it is
// thin.
func (r record) snapshot() dispute.Snapshot {
	s := dispute.Snapshot{
		ID: r.id, Payment: r.payment, Amount: money(r.amount, r.currency),
		Reason: strings.ToLower(r.reason), Network: brand(r.brand), NetworkCode: strings.TrimSpace(r.code),
		RawStatus: strings.ToLower(r.status), Status: dispute.ProviderUnknown, Stage: dispute.StageChargeback,
		OpenedAt: instant(r.createdAt), DueBy: dispute.ParseDay(r.replyBy), HasEvidence: r.evidence > 0,
		// Rapid Dispute Resolution decides by itself: there is nobody to answer.
		NoResponse: strings.EqualFold(r.program, "visa_rdr"), Movements: r.movements(),
	}
	if status, ok := statuses[s.RawStatus]; ok {
		s.Status = status
	}
	if stage, ok := stages[strings.ToLower(r.kind)]; ok {
		s.Stage = stage
	}
	if s.OpenedAt.IsZero() {
		s.OpenedAt = dispute.ParseDay(r.received)
	}
	if s.Status == dispute.ProviderNeedsResponse && !s.NoResponse {
		s.AutoAnswer = autoAnswer
	}
	return s
}

// movements are what the history says was disbursed. Braintree names a date with
// the status that the money belongs to, but neither amount nor direction: from
// the verdict "won" and from the day after it the amount won comes back; before
// that, on that day under an earlier status, and when it is lost the disputed
// amount leaves. That reading is assumed; fees are only on the monthly statement.
func (r record) movements() []dispute.Movement {
	disputed, back := money(r.amount, r.currency), money(r.won, r.currency)
	wonOn := r.wonOn()
	var out []dispute.Movement
	for _, e := range r.history {
		on, err := time.Parse(time.DateOnly, e.disbursed)
		if err != nil {
			continue
		}
		status := strings.ToLower(e.status)
		m := dispute.Movement{
			ID: r.id + "_" + status + "_" + e.disbursed, Category: "chargeback",
			Amount: -disputed.Minor, Currency: disputed.Currency, At: on,
		}
		if wonOn != "" && status != "lost" && (status == "won" || e.disbursed > wonOn) {
			m.Category, m.Amount, m.Currency = "chargeback_reversal", back.Minor, back.Currency
		}
		m.Net = m.Amount
		if m.Amount != 0 {
			out = append(out, m)
		}
	}
	return out
}

// wonOn is the date of the verdict; empty while the dispute is not won.
func (r record) wonOn() string {
	for _, e := range r.history {
		switch {
		case !strings.EqualFold(e.status, "won"):
		case e.effective != "":
			return e.effective
		case !instant(e.at).IsZero():
			return instant(e.at).Format(time.DateOnly)
		}
	}
	return ""
}

// money reads a decimal; zeros that the currency has no place for are dropped.
// What is none gives no money in no currency.
func money(value, currency string) dispute.Money {
	whole, fraction, _ := strings.Cut(strings.TrimSpace(value), ".")
	if fraction = strings.TrimRight(fraction, "0"); fraction != "" {
		whole += "." + fraction
	}
	m, err := dispute.ParseMoney(whole + " " + currency)
	if err != nil {
		return dispute.Money{}
	}
	return m
}

// brand is our name of a network for Braintree's words: "American Express" and
// AMERICAN_EXPRESS are amex.
func brand(word string) string {
	word = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(word)), " ", "_")
	switch word {
	case "american_express":
		return "amex"
	case "union_pay":
		return "unionpay"
	case "unknown":
		return ""
	}
	return word
}

// instant is a time in UTC; zero when it is none.
func instant(text string) time.Time {
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(text))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}
