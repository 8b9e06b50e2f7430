package paypal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	standin "github.com/rebuttal-hq/rebuttal/simulator/paypal"
)

// TestContract checks everything the adapter sends and everything the stand-in
// answers or posts against PayPal's published contracts.
func TestContract(t *testing.T) {
	t.Parallel()
	c := loadContract(t)
	acc := newAccount()
	url := vendortest.Serve(t, c.around(t, acc))
	acc.SetAddress(url)
	a, ctx := connect(t, url, http.DefaultClient), t.Context()
	check := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	ref := func(id string) dispute.Ref { return dispute.Ref{Connection: connection, ID: id} }
	submit := func(what, id string) {
		t.Helper()
		s, err := a.Get(ctx, ref(id))
		check(what, err)
		sub := packet("key-"+id+what, dispute.Case{Ref: ref(id), View: dispute.View{Snapshot: s}})
		_, err = a.Submit(ctx, sub)
		check(what, err)
		_, err = a.Payment(ctx, s)
		check("payment", err)
	}
	card := acc.open(standin.DisputeOptions{ReasonCode: "10.4"})
	unasked := acc.open(standin.DisputeOptions{Unasked: true})
	inquiry := acc.open(standin.DisputeOptions{Inquiry: true})
	given := acc.open(standin.DisputeOptions{AcceptTypes: []string{"REFUND", "PARTIAL_REFUND"}})

	check("check", a.Check(ctx))
	submit("evidence", acc.id)
	submit("evidence of a card", card)
	submit("supporting information", unasked)
	check("decide", acc.Decide(acc.id, "RESOLVED_BUYER_FAVOUR", true))
	submit("appeal", acc.id)
	check("decide again", acc.Decide(acc.id, "RESOLVED_SELLER_FAVOUR", false))
	_, err := a.Accept(ctx, "accept", dispute.Case{Ref: ref(given)})
	check("accept", err)
	check("escalate", acc.Escalate(inquiry))
	for range 12 {
		acc.open(standin.DisputeOptions{})
	}
	_, cursor, err := a.Poll(ctx, "")
	check("poll", err)
	_, _, err = a.Poll(ctx, cursor)
	check("poll again", err)
	if _, err := a.Get(ctx, ref("PP-D-0")); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("a dispute that is not there: %v", err)
	}
	for _, e := range acc.Events("") {
		c.checkEvent(t, e.Type, e.Body)
	}
	c.Covered(t,
		"GET /v1/customer/disputes", "GET /v1/customer/disputes/{id}", "POST /v1/customer/disputes/{id}/provide-evidence",
		"POST /v1/customer/disputes/{id}/provide-supporting-info", "POST /v1/customer/disputes/{id}/appeal", "POST /v1/customer/disputes/{id}/accept-claim",
	)
}

// TestGoldenPayloadsFitTheContract: what we made ourselves is what PayPal would
// send, but for the words that are meant to be unknown.
func TestGoldenPayloadsFitTheContract(t *testing.T) {
	t.Parallel()
	c := loadContract(t)
	for _, name := range []string{"created", "claim", "under_review", "card_chargeback", "resolved_seller", "appealable", "inquiry_cancelled", "yen"} {
		body := file(t, "webhooks/"+name+".json")
		if name == "created" { // PayPal's own example has an empty list that its contract does not allow
			body = bytes.Replace(body, []byte(`"items": [],`), nil, 1)
		}
		c.checkEvent(t, name, body)
	}
}

// contract is PayPal's.
type contract struct {
	*vendortest.OpenAPI
	webhooks *openapi3.T
}

func loadContract(t *testing.T) contract {
	t.Helper()
	dir, ok := testenv.Specs(t)
	if !ok {
		return contract{OpenAPI: &vendortest.OpenAPI{}}
	}
	return contract{
		vendortest.LoadOpenAPI(t, filepath.Join(dir, "paypal", "customer_disputes_v1.json")),
		vendortest.LoadOpenAPI(t, filepath.Join(dir, "paypal", "notifications_webhooks_v1.json")).Doc,
	}
}

