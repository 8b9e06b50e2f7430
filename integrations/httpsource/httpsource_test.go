package httpsource

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	service "github.com/rebuttal-hq/rebuttal/simulator/httpsource"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const (
	secret = "canary-secret-0123456789abcdef01234567"
	next   = "the-secret-that-comes-after-it-0123456"
)

var now = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)

func newWorld() *world.World {
	return world.New(7, func() time.Time { return now }, 24*time.Hour)
}

func connect(t testing.TB, url string, secrets ...string) *adapter {
	t.Helper()
	a, err := (&Settings{URL: url, Secrets: secrets}).Connect(integrations.Deps{HTTP: &http.Client{}, Now: time.Now}, "service")
	if err != nil {
		t.Fatal(err)
	}
	return a.(*adapter)
}

func caseOf(o world.Order) dispute.Case {
	return dispute.Case{
		ID: "cs_abcdefghij234567", Ref: dispute.Ref{Connection: "stripe-us", ID: "dp_1"},
		View: dispute.View{Snapshot: dispute.Snapshot{
			ID: "dp_1", Payment: o.ChargeID, Stage: dispute.StageChargeback, Reason: "fraudulent", Network: "visa", NetworkCode: "10.4",
			Amount: dispute.Money{Minor: o.Total, Currency: o.Currency}, OpenedAt: o.PaidAt.AddDate(0, 0, 20),
		}},
		Payment: &dispute.Payment{
			ID: o.ChargeID, Intent: o.PaymentIntent, Amount: dispute.Money{Minor: o.Total, Currency: o.Currency}, At: o.PaidAt,
			Email: o.Customer.Email, OrderName: o.Name(), Metadata: map[string]string{"channel": "web"},
		},
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	w := newWorld()
	o := w.NewOrder(world.OrderOptions{})
	vendortest.Run(t, vendortest.Spec{
		New: func(t *testing.T, baseURL string) integrations.Adapter {
			return connect(t, baseURL+"/evidence", secret)
		},
		Secret: secret, Case: caseOf(o),
		StandIn: func() http.Handler { return service.New(w, secret) },
		Calls: []vendortest.Call{
			{Name: "document", Do: func(ctx context.Context, a integrations.Adapter) error {
				_, err := a.(*adapter).download(ctx, link{path: "documents[0].url", url: "/confirmations/1001"})
				return err
			}},
		},
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		settings Settings
		want     string // the beginning of the error; empty for none
	}{
		"one secret":    {Settings{URL: "https://shop.example/rebuttal", Secrets: []string{secret}}, ""},
		"two secrets":   {Settings{URL: "https://shop.example/rebuttal", Secrets: []string{secret, next}}, ""},
		"three secrets": {Settings{URL: "https://shop.example/rebuttal", Secrets: []string{secret, next, secret}}, "secrets:"},
		"no secret":     {Settings{URL: "https://shop.example/rebuttal"}, "secrets:"},
		"short secret":  {Settings{URL: "https://shop.example/rebuttal", Secrets: []string{secret, "short"}}, "secrets: number 2"},
		"no address":    {Settings{Secrets: []string{secret}}, "url:"},
		"no host":       {Settings{URL: "/rebuttal", Secrets: []string{secret}}, "url:"},
		"other scheme":  {Settings{URL: "ftp://shop.example/rebuttal", Secrets: []string{secret}}, "url:"},
	} {
		_, err := tt.settings.Connect(integrations.Deps{HTTP: http.DefaultClient}, "service")
		if (err == nil) != (tt.want == "") || err != nil && !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one that begins with %q", name, err, tt.want)
		}
	}
}

// knownMAC is the example of docs/vendors/httpsource.md; openssl made it.
const knownMAC = "2c070e064aaf35262421cca6fcaf9469581fde77b16725f07ad7cc4674f87e6e"

func TestKnownSignature(t *testing.T) {
	t.Parallel()
	const want = "t=1767225600,n=0123456789abcdef0123456789abcdef,v1=" + knownMAC
	got := signature([]string{"0123456789abcdef0123456789abcdef"}, time.Unix(1767225600, 0), "0123456789abcdef0123456789abcdef", []byte(`{"version":1,"check":true}`))
	if got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
	body, err := question{Version: version, Check: true}.body()
	if err != nil || string(body) != `{"version":1,"check":true}` {
		t.Errorf("a check is %s, %v", body, err)
	}
}

func TestSecretsAreReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for name, tt := range map[string]struct {
		ours, theirs []string
		want         bool
	}{
		"the same":              {[]string{secret}, []string{secret}, true},
		"we have the new one":   {[]string{secret, next}, []string{secret}, true},
		"they have it, too":     {[]string{secret, next}, []string{next}, true},
		"we dropped the old":    {[]string{next}, []string{secret, next}, true},
		"another's":             {[]string{secret}, []string{next}, false},
		"they have none at all": {[]string{secret}, nil, false},
	} {
		err := connect(t, vendortest.Serve(t, service.New(w, tt.theirs...))+"/evidence", tt.ours...).Check(t.Context())
		if tt.want != (err == nil) || err != nil && dispute.KindOf(err) != dispute.Auth {
			t.Errorf("%s: %v, want it taken: %v", name, err, tt.want)
		}
	}
}

