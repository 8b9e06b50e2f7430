package stripe_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	standin "github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// newerThanContract are parameters of which the contract at hand, 2026-08-26,
// does not know what API 2026-10-28 has: the method, and the version itself.
var newerThanContract = map[string]bool{"intended_submission_method": true, "api_version": true}

// Everything the adapter sends and everything the stand-in answers or posts is
// checked against Stripe's published contract.
func TestContract(t *testing.T) {
	t.Parallel()
	c := loadContract(t)
	r := rehearseBehind(t, func(next http.Handler) http.Handler { return c.around(t, next) })
	ctx := t.Context()
	order := r.world.NewOrder(world.OrderOptions{Refunded: true})
	id := r.stripe.Open(order, standin.DisputeOptions{NetworkCode: "10.4", IntendedMethod: "prefer_manual", Earlier: 2})
	inquiry := r.open(world.OrderOptions{}, standin.DisputeOptions{Inquiry: true})
	unanswerable := r.open(world.OrderOptions{}, standin.DisputeOptions{NoDue: true})

	dc := r.disputeCase(t, id)
	check(t, "check", r.Check(ctx))
	_, _, err := r.ClaimManual(ctx, "claim", dc.Ref)
	check(t, "claim", err)
	_, err = r.Payment(ctx, dc.View.Snapshot)
	check(t, "payment", err)
	r.stripe.ReportFraud(order.ChargeID)
	items, err := r.Gather(ctx, dc)
	check(t, "gather", err)
	answer := packet("submit", dc)
	answer.Compelling = proof(t, items)
	receipt, err := r.Submit(ctx, answer)
	check(t, "submit", err)
	check(t, "decide", r.stripe.Decide(id, true))
	_, err = r.Get(ctx, dc.Ref)
	check(t, "get", err)
	_, err = r.Accept(ctx, "accept", r.disputeCase(t, inquiry))
	check(t, "accept", err)
	_, _, err = r.Poll(ctx, "")
	check(t, "poll", err)
	for _, want := range []integrations.EndpointChange{integrations.EndpointCreate, integrations.EndpointKeep} {
		e, err := r.Register(ctx, address, false)
		check(t, "connect", err)
		if e.Change != want {
			t.Errorf("connecting did %s, want %s", e.Change, want)
		}
	}
	if _, err = r.Submit(ctx, packet("refused", r.disputeCase(t, unanswerable))); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("a bank that takes no answer: %v", err)
	}

	// What else the stand-in offers, as other clients may ask it.
	srv := httptest.NewServer(c.around(t, r.stripe))
	defer srv.Close()
	for path, want := range map[string]int{
		"/v1/account": 200,
		"/v1/disputes/" + id + "?expand[]=charge&expand[]=payment_intent":                     200,
		"/v1/charges/" + order.ChargeID + "?expand[]=customer&expand[]=balance_transaction":   200,
		"/v1/charges?limit=3&customer=" + order.Customer.StripeID + "&expand[]=data.customer": 200,
		"/v1/customers/" + order.Customer.StripeID:                                            200,
		"/v1/payment_intents/" + order.PaymentIntent + "?expand[]=latest_charge":              200,
		"/v1/refunds?charge=" + order.ChargeID:                                                200,
		"/v1/radar/early_fraud_warnings?charge=" + order.ChargeID:                             200,
		"/v1/balance_transactions/" + r.disputeCase(t, id).View.Snapshot.Movements[0].ID:      200,
		"/v1/files/" + receipt.Uploads[packet("", dc).Files[0].SHA256]:                        200,
		"/v1/files?purpose=dispute_evidence":                                                  200,
		"/v1/customers?limit=1":                                                               200,
		"/v1/payment_intents?limit=1":                                                         200,
		"/v1/balance_transactions?limit=1":                                                    200,
		"/v1/invoices?limit=1":                                                                200,
		"/v1/subscriptions?limit=1":                                                           200,
		"/v1/webhook_endpoints?limit=1":                                                       200,
		"/v1/disputes/du_none":                                                                404,
	} {
		if got := fetch(t, srv.URL+path); got != want {
			t.Errorf("%s: HTTP %d, want %d", path, got, want)
		}
	}
	for _, e := range r.stripe.Events("") {
		c.checkEvent(t, e)
	}
	c.Covered(t,
		"POST /v1/disputes/{dispute}", "POST /v1/disputes/{dispute}/close", "POST /v1/files", "GET /v1/disputes",
		"GET /v1/disputes/{dispute}", "GET /v1/charges/{charge}", "GET /v1/charges", "GET /v1/refunds",
		"GET /v1/radar/early_fraud_warnings", "GET /v1/webhook_endpoints", "POST /v1/webhook_endpoints",
	)
}

