package hubspot

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

const secret = "pat-na1-0123456789abcdef"

func connect(t *testing.T, baseURL string) *adapter {
	t.Helper()
	return connectThrough(t, baseURL, http.DefaultTransport)
}

func connectThrough(t *testing.T, baseURL string, via http.RoundTripper) *adapter {
	t.Helper()
	s := Vendor.Settings().(*Settings)
	s.AccessToken, s.BaseURL = secret, baseURL
	d := integrations.Deps{HTTP: &http.Client{Transport: via}, Now: time.Now}
	a, err := s.Connect(d, "crm")
	if err != nil {
		t.Fatal(err)
	}
	return a.(*adapter)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, vendortest.Spec{
		New:    func(t *testing.T, baseURL string) integrations.Adapter { return connect(t, baseURL) },
		Secret: secret,
		Calls: []vendortest.Call{
			{Name: "check", Do: func(ctx context.Context, a integrations.Adapter) error {
				return a.(integrations.Checker).Check(ctx)
			}},
			{Name: "gather", Do: func(ctx context.Context, a integrations.Adapter) error {
				_, err := a.(integrations.EvidenceSource).Gather(ctx, dispute.Case{Payment: &dispute.Payment{Email: "jane@canary.example"}})
				return err
			}},
			{Name: "associations", Do: func(ctx context.Context, a integrations.Adapter) error {
				_, err := a.(*adapter).associated(ctx, "501", tickets)
				return err
			}},
			{Name: "batch", Do: func(ctx context.Context, a integrations.Adapter) error {
				_, err := a.(*adapter).read(ctx, notes, []string{"1"})
				return err
			}},
		},
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		bend func(*Settings)
		want string // the beginning of the error; empty for none
	}{
		"good":             {func(*Settings) {}, ""},
		"no token":         {func(s *Settings) { s.AccessToken = "" }, "access_token:"},
		"base URL emptied": {func(s *Settings) { s.BaseURL = "" }, "base_url:"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := Vendor.Settings().(*Settings)
			s.AccessToken = secret
			tt.bend(s)
			_, err := s.Connect(integrations.Deps{HTTP: http.DefaultClient}, "crm")
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)):
				t.Errorf("error %v, want one about %s", err, tt.want)
			}
		})
	}
}

func TestApplies(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		payment *dispute.Payment
		want    bool
	}{
		"no payment": {nil, false},
		"no address": {&dispute.Payment{OrderID: "1", Name: "Ada Okafor"}, false},
		"address":    {&dispute.Payment{Email: "a@shopper.example"}, true},
	} {
		if got := connect(t, "http://127.0.0.1:1").Applies(dispute.Case{Payment: tt.payment}); got != tt.want {
			t.Errorf("%s: Applies = %v, want %v", name, got, tt.want)
		}
	}
}
