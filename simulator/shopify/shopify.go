// Package shopify stands in for a Shopify store's Admin GraphQL API: it reads
// the query it is sent and answers the fields it selects, from the world's
// orders.
package shopify

import (
	"encoding/json"
	"net/http"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// New is a store that sells the world's orders to whoever has the access token.
func New(w *world.World, token string) http.Handler {
	s := &store{world: w, token: token}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /admin/api/{version}/graphql.json", s.graphql)
	return mux
}

type store struct {
	world *world.World
	token string
}

// request is the body of a GraphQL call over HTTP.
type request struct {
	Query         string         `json:"query"`
	OperationName string         `json:"operationName"`
	Variables     map[string]any `json:"variables"`
}

func (s *store) graphql(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Shopify-Access-Token") != s.token {
		answer(w, http.StatusUnauthorized, map[string]any{
			"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)",
		})
		return
	}
	var req request
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		answer(w, http.StatusBadRequest, map[string]any{"errors": map[string]any{"query": "Required parameter missing or invalid"}})
		return
	}
	data, err := s.execute(req)
	if err != nil {
		answer(w, http.StatusOK, map[string]any{"errors": []any{err.json()}})
		return
	}
	answer(w, http.StatusOK, map[string]any{"data": data})
}

func (s *store) execute(req request) (map[string]any, *queryError) {
	doc, err := parser.ParseQuery(&ast.Source{Input: req.Query})
	if err != nil {
		return nil, &queryError{code: "PARSE_ERROR", message: err.Error()}
	}
	op := doc.Operations.ForName(req.OperationName)
	if op == nil || op.Operation != ast.Query {
		return nil, &queryError{code: "BAD_REQUEST", message: "this store answers one query at a time"}
	}
	e := execution{fragments: doc.Fragments, variables: variables(op, req.Variables)}
	return e.object(op.SelectionSet, s.root(), []any{"query " + op.Name})
}

// variables are those of the call, with the defaults of the ones it left out.
func variables(op *ast.OperationDefinition, given map[string]any) map[string]any {
	out := map[string]any{}
	for _, d := range op.VariableDefinitions {
		if v, ok := given[d.Variable]; ok {
			out[d.Variable] = v
		} else if d.DefaultValue != nil {
			out[d.Variable], _ = d.DefaultValue.Value(nil)
		}
	}
	return out
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
