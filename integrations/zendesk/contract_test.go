package zendesk

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
	stand "github.com/rebuttal-hq/rebuttal/simulator/zendesk"
)

// judge is a transport that holds every request and answer against the
// vendor's contract.
type judge struct {
	t      *testing.T
	router routers.Router
	judged atomic.Int32
}

func (j *judge) RoundTrip(r *http.Request) (*http.Response, error) {
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(sent))
	in := j.request(r, sent)
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || in == nil {
		return resp, err
	}
	answer, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(answer))
	if err != nil {
		return nil, err
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: resp.StatusCode, Header: resp.Header}
	out.SetBodyBytes(answer)
	if err := openapi3filter.ValidateResponse(r.Context(), out); err != nil {
		j.t.Errorf("%s %s answered %s: %v", r.Method, r.URL.Path, answer, err)
	}
	j.judged.Add(1)
	return resp, nil
}

func (j *judge) request(r *http.Request, body []byte) *openapi3filter.RequestValidationInput {
	// The trimmed file has not who the token's user is; a file's address is no part
	// of the API.
	if r.URL.Path == "/api/v2/users/me" || strings.HasPrefix(r.URL.Path, "/attachments/") {
		return nil
	}
	route, params, err := j.router.FindRoute(r)
	if err != nil {
		j.t.Errorf("%s %s is not in the contract: %v", r.Method, r.URL.Path, err)
		return nil
	}
	clone := r.Clone(r.Context())
	clone.Body = io.NopCloser(bytes.NewReader(body))
	in := &openapi3filter.RequestValidationInput{
		Request: clone, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
		j.t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	return in
}

func TestContract(t *testing.T) {
	t.Parallel()
	specs, ok := testenv.Specs(t)
	if !ok {
		return
	}
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(specs, "zendesk", "support.trimmed.json"))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld()
	o := w.NewOrder(world.OrderOptions{})
	srv := httptest.NewServer(stand.New(w, email, token))
	defer srv.Close()
	doc.Servers = openapi3.Servers{{URL: srv.URL}}
	router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation(), openapi3.DisableSchemaDefaultsValidation(), openapi3.DisableSchemaPatternValidation())
	if err != nil {
		t.Fatal(err)
	}
	j := &judge{t: t, router: router}
	a := connect(t, srv.URL, &http.Client{Transport: j})
	ctx := t.Context()
	if err := a.Check(ctx); err != nil {
		t.Error(err)
	}
	id, err := a.Create(ctx, key, ticketOf("open"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Create(ctx, "", integrations.Ticket{CaseID: "cs_2", Subject: "x", Body: "y"}); err != nil {
		t.Error(err)
	}
	for _, status := range []string{"pending", "solved"} {
		if err := a.Update(ctx, key+status, id, ticketOf(status), "Now "+status+"."); err != nil {
			t.Error(err)
		}
	}
	if _, _, err := a.Find(ctx, caseID); err != nil {
		t.Error(err)
	}
	if n := j.judged.Load(); n != 7 { // two creations, two updates each after a look-up, one search
		t.Errorf("%d exchanges judged, want 7", n)
	}
	items, err := a.Gather(ctx, caseOf(o))
	if n := j.judged.Load(); err != nil || n < 10 { // the user, the tickets, the comments of at least one
		t.Errorf("%d exchanges judged, want 10; %d items, error %v", n, len(items), err)
	}
}
