package paypal

import (
	"cmp"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/http"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

const verifyOp = name + ": verify webhook"

// early is how far ahead of our clock a signature's time may be.
const early = 5 * time.Minute

// Verify implements integrations.Intake. PayPal signs
// "<transmission id>|<time>|<webhook id>|<CRC-32 of the raw body>" with the RSA
// key of a certificate that a header names. It calls PayPal only when the
// certificate is not known yet, for five seconds at most.
//
// The body is covered by its checksum only. Who has seen a genuine transmission
// can make another body of the same checksum: the headers must not be logged.
func (a *adapter) Verify(h http.Header, body []byte, now time.Time) error {
	stamp := h.Get("Paypal-Transmission-Time")
	at, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		return dispute.Errorf(dispute.Auth, verifyOp, "no usable time")
	}
	if age := now.Sub(at); age > a.tolerance || age < -early {
		return dispute.Errorf(dispute.Auth, verifyOp, "the signature is older than %s or from the future", a.tolerance)
	}
	if h.Get("Paypal-Auth-Algo") != "SHA256withRSA" {
		return dispute.Errorf(dispute.Auth, verifyOp, "the signature is not SHA256withRSA")
	}
	signature, err := base64.StdEncoding.DecodeString(h.Get("Paypal-Transmission-Sig"))
	if err != nil || len(signature) == 0 {
		return dispute.Errorf(dispute.Auth, verifyOp, "the signature is no base64")
	}
	key, err := a.certs.at(h.Get("Paypal-Cert-Url"), now)
	if err != nil {
		return err
	}
	sum := crc32.ChecksumIEEE(body)
	for _, webhook := range a.webhookIDs {
		digest := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%s|%d", h.Get("Paypal-Transmission-Id"), stamp, webhook, sum))
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) == nil {
			return nil
		}
	}
	return dispute.Errorf(dispute.Auth, verifyOp, "the signature fits none of webhook_ids")
}

// event is what PayPal posts.
type event struct {
	ID              string          `json:"id"`
	CreateTime      string          `json:"create_time"`
	EventType       string          `json:"event_type"`
	EventVersion    string          `json:"event_version"`
	ResourceVersion string          `json:"resource_version"`
	Resource        json.RawMessage `json:"resource"`
}

// kinds maps PayPal's events about disputes to ours.
var kinds = map[string]dispute.NoticeKind{
	"CUSTOMER.DISPUTE.CREATED":  dispute.NoticeOpened,
	"CUSTOMER.DISPUTE.UPDATED":  dispute.NoticeUpdated,
	"CUSTOMER.DISPUTE.RESOLVED": dispute.NoticeClosed,
}

// Parse implements integrations.Intake. An event about disputes that is not
// known is kept with its dispute, another one without.
func (a *adapter) Parse(body []byte) ([]dispute.Notice, error) {
	const op = name + ": parse webhook"
	var e event
	if err := json.Unmarshal(body, &e); err != nil || e.ID == "" || e.EventType == "" {
		return nil, dispute.Errorf(dispute.Invalid, op, "the body is no event")
	}
	at := moment(e.CreateTime)
	if at.IsZero() {
		return nil, dispute.Errorf(dispute.Invalid, op, "event %s has no time", e.ID)
	}
	n := dispute.Notice{
		EventID: e.ID, Kind: dispute.NoticeUnknown, RawKind: e.EventType, OccurredAt: at,
		APIVersion: cmp.Or(e.ResourceVersion, e.EventVersion),
	}
	kind, known := kinds[e.EventType]
	if !known && !strings.HasPrefix(e.EventType, "CUSTOMER.DISPUTE.") {
		return []dispute.Notice{n}, nil
	}
	s, err := readSnapshot(e.Resource)
	switch {
	case err == nil:
		n.Snapshot = &s
	case known:
		return nil, dispute.Errorf(dispute.Invalid, op, "event %s: %w", e.ID, err)
	}
	if known {
		n.Kind = kind
	}
	return []dispute.Notice{n}, nil
}
