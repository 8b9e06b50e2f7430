package healthsafepay

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	"github.com/rebuttal-hq/rebuttal/ledger"
)

const (
	secret = "canary-0123456789abcdef"
	// older is the secret that secret replaces.
	older = "older-0123456789abcdef"
)

var clock = time.Date(2024, 6, 12, 12, 0, 0, 0, time.UTC)

func settings() *Settings {
	s := Vendor.Settings().(*Settings)
	s.WebhookSecrets = []string{older, secret}
	return s
}

func newAdapter(t testing.TB) *adapter {
	t.Helper()
	a, err := settings().Connect(integrations.Deps{HTTP: &http.Client{}, Now: func() time.Time { return clock }}, "hsp")
	if err != nil {
		t.Fatal(err)
	}
	return a.(*adapter)
}

func basic(user, password string) http.Header {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(user, password)
	return r.Header
}

func TestConformance(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, vendortest.Spec{
		New:    func(t *testing.T, _ string) integrations.Adapter { return newAdapter(t) },
		Secret: secret,
		Intake: &vendortest.Intake{
			Sign:     func([]byte, time.Time) http.Header { return http.Header{"X-Webhook-Secret": {secret}} },
			Unsigned: true, Golden: "testdata",
		},
	})
}

func TestVerify(t *testing.T) {
	t.Parallel()
	a := newAdapter(t)
	for name, tt := range map[string]struct {
		header http.Header
		good   bool
	}{
		"in the header":        {http.Header{"X-Webhook-Secret": {secret}}, true},
		"the older secret":     {http.Header{"X-Webhook-Secret": {older}}, true},
		"in the address":       {basic("rebuttal", secret), true},
		"as any user":          {basic("", older), true},
		"nothing":              {http.Header{}, false},
		"empty":                {http.Header{"X-Webhook-Secret": {""}}, false},
		"an empty password":    {basic("rebuttal", ""), false},
		"another secret":       {http.Header{"X-Webhook-Secret": {"canary-0123456789abcdeg"}}, false},
		"part of the secret":   {http.Header{"X-Webhook-Secret": {secret[:20]}}, false},
		"more than the secret": {http.Header{"X-Webhook-Secret": {secret + "0"}}, false},
		"in another header":    {http.Header{"X-Secret": {secret}}, false},
		"as the user":          {basic(secret, "rebuttal"), false},
		"a bearer token":       {http.Header{"Authorization": {"Bearer " + secret}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := a.Verify(tt.header, []byte(`{}`), clock)
			if (err == nil) != tt.good || (err != nil && dispute.KindOf(err) != dispute.Auth) {
				t.Errorf("error %v, want good %v", err, tt.good)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the error quotes the secret: %v", err)
			}
		})
	}
}

// sample.json is HealthSafePay's own, as it stands: its event type names all
// three events.
func TestPayloads(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no payloads: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			a, body := newAdapter(t), read(t, file)
			got, err := a.Parse(body)
			if err != nil {
				t.Fatal(err)
			}
			again, err := a.Parse(body)
			if diff := cmp.Diff(got, again); err != nil || diff != "" {
				t.Errorf("a redelivery differs (error %v):\n%s", err, diff)
			}
			vendortest.Golden(t, strings.TrimSuffix(file, ".json")+".golden", got)
			noPerson(t, got)
			booked(t, got[0])
			for at := range body {
				if cut := strings.TrimSpace(string(body[:at])); cut == strings.TrimSpace(string(body)) {
					continue
				}
				if _, err := a.Parse(body[:at]); dispute.KindOf(err) != dispute.Invalid || err == nil {
					t.Fatalf("cut after %d bytes: error %v, want kind invalid", at, err)
				}
			}
		})
	}
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// noPerson: a notice travels through workflow history.
func noPerson(t *testing.T, notices []dispute.Notice) {
	t.Helper()
	text, err := json.Marshal(notices)
	if err != nil || strings.Contains(string(text), "Devender") {
		t.Errorf("error %v; the notice holds the customer's name: %s", err, text)
	}
}

// booked: the journal knows every movement.
func booked(t *testing.T, n dispute.Notice) {
	t.Helper()
	if n.Snapshot == nil {
		return
	}
	entries, err := ledger.Expected(ledger.Facts{CaseID: "cs_1", Connection: "hsp", DisputeID: n.Snapshot.ID, View: dispute.Fold(dispute.View{}, n)})
	if err != nil || len(entries) == 0 {
		t.Errorf("%d entries, error %v", len(entries), err)
	}
	for _, e := range entries {
		if e.Kind == ledger.KindUnclassified {
			t.Errorf("movement %s ends in suspense", e.Movement)
		}
	}
}

