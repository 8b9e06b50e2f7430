package aftership

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	standin "github.com/rebuttal-hq/rebuttal/simulator/aftership"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const secret = "asat-canary-0123456789"

func newWorld() *world.World {
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	return world.New(7, func() time.Time { return now }, 24*time.Hour)
}

func connect(t testing.TB, baseURL string) *adapter {
	t.Helper()
	return connectThrough(t, baseURL, http.DefaultTransport)
}

func connectThrough(t testing.TB, baseURL string, via http.RoundTripper) *adapter {
	t.Helper()
	s := &Settings{APIKey: secret, BaseURL: baseURL, FileHosts: []string{"proofs.example.com"}}
	a, err := s.Connect(integrations.Deps{HTTP: &http.Client{Transport: via}, Now: time.Now}, "parcels")
	if err != nil {
		t.Fatal(err)
	}
	return a.(*adapter)
}

func caseOf(o world.Order) dispute.Case {
	return dispute.Case{Payment: &dispute.Payment{OrderID: "gid://shopify/Order/" + strconv.FormatInt(o.ShopifyID, 10), OrderName: o.Name()}}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	w := newWorld()
	vendortest.Run(t, vendortest.Spec{
		New:     func(t *testing.T, baseURL string) integrations.Adapter { return connect(t, baseURL) },
		Secret:  secret,
		StandIn: func() http.Handler { return standin.New(w, secret) },
		Case:    caseOf(w.Orders()[0]),
		Calls: []vendortest.Call{{Name: "keyword", Do: func(ctx context.Context, a integrations.Adapter) error {
			_, err := a.(*adapter).list(ctx, search{by: "keyword", value: "1001"})
			return err
		}}},
	})
}

func TestGather(t *testing.T) {
	t.Parallel()
	w := newWorld()
	tests := []struct {
		name  string
		order world.Order
	}{
		{"delivered", w.NewOrder(world.OrderOptions{})},
		{"undelivered", w.NewOrder(world.OrderOptions{Undelivered: true})},
	}
	url := vendortest.Serve(t, standin.New(w, secret))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			items, err := connect(t, url).Gather(t.Context(), caseOf(tt.order))
			if err != nil {
				t.Fatal(err)
			}
			for _, item := range items {
				if png := http.DetectContentType(item.Content) == "image/png"; (item.Kind == dispute.ItemDocument) != png {
					t.Errorf("%s %s has %d bytes", item.Kind, item.ID, len(item.Content))
				}
			}
			vendortest.Golden(t, filepath.Join("testdata", tt.name+".golden"), items)
		})
	}
}

func TestWaysToFind(t *testing.T) {
	t.Parallel()
	w := newWorld()
	o, url := w.Orders()[4], vendortest.Serve(t, standin.New(w, secret))
	number := map[string]string{"tracking_number": "1ZUNKNOWN, " + o.Shipment.Tracking}
	for name, tt := range map[string]struct {
		p    dispute.Payment
		want bool
	}{
		"by number":           {dispute.Payment{Metadata: number}, true},
		"by id":               {dispute.Payment{OrderID: strconv.FormatInt(o.ShopifyID, 10)}, true},
		"by name":             {dispute.Payment{OrderName: o.Name()}, true},
		"by name, id unknown": {dispute.Payment{OrderID: "99", OrderName: o.Name()}, true},
		"a part of a name":    {dispute.Payment{OrderName: "#100"}, false},
		"by e-mail":           {dispute.Payment{Email: o.Customer.Email}, false},
		"nothing":             {dispute.Payment{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			items, err := connect(t, url).Gather(t.Context(), dispute.Case{Payment: &tt.p})
			if err != nil || (len(items) > 0) != tt.want {
				t.Fatalf("%d items, error %v", len(items), err)
			}
			if tt.want && items[0].Facts[dispute.FactTrackingNumber] != o.Shipment.Tracking {
				t.Error("another order's parcel")
			}
		})
	}
}

func TestSearches(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		p    dispute.Payment
		want []string
	}{
		"nothing":    {dispute.Payment{Email: "a@shopper.example"}, nil},
		"everything": {dispute.Payment{OrderID: "WC/7", OrderName: "#7", Metadata: map[string]string{"tracking_code": "1Z1", "tracking_numbers": "1Z1;1Z2"}}, []string{"tracking_numbers 1Z1,1Z2", "order_id WC/7", "keyword 7"}},
		"global id":  {dispute.Payment{OrderID: "gid://shopify/Order/540"}, []string{"order_id 540"}},
		"a list":     {dispute.Payment{OrderID: "1,2"}, nil},
	} {
		var got []string
		for _, s := range searches(tt.p) {
			got = append(got, s.by+" "+s.value)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: searches (-want +got):\n%s", name, diff)
		}
		if connect(t, "http://127.0.0.1:1").Applies(dispute.Case{Payment: &tt.p}) != (len(tt.want) > 0) {
			t.Errorf("%s: applies is wrong", name)
		}
	}
	if connect(t, "http://127.0.0.1:1").Applies(dispute.Case{}) {
		t.Error("applies without a payment")
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ pages, want int }{
		"one page":       {1, 1},
		"two pages":      {2, 2},
		"too many pages": {99, maxPages},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			url := vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.URL.Query().Get("cursor"))
				n := strconv.Itoa(len(asked))
				more := strconv.FormatBool(len(asked) < tt.pages)
				_, _ = io.WriteString(w, `{"meta":{"code":200},"data":{"pagination":{"has_next_page":`+more+`,"next_cursor":"c`+n+`"},"trackings":[{"id":"t`+n+`","order_id":"7","tag":"InTransit"}]}}`)
			}))
			items, err := connect(t, url).Gather(t.Context(), dispute.Case{Payment: &dispute.Payment{OrderID: "7"}})
			if err != nil || len(items) != tt.want {
				t.Fatalf("%d items, error %v; want %d", len(items), err, tt.want)
			}
			if diff := cmp.Diff([]string{"", "c1", "c2"}[:tt.want], asked); diff != "" {
				t.Errorf("cursors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		bend func(*Settings)
		want string // the beginning of the error; empty for none
	}{
		"good":           {func(s *Settings) { s.FileHosts = []string{"proofs.example.com"} }, ""},
		"no key":         {func(s *Settings) { s.APIKey = "" }, "api_key"},
		"base of a path": {func(s *Settings) { s.BaseURL = "/tracking" }, "base_url"},
		"an address":     {func(s *Settings) { s.FileHosts = []string{"https://proofs.example.com"} }, "file_hosts"},
		"every host":     {func(s *Settings) { s.FileHosts = []string{"*"} }, "file_hosts"},
		"no host":        {func(s *Settings) { s.FileHosts = []string{""} }, "file_hosts"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := Vendor.Settings().(*Settings)
			s.APIKey = secret
			tt.bend(s)
			_, err := s.Connect(integrations.Deps{HTTP: http.DefaultClient}, "parcels")
			if (err == nil) != (tt.want == "") || err != nil && !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error %v, want one about %q", err, tt.want)
			}
		})
	}
}
