package shipbob

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// The bounds of one gathering.
const (
	pageSize     = 50
	maxPages     = 4
	maxShipments = 10
)

type order struct {
	ID        int64      `json:"id"`
	Reference string     `json:"reference_id"`
	Number    string     `json:"order_number"`
	Shipments []shipment `json:"shipments"`
}

type shipment struct {
	ID          int64     `json:"id"`
	Status      string    `json:"status"`
	FulfilledAt time.Time `json:"actual_fulfillment_date"`
	DeliveredAt time.Time `json:"delivery_date"`
	Details     []struct {
		Name string `json:"name"`
	} `json:"status_details"`
	Recipient struct {
		Name    string  `json:"name"`
		Address address `json:"address"`
	} `json:"recipient"`
	Products []struct {
		Name string `json:"name"`
		SKU  string `json:"sku"`
	} `json:"products"`
	Tracking struct {
		Carrier   string    `json:"carrier"`
		Number    string    `json:"tracking_number"`
		URL       string    `json:"tracking_url"`
		ShippedAt time.Time `json:"shipping_date"`
	} `json:"tracking"`

	order order // that it belongs to
}

type address struct {
	Address1 string `json:"address1"`
	Address2 string `json:"address2"`
	City     string `json:"city"`
	State    string `json:"state"`
	Zip      string `json:"zip_code"`
	Country  string `json:"country"`
}

// find lists the orders with the first of the references that any order has. A
// store's number may be another store's id, so the references do not add up.
func (a *adapter) find(ctx context.Context, references []string) ([]order, error) {
	all, err := a.search(ctx, references)
	if err != nil {
		return nil, err
	}
	for _, want := range references {
		var found []order
		for _, o := range all {
			if o.Reference == want {
				found = append(found, o)
			}
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	return nil, nil
}

func (a *adapter) search(ctx context.Context, references []string) ([]order, error) {
	var all []order
	for page := 1; page <= maxPages; page++ {
		var some []order
		_, err := a.http.Do(ctx, vendorhttp.Request{
			Op: "find orders by reference", Method: http.MethodGet, Path: api + "/order",
			Query: url.Values{
				"ReferenceIds": {strings.Join(references, ",")},
				"Page":         {strconv.Itoa(page)},
				"Limit":        {strconv.Itoa(pageSize)},
			},
		}, &some)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if len(some) < pageSize {
			break
		}
	}
	return all, nil
}

// shipments are those of the orders that left the warehouse.
func shipments(orders []order) []shipment {
	var out []shipment
	for _, o := range orders {
		for _, s := range o.Shipments {
			if s.order = o; s.left() && len(out) < maxShipments {
				out = append(out, s)
			}
		}
	}
	return out
}

// left reports whether the parcel left the warehouse. A label alone is not
// enough. Source: developer.shipbob.com, status reference: "Completed: it has
// left ShipBob".
func (s shipment) left() bool {
	switch s.Status {
	case "Cancelled":
		return false
	case "Completed":
		return true
	default:
		return !s.Tracking.ShippedAt.IsZero() || !s.DeliveredAt.IsZero()
	}
}

// history is the shipment's timeline, one line each.
func (a *adapter) history(ctx context.Context, s shipment) (string, error) {
	var log []struct {
		Name string    `json:"log_type_name"`
		Text string    `json:"log_type_text"`
		At   time.Time `json:"timestamp"`
	}
	_, err := a.http.Do(ctx, vendorhttp.Request{
		Op: fmt.Sprintf("read timeline of shipment %d", s.ID), Method: http.MethodGet,
		Path: fmt.Sprintf("%s/order/%d/shipment/%d/timeline", api, s.order.ID, s.ID),
	}, &log)
	if err != nil {
		return "", err
	}
	lines := make([]string, 0, len(log))
	for _, e := range log {
		said := e.Text
		if said == "" {
			said = words(e.Name)
		}
		lines = append(lines, e.At.UTC().Format(time.RFC3339)+" "+said)
	}
	return strings.Join(lines, "\n"), nil
}

// items is what was handed to the carrier and, when it arrived, the delivery.
func items(source string, s shipment, history string) []dispute.Item {
	id := strconv.FormatInt(s.ID, 10)
	sent := shipping(s)
	sent.set(dispute.FactText, history)
	out := []dispute.Item{{
		ID: "shipment:" + id, Source: source, Kind: dispute.ItemFulfillment,
		Title: "Shipment " + id, At: s.shippedAt(), Facts: sent,
	}}
	if s.DeliveredAt.IsZero() {
		return out
	}
	arrived := shipping(s)
	arrived.at(dispute.FactDeliveredAt, s.DeliveredAt)
	return append(out, dispute.Item{
		ID: "delivery:" + id, Source: source, Kind: dispute.ItemDelivery,
		Title: "Delivery of shipment " + id, At: s.DeliveredAt.UTC(), Facts: arrived,
	})
}

func shipping(s shipment) facts {
	f := facts{}
	f.set(dispute.FactOrderID, s.order.Reference)
	f.set(dispute.FactOrderName, s.order.Number)
	f.set(dispute.FactCustomerName, s.Recipient.Name)
	f.set(dispute.FactShippingAddress, s.Recipient.Address.line())
	f.set(dispute.FactProducts, s.products())
	f.set(dispute.FactCarrier, s.Tracking.Carrier)
	f.set(dispute.FactTrackingNumber, s.Tracking.Number)
	f.set(dispute.FactTrackingURL, s.Tracking.URL)
	f.at(dispute.FactShippedAt, s.shippedAt())
	f.set(dispute.FactDeliveryStatus, s.status())
	return f
}

// shippedAt is when the carrier got the parcel, or else when it was ready.
func (s shipment) shippedAt() time.Time {
	if !s.Tracking.ShippedAt.IsZero() {
		return s.Tracking.ShippedAt.UTC()
	}
	return s.FulfilledAt.UTC()
}

// status is the finest status there is: "in transit", "delivered".
func (s shipment) status() string {
	if len(s.Details) > 0 && s.Details[0].Name != "" {
		return words(s.Details[0].Name)
	}
	return words(s.Status)
}

func (s shipment) products() string {
	out := make([]string, 0, len(s.Products))
	for _, p := range s.Products {
		text := p.Name
		if p.SKU != "" {
			text += " (" + p.SKU + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}
