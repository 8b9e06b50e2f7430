package shopify

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

func newStore() http.Handler {
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	return New(world.New(7, func() time.Time { return now }, 24*time.Hour), "token")
}

func ask(t *testing.T, token string, req request) (status int, answer map[string]any) {
	t.Helper()
	body, err := json.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/admin/api/2026-07/graphql.json", bytes.NewReader(body))
	r.Header.Set("X-Shopify-Access-Token", token)
	w := httptest.NewRecorder()
	newStore().ServeHTTP(w, r)
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return w.Code, answer
}

func TestTokenIsChecked(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"", "other"} {
		if status, _ := ask(t, token, request{Query: "{ shop { id } }"}); status != http.StatusUnauthorized {
			t.Errorf("token %q: status %d, want 401", token, status)
		}
	}
}

func TestAnswersWhatIsSelected(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		req  request
		want string // the data
	}{
		"alias and type": {
			request{Query: `{ here: shop { __typename id } }`},
			`{"here":{"__typename":"Shop","id":"gid://shopify/Shop/1"}}`,
		},
		"variable": {
			request{Query: `query A($id: ID!) { order(id: $id) { name } }`, Variables: map[string]any{"id": "gid://shopify/Order/5400000001003"}},
			`{"order":{"name":"#1003"}}`,
		},
		"unknown order": {
			request{Query: `{ order(id: "gid://shopify/Order/1") { name } }`},
			`{"order":null}`,
		},
		"fragments": {
			request{Query: `query A { shop { ...S ... on Shop { name } ... on Order { name } } } fragment S on Shop { id }`},
			`{"shop":{"id":"gid://shopify/Shop/1","name":"Rehearsal"}}`,
		},
		"one operation of two": {
			request{Query: `query A { shop { id } } query B { shop { name } }`, OperationName: "B"},
			`{"shop":{"name":"Rehearsal"}}`,
		},
		"first page": {
			request{Query: `{ orders(first: 2) { nodes { name } pageInfo { hasNextPage endCursor } } }`},
			`{"orders":{"nodes":[{"name":"#1001"},{"name":"#1002"}],"pageInfo":{"hasNextPage":true,"endCursor":"2"}}}`,
		},
		"last page by default variable": {
			request{Query: `query A($n: Int = 3) { orders(first: $n, after: "23") { nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor } } }`},
			`{"orders":{"nodes":[{"name":"#1024"}],"pageInfo":{"hasNextPage":false,"hasPreviousPage":true,"startCursor":"24"}}}`,
		},
		"search finds beginnings": {
			request{Query: `{ orders(first: 3, query: "name:#102") { nodes { name } } }`},
			`{"orders":{"nodes":[{"name":"#1020"},{"name":"#1021"},{"name":"#1022"}]}}`,
		},
		"search by id": {
			request{Query: `{ orders(first: 3, query: "id:5400000001007") { nodes { name } } }`},
			`{"orders":{"nodes":[{"name":"#1007"}]}}`,
		},
		"search finds nothing": {
			request{Query: `{ orders(first: 3, query: "name:\"#1001\" OR name:\"#1002\"") { nodes { name } pageInfo { endCursor } } }`},
			`{"orders":{"nodes":[],"pageInfo":{"endCursor":null}}}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, answer := ask(t, "token", tt.req)
			var want any
			if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, answer["data"]); diff != "" || status != http.StatusOK {
				t.Errorf("status %d, answer %v (-want +got):\n%s", status, answer, diff)
			}
		})
	}
}

func TestRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ query, code string }{
		"field":             {`{ shop { id colour } }`, "undefinedField"},
		"field of a list":   {`{ orders(first: 1) { nodes { colour } } }`, "undefinedField"},
		"syntax":            {`{ shop { `, "PARSE_ERROR"},
		"mutation":          {`mutation { shop { id } }`, "BAD_REQUEST"},
		"fragment":          {`{ shop { ...X } }`, "useAndDefineFragment"},
		"no subfields":      {`{ shop }`, "selectionMismatch"},
		"subfields of leaf": {`{ shop { id { x } } }`, "selectionMismatch"},
		"unbounded list":    {`{ orders { nodes { id } } }`, "BAD_REQUEST"},
		"cursor":            {`{ orders(first: 1, after: "x") { nodes { id } } }`, "BAD_REQUEST"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, answer := ask(t, "token", request{Query: tt.query})
			errs, _ := answer["errors"].([]any)
			if status != http.StatusOK || len(errs) != 1 || answer["data"] != nil {
				t.Fatalf("status %d, answer %v, want one error and no data", status, answer)
			}
			code := errs[0].(map[string]any)["extensions"].(map[string]any)["code"]
			if code != tt.code {
				t.Errorf("code %v, want %s", code, tt.code)
			}
		})
	}
}

func TestDecimal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		minor    int64
		currency string
		want     string
	}{
		{12900, "USD", "129.0"}, {12950, "USD", "129.5"}, {12999, "USD", "129.99"}, {7, "USD", "0.07"},
		{0, "USD", "0.0"}, {500, "JPY", "500.0"}, {1234, "KWD", "1.234"}, {5, "KWD", "0.005"},
	} {
		if got := decimal(tt.minor, tt.currency); got != tt.want {
			t.Errorf("decimal(%d, %s) = %s, want %s", tt.minor, tt.currency, got, tt.want)
		}
	}
}
