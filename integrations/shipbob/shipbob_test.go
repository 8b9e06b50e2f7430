package shipbob

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
)

const secret = "pat-0123456789abcdef"

func connect(t *testing.T, baseURL string) *adapter {
	t.Helper()
	return connectThrough(t, baseURL, http.DefaultTransport)
}

func connectThrough(t *testing.T, baseURL string, via http.RoundTripper) *adapter {
	t.Helper()
	s := Vendor.Settings().(*Settings)
	s.AccessToken, s.ChannelID, s.BaseURL = secret, "128944", baseURL
	d := integrations.Deps{HTTP: &http.Client{Transport: via}, Now: time.Now}
	a, err := s.Connect(d, "warehouse")
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
				_, err := a.(integrations.EvidenceSource).Gather(ctx, dispute.Case{Payment: &dispute.Payment{OrderID: "1", OrderName: "#1"}})
				return err
			}},
			{Name: "timeline", Do: func(ctx context.Context, a integrations.Adapter) error {
				_, err := a.(*adapter).history(ctx, shipment{ID: 2, order: order{ID: 1}})
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
		"one channel":      {func(s *Settings) { s.ChannelID = "12" }, ""},
		"no token":         {func(s *Settings) { s.AccessToken = "" }, "access_token:"},
		"channel's name":   {func(s *Settings) { s.ChannelID = "My store" }, "channel_id:"},
		"base URL emptied": {func(s *Settings) { s.BaseURL = "" }, "base_url:"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := Vendor.Settings().(*Settings)
			s.AccessToken = secret
			tt.bend(s)
			_, err := s.Connect(integrations.Deps{HTTP: http.DefaultClient}, "warehouse")
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)):
				t.Errorf("error %v, want one about %s", err, tt.want)
			}
		})
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		payment dispute.Payment
		want    []string
	}{
		"nothing":         {dispute.Payment{Email: "a@shopper.example"}, nil},
		"id":              {dispute.Payment{OrderID: "540"}, []string{"540"}},
		"global id":       {dispute.Payment{OrderID: "gid://shopify/Order/540"}, []string{"540"}},
		"id and name":     {dispute.Payment{OrderID: "540", OrderName: "#1001"}, []string{"540", "#1001", "1001"}},
		"number as name":  {dispute.Payment{OrderName: "1001"}, []string{"1001"}},
		"id is the name":  {dispute.Payment{OrderID: "1001", OrderName: "#1001"}, []string{"1001", "#1001"}},
		"list in a name":  {dispute.Payment{OrderName: "#1001,1002"}, nil},
		"another's order": {dispute.Payment{OrderID: "WC-7"}, []string{"WC-7"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, references(tt.payment)); diff != "" {
				t.Errorf("references (-want +got):\n%s", diff)
			}
			applies := connect(t, "http://127.0.0.1:1").Applies(dispute.Case{Payment: &tt.payment})
			if applies != (len(tt.want) > 0) {
				t.Errorf("Applies = %v", applies)
			}
		})
	}
	if connect(t, "http://127.0.0.1:1").Applies(dispute.Case{}) {
		t.Error("applies without a payment")
	}
}
