package checkout

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Verify implements integrations.Intake. Cko-Signature is the HMAC-SHA256 of the
// raw body, in hex, under the signature key
// (checkout.com/docs/developer-resources/webhooks). It covers no time, so that a
// replay is told by its event id only.
func (a *adapter) Verify(h http.Header, body []byte, _ time.Time) error {
	const op = name + ": verify webhook"
	if !a.password(h.Get("Authorization")) {
		return dispute.Errorf(dispute.Auth, op, "the Authorization header is none of ours")
	}
	got, err := hex.DecodeString(h.Get("Cko-Signature"))
	if err != nil || len(got) == 0 {
		return dispute.Errorf(dispute.Auth, op, "no usable Cko-Signature")
	}
	for _, key := range a.keys {
		if hmac.Equal(got, sign(key, body)) {
			return nil
		}
	}
	return dispute.Errorf(dispute.Auth, op, "no live key made this signature")
}

// password reports whether the Authorization header is as agreed; where nothing
// was agreed every one is.
func (a *adapter) password(got string) bool {
	good := len(a.passwords) == 0
	for _, want := range a.passwords {
		good = hmac.Equal([]byte(got), []byte(want)) || good
	}
	return good
}

func sign(key string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(body)
	return mac.Sum(nil)
}

// event is what Checkout.com posts. Its time is called created_on in examples of
// 2018 to 2022 and timestamp in later ones.
type event struct {
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	Version   string          `json:"version"`
	Timestamp moment          `json:"timestamp"`
	CreatedOn moment          `json:"created_on"`
	Data      json.RawMessage `json:"data"`
}

// tells is what an event says of its dispute, which has no status of its own in
// a webhook: the status is the one that the API shows then.
type tells struct {
	kind   dispute.NoticeKind
	status string
}

// received is the status of a dispute that the API does not show yet.
const received = "received"

// events maps Checkout.com's dispute events
// (checkout.com/docs/developer-resources/event-notifications/event-types).
// dispute_received has no public example; it is read as a dispute that will want
// an answer, because the protocol reads the true status before it sends one.
var events = map[string]tells{
	"dispute_received":                        {dispute.NoticeOpened, received},
	"dispute_evidence_required":               {dispute.NoticeUpdated, "evidence_required"},
	"dispute_evidence_submitted":              {dispute.NoticeUpdated, "evidence_under_review"},
	"dispute_evidence_acknowledged_by_scheme": {dispute.NoticeUpdated, "evidence_under_review"},
	"dispute_accepted":                        {dispute.NoticeClosed, "accepted"},
	"dispute_expired":                         {dispute.NoticeClosed, "expired"},
	"dispute_canceled":                        {dispute.NoticeClosed, "canceled"},
	"dispute_resolved":                        {dispute.NoticeClosed, "resolved"},
	"dispute_won":                             {dispute.NoticeClosed, "won"},
	"dispute_lost":                            {dispute.NoticeClosed, "lost"},
	"dispute_arbitration_evidence_submitted":  {dispute.NoticeUpdated, "arb_evidence_submitted"},
	"dispute_arbitration_sent_to_scheme":      {dispute.NoticeUpdated, "arbitration_under_review"},
	"dispute_arbitration_won":                 {dispute.NoticeClosed, "arbitration_won"},
	"dispute_arbitration_lost":                {dispute.NoticeClosed, "arbitration_lost"},
}

// Parse implements integrations.Intake. An event that is none of the above is
// kept under its own name, without a snapshot: what it did to a dispute comes
// with the next poll, which lists by last update.
func (a *adapter) Parse(body []byte) ([]dispute.Notice, error) {
	const op = name + ": parse webhook"
	var e event
	if err := json.Unmarshal(body, &e); err != nil || e.ID == "" || e.Type == "" {
		return nil, dispute.Errorf(dispute.Invalid, op, "the body is no event")
	}
	n := dispute.Notice{
		EventID: e.ID, Kind: dispute.NoticeUnknown, RawKind: e.Type, APIVersion: e.Version,
		OccurredAt: cmp.Or(e.Timestamp.Time, e.CreatedOn.Time),
	}
	if what, known := events[e.Type]; known {
		var d wireDispute
		if err := json.Unmarshal(e.Data, &d); err != nil || d.ID == "" {
			return nil, dispute.Errorf(dispute.Invalid, op, "the event holds no dispute")
		}
		d.Status = what.status
		s := d.snapshot()
		n.Kind, n.Snapshot, n.OccurredAt = what.kind, &s, cmp.Or(n.OccurredAt, d.Date.Time)
	}
	if n.OccurredAt.IsZero() {
		return nil, dispute.Errorf(dispute.Invalid, op, "the event has no time")
	}
	return []dispute.Notice{n}, nil
}
