package adyen

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	standin "github.com/rebuttal-hq/rebuttal/simulator/adyen"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const (
	apiKey  = "AQE_canary_0123456789"
	account = "TestMerchant"
	// hmacKey is the key of Adyen's published signing example.
	hmacKey = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
	// olderKey is the key that hmacKey replaces.
	olderKey = "0011223344556677889900AABBCCDDEEFF0011223344556677889900AABBCCDD"
	nowhere  = "http://127.0.0.1:1"
)

func settings(baseURL string) *Settings {
	return &Settings{APIKey: apiKey, MerchantAccount: account, HMACKeys: []string{olderKey, hmacKey}, ReferenceIs: orderName, BaseURL: baseURL}
}

func connect(t testing.TB, s *Settings) *adapter {
	t.Helper()
	a, err := s.Connect(integrations.Deps{HTTP: &http.Client{}, Now: time.Now}, "adyen-eu")
	if err != nil {
		t.Fatal(err)
	}
	return a.(*adapter)
}

// shop is a stand-in with an adapter before it.
type shop struct {
	*adapter
	world *world.World
	adyen *standin.Adyen
}

func open(t *testing.T, wrap func(http.Handler) http.Handler) shop {
	t.Helper()
	w := world.New(7, time.Now, time.Minute)
	s := standin.New(w, standin.Options{APIKey: apiKey, MerchantAccount: account, HMACKey: hmacKey})
	srv := httptest.NewServer(wrap(s))
	t.Cleanup(srv.Close)
	return shop{adapter: connect(t, settings(srv.URL)), world: w, adyen: s}
}

func direct(h http.Handler) http.Handler { return h }

// view is what the webhooks of a dispute told, folded.
func (s shop) view(t *testing.T, id string) dispute.View {
	t.Helper()
	var v dispute.View
	for _, n := range s.notices(t, id) {
		v = dispute.Fold(v, n)
	}
	return v
}

func (s shop) notices(t *testing.T, id string) []dispute.Notice {
	t.Helper()
	var out []dispute.Notice
	for _, it := range s.adyen.Items(id) {
		body, err := standin.Body(it)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Verify(http.Header{}, body, time.Now()); err != nil {
			t.Fatalf("%s is refused: %v", it.EventCode, err)
		}
		got, err := s.Parse(body)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, got...)
	}
	return out
}

func (s shop) dispute(t *testing.T, id string, family dispute.Family) dispute.Case {
	t.Helper()
	return dispute.Case{Ref: dispute.Ref{Connection: "adyen-eu", ID: id}, View: s.view(t, id), Family: family}
}

func file(field dispute.EvidenceField, body string) integrations.File {
	sum := sha256.Sum256([]byte(body))
	return integrations.File{
		Field: field, Name: string(field) + ".pdf", MediaType: "application/pdf", SHA256: hex.EncodeToString(sum[:]), Bytes: []byte(body),
	}
}

// packet is a submission with one file for each slot of the case.
func packet(key string, c dispute.Case) integrations.Submission {
	s := integrations.Submission{Key: key, Case: c}
	for _, f := range fields(c) {
		s.Files = append(s.Files, file(f, "%PDF-1.7 "+string(f)))
	}
	return s
}

// readerless hides from vendortest what it wants a Reader beside: the answers
// are tried in this folder instead, and their calls are listed one by one.
type readerless struct{ a *adapter }

func (r readerless) Vendor() string                  { return r.a.Vendor() }
func (r readerless) Check(ctx context.Context) error { return r.a.Check(ctx) }
func (r readerless) Verify(h http.Header, body []byte, now time.Time) error {
	return r.a.Verify(h, body, now)
}
func (r readerless) Parse(body []byte) ([]dispute.Notice, error) { return r.a.Parse(body) }

