package webhooks

import (
	"bytes"
	"net/http"
	"net/url"
	"testing"

	standin "github.com/rebuttal-hq/rebuttal/simulator/slack"
)

// Whatever comes: no panic, and no success without a signature.
func FuzzDoor(f *testing.F) {
	body := event("evt_1", "charge.dispute.created")
	f.Add("stripe-us", body, signed(body, now, newSecret).Get("Stripe-Signature"), "", "", uint8(0))
	f.Add("stripe-us", []byte("{}"), "t=1,v1=00", "", "", uint8(1))
	f.Add("alerts", []byte("payload="+url.QueryEscape(press)), "", "1772625600", "v0=00", uint8(2))
	f.Add("warehouse", []byte(nil), "", "", "", uint8(3))
	in := &inbox{}
	h := open(f, in)
	f.Fuzz(func(t *testing.T, connection string, body []byte, stripeSig, stamp, slackSig string, sign uint8) {
		in.rows = nil
		header := http.Header{"Stripe-Signature": {stripeSig}, "X-Slack-Request-Timestamp": {stamp}, "X-Slack-Signature": {slackSig}}
		genuine := ""
		switch sign % 3 {
		case 1:
			genuine, header["Stripe-Signature"] = "stripe-us", signed(body, now, oldSecret)["Stripe-Signature"]
		case 2:
			genuine = "alerts"
			for k, v := range standin.Sign(slackSecret, body, now) {
				header[k] = v
			}
		}
		w := h.post(t, url.PathEscape(connection), header, body)
		switch w.Code {
		case http.StatusOK:
			if connection != genuine && !bytes.Equal(body, event("evt_1", "charge.dispute.created")) {
				t.Errorf("accepted unsigned for %q: %q", connection, body)
			}
		case http.StatusInternalServerError:
			t.Errorf("HTTP 500 for %q", body)
		}
		if w.Code == http.StatusUnauthorized && len(in.rows) > 0 {
			t.Error("stored unsigned")
		}
	})
}
