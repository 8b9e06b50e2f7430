package vendortest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// OpenAPI is a vendor's published contract, and which of its operations were
// called. The zero value is that of a contract that is not at hand: it checks
// nothing, and everything still runs.
type OpenAPI struct {
	Doc *openapi3.T

	mu   sync.Mutex
	seen map[string]bool
}

// LoadOpenAPI reads a contract from a file.
func LoadOpenAPI(t testing.TB, file string) *OpenAPI {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return &OpenAPI{Doc: doc}
}

// Exchange is one request and its answer, with the operation that they are of.
type Exchange struct {
	Name      string // the method and the path's template: "GET /disputes/{id}"
	Operation *openapi3.Operation
	Shared    openapi3.Parameters // of all operations of the path
	Request   *http.Request
	Sent      []byte
	Answer    *httptest.ResponseRecorder
}

// Around has check look at each exchange with next, and refuses what the
// contract has no operation for.
func (c *OpenAPI) Around(t *testing.T, next http.Handler, check func(Exchange) error) http.Handler {
	if c.Doc == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(sent))
		x := c.operation(r.Method, r.URL.Path)
		x.Request, x.Sent, x.Answer = r, sent, httptest.NewRecorder()
		next.ServeHTTP(x.Answer, r)
		if x.Operation == nil {
			t.Errorf("the contract has no %s %s", r.Method, r.URL.Path)
		} else if err := check(x); err != nil {
			t.Errorf("%s, HTTP %d: %v\n%s\n%s", x.Name, x.Answer.Code, err, sent, x.Answer.Body)
		}
		for key, values := range x.Answer.Header() {
			w.Header()[key] = values
		}
		w.WriteHeader(x.Answer.Code)
		_, _ = w.Write(x.Answer.Body.Bytes())
	})
}

// operation finds the template that fits a path.
func (c *OpenAPI) operation(method, path string) Exchange {
	for template, item := range c.Doc.Paths.Map() {
		op := item.GetOperation(method)
		if op == nil || !fits(template, path) {
			continue
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.seen == nil {
			c.seen = map[string]bool{}
		}
		c.seen[method+" "+template] = true
		return Exchange{Name: method + " " + template, Operation: op, Shared: item.Parameters}
	}
	return Exchange{}
}

func fits(template, path string) bool {
	want, have := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return false
	}
	for i := range want {
		if want[i] != have[i] && !strings.HasPrefix(want[i], "{") {
			return false
		}
	}
	return true
}

// Covered makes sure that the operations were called, by their names.
func (c *OpenAPI) Covered(t *testing.T, names ...string) {
	t.Helper()
	if c.Doc == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range names {
		if !c.seen[name] {
			t.Errorf("%s was never called", name)
		}
	}
}
