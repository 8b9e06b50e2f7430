package shopify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

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
		schema.Check(t, e.Query, e.Variables, e.Data)
	}
	for _, q := range []string{checkQuery, namedQuery, orderQuery, linesQuery} {
		if !slices.ContainsFunc(wire.seen, func(e exchange) bool { return e.Query == q }) {
			t.Errorf("query was not tried: %.40q", q)
		}
	}
}

func loadSchema(t *testing.T) *vendortest.GraphQL {
	dir, ok := testenv.Specs(t)
	if !ok {
		return nil
	}
	number := func(v any) bool {
		text, ok := v.(string)
		return ok && json.Valid([]byte(text))
	}
	return vendortest.LoadGraphQL(t, filepath.Join(dir, "shopify", "admin_2026-07.trimmed.graphql"), map[string]func(any) bool{
		"DateTime": func(v any) bool {
			text, _ := v.(string)
			_, err := time.Parse(time.RFC3339, text)
			return err == nil
		},
		"Decimal": number, "UnsignedInt64": number,
	})
}
