package braintree

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// object is what a selection with subfields reads: its fields by name, and its
// type under __typename. A field is a value, a func(args) for one that takes
// arguments, nil for null, an object or a list of these.
type object = map[string]any

// args are a field's arguments, variables filled in.
type args map[string]any

func (a args) string(name string) string {
	s, _ := a[name].(string)
	return s
}

// object is an argument's field; empty when it is not there.
func (a args) object(name string) args {
	m, _ := a[name].(map[string]any)
	return m
}

// refusal is a GraphQL error: its class, and the classic API's code of a
// validation.
type refusal struct{ class, code string }

func invalid(code string) *refusal { return &refusal{"VALIDATION", code} }

// abstract are the types that objects have besides their own.
var abstract = []string{"Node", "PaymentMethodSnapshot", "DisputeEvidence"}

// execution answers one operation.
type execution struct {
	fragments ast.FragmentDefinitionList
	variables map[string]any
}

func (e execution) object(set ast.SelectionSet, from object) (object, *refusal) {
	out := object{}
	return out, e.selections(set, from, out)
}

func (e execution) selections(set ast.SelectionSet, from, out object) *refusal {
	for _, s := range set {
		var err *refusal
		switch s := s.(type) {
		case *ast.Field:
			out[s.Alias], err = e.field(s, from)
		case *ast.InlineFragment:
			err = e.spread(s.TypeCondition, s.SelectionSet, from, out)
		case *ast.FragmentSpread:
			f := e.fragments.ForName(s.Name)
			if f == nil {
				return invalid("")
			}
			err = e.spread(f.TypeCondition, f.SelectionSet, from, out)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e execution) spread(condition string, set ast.SelectionSet, from, out object) *refusal {
	if condition != from["__typename"] && !slices.Contains(abstract, condition) {
		return nil
	}
	return e.selections(set, from, out)
}

func (e execution) field(f *ast.Field, from object) (any, *refusal) {
	v, known := from[f.Name]
	if !known {
		return nil, invalid("")
	}
	if resolve, ok := v.(func(args) (any, *refusal)); ok {
		given := args{}
		for _, a := range f.Arguments {
			value, err := a.Value.Value(e.variables)
			if err != nil {
				return nil, invalid("")
			}
			given[a.Name] = value
		}
		var refused *refusal
		if v, refused = resolve(given); refused != nil {
			return nil, refused
		}
	}
	switch v := v.(type) {
	case object:
		return e.object(f.SelectionSet, v)
	case []object:
		out := make([]any, 0, len(v))
		for _, item := range v {
			one, err := e.object(f.SelectionSet, item)
			if err != nil {
				return nil, err
			}
			out = append(out, one)
		}
		return out, nil
	}
	return v, nil
}
