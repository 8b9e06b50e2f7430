package adyen

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// item is what we read of a NotificationRequestItem. Every value of it is text:
// Adyen writes booleans as strings, and what is signed is the text.
type item struct {
	PspReference        text   `json:"pspReference"`
	OriginalReference   text   `json:"originalReference"`
	MerchantAccountCode text   `json:"merchantAccountCode"`
	MerchantReference   text   `json:"merchantReference"`
	Amount              amount `json:"amount"`
	EventCode           text   `json:"eventCode"`
	EventDate           text   `json:"eventDate"`
	Success             text   `json:"success"`
	Reason              text   `json:"reason"`
	PaymentMethod       text   `json:"paymentMethod"`
	Data                data   `json:"additionalData"`
}

type amount struct {
	Value    text `json:"value"`
	Currency text `json:"currency"`
}

type data struct {
	HMACSignature        text `json:"hmacSignature"`
	DisputeStatus        text `json:"disputeStatus"`
	Defendable           text `json:"defendable"`
	AutoDefended         text `json:"autoDefended"`
	DefensePeriodEndsAt  text `json:"defensePeriodEndsAt"`
	ChargebackReasonCode text `json:"chargebackReasonCode"`
	ChargebackSchemeCode text `json:"chargebackSchemeCode"`
	RFIReasonCode        text `json:"rfiReasonCode"`
	RFISchemeCode        text `json:"rfiSchemeCode"`
}

// text reads a string, and a number or a boolean as it is written.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(raw []byte) error {
	switch {
	case bytes.Equal(raw, []byte("null")):
		*t = ""
	case raw[0] == '"':
		return json.Unmarshal(raw, (*string)(t))
	case raw[0] == '{' || raw[0] == '[':
		return errors.New("no text")
	default:
		*t = text(raw)
	}
	return nil
}

// read is the items of a standard webhook. Verify and Parse see the same.
func read(body []byte) ([]item, bool) {
	var w struct {
		Items []struct {
			Item *item `json:"NotificationRequestItem"`
		} `json:"notificationItems"`
	}
	if err := json.Unmarshal(body, &w); err != nil || len(w.Items) == 0 {
		return nil, false
	}
	items := make([]item, len(w.Items))
	for i, wrapper := range w.Items {
		if wrapper.Item == nil {
			return nil, false
		}
		items[i] = *wrapper.Item
	}
	return items, true
}

// Verify implements integrations.Intake. A signature covers eight values of one
// item and not the body: neither status, reason nor dates. There is no time in
// it, so that no signature is stale. One item with a bad signature makes the
// whole webhook refused, because Adyen signs all items with the same key: a
// mixed one was tampered with, and a refused one comes again.
func (a *adapter) Verify(h http.Header, body []byte, _ time.Time) error {
	const op = name + ": verify webhook"
	if !a.knows(h) {
		return dispute.Errorf(dispute.Auth, op, "the basic authentication is not ours")
	}
	items, ok := read(body)
	if !ok {
		return dispute.Errorf(dispute.Auth, op, "the body holds nothing that is signed")
	}
	for i, it := range items {
		if !a.signed(it) {
			return dispute.Errorf(dispute.Auth, op, "item %d: no live key made this signature", i)
		}
	}
	return nil
}

// knows checks the webhook's basic authentication, where the settings ask for
// one.
func (a *adapter) knows(h http.Header) bool {
	if a.user == "" {
		return true
	}
	user, password, _ := (&http.Request{Header: h}).BasicAuth()
	return same(user, a.user)&same(password, a.password) == 1
}

// same compares in a time that does not tell the length either.
func same(got, want string) int {
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:])
}

func (a *adapter) signed(it item) bool {
	got, err := base64.StdEncoding.DecodeString(string(it.Data.HMACSignature))
	payload, unambiguous := it.payload()
	if err != nil || !unambiguous {
		return false
	}
	for _, key := range a.keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(payload))
		if hmac.Equal(got, mac.Sum(nil)) {
			return true
		}
	}
	return false
}

// payload is what is signed: eight values joined by colons, nothing escaped
// (adyen-go-api-library, src/hmacvalidator). Only the merchant's own reference
// may hold a colon: with another one in it, the same text could be read as
// other values.
func (it item) payload() (joined string, unambiguous bool) {
	values := []string{
		string(it.PspReference), string(it.OriginalReference), string(it.MerchantAccountCode), string(it.MerchantReference),
		string(it.Amount.Value), string(it.Amount.Currency), string(it.EventCode), string(it.Success),
	}
	joined = strings.Join(values, ":")
	colons := len(values) - 1 + strings.Count(string(it.MerchantReference), ":")
	return joined, strings.Count(joined, ":") == colons
}

// Parse implements integrations.Intake: one notice for each item. An item without
// a date cannot be put in order with others: it is kept as unknown, at no time,
// and the rest of its batch is read.
func (a *adapter) Parse(body []byte) ([]dispute.Notice, error) {
	const op = name + ": parse webhook"
	items, ok := read(body)
	if !ok {
		return nil, dispute.Errorf(dispute.Invalid, op, "the body is no standard webhook")
	}
	notices := make([]dispute.Notice, 0, len(items))
	for i, it := range items {
		if it.EventCode == "" || it.PspReference == "" {
			return nil, dispute.Errorf(dispute.Invalid, op, "item %d has no event code or reference", i)
		}
		at, ok := moment(it.EventDate)
		if !ok {
			notices = append(notices, dispute.Notice{EventID: it.eventID(), Kind: dispute.NoticeUnknown, RawKind: string(it.EventCode)})
			continue
		}
		notices = append(notices, a.notice(it, at))
	}
	return notices, nil
}

// moment reads a time of Adyen's in UTC.
func moment(t text) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, string(t))
	at = at.UTC()
	return at, err == nil && at.Year() >= 2000 && at.Year() < 10_000
}

// eventID is made of what an item tells, because all events of a dispute share
// its reference and none has an id of its own. The signature is left out: the
// same item signed with another key is the same event.
func (it item) eventID() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		string(it.PspReference), string(it.OriginalReference), string(it.MerchantAccountCode), string(it.MerchantReference),
		string(it.Amount.Value), string(it.Amount.Currency), string(it.EventCode), string(it.Success), string(it.EventDate),
		string(it.Reason), string(it.Data.DisputeStatus), string(it.Data.Defendable), string(it.Data.AutoDefended), string(it.Data.DefensePeriodEndsAt),
		string(it.Data.ChargebackReasonCode), string(it.Data.ChargebackSchemeCode), string(it.Data.RFIReasonCode), string(it.Data.RFISchemeCode),
	}, "\x00")))
	return string(it.PspReference) + ":" + string(it.EventCode) + ":" + hex.EncodeToString(sum[:8])
}
