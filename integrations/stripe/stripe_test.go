package stripe_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/stripe"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	standin "github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const (
	secretKey     = "sk_test_51QxSecretOfTheTest"
	webhookSecret = "whsec_newSecretOfTheTest"
	oldSecret     = "whsec_oldSecretOfTheTest"
	connection    = "stripe-main"
)

// account is everything that the adapter can do.
type account interface {
	integrations.Intake
	integrations.Poller
	integrations.Reader
	integrations.PaymentReader
	integrations.Responder
	integrations.Accepter
	integrations.AutoAnswerer
	integrations.EvidenceSource
	integrations.Linker
	integrations.Checker
	integrations.PermissionChecker
	integrations.Connector
}

// connect makes the adapter against a server. The change may bend the settings.
func connect(t testing.TB, baseURL string, change ...func(*stripe.Settings)) account {
	t.Helper()
	s, ok := stripe.Vendor.Settings().(*stripe.Settings)
	if !ok {
		t.Fatal("Settings are no *stripe.Settings")
	}
	s.BaseURL, s.SecretKey, s.WebhookSecret, s.WebhookSecrets = baseURL, secretKey, webhookSecret, []string{oldSecret}
	for _, f := range change {
		f(s)
	}
	deps := integrations.Deps{HTTP: &http.Client{}, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	a, err := s.Connect(deps, connection)
	if err != nil {
		t.Fatal(err)
	}
	out, ok := a.(account)
	if !ok {
		t.Fatal("the adapter lacks a capability")
	}
	return out
}

// rehearsal is a stand-in behind a server, and the adapter on it.
type rehearsal struct {
	account
	stripe *standin.Stripe
	world  *world.World
}

func rehearse(t *testing.T) *rehearsal {
	t.Helper()
	return rehearseBehind(t, func(h http.Handler) http.Handler { return h })
}

func rehearseBehind(t *testing.T, wrap func(http.Handler) http.Handler) *rehearsal {
	t.Helper()
	w := world.New(7, time.Now, 24*time.Hour)
	s := standin.New(w, standin.Options{SecretKey: secretKey, WebhookSecret: webhookSecret})
	srv := httptest.NewServer(wrap(s))
	t.Cleanup(srv.Close)
	return &rehearsal{account: connect(t, srv.URL), stripe: s, world: w}
}

func (r *rehearsal) open(o world.OrderOptions, d standin.DisputeOptions) string {
	return r.stripe.Open(r.world.NewOrder(o), d)
}

// disputeCase is the case of a dispute as it is now.
func (r *rehearsal) disputeCase(t *testing.T, id string) dispute.Case {
	t.Helper()
	ref := dispute.Ref{Connection: connection, ID: id}
	s, err := r.Get(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	return dispute.Case{ID: ref.CaseID(), Ref: ref, View: dispute.View{Snapshot: s}}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	c := dispute.Case{
		Ref:  dispute.Ref{Connection: connection, ID: "du_1"},
		View: dispute.View{Snapshot: dispute.Snapshot{ID: "du_1", Payment: "ch_1"}},
	}
	const key = "cs_1/chargeback/submit/abc"
	serve := func(w http.ResponseWriter, r *http.Request) {
		id, status := "du_1", "under_review"
		if strings.HasSuffix(r.URL.Path, "/files") {
			id = "file_1"
		}
		_, _ = fmt.Fprintf(w, `{"id":%q,"object":"dispute","status":%q,"intended_submission_method":"manual"}`, id, status)
	}
	call := func(name string, do func(ctx context.Context, a account) error) vendortest.Call {
		return vendortest.Call{Name: name, Do: func(ctx context.Context, a integrations.Adapter) error {
			all, ok := a.(account)
			if !ok {
				return fmt.Errorf("%T lacks a capability", a)
			}
			return do(ctx, all)
		}}
	}
	write := func(name string, do func(ctx context.Context, a account) error) vendortest.Call {
		v := call(name, do)
		v.Write, v.Key, v.Serve = true, key, serve
		return v
	}
	vendortest.Run(t, vendortest.Spec{
		New:    func(t *testing.T, baseURL string) integrations.Adapter { return connect(t, baseURL) },
		Secret: secretKey,
		Calls: []vendortest.Call{
			call("get", func(ctx context.Context, a account) error { _, err := a.Get(ctx, c.Ref); return err }),
			call("poll", func(ctx context.Context, a account) error { _, _, err := a.Poll(ctx, ""); return err }),
			call("payment", func(ctx context.Context, a account) error { _, err := a.Payment(ctx, c.View.Snapshot); return err }),
			call("gather", func(ctx context.Context, a account) error { _, err := a.Gather(ctx, c); return err }),
			call("check", func(ctx context.Context, a account) error { return a.Check(ctx) }),
			call("connect", func(ctx context.Context, a account) error { _, err := a.Register(ctx, address, false); return err }),
			write("submit", func(ctx context.Context, a account) error {
				_, err := a.Submit(ctx, packet(key, c))
				return err
			}),
			write("submit without files", func(ctx context.Context, a account) error {
				s := packet(key, c)
				s.Files = nil
				_, err := a.Submit(ctx, s)
				return err
			}),
			write("accept", func(ctx context.Context, a account) error { _, err := a.Accept(ctx, key, c); return err }),
			write("claim manual", func(ctx context.Context, a account) error {
				_, _, err := a.ClaimManual(ctx, key, c.Ref)
				return err
			}),
		},
		Intake: &vendortest.Intake{
			Sign:   func(body []byte, at time.Time) http.Header { return signed(body, at, webhookSecret) },
			Golden: "testdata/webhooks",
			Stale:  301 * time.Second,
		},
	})
}

// signed are the headers of an event signed by Stripe's own library.
func signed(body []byte, at time.Time, secret string) http.Header {
	p := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: body, Secret: secret, Timestamp: at})
	return http.Header{"Stripe-Signature": {p.Header}}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*stripe.Settings)
		want   string // part of the error; empty: good
	}{
		{"good", func(*stripe.Settings) {}, ""},
		{"restricted key", func(s *stripe.Settings) { s.SecretKey = "rk_test_1" }, ""},
		{"only the list of secrets", func(s *stripe.Settings) { s.WebhookSecret = "" }, ""},
		{"no key", func(s *stripe.Settings) { s.SecretKey = "" }, "secret_key is missing"},
		{"publishable key", func(s *stripe.Settings) { s.SecretKey = "pk_test_1" }, "publishable"},
		{"no secret", func(s *stripe.Settings) { s.WebhookSecret, s.WebhookSecrets = "", nil }, "webhook_secret is missing"},
		{"empty secret", func(s *stripe.Settings) { s.WebhookSecrets = []string{""} }, "empty secret"},
		{"base without scheme", func(s *stripe.Settings) { s.BaseURL = "api.stripe.com" }, "base_url"},
		{"files of another scheme", func(s *stripe.Settings) { s.FilesURL = "ftp://files.stripe.com" }, "files_url"},
		{"no version", func(s *stripe.Settings) { s.APIVersion = "" }, "api_version"},
		{"no tolerance", func(s *stripe.Settings) { s.Tolerance = 0 }, "tolerance"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, _ := stripe.Vendor.Settings().(*stripe.Settings)
			s.SecretKey, s.WebhookSecret = secretKey, webhookSecret
			s.WebhookSecrets = []string{oldSecret}
			tt.change(s)
			_, err := s.Connect(integrations.Deps{HTTP: &http.Client{}, Now: time.Now}, connection)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want one about %q", err, tt.want)
			case err != nil && strings.Contains(err.Error(), secretKey):
				t.Errorf("the error holds the key: %v", err)
			}
		})
	}
}

