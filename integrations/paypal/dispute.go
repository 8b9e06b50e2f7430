package paypal

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/currency"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// wireDispute is the part of PayPal's dispute that we read. It has no messages
// and no texts of evidence on purpose: those hold what people wrote.
type wireDispute struct {
	ID                 string            `json:"dispute_id"`
	CreateTime         string            `json:"create_time"`
	UpdateTime         string            `json:"update_time"`
	Transactions       []wireTransaction `json:"disputed_transactions"`
	Reason             string            `json:"reason"`
	ExternalReasonCode string            `json:"external_reason_code"`
	Status             string            `json:"status"`
	// State is the same from the seller's side. The contract has it in lists
	// only; PayPal's examples have it in the details, too.
	State     string    `json:"dispute_state"`
	Stage     string    `json:"dispute_life_cycle_stage"`
	Channel   string    `json:"dispute_channel"`
	Amount    wireMoney `json:"dispute_amount"`
	SellerDue string    `json:"seller_response_due_date"`
	Outcome   struct {
		Code string `json:"outcome_code"`
	} `json:"dispute_outcome"`
	Movements      []wireMovement `json:"money_movements"`
	Evidences      []wireSource   `json:"evidences"`
	SupportingInfo []wireSource   `json:"supporting_info"`
	Options        struct {
		AcceptClaim struct {
			Types []string `json:"accept_claim_types"`
		} `json:"accept_claim"`
	} `json:"allowed_response_options"`
	Links []wireLink `json:"links"`
}

// wireTransaction has what a payment is known by; only Payment reads the buyer.
type wireTransaction struct {
	SellerID   string    `json:"seller_transaction_id"`
	CreateTime string    `json:"create_time"`
	Gross      wireMoney `json:"gross_amount"`
	Invoice    string    `json:"invoice_number"`
	Custom     string    `json:"custom"`
	Buyer      struct {
		Name  string `json:"name"`
		Email string `json:"email"`
	} `json:"buyer"`
}

type wireMovement struct {
	AffectedParty string    `json:"affected_party"`
	Amount        wireMoney `json:"amount"`
	InitiatedTime string    `json:"initiated_time"`
	Type          string    `json:"type"`
	Reason        string    `json:"reason"`
}

type wireSource struct {
	Source string `json:"source"`
	Type   string `json:"evidence_type"`
}

type wireLink struct {
	Href string `json:"href"`
	Rel  string `json:"rel"`
}

// readSnapshot reads a dispute object.
func readSnapshot(raw []byte) (dispute.Snapshot, error) {
	var w wireDispute
	if err := json.Unmarshal(raw, &w); err != nil || w.ID == "" || w.Status == "" {
		return dispute.Snapshot{}, errors.New("there is no dispute in it")
	}
	return w.snapshot()
}

// snapshot is the dispute in our words. It fails only on an amount that cannot
// be read exactly; one in no ISO currency is left out: a dispute without an amount
// is still watched.
func (w *wireDispute) snapshot() (dispute.Snapshot, error) {
	amount, err := w.Amount.money()
	if err != nil {
		return dispute.Snapshot{}, fmt.Errorf("dispute %s: %w", w.ID, err)
	}
	movements, err := w.movements()
	if err != nil {
		return dispute.Snapshot{}, fmt.Errorf("dispute %s: %w", w.ID, err)
	}
	status, stage := w.standing()
	submissions := submitted(w.Evidences) + submitted(w.SupportingInfo)
	s := dispute.Snapshot{
		ID: w.ID, Amount: amount, Reason: w.Reason, NetworkCode: w.ExternalReasonCode,
		RawStatus: w.Status, Status: status, Stage: stage,
		OpenedAt: moment(w.CreateTime), DueBy: moment(w.SellerDue),
		HasEvidence: submissions > 0, SubmissionCount: submissions, Movements: movements,
	}
	if w.Status == resolved && w.Outcome.Code != "" {
		s.RawStatus += " " + w.Outcome.Code
	}
	if w.Status == resolved && s.DueBy.Before(moment(w.UpdateTime)) {
		s.DueBy = time.Time{} // it was for the answer before the verdict, not for an appeal
	}
	if w.Channel != "EXTERNAL" {
		s.Network = name // PayPal decides by its own rules, not a card network's
	}
	if len(w.Transactions) > 0 {
		s.Payment = w.Transactions[0].SellerID
	}
	return s, nil
}

const (
	resolved  = "RESOLVED"
	appealing = "APPEALABLE"
)

// stages maps PayPal's life cycle. CHARGEBACK is PayPal's claim: of a card only
// when the channel is EXTERNAL. An unknown one counts as that, because the
// money is then at stake.
var stages = map[string]dispute.Stage{
	"INQUIRY":         dispute.StageInquiry,
	"CHARGEBACK":      dispute.StageChargeback,
	"PRE_ARBITRATION": dispute.StagePreArbitration,
	"ARBITRATION":     dispute.StageArbitration,
}

// statuses maps PayPal's statuses whose meaning does not depend on more.
var statuses = map[string]dispute.ProviderStatus{
	"WAITING_FOR_SELLER_RESPONSE": dispute.ProviderNeedsResponse,
	"WAITING_FOR_BUYER_RESPONSE":  dispute.ProviderUnderReview,
	"UNDER_REVIEW":                dispute.ProviderUnderReview,
}

