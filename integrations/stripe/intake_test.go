package stripe_test

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	a := connect(t, "http://127.0.0.1:1")
	body := []byte(`{"id":"evt_1"}`)
	now := time.Unix(1_793_707_200, 0)
	sig := func(at time.Time, secret string) string {
		return hex.EncodeToString(webhook.ComputeSignature(at, body, secret))
	}
	at := strconv.FormatInt(now.Unix(), 10)
	stale := now.Add(-time.Hour)
	tests := []struct {
		name   string
		header string
		good   bool
	}{
		{"newest secret", "t=" + at + ",v1=" + sig(now, webhookSecret), true},
		{"secret before the last", "t=" + at + ",v1=" + sig(now, oldSecret), true},
		{"another secret", "t=" + at + ",v1=" + sig(now, "whsec_other"), false},
		{"second of two signatures", "t=" + at + ",v1=" + sig(now, "whsec_other") + ",v1=" + sig(now, webhookSecret), true},
		{"test scheme beside it", "t=" + at + ",v1=" + sig(now, webhookSecret) + ",v0=abc", true},
		{"only the test scheme", "t=" + at + ",v0=" + sig(now, webhookSecret), false},
		{"blanks", "t=" + at + ", v1=" + sig(now, webhookSecret), true},
		{"at the edge of the past", "t=" + strconv.FormatInt(now.Unix()-300, 10) + ",v1=" + sig(now.Add(-300*time.Second), webhookSecret), true},
		{"beyond it", "t=" + strconv.FormatInt(now.Unix()-301, 10) + ",v1=" + sig(now.Add(-301*time.Second), webhookSecret), false},
		{"from the future", "t=" + strconv.FormatInt(now.Unix()+301, 10) + ",v1=" + sig(now.Add(301*time.Second), webhookSecret), false},
		{"a fresh time beside the signed one", "t=" + at + ",t=" + strconv.FormatInt(stale.Unix(), 10) + ",v1=" + sig(stale, webhookSecret), false},
		{"the signed time first", "t=" + strconv.FormatInt(stale.Unix(), 10) + ",t=" + at + ",v1=" + sig(stale, webhookSecret), false},
		{"no time", "v1=" + sig(now, webhookSecret), false},
		{"time is no number", "t=now,v1=" + sig(now, webhookSecret), false},
		{"signature is no hex", "t=" + at + ",v1=zz", false},
		{"cut signature", "t=" + at + ",v1=" + sig(now, webhookSecret)[:32], false},
		{"empty signature", "t=" + at + ",v1=", false},
		{"empty", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := a.Verify(http.Header{"Stripe-Signature": {tt.header}}, body, now)
			if tt.good && err != nil {
				t.Errorf("refused: %v", err)
			}
			if !tt.good && dispute.KindOf(err) != dispute.Auth {
				t.Errorf("error %v, want kind auth", err)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	a := connect(t, "http://127.0.0.1:1")
	for name, body := range map[string]string{
		"empty":                 ``,
		"no JSON":               `jane@canary.example`,
		"a list":                `[]`,
		"no id":                 `{"type":"charge.dispute.created","data":{"object":{}}}`,
		"no type":               `{"id":"evt_1","data":{"object":{}}}`,
		"no data":               `{"id":"evt_1","type":"payout.paid"}`,
		"data is null":          `{"id":"evt_1","type":"payout.paid","data":null}`,
		"a dispute without id":  `{"id":"evt_1","type":"charge.dispute.created","data":{"object":{"object":"dispute"}}}`,
		"a charge as a dispute": `{"id":"evt_1","type":"charge.dispute.created","data":{"object":{"id":"ch_1","object":"charge"}}}`,
		"a name as an amount":   `{"id":"evt_1","type":"charge.dispute.closed","data":{"object":{"id":"du_1","object":"dispute","amount":"jane@canary.example"}}}`,
	} {
		notices, err := a.Parse([]byte(body))
		if dispute.KindOf(err) != dispute.Invalid || notices != nil {
			t.Errorf("%s: %v, %v; want kind invalid", name, notices, err)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error quotes the body: %v", name, err)
		}
	}
}

// The evidence, the metadata and expanded objects of the payloads are full of
// canaries; none may fly into a notice.
func TestNoticesHoldNoPersonalData(t *testing.T) {
	t.Parallel()
	a := connect(t, "http://127.0.0.1:1")
	for _, file := range payloads(t) {
		body := read(t, file)
		notices, err := a.Parse(body)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		text, err := json.Marshal(notices)
		if err != nil {
			t.Fatal(err)
		}
		for _, canary := range []string{"anary", "203.0.113.99"} {
			if strings.Contains(string(text), canary) {
				t.Errorf("%s: the notice holds %q: %s", file, canary, text)
			}
		}
	}
}

func FuzzVerify(f *testing.F) {
	body := []byte(`{"id":"evt_1"}`)
	now := time.Unix(1_793_707_200, 0)
	f.Add(signed(body, now, webhookSecret).Get("Stripe-Signature"), body)
	f.Add("t=1,v1=", body)
	f.Add("t=1,t=2,v1=00", []byte{})
	f.Add(",=,=,t=-1,v1=zz,v0=", []byte("x"))
	a := connect(f, "http://127.0.0.1:1")
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		err := a.Verify(http.Header{"Stripe-Signature": {header}}, body, now)
		if err != nil {
			if dispute.KindOf(err) != dispute.Auth {
				t.Errorf("kind %s", dispute.KindOf(err))
			}
			return
		}
		good := false
		for _, secret := range []string{webhookSecret, oldSecret} {
			for seconds := now.Unix() - 300; seconds <= now.Unix()+300; seconds++ {
				want := hex.EncodeToString(webhook.ComputeSignature(time.Unix(seconds, 0), body, secret))
				good = good || strings.Contains(strings.ToLower(header), want)
			}
		}
		if !good {
			t.Errorf("accepted %q, which no secret of ours made", header)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, file := range payloads(f) {
		f.Add(read(f, file))
	}
	f.Add([]byte(`{"id":"evt_1","type":"charge.dispute.x","created":99999999999999,"data":{"object":{"id":"du_1","object":"dispute","created":-5,"charge":7}}}`))
	a := connect(f, "http://127.0.0.1:1")
	f.Fuzz(func(t *testing.T, body []byte) {
		notices, err := a.Parse(body)
		if err != nil {
			if dispute.KindOf(err) != dispute.Invalid {
				t.Errorf("kind %s", dispute.KindOf(err))
			}
			return
		}
		if len(notices) != 1 || notices[0].EventID == "" || notices[0].RawKind == "" {
			t.Fatalf("notices %+v", notices)
		}
		n := notices[0]
		if _, err := json.Marshal(n); err != nil {
			t.Errorf("the notice has no JSON: %v", err)
		}
		if s := n.Snapshot; s != nil && (s.ID == "" || s.Status == "" || s.Stage == "") {
			t.Errorf("snapshot %+v", s)
		}
		if n.Snapshot == nil && n.Kind != dispute.NoticeUnknown && n.Kind != dispute.NoticeFraudWarning {
			t.Errorf("%s without a snapshot", n.Kind)
		}
	})
}

func payloads(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/webhooks/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no payloads (%v)", err)
	}
	return files
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	body, err := os.ReadFile(file) // #nosec G304 -- a test's own folder
	if err != nil {
		t.Fatal(err)
	}
	return body
}
