package healthsafepay

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// payload is the part of an event's payload that we read. It has no evidence on
// purpose: that holds names and addresses.
type payload struct {
	Amount                json.Number          `json:"amount"`
	EventType             string               `json:"eventType"`
	MerchantTransactionID string               `json:"merchantTransactionId"`
	Reason                string               `json:"reason"`
	Status                string               `json:"status"`
	BalanceTransactions   []balanceTransaction `json:"balanceTransactions"`
}

// balanceTransaction is Stripe's object of that name. Its source is the only
// place that names the dispute, its currency the only one that names a currency.
type balanceTransaction struct {
	ID                string       `json:"id"`
	Amount            int64        `json:"amount"` // in minor units, negative when it was withdrawn
	Fee               int64        `json:"fee"`
	Net               int64        `json:"net"`
	Currency          string       `json:"currency"`
	ExchangeRate      *json.Number `json:"exchange_rate"`
	Created           int64        `json:"created"`
	Description       string       `json:"description"`
	ReportingCategory string       `json:"reporting_category"`
	Type              string       `json:"type"`
	Source            string       `json:"source"`
}

// ofDispute reports whether the movement's source is a dispute: dp_… in the
// sample, du_… in newer Stripe accounts.
func (b balanceTransaction) ofDispute() bool {
	return strings.HasPrefix(b.Source, "dp_") || strings.HasPrefix(b.Source, "du_")
}

// verdict is what an event's name says.
type verdict struct {
	kind   dispute.NoticeKind
	status dispute.ProviderStatus // empty: the payload's own counts
}

var verdicts = map[string]verdict{
	"DISPUTE_INITIATED": {dispute.NoticeOpened, ""},
	"DISPUTE_WON":       {dispute.NoticeClosed, dispute.ProviderWon},
	"DISPUTE_LOST":      {dispute.NoticeClosed, dispute.ProviderLost},
}

// standings are the payload's statuses. NEEDS_RESPONSE is documented; the others
// are assumed to be Stripe's, in capitals.
var standings = map[string]struct {
	status dispute.ProviderStatus
	stage  dispute.Stage
}{
	"NEEDS_RESPONSE":         {dispute.ProviderNeedsResponse, dispute.StageChargeback},
	"UNDER_REVIEW":           {dispute.ProviderUnderReview, dispute.StageChargeback},
	"WON":                    {dispute.ProviderWon, dispute.StageChargeback},
	"LOST":                   {dispute.ProviderLost, dispute.StageChargeback},
	"PREVENTED":              {dispute.ProviderPrevented, dispute.StageChargeback},
	"WARNING_NEEDS_RESPONSE": {dispute.ProviderNeedsResponse, dispute.StageInquiry},
	"WARNING_UNDER_REVIEW":   {dispute.ProviderUnderReview, dispute.StageInquiry},
	"WARNING_CLOSED":         {dispute.ProviderClosed, dispute.StageInquiry},
}

// disputeID is empty when no balance transaction has a dispute's source.
func (p payload) disputeID() string { return p.first().Source }

// first is the dispute's oldest movement, which in the sample is the withdrawal.
func (p payload) first() balanceTransaction {
	var out balanceTransaction
	for _, b := range p.BalanceTransactions {
		if b.ofDispute() && (out.Source == "" || b.Created < out.Created) {
			out = b
		}
	}
	return out
}

// newest is when the newest movement was made: a verdict that puts money back
// comes after the withdrawal, and one that moves none wins a tie by its status
// (dispute.Fold).
func (p payload) newest() time.Time {
	var last int64
	for _, b := range p.BalanceTransactions {
		last = max(last, b.Created)
	}
	return unix(last)
}

// snapshot is the dispute in our words; ok is false when no balance transaction
// names it or tells its time. No date is due: HealthSafePay names none, and the
// policy's window counts (dispute.Earliest).
func (p payload) snapshot(event string) (s dispute.Snapshot, ok bool) {
	first := p.first()
	if first.Source == "" || unix(first.Created).IsZero() || p.newest().IsZero() {
		return dispute.Snapshot{}, false
	}
	s = dispute.Snapshot{
		ID: first.Source, Payment: p.MerchantTransactionID, Amount: p.disputed(first), Reason: p.Reason,
		RawStatus: cmp.Or(p.Status, event), Status: dispute.ProviderUnknown, Stage: dispute.StageChargeback,
		OpenedAt: unix(first.Created), Movements: p.movements(),
	}
	if known, ok := standings[p.Status]; ok {
		s.Status, s.Stage = known.status, known.stage
	}
	if v := verdicts[event]; v.status != "" {
		s.Status = v.status
	}
	return s, true
}

// disputed is the disputed amount, which is assumed to be in minor units: in the
// sample it is the withdrawal's. Where the withdrawal was exchanged, or the
// amount is no whole number, the withdrawal's counts, because the currency is
// the withdrawal's. Without a currency there is no amount.
func (p payload) disputed(first balanceTransaction) dispute.Money {
	if len(first.Currency) != 3 {
		return dispute.Money{}
	}
	m := dispute.Money{Minor: max(first.Amount, -first.Amount), Currency: strings.ToUpper(first.Currency)}
	if minor, err := strconv.ParseInt(p.Amount.String(), 10, 64); err == nil && first.ExchangeRate == nil {
		m.Minor = minor
	}
	return m
}

// movements are all balance transactions that have an id. Those of the dispute are named in the
// ledger's words where Stripe's reporting category does not come along.
func (p payload) movements() []dispute.Movement {
	var out []dispute.Movement
	for _, b := range p.BalanceTransactions {
		if b.ID == "" {
			continue
		}
		category := b.ReportingCategory
		switch {
		case category != "" || !b.ofDispute():
		case b.Amount > 0:
			category = "dispute_reversal"
		default:
			category = "dispute"
		}
		out = append(out, dispute.Movement{
			ID: b.ID, Category: cmp.Or(category, b.Type), Amount: b.Amount, Fee: b.Fee, Net: b.Net,
			Currency: strings.ToUpper(b.Currency), At: unix(b.Created), Description: b.Description,
		})
	}
	return out
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