// states says whose turn it is where the status (OPEN, OTHER, a new one) does
// not.
var states = map[string]dispute.ProviderStatus{
	"OPEN_INQUIRIES":              dispute.ProviderNeedsResponse,
	"REQUIRED_ACTION":             dispute.ProviderNeedsResponse,
	"REQUIRED_OTHER_PARTY_ACTION": dispute.ProviderUnderReview,
	"UNDER_PAYPAL_REVIEW":         dispute.ProviderUnderReview,
}

// outcomes maps how a resolved dispute ended. ACCEPTED and DENIED are PayPal's
// decision about the buyer's claim; RESOLVED_WITH_PAYOUT means that PayPal paid
// and the seller keeps the money; NONE is a case closed without a decision. The
// last two are read from documents and were never seen.
var outcomes = map[string]dispute.ProviderStatus{
	"RESOLVED_BUYER_FAVOUR":  dispute.ProviderLost,
	"RESOLVED_SELLER_FAVOUR": dispute.ProviderWon,
	"RESOLVED_WITH_PAYOUT":   dispute.ProviderWon,
	"CANCELED_BY_BUYER":      dispute.ProviderWon,
	"ACCEPTED":               dispute.ProviderLost,
	"DENIED":                 dispute.ProviderWon,
	"NONE":                   dispute.ProviderClosed,
}

// standing maps status, state, outcome and life cycle. A claim that was lost
// and that can be appealed waits for an answer in pre-arbitration: the
// loss is told once that has passed.
func (w *wireDispute) standing() (dispute.ProviderStatus, dispute.Stage) {
	stage, ok := stages[w.Stage]
	if !ok {
		stage = dispute.StageChargeback
	}
	if w.Status == resolved {
		return w.verdict(stage)
	}
	if status, ok := statuses[w.Status]; ok {
		return status, stage
	}
	if status, ok := states[w.State]; ok {
		return status, stage
	}
	if w.Status == "OPEN" {
		return dispute.ProviderNeedsResponse, stage
	}
	return dispute.ProviderUnknown, stage
}

func (w *wireDispute) verdict(stage dispute.Stage) (dispute.ProviderStatus, dispute.Stage) {
	status, ok := outcomes[w.Outcome.Code]
	switch {
	case !ok:
		return dispute.ProviderUnknown, stage
	case status == dispute.ProviderLost && w.appealable():
		return dispute.ProviderNeedsResponse, dispute.StagePreArbitration
	case status == dispute.ProviderWon && stage == dispute.StageInquiry:
		return dispute.ProviderClosed, stage // an inquiry that no claim followed
	}
	return status, stage
}

// appealable says that PayPal takes an appeal: by the state, which the contract
// has in lists only, or by the link that an appeal is sent to.
func (w *wireDispute) appealable() bool {
	_, offered := find(w.Links, "appeal")
	return offered || w.State == appealing
}

// submitted counts what the seller handed in.
func submitted(list []wireSource) int {
	n := 0
	for _, e := range list {
		if e.Source == "SUBMITTED_BY_SELLER" {
			n++
		}
	}
	return n
}

// movements are those of the seller's balance. PayPal gives them no ids: one is
// made of what it says, with a number where two say the same. Their reasons are
// words that the ledger knows.
func (w *wireDispute) movements() ([]dispute.Movement, error) {
	var out []dispute.Movement
	same := map[string]int{}
	for _, m := range w.Movements {
		amount, err := m.Amount.money()
		if err != nil {
			return nil, err
		}
		if m.AffectedParty != "SELLER" || amount == (dispute.Money{}) {
			continue
		}
		if m.Type == "DEBIT" {
			amount = amount.Neg()
		}
		told := strings.Join([]string{w.ID, m.Type, m.Reason, amount.String(), m.InitiatedTime}, "|")
		same[told]++
		sum := sha256.Sum256(fmt.Appendf(nil, "%s|%d", told, same[told]))
		out = append(out, dispute.Movement{
			ID: "mm_" + hex.EncodeToString(sum[:10]), Category: cmp.Or(m.Reason, m.Type),
			Amount: amount.Minor, Net: amount.Minor, Currency: amount.Currency, At: moment(m.InitiatedTime),
		})
	}
	return out, nil
}

// wireMoney is an amount as PayPal writes it: a decimal number as text.
type wireMoney struct {
	Currency string `json:"currency_code"`
	Value    string `json:"value"`
}

// money reads the amount exactly; none, and one that is not of a currency by ISO
// 4217 such as PYUSD or BTC, is the zero Money: its minor unit is not known. PayPal
// may leave out the digit before the point and may write decimals that a currency
// does not have, when they are noughts.
func (m wireMoney) money() (dispute.Money, error) {
	if _, err := currency.ParseISO(m.Currency); err != nil {
		return dispute.Money{}, nil
	}
	whole, fraction, point := strings.Cut(m.Value, ".")
	if point && (whole == "" || whole == "-") {
		whole += "0"
	}
	for len(fraction) > dispute.Exponent(m.Currency) && strings.HasSuffix(fraction, "0") {
		fraction = strings.TrimSuffix(fraction, "0")
	}
	value := whole
	if fraction != "" {
		value += "." + fraction
	}
	out, err := dispute.ParseMoney(value + " " + m.Currency)
	if err != nil {
		return dispute.Money{}, errors.New("an amount is no decimal number of its currency")
	}
	return out, nil
}

// moment reads a time of PayPal's, whose T and Z may be small; zero when it is
// none.
func moment(text string) time.Time {
	at, err := time.Parse(time.RFC3339, strings.ToUpper(text))
	if at = at.UTC(); err != nil || at.Year() < 1 || at.Year() > 9999 {
		return time.Time{}
	}
	return at
}
