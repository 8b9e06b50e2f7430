package stripe_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/simulator/faults"
	standin "github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// address is where the tests let webhooks go.
const address = "https://rebuttal.acme.example/webhooks/" + connection

var events = []string{
	"charge.dispute.closed", "charge.dispute.created", "charge.dispute.funds_reinstated", "charge.dispute.funds_withdrawn",
	"charge.dispute.updated", "radar.early_fraud_warning.created",
}

// An endpoint is made once; again, it is found and brought up to date.
func TestRegister(t *testing.T) {
	t.Parallel()
	r := rehearse(t)
	ctx := t.Context()
	register := func(dry bool, want integrations.Endpoint) {
		t.Helper()
		got, err := r.Register(ctx, address, dry)
		if err != nil {
			t.Fatal(err)
		}
		want.URL, want.Events, want.Setting = address, events, "webhook_secret"
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("endpoint (-want +got):\n%s", diff)
		}
	}
	register(true, integrations.Endpoint{Change: integrations.EndpointCreate})
	if n := len(r.stripe.Endpoints()); n != 0 {
		t.Fatalf("a dry run made %d endpoint(s)", n)
	}
	if _, err := r.Register(ctx, "https://another.acme.example/webhooks/"+connection, false); err != nil {
		t.Fatal(err)
	}
	made, err := r.Register(ctx, address, false)
	if err != nil {
		t.Fatal(err)
	}
	if made.Change != integrations.EndpointCreate || made.ID == "" || made.Secret != webhookSecret {
		t.Errorf("made %s %s, secret of %d characters", made.Change, made.ID, len(made.Secret))
	}
	want := standin.Endpoint{ID: made.ID, URL: address, APIVersion: "2026-10-28.endive", Events: events}
	if diff := cmp.Diff(want, r.stripe.Endpoints()[1]); diff != "" {
		t.Errorf("at Stripe (-want +got):\n%s", diff)
	}
	register(false, integrations.Endpoint{Change: integrations.EndpointKeep, ID: made.ID})

	post(t, r, "/v1/webhook_endpoints/"+made.ID, "enabled_events[0]=charge.refunded&disabled=true")
	register(true, integrations.Endpoint{Change: integrations.EndpointUpdate, ID: made.ID})
	if e := r.stripe.Endpoints()[1]; !e.Disabled {
		t.Error("a dry run changed the endpoint")
	}
	register(false, integrations.Endpoint{Change: integrations.EndpointUpdate, ID: made.ID})
	if diff := cmp.Diff(want, r.stripe.Endpoints()[1]); diff != "" {
		t.Errorf("at Stripe, brought up to date (-want +got):\n%s", diff)
	}
	if n := len(r.stripe.Endpoints()); n != 2 {
		t.Errorf("%d endpoints, want 2", n)
	}
}

// post asks the stand-in as its owner's dashboard would.
func post(t *testing.T, r *rehearsal, path, form string) {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(form))
	req.SetBasicAuth(secretKey, "")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	r.stripe.ServeHTTP(w, req)
	if w.Code != http.StatusOK {
		t.Fatalf("%s: HTTP %d %s", path, w.Code, w.Body)
	}
}

// The endpoint of an address may be on a later page.
func TestRegisterFindsTheEndpointOnALaterPage(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodGet:
			t.Errorf("%s %s: the endpoint is there", r.Method, r.URL)
		case r.URL.Query().Get("starting_after") == "we_1":
			_, _ = w.Write([]byte(`{"has_more":false,"data":[{"id":"we_2","url":"` + address + `","status":"enabled","enabled_events":["` +
				strings.Join(events, `","`) + `"]}]}`))
		default:
			_, _ = w.Write([]byte(`{"has_more":true,"data":[{"id":"we_1","url":"https://other.example","status":"enabled","enabled_events":["*"]}]}`))
		}
	}))
	defer srv.Close()
	e, err := connect(t, srv.URL).Register(t.Context(), address, false)
	if err != nil || e.ID != "we_2" || e.Change != integrations.EndpointKeep {
		t.Errorf("%+v, %v", e, err)
	}
}

// A lost answer may have made the endpoint: the next try finds it, without its
// secret, which the dashboard shows.
func TestRegisterLosesTheAnswer(t *testing.T) {
	t.Parallel()
	var broken faults.Set
	r := rehearseBehind(t, func(h http.Handler) http.Handler { return broken.Wrap("stripe", h) })
	broken.Add(faults.Fault{Method: http.MethodPost, Path: "/v1/webhook_endpoints", Mode: faults.DropCommitted, Times: 1})
	if _, err := r.Register(t.Context(), address, false); dispute.KindOf(err) != dispute.UnknownOutcome {
		t.Errorf("%v, want kind unknown_outcome", err)
	}
	e, err := r.Register(t.Context(), address, false)
	if err != nil || e.Change != integrations.EndpointKeep || e.Secret != "" || len(r.stripe.Endpoints()) != 1 {
		t.Errorf("%s %s, %d endpoints, %v", e.Change, e.ID, len(r.stripe.Endpoints()), err)
	}
}

// What the stand-in posts to a registered endpoint passes with its secret.
func TestRegisteredEndpointReceives(t *testing.T) {
	t.Parallel()
	r := rehearse(t)
	got := make(chan error, 8)
	door := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		got <- r.Verify(req.Header, body, time.Now())
	}))
	defer door.Close()
	if _, err := r.Register(t.Context(), door.URL, false); err != nil {
		t.Fatal(err)
	}
	go r.stripe.Run(t.Context())
	r.open(world.OrderOptions{}, standin.DisputeOptions{})
	select {
	case err := <-got:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("nothing came")
	}
}