func TestQuestion(t *testing.T) {
	t.Parallel()
	o := newWorld().Orders()[3]
	vendortest.Golden(t, filepath.Join("testdata", "question.golden"), questionOf(caseOf(o)))
	thin := questionOf(dispute.Case{ID: "cs_1", View: dispute.View{Snapshot: dispute.Snapshot{ID: "dp_1", Payment: "ch_1"}}})
	got, err := json.Marshal(thin)
	if want := `{"version":1,"case":"cs_1","dispute":{"id":"dp_1","connection":""},"payment":{"id":"ch_1"}}`; err != nil || string(got) != want {
		t.Errorf("without a payment: %s, %v", got, err)
	}
}

func TestGather(t *testing.T) {
	t.Parallel()
	w := newWorld()
	url := vendortest.Serve(t, http.StripPrefix("/service", service.New(w, secret))) + "/service/evidence"
	o := w.NewOrder(world.OrderOptions{})
	items, err := connect(t, url, secret).Gather(t.Context(), caseOf(o))
	if err != nil {
		t.Fatal(err)
	}
	if last := items[len(items)-1]; last.MediaType != "application/pdf" || len(last.Content) == 0 {
		t.Errorf("the linked document is %s of %d bytes", last.MediaType, len(last.Content))
	}
	vendortest.Golden(t, filepath.Join("testdata", "gather.golden"), items)
	nobody := dispute.Case{View: dispute.View{Snapshot: dispute.Snapshot{Payment: "ch_unknown"}}}
	if items, err := connect(t, url, secret).Gather(t.Context(), nobody); err != nil || len(items) != 0 {
		t.Errorf("a sale that the service does not know: %d items, %v", len(items), err)
	}
	if items, err := connect(t, url, secret).Gather(t.Context(), dispute.Case{}); err != nil || len(items) != 0 {
		t.Errorf("a case without a payment: %d items, %v", len(items), err)
	}
}

// documents answers with two documents, and one path with what is given.
func documents(links string, status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			_, _ = fmt.Fprintf(w, `{"version":1,"documents":[%s]}`, strings.ReplaceAll(links, "HOST", r.Host))
		case strings.HasPrefix(r.URL.Path, "/bad"):
			w.Header().Set("Location", "http://"+r.Host+"/good")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		default:
			_, _ = io.WriteString(w, "%PDF-1.4")
		}
	})
}

func TestLinkedDocuments(t *testing.T) {
	t.Parallel()
	two := func(url string) string {
		return fmt.Sprintf(`{"id":"1","url":%q},{"id":"2","url":"/good?x=1"}`, url)
	}
	for name, tt := range map[string]struct {
		links  string
		status int
		body   string
		want   int
		kind   dispute.Kind // empty for no error
		text   string
	}{
		"good":               {two("/good"), 200, "", 2, "", ""},
		"in full":            {two("http://HOST/good"), 200, "", 2, "", ""},
		"beside the service": {two("good"), 200, "", 2, "", ""},
		"another host":       {two("https://elsewhere.example/x"), 200, "", 1, dispute.Invalid, "documents[0].url: want an address on the service's own host"},
		"with a user":        {two("http://u:p@HOST/good"), 200, "", 1, dispute.Invalid, "documents[0].url"},
		"a file":             {two("file:///etc/passwd"), 200, "", 1, dispute.Invalid, "documents[0].url"},
		"no address":         {two("http://%"), 200, "", 1, dispute.Invalid, "documents[0].url"},
		"another kind":       {two("/bad"), 200, "<html>", 1, dispute.Invalid, "documents[0].url: want a PDF"},
		"not there":          {two("/bad"), 404, "", 1, dispute.NotFound, ""},
		"redirected":         {two("/bad"), 302, "", 1, dispute.Invalid, "redirects are not followed"},
		"away":               {two("/bad"), 503, "", 0, dispute.Transient, ""},
		"away after a fault": {two("https://elsewhere.example/x") + `,{"id":"3","url":"/bad"}`, 503, "", 1, dispute.Transient, ""},
		"fault and fault":    {two("https://elsewhere.example/x") + `,{"id":"3"}`, 200, "", 1, dispute.Invalid, "documents[2].content: want either content or url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := vendortest.Serve(t, documents(tt.links, tt.status, tt.body)) + "/evidence"
			items, err := connect(t, url, secret).Gather(t.Context(), dispute.Case{Payment: &dispute.Payment{ID: "ch_1"}})
			if (err == nil) != (tt.kind == "") || err != nil && (dispute.KindOf(err) != tt.kind || !strings.Contains(err.Error(), tt.text)) {
				t.Errorf("error %v, want kind %q and %q", err, tt.kind, tt.text)
			}
			if len(items) != tt.want {
				t.Errorf("%d items, want %d", len(items), tt.want)
			}
			for _, item := range items {
				if string(item.Content) != "%PDF-1.4" || item.MediaType != "application/pdf" {
					t.Errorf("%s is %s %q", item.ID, item.MediaType, item.Content)
				}
			}
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	asked := 0
	url := vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, "/elsewhere", http.StatusMovedPermanently)
	}))
	err := connect(t, url, secret).Check(t.Context())
	if dispute.KindOf(err) != dispute.Invalid || asked != 1 {
		t.Errorf("%d requests, error %v; want one and invalid", asked, err)
	}
}

func TestSignatureTravelsOnce(t *testing.T) {
	t.Parallel()
	var headers []string
	url := vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers = append(headers, r.Header.Get(SignatureHeader))
		_, _ = io.WriteString(w, `{"version":1}`)
	}))
	a := connect(t, url, secret)
	if err := errors.Join(a.Check(t.Context()), a.Check(t.Context())); err != nil {
		t.Fatal(err)
	}
	if cmp.Equal(headers[0], headers[1]) {
		t.Errorf("two requests have one signature: %s", headers[0])
	}
}