// around checks each request and answer that passes. The token is not in the
// contract.
func (c contract) around(t *testing.T, next http.Handler) http.Handler {
	checked := c.Around(t, next, func(x vendortest.Exchange) error {
		return errors.Join(c.checkRequest(x.Operation, x.Shared, x.Request, x.Sent), checkAnswer(x.Operation, x.Answer.Code, x.Answer.Body.Bytes()))
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/oauth2/token" {
			next.ServeHTTP(w, r)
			return
		}
		checked.ServeHTTP(w, r)
	})
}

func (c contract) checkRequest(op *openapi3.Operation, shared openapi3.Parameters, r *http.Request, body []byte) error {
	for name, values := range r.URL.Query() {
		p := op.Parameters.GetByInAndName("query", name)
		if p == nil {
			p = shared.GetByInAndName("query", name)
		}
		if p == nil {
			return fmt.Errorf("unknown query parameter %s", name)
		}
		for _, value := range split(name, values[0]) {
			if err := p.Schema.Value.VisitJSON(typed(p.Schema.Value, value)); err != nil {
				return fmt.Errorf("query parameter %s: %w", name, err)
			}
		}
	}
	if r.Method == http.MethodGet {
		return nil
	}
	return c.checkForm(op, r, body)
}

// split is a list in a query: the contract separates states by commas, and
// gives a pattern for one of them.
func split(name, value string) []string {
	if name == "dispute_state" {
		return strings.Split(value, ",")
	}
	return []string{value}
}

func typed(schema *openapi3.Schema, value string) any {
	if n, err := strconv.ParseFloat(value, 64); err == nil && schema.Type.Is("integer") {
		return n
	}
	return value
}

// checkForm holds the parts with files to the contract, and the part named
// input, which only PayPal's examples have, to the schemas of what it holds.
func (c contract) checkForm(op *openapi3.Operation, r *http.Request, body []byte) error {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	content := op.RequestBody.Value.Content.Get(kind)
	if content == nil {
		return fmt.Errorf("media type %s", kind)
	}
	for reader := multipart.NewReader(bytes.NewReader(body), params["boundary"]); ; {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return err
		}
		switch {
		case part.FormName() == "input":
			err = c.checkInput(text)
		case content.Schema.Value.Properties[part.FormName()] == nil:
			err = fmt.Errorf("the contract has no part %q", part.FormName())
		}
		if err != nil {
			return err
		}
	}
}

func (c contract) checkInput(text []byte) error {
	var in struct {
		Evidences []json.RawMessage
		Notes     json.RawMessage
		Type      json.RawMessage `json:"accept_claim_type"`
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	schemas := c.Doc.Components.Schemas
	for _, e := range in.Evidences {
		if err := visit(schemas["evidence"].Value, e); err != nil {
			return err
		}
	}
	if in.Notes != nil {
		if err := visit(schemas["supporting_info"].Value.Properties["notes"].Value, in.Notes); err != nil {
			return err
		}
	}
	if in.Type != nil {
		return visit(schemas["accept_claim_type"].Value, in.Type)
	}
	return nil
}

func checkAnswer(op *openapi3.Operation, status int, body []byte) error {
	response := op.Responses.Status(status)
	if response == nil {
		response = op.Responses.Default()
	}
	return visit(response.Value.Content.Get("application/json").Schema.Value, body)
}

func visit(schema *openapi3.Schema, body []byte) error {
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return err
	}
	return schema.VisitJSON(value, openapi3.MultiErrors())
}

// checkEvent checks a webhook's envelope and the dispute in it.
func (c contract) checkEvent(t *testing.T, name string, body []byte) {
	t.Helper()
	if c.Doc == nil {
		return
	}
	var envelope struct{ Resource json.RawMessage }
	if err := json.Unmarshal(body, &envelope); err != nil {
		t.Fatal(err)
	}
	if err := visit(c.webhooks.Components.Schemas["event"].Value, body); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if err := visit(c.Doc.Components.Schemas["dispute"].Value, envelope.Resource); err != nil {
		t.Errorf("%s: dispute: %v", name, err)
	}
}
