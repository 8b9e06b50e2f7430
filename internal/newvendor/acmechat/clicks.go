package acmechat

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

// tolerance is how far the time in a signature may be from ours.
const tolerance = 5 * time.Minute

// Verify implements integrations.Interactive. The signature is the HMAC-SHA256
// of "<timestamp>.<body>", in hex.
func (a *adapter) Verify(h http.Header, body []byte, now time.Time) error {
	const op = name + ": verify click"
	stamp := h.Get("Acmechat-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return dispute.Errorf(dispute.Auth, op, "no usable timestamp")
	}
	if now.Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return dispute.Errorf(dispute.Auth, op, "the signature is more than %s off our clock", tolerance)
	}
	got, err := hex.DecodeString(h.Get("Acmechat-Signature"))
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

// value is what a button carries: the case, and the stage its card was about.
func value(caseID string, stage dispute.Stage) string { return caseID + "|" + string(stage) }

// Clicks implements integrations.Interactive. Events of another type and buttons
// that are not ours give no click.
func (a *adapter) Clicks(body []byte) ([]integrations.Click, error) {
	const op = name + ": read click"
	var e struct {
		ID     string `json:"id"` // of the press: the same however often it is told
		Type   string `json:"type"`
		UserID string `json:"user_id"`
		Action string `json:"action"`
		Value  string `json:"value"`
	}
	if err := json.Unmarshal(body, &e); err != nil || e.ID == "" || e.Type == "" {
		return nil, dispute.Errorf(dispute.Invalid, op, "the body is no event")
	}
	caseID, stage, _ := strings.Cut(e.Value, "|")
	kind := dispute.DecisionKind(e.Action)
	if _, ours := labels[kind]; !ours || e.Type != "button" || caseID == "" || e.UserID == "" {
		return nil, nil
	}
	return []integrations.Click{{ID: name + "-" + e.ID, CaseID: caseID, Stage: dispute.Stage(stage), Kind: kind, UserID: e.UserID}}, nil
}