func TestDisputeURL(t *testing.T) {
	t.Parallel()
	ref := dispute.Ref{Connection: connection, ID: "du_1"}
	for key, want := range map[string]string{
		"sk_test_1": "https://dashboard.stripe.com/test/disputes/du_1",
		"rk_test_1": "https://dashboard.stripe.com/test/disputes/du_1",
		"sk_live_1": "https://dashboard.stripe.com/disputes/du_1",
	} {
		a := connect(t, "http://127.0.0.1:1", func(s *stripe.Settings) { s.SecretKey = key })
		if got := a.DisputeURL(ref); got != want {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
}

// Stripe's uploads have a host of their own, anybody else's do not.
func TestFilesGoToTheirHost(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 1)
	files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.URL.Path
		_, _ = w.Write([]byte(`{"id":"file_1"}`))
	}))
	defer files.Close()
	a := connect(t, "http://127.0.0.1:1", func(s *stripe.Settings) { s.FilesURL = files.URL })
	receipt, err := a.Submit(t.Context(), packet("key", dispute.Case{Ref: dispute.Ref{ID: "du_1"}}))
	if dispute.KindOf(err) != dispute.UnknownOutcome {
		t.Errorf("kind %s, want unknown_outcome: only the second host is there", dispute.KindOf(err))
	}
	if path := <-seen; path != "/v1/files" || len(receipt.Uploads) != 1 {
		t.Errorf("uploaded to %q, receipt %v", path, receipt.Uploads)
	}
}
