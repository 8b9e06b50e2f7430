package acmepay

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// tolerance is how far the time in a signature may be from ours.
const tolerance = 5 * time.Minute

// Verify implements integrations.Intake. The signature is the HMAC-SHA256 of
// "<timestamp>.<body>", in hex.
func (a *adapter) Verify(h http.Header, body []byte, now time.Time) error {
	const op = name + ": verify webhook"
	stamp := h.Get("Acmepay-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return dispute.Errorf(dispute.Auth, op, "no usable timestamp")
	}
	if now.Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return dispute.Errorf(dispute.Auth, op, "the signature is more than %s off our clock", tolerance)
	}
	got, err := hex.DecodeString(h.Get("Acmepay-Signature"))
	if err != nil {
		return dispute.Errorf(dispute.Auth, op, "the signature is no hex")
	}
	for _, secret := range a.secrets {
		if hmac.Equal(got, sign(secret, stamp, body)) {
			return nil
		}
	}
	return dispute.Errorf(dispute.Auth, op, "no live secret made this signature")
}

func sign(secret, stamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return mac.Sum(nil)
}

// event is what Acmepay posts.
type event struct {
	ID        string       `json:"id"`
	Type      string       `json:"type"`
	CreatedAt time.Time    `json:"created_at"`
	Dispute   *wireDispute `json:"dispute"`
}

// kinds maps Acmepay's events about disputes to ours.
var kinds = map[string]dispute.NoticeKind{
	"dispute.opened":           dispute.NoticeOpened,
	"dispute.updated":          dispute.NoticeUpdated,
	"dispute.closed":           dispute.NoticeClosed,
	"dispute.funds_withdrawn":  dispute.NoticeFundsWithdrawn,
	"dispute.funds_reinstated": dispute.NoticeFundsReinstated,
}

// Parse implements integrations.Intake. An event that is not about a dispute is
// kept under its own name, with no snapshot.
func (a *adapter) Parse(body []byte) ([]dispute.Notice, error) {
	const op = name + ": parse webhook"
	var e event
	if err := json.Unmarshal(body, &e); err != nil || e.ID == "" || e.Type == "" {
		return nil, dispute.Errorf(dispute.Invalid, op, "the body is no event")
	}
	n := dispute.Notice{EventID: e.ID, Kind: dispute.NoticeUnknown, RawKind: e.Type, OccurredAt: e.CreatedAt.UTC()}
	if kind, ok := kinds[e.Type]; ok {
		if e.Dispute == nil || e.Dispute.ID == "" {
			return nil, dispute.Errorf(dispute.Invalid, op, "event %s holds no dispute", e.ID)
		}
		s := e.Dispute.snapshot()
		n.Kind, n.Snapshot = kind, &s
	}
	if n.OccurredAt.IsZero() {
		return nil, dispute.Errorf(dispute.Invalid, op, "event %s has no time", e.ID)
	}
	return []dispute.Notice{n}, nil
}
