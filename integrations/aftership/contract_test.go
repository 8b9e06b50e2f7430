package aftership

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	standin "github.com/rebuttal-hq/rebuttal/simulator/aftership"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// TestContract holds the stand-in's answers to the schemas that are derived from
// the vendor's SDK, and to nothing beyond them.
func TestContract(t *testing.T) {
	t.Parallel()
	dir, ok := testenv.Specs(t)
	if !ok {
		return
	}
	dir = filepath.Join(dir, "aftership")
	w := newWorld()
	w.NewOrder(world.OrderOptions{Undelivered: true})
	url := vendortest.Serve(t, standin.New(w, secret))
	list := strict(t, filepath.Join(dir, "trackings-list-response.derived.schema.json"), "")
	one := strict(t, filepath.Join(dir, "tracking-response.derived.schema.json"), "#/definitions/Tracking")
	for path, status := range map[string]int{
		"?limit=30": http.StatusOK, "?limit=3&cursor=Mw==": http.StatusOK, "?keyword=nobody": http.StatusOK,
		"?limit=201": http.StatusBadRequest, "/unknown": http.StatusNotFound,
	} {
		if err := list.Validate(get(t, url+trackings+path, status)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, o := range w.Orders()[20:] {
		answer := get(t, fmt.Sprintf("%s%s/%032x", url, trackings, o.Shipment.ID), http.StatusOK)
		if err := one.Validate(answer.(map[string]any)["data"]); err != nil {
			t.Errorf("%s: %v", o.Name(), err)
		}
	}
}

// strict compiles a contract so that what it does not name is refused.
func strict(t *testing.T, file, part string) *jsonschema.Schema {
	t.Helper()
	f, err := os.Open(file) // #nosec G304 -- a contract
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	shut(doc)
	c := jsonschema.NewCompiler()
	if err := c.AddResource("contract.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("contract.json" + part)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// shut forbids what an object of the contract does not name.
func shut(node any) {
	switch node := node.(type) {
	case map[string]any:
		if properties, ok := node["properties"].(map[string]any); ok && len(properties) > 0 {
			node["additionalProperties"] = false
		}
		for _, child := range node {
			shut(child)
		}
	case []any:
		for _, child := range node {
			shut(child)
		}
	}
}

func get(t *testing.T, url string, status int) any {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("as-api-key", secret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != status {
		t.Fatalf("%s: status %d, want %d", url, resp.StatusCode, status)
	}
	out, err := jsonschema.UnmarshalJSON(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
