package healthsafepay

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Verify implements integrations.Intake. HealthSafePay documents no signature,
// so a secret that only it and we know comes with the webhook: as the password
// of its address, which HTTP clients send as basic authorization, or in the
// header of the settings, which a gateway can fill from a path or a query. It
// proves who sent a webhook and nothing about the body or the time.
func (a *adapter) Verify(h http.Header, _ []byte, _ time.Time) error {
	for _, got := range []string{h.Get(a.header), password(h)} {
		for _, secret := range a.secrets {
			if got != "" && equal(got, secret) {
				return nil
			}
		}
	}
	return dispute.Errorf(dispute.Auth, name+": verify webhook", "no live secret came with it")
}

// equal compares in constant time, whatever the lengths.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// password is that of basic authorization; empty when there is none.
func password(h http.Header) string {
	r := http.Request{Header: http.Header{"Authorization": h["Authorization"]}}
	_, secret, _ := r.BasicAuth()
	return secret
}

// event is what HealthSafePay posts: its text says {name, payload}, its sample
// is the payload alone.
type event struct {
	Name    string          `json:"name"`
	Payload json.RawMessage `json:"payload"`
}

// Parse implements integrations.Intake. Events that are not about a dispute are
// kept under their own names. HealthSafePay gives no event a time of its own: a
// dispute's is that of its newest balance transaction, because notices are
// ordered by it, and another event's is now.
func (a *adapter) Parse(body []byte) ([]dispute.Notice, error) {
	const op = name + ": parse webhook"
	var e event
	var p payload
	dense := &bytes.Buffer{}
	if json.Unmarshal(body, &e) != nil {
		return nil, dispute.Errorf(dispute.Invalid, op, "the body is no event")
	}
	if len(e.Payload) == 0 {
		e.Payload = body
	}
	if json.Compact(dense, e.Payload) != nil || json.Unmarshal(e.Payload, &p) != nil {
		return nil, dispute.Errorf(dispute.Invalid, op, "the event's payload is none that we know")
	}
	kind := cmp.Or(e.Name, p.EventType)
	if kind == "" {
		return nil, dispute.Errorf(dispute.Invalid, op, "the event has no name")
	}
	sum := sha256.Sum256([]byte(kind + "\n" + dense.String()))
	n := dispute.Notice{
		EventID: cmp.Or(p.disputeID(), "event") + "_" + hex.EncodeToString(sum[:8]),
		Kind:    dispute.NoticeUnknown, RawKind: kind, OccurredAt: a.now().UTC(),
	}
	if !strings.HasPrefix(kind, "DISPUTE_") {
		return []dispute.Notice{n}, nil
	}
	s, ok := p.snapshot(kind)
	if !ok {
		return nil, dispute.Errorf(dispute.Invalid, op, "the balance transactions name no dispute")
	}
	if v, known := verdicts[kind]; known {
		n.Kind = v.kind
	}
	n.Snapshot, n.OccurredAt, n.Unsigned = &s, p.newest(), []string{"all"}
	return []dispute.Notice{n}, nil
}
