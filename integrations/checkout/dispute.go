package checkout

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// wireDispute is the part of Checkout.com's dispute that we read. A list and a
// webhook name the payment flat, a single dispute in an object. What identifies
// the card, the customer or the order is not read.
type wireDispute struct {
	ID                 string          `json:"id"`
	Category           string          `json:"category"`
	Amount             json.Number     `json:"amount"`
	Currency           string          `json:"currency"`
	ReasonCode         string          `json:"reason_code"`
	Status             string          `json:"status"`
	PaymentID          string          `json:"payment_id"`
	PaymentMethod      string          `json:"payment_method"`
	EvidenceRequiredBy moment          `json:"evidence_required_by"`
	ReceivedOn         moment          `json:"received_on"`
	LastUpdate         moment          `json:"last_update"`
	Date               moment          `json:"date"` // of the event, in webhooks
	RelevantEvidence   json.RawMessage `json:"relevant_evidence"`
	Payment            struct {
		ID     string `json:"id"`
		Method string `json:"method"`
	} `json:"payment"`
}

// standing is what a status of Checkout.com's says.
type standing struct {
	status dispute.ProviderStatus
	stage  dispute.Stage
}

// standings maps the statuses of the API reference and of the SDKs. Another one
// is ProviderUnknown, and a person looks at the case.
//
// Canceled is won: the issuer withdrew and the amount is credited back. Resolved
// is prevented: Checkout.com ended the dispute by itself, because it was
// refunded already, by Visa's rapid resolution or because nothing is left.
// Neither expired nor accepted returns any money.
var standings = map[string]standing{
	received:                   {dispute.ProviderNeedsResponse, dispute.StageChargeback},
	"evidence_required":        {dispute.ProviderNeedsResponse, dispute.StageChargeback},
	"evidence_under_review":    {dispute.ProviderUnderReview, dispute.StageChargeback},
	"won":                      {dispute.ProviderWon, dispute.StageChargeback},
	"lost":                     {dispute.ProviderLost, dispute.StageChargeback},
	"expired":                  {dispute.ProviderLost, dispute.StageChargeback},
	"accepted":                 {dispute.ProviderLost, dispute.StageChargeback},
	"canceled":                 {dispute.ProviderWon, dispute.StageChargeback},
	"resolved":                 {dispute.ProviderPrevented, dispute.StageChargeback},
	"arb_evidence_submitted":   {dispute.ProviderUnderReview, dispute.StageArbitration},
	"arbitration_under_review": {dispute.ProviderUnderReview, dispute.StageArbitration},
	"arbitration_won":          {dispute.ProviderWon, dispute.StageArbitration},
	"arbitration_lost":         {dispute.ProviderLost, dispute.StageArbitration},
}

// openStatuses are those that Checkout.com may still decide, as its list takes
// them. The SDKs' arb_evidence_submitted is not in the API reference's list, and
// an unknown word might refuse the whole request.
const openStatuses = "evidence_required,evidence_under_review,arbitration_under_review"

// networks are Checkout.com's words for a card scheme where ours differ.
var networks = map[string]string{
	"american express":          "amex",
	"diners club":               "diners",
	"diners club international": "diners",
	"cartes bancaires":          "cartes_bancaires",
}

// snapshot is the dispute in our words. Checkout.com tells no movements of money
// here: they are in its settlement reports.
func (w *wireDispute) snapshot() dispute.Snapshot {
	is, known := standings[w.Status]
	if !known {
		is = standing{dispute.ProviderUnknown, dispute.StageChargeback}
		if strings.HasPrefix(w.Status, "arb") {
			is.stage = dispute.StageArbitration
		}
	}
	method := strings.ToLower(strings.TrimSpace(cmp.Or(w.PaymentMethod, w.Payment.Method)))
	return dispute.Snapshot{
		ID: w.ID, Payment: cmp.Or(w.PaymentID, w.Payment.ID), Amount: money(w.Amount, w.Currency),
		Reason: w.Category, Network: cmp.Or(networks[method], method), NetworkCode: strings.TrimSpace(w.ReasonCode),
		RawStatus: w.Status, Status: is.status, Stage: is.stage,
		OpenedAt: w.ReceivedOn.Time, DueBy: w.EvidenceRequiredBy.Time,
	}
}

// relevant lists the categories of evidence that the dispute asks for. The API
// reference describes a list of lists, the SDKs a list of words; both are read.
func (w *wireDispute) relevant() []string {
	var words []string
	if json.Unmarshal(w.RelevantEvidence, &words) == nil {
		return words
	}
	var lists [][]string
	if json.Unmarshal(w.RelevantEvidence, &lists) == nil {
		return slices.Concat(lists...)
	}
	return nil
}

// money reads an amount in Checkout.com's minor units, which are ISO 4217's but
// for the Chilean peso, written in hundredths
// (checkout.com/docs/resources/calculating-the-amount). What is no whole number
// of them is no money.
func money(amount json.Number, currency string) dispute.Money {
	whole, fraction, _ := strings.Cut(amount.String(), ".")
	minor, err := strconv.ParseInt(whole, 10, 64)
	currency = strings.ToUpper(currency)
	if err != nil || strings.Trim(fraction, "0") != "" || !isCurrency(currency) {
		return dispute.Money{}
	}
	if currency == "CLP" {
		if minor%100 != 0 {
			return dispute.Money{}
		}
		minor /= 100
	}
	return dispute.Money{Minor: minor, Currency: currency}
}

func isCurrency(c string) bool {
	return len(c) == 3 && strings.Trim(c, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// moment is a time as Checkout.com writes it: RFC 3339, without a zone in some
// places (then UTC), without a time in others. What is none of these is no time.
type moment struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (m *moment) UnmarshalJSON(raw []byte) error {
	text := string(bytes.Trim(raw, `"`))
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		at, err = time.Parse("2006-01-02T15:04:05", text)
	}
	if err != nil {
		m.Time = dispute.ParseDay(text)
		return nil
	}
	if at = at.UTC(); at.Year() >= 1 && at.Year() <= 9999 {
		m.Time = at
	}
	return nil
}

func disputePath(id string) string { return "/disputes/" + url.PathEscape(id) }

// read reads one dispute.
func (a *adapter) read(ctx context.Context, id string) (*wireDispute, error) {
	op := "read dispute " + id
	var out wireDispute
	if _, err := a.http.Do(ctx, vendorhttp.Request{Op: op, Method: http.MethodGet, Path: disputePath(id)}, &out); err != nil {
		return nil, err
	}
	if out.ID == "" {
		return nil, dispute.Errorf(dispute.Transient, name+": "+op, "the answer is no dispute")
	}
	return &out, nil
}

// Get implements integrations.Reader. Evidence that was submitted shows by the
// status evidence_under_review; staged evidence does not show.
func (a *adapter) Get(ctx context.Context, ref dispute.Ref) (dispute.Snapshot, error) {
	w, err := a.read(ctx, ref.ID)
	if err != nil {
		return dispute.Snapshot{}, err
	}
	return w.snapshot(), nil
}
