package shopify

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	store "github.com/rebuttal-hq/rebuttal/simulator/shopify"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

func newWorld() *world.World {
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	return world.New(7, func() time.Time { return now }, 24*time.Hour)
}

func TestGather(t *testing.T) {
	t.Parallel()
	w := newWorld()
	byID := func(o world.Order) dispute.Payment { return dispute.Payment{OrderID: fmt.Sprint(o.ShopifyID)} }
	tests := []struct {
		name    string
		order   world.OrderOptions
		payment func(world.Order) dispute.Payment
	}{
		{"delivered", world.OrderOptions{}, byID},
		{"undelivered", world.OrderOptions{Undelivered: true}, byID},
		{"refunded", world.OrderOptions{Refunded: true}, byID},
		{"yen", world.OrderOptions{Total: 12900, Currency: "JPY", Refunded: true}, byID},
		{"by_name", world.OrderOptions{}, func(o world.Order) dispute.Payment {
			return dispute.Payment{OrderID: "WC-12", OrderName: o.Name()}
		}},
		{"by_number", world.OrderOptions{}, func(o world.Order) dispute.Payment {
			return dispute.Payment{OrderID: "1", OrderName: fmt.Sprint(o.Number)}
		}},
	}
	orders := make([]world.Order, len(tests))
	for i, tt := range tests {
		orders[i] = w.NewOrder(tt.order)
	}
	url := vendortest.Serve(t, store.New(w, secret))
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := tt.payment(orders[i])
			items, err := connect(t, url).Gather(t.Context(), dispute.Case{Payment: &p})
			if err != nil {
				t.Fatal(err)
			}
			vendortest.Golden(t, filepath.Join("testdata", tt.name+".golden"), items)
		})
	}
}

func TestGatherFindsNothing(t *testing.T) {
	t.Parallel()
	url := vendortest.Serve(t, store.New(newWorld(), secret))
	for name, p := range map[string]*dispute.Payment{
		"no payment":               nil,
		"unknown id":               {OrderID: "99"},
		"unknown name":             {OrderName: "#9999"},
		"beginning of a name":      {OrderName: "#100"}, // the store's search finds #1001 and others
		"a search in the name":     {OrderName: `#1001" OR name:"#1002`},
		"unknown id, unknown name": {OrderID: "99", OrderName: "#9999"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			items, err := connect(t, url).Gather(t.Context(), dispute.Case{Payment: p})
			if err != nil || len(items) != 0 {
				t.Errorf("got %d items and error %v, want none", len(items), err)
			}
		})
	}
}

