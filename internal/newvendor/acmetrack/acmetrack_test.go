package acmetrack

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
)

const apiKey = "tk_canary_0123456789"

// standIn answers as Acmetrack does: order 1001 has a parcel that arrived, one
// that is on its way and a label; the search also finds order 10010.
func standIn(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("order_id") != "1001" {
		_, _ = io.WriteString(w, `{"data":[]}`)
		return
	}
	_, _ = io.WriteString(w, `{"data":[
		{"id":"p1","order_id":"1001","carrier":"UPS","tracking_number":"1Z1","shipped_at":"2026-09-02T08:00:00Z","delivered_at":"2026-09-04T15:30:00+02:00","signed_by":"J. Doe"},
		{"id":"p2","order_id":"1001","shipped_at":"2026-09-03T08:00:00Z"},
		{"id":"p3","order_id":"1001","carrier":"UPS","tracking_number":"1Z3"},
		{"id":"p4","order_id":"10010","shipped_at":"2026-09-03T08:00:00Z"}]}`)
}

func settings(baseURL string) *Settings { return &Settings{APIKey: apiKey, BaseURL: baseURL} }

func newAdapter(t testing.TB, baseURL string) integrations.Adapter {
	t.Helper()
	a, err := settings(baseURL).Connect(integrations.Deps{HTTP: &http.Client{}, Now: time.Now}, "parcels")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func sale(order string) dispute.Case {
	return dispute.Case{Payment: &dispute.Payment{OrderID: order}}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, vendortest.Spec{
		New:     func(t *testing.T, baseURL string) integrations.Adapter { return newAdapter(t, baseURL) },
		Secret:  apiKey,
		StandIn: func() http.Handler { return http.HandlerFunc(standIn) },
		Case:    sale("1001"),
	})
}

func TestGather(t *testing.T) {
	t.Parallel()
	a := newAdapter(t, vendortest.Serve(t, http.HandlerFunc(standIn))).(integrations.EvidenceSource)
	items, err := a.Gather(t.Context(), sale("1001"))
	if err != nil {
		t.Fatal(err)
	}
	vendortest.Golden(t, filepath.Join("testdata", "order.golden"), items)
	if items, err := a.Gather(t.Context(), sale("99")); err != nil || len(items) > 0 {
		t.Errorf("an order that Acmetrack does not know: %d items, error %v; want nothing", len(items), err)
	}
	for what, c := range map[string]dispute.Case{"no payment": {}, "no order": sale("")} {
		if items, err := a.Gather(t.Context(), c); a.Applies(c) || err != nil || len(items) > 0 {
			t.Errorf("%s: applies %v, %d items, error %v; want nothing", what, a.Applies(c), len(items), err)
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
		"no key":         {func(s *Settings) { s.APIKey = "" }, "api_key"},
		"no base":        {func(s *Settings) { s.BaseURL = "" }, "base_url"},
		"base of a path": {func(s *Settings) { s.BaseURL = "/v1" }, "base_url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(Vendor.Settings().(*Settings).BaseURL)
			tt.bend(s)
			_, err := s.Connect(integrations.Deps{HTTP: &http.Client{}, Now: time.Now}, "parcels")
			if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want one that names %q", err, tt.want)
			}
		})
	}
}

// FuzzGather: whatever Acmetrack answers becomes sound items or an error of ours.
func FuzzGather(f *testing.F) {
	for _, seed := range []string{``, `{}`, `[]`, `{"data":[{"id":"p1","order_id":"1001","shipped_at":"2026-09-02T08:00:00Z"}]}`, `{"data":[{"id":1}]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		via := http.Client{Transport: answering(answer)}
		a, err := settings("http://acmetrack.test").Connect(integrations.Deps{HTTP: &via}, "parcels")
		if err != nil {
			t.Fatal(err)
		}
		items, err := a.(integrations.EvidenceSource).Gather(t.Context(), sale("1001"))
		if err != nil && dispute.KindOf(err) != dispute.Transient {
			t.Errorf("error %v, want kind transient", err)
		}
		for _, item := range items {
			if item.ID == "" || item.At.IsZero() || item.Facts[dispute.FactOrderID] != "1001" {
				t.Errorf("item %+v lacks its id, its time or the order", item)
			}
		}
	})
}

// answering is a transport that gives one answer to everything.
type answering string

func (a answering) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(a)))}, nil
}
