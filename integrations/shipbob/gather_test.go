package shipbob

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	warehouse "github.com/rebuttal-hq/rebuttal/simulator/shipbob"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

func newWorld() *world.World {
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	return world.New(7, func() time.Time { return now }, 24*time.Hour)
}

func TestGather(t *testing.T) {
	t.Parallel()
	w := newWorld()
	tests := []struct {
		name  string
		order world.OrderOptions
	}{
		{"delivered", world.OrderOptions{}},
		{"undelivered", world.OrderOptions{Undelivered: true}},
	}
	orders := make([]world.Order, len(tests))
	for i, tt := range tests {
		orders[i] = w.NewOrder(tt.order)
	}
	url := vendortest.Serve(t, warehouse.New(w, secret))
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := dispute.Payment{OrderID: fmt.Sprintf("gid://shopify/Order/%d", orders[i].ShopifyID), OrderName: orders[i].Name()}
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
	url := vendortest.Serve(t, warehouse.New(newWorld(), secret))
	for name, p := range map[string]*dispute.Payment{
		"no payment":   nil,
		"unknown id":   {OrderID: "99"},
		"unknown name": {OrderName: "#9999"},
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

// answering serves the order list, and for each timeline the next status.
func answering(orders string, timelines ...int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/timeline") {
			_, _ = io.WriteString(w, orders)
			return
		}
		w.WriteHeader(timelines[0])
		timelines = timelines[1:]
		_, _ = io.WriteString(w, `[{"log_type_name":"OutForDelivery","log_type_text":null,"timestamp":"2026-09-03T08:00:00Z"}]`)
	}
}

func TestWhatCounts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		shipment string
		want     []string // ids of items
	}{
		"completed":             {`{"id":2,"status":"Completed"}`, []string{"shipment:2"}},
		"delivered":             {`{"id":2,"status":"Completed","delivery_date":"2026-09-03T08:00:00Z"}`, []string{"shipment:2", "delivery:2"}},
		"label only":            {`{"id":2,"status":"LabeledCreated","tracking":{"tracking_number":"1Z"}}`, nil},
		"label and ship date":   {`{"id":2,"status":"LabeledCreated","tracking":{"shipping_date":"2026-09-03T08:00:00Z"}}`, []string{"shipment:2"}},
		"waiting for goods":     {`{"id":2,"status":"Exception"}`, nil},
		"cancelled after all":   {`{"id":2,"status":"Cancelled","tracking":{"shipping_date":"2026-09-03T08:00:00Z"}}`, nil},
		"nulls where there may": {`{"id":2,"status":"Completed","delivery_date":null,"tracking":null,"recipient":null,"products":null,"status_details":null}`, []string{"shipment:2"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := vendortest.Serve(t, answering(`[{"id":1,"reference_id":"7","shipments":[`+tt.shipment+`]}]`, 200))
			items, err := connect(t, url).Gather(t.Context(), dispute.Case{Payment: &dispute.Payment{OrderID: "7"}})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, item := range items {
				got = append(got, item.ID)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFirstReferenceWins: a store's order number may be the id of another
// store's order, and a search finds what it was not asked for.
func TestFirstReferenceWins(t *testing.T) {
	t.Parallel()
	const orders = `[
		{"id":1,"reference_id":"1001","shipments":[{"id":10,"status":"Completed"}]},
		{"id":2,"reference_id":"540","shipments":[{"id":20,"status":"Completed"},{"id":21,"status":"Completed"}]},
		{"id":3,"reference_id":"5401","shipments":[{"id":30,"status":"Completed"}]}]`
	url := vendortest.Serve(t, answering(orders, 200, 200))
	items, err := connect(t, url).Gather(t.Context(), dispute.Case{Payment: &dispute.Payment{OrderID: "540", OrderName: "#1001"}})
	if err != nil || len(items) != 2 || items[0].ID != "shipment:20" || items[1].ID != "shipment:21" {
		t.Errorf("items %+v, error %v; want shipments 20 and 21", items, err)
	}
}

func TestShipmentsComeWithoutTheirTimeline(t *testing.T) {
	t.Parallel()
	const orders = `[{"id":1,"reference_id":"7","shipments":[{"id":2,"status":"Completed"},{"id":3,"status":"Completed"},{"id":4,"status":"Completed"}]}]`
	url := vendortest.Serve(t, answering(orders, 200, 500)) // a third timeline is not asked for
	items, err := connect(t, url).Gather(t.Context(), dispute.Case{Payment: &dispute.Payment{OrderID: "7"}})
	if dispute.KindOf(err) != dispute.Transient || len(items) != 3 {
		t.Fatalf("%d items, error %v; want 3 and kind transient", len(items), err)
	}
	if got := items[0].Facts[dispute.FactText]; got != "2026-09-03T08:00:00Z out for delivery" {
		t.Errorf("history %q", got)
	}
	if items[1].Facts[dispute.FactText] != "" {
		t.Errorf("a history for the shipment that failed: %q", items[1].Facts[dispute.FactText])
	}
}

func TestSearchStops(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ pages, want int }{
		"half a page":    {1, 1},
		"two pages":      {2, 2},
		"too many pages": {99, maxPages},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requests := 0
			url := vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests++
				if got := r.URL.Query().Get("Page"); got != strconv.Itoa(requests) {
					t.Errorf("request %d asks for page %s", requests, got)
				}
				n := pageSize
				if requests == tt.pages {
					n--
				}
				_, _ = io.WriteString(w, "["+strings.TrimSuffix(strings.Repeat(`{"reference_id":"x"},`, n), ",")+"]")
			}))
			items, err := connect(t, url).Gather(t.Context(), dispute.Case{Payment: &dispute.Payment{OrderID: "7"}})
			if err != nil || len(items) != 0 || requests != tt.want {
				t.Errorf("%d requests, %d items, error %v; want %d requests", requests, len(items), err, tt.want)
			}
		})
	}
}

func TestManyShipmentsAreBounded(t *testing.T) {
	t.Parallel()
	o := order{Shipments: make([]shipment, maxShipments+5)}
	for i := range o.Shipments {
		o.Shipments[i].Status = "Completed"
	}
	if got := len(shipments([]order{o, o})); got != maxShipments {
		t.Errorf("%d shipments, want %d", got, maxShipments)
	}
}