func TestNameTermIsOneTerm(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"#1001":         `name:"#1001"`,
		`a" OR tag:"b`:  `name:"a\" OR tag:\"b"`,
		`a\" OR tag:\"`: `name:"a\\\" OR tag:\\\""`,
	} {
		if got := nameTerm(in); got != want {
			t.Errorf("nameTerm(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestTwoOrdersOfOneName(t *testing.T) {
	t.Parallel()
	url := vendortest.Serve(t, answering(`{"data":{"orders":{"nodes":[{"id":"gid://shopify/Order/1","name":"#1"},{"id":"gid://shopify/Order/2","name":"1"}]}}}`))
	items, err := connect(t, url).Gather(t.Context(), dispute.Case{Payment: &dispute.Payment{OrderName: "#1"}})
	if len(items) != 0 || dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("got %d items and error %v, want none and kind invalid", len(items), err)
	}
}

func answering(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

func TestGraphQLErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body  string
		kind  dispute.Kind
		after time.Duration
		items int
	}{
		"throttled": {
			body: `{"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED"}}],"extensions":{"cost":{"requestedQueryCost":752,"actualQueryCost":null,"throttleStatus":{"maximumAvailable":1000.0,"currentlyAvailable":666,"restoreRate":50.0}}}}`,
			kind: dispute.RateLimited, after: 2 * time.Second,
		},
		"throttled without figures": {
			body: `{"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED"}}]}`,
			kind: dispute.RateLimited,
		},
		"access denied": {
			body: `{"data":{"order":null},"errors":[{"message":"Access denied for order field.","extensions":{"code":"ACCESS_DENIED"}}]}`,
			kind: dispute.Auth,
		},
		"customer denied, order seen": {
			body:  `{"data":{"order":{"id":"gid://shopify/Order/1","name":"#1","customer":null}},"errors":[{"message":"Access denied for customer field.","path":["order","customer"],"extensions":{"code":"ACCESS_DENIED"}}]}`,
			kind:  dispute.Auth,
			items: 1,
		},
		"internal": {
			body: `{"errors":[{"message":"Internal error","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}`,
			kind: dispute.Transient,
		},
		"unknown field": {
			body: `{"errors":[{"message":"Field 'x' doesn't exist on type 'Order'","extensions":{"code":"undefinedField"}}]}`,
			kind: dispute.Invalid,
		},
		"personal data in the code": {
			body: `{"errors":[{"message":"jane@canary.example","extensions":{"code":"jane@canary.example"}}]}`,
			kind: dispute.Invalid,
		},
		"unreadable amount": {
			body:  `{"data":{"order":{"id":"gid://shopify/Order/1","name":"#1","totalPriceSet":{"presentmentMoney":{"amount":"1.005","currencyCode":"USD"}}}}}`,
			kind:  dispute.Invalid,
			items: 1,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := connect(t, vendortest.Serve(t, answering(tt.body)))
			items, err := a.Gather(t.Context(), dispute.Case{Payment: &dispute.Payment{OrderID: "1"}})
			var e *dispute.Error
			if !errors.As(err, &e) || e.Kind != tt.kind || e.RetryAfter != tt.after {
				t.Errorf("error %v (%+v), want kind %s after %s", err, e, tt.kind, tt.after)
			}
			if len(items) != tt.items {
				t.Errorf("%d items, want %d", len(items), tt.items)
			}
			if strings.Contains(fmt.Sprint(err), "canary") {
				t.Errorf("the error quotes the answer: %v", err)
			}
		})
	}
}

func TestLinesArePaged(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		pages    int // that the store has
		fails    int // the page that fails; zero for none
		want     string
		requests int
	}{
		"one page":         {1, 0, "1 x L1", 1},
		"three pages":      {3, 0, "1 x L1; 1 x L2; 1 x L3", 3},
		"too many pages":   {99, 0, "1 x L1; 1 x L2; 1 x L3; 1 x L4; 1 x L5; 1 x L6; 1 x L7; 1 x L8; 1 x L9; 1 x L10; and more", 10},
		"the second fails": {3, 2, "1 x L1; and more", 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requests := 0
			url := vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests++
				if requests == tt.fails {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				body, _ := io.ReadAll(r.Body)
				if cursor := fmt.Sprintf(`"after":"c%d"`, requests-1); requests > 1 && !strings.Contains(string(body), cursor) {
					t.Errorf("request %d asks for another page than %s", requests, cursor)
				}
				_, _ = fmt.Fprintf(w, `{"data":{"order":{"id":"gid://shopify/Order/1","lineItems":{"nodes":[{"name":"L%d","quantity":1}],"pageInfo":{"hasNextPage":%v,"endCursor":"c%d"}}}}}`,
					requests, requests < tt.pages, requests)
			}))
			items, err := connect(t, url).Gather(t.Context(), dispute.Case{Payment: &dispute.Payment{OrderID: "1"}})
			if (err != nil) != (tt.fails > 0) {
				t.Errorf("error %v", err)
			}
			if len(items) != 1 || items[0].Facts[dispute.FactProducts] != tt.want {
				t.Errorf("items %+v, want products %q", items, tt.want)
			}
			if requests != tt.requests {
				t.Errorf("%d requests, want %d", requests, tt.requests)
			}
		})
	}
}