// The wrapper is no part of the fact.
func TestWrappedIsTheSameEvent(t *testing.T) {
	t.Parallel()
	a := newAdapter(t)
	bare, err := a.Parse(read(t, "testdata/initiated.json"))
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := a.Parse(read(t, "testdata/initiated_wrapped.json"))
	if diff := cmp.Diff(bare, wrapped); err != nil || diff != "" {
		t.Errorf("error %v:\n%s", err, diff)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	a := newAdapter(t)
	for name, body := range map[string]string{
		"nothing":           ``,
		"null":              `null`,
		"a list":            `[]`,
		"no name":           `{"amount":50}`,
		"no payload":        `{"name":"DISPUTE_LOST","payload":null}`,
		"no movement":       `{"eventType":"DISPUTE_INITIATED","amount":50,"balanceTransactions":[]}`,
		"no dispute":        `{"eventType":"DISPUTE_INITIATED","amount":50,"balanceTransactions":[{"id":"txn_1","source":"ch_1","created":1716283111}]}`,
		"no time":           `{"eventType":"DISPUTE_INITIATED","amount":50,"balanceTransactions":[{"id":"txn_1","source":"dp_1"}]}`,
		"fractions of cent": `{"eventType":"DISPUTE_INITIATED","amount":50,"balanceTransactions":[{"id":"txn_1","source":"dp_1","amount":-0.5,"created":1716283111}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := a.Parse([]byte(body)); dispute.KindOf(err) != dispute.Invalid || err == nil {
				t.Errorf("%+v, error %v, want kind invalid", got, err)
			}
		})
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		bend func(*Settings)
		want string // part of the error; empty for none
	}{
		"good":           {func(*Settings) {}, ""},
		"no secret":      {func(s *Settings) { s.WebhookSecrets = nil }, "webhook_secrets is missing"},
		"short secret":   {func(s *Settings) { s.WebhookSecrets = []string{secret, "abc"} }, "webhook_secrets holds one of 3"},
		"no header":      {func(s *Settings) { s.SecretHeader = "" }, "secret_header"},
		"its own stripe": {func(s *Settings) { s.Stripe = "hsp" }, "stripe names this connection"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings()
			tt.bend(s)
			_, err := s.Connect(integrations.Deps{HTTP: &http.Client{}, Now: time.Now}, "hsp")
			if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want one that says %q", err, tt.want)
			}
		})
	}
}

func TestDelegate(t *testing.T) {
	t.Parallel()
	a := newAdapter(t)
	ref := dispute.Ref{Connection: "hsp", ID: "dp_1"}
	if to, ok := a.Delegate(ref); ok {
		t.Errorf("delegates to %v without a Stripe account", to)
	}
	a.stripe = "stripe-us"
	if to, ok := a.Delegate(ref); !ok || to != (dispute.Ref{Connection: "stripe-us", ID: "dp_1"}) {
		t.Errorf("delegates to %v, %v", to, ok)
	}
}

// FuzzWebhook: whatever comes is read or refused with a reason, and nothing is
// believed without the secret.
func FuzzWebhook(f *testing.F) {
	for _, file := range []string{"sample", "won_wrapped", "other_event"} {
		f.Add(read(f, "testdata/"+file+".json"), "", "")
	}
	f.Add([]byte(`{"name":"DISPUTE_LOST","payload":{"amount":1e3}}`), older[:16], "Basic Og==")
	a := newAdapter(f)
	f.Fuzz(func(t *testing.T, body []byte, header, authorization string) {
		h := http.Header{"X-Webhook-Secret": {header}, "Authorization": {authorization}}
		believed := header == secret || header == older || password(h) == secret || password(h) == older
		if err := a.Verify(h, body, clock); (err == nil) != believed || (err != nil && dispute.KindOf(err) != dispute.Auth) {
			t.Errorf("error %v, believed %v", err, believed)
		}
		notices, err := a.Parse(body)
		if err != nil && dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("error %v, want kind invalid", err)
		}
		for _, n := range notices {
			if n.EventID == "" || n.RawKind == "" || n.OccurredAt.IsZero() || (n.Snapshot != nil && (n.Snapshot.ID == "" || n.Snapshot.RawStatus == "")) {
				t.Errorf("a notice without ids: %+v", n)
			}
			dispute.Fold(dispute.View{}, n)
		}
	})
}
