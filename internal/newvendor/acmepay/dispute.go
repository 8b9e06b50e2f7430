package acmepay

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// wireDispute is the part of Acmepay's dispute that we read. Amounts are in
// minor units: write here where the vendor differs, and for which currencies.
type wireDispute struct {
	ID          string         `json:"id"`
	PaymentID   string         `json:"payment_id"`
	Amount      int64          `json:"amount"`
	Currency    string         `json:"currency"`
	Reason      string         `json:"reason"`
	Network     string         `json:"network"`
	NetworkCode string         `json:"network_code"`
	Stage       string         `json:"stage"`
	Status      string         `json:"status"`
	OpenedAt    time.Time      `json:"opened_at"`
	DueBy       time.Time      `json:"due_by"`
	Submissions int            `json:"submissions"`
	Movements   []wireMovement `json:"movements"`
}

type wireMovement struct {
	ID       string    `json:"id"`
	Type     string    `json:"type"`
	Amount   int64     `json:"amount"`
	Fee      int64     `json:"fee"`
	Currency string    `json:"currency"`
	At       time.Time `json:"at"`
}

// snapshot is the dispute in our words. Routing goes by the network's code, or
// else by the reason: Acmepay's words for it belong into
// networks/data/providers.yaml, and one that is not there goes to a person.
func (w wireDispute) snapshot() dispute.Snapshot {
	s := dispute.Snapshot{
		ID: w.ID, Payment: w.PaymentID, Amount: dispute.Money{Minor: w.Amount, Currency: strings.ToUpper(w.Currency)},
		Reason: w.Reason, Network: w.Network, NetworkCode: w.NetworkCode,
		RawStatus: w.Status, Status: dispute.ProviderUnknown, Stage: dispute.StageChargeback,
		OpenedAt: w.OpenedAt.UTC(), DueBy: w.DueBy.UTC(), SubmissionCount: w.Submissions,
	}
	if status, ok := statuses[w.Status]; ok {
		s.Status = status
	}
	if stage, ok := stages[w.Stage]; ok {
		s.Stage = stage
	}
	for _, m := range w.Movements {
		s.Movements = append(s.Movements, dispute.Movement{
			ID: m.ID, Category: cmp.Or(categories[m.Type], m.Type), Amount: m.Amount, Fee: m.Fee, Net: m.Amount - m.Fee,
			Currency: strings.ToUpper(m.Currency), At: m.At.UTC(),
		})
	}
	return s
}

// categories maps Acmepay's movements to the words that the ledger knows
// (ledger/classify.go). Another word ends in suspense, for a person to look at.
var categories = map[string]string{
	"dispute_withdrawal": "chargeback",
	"dispute_return":     "chargeback_reversal",
	"dispute_fee":        "dispute_fee",
}

// statuses maps Acmepay's statuses to ours. Another one is ProviderUnknown, and
// a person looks at the case.
var statuses = map[string]dispute.ProviderStatus{
	"needs_response": dispute.ProviderNeedsResponse,
	"under_review":   dispute.ProviderUnderReview,
	"won":            dispute.ProviderWon,
	"lost":           dispute.ProviderLost,
	"accepted":       dispute.ProviderLost,
}

var stages = map[string]dispute.Stage{
	"inquiry":         dispute.StageInquiry,
	"chargeback":      dispute.StageChargeback,
	"pre_arbitration": dispute.StagePreArbitration,
}

// Get implements integrations.Reader.
func (a *adapter) Get(ctx context.Context, ref dispute.Ref) (dispute.Snapshot, error) {
	op := "read dispute " + ref.ID
	var out wireDispute
	_, err := a.http.Do(ctx, vendorhttp.Request{Op: op, Method: http.MethodGet, Path: "/v1/disputes/" + url.PathEscape(ref.ID)}, &out)
	if err != nil {
		return dispute.Snapshot{}, err
	}
	if out.ID == "" {
		return dispute.Snapshot{}, dispute.Errorf(dispute.Transient, name+": "+op, "the answer is no dispute")
	}
	return out.snapshot(), nil
}

// Payment implements integrations.PaymentReader. The order is what the sources
// of evidence search by.
func (a *adapter) Payment(ctx context.Context, s dispute.Snapshot) (dispute.Payment, error) {
	op := "read payment " + s.Payment
	var out struct {
		ID       string    `json:"id"`
		Amount   int64     `json:"amount"`
		Currency string    `json:"currency"`
		PaidAt   time.Time `json:"paid_at"`
		Email    string    `json:"email"`
		Name     string    `json:"name"`
		OrderID  string    `json:"order_id"`
	}
	_, err := a.http.Do(ctx, vendorhttp.Request{Op: op, Method: http.MethodGet, Path: "/v1/payments/" + url.PathEscape(s.Payment)}, &out)
	if err != nil {
		return dispute.Payment{}, err
	}
	if out.ID == "" {
		return dispute.Payment{}, dispute.Errorf(dispute.Transient, name+": "+op, "the answer is no payment")
	}
	return dispute.Payment{
		ID: out.ID, Amount: dispute.Money{Minor: out.Amount, Currency: strings.ToUpper(out.Currency)}, At: out.PaidAt.UTC(),
		Email: out.Email, Name: out.Name, OrderID: out.OrderID,
	}, nil
}
