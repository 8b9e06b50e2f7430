package braintree

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	standin "github.com/rebuttal-hq/rebuttal/simulator/braintree"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const (
	connection = "braintree-us"
	publicKey  = "integration_public_key"
	privateKey = "integration_private_key_canary"
	// older is the key that privateKey replaces.
	olderPublic, olderPrivate = "older_public_key", "older_private_key_canary"
)

// opening is the time at which test disputes open.
var opening = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)

func settings(baseURL string) *Settings {
	return &Settings{
		MerchantID: "m1", PublicKey: publicKey, PrivateKey: privateKey, BaseURL: baseURL, APIVersion: defaultAPIVersion,
		WebhookKeys: []KeyPair{{olderPublic, olderPrivate}},
	}
}

func connect(t testing.TB, baseURL string, client *http.Client) *adapter {
	t.Helper()
	a, err := settings(baseURL).Connect(integrations.Deps{HTTP: client, Now: func() time.Time { return opening }}, connection)
	if err != nil {
		t.Fatal(err)
	}
	return a.(*adapter)
}

// account is a stand-in with an adapter before it.
type account struct {
	*adapter
	world     *world.World
	braintree *standin.Braintree
}

func newAccount(t testing.TB, around func(http.Handler) http.Handler) account {
	t.Helper()
	w := world.New(7, func() time.Time { return opening }, 24*time.Hour)
	b := standin.New(w, standin.Options{PublicKey: publicKey, PrivateKey: privateKey})
	var h http.Handler = b
	if around != nil {
		h = around(b)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return account{connect(t, srv.URL, &http.Client{}), w, b}
}

// open disputes a new order and gives its case.
func (a account) open(t testing.TB, order world.OrderOptions, opt standin.DisputeOptions) dispute.Case {
	t.Helper()
	return a.caseOf(t, a.braintree.Open(a.world.NewOrder(order), opt))
}

func (a account) caseOf(t testing.TB, id string) dispute.Case {
	t.Helper()
	ref := dispute.Ref{Connection: connection, ID: id}
	s, err := a.Get(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	return dispute.Case{Ref: ref, View: dispute.Fold(dispute.View{}, dispute.Polled(connection, s, opening))}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	const id = "5krz45rzcxq8v4ky"
	var payment string
	newStandIn := func() http.Handler {
		w := world.New(7, func() time.Time { return opening }, 24*time.Hour)
		b := standin.New(w, standin.Options{PublicKey: publicKey, PrivateKey: privateKey})
		order := w.NewOrder(world.OrderOptions{})
		b.Open(order, standin.DisputeOptions{ID: id, Code: "1040"})
		b.AddByHand(id, "REFUND_ID", "none") // so that it may be finalized
		return b
	}
	{
		w := world.New(7, func() time.Time { return opening }, 24*time.Hour)
		payment = standin.New(w, standin.Options{}).TransactionID(w.NewOrder(world.OrderOptions{}))
	}
	vendortest.Run(t, vendortest.Spec{
		New:     func(t *testing.T, baseURL string) integrations.Adapter { return connect(t, baseURL, &http.Client{}) },
		Secret:  privateKey,
		StandIn: newStandIn,
		Case: dispute.Case{
			Ref:  dispute.Ref{Connection: connection, ID: id},
			View: dispute.View{Snapshot: dispute.Snapshot{ID: id, Payment: payment, Network: "visa", NetworkCode: "1040", RawStatus: "open"}},
		},
		Intake: &vendortest.Intake{
			// The signature is in the body; the golden payloads hold theirs.
			Sign:   func([]byte, time.Time) http.Header { return http.Header{"Content-Type": {formType}} },
			Golden: "testdata",
		},
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		bend func(*Settings)
		want string // part of the error; empty for none
	}{
		"good":                {func(*Settings) {}, ""},
		"no merchant":         {func(s *Settings) { s.MerchantID = "" }, "merchant_id"},
		"no public key":       {func(s *Settings) { s.PublicKey = "" }, "public_key"},
		"no private key":      {func(s *Settings) { s.PrivateKey = "" }, "private_key"},
		"half a webhook key":  {func(s *Settings) { s.WebhookKeys = []KeyPair{{PublicKey: "p"}} }, "webhook_keys"},
		"base of a path":      {func(s *Settings) { s.BaseURL = "/graphql" }, "base_url"},
		"version of a number": {func(s *Settings) { s.APIVersion = "6" }, "api_version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(Vendor.Settings().(*Settings).BaseURL)
			tt.bend(s)
			_, err := s.Connect(integrations.Deps{HTTP: &http.Client{}, Now: time.Now}, connection)
			if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want one that names %q", err, tt.want)
			}
		})
	}
}

func TestDisputeURL(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		defaultBaseURL: "https://www.braintreegateway.com/merchants/m1/disputes/abc%2F1",
		"https://payments.sandbox.braintree-api.com": "https://sandbox.braintreegateway.com/merchants/m1/disputes/abc%2F1",
	} {
		if got := connect(t, base, &http.Client{}).DisputeURL(dispute.Ref{ID: "abc/1"}); got != want {
			t.Errorf("%s: %s, want %s", base, got, want)
		}
	}
}

// An id that Braintree publishes with its legacy id is what we make of the
// latter.
func TestGlobalID(t *testing.T) {
	t.Parallel()
	for want, parts := range map[string][2]string{
		"ZGlzcHV0ZV81a3J6NDVyemN4cTh2NGt5": {"dispute", "5krz45rzcxq8v4ky"},
		"dHJhbnNhY3Rpb25faGd2cmNxYnM":      {"transaction", "hgvrcqbs"},
	} {
		if got := globalID(parts[0], parts[1]); got != want {
			t.Errorf("%v: %s, want %s", parts, got, want)
		}
	}
}

// Check notices when Braintree's global ids take another form than ours.
func TestCheckComparesIDs(t *testing.T) {
	t.Parallel()
	other := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"data":{"search":{"disputes":{"edges":[]}},"idFromLegacyId":"dispute:rebuttal"}}`))
	})
	a := connect(t, vendortest.Serve(t, other), &http.Client{})
	if err := a.Check(t.Context()); err == nil || dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("error %v, want kind invalid", err)
	}
}
