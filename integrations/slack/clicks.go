package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

// tolerance is how old a signature may be, and how far ahead its clock, by
// Slack's "Verifying requests from Slack".
const tolerance = 5 * time.Minute

// Verify checks the v0 signature of a request from Slack: HMAC-SHA256 over
// "v0:<timestamp>:<body>" with any of the live signing secrets.
func (a *adapter) Verify(h http.Header, body []byte, now time.Time) error {
	const op = "slack: verify"
	stamp := h.Get("X-Slack-Request-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return dispute.Errorf(dispute.Auth, op, "no usable timestamp")
	}
	if now.Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return dispute.Errorf(dispute.Auth, op, "the signature is older or newer than %s", tolerance)
	}
	given, isV0 := strings.CutPrefix(h.Get("X-Slack-Signature"), "v0=")
	signature, err := hex.DecodeString(given)
	if err != nil || !isV0 {
		return dispute.Errorf(dispute.Auth, op, "no usable signature")
	}
	genuine := false
	for _, secret := range a.secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte("v0:" + stamp + ":"))
		mac.Write(body)
		genuine = hmac.Equal(mac.Sum(nil), signature) || genuine
	}
	if !genuine {
		return dispute.Errorf(dispute.Auth, op, "the signature does not fit")
	}
	return nil
}

// interaction is what we read of a block_actions payload.
type interaction struct {
	Type        string `json:"type"`
	TriggerID   string `json:"trigger_id"`
	ResponseURL string `json:"response_url"`
	User        struct {
		ID string `json:"id"`
	} `json:"user"`
	Actions []struct {
		ActionID string `json:"action_id"`
		ActionTS string `json:"action_ts"`
		Value    string `json:"value"`
	} `json:"actions"`
}

// Clicks reads the buttons pressed in a verified interaction. Interactions of
// another type and buttons that are not ours give no click.
func (a *adapter) Clicks(body []byte) ([]integrations.Click, error) {
	const op = "slack: read interaction"
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("payload") == "" {
		return nil, dispute.Errorf(dispute.Invalid, op, "the body has no form field named payload")
	}
	var in interaction
	if err := json.Unmarshal([]byte(form.Get("payload")), &in); err != nil {
		return nil, dispute.Errorf(dispute.Invalid, op, "the payload is not the JSON we know")
	}
	if in.Type != "block_actions" {
		return nil, nil
	}
	var clicks []integrations.Click
	for _, action := range in.Actions {
		kind := dispute.DecisionKind(action.ActionID)
		if !offered(kind) || action.Value == "" || in.User.ID == "" {
			continue
		}
		caseID, stage, _ := strings.Cut(action.Value, "|")
		clicks = append(clicks, integrations.Click{
			ID:     clickID(in.TriggerID, action.ActionTS, in.User.ID, action.ActionID, action.Value),
			CaseID: caseID, Stage: dispute.Stage(stage), Kind: kind, UserID: in.User.ID, ReplyURL: in.ResponseURL,
		})
	}
	return clicks, nil
}

func offered(kind dispute.DecisionKind) bool {
	return slices.ContainsFunc(buttons, func(b button) bool { return b.kind == kind })
}

// clickID is the same for the same press, told however often: Slack gives each
// press its own trigger id and time.
func clickID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "slack-" + hex.EncodeToString(sum[:16])
}
