package stripe

import (
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// disputeEvents maps Stripe's dispute events to ours
// (docs.stripe.com/api/events/types).
var disputeEvents = map[stripe.EventType]dispute.NoticeKind{
	stripe.EventTypeChargeDisputeCreated:         dispute.NoticeOpened,
	stripe.EventTypeChargeDisputeUpdated:         dispute.NoticeUpdated,
	stripe.EventTypeChargeDisputeClosed:          dispute.NoticeClosed,
	stripe.EventTypeChargeDisputeFundsWithdrawn:  dispute.NoticeFundsWithdrawn,
	stripe.EventTypeChargeDisputeFundsReinstated: dispute.NoticeFundsReinstated,
}

// Verify implements integrations.Intake. It differs from the SDK's check in
// that it uses the caller's clock, refuses times too far in the future as well
// and takes several secrets.
func (a *adapter) Verify(h http.Header, body []byte, now time.Time) error {
	const op = "stripe: verify webhook"
	at, signatures, err := parseSignature(h.Get("Stripe-Signature"))
	if err != nil {
		return &dispute.Error{Kind: dispute.Auth, Op: op, Err: err}
	}
	if now.Sub(at).Abs() > a.tolerance {
		return &dispute.Error{Kind: dispute.Auth, Op: op, Err: webhook.ErrTooOld}
	}
	for _, secret := range a.secrets {
		want := webhook.ComputeSignature(at, body, secret)
		for _, got := range signatures {
			if hmac.Equal(got, want) {
				return nil
			}
		}
	}
	return &dispute.Error{Kind: dispute.Auth, Op: op, Err: webhook.ErrNoValidSignature}
}

// parseSignature reads "t=1495999758,v1=…,v1=…,v0=…". Exactly one time is
// allowed; unknown schemes are passed over.
func parseSignature(header string) (at time.Time, v1 [][]byte, err error) {
	if header == "" {
		return at, nil, webhook.ErrNotSigned
	}
	for pair := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		switch name {
		case "t":
			seconds, err := strconv.ParseInt(value, 10, 64)
			if err != nil || !at.IsZero() {
				return time.Time{}, nil, webhook.ErrInvalidHeader
			}
			at = time.Unix(seconds, 0)
		case "v1":
			if sig, err := hex.DecodeString(value); err == nil {
				v1 = append(v1, sig)
			}
		}
	}
	if at.IsZero() {
		return time.Time{}, nil, webhook.ErrInvalidHeader
	}
	return at, v1, nil
}

// Parse implements integrations.Intake. Any API version is read; the event's
// own is kept in the notice.
func (a *adapter) Parse(body []byte) ([]dispute.Notice, error) {
	const op = "stripe: parse webhook"
	var e stripe.Event
	if err := json.Unmarshal(body, &e); err != nil || e.ID == "" || e.Type == "" || e.Data == nil {
		return nil, dispute.Errorf(dispute.Invalid, op, "the body is not a Stripe event")
	}
	n := dispute.Notice{
		EventID:    e.ID,
		Kind:       dispute.NoticeUnknown,
		RawKind:    string(e.Type),
		OccurredAt: unix(e.Created),
		APIVersion: e.APIVersion,
	}
	kind, known := disputeEvents[e.Type]
	switch {
	case known:
		s, ok := readSnapshot(e.Data.Raw)
		if !ok {
			return nil, dispute.Errorf(dispute.Invalid, op, "event %s (%s) holds no dispute", e.ID, e.Type)
		}
		n.Kind, n.Snapshot = kind, &s
	case strings.HasPrefix(string(e.Type), "charge.dispute."):
		if s, ok := readSnapshot(e.Data.Raw); ok {
			n.Snapshot = &s
		}
	case e.Type == stripe.EventTypeRadarEarlyFraudWarningCreated:
		n.Kind = dispute.NoticeFraudWarning
	}
	return []dispute.Notice{n}, nil
}
