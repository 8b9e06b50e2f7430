package stripe

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// wireDispute is the part of Stripe's dispute object that we read, of any API
// version. It has no evidence on purpose: that holds names and addresses. The
// SDK's own type lacks the newer fields and cannot tell a due_by of 0 from none.
type wireDispute struct {
	ID                       string   `json:"id"`
	Object                   string   `json:"object"`
	Amount                   int64    `json:"amount"`
	Currency                 string   `json:"currency"`
	Charge                   objectID `json:"charge"`
	PaymentIntent            objectID `json:"payment_intent"`
	Created                  int64    `json:"created"`
	Reason                   string   `json:"reason"`
	Status                   string   `json:"status"`
	IsChargeRefundable       bool     `json:"is_charge_refundable"`
	NetworkReasonCode        string   `json:"network_reason_code"` // of old API versions
	IntendedSubmissionMethod string   `json:"intended_submission_method"`
	EvidenceDetails          struct {
		DueBy            *int64 `json:"due_by"`
		HasEvidence      bool   `json:"has_evidence"`
		PastDue          bool   `json:"past_due"`
		SubmissionCount  int    `json:"submission_count"`
		SubmissionMethod string `json:"submission_method"`

		EnhancedEligibility struct {
			Compelling struct {
				Status string `json:"status"`
			} `json:"visa_compelling_evidence_3"`
		} `json:"enhanced_eligibility"`
	} `json:"evidence_details"`
	PaymentMethodDetails struct {
		Type   string      `json:"type"`
		Card   wireCard    `json:"card"`
		Klarna reasonCoded `json:"klarna"`
		PayPal reasonCoded `json:"paypal"`
	} `json:"payment_method_details"`
	BalanceTransactions []wireTransaction `json:"balance_transactions"`
}

type wireCard struct {
	Brand             string `json:"brand"`
	Network           string `json:"network"` // by which it was processed; differs from the brand on co-branded cards
	NetworkReasonCode string `json:"network_reason_code"`
	CaseType          string `json:"case_type"`
}

type reasonCoded struct {
	ReasonCode string `json:"reason_code"`
}

type wireTransaction struct {
	ID                string `json:"id"`
	Amount            int64  `json:"amount"`
	Fee               int64  `json:"fee"`
	Net               int64  `json:"net"`
	Currency          string `json:"currency"`
	Created           int64  `json:"created"`
	Type              string `json:"type"`
	ReportingCategory string `json:"reporting_category"`
	Description       string `json:"description"`
}

// objectID is the id of an object that Stripe gives as an id or, expanded, as
// the object itself.
type objectID string

// UnmarshalJSON reads either form.
func (o *objectID) UnmarshalJSON(data []byte) error {
	if id, ok := stripe.ParseID(data); ok {
		*o = objectID(id)
		return nil
	}
	var expanded struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(data, &expanded); err != nil {
		return err
	}
	*o = objectID(expanded.ID)
	return nil
}

// readSnapshot reads a dispute object; ok is false when it is none.
func readSnapshot(raw []byte) (s dispute.Snapshot, ok bool) {
	var w wireDispute
	if err := json.Unmarshal(raw, &w); err != nil || w.ID == "" || w.Object != "dispute" {
		return dispute.Snapshot{}, false
	}
	return w.snapshot(), true
}

func (w *wireDispute) snapshot() dispute.Snapshot {
	status, stage := w.standing()
	network, code := w.network()
	s := dispute.Snapshot{
		ID:                w.ID,
		Payment:           string(w.Charge),
		PaymentIntent:     string(w.PaymentIntent),
		Amount:            money(w.Amount, w.Currency),
		Reason:            w.Reason,
		Network:           network,
		NetworkCode:       code,
		RawStatus:         w.Status,
		Status:            status,
		Stage:             stage,
		OpenedAt:          unix(w.Created),
		PastDue:           w.EvidenceDetails.PastDue,
		HasEvidence:       w.EvidenceDetails.HasEvidence,
		SubmissionCount:   w.EvidenceDetails.SubmissionCount,
		AutoAnswer:        w.autoAnswer(),
		RefundableInquiry: w.IsChargeRefundable && stage == dispute.StageInquiry,
		Movements:         w.movements(),
	}
	// "Will be 0 if the customer's bank or credit card company doesn't allow a
	// response" (Stripe's contract of evidence_details.due_by); null names no date.
	if due := w.EvidenceDetails.DueBy; due != nil {
		s.NoResponse = *due == 0
		s.DueBy = unix(*due)
	}
	return s
}

