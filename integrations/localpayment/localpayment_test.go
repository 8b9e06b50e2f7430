package localpayment

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
)

const (
	username = "api@shop.example"
	password = "pw-canary-0123456789"
	secret   = "lp-canary-0123456789"
	// older is the secret that secret replaces.
	older = "lp-older-0123456789"
	// secretV2 is the hex of a key.
	secretV2 = "00ff10a1b2c3d4e5f60718293a4b5c6d"
	nowhere  = "http://127.0.0.1:1"
)

// clock is a few minutes after the documented callbacks.
var clock = time.Date(2022, 11, 22, 21, 15, 0, 0, time.UTC)

func settings(baseURL string) *Settings {
	return &Settings{
		Username: username, Password: password, BaseURL: baseURL,
		WebhookSecrets: []string{older, secret}, WebhookSecretsV2: []string{secretV2},
	}
}

func newAdapter(t testing.TB, baseURL string) *adapter {
	t.Helper()
	a, err := settings(baseURL).Connect(integrations.Deps{HTTP: &http.Client{}, Now: func() time.Time { return clock }}, "lp")
	if err != nil {
		t.Fatal(err)
	}
	return a.(*adapter)
}

// loggedIn is an adapter with a live token, so that its next request is the
// call itself.
func loggedIn(t testing.TB, baseURL string) *adapter {
	t.Helper()
	a := newAdapter(t, baseURL)
	a.tokens.access, a.tokens.until = "token", clock.Add(time.Minute)
	return a
}

func mac(key, body []byte) string {
	h := hmac.New(sha256.New, key)
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

func signed(body []byte, _ time.Time) http.Header {
	return http.Header{"X-Signature": {"HMAC-SHA256 " + mac([]byte(secret), body)}}
}

const writeKey = "cs_abcdefghij234567/12/chargeback/respond/lp/0123456789ab"

func packet() integrations.Submission {
	body := []byte("%PDF-1.7 the whole packet")
	sum := sha256.Sum256(body)
	return integrations.Submission{
		Key:  writeKey,
		Case: dispute.Case{Ref: dispute.Ref{Connection: "lp", ID: "1669150987"}},
		Files: []integrations.File{{
			Field: dispute.FieldUncategorizedFile, Name: "packet.pdf", MediaType: "application/pdf", SHA256: hex.EncodeToString(sum[:]), Bytes: body,
		}},
	}
}

// The suite's StandIn wants a Reader beside every Responder, which Localpayment
// cannot give, so the calls are listed and life_test.go tries what they promise.
func TestConformance(t *testing.T) {
	t.Parallel()
	boundary := sha256.Sum256([]byte(writeKey))
	vendortest.Run(t, vendortest.Spec{
		New:    func(t *testing.T, baseURL string) integrations.Adapter { return loggedIn(t, baseURL) },
		Secret: password,
		Calls: []vendortest.Call{
			{Name: "check", Do: func(ctx context.Context, a integrations.Adapter) error { return a.(*adapter).Check(ctx) }},
			{Name: "first call of all", Do: func(ctx context.Context, a integrations.Adapter) error {
				a.(*adapter).tokens.access = ""
				_, err := a.(*adapter).Payment(ctx, dispute.Snapshot{ID: "1669150987"})
				return err
			}},
			{Name: "payment", Do: func(ctx context.Context, a integrations.Adapter) error {
				_, err := a.(*adapter).Payment(ctx, dispute.Snapshot{ID: "1669150987"})
				return err
			}},
			{
				Name: "submit", Write: true, Key: hex.EncodeToString(boundary[:]),
				Do: func(ctx context.Context, a integrations.Adapter) error {
					_, err := a.(*adapter).Submit(ctx, packet())
					return err
				},
				Serve: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(docReceived)) },
			},
		},
		Intake: &vendortest.Intake{Sign: signed, Secret: secret, Golden: "testdata"},
	})
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// A notice travels through workflow history: it has nothing of payer, merchant
// and card but the brand.
func TestNoticeHoldsNoPerson(t *testing.T) {
	t.Parallel()
	notices, err := newAdapter(t, nowhere).Parse(read(t, "testdata/payin_906_chargeback.json"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(notices)
	if err != nil {
		t.Fatal(err)
	}
	for _, hidden := range []string{"Payer", "payer@", "99999999", "99903208", "401288", "1881", `"ARG"`, "Company", "E9WHY"} {
		if strings.Contains(string(text), hidden) {
			t.Errorf("the notice holds %q: %s", hidden, text)
		}
	}
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	a := newAdapter(t, nowhere)
	body := read(t, "testdata/payin_906_chargeback.json")
	dense, ok := compact(body)
	if !ok || len(dense) == len(body) {
		t.Fatal("the payload has no white space to lose")
	}
	key2, err := hex.DecodeString(secretV2)
	if err != nil {
		t.Fatal(err)
	}
	v3 := mac([]byte(secret), body)
	for name, tt := range map[string]struct {
		header, value string
		good          bool
	}{
		"as documented":           {"X-Signature", "HMAC-SHA256 " + v3, true},
		"without prefix":          {"X-Signature", v3, true},
		"in capitals":             {"X-Signature", "hmac-sha256 " + strings.ToUpper(v3), true},
		"over the compacted body": {"X-Signature", "HMAC-SHA256 " + mac([]byte(secret), dense), true},
		"by the older secret":     {"X-Signature", "HMAC-SHA256 " + mac([]byte(older), body), true},
		"by another secret":       {"X-Signature", "HMAC-SHA256 " + mac([]byte("lp-other"), body), false},
		"version 2":               {"Signature", mac(key2, body), true},
		"version 2 in capitals":   {"Signature", strings.ToUpper(mac(key2, body)), true},
		"version 2, key as text":  {"Signature", mac([]byte(secretV2), body), false},
		"version 3 key as hex":    {"X-Signature", mac(key2, body), false},
		"another prefix":          {"X-Signature", "HMAC-SHA1 " + v3, false},
		"cut":                     {"X-Signature", v3[:62], false},
		"no hex":                  {"X-Signature", "HMAC-SHA256 " + strings.Repeat("x", 64), false},
		"empty":                   {"X-Signature", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{}
			h.Set(tt.header, tt.value)
			err := a.Verify(h, body, clock)
			if (err == nil) != tt.good || (err != nil && dispute.KindOf(err) != dispute.Auth) {
				t.Errorf("error %v, want good %v", err, tt.good)
			}
		})
	}
}

// TestKnownSignature holds Verify to signatures that our code did not make.
func TestKnownSignature(t *testing.T) {
	t.Parallel()
	a, body := newAdapter(t, nowhere), []byte(`{"transactionType":"PayIn"}`)
	for name, h := range map[string]http.Header{
		// printf '{"transactionType":"PayIn"}' | openssl dgst -sha256 -hmac lp-canary-0123456789
		"version 3": {"X-Signature": {"HMAC-SHA256 c2d2937e1499afac3e7c4f6901723d067002694058895675d4fe4299e59f2181"}},
		// printf '{"transactionType":"PayIn"}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:00ff10a1b2c3d4e5f60718293a4b5c6d
		"version 2": {"Signature": {"61a796d67190c38e193ade8c615eca60029354a72cb2b1aad410e0d0d6403fce"}},
	} {
		if err := a.Verify(h, body, clock); err != nil {
			t.Errorf("%s: a signature by openssl is refused: %v", name, err)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		bend func(*Settings)
		want string // part of the error; empty for none
	}{
		"good":           {func(*Settings) {}, ""},
		"version 2":      {func(s *Settings) { s.WebhookSecrets = nil }, ""},
		"no user":        {func(s *Settings) { s.Username = "" }, "username"},
		"no password":    {func(s *Settings) { s.Password = "" }, "password"},
		"no secret":      {func(s *Settings) { s.WebhookSecrets, s.WebhookSecretsV2 = nil, nil }, "webhook_secrets"},
		"empty secret":   {func(s *Settings) { s.WebhookSecrets = []string{secret, ""} }, "webhook_secrets"},
		"a key no hex":   {func(s *Settings) { s.WebhookSecretsV2 = []string{secret} }, "webhook_secrets_v2"},
		"an empty key":   {func(s *Settings) { s.WebhookSecretsV2 = []string{""} }, "webhook_secrets_v2"},
		"no base":        {func(s *Settings) { s.BaseURL = "" }, "base_url"},
		"another base":   {func(s *Settings) { s.BaseURL = "ftp://lp.example" }, "base_url"},
		"base of a path": {func(s *Settings) { s.BaseURL = "/api" }, "base_url"},
		"base of secret": {func(s *Settings) { s.BaseURL = secret }, "base_url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(Vendor.Settings().(*Settings).BaseURL)
			tt.bend(s)
			_, err := s.Connect(integrations.Deps{HTTP: &http.Client{}, Now: time.Now}, "lp")
			if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want one that names %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the error quotes a secret: %v", err)
			}
		})
	}
}

