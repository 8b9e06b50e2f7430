package shipbob

import (
	"bytes"
	"context"
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
	warehouse "github.com/rebuttal-hq/rebuttal/simulator/shipbob"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// TestContract holds every request of the adapter, and every answer of the
// stand-in, against the vendor's contract.
func TestContract(t *testing.T) {
	t.Parallel()
	dir, ok := testenv.Specs(t)
	if !ok {
		return
	}
	wire := &contract{t: t, router: router(t, filepath.Join(dir, "shipbob", "openapi-2026-01.trimmed.json"))}
	w := newWorld()
	orders := []world.Order{w.NewOrder(world.OrderOptions{}), w.NewOrder(world.OrderOptions{Undelivered: true})}
	url := vendortest.Serve(t, warehouse.New(w, secret))
	a := connectThrough(t, url, wire)
	if err := a.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, o := range orders {
		p := dispute.Payment{OrderID: fmt.Sprint(o.ShopifyID), OrderName: o.Name()}
		if items, err := a.Gather(t.Context(), dispute.Case{Payment: &p}); err != nil || len(items) == 0 {
			t.Fatalf("%d items, error %v", len(items), err)
		}
	}
	// What the stand-in offers beyond the adapter's needs.
	id, shipment := orders[0].Shipment.ShipBobID, orders[0].Shipment.ID
	for _, path := range []string{
		"/channel",
		fmt.Sprintf("/order/%d", id),
		fmt.Sprintf("/order/%d/shipment/%d", id, shipment),
		fmt.Sprintf("/shipment/%d", shipment),
		fmt.Sprintf("/shipment/%d/timeline", shipment),
		"/order/1",         // 404
		"/order?Limit=251", // 400, and against the contract on purpose
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+api+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+secret)
		wire.loose = path == "/order?Limit=251"
		resp, err := wire.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	if wire.calls < 12 {
		t.Errorf("only %d calls were checked", wire.calls)
	}
}

func router(t *testing.T, file string) routers.Router {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = nil // paths alone decide, whatever the host
	mend(doc)
	r, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation(), openapi3.DisableSchemaDefaultsValidation(), openapi3.DisableSchemaPatternValidation())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// mend takes back a slip of the contract: it forbids additional properties next
// to a oneOf, where every property is an additional one, so that nothing fits.
func mend(doc *openapi3.T) {
	for _, s := range doc.Components.Schemas {
		for _, p := range s.Value.Properties {
			if len(p.Value.OneOf) > 0 {
				p.Value.AdditionalProperties = openapi3.AdditionalProperties{}
			}
		}
	}
}

// contract is a transport that checks what it carries.
type contract struct {
	t      *testing.T
	router routers.Router
	loose  bool // the request need not fit

	mu    sync.Mutex
	calls int
}

func (c *contract) RoundTrip(req *http.Request) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	route, params, err := c.router.FindRoute(req)
	if err != nil {
		c.t.Errorf("%s %s is not in the contract: %v", req.Method, req.URL.Path, err)
		return http.DefaultTransport.RoundTrip(req)
	}
	in := &openapi3filter.RequestValidationInput{
		Request: req, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: bearer, IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateRequest(req.Context(), in); err != nil && !c.loose {
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
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: resp.StatusCode, Header: resp.Header, Options: in.Options}
	if err := openapi3filter.ValidateResponse(req.Context(), out.SetBodyBytes(body)); err != nil {
		c.t.Errorf("%s %s: answer %d: %v", req.Method, req.URL, resp.StatusCode, err)
	}
	return resp, nil
}

// bearer is how the contract's two security schemes look on the wire.
func bearer(_ context.Context, in *openapi3filter.AuthenticationInput) error {
	if got := in.RequestValidationInput.Request.Header.Get("Authorization"); got != "Bearer "+secret {
		return fmt.Errorf("Authorization header %q", got)
	}
	return nil
}
