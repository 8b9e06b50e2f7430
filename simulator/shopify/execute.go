package shopify

import (
	"fmt"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// object is what a selection with subfields reads: its fields by name, and its
// type under __typename. A field is a value, a func(args) for one that takes
// arguments, nil for null, an object or a list of these.
type object = map[string]any

// args are a field's arguments, variables filled in.
type args map[string]any

// int is a whole number among the arguments; zero when it is not there. A
// variable comes from JSON, a literal from the query text.
func (a args) int(name string) int {
	switch n := a[name].(type) {
	case float64:
		return int(n)
	case int64:
		return int(n)
	}
	return 0
}

func (a args) string(name string) string {
	s, _ := a[name].(string)
	return s
}

// queryError is one entry of a GraphQL answer's errors.
type queryError struct {
	code, message string
	path          []any
	extensions    map[string]any
}

func (e *queryError) json() map[string]any {
	extensions := map[string]any{"code": e.code}
	for k, v := range e.extensions {
		extensions[k] = v
	}
	out := map[string]any{"message": e.message, "extensions": extensions}
	if e.path != nil {
		out["path"] = e.path
	}
	return out
}

// execution answers one operation.
type execution struct {
	fragments ast.FragmentDefinitionList
	variables map[string]any
}

func (e execution) object(set ast.SelectionSet, from object, path []any) (object, *queryError) {
	out := object{}
	for _, s := range set {
		if err := e.selection(s, from, out, path); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (e execution) selection(s ast.Selection, from, out object, path []any) *queryError {
	switch s := s.(type) {
	case *ast.Field:
		v, err := e.field(s, from, append(path[:len(path):len(path)], s.Name))
		if err != nil {
			return err
		}
		out[s.Alias] = v
		return nil
	case *ast.InlineFragment:
		return e.spread(s.TypeCondition, s.SelectionSet, from, out, path)
	case *ast.FragmentSpread:
		f := e.fragments.ForName(s.Name)
		if f == nil {
			return &queryError{code: "useAndDefineFragment", message: "Fragment " + s.Name + " was used, but not defined", path: path}
		}
		return e.spread(f.TypeCondition, f.SelectionSet, from, out, path)
	}
	return nil
}

func (e execution) spread(condition string, set ast.SelectionSet, from, out object, path []any) *queryError {
	if condition != "" && condition != from["__typename"] {
		return nil
	}
	for _, s := range set {
		if err := e.selection(s, from, out, path); err != nil {
			return err
		}
	}
	return nil
}

func (e execution) field(f *ast.Field, from object, path []any) (any, *queryError) {
	v, known := from[f.Name]
	if !known {
		return nil, &queryError{
			code:       "undefinedField",
			message:    fmt.Sprintf("Field '%s' doesn't exist on type '%v'", f.Name, from["__typename"]),
			path:       path,
			extensions: map[string]any{"typeName": from["__typename"], "fieldName": f.Name},
		}
	}
	if resolve, ok := v.(func(args) (any, *queryError)); ok {
		a, err := e.arguments(f, path)
		if err != nil {
			return nil, err
		}
		if v, err = resolve(a); err != nil {
			err.path = path
			return nil, err
		}
	}
	return e.value(f, v, path)
}

func (e execution) arguments(f *ast.Field, path []any) (args, *queryError) {
	out := args{}
	for _, a := range f.Arguments {
		v, err := a.Value.Value(e.variables)
		if err != nil {
			return nil, &queryError{code: "argumentLiteralsIncompatible", message: err.Error(), path: path}
		}
		out[a.Name] = v
	}
	return out, nil
}

// value completes a field: objects and lists of them by their selection,
// everything else as it is.
func (e execution) value(f *ast.Field, v any, path []any) (any, *queryError) {
	mismatch := &queryError{code: "selectionMismatch", message: "Field '" + f.Name + "' and its selections do not fit together", path: path}
	switch v := v.(type) {
	case nil:
		return nil, nil
	case object:
		if len(f.SelectionSet) == 0 {
			return nil, mismatch
		}
		return e.object(f.SelectionSet, v, path)
	case []object:
		out := make([]any, 0, len(v))
		for _, item := range v {
			one, err := e.value(f, item, path)
			if err != nil {
				return nil, err
			}
			out = append(out, one)
		}
		return out, nil
	default:
		if len(f.SelectionSet) > 0 {
			return nil, mismatch
		}
		return v, nil
	}
}

// list is a field that gives at most `first` of its objects.
func list(of []object) func(args) (any, *queryError) {
	return func(a args) (any, *queryError) {
		if n := a.int("first"); n > 0 && n < len(of) {
			return of[:n], nil
		}
		return of, nil
	}
}

// connection is a field that pages through objects of a type. A cursor is the
// number of objects up to and including its own.
func connection(typename string, of []object) func(args) (any, *queryError) {
	return func(a args) (any, *queryError) {
		first := a.int("first")
		if first <= 0 {
			return nil, &queryError{code: "BAD_REQUEST", message: "you must provide one of first or last"}
		}
		from, err := start(a.string("after"), len(of))
		if err != nil {
			return nil, err
		}
		to := min(from+first, len(of))
		return object{
			"__typename": typename,
			"nodes":      of[from:to],
			"pageInfo": object{
				"__typename": "PageInfo", "hasNextPage": to < len(of), "hasPreviousPage": from > 0,
				"startCursor": cursor(from+1, to > from), "endCursor": cursor(to, to > from),
			},
		}, nil
	}
}

func start(after string, total int) (int, *queryError) {
	if after == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(after)
	if err != nil || n < 0 || n > total {
		return 0, &queryError{code: "BAD_REQUEST", message: "Invalid cursor for current pagination sort."}
	}
	return n, nil
}

func cursor(n int, there bool) any {
	if !there {
		return nil
	}
	return strconv.Itoa(n)
}
