package braintree

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"net/url"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// notification is what bt_payload holds. Package xml reads no external
// entities.
type notification struct {
	XMLName   xml.Name    `xml:"notification"`
	Kind      string      `xml:"kind"`
	Timestamp string      `xml:"timestamp"`
	Dispute   *xmlDispute `xml:"subject>dispute"`
}

// xmlDispute is the part of a classic dispute that we read. Comments and texts
// of evidence are left out: they may hold personal data.
type xmlDispute struct {
	ID             string `xml:"id"`
	Kind           string `xml:"kind"`
	Status         string `xml:"status"`
	Amount         string `xml:"amount"` // of notifications older than amount-disputed
	AmountDisputed string `xml:"amount-disputed"`
	AmountWon      string `xml:"amount-won"`
	Currency       string `xml:"currency-iso-code"`
	Reason         string `xml:"reason"`
	ReasonCode     string `xml:"reason-code"`
	Program        string `xml:"pre-dispute-program"`
	CreatedAt      string `xml:"created-at"`
	UpdatedAt      string `xml:"updated-at"`
	ReceivedDate   string `xml:"received-date"`
	ReplyByDate    string `xml:"reply-by-date"`
	Transaction    struct {
		ID      string `xml:"id"`
		Subtype string `xml:"payment-instrument-subtype"`
	} `xml:"transaction"`
	Evidence []struct {
		ID string `xml:"id"`
	} `xml:"evidence>evidence"`
	History []struct {
		Status           string `xml:"status"`
		Timestamp        string `xml:"timestamp"`
		EffectiveDate    string `xml:"effective-date"`
		DisbursementDate string `xml:"disbursement-date"`
	} `xml:"status-history>status-history"`
}

func (x xmlDispute) record() record {
	r := record{
		id: x.ID, payment: x.Transaction.ID, kind: x.Kind, status: x.Status, program: x.Program,
		amount: x.AmountDisputed, won: x.AmountWon, currency: x.Currency,
		reason: x.Reason, code: x.ReasonCode, brand: x.Transaction.Subtype,
		createdAt: x.CreatedAt, received: x.ReceivedDate, replyBy: x.ReplyByDate, evidence: len(x.Evidence),
	}
	if r.amount == "" {
		r.amount = x.Amount
	}
	for _, h := range x.History {
		r.history = append(r.history, event{h.Status, h.Timestamp, h.EffectiveDate, h.DisbursementDate})
	}
	return r
}

// changed is when the dispute last changed; zero when it does not say.
func (x xmlDispute) changed() time.Time {
	last := instant(x.UpdatedAt)
	for _, h := range x.History {
		if at := instant(h.Timestamp); at.After(last) {
			last = at
		}
	}
	return last
}

// kinds maps Braintree's notifications of disputes to ours
// (developer.paypal.com/braintree/docs/reference/general/webhooks/dispute).
var kinds = map[string]dispute.NoticeKind{
	"dispute_opened":        dispute.NoticeOpened,
	"dispute_under_review":  dispute.NoticeUpdated,
	"dispute_disputed":      dispute.NoticeUpdated,
	"dispute_won":           dispute.NoticeClosed,
	"dispute_lost":          dispute.NoticeClosed,
	"dispute_accepted":      dispute.NoticeClosed,
	"dispute_auto_accepted": dispute.NoticeClosed,
	"dispute_expired":       dispute.NoticeClosed,
}

// Parse implements integrations.Intake. Notifications have no id of their own
// and come in any order: a notice is named by what it tells and dated by the
// dispute's last change, so that one sent again is the same.
func (a *adapter) Parse(body []byte) ([]dispute.Notice, error) {
	const op = name + ": parse webhook"
	text, ok := payload(body)
	if !ok {
		return nil, dispute.Errorf(dispute.Invalid, op, "the body is no form with a payload")
	}
	var in notification
	if err := xml.Unmarshal(text, &in); err != nil || in.Kind == "" {
		return nil, dispute.Errorf(dispute.Invalid, op, "the payload is no notification")
	}
	sent := instant(in.Timestamp)
	if sent.IsZero() {
		return nil, dispute.Errorf(dispute.Invalid, op, "the notification has no time")
	}
	n := dispute.Notice{Kind: dispute.NoticeUnknown, RawKind: in.Kind, OccurredAt: sent, EventID: "bt_" + hash(text)}
	kind, known := kinds[in.Kind]
	switch {
	case in.Dispute == nil && !known:
		return []dispute.Notice{n}, nil
	case in.Dispute == nil || in.Dispute.ID == "":
		return nil, dispute.Errorf(dispute.Invalid, op, "the notification holds no dispute")
	}
	if known {
		n.Kind = kind
	}
	if at := in.Dispute.changed(); !at.IsZero() {
		n.OccurredAt = at
	}
	s := in.Dispute.record().snapshot()
	n.Snapshot = &s
	n.EventID = "bt_" + s.ID + "_" + told(in.Kind, n.OccurredAt, s)
	return []dispute.Notice{n}, nil
}

// payload is the XML in a webhook's body.
func payload(body []byte) ([]byte, bool) {
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("bt_payload") == "" {
		return nil, false
	}
	text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(form.Get("bt_payload")))
	return text, err == nil
}

// told is the same for the same news.
func told(kind string, at time.Time, s dispute.Snapshot) string {
	text, err := json.Marshal(struct {
		Kind     string
		At       time.Time
		Snapshot dispute.Snapshot
	}{kind, at, s})
	if err != nil {
		text = []byte(kind + s.RawStatus) // only a time beyond the year 9999 has no JSON
	}
	return hash(text)
}

func hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}