// standing maps Stripe's status (docs.stripe.com/api/disputes/object). The
// appeal statuses exist since 2026-10-28; charge_refunded is no longer given.
func (w *wireDispute) standing() (dispute.ProviderStatus, dispute.Stage) {
	switch w.Status {
	case "warning_needs_response":
		return dispute.ProviderNeedsResponse, dispute.StageInquiry
	case "warning_under_review":
		return dispute.ProviderUnderReview, dispute.StageInquiry
	case "warning_closed":
		return dispute.ProviderClosed, dispute.StageInquiry
	case "needs_response":
		return dispute.ProviderNeedsResponse, dispute.StageChargeback
	case "under_review":
		return dispute.ProviderUnderReview, dispute.StageChargeback
	case "appeal_needs_response":
		return dispute.ProviderNeedsResponse, dispute.StagePreArbitration
	case "appeal_under_review":
		return dispute.ProviderUnderReview, dispute.StagePreArbitration
	case "won":
		return dispute.ProviderWon, dispute.StageChargeback
	case "lost":
		return dispute.ProviderLost, dispute.StageChargeback
	case "prevented":
		return dispute.ProviderPrevented, dispute.StageChargeback
	case "charge_refunded":
		return dispute.ProviderClosed, dispute.StageChargeback
	}
	if w.PaymentMethodDetails.Card.CaseType == "inquiry" || strings.HasPrefix(w.Status, "warning_") {
		return dispute.ProviderUnknown, dispute.StageInquiry
	}
	return dispute.ProviderUnknown, dispute.StageChargeback
}

func (w *wireDispute) network() (name, code string) {
	pm := w.PaymentMethodDetails
	switch pm.Type {
	case "", "card":
		return firstOf(pm.Card.Network, pm.Card.Brand), firstOf(pm.Card.NetworkReasonCode, w.NetworkReasonCode)
	case "klarna":
		return pm.Type, pm.Klarna.ReasonCode
	case "paypal":
		return pm.Type, pm.PayPal.ReasonCode
	default:
		return pm.Type, w.NetworkReasonCode
	}
}

// autoAnswer is what Stripe intends to do or, where it does not say, how the
// evidence went out (docs.stripe.com/changelog/endive/2026-10-28).
func (w *wireDispute) autoAnswer() string {
	if w.IntendedSubmissionMethod != "" {
		return w.IntendedSubmissionMethod
	}
	if m := w.EvidenceDetails.SubmissionMethod; m != "not_submitted" {
		return m
	}
	return ""
}

func (w *wireDispute) movements() []dispute.Movement {
	var out []dispute.Movement
	for _, t := range w.BalanceTransactions {
		out = append(out, dispute.Movement{
			ID:          t.ID,
			Category:    firstOf(t.ReportingCategory, t.Type),
			Amount:      minor(t.Amount, t.Currency),
			Fee:         minor(t.Fee, t.Currency),
			Net:         minor(t.Net, t.Currency),
			Currency:    strings.ToUpper(t.Currency),
			At:          unix(t.Created),
			Description: t.Description,
		})
	}
	slices.SortStableFunc(out, func(a, b dispute.Movement) int { return a.At.Compare(b.At) })
	return out
}

// minor turns Stripe's amount into ISO 4217 minor units. Stripe writes the
// krona and the Ugandan shilling in hundredths although they have none, and the
// ariary without (docs.stripe.com/currencies, special cases).
func minor(amount int64, currency string) int64 {
	switch strings.ToUpper(currency) {
	case "ISK", "UGX":
		return amount / 100
	case "MGA":
		return amount * 100
	default:
		return amount
	}
}

func money(amount int64, currency string) dispute.Money {
	return dispute.Money{Minor: minor(amount, currency), Currency: strings.ToUpper(currency)}
}

// lastSecond is the last second of the year 9999, beyond which a time has no
// RFC 3339 form.
const lastSecond = 253402300799

// unix is a moment by Stripe's clock; zero when it names none.
func unix(seconds int64) time.Time {
	if seconds <= 0 || seconds > lastSecond {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
