package salesforce

import (
	"bytes"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"golang.org/x/oauth2"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	org "github.com/rebuttal-hq/rebuttal/simulator/salesforce"
)

// TestContract holds what the contract knows, which is Check and the form of
// errors. It has neither queries nor composite requests.
func TestContract(t *testing.T) {
	t.Parallel()
	dir, ok := testenv.Specs(t)
	if !ok {
		return
	}
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(dir, "salesforce", "rest-v56.third-party.json"))
	if err != nil {
		t.Fatal(err)
	}
	url := vendortest.Serve(t, org.New(newWorld(), clientID, secret))
	doc.Servers = openapi3.Servers{{URL: url + "/services/data/v56.0"}}
	router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation())
	if err != nil {
		t.Fatal(err)
	}
	wire := &contract{t: t, router: router}
	s := settings(url)
	s.APIVersion = "56.0"
	a := connect(t, s, &http.Client{Transport: wire})
	if err := a.Check(t.Context()); err != nil {
		t.Error(err)
	}
	a.tokens.Keep(&oauth2.Token{AccessToken: "00Dended"})
	if err := a.Check(t.Context()); dispute.KindOf(err) != dispute.Transient {
		t.Errorf("an ended session: %v", err)
	}
	if n := wire.judged.Load(); n != 2 {
		t.Errorf("%d exchanges judged, want 2", n)
	}
}

// contract is a transport that checks what it carries.
type contract struct {
	t      *testing.T
	router routers.Router
	judged atomic.Int32
}

func (c *contract) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil || strings.HasSuffix(req.URL.Path, "/token") { // OAuth is no part of the file's paths
		return resp, err
	}
	route, params, err := c.router.FindRoute(req)
	if err != nil {
		c.t.Errorf("%s %s is not in the contract: %v", req.Method, req.URL.Path, err)
		return resp, nil
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	in := &openapi3filter.RequestValidationInput{
		Request: req, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateRequest(req.Context(), in); err != nil {
		c.t.Errorf("%s %s: request: %v", req.Method, req.URL.Path, err)
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: resp.StatusCode, Header: resp.Header, Options: in.Options}
	if err := openapi3filter.ValidateResponse(req.Context(), out.SetBodyBytes(body)); err != nil {
		c.t.Errorf("%s %s: answer %d: %v", req.Method, req.URL.Path, resp.StatusCode, err)
	}
	c.judged.Add(1)
	return resp, nil
}
