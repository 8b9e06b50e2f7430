package checkout

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	standin "github.com/rebuttal-hq/rebuttal/simulator/checkout"
)

// Everything the adapter sends and everything the stand-in answers is checked
// against Checkout.com's published contract.
func TestContract(t *testing.T) {
	t.Parallel()
	c := loadContract(t)
	s := newShop(t, func(next http.Handler) http.Handler { return c.Around(t, next, c.check) })
	ctx := t.Context()
	dc := s.open(t, standin.DisputeOptions{})
	given := s.caseOf(t, s.account.Open(s.world.Orders()[1], standin.DisputeOptions{Code: "4853", Method: "Mastercard", Category: "not_as_described"}))

	must(t, s.Check(ctx))
	_, err := s.Payment(ctx, dc.View.Snapshot)
	must(t, err)
	receipt, err := s.Submit(ctx, packet(dc))
	must(t, err)
	_, err = s.Accept(ctx, "key", given)
	must(t, err)
	must(t, s.account.Decide(dc.Ref.ID, true))
	_, cursor, err := s.Poll(ctx, "")
	must(t, err)
	_, _, err = s.Poll(ctx, cursor)
	must(t, err)
	for _, path := range []string{"/disputes/" + dc.Ref.ID + "/evidence", "/files/" + receipt.Uploads[packet(dc).Files[0].SHA256]} {
		c.fetch(t, s.url+path)
	}
	if _, err := s.Get(ctx, dispute.Ref{ID: "dsp_none"}); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("no such dispute: %v", err)
	}
	c.Covered(t,
		"GET /disputes", "GET /disputes/{dispute_id}", "PUT /disputes/{dispute_id}/evidence", "GET /disputes/{dispute_id}/evidence",
		"POST /disputes/{dispute_id}/evidence", "POST /disputes/{dispute_id}/accept", "POST /files", "GET /files/{file_id}", "GET /payments/{id}",
	)
}

// contract is Checkout.com's.
type contract struct{ *vendortest.OpenAPI }

func loadContract(t *testing.T) contract {
	t.Helper()
	dir, ok := testenv.Specs(t)
	if !ok {
		return contract{&vendortest.OpenAPI{}}
	}
	c := contract{vendortest.LoadOpenAPI(t, filepath.Join(dir, name, "nas_spec.disputes.trimmed.json"))}
	mend(c.Doc.Components.Schemas)
	return c
}

// mend puts right what cannot be meant in the contract: relevant_evidence is
// described as lists whose value is one of the words, instead of a list of the
// words, and a payment's balances require an id that they do not have. The
// patterns of ids contradict each other and the examples; they are not checked.
func mend(schemas openapi3.Schemas) {
	list := schemas["Dispute"].Value.Properties["relevant_evidence"].Value
	words := list.Items.Value.Enum
	list.Items = openapi3.NewSchemaRef("", openapi3.NewStringSchema().WithEnum(words...))
	schemas["PaymentResponseBalances"].Value.Required = nil
}

func (contract) fetch(t *testing.T, address string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+secretKey)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("%s: HTTP %d", address, resp.StatusCode)
	}
}

func (c contract) check(x vendortest.Exchange) error {
	return errors.Join(checkRequest(x.Operation, x.Request, x.Sent), c.checkAnswer(x.Operation, x.Answer))
}

func checkRequest(op *openapi3.Operation, r *http.Request, body []byte) error {
	for key, values := range r.URL.Query() {
		p := op.Parameters.GetByInAndName("query", key)
		if p == nil {
			return fmt.Errorf("unknown query parameter %s", key)
		}
		var value any = values[0]
		if n, err := strconv.ParseFloat(values[0], 64); err == nil && p.Schema.Value.Type.Is("integer") {
			value = n
		}
		if err := visit(p.Schema.Value, value); err != nil {
			return fmt.Errorf("query parameter %s: %w", key, err)
		}
	}
	if op.RequestBody == nil {
		if len(body) > 0 {
			return errors.New("a body where the contract has none")
		}
		return nil
	}
	value, mediaType, err := decode(r.Header.Get("Content-Type"), body)
	if err != nil {
		return err
	}
	content := op.RequestBody.Value.Content.Get(mediaType)
	if content == nil {
		return fmt.Errorf("media type %s", mediaType)
	}
	for key := range value {
		if content.Schema.Value.Properties[key] == nil {
			return fmt.Errorf("unknown field %s", key)
		}
	}
	return visit(content.Schema.Value, value)
}

// decode reads JSON, or a multipart form of which the file counts as text.
func decode(contentType string, body []byte) (map[string]any, string, error) {
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil, "", err
	}
	out := map[string]any{}
	if mediaType != "multipart/form-data" {
		return out, mediaType, json.Unmarshal(body, &out)
	}
	form, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).ReadForm(10 << 20)
	if err != nil {
		return nil, mediaType, err
	}
	for key, values := range form.Value {
		out[key] = values[0]
	}
	for key := range form.File {
		out[key] = "bytes"
	}
	return out, mediaType, nil
}

func (c contract) checkAnswer(op *openapi3.Operation, rec *httptest.ResponseRecorder) error {
	response := op.Responses.Status(rec.Code)
	if response == nil {
		return errors.New("the contract has no such status")
	}
	content := response.Value.Content.Get("application/json")
	if content == nil {
		if rec.Body.Len() > 0 {
			return errors.New("a body where the contract has none")
		}
		return nil
	}
	var value any
	if err := json.Unmarshal(rec.Body.Bytes(), &value); err != nil {
		return err
	}
	schema := content.Schema.Value
	if op.OperationID == "getPaymentDetails" { // one of three; ours is a payment, no payout
		schema = c.Doc.Components.Schemas["PaymentDetails"].Value
	}
	return visit(schema, value)
}

func visit(schema *openapi3.Schema, value any) error {
	return schema.VisitJSON(value, openapi3.MultiErrors(), openapi3.DisablePatternValidation(), openapi3.EnableFormatValidation())
}