// FuzzWebhook: whatever comes, signed or not, is read or refused with a reason.
func FuzzWebhook(f *testing.F) {
	for _, file := range []string{"payin_906_chargeback", "chargeback_202_won", "payin_200_flat"} {
		f.Add(read(f, "testdata/"+file+".json"), "HMAC-SHA256 00ff", "00")
	}
	f.Add([]byte(`{"transactionType":"ChargeBack","data":{"externalId":"1","status":{"code":101},"amount":1e9}}`), "", "")
	a := newAdapter(f, nowhere)
	f.Fuzz(func(t *testing.T, body []byte, v3, v2 string) {
		h := http.Header{"X-Signature": {v3}, "Signature": {v2}}
		if err := a.Verify(h, body, clock); dispute.KindOf(err) != dispute.Auth || err == nil {
			t.Errorf("an unsigned body: error %v, want kind auth", err)
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

func TestMoney(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]dispute.Money{
		"100 ARS":                  {Minor: 10000, Currency: "ARS"},
		"1005.0 ARS":               {Minor: 100500, Currency: "ARS"},
		"0.1 BRL":                  {Minor: 10, Currency: "BRL"},
		"90071992547409.93 BRL":    {Minor: 9007199254740993, Currency: "BRL"},
		"1005.0 CLP":               {Minor: 1005, Currency: "CLP"},
		"1000 PYG":                 {Minor: 1000, Currency: "PYG"},
		"12.345 KWD":               {Minor: 12345, Currency: "KWD"},
		"12.30 KWD":                {Minor: 12300, Currency: "KWD"},
		"100.5 CLP":                {}, // no half pesos in Chile
		"0.125 ARS":                {},
		"1e3 ARS":                  {},
		"99999999999999999999 ARS": {},
		"100 ":                     {},
		" ARS":                     {},
	} {
		amount, currency, _ := strings.Cut(text, " ")
		if diff := cmp.Diff(want, money(json.Number(amount), currency)); diff != "" {
			t.Errorf("%s:\n%s", text, diff)
		}
	}
}