func TestConformance(t *testing.T) {
	t.Parallel()
	c := dispute.Case{Ref: dispute.Ref{ID: "DZ4DPSHB4WD2WN82"}}
	uploaded := packet("key", c)
	chosen := defence{Reason: "SupplyDefenseMaterial", Types: map[string][]string{uploaded.Files[0].SHA256: {"DefenseMaterial"}}}
	uploaded.Uploaded = map[string]string{noteDefence: chosen.note(), uploaded.Files[0].SHA256: "DefenseMaterial"}
	call := func(name string, write bool, do func(context.Context, *adapter) error) vendortest.Call {
		return vendortest.Call{Name: name, Write: write, Do: func(ctx context.Context, a integrations.Adapter) error { return do(ctx, a.(readerless).a) }}
	}
	keyed := func(key string, c vendortest.Call) vendortest.Call {
		c.Key = shortKey(key)
		c.Serve = func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"disputeServiceResult":{"success":true}}`))
		}
		return c
	}
	vendortest.Run(t, vendortest.Spec{
		New: func(t *testing.T, baseURL string) integrations.Adapter {
			s := settings(baseURL)
			s.WebhookUser, s.WebhookPassword = "adyen", "canary_webhook_password"
			return readerless{connect(t, s)}
		},
		Secret: apiKey,
		StandIn: func() http.Handler {
			return standin.New(world.New(7, time.Now, time.Minute), standin.Options{APIKey: apiKey, MerchantAccount: account, HMACKey: hmacKey})
		},
		Case: c,
		// Adyen signs values in the body and not the body: TestVerify tries those.
		Intake: &vendortest.Intake{
			Sign: func([]byte, time.Time) http.Header {
				r := &http.Request{Header: http.Header{}}
				r.SetBasicAuth("adyen", "canary_webhook_password")
				return r.Header
			},
			Unsigned: true, Secret: "canary_webhook_password", Golden: "testdata",
		},
		Calls: []vendortest.Call{
			call("choose a defence", false, func(ctx context.Context, a *adapter) error {
				_, err := a.Submit(ctx, packet("key", c))
				return err
			}),
			keyed("key/"+uploaded.Files[0].SHA256, call("supply", true, func(ctx context.Context, a *adapter) error {
				_, err := a.supply(ctx, packet("key", c), chosen)
				return err
			})),
			keyed("key/delete/TIDorInvoice", call("delete", true, func(ctx context.Context, a *adapter) error {
				s := uploaded
				s.Uploaded = map[string]string{s.Files[0].SHA256: "DefenseMaterial", "older": "TIDorInvoice"}
				_, err := a.supply(ctx, s, chosen)
				return err
			})),
			keyed("key", call("defend", true, func(ctx context.Context, a *adapter) error {
				_, err := a.Submit(ctx, uploaded)
				return err
			})),
			keyed("key", call("accept", true, func(ctx context.Context, a *adapter) error {
				_, err := a.Accept(ctx, "key", c)
				return err
			})),
		},
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		bend func(*Settings)
		want string // part of the error; empty for none
	}{
		"good":               {func(*Settings) {}, ""},
		"basic auth":         {func(s *Settings) { s.WebhookUser, s.WebhookPassword = "u", "p" }, ""},
		"no key":             {func(s *Settings) { s.APIKey = "" }, "api_key"},
		"no account":         {func(s *Settings) { s.MerchantAccount = "" }, "merchant_account"},
		"no HMAC key":        {func(s *Settings) { s.HMACKeys = nil }, "hmac_keys"},
		"empty HMAC key":     {func(s *Settings) { s.HMACKeys = []string{hmacKey, ""} }, "hmac_keys[1]"},
		"HMAC key of base64": {func(s *Settings) { s.HMACKeys = []string{"zz=="} }, "hmac_keys[0]"},
		"user alone":         {func(s *Settings) { s.WebhookUser = "u" }, "webhook_password"},
		"another reference":  {func(s *Settings) { s.ReferenceIs = "cart" }, "reference_is"},
		"no base":            {func(s *Settings) { s.BaseURL = "" }, "base_url"},
		"base of a path":     {func(s *Settings) { s.BaseURL = "/v30" }, "base_url"},
		"base of a secret":   {func(s *Settings) { s.BaseURL = s.APIKey }, "base_url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(liveURL)
			tt.bend(s)
			_, err := s.Connect(integrations.Deps{HTTP: &http.Client{}, Now: time.Now}, "adyen-eu")
			if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want one that names %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), apiKey) {
				t.Errorf("the error quotes a secret: %v", err)
			}
		})
	}
	fresh := Vendor.Settings().(*Settings)
	if fresh.BaseURL != liveURL || fresh.ReferenceIs != orderName {
		t.Errorf("defaults %+v", fresh)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	s := open(t, direct)
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("a good credential: %v", err)
	}
	s.account = "Other"
	if err := s.Check(t.Context()); dispute.KindOf(err) != dispute.Auth {
		t.Errorf("another account: %v, want kind auth", err)
	}
}

func TestPayment(t *testing.T) {
	t.Parallel()
	s := settings(nowhere)
	snap := dispute.Snapshot{Payment: "9913333333333333", PaymentIntent: "#1001"}
	p, err := connect(t, s).Payment(t.Context(), snap)
	if err != nil || p.ID != snap.Payment || p.OrderName != "#1001" || p.OrderID != "" {
		t.Errorf("payment %+v, %v", p, err)
	}
	s.ReferenceIs = orderID
	if p, err = connect(t, s).Payment(t.Context(), snap); err != nil || p.OrderID != "#1001" || p.OrderName != "" {
		t.Errorf("payment %+v, %v", p, err)
	}
}

func TestDisputeURL(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		liveURL: "https://ca-live.adyen.com/ca/ca/accounts/showTx.shtml?pspReference=A%26B",
		testURL: "https://ca-test.adyen.com/ca/ca/accounts/showTx.shtml?pspReference=A%26B",
		nowhere: "https://ca-live.adyen.com/ca/ca/accounts/showTx.shtml?pspReference=A%26B",
	} {
		if got := connect(t, settings(base)).DisputeURL(dispute.Ref{ID: "A&B"}); got != want {
			t.Errorf("%s: %s, want %s", base, got, want)
		}
	}
}
