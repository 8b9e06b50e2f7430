package braintree

import (
	"crypto/hmac"
	"crypto/sha1" // #nosec G505 -- Braintree signs with HMAC-SHA1
	"encoding/hex"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// formType is how Braintree posts.
const formType = "application/x-www-form-urlencoded"

// Verify implements integrations.Intake. The form's bt_signature lists
// "public_key|hex" pairs joined by "&", one for each API key of the account; the
// hex is the HMAC-SHA1 of bt_payload, with or without a line feed at its end. No
// time is signed, so an old notification is as good as a new one
// (braintree_ruby, webhook_notification_gateway.rb and digest.rb).
func (a *adapter) Verify(h http.Header, body []byte, _ time.Time) error {
	const op = name + ": verify webhook"
	if kind, _, err := mime.ParseMediaType(h.Get("Content-Type")); err != nil || kind != formType {
		return dispute.Errorf(dispute.Auth, op, "the body is not posted as a form")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("bt_signature") == "" || form.Get("bt_payload") == "" {
		return dispute.Errorf(dispute.Auth, op, "the form has no signature or no payload")
	}
	payload := form.Get("bt_payload")
	if challenge.MatchString(payload) {
		return dispute.Errorf(dispute.Auth, op, "the payload is a challenge, which we sign for whoever asks")
	}
	for pair := range strings.SplitSeq(form.Get("bt_signature"), "&") {
		if public, signature, ok := strings.Cut(pair, "|"); ok && a.signed(public, signature, payload) {
			return nil
		}
	}
	return dispute.Errorf(dispute.Auth, op, "no live key made this signature")
}

func (a *adapter) signed(public, signature, payload string) bool {
	got, err := hex.DecodeString(signature)
	if err != nil {
		return false
	}
	for _, k := range a.keys {
		if k.PublicKey == public && (hmac.Equal(got, sign(k.PrivateKey, payload)) || hmac.Equal(got, sign(k.PrivateKey, payload+"\n"))) {
			return true
		}
	}
	return false
}

// sign is the HMAC-SHA1 of a text under the SHA-1 of a private key.
func sign(privateKey, text string) []byte {
	key := sha1.Sum([]byte(privateKey)) // #nosec G401 -- as Braintree does
	mac := hmac.New(sha1.New, key[:])
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// challenge is what Braintree asks: nothing else is signed, so that nobody gets
// a payload signed by asking (braintree_ruby, webhook_notification_gateway.rb).
var challenge = regexp.MustCompile(`^[a-f0-9]{20,32}$`)

// Answer answers the GET by which Braintree tries a new webhook address: the
// query's bt_challenge, signed. What is no challenge is Invalid.
func (a *adapter) Answer(query url.Values) (string, error) {
	asked := query.Get("bt_challenge")
	if !challenge.MatchString(asked) {
		return "", dispute.Errorf(dispute.Invalid, name+": answer a challenge", "bt_challenge is not of 20 to 32 hex digits")
	}
	k := a.keys[0]
	return k.PublicKey + "|" + hex.EncodeToString(sign(k.PrivateKey, asked)), nil
}
