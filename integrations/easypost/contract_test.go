package easypost

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	standin "github.com/rebuttal-hq/rebuttal/simulator/easypost"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// TestContract holds the stand-in's answers to the shape of EasyPost's published
// examples: the same keys, and values of the same type. EasyPost publishes no
// OpenAPI file.
func TestContract(t *testing.T) {
	t.Parallel()
	dir, ok := testenv.Specs(t)
	if !ok {
		return
	}
	w := newWorld()
	w.NewOrder(world.OrderOptions{Undelivered: true})
	url := vendortest.Serve(t, standin.New(w, secret))
	one := fmt.Sprintf("/trk_%032x", w.Orders()[0].Shipment.ID)
	for path, file := range map[string]string{"?page_size=30": "trackers-list", one: "trackers-retrieve"} {
		raw, err := os.ReadFile(filepath.Join(dir, "easypost", file+".response.json"))
		if err != nil {
			t.Fatal(err)
		}
		var example any
		if err := json.Unmarshal(raw, &example); err != nil {
			t.Fatal(err)
		}
		sameShape(t, file, example, get(t, url+trackers+path))
	}
}

// TestExample reads EasyPost's own example: a label, which is no evidence yet.
func TestExample(t *testing.T) {
	t.Parallel()
	dir, ok := testenv.Specs(t)
	if !ok {
		return
	}
	raw, err := os.ReadFile(filepath.Join(dir, "easypost", "trackers-list.response.json"))
	if err != nil {
		t.Fatal(err)
	}
	var page struct {
		Trackers []tracker `json:"trackers"`
	}
	if err := json.Unmarshal(raw, &page); err != nil || len(page.Trackers) != 1 {
		t.Fatalf("%d trackers, error %v", len(page.Trackers), err)
	}
	tr := page.Trackers[0]
	if items, log := tr.items("parcels"), entries(tr.events()); len(items) > 0 || len(log) != 2 || log[1].What != "Shipping Label Created, HOUSTON TX 77063" {
		t.Errorf("%d items, log %v", len(items), log)
	}
}

func get(t *testing.T, url string) any {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(secret, "")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d, error %v", resp.StatusCode, err)
	}
	var out any
	if err := json.Unmarshal(body, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// sameShape compares by type and key; null fits everything.
func sameShape(t *testing.T, at string, want, got any) {
	t.Helper()
	if want == nil || got == nil {
		return
	}
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok {
			t.Errorf("%s is no object", at)
			return
		}
		for key := range got {
			if _, ok := want[key]; !ok {
				t.Errorf("%s.%s is not in the contract", at, key)
			}
		}
		for key, value := range want {
			if _, ok := got[key]; !ok {
				t.Errorf("%s.%s is missing", at, key)
			}
			sameShape(t, at+"."+key, value, got[key])
		}
	case []any:
		got, ok := got.([]any)
		if !ok {
			t.Errorf("%s is no list", at)
			return
		}
		for i := range got {
			if len(want) > 0 {
				sameShape(t, fmt.Sprintf("%s[%d]", at, i), want[0], got[i])
			}
		}
	default:
		if fmt.Sprintf("%T", want) != fmt.Sprintf("%T", got) {
			t.Errorf("%s is a %T, want a %T", at, got, want)
		}
	}
}
