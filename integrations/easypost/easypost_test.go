package easypost

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	standin "github.com/rebuttal-hq/rebuttal/simulator/easypost"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const secret = "EZAK-canary-0123456789"

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
	s := &Settings{APIKey: secret, BaseURL: baseURL}
	a, err := s.Connect(integrations.Deps{HTTP: &http.Client{Transport: via}, Now: time.Now}, "parcels")
	if err != nil {
		t.Fatal(err)
	}
	return a.(*adapter)
}

// sale is a case whose payment's metadata has the numbers.
func sale(numbers string) dispute.Case {
	return dispute.Case{Payment: &dispute.Payment{Metadata: map[string]string{"tracking_number": numbers}}}
}

func caseOf(o world.Order) dispute.Case {
	c := sale(o.Shipment.Tracking)
	c.Payment.At = o.PaidAt
	return c
}

func TestConformance(t *testing.T) {
	t.Parallel()
	w := newWorld()
	vendortest.Run(t, vendortest.Spec{
		New:     func(t *testing.T, baseURL string) integrations.Adapter { return connect(t, baseURL) },
		Secret:  secret,
		StandIn: func() http.Handler { return standin.New(w, secret) },
		Case:    caseOf(w.Orders()[0]),
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
			vendortest.Golden(t, filepath.Join("testdata", tt.name+".golden"), items)
		})
	}
	t.Run("two parcels and a number that nobody knows", func(t *testing.T) {
		t.Parallel()
		c := caseOf(tests[0].order)
		c.Payment.Metadata["tracking_number"] += ", 1ZUNKNOWN " + tests[1].order.Shipment.Tracking
		if items, err := connect(t, url).Gather(t.Context(), c); err != nil || len(items) != 3 {
			t.Errorf("%d items, error %v; want 3", len(items), err)
		}
	})
	t.Run("a number given out again later", func(t *testing.T) {
		t.Parallel()
		c := caseOf(tests[0].order)
		c.Payment.At = c.Payment.At.AddDate(-1, 0, 0)
		if items, err := connect(t, url).Gather(t.Context(), c); err != nil || len(items) > 0 {
			t.Errorf("%d items, error %v; want none", len(items), err)
		}
	})
}

func TestApplies(t *testing.T) {
	t.Parallel()
	a := connect(t, "http://127.0.0.1:1")
	for name, tt := range map[string]struct {
		c    dispute.Case
		want bool
	}{
		"no payment":     {dispute.Case{}, false},
		"an order alone": {dispute.Case{Payment: &dispute.Payment{OrderID: "1", Email: "a@shopper.example"}}, false},
		"blanks":         {sale(" , "), false},
		"a number":       {sale("1Z1"), true},
		"a code":         {dispute.Case{Payment: &dispute.Payment{Metadata: map[string]string{"tracking_code": "1Z1"}}}, true},
	} {
		if got := a.Applies(tt.c); got != tt.want {
			t.Errorf("%s: applies %v", name, got)
		}
		if items, err := a.Gather(t.Context(), tt.c); !tt.want && (err != nil || items != nil) {
			t.Errorf("%s: %d items, error %v; want nothing, unasked", name, len(items), err)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		bend func(*Settings)
		want string // the beginning of the error; empty for none
	}{
		"good":           {func(*Settings) {}, ""},
		"no key":         {func(s *Settings) { s.APIKey = "" }, "api_key"},
		"base of a path": {func(s *Settings) { s.BaseURL = "/v2" }, "base_url"},
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
				asked = append(asked, r.URL.Query().Get("before_id"))
				more, id := "true", "trk_"+strings.Repeat("x", len(asked))
				if len(asked) == tt.pages {
					more = "false"
				}
				_, _ = io.WriteString(w, `{"trackers":[{"id":"`+id+`","tracking_code":"1Z1","status":"in_transit"}],"has_more":`+more+`}`)
			}))
			items, err := connect(t, url).Gather(t.Context(), sale("1Z1"))
			if err != nil || len(items) != tt.want || len(asked) != tt.want {
				t.Fatalf("%d items from %d pages, error %v; want %d", len(items), len(asked), err, tt.want)
			}
			for i, last := range asked {
				if want := strings.TrimSuffix("trk_"+strings.Repeat("x", i), "trk_"); last != want {
					t.Errorf("page %d was asked for by %q, want %q", i+1, last, want)
				}
			}
		})
	}
}

// TestWhatWasFoundIsKept: the failure of the second number leaves the first.
func TestWhatWasFoundIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld()
	good := standin.New(w, secret)
	url := vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("tracking_code") == "1ZDOWN" {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		good.ServeHTTP(w, r)
	}))
	o := w.Orders()[0]
	items, err := connect(t, url).Gather(t.Context(), sale(o.Shipment.Tracking+",1ZDOWN"))
	if len(items) != 2 || dispute.KindOf(err) != dispute.RateLimited || strings.Contains(err.Error(), "1ZDOWN") {
		t.Errorf("%d items, error %v; want 2 and kind rate limited", len(items), err)
	}
}
