package shopify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	store "github.com/rebuttal-hq/rebuttal/simulator/shopify"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// exchange is one call as it went over the wire.
type exchange struct {
	Query     string
	Variables map[string]any
	Data      any
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

// TestContract holds every query of the adapter, and every answer of the
// stand-in, against the vendor's schema.
func TestContract(t *testing.T) {
	t.Parallel()
	schema := loadSchema(t)
	if schema == nil {
		return
	}
	w := newWorld()
	orders := []world.Order{
		w.NewOrder(world.OrderOptions{}),
		w.NewOrder(world.OrderOptions{Undelivered: true}),
		w.NewOrder(world.OrderOptions{Refunded: true, Currency: "JPY"}),
	}
	wire := &recorder{}
	a := connectThrough(t, vendortest.Serve(t, store.New(w, secret)), wire)
	if err := a.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, o := range orders {
		for _, p := range []dispute.Payment{{OrderID: fmt.Sprint(o.ShopifyID)}, {OrderName: o.Name()}} {
			if _, err := a.Gather(t.Context(), dispute.Case{Payment: &p}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := a.lines(t.Context(), orderPrefix+fmt.Sprint(o.ShopifyID), "1"); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range wire.seen {
		doc, errs := gqlparser.LoadQueryWithRules(schema, e.Query, rules.NewDefaultRules())
		if errs != nil {
			t.Fatalf("query %.40q: %v", e.Query, errs)
		}
		op := doc.Operations[0]
		if _, err := validator.VariableValues(schema, op, e.Variables); err != nil {
			t.Errorf("variables of %s: %v", op.Name, err)
		}
		shape{t, schema}.object(op.Name, op.SelectionSet, e.Data)
	}
	for _, q := range []string{checkQuery, namedQuery, orderQuery, linesQuery} {
		if !slices.ContainsFunc(wire.seen, func(e exchange) bool { return e.Query == q }) {
			t.Errorf("query was not tried: %.40q", q)
		}
	}
}

func loadSchema(t *testing.T) *ast.Schema {
	dir, ok := testenv.Specs(t)
	if !ok {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(dir, "shopify", "admin_2026-07.trimmed.graphql")) // #nosec G304 -- the vendors' contracts
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "admin", Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// shape compares an answer with the types that its query selects.
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
	fields := fieldsOf(set)
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

func fieldsOf(set ast.SelectionSet) map[string]*ast.Field {
	out := map[string]*ast.Field{}
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			out[sel.Alias] = sel
		case *ast.FragmentSpread:
			for alias, f := range fieldsOf(sel.Definition.SelectionSet) {
				out[alias] = f
			}
		case *ast.InlineFragment:
			for alias, f := range fieldsOf(sel.SelectionSet) {
				out[alias] = f
			}
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

func (s shape) leaf(def *ast.Definition, v any) bool {
	text, isText := v.(string)
	if def.Kind == ast.Enum {
		return isText && def.EnumValues.ForName(text) != nil
	}
	switch def.Name {
	case "Boolean":
		_, ok := v.(bool)
		return ok
	case "Int":
		n, ok := v.(float64)
		return ok && n == float64(int64(n))
	case "DateTime":
		_, err := time.Parse(time.RFC3339, text)
		return isText && err == nil
	case "Decimal", "UnsignedInt64":
		return isText && json.Valid([]byte(text))
	default:
		return isText
	}
}
