package vendortest

import (
	"fmt"
	"maps"
	"os"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// GraphQL is a vendor's published schema.
type GraphQL struct {
	Schema *ast.Schema
	// Scalars say what values the vendor's own scalars have; any other scalar is
	// a text, but for those that GraphQL knows itself.
	Scalars map[string]func(value any) bool
}

// LoadGraphQL reads a schema from a file.
func LoadGraphQL(t testing.TB, file string, scalars map[string]func(value any) bool) *GraphQL {
	t.Helper()
	text, err := os.ReadFile(file) // #nosec G304 -- the vendors' contracts
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: file, Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	return &GraphQL{Schema: schema, Scalars: scalars}
}

// Check holds an operation, its variables and the data of its answer against the
// schema; data that is nil is not looked at.
func (g *GraphQL) Check(t *testing.T, query string, variables map[string]any, data any) {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(g.Schema, query, rules.NewDefaultRules())
	if errs != nil {
		t.Fatalf("operation %.40q: %v", query, errs)
	}
	op := doc.Operations[0]
	if _, err := validator.VariableValues(g.Schema, op, variables); err != nil {
		t.Errorf("variables of %s: %v", op.Name, err)
	}
	if data != nil {
		shape{t, g}.object(op.Name, op.SelectionSet, data)
	}
}

// shape compares an answer with the types that its operation selects.
type shape struct {
	t *testing.T
	*GraphQL
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
		if name == "" || condition == name || s.Schema.Types[condition].IsAbstractType() {
			maps.Copy(out, s.fieldsOf(set, name))
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
	case s.Schema.Types[typ.NamedType].IsCompositeType():
		s.object(path, f.SelectionSet, v)
	case !s.leaf(s.Schema.Types[typ.NamedType], v):
		s.t.Errorf("%s: %v (%T) is no %s", path, v, v, typ)
	}
}

func (s shape) leaf(def *ast.Definition, v any) bool {
	text, isText := v.(string)
	if def.Kind == ast.Enum {
		return isText && def.EnumValues.ForName(text) != nil
	}
	if fits := s.Scalars[def.Name]; fits != nil {
		return fits(v)
	}
	switch def.Name {
	case "Boolean":
		_, ok := v.(bool)
		return ok
	case "Int":
		n, ok := v.(float64)
		return ok && n == float64(int64(n))
	default:
		return isText
	}
}
