package hubspot

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	crm "github.com/rebuttal-hq/rebuttal/simulator/hubspot"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// TestContract holds every request of the adapter, and every answer of the
// stand-in, against the vendor's contracts.
func TestContract(t *testing.T) {
	t.Parallel()
	dir, ok := testenv.Specs(t)
	if !ok {
		return
	}
	wire := &contract{t: t, seen: map[string]bool{}}
	for _, part := range []string{"contacts.v3", "notes.v3", "tickets.v3", "associations.v4"} {
		wire.routers = append(wire.routers, router(t, filepath.Join(dir, "hubspot", "crm."+part+".derived.json")))
	}
	w := newWorld()
	o := w.NewOrder(world.OrderOptions{})
	url := vendortest.Serve(t, crm.New(w, secret))
	a := connectThrough(t, url, wire)
	if err := a.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	items, err := a.Gather(t.Context(), dispute.Case{Payment: &dispute.Payment{Email: o.Customer.Email}})
	if err != nil || len(items) < 4 {
		t.Fatalf("%d items, error %v", len(items), err)
	}
	// The answers that a gathering does not meet: pages, a batch in part, refusals.
	if _, err := a.read(t.Context(), notes, []string{"7"}); err != nil {
		t.Error(err)
	}
	if _, err := a.associated(t.Context(), "9", notes); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("unknown contact: %v", err)
	}
	stranger := *a
	stranger.http.Auth = nil
	if err := stranger.Check(t.Context()); dispute.KindOf(err) != dispute.Auth {
		t.Errorf("without a token: %v", err)
	}
	wire.get(url + "/crm/v3/objects/contacts?limit=5&after=5")
	wire.get(url + "/crm/v4/objects/contacts/" + o.Customer.HubSpotID + "/associations/tickets?limit=1")
	for _, want := range []string{
		"200 /crm/v3/objects/contacts", "401 /crm/v3/objects/contacts", "200 " + searchPath,
		"200 " + noteBatch, "207 " + noteBatch, "200 " + ticketBatch,
	} {
		if !wire.seen[want] {
			t.Errorf("not tried: %s", want)
		}
	}
}

func router(t *testing.T, file string) routers.Router {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = nil // paths alone decide, whatever the host
	r, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// contract is a transport that checks what it carries.
type contract struct {
	t       *testing.T
	routers []routers.Router

	mu   sync.Mutex
	seen map[string]bool
}

func (c *contract) get(url string) {
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	resp, err := c.RoundTrip(req)
	if err != nil {
		c.t.Fatal(err)
	}
	_ = resp.Body.Close()
}

func (c *contract) route(req *http.Request) (*routers.Route, map[string]string, error) {
	for _, r := range c.routers {
		if route, params, err := r.FindRoute(req); err == nil {
			return route, params, nil
		}
	}
	return nil, nil, fmt.Errorf("%s %s is in no contract", req.Method, req.URL.Path)
}

func (c *contract) RoundTrip(req *http.Request) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	route, params, err := c.route(req)
	if err != nil {
		return nil, err
	}
	in := &openapi3filter.RequestValidationInput{
		Request: req, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateRequest(req.Context(), in); err != nil {
		c.t.Errorf("%s %s: request: %v", req.Method, req.URL, err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	c.seen[fmt.Sprintf("%d %s", resp.StatusCode, req.URL.Path)] = true
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: resp.StatusCode, Header: resp.Header, Options: in.Options}
	if err := openapi3filter.ValidateResponse(req.Context(), out.SetBodyBytes(body)); err != nil {
		c.t.Errorf("%s %s: answer %d: %v", req.Method, req.URL, resp.StatusCode, err)
	}
	return resp, nil
}
