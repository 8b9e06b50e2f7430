package braintree

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/rebuttal-hq/rebuttal/dispute"
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
		checkExchange(t, schema, e)
	}
	for _, q := range []string{checkQuery, disputeQuery, searchQuery, paymentQuery, evidenceQuery, textMutation, fileMutation, finalizeMutation, acceptMutation} {
		if !slices.ContainsFunc(wire.seen, func(e exchange) bool { return e.Query == q }) {
			t.Errorf("operation was not tried: %.40q", q)
		}
	}
	checkWords(t, schema)
}

func checkExchange(t *testing.T, schema *ast.Schema, e exchange) {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(schema, e.Query, rules.NewDefaultRules())
	if errs != nil {
		t.Fatalf("operation %.40q: %v", e.Query, errs)
	}
	op := doc.Operations[0]
	if _, err := validator.VariableValues(schema, op, e.Variables); err != nil {
		t.Errorf("variables of %s: %v", op.Name, err)
	}
	if len(e.Errors) > 0 {
		t.Errorf("%s was refused: %v", op.Name, e.Errors)
		return
	}
	shape{t, schema}.object(op.Name, op.SelectionSet, e.Data)
}

// checkWords holds our words against the schema's enums.
func checkWords(t *testing.T, schema *ast.Schema) {
	t.Helper()
	for _, c := range textCategories {
		if schema.Types["DisputeTextEvidenceCategory"].EnumValues.ForName(c) == nil {
			t.Errorf("there is no text category %s", c)
		}
	}
	for _, c := range fileCategories {
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

func loadSchema(t *testing.T) *ast.Schema {
	dir, ok := testenv.Specs(t)
	if !ok {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(dir, "braintree", "schema.graphql")) // #nosec G304 -- the vendors' contracts
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "braintree", Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// shape compares an answer with the types that its operation selects.
type shape struct {
	t      *testing.T
	schema *ast.Schema
}

func (s shape) object(path string, set ast.SelectionSet, v any) {
	got, ok := v.(map[string]any)
	if !ok {
		s.t.Errorf("%s: %v is no object", path, v)
		return
	}
	name, _ := got["__typename"].(string)
	fields := s.fieldsOf(set, name)
	for alias := range got {
		if _, asked := fields[alias]; !asked {
			s.t.Errorf("%s.%s was not asked for", path, alias)
		}
	}
	for alias, f := range fields {
		value, there := got[alias]
		if !there {
			s.t.Errorf("%s.%s is missing", path, alias)
			continue
		}
		s.value(path+"."+alias, f, f.Definition.Type, value)
	}
}

// fieldsOf are the fields that an object of a type has to have; name is empty
// where the operation does not ask for it.
func (s shape) fieldsOf(set ast.SelectionSet, name string) map[string]*ast.Field {
	out := map[string]*ast.Field{}
	add := func(condition string, set ast.SelectionSet) {
		if name != "" && condition != name && !s.schema.Types[condition].IsAbstractType() {
			return
		}
		for alias, f := range s.fieldsOf(set, name) {
			out[alias] = f
		}
	}
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			out[sel.Alias] = sel
		case *ast.FragmentSpread:
			add(sel.Definition.TypeCondition, sel.Definition.SelectionSet)
		case *ast.InlineFragment:
			add(sel.TypeCondition, sel.SelectionSet)
		}
	}
	return out
}

func (s shape) value(path string, f *ast.Field, typ *ast.Type, v any) {
	switch {
	case v == nil:
		if typ.NonNull {
			s.t.Errorf("%s is null, want %s", path, typ)
		}
	case typ.Elem != nil:
		list, ok := v.([]any)
		if !ok {
			s.t.Errorf("%s: %v is no list", path, v)
		}
		for i, item := range list {
			s.value(fmt.Sprintf("%s[%d]", path, i), f, typ.Elem, item)
		}
	case s.schema.Types[typ.NamedType].IsCompositeType():
		s.object(path, f.SelectionSet, v)
	case !s.leaf(s.schema.Types[typ.NamedType], v):
		s.t.Errorf("%s: %v (%T) is no %s", path, v, v, typ)
	}
}

var decimals = regexp.MustCompile(`^[0-9]+(\.[0-9]{2,3})?$`)

func (s shape) leaf(def *ast.Definition, v any) bool {
	text, isText := v.(string)
	if def.Kind == ast.Enum {
		return isText && def.EnumValues.ForName(text) != nil
	}
	switch def.Name {
	case "Boolean":
		_, ok := v.(bool)
		return ok
	case "Timestamp":
		_, err := time.Parse(time.RFC3339, text)
		return err == nil
	case "Date":
		_, err := time.Parse(time.DateOnly, text)
		return err == nil
	case "Amount":
		return decimals.MatchString(text)
	default:
		return isText
	}
}