func check(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

func fetch(t *testing.T, address string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(secretKey, "")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// contract is Stripe's.
type contract struct{ *vendortest.OpenAPI }

func loadContract(t *testing.T) contract {
	t.Helper()
	dir, ok := testenv.Specs(t)
	if !ok {
		return contract{&vendortest.OpenAPI{}}
	}
	return contract{vendortest.LoadOpenAPI(t, filepath.Join(dir, "stripe", "spec3.trimmed.json"))}
}

// around checks each request and answer that passes.
func (c contract) around(t *testing.T, next http.Handler) http.Handler {
	return c.Around(t, next, func(x vendortest.Exchange) error {
		return errors.Join(
			checkRequest(x.Operation, x.Request, x.Sent),
			checkAnswer(x.Operation, x.Answer.Code, x.Answer.Body.Bytes()),
		)
	})
}

func checkRequest(op *openapi3.Operation, r *http.Request, body []byte) error {
	for name, value := range nest(r.URL.Query()) {
		p := op.Parameters.GetByInAndName("query", name)
		if p == nil {
			return fmt.Errorf("unknown query parameter %s", name)
		}
		if err := visit(p.Schema.Value, value); err != nil {
			return fmt.Errorf("query parameter %s: %w", name, err)
		}
	}
	if r.Method == http.MethodGet {
		if len(body) > 0 {
			return errors.New("a GET with a body")
		}
		return nil
	}
	form, mediaType, err := decode(r.Header.Get("Content-Type"), body)
	if err != nil {
		return err
	}
	content := op.RequestBody.Value.Content.Get(mediaType)
	if content == nil {
		return fmt.Errorf("media type %s", mediaType)
	}
	fields := nest(form)
	for name := range newerThanContract {
		delete(fields, name)
	}
	return visit(content.Schema.Value, fields)
}

// decode reads a form, or a multipart form of which the file counts as text.
func decode(contentType string, body []byte) (url.Values, string, error) {
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil, "", err
	}
	if mediaType != "multipart/form-data" {
		form, err := url.ParseQuery(string(body))
		return form, mediaType, err
	}
	parts, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).ReadForm(10 << 20)
	if err != nil {
		return nil, mediaType, err
	}
	form := url.Values(parts.Value)
	for name := range parts.File {
		form.Set(name, "bytes")
	}
	return form, mediaType, nil
}

// nest makes objects of Stripe's bracketed names: a[b]=c is {"a":{"b":"c"}}.
func nest(form url.Values) map[string]any {
	out := map[string]any{}
	for name, values := range form {
		at := out
		parts := strings.Split(strings.ReplaceAll(name, "]", ""), "[")
		for _, p := range parts[:len(parts)-1] {
			inner, ok := at[p].(map[string]any)
			if !ok {
				inner = map[string]any{}
				at[p] = inner
			}
			at = inner
		}
		at[parts[len(parts)-1]] = values[0]
	}
	return out
}

// visit checks text from a form against a schema: numbers, booleans and lists
// are made of it where the schema wants them.
func visit(schema *openapi3.Schema, value any) error {
	return schema.VisitJSON(typed(schema, value), openapi3.MultiErrors())
}

func typed(schema *openapi3.Schema, value any) any {
	switch v := value.(type) {
	case string:
		if n, err := strconv.ParseFloat(v, 64); err == nil && (schema.Type.Is("integer") || anyInteger(schema)) {
			return n
		}
		if b, err := strconv.ParseBool(v); err == nil && schema.Type.Is("boolean") {
			return b
		}
		return v
	case map[string]any:
		if schema.Type.Is("array") {
			list := make([]any, 0, len(v))
			for _, item := range v {
				list = append(list, typed(schema.Items.Value, item))
			}
			return list
		}
		for _, option := range schema.AnyOf {
			if option.Value.Type.Is("object") {
				schema = option.Value
			}
		}
		for name, inner := range v {
			if p := schema.Properties[name]; p != nil {
				v[name] = typed(p.Value, inner)
			}
		}
		return v
	}
	return value
}

func anyInteger(schema *openapi3.Schema) bool {
	for _, option := range schema.AnyOf {
		if option.Value.Type.Is("integer") {
			return true
		}
	}
	return false
}

func checkAnswer(op *openapi3.Operation, status int, body []byte) error {
	response := op.Responses.Status(status)
	if response == nil {
		response = op.Responses.Default()
	}
	return visitJSON(response.Value.Content.Get("application/json").Schema.Value, body)
}

func visitJSON(schema *openapi3.Schema, body []byte) error {
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return err
	}
	return schema.VisitJSON(value, openapi3.MultiErrors())
}

// checkEvent checks a webhook's envelope and the dispute in it.
func (c contract) checkEvent(t *testing.T, e standin.Event) {
	t.Helper()
	if c.Doc == nil {
		return
	}
	var envelope struct {
		Data struct{ Object json.RawMessage }
	}
	if err := json.Unmarshal(e.Body, &envelope); err != nil {
		t.Fatal(err)
	}
	schemas := c.Doc.Components.Schemas
	if err := visitJSON(schemas["event"].Value, e.Body); err != nil {
		t.Errorf("%s: %v", e.Type, err)
	}
	if err := visitJSON(schemas["dispute"].Value, envelope.Data.Object); err != nil {
		t.Errorf("%s: dispute: %v", e.Type, err)
	}
}
