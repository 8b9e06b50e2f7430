package localpayment

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// answerWindow is how long documentation is taken: "The merchant must respond
// to a chargeback notice within 7 days of the notice. Otherwise … the case is
// closed to the benefit of the payer" (Localpayment, chargeback notification).
const answerWindow = 7 * 24 * time.Hour

// codeChargeback is the status of a pay-in that is charged back.
const codeChargeback = "906"

// transaction is the part of Localpayment's transaction that we read. It has
// neither payer, merchant nor card number on purpose: those are personal.
type transaction struct {
	ExternalID string      `json:"externalId"` // the merchant's, given with the order
	InternalID string      `json:"internalId"`
	Currency   string      `json:"currency"`
	Amount     json.Number `json:"amount"` // in major units
	Comment    string      `json:"comment"`
	Status     status      `json:"status"`
	Card       struct {
		Brand string `json:"brand"`
	} `json:"card"`
	Date struct { // of a pay-in
		Created   string `json:"creationDate"`
		Processed string `json:"processedDate"`
	} `json:"date"`
	Created   string `json:"dateCreated"` // of a chargeback
	Processed string `json:"dateProcessed"`
}

type status struct {
	Code        code   `json:"code"`
	Description string `json:"description"`
}

// word is the status as Localpayment words it.
func (s status) word() string {
	if s.Description != "" {
		return s.Description
	}
	return string(s.Code)
}

// code is a status code, which Localpayment documents as a number and sends as
// a text.
type code string

// UnmarshalJSON reads either form.
func (c *code) UnmarshalJSON(data []byte) error {
	*c = code(strings.Trim(string(data), `"`))
	if *c == "null" {
		*c = ""
	}
	return nil
}

// standing is what a chargeback's status means.
type standing struct {
	kind     dispute.NoticeKind
	status   dispute.ProviderStatus
	answered bool
}

// standings are the statuses of ChargeBack transactions. That COMPLETED is a
// loss is assumed: codes from 200 on are final in all of Localpayment's tables,
// won and lost disputes have codes of their own, and a provider with the same
// words calls it "the chargeback was executed" (docs.dlocal.com, chargeback
// status). A DISPUTE_WON after it wins.
var standings = map[code]standing{
	"101": {dispute.NoticeUpdated, dispute.ProviderUnderReview, true}, // DOC_RECEIVED
	"102": {dispute.NoticeUpdated, dispute.ProviderUnderReview, true}, // INDISPUTE: sent on to the acquirer
	"200": {dispute.NoticeClosed, dispute.ProviderLost, false},        // COMPLETED
	"201": {dispute.NoticeClosed, dispute.ProviderLost, false},        // DISPUTE_LOST
	"202": {dispute.NoticeClosed, dispute.ProviderWon, false},         // DISPUTE_WON
}

// opened is the dispute of a pay-in that is charged back. The dispute's id is
// the externalId: it is the only id that the pay-in, its ChargeBack
// transactions and the call that takes documentation share, while each
// transaction has an internalId of its own. DueBy is Localpayment's rule,
// reckoned from the notice, because no date comes with it. An amount that
// cannot be read is left out rather than guessed.
func (t transaction) opened(noticed time.Time) dispute.Snapshot {
	return dispute.Snapshot{
		ID: t.ExternalID, Payment: t.InternalID, Amount: money(t.Amount, t.Currency), Network: strings.ToLower(t.Card.Brand),
		RawStatus: t.Status.word(), Status: dispute.ProviderNeedsResponse, Stage: dispute.StageChargeback,
		OpenedAt: noticed, DueBy: noticed.Add(answerWindow),
		DueUnsigned: true, // nobody named it: the same notice in other words, days later, must not put it off
	}
}

// moved is how a dispute stands after a ChargeBack callback, and nothing else:
// such a callback tells neither amount nor payment method.
func (t transaction) moved() (dispute.NoticeKind, dispute.Snapshot) {
	s := dispute.Snapshot{
		ID: t.ExternalID, Payment: t.originator(),
		RawStatus: t.Status.word(), Status: dispute.ProviderUnknown, Stage: dispute.StageChargeback,
	}
	known, ok := standings[t.Status.Code]
	if !ok {
		return dispute.NoticeUnknown, s
	}
	s.Status, s.HasEvidence = known.status, known.answered
	if known.answered {
		s.SubmissionCount = 1
	}
	return known.kind, s
}

// originator is the internalId of the pay-in that is charged back, which the
// comment ends in: "ChargeBack transaction originated by: 7fd9c89a-…".
func (t transaction) originator() string {
	_, id, _ := strings.Cut(t.Comment, "originated by:")
	if id = strings.TrimSpace(id); strings.ContainsAny(id, " \t\n") {
		return ""
	}
	return id
}

// at is when the transaction came to its status; zero when it does not tell.
func (t transaction) at() time.Time {
	return moment(t.Processed, t.Date.Processed, t.Created, t.Date.Created)
}

// created is when the transaction began; zero when it does not tell.
func (t transaction) created() time.Time { return moment(t.Created, t.Date.Created) }

// moment is the first of the texts that is a time.
func moment(texts ...string) time.Time {
	for _, text := range texts {
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}

// money reads an amount in major units, such as 1005.0 pesos of a currency that
// has no cents; it is no money when it is none.
func money(amount json.Number, currency string) dispute.Money {
	text := amount.String()
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	m, err := dispute.ParseMoney(text + " " + currency)
	if err != nil {
		return dispute.Money{}
	}
	return m
}
