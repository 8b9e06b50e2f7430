package stripe_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/stripe"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	standin "github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const radarKey = "cs_1/1/report/stripe-main/decided/chargeback/lost"

var radarLists = stripe.Radar{Email: "disputed_emails", CardFingerprint: "disputed_cards", IPAddress: "disputed_ips"}

// fraudster is a stand-in with Radar's lists, the adapter on it, and the report of
// a dispute lost to fraud.
func fraudster(t *testing.T, lists stripe.Radar, wrap func(http.Handler) http.Handler) (*standin.Stripe, integrations.Reporter, integrations.Report, world.Order) {
	t.Helper()
	w := world.New(7, time.Now, 24*time.Hour)
	s := standin.New(w, standin.Options{SecretKey: secretKey, WebhookSecret: webhookSecret})
	s.AddValueList("disputed_emails", "email")
	s.AddValueList("disputed_cards", "card_fingerprint")
	s.AddValueList("disputed_ips", "ip_address")
	a := connect(t, vendortest.Serve(t, wrap(s)), func(s *stripe.Settings) { s.Radar = lists })
	o := w.NewOrder(world.OrderOptions{})
	ref := dispute.Ref{Connection: connection, ID: s.Open(o, standin.DisputeOptions{Reason: "fraudulent", NetworkCode: "10.4"})}
	snap, err := a.Get(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	return s, a.(integrations.Reporter), integrations.Report{
		Moment: dispute.MomentDecided, Outcome: dispute.StatusLost,
		Case: dispute.Case{ID: ref.CaseID(), Ref: ref, Family: dispute.FamilyFraudulent, View: dispute.View{Snapshot: snap}},
	}, o
}

func plainly(h http.Handler) http.Handler { return h }

func TestRadar(t *testing.T) {
	t.Parallel()
	c := loadContract(t)
	s, a, r, o := fraudster(t, radarLists, func(next http.Handler) http.Handler { return c.around(t, next) })
	if _, found, err := a.FindReport(t.Context(), radarKey, r); found || err != nil {
		t.Fatalf("before: %v, %v", found, err)
	}
	id, err := a.Report(t.Context(), radarKey, r)
	if err != nil || len(strings.Split(id, ",")) != 3 {
		t.Fatalf("%q, %v", id, err)
	}
	if got, found, err := a.FindReport(t.Context(), radarKey, r); got != id || !found || err != nil {
		t.Errorf("%s, %v, %v; want %s", got, found, err, id)
	}
	// Another dispute of the same person, and this one again.
	if again, err := a.Report(t.Context(), radarKey+"/2", r); again != id || err != nil {
		t.Errorf("%s, %v; want %s: what is there stays", again, err, id)
	}
	want := [][]string{{o.Customer.Email}, {"fp" + o.CardLast4}, {o.IP}}
	got := [][]string{s.ValueList("disputed_emails"), s.ValueList("disputed_cards"), s.ValueList("disputed_ips")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lists (-want +got):\n%s", diff)
	}
}

func TestNotRadarsBusiness(t *testing.T) {
	t.Parallel()
	s, a, lost, _ := fraudster(t, radarLists, plainly)
	for name, bend := range map[string]func(r *integrations.Report){
		"won":              func(r *integrations.Report) { r.Outcome = dispute.StatusWon },
		"opened":           func(r *integrations.Report) { r.Moment = dispute.MomentOpened },
		"no fraud":         func(r *integrations.Report) { r.Case.Family = dispute.FamilyProductNotReceived },
		"another provider": func(r *integrations.Report) { r.Case.Ref.Connection = "adyen" },
	} {
		r := lost
		bend(&r)
		if id, err := a.Report(t.Context(), radarKey, r); id != "" || err != nil {
			t.Errorf("%s: %q, %v", name, id, err)
		}
		if _, found, err := a.FindReport(t.Context(), radarKey, r); found || err != nil {
			t.Errorf("%s: found %v, %v", name, found, err)
		}
	}
	if n := len(s.ValueList("disputed_emails")); n != 0 {
		t.Errorf("%d addresses listed", n)
	}
}

func TestRadarSettings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		lists stripe.Radar
		want  dispute.Kind
		text  string
	}{
		"none":         {stripe.Radar{}, dispute.Invalid, "settings.radar"},
		"no such list": {stripe.Radar{Email: "vip"}, dispute.NotFound, "find value list vip"},
		"wrong kind":   {stripe.Radar{Email: "disputed_ips"}, dispute.Invalid, "holds ip_address"},
	} {
		_, a, r, o := fraudster(t, tt.lists, plainly)
		if _, err := a.Report(t.Context(), radarKey, r); dispute.KindOf(err) != tt.want || !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), o.Customer.Email) {
			t.Errorf("%s: %v, want kind %s and %q", name, err, tt.want, tt.text)
		}
	}
}

// TestRadarErrors has each request of a report fail in turn.
func TestRadarErrors(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]dispute.Kind{
		"GET /v1/charges/": dispute.Transient, "GET /v1/radar/value_lists": dispute.Transient,
		"GET /v1/radar/value_list_items": dispute.Transient, "POST /v1/radar/value_list_items": dispute.UnknownOutcome,
	} {
		s, _, r, _ := fraudster(t, radarLists, plainly)
		a := connect(t, vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if exact := req.Method + " " + req.URL.Path; exact == path || strings.HasSuffix(path, "/") && strings.HasPrefix(exact, path) {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			s.ServeHTTP(w, req)
		})), func(s *stripe.Settings) { s.Radar = radarLists }).(integrations.Reporter)
		if _, err := a.Report(t.Context(), radarKey, r); dispute.KindOf(err) != want {
			t.Errorf("%s fails: %v, want %s", path, err, want)
		}
	}
}
