package shopify

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
)

const secret = "shpat_0123456789abcdef"

func connect(t *testing.T, baseURL string) *adapter {
	t.Helper()
	return connectThrough(t, baseURL, http.DefaultTransport)
}

func connectThrough(t *testing.T, baseURL string, via http.RoundTripper) *adapter {
	t.Helper()
	s := Vendor.Settings().(*Settings)
	s.Shop, s.AccessToken, s.BaseURL = "acme.myshopify.com", secret, baseURL
	d := integrations.Deps{HTTP: &http.Client{Transport: via}, Now: time.Now}
	a, err := s.Connect(d, "shop")
	if err != nil {
		t.Fatal(err)
	}
	return a.(*adapter)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	const id = "gid://shopify/Order/1"
	gather := func(p dispute.Payment) func(context.Context, integrations.Adapter) error {
		return func(ctx context.Context, a integrations.Adapter) error {
			_, err := a.(integrations.EvidenceSource).Gather(ctx, dispute.Case{Payment: &p})
			return err
		}
	}
	vendortest.Run(t, vendortest.Spec{
		New:    func(t *testing.T, baseURL string) integrations.Adapter { return connect(t, baseURL) },
		Secret: secret,
		Calls: []vendortest.Call{
			{Name: "check", Do: func(ctx context.Context, a integrations.Adapter) error {
				return a.(integrations.Checker).Check(ctx)
			}},
			{Name: "gather by id", Do: gather(dispute.Payment{OrderID: "1", OrderName: "#1"})},
			{Name: "gather by name", Do: gather(dispute.Payment{OrderName: "#1"})},
			{Name: "more lines", Do: func(ctx context.Context, a integrations.Adapter) error {
				_, err := a.(*adapter).lines(ctx, id, "25")
				return err
			}},
		},
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	good := Settings{Shop: "acme.myshopify.com", AccessToken: secret, APIVersion: "2026-07"}
	tests := map[string]struct {
		bend func(*Settings)
		want string // a part of the error; empty for none
	}{
		"good":              {func(*Settings) {}, ""},
		"next version":      {func(s *Settings) { s.APIVersion = "unstable" }, ""},
		"no shop":           {func(s *Settings) { s.Shop = "" }, "shop:"},
		"shop is a URL":     {func(s *Settings) { s.Shop = "https://acme.myshopify.com" }, "shop:"},
		"shop is a path":    {func(s *Settings) { s.Shop = "acme.myshopify.com/admin" }, "shop:"},
		"no token":          {func(s *Settings) { s.AccessToken = "" }, "access_token:"},
		"no version":        {func(s *Settings) { s.APIVersion = "" }, "api_version:"},
		"version is a path": {func(s *Settings) { s.APIVersion = "2026-07/../.." }, "api_version:"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := good
			tt.bend(&s)
			_, err := (&s).Connect(integrations.Deps{HTTP: http.DefaultClient}, "shop")
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)):
				t.Errorf("error %v, want one about %s", err, tt.want)
			case err != nil && strings.Contains(err.Error(), secret):
				t.Errorf("the error tells the token: %v", err)
			}
		})
	}
}

func TestDefaultAddressIsTheShop(t *testing.T) {
	t.Parallel()
	if got, want := connect(t, "").http.BaseURL, "https://acme.myshopify.com"; got != want {
		t.Errorf("base URL %q, want %q", got, want)
	}
}

func TestApplies(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		payment *dispute.Payment
		want    bool
	}{
		"no payment":     {nil, false},
		"no ids":         {&dispute.Payment{Email: "a@shopper.example"}, false},
		"number":         {&dispute.Payment{OrderID: "5400000001001"}, true},
		"global id":      {&dispute.Payment{OrderID: "gid://shopify/Order/5400000001001"}, true},
		"another's id":   {&dispute.Payment{OrderID: "WC-12"}, false},
		"another object": {&dispute.Payment{OrderID: "gid://shopify/Customer/1"}, false},
		"name":           {&dispute.Payment{OrderName: "#1001"}, true},
		"name beside id": {&dispute.Payment{OrderID: "WC-12", OrderName: "#1001"}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := connect(t, "").Applies(dispute.Case{Payment: tt.payment}); got != tt.want {
				t.Errorf("Applies = %v, want %v", got, tt.want)
			}
		})
	}
}
