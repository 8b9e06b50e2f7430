package braintree

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/networks"
	standin "github.com/rebuttal-hq/rebuttal/simulator/braintree"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// exchange is one call as it went over the wire.
type exchange struct {
	Query     string         `json:"query"`
	Variables map[string]any `json:"variables"`
	Data      any            `json:"data"`
	Errors    []any          `json:"errors"`
}

// recorder keeps the exchanges of a client.
type recorder struct {
	mu   sync.Mutex
	seen []exchange
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	sent, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	req.Body = io.NopCloser(bytes.NewReader(sent))
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(got))
	var e exchange
	if sent, err = operations(req.Header.Get("Content-Type"), sent); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(sent, &e); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(got, &e); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, e)
	return resp, nil
}

// operations is the JSON of a request, also of one with a file. The variable
// that stands for the file is none of the document's.
func operations(contentType string, body []byte) ([]byte, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind == "application/json" {
		return body, err
	}
	form, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).ReadForm(1 << 20)
	if err != nil {
		return nil, err
	}
	if got := form.Value["map"]; len(got) != 1 || got[0] != `{"file_to_upload":"variables.file"}` || len(form.File["file_to_upload"]) != 1 {
		return nil, fmt.Errorf("the form is not as the guide on uploading files writes it: %v", got)
	}
	var d document
	if err := json.Unmarshal([]byte(form.Value["operations"][0]), &d); err != nil {
		return nil, err
	}
	if v, there := d.Variables["file"]; !there || v != nil {
		return nil, fmt.Errorf("the file's variable is %v, want null", v)
	}
	delete(d.Variables, "file")
	return json.Marshal(d)
}

// TestContract holds every operation of the adapter, and every answer of the
// stand-in, against Braintree's schema.
func TestContract(t *testing.T) {
	t.Parallel()
	wire := &recorder{}
	a := newAccount(t, nil)
	a.http.HTTP = &http.Client{Transport: wire}
	check(t, "check", a.Check(t.Context()))
	c := a.open(t, world.OrderOptions{Refunded: true}, standin.DisputeOptions{Code: "1040"})
	check(t, "disburse", a.braintree.Disburse(c.Ref.ID, opening))
	_, err := a.Payment(t.Context(), c.View.Snapshot)
	check(t, "payment", err)
	texts := map[dispute.EvidenceField]string{}
	for _, f := range textFields {
		texts[f] = "text of " + string(f)
	}
	s, progress := packet(c, texts)
	for _, f := range fileFields {
		s.Files = append(s.Files, file(f, "%PDF "+string(f)))
	}
	s.Compelling = a.compelling()
	progress[s.Files[0].SHA256] = mark(opening) // so that it is looked for
	_, err = a.Submit(t.Context(), s)
	check(t, "submit", err)
	check(t, "win", a.braintree.Decide(c.Ref.ID, true))
	other := a.open(t, world.OrderOptions{Currency: "JPY", Total: 500, CardBrand: "amex"}, standin.DisputeOptions{Kind: "retrieval", Reason: "retrieval"})
	_, err = a.Accept(t.Context(), "accept", other)
	check(t, "accept", err)
	for _, cursor := range []string{"", "2026-10-01"} {
		_, _, err = a.Poll(t.Context(), cursor)
		check(t, "poll", err)
	}

	schema := loadSchema(t)
	if schema == nil {
		return
	}
	for _, e := range wire.seen {
		if len(e.Errors) > 0 {
			t.Errorf("%.40q was refused: %v", e.Query, e.Errors)
		}
		schema.Check(t, e.Query, e.Variables, e.Data)
	}
	for _, q := range []string{checkQuery, disputeQuery, searchQuery, paymentQuery, referenceQuery, evidenceQuery, textMutation, fileMutation, finalizeMutation, acceptMutation} {
		if !slices.ContainsFunc(wire.seen, func(e exchange) bool { return e.Query == q }) {
			t.Errorf("operation was not tried: %.40q", q)
		}
	}
	checkWords(t, schema.Schema)
}

// checkWords holds our words against the schema's enums.
func checkWords(t *testing.T, schema *ast.Schema) {
	t.Helper()
	for _, c := range textCategories {
		if schema.Types["DisputeTextEvidenceCategory"].EnumValues.ForName(c) == nil {
			t.Errorf("there is no text category %s", c)
		}
	}
	for _, c := range append(slices.Collect(maps.Values(fileCategories)), signedDelivery) {
		if schema.Types["DisputeFileEvidenceCategory"].EnumValues.ForName(c) == nil {
			t.Errorf("there is no file category %s", c)
		}
	}
	for _, v := range schema.Types["DisputeStatus"].EnumValues {
		if statuses[strings.ToLower(v.Name)] == "" {
			t.Errorf("status %s is not mapped", v.Name)
		}
	}
	for _, v := range schema.Types["DisputeType"].EnumValues {
		if stages[strings.ToLower(v.Name)] == "" {
			t.Errorf("type %s is not mapped", v.Name)
		}
	}
	for _, v := range schema.Types["DisputeReason"].EnumValues {
		if !networks.KnownReason(record{reason: v.Name}.snapshot()) {
			t.Errorf("reason %s is not in networks/data/providers.yaml", v.Name)
		}
	}
}

func loadSchema(t *testing.T) *vendortest.GraphQL {
	dir, ok := testenv.Specs(t)
	if !ok {
		return nil
	}
	return vendortest.LoadGraphQL(t, filepath.Join(dir, "braintree", "schema.graphql"), map[string]func(any) bool{
		"Timestamp": written(func(text string) bool { return !instant(text).IsZero() }),
		"Date":      written(func(text string) bool { return !dispute.ParseDay(text).IsZero() }),
		"Amount":    written(regexp.MustCompile(`^[0-9]+(\.[0-9]{2,3})?$`).MatchString),
	})
}

func written(fits func(string) bool) func(any) bool {
	return func(v any) bool {
		text, ok := v.(string)
		return ok && fits(text)
	}
}
