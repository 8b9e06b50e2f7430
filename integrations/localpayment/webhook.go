package localpayment

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// scheme is one way in which callbacks are signed: HMAC-SHA256 in hex, in a
// header. Version 3 of the API sends X-Signature and takes the secret's UTF-8
// bytes as the key (docs.v3.localpayment.com/notifications/notifications/configurations),
// version 2 sends signature and takes the bytes that the secret is the hex of
// (docs.v2.localpayment.com/after-a-payment/callback-events).
type scheme struct {
	header string
	keys   [][]byte
}

// Verify implements integrations.Intake. The signature is over the body as it
// came or over the body without white space, because Localpayment recommends
// compacting and does not say which it signs. No time is signed: a replay is
// known by its event id.
func (a *adapter) Verify(h http.Header, body []byte, _ time.Time) error {
	signed := [][]byte{body}
	if dense, ok := compact(body); ok {
		signed = append(signed, dense)
	}
	for _, s := range a.schemes {
		if got, ok := parseSignature(h.Get(s.header)); ok && s.fits(got, signed) {
			return nil
		}
	}
	return dispute.Errorf(dispute.Auth, name+": verify webhook", "no live secret made this signature")
}

func (s scheme) fits(got []byte, signed [][]byte) bool {
	for _, key := range s.keys {
		for _, text := range signed {
			mac := hmac.New(sha256.New, key)
			mac.Write(text)
			if hmac.Equal(got, mac.Sum(nil)) {
				return true
			}
		}
	}
	return false
}

// parseSignature reads "HMAC-SHA256 <hex>" or the hex alone, in any case.
func parseSignature(header string) ([]byte, bool) {
	text := strings.TrimSpace(header)
	if before, after, found := strings.Cut(text, " "); found && strings.EqualFold(before, "HMAC-SHA256") {
		text = strings.TrimSpace(after)
	}
	got, err := hex.DecodeString(text)
	return got, err == nil && len(got) == sha256.Size
}

func compact(body []byte) ([]byte, bool) {
	var b bytes.Buffer
	err := json.Compact(&b, body)
	return b.Bytes(), err == nil
}

// envelope is what Localpayment posts. Newer callbacks are documented without
// the wrapper (docs.localpayment.com/docs/receive-payment-notifications).
type envelope struct {
	Type string          `json:"transactionType"`
	Data json.RawMessage `json:"data"`
}

// Parse implements integrations.Intake. A pay-in with status 906 opens a
// chargeback and a transaction of type ChargeBack moves it; the callbacks of
// other transactions, which come to the same address, are kept under their own
// names.
func (a *adapter) Parse(body []byte) ([]dispute.Notice, error) {
	const op = name + ": parse webhook"
	var e envelope
	dense, ok := compact(body)
	if !ok || json.Unmarshal(dense, &e) != nil || e.Type == "" {
		return nil, dispute.Errorf(dispute.Invalid, op, "the body is no callback")
	}
	if len(e.Data) == 0 {
		e.Data = dense
	}
	var t transaction
	if json.Unmarshal(e.Data, &t) != nil || t.ExternalID == "" || t.Status.Code == "" {
		return nil, dispute.Errorf(dispute.Invalid, op, "the body holds no transaction with an externalId and a status")
	}
	n := dispute.Notice{
		EventID: eventID(t, dense), Kind: dispute.NoticeUnknown, RawKind: e.Type + " " + string(t.Status.Code), OccurredAt: t.at(),
	}
	if n.OccurredAt.IsZero() {
		n.OccurredAt = a.now().UTC()
	}
	switch {
	case strings.EqualFold(e.Type, "PayIn") && t.Status.Code == codeChargeback:
		s := t.opened(a.noticed(t.at()))
		n.Kind, n.Snapshot = dispute.NoticeOpened, &s
	case strings.EqualFold(e.Type, "ChargeBack"):
		kind, s := t.moved()
		n.Kind, n.Snapshot = kind, &s
	}
	return []dispute.Notice{n}, nil
}

// eventID is computed, because Localpayment gives callbacks none: the same
// content is the same event, however often it is delivered.
func eventID(t transaction, dense []byte) string {
	sum := sha256.Sum256(dense)
	return t.ExternalID + "_" + string(t.Status.Code) + "_" + hex.EncodeToString(sum[:8])
}

// noticed is when the notice of a chargeback was given: the time in it, or now
// where that cannot be it, because it is to come or more than the answer window
// past. The documentation does not say whether a pay-in's processedDate moves
// when it is charged back; a time of the sale would make every chargeback come
// too late to be answered.
func (a *adapter) noticed(told time.Time) time.Time {
	now := a.now().UTC()
	if age := now.Sub(told); age < 0 || age > answerWindow {
		return now
	}
	return told
}
